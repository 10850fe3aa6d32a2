//! Exports of the same pairs, compared by h5diff.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use calcstore::{Difference, Table};
use ndarray::{Array1, Array2};

use super::{Two, table};
use crate::oracle;

/// How many elements of each dataset below `/d` differ, as h5diff counts them. Compounds are counted by the row.
fn h5diff(program: &Path, options: &[&str], files: [&Path; 2]) -> (i32, BTreeMap<String, u64>) {
    let output = Command::new(program).args(options).args(files).args(["/d", "/d"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let (mut counts, mut key) = (BTreeMap::new(), String::new());
    for line in printed.lines() {
        if let Some(named) = line.strip_prefix("dataset: <") {
            named.split('>').next().unwrap().clone_into(&mut key);
        } else if let Some(count) = line.strip_suffix(" differences found") {
            counts.insert(std::mem::take(&mut key), count.parse().unwrap());
        }
    }
    (output.status.code().unwrap(), counts)
}

#[test]
fn h5diff_finds_as_many_differences_in_the_exports() {
    let Some(program) = oracle::variable("H5DIFF") else {
        assert_eq!(oracle::skip("h5diff"), Vec::<String>::new());
        return;
    };
    let two = Two::new();
    for (store, by) in [(&two.a, 0.0), (&two.b, 1.0)] {
        let wave = |n: usize| {
            2.0 + (n as f64 * 0.1).sin() + if n.is_multiple_of(7) { by * n as f64 * 1e-4 } else { 0.0 }
        };
        store.insert("/d/f64", Array1::from_shape_fn(1000, wave)).unwrap();
        store.insert("/d/f32", Array2::from_shape_fn((20, 30), |(i, j)| wave(i * 30 + j) as f32)).unwrap();
        store.insert("/d/i32", Array1::from_shape_fn(500, |n| (wave(n) * 1000.0) as i32)).unwrap();
        store
            .insert("/d/u8", Array1::from_shape_fn(500, |n| u8::try_from((wave(n) * 60.0) as i32).unwrap()))
            .unwrap();
        // A fifth of which side makes a difference.
        store.insert("/d/ramp", Array1::from_shape_fn(50, |n| 100.0 + by * n as f64)).unwrap();
        store.insert("/d/same", Array1::from_shape_fn(500, |n| n as i64)).unwrap();
        store.insert("/d/nan", [f64::NAN, 1.0, if by > 0.0 { f64::NAN } else { 0.0 }]).unwrap();
        let mut columns = Table::new();
        columns.push("x", Array1::from_shape_fn(50, |n| n as f64 + if n == 3 { by } else { 0.0 })).unwrap();
        columns.push("n", Array1::from_shape_fn(50, |n| n as i32)).unwrap();
        store.insert("/d/table", &columns).unwrap();
        store.insert("/d/table2", table(&[1.0, 2.0])).unwrap();
        store.export_hdf5().unwrap();
    }
    let files = [&two.a, &two.b].map(|store| store.calc_dir().join("output.hdf5"));
    let [a, b] = [files[0].as_path(), files[1].as_path()];
    let mut all = 0;
    for (options, absolute, relative) in [
        (vec![], 0.0, 0.0),
        (vec!["-d", "0.03"], 0.03, 0.0),
        (vec!["-d", "2"], 2.0, 0.0),
        (vec!["-p", "0.01"], 0.0, 0.01),
        (vec!["-p", "0.2"], 0.0, 0.2),
    ] {
        // Its relative tolerance is that of the first file, ours of the second.
        let files = if relative > 0.0 { [b, a] } else { [a, b] };
        let (code, expected) = h5diff(&program, &options, files);
        let report = two.compare().keys("/d", "/d").absolute(absolute).relative(relative).run().unwrap();
        let mut found = BTreeMap::new();
        for differing in &report.differing {
            let [Difference::Values(values)] = &differing.differences[..] else { panic!("{differing:?}") };
            let key = differing.left.replace("/table/x", "/table");
            found.insert(key, values.differing);
            all += values.differing;
        }
        assert_eq!(found, expected, "{options:?}");
        assert_eq!(code, i32::from(!report.is_equal()), "{options:?}");
    }
    assert!(all > 300, "only {all} differences");
}
