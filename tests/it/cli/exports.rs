//! `calcstore export csv|npy|npz|parquet`, and the way back by `import`.

use std::fs;
use std::process::Command;

use calcstore::zip::{Archive, Writer};
use ndarray::{Array3, arr2};
use serde_json::json;

use super::Desk;
use crate::oracle;

#[test]
fn csv_has_names_units_and_labels() {
    let desk = Desk::with_values();
    let store = desk.store();
    store.attributes("/sites/lon").unwrap().insert("units", "deg").unwrap();
    store
        .new_dataset("/maps/mean")
        .coordinate("site", [11, 12])
        .coordinate("imt", ["PGA", "SA(0.2)"])
        .insert(arr2(&[[0.5, 0.25], [0.125, f64::NAN]]))
        .unwrap();
    store.attributes("/maps/mean").unwrap().insert("units", "g").unwrap();
    let cube = Array3::from_shape_fn((2, 2, 2), |(i, j, k)| i * 4 + j * 2 + k).mapv(|n| n as u8);
    store.new_dataset("/cube").dimension_names(["site", "imt", "level"]).insert(&cube).unwrap();
    store.insert("/plain", &cube).unwrap();
    store.insert("/odd", ["a,b", "say \"no\"", "", "two\nlines"]).unwrap();
    for (key, csv) in [
        ("/sites", "name,lon [deg],depth,count\nRoma,12.5,NaN,1\nPavia,9.25,3.0,2\n"),
        ("/0/Sadigh", "PGA[0],PGA[1],id\n0.5,0.25,7\n0.125,0.0625,8\n"),
        ("/0/curves", "curves[0] [g],curves[1] [g],curves[2] [g]\n0.25,0.5,1.5\n1e-7,2.0,123456789.0\n"),
        ("/maps/mean", "site,PGA [g],SA(0.2) [g]\n11,0.5,0.25\n12,0.125,NaN\n"),
        ("/cube", "site,imt,cube[0],cube[1]\n0,0,0,1\n0,1,2,3\n1,0,4,5\n1,1,6,7\n"),
        ("/plain", "axis0,axis1,plain[0],plain[1]\n0,0,0,1\n0,1,2,3\n1,0,4,5\n1,1,6,7\n"),
        ("/odd", "odd\n\"a,b\"\n\"say \"\"no\"\"\"\n\"\"\n\"two\nlines\"\n"),
        ("/sites/count", "count\n1\n2\n"),
        ("/0/name", "name\n\"Größe\nof two lines\"\n"),
    ] {
        assert_eq!(desk.run(&["export", "csv", key, "-o", "-"]).text(), csv, "{key}");
    }
    assert!(desk.run(&["export", "csv", "/sites", "-o", "-", "--no-units"]).text().starts_with("name,lon,"));
    // The units come back.
    desk.done(&["-q", "export", "csv", "/sites", "-o", "out.csv"]);
    desk.done(&["-q", "-c", "1", "import", "out.csv", "--key", "/again"]);
    assert_eq!(desk.done(&["attrs", "/again/lon"]), "units = \"deg\"\n");
    let ran = desk.run(&["diff", "/sites", "/again"]);
    assert_eq!((ran.code, ran.text()), (0, String::new()));
}

#[test]
fn numpy_pandas_and_arrow_read_every_type_that_is_exported() {
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("zarr-python").is_empty());
        return;
    };
    if !Command::new(&python).args(["-c", "import pyarrow"]).output().unwrap().status.success() {
        assert!(oracle::skip("pyarrow").is_empty());
        return;
    }
    let desk = Desk::new();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/exported_values.py");
    let hierarchy = desk.path().join("foreign.zarr");
    let run = |mode: &str, more: &[&std::path::Path]| {
        let output = Command::new(&python).arg(script).arg(mode).arg(&hierarchy).args(more).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run("make", &[]);
    desk.done(&["-q", "-c", "foreign.zarr", "export", "npz", "/", "-o", "all.npz"]);
    for format in ["npy", "csv", "parquet"] {
        desk.done(&["-q", "-c", "foreign.zarr", "export", format, "/", "-o", format]);
    }
    assert_eq!(run("check", &[desk.path()]), "43\n");
    // What numpy has compressed is imported as well.
    let compress = "import numpy; numpy.savez_compressed('small.npz', **numpy.load('all.npz'))";
    let made = Command::new(&python).args(["-c", compress]).current_dir(desk.path()).status().unwrap();
    assert!(made.success());
    for file in ["all.npz", "small.npz"] {
        desk.done(&["-q", "import", file]);
        let ran = desk.run(&["diff", "foreign.zarr", "-1", "--brief"]);
        // Nothing but the units is missing.
        let told = ran.text();
        assert!(told.lines().all(|line| !line.contains("only")), "{told}");
        assert_eq!(desk.json(&["cat", "/f8/two"]), desk.json(&["-c", "foreign.zarr", "cat", "/f8/two"]));
        assert_eq!(desk.json(&["cat", "/text"]), desk.json(&["-c", "foreign.zarr", "cat", "/text"]));
    }
}

