//! Datasets whose dimensions have labels, selected by them here and by xarray.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use calcstore::{Continue, DataStore, Dataset, ErrorKind, LabelSelection, Labels};
use half::f16;
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, array};
use serde_json::{Value as Json, json};

use crate::oracle;

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    (directory, store)
}

fn maps() -> Array3<f64> {
    Array3::from_shape_fn((3, 4, 2), |(imt, site, poe)| (imt * 100 + site * 10 + poe) as f64)
}

const IMTS: [&str; 3] = ["PGA", "SA(0.2)", "Größe"];
const SITES: [u32; 4] = [7, 3, 12, 0];

/// `/g/hmaps` with labels beside it, and `/g/deep/means`, which has them from above.
fn filled(store: &DataStore) -> Dataset {
    let maps = maps();
    let made = store.new_dataset("/g/hmaps").coordinate("imt", IMTS).coordinate("site", SITES);
    made.coordinate("poe", [0.1f32, 0.02]).insert(&maps).unwrap();
    let means =
        store.new_dataset("/g/deep/means").dimension_names(["site", "level"]).coordinate("site", SITES);
    means.insert(maps.index_axis(Axis(0), 1)).unwrap();
    store.dataset("/g/hmaps").unwrap()
}

fn read(dataset: &Dataset, selection: LabelSelection<'_>) -> ArrayD<f64> {
    dataset.read(selection).unwrap()
}

#[test]
fn labels_select_what_stands_at_their_places() {
    let (_directory, store) = store();
    let (maps, stored) = (maps(), filled(&store));
    let at = |imt: usize, site: usize, poe: usize| maps[[imt, site, poe]];
    let one =
        |selection| read(&stored, selection).into_dimensionality::<ndarray::Ix0>().unwrap().into_scalar();
    assert_eq!(one(stored.sel("imt", "Größe").sel("site", 12).sel("poe", 0.02)), at(2, 2, 1));
    assert_eq!(one(stored.sel("poe", 0.1f32).sel("site", 0u64).sel("imt", "PGA")), at(0, 3, 0));
    assert_eq!(one(stored.sel("poe", -1).sel("site", -4i8).sel("imt", -2)), at(1, 0, 1));
    assert_eq!(one(stored.sel("site", 3.0).isel("imt", -1).isel("poe", 0)), at(2, 1, 0));
    let sites: Array2<f64> = stored.read(stored.sel("site", [0, 7, -2, 7]).sel("poe", 0.1)).unwrap();
    assert_eq!(sites, maps.index_axis(Axis(2), 0).select(Axis(1), &[3, 0, 2, 0]));
    let kept = stored.read::<Array3<f64>>(stored.sel("imt", ["PGA"])).unwrap();
    assert_eq!(kept, maps.select(Axis(0), &[0]));
    let range = stored.read::<Array3<f64>>(&stored.sel("site", 3..=12)).unwrap();
    assert_eq!(range, maps.select(Axis(1), &[1, 2]));
    stored.write(stored.sel("imt", "SA(0.2)").sel("site", 12), [-1.0, -2.0]).unwrap();
    assert_eq!(stored.read::<Array1<f64>>((1, 2)).unwrap(), array![-1.0, -2.0]);
}

#[test]
fn labels_are_taken_in_whichever_form_they_are_there() {
    let text = Labels::from(vec!["a", "b"]);
    assert_eq!(text, Labels::from([String::from("a"), String::from("b")]));
    assert_eq!(text, Labels::from(&array!["a", "b"]));
    assert_eq!(text, Labels::from(&["a", "b"]));
    assert_eq!(text, Labels::from(&["a", "b"][..]));
    assert_eq!(Labels::from(3u8), Labels::from(3i64));
    assert_ne!(Labels::from([3]), Labels::from(3));
}