#[test]
fn many_blocks_and_row_groups_are_one_file() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let count = 1_500_000;
    let values: Vec<f64> = (0..count).map(|n| f64::from(n) / 8.0).collect();
    desk.store().new_dataset("/long").chunks([100_000]).insert(ndarray::Array1::from(values)).unwrap();
    for format in ["csv", "npy", "npz", "parquet"] {
        desk.done(&["-q", "export", format, "/long", "-o", &format!("long.{format}")]);
    }
    let csv = fs::read_to_string(desk.path().join("long.csv")).unwrap();
    let sum: f64 = csv.lines().skip(1).map(|line| line.parse::<f64>().unwrap()).sum();
    assert_eq!((csv.lines().count(), sum), (1_500_001, 1_499_999.0 * 1_500_000.0 / 16.0));
    let npy = fs::read(desk.path().join("long.npy")).unwrap();
    let archive = Archive::open(desk.path().join("long.npz")).unwrap();
    assert!(archive.read(&archive.entries()[0]).unwrap() == npy);
    desk.done(&["-q", "-c", "1", "import", "long.npz", "--into", "/back"]);
    assert_eq!(desk.run(&["diff", "/long", "/back/long"]).text(), "");
    let Some(python) = oracle::python() else { return };
    let sum = "import pyarrow.parquet as p; f = p.ParquetFile('long.parquet'); print(f.metadata.num_row_groups, f.read()[0].to_numpy().sum())";
    let output = Command::new(python).args(["-c", sum]).current_dir(desk.path()).output().unwrap();
    if output.status.success() {
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "1 140624906250.0\n");
    }
}

#[test]
fn what_cannot_be_exported_is_said() {
    let desk = Desk::with_values();
    let report = desk.json(&["export", "npz", "/", "-o", "all.npz"]);
    let left_out = json!([
        {"key": "/blob", "why": "is neither an array nor a table but bytes"},
        {"key": "/job", "why": "is neither an array nor a table but object"},
    ]);
    assert_eq!(report, json!({"files": ["all.npz"], "values": 4, "left_out": left_out}));
    let names: Vec<String> = Archive::open(desk.path().join("all.npz"))
        .unwrap()
        .entries()
        .iter()
        .map(|entry| entry.name().to_owned())
        .collect();
    let expected = [
        "0/Sadigh/PGA",
        "0/Sadigh/id",
        "0/curves",
        "0/name",
        "sites/name",
        "sites/lon",
        "sites/depth",
        "sites/count",
    ];
    assert_eq!(names, expected.map(|name| format!("{name}.npy")));
    desk.write("there.csv", "");
    for (arguments, code, message) in [
        (&["csv", "/job", "-o", "x.csv"][..], 2, "/job: is neither an array nor a table but object"),
        (
            &["csv", "/", "-o", "x.csv"],
            2,
            "4 values do not fit into one file: -o names a directory, or export npz (x.csv)",
        ),
        (
            &["csv", "/", "-o", "-"],
            2,
            "4 values do not fit into one file: -o names a directory, or export npz (-)",
        ),
        (
            &["csv", "/sites", "-o", "there.csv"],
            2,
            "there is such a file already; --force replaces it (there.csv)",
        ),
        (
            &["npz", "/sites", "-o", "there.csv"],
            2,
            "there is such a file already; --force replaces it (there.csv)",
        ),
        (
            &["npy", "/sites", "-o", "x.npy"],
            2,
            "/sites: npy holds one array: name a column, such as /sites/name; npz holds all",
        ),
        (&["csv", "/sitse", "-o", "x.csv"], 3, "/sitse: not found; did you mean /sites?"),
        (&["csv", "/nothing*", "-o", "x.csv"], 3, "/nothing*: nothing matches"),
    ] {
        let ran = desk.run(&[&["export"], arguments].concat());
        assert_eq!((ran.code, ran.stderr), (code, format!("calcstore: {message}\n")), "{arguments:?}");
    }
    assert!(!desk.path().join("x.csv").exists() && !desk.path().join("x.npy").exists());
    let listed = desk.done(&["-q", "export", "csv", "/0/*", "/sites", "-o", "many"]);
    assert_eq!(listed, "many/0/Sadigh.csv\nmany/0/curves.csv\nmany/0/name.csv\nmany/sites.csv\n");
}

#[test]
fn an_import_of_arrays_that_means_harm_changes_nothing() {
    let desk = Desk::with_values();
    let npy = |text: &str| {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(text.len()).unwrap().to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes
    };
    let good = [npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }"), vec![1, 0, 2, 0]].concat();
    let huge = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }");
    let pickled = npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }");
    let zip = |entries: &[(&str, &[u8])]| {
        let mut zip = Writer::new(fs::File::create(desk.path().join("x.npz")).unwrap());
        for (name, bytes) in entries {
            zip.add(name, bytes).unwrap();
        }
        zip.finish().unwrap();
    };
    let before = desk.done(&["tree"]);
    for (entries, message) in [
        (
            &[("../a.npy", &*good)][..],
            "the zip file is damaged: the entry \"../a.npy\" leads out of the archive (x.npz)",
        ),
        (
            &[("a.npy", &*good), ("a.npy", &*good)],
            "the zip file is damaged: two entries are called \"a.npy\" (x.npz)",
        ),
        (&[("a:b.npy", &*good)], "none of its arrays can be imported: a:b.npy: "),
    ] {
        zip(entries);
        for into in [&["import", "x.npz"][..], &["import", "x.npz", "--into", "/x"]] {
            let ran = desk.run(into);
            assert!(ran.code == 2 && ran.stderr.contains(message), "{message}: {ran:?}");
            assert_eq!(desk.done(&["tree"]), before);
        }
    }
    zip(&[("good.npy", &good), ("huge.npy", &huge), ("pickled.npy", &pickled), ("note.txt", b"hello")]);
    let ran = desk.run(&["import", "x.npz", "--into", "/x"]);
    let said = "\
        left out: huge.npy: float64 of shape [1099511627776] needs 8796093022208 bytes, there are 0\n\
        left out: pickled.npy: elements of NumPy's type \"|O\" are not supported (pickled Python objects)\n\
        left out: note.txt: is no array\nimported 1 value, 71 B\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (1, said));
    assert_eq!(desk.json(&["cat", "/x/good"]), json!([1, 2]));
    let ran = desk.run(&["import", "x.npz", "--into", "/x"]);
    assert!(ran.code == 2 && ran.stderr.contains("replace"), "{ran:?}");
    let ran = desk.run(&["import", "x.npz", "--limit", "10"]);
    assert!(ran.code == 1 && ran.stderr.contains("left out"), "what a file has is always allowed: {ran:?}");
}

#[test]
fn an_import_knows_what_a_file_is() {
    let desk = Desk::with_values();
    desk.done(&["-q", "export", "npy", "/0/curves", "-o", "curves.npy"]);
    desk.done(&["-q", "pack", "-o", "all.zip"]);
    fs::rename(desk.path().join("curves.npy"), desk.path().join("levels")).unwrap();
    desk.write("places.tsv", "name\tlon\nRoma\t12.5\n");
    desk.done(&["-q", "import", "levels"]);
    assert_eq!(desk.json(&["cat", "/levels"]), desk.json(&["-c", "1", "cat", "/0/curves"]));
    desk.done(&["-q", "-c", "2", "import", "places.tsv", "--key", "/places"]);
    assert_eq!(desk.json(&["cat", "/places"]), json!({"name": ["Roma"], "lon": [12.5]}));
    desk.done(&["-q", "-c", "2", "import", "all.zip", "--into", "/old"]);
    assert_eq!(desk.run(&["diff", "1:/", "2:/old", "--brief"]).text(), "");
    desk.done(&["-q", "import", "all.zip"]);
    assert_eq!(desk.run(&["diff", "1", "3"]).code, 0);
    let ran = desk.run(&["-c", "2", "import", "levels", "--key", "/places"]);
    assert!(ran.code == 2 && ran.stderr.starts_with("calcstore: /places: "), "{ran:?}");
    desk.done(&["-q", "-c", "2", "import", "levels", "--key", "/places", "--replace"]);
    let ran = desk.run(&["import", "levels", "--delimiter", ";"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (2, "calcstore: --delimiter is for csv alone\n"));
}