#[test]
fn every_type_of_label_is_found() {
    let (_directory, store) = store();
    let values = array![0.5, 1.5];
    let with = |key: &str| store.new_dataset(key);
    with("/b/v").coordinate("x", [true, false]).insert(&values).unwrap();
    with("/h/v").coordinate("x", [f16::from_f32(0.1), f16::NEG_INFINITY]).insert(&values).unwrap();
    with("/d/v").coordinate("x", [f64::MAX, -0.0]).insert(&values).unwrap();
    with("/i/v").coordinate("x", [-1i8, -5]).insert(&values).unwrap();
    with("/u/v").coordinate("x", [u64::MAX, 1]).insert(&values).unwrap();
    let found = |key: &str, label: Labels| {
        let dataset = store.dataset(key).unwrap();
        dataset.read::<f64>(dataset.sel("x", label))
    };
    assert_eq!(found("/b/v", false.into()).unwrap(), 1.5);
    assert_eq!(found("/h/v", 0.1.into()).unwrap(), 0.5);
    assert_eq!(found("/h/v", f32::NEG_INFINITY.into()).unwrap(), 1.5);
    assert_eq!(found("/d/v", 0.into()).unwrap(), 1.5);
    assert_eq!(found("/i/v", (-1).into()).unwrap(), 0.5);
    assert_eq!(found("/i/v", (-5).into()).unwrap(), 1.5);
    assert_eq!(found("/i/v", (-2).into()).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(found("/u/v", u64::MAX.into()).unwrap(), 0.5);
    assert_eq!(found("/u/v", (-1).into()).unwrap(), 1.5);
}

#[test]
fn a_dimension_without_coordinate_is_selected_by_position() {
    let (_directory, store) = store();
    filled(&store);
    let means = store.dataset("/g/deep/means").unwrap();
    let row: Array1<f64> = maps().slice(ndarray::s![1, 2, ..]).to_owned();
    assert_eq!(means.read::<f64>(means.sel("level", -1).sel("site", 12)).unwrap(), row[1]);
    assert_eq!(
        means.read::<Array1<f64>>(means.sel("level", [1, 0]).sel("site", 12)).unwrap(),
        array![row[1], row[0]]
    );
    let names: Vec<String> = means.coordinates().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["site"]);
    assert_eq!(means.coordinate("site").unwrap().to_json(), json!(SITES));
    let stored = store.dataset("/g/hmaps").unwrap();
    let names: Vec<String> = stored.coordinates().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["imt", "site", "poe"]);
}

#[test]
fn datasets_share_coordinates_and_the_nearest_one_counts() {
    let (_directory, store) = store();
    filled(&store);
    let keys: Vec<String> = store.walk("/g").unwrap().collect();
    assert!(keys.contains(&"/g/site".to_owned()) && !keys.contains(&"/g/deep/site".to_owned()), "{keys:?}");
    store.new_dataset("/near/x").dimension_names(["x"]).insert([1, 2]).unwrap();
    store.new_dataset("/x").dimension_names(["x"]).insert([2, 1]).unwrap();
    store.new_dataset("/near/a").dimension_names(["x"]).insert([0.1, 0.2]).unwrap();
    let near = store.dataset("/near/a").unwrap();
    assert_eq!(near.read::<f64>(near.sel("x", 1)).unwrap(), 0.1);
    // The labels that a handle has read are looked at again once they have changed, or are nearer.
    store.new_dataset("/near/x").dimension_names(["x"]).insert([5, 1]).unwrap();
    assert_eq!(near.read::<f64>(near.sel("x", 1)).unwrap(), 0.2);
    store.remove("/near/x").unwrap();
    assert_eq!(near.read::<f64>(near.sel("x", 2)).unwrap(), 0.1);
    // A node of the name that is no coordinate is none.
    store.insert("/near/x", 1.0).unwrap();
    assert_eq!(near.read::<f64>(near.sel("x", 2)).unwrap(), 0.1);
    let labels = store.dataset("/x").unwrap();
    assert_eq!(labels.read::<i32>(labels.sel("x", 1)).unwrap(), 1);
}

#[test]
fn dimensions_that_grow_are_found_by_what_was_appended_to_both() {
    let (_directory, store) = store();
    let none: [u64; 0] = [];
    let values = store.new_dataset("/gmf").coordinate("event", none).create::<f64>(&[0]).unwrap();
    let events = store.dataset("/event").unwrap();
    for n in 0..3u64 {
        values.append([n as f64]).unwrap();
        assert_eq!(
            values.read::<f64>(values.sel("event", n + 100)).unwrap_err().kind(),
            ErrorKind::WrongShape
        );
        events.append([n + 100]).unwrap();
        assert_eq!(values.read::<f64>(values.sel("event", n + 100)).unwrap(), n as f64);
    }
}

#[test]
fn a_hundred_thousand_labels_are_each_found_fast() {
    let (_directory, store) = store();
    let count = 100_000u32;
    let labels: Vec<u32> = (0..count).map(|n| n.wrapping_mul(7919) % count).collect();
    let values: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
    store.new_dataset("/v").coordinate("site", &labels).insert(&values).unwrap();
    let stored = store.dataset("/v").unwrap();
    let all: Vec<u32> = (0..count).rev().collect();
    let found: Vec<f64> = stored.read(stored.sel("site", &all)).unwrap();
    assert!(found.iter().zip(&all).all(|(value, label)| *value == f64::from(*label)));
    // Looked up one by one, which would take minutes if each look-up read or sorted the labels.
    for label in (0..count).step_by(100) {
        assert_eq!(stored.sel("site", label).selection().unwrap().to_string(), {
            let at = labels.iter().position(|there| *there == label).unwrap();
            at.to_string()
        });
    }
}

#[test]
fn check_names_dimensions_of_two_lengths() {
    let (_directory, store) = store();
    filled(&store);
    let faults = || store.check("/", |_| Continue::Yes).unwrap().faults;
    assert_eq!(faults(), []);
    store.new_dataset("/g/deep/c").dimension_names(["imt"]).insert([1, 2]).unwrap();
    store.new_dataset("/g/b").dimension_names(["site"]).insert([1, 2]).unwrap();
    // Elsewhere the name is another dimension's.
    store.new_dataset("/h/c").dimension_names(["imt"]).insert([1, 2]).unwrap();
    let said: Vec<String> =
        faults().into_iter().map(|fault| format!("{}: {}", fault.key, fault.what)).collect();
    assert!(
        said[0].starts_with("/g/deep/c: the dimension \"imt\" has the length 2, and 3 in /g/"),
        "{said:?}"
    );
    assert!(said[1..].iter().all(|what| what.contains("\"site\"") && what.contains("/g/b")), "{said:?}");
    assert!((2..=3).contains(&said.len()), "{said:?}");
}

#[test]
fn xarray_selects_the_same_by_the_same_labels() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("xarray"), Vec::<String>::new());
        return;
    };
    let (directory, store) = store();
    let stored = filled(&store);
    let means = store.dataset("/g/deep/means").unwrap();
    store.flush().unwrap();
    let cases = [
        (json!({"imt": "PGA"}), read(&stored, stored.sel("imt", "PGA"))),
        (
            json!({"imt": "Größe", "site": 12, "poe": 0.02f32}),
            read(&stored, stored.sel("imt", "Größe").sel("site", 12).sel("poe", 0.02f32)),
        ),
        (json!({"imt": ["SA(0.2)", "PGA"]}), read(&stored, stored.sel("imt", ["SA(0.2)", "PGA"]))),
        (json!({"site": [0, 7]}), read(&stored, stored.sel("site", [0, 7]))),
    ];
    let mut asked: Vec<Json> =
        cases.iter().map(|(sel, _)| json!({"group": "/g", "variable": "hmaps", "sel": sel})).collect();
    asked.push(json!({"group": "/g/deep", "variable": "means", "sel": {"site": 3}}));
    let found = select_by_xarray(&python, &directory.path().join("s/output.zarr"), &asked);
    for ((sel, ours), theirs) in cases.iter().zip(&found) {
        assert_eq!(theirs["shape"], json!(ours.shape()), "{sel}");
        assert_eq!(theirs["values"], json!(ours.iter().collect::<Vec<_>>()), "{sel}");
        assert_eq!(theirs["coordinates"]["imt"], json!(IMTS));
        assert_eq!(theirs["coordinates"]["site"], json!(SITES));
    }
    let inherited: Vec<f64> = means.read(means.sel("site", 3)).unwrap();
    assert_eq!(found[4]["values"], json!(inherited));
    assert_eq!(found[4]["coordinates"], json!({"site": SITES}));
}

fn select_by_xarray(python: &Path, store: &Path, asked: &[Json]) -> Vec<Json> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/xarray_sel.py");
    let mut command = Command::new(python);
    command.arg(script).arg(store).env("PYTHONDONTWRITEBYTECODE", "1");
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    running.stdin.take().unwrap().write_all(Json::from(asked).to_string().as_bytes()).unwrap();
    let output = running.wait_with_output().unwrap();
    assert!(output.status.success(), "xarray failed");
    let found: Vec<Json> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found.len(), asked.len());
    found
}
