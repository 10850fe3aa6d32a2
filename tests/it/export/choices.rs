//! What may be chosen for an export.

use std::fs;
use std::path::Path;
use std::process::Command;

use calcstore::{Compression, DataStore, ErrorKind, Half, Hdf5Compression, TablesAs};
use half::f16;
use ndarray::{Array1, Array2};
use serde_json::{Value as Json, json};

use super::Scene;
use crate::oracle;

fn stored(store: &DataStore) {
    let curves = Array2::from_shape_fn((400, 20), |(i, j)| (i * j) as f64);
    let new = store.new_dataset("/out/curves").dimension_names(["site", "level"]).chunks([100, 7]);
    let labels = Array1::from_shape_fn(20, |i| i as f64);
    new.coordinate("level", labels).compression(Compression::gzip(6).unwrap()).insert(&curves).unwrap();
    store.insert("/out/flags", [true, false]).unwrap();
    store.insert("/out/half", [f16::ONE]).unwrap();
    store.insert_object("/job", &json!({"seed": 42})).unwrap();
    let mut table = calcstore::Table::new();
    table.push("id", Array1::from_shape_fn(1000, |i| i as i64)).unwrap();
    table.push("name", vec!["x"; 1000]).unwrap();
    store.new_dataset("/in/sites").compression(Compression::zstd(1).unwrap()).insert(&table).unwrap();
}

/// What h5py sees of each object.
fn seen(file: &Path) -> Option<Json> {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("python"), Vec::<String>::new());
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/hdf5_seen.py");
    let output = Command::new(python).arg(script).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn each_choice_changes_what_it_says_and_no_more() {
    let scene = Scene::new();
    stored(&scene.store);
    let Some(plain) = seen(&scene.export(|export| export)) else { return };
    assert_eq!(plain["/out/curves"]["storage"], json!([[100, 7], "gzip", 6, false, false]));
    assert_eq!(plain["/in/sites"]["storage"], json!([[1000], "gzip", 4, true, false]));
    assert_eq!(plain["/out/flags"]["storage"], json!([null, null, null, false, false]));
    assert_eq!(
        (&plain["/out/flags"]["type"], &plain["/out/half"]["type"]),
        (&json!("bool"), &json!("float32"))
    );
    let changed = |choose: fn(calcstore::Hdf5Export<'_>) -> calcstore::Hdf5Export<'_>| {
        let now = seen(&scene.export(choose)).unwrap();
        let (now, then) = (now.as_object().unwrap(), plain.as_object().unwrap());
        let keys = now.keys().chain(then.keys()).filter(|key| now.get(*key) != then.get(*key));
        let keys: std::collections::BTreeSet<String> = keys.cloned().collect();
        (keys.into_iter().collect::<Vec<_>>().join(" "), Json::from(now.clone()))
    };
    let (keys, now) = changed(|export| export.compression(Hdf5Compression::NONE));
    assert_eq!(keys, "/in/sites /out/curves");
    assert_eq!(now["/out/curves"]["storage"], json!([null, null, null, false, false]));
    let (keys, now) =
        changed(|export| export.compression(Hdf5Compression::gzip(9).unwrap()).fletcher32(true));
    assert_eq!(keys, "/in/sites /out/curves /out/flags /out/half /out/level");
    assert_eq!(now["/out/curves"]["storage"], json!([[100, 7], "gzip", 9, true, true]));
    let (keys, now) = changed(|export| export.chunked(true));
    assert_eq!(keys, "/out/flags /out/half /out/level");
    assert_eq!(now["/out/level"]["storage"], json!([[20], null, null, false, false]));
    let (keys, now) = changed(|export| export.half(Half::Keep));
    assert_eq!((keys.as_str(), &now["/out/half"]["type"]), ("/out/half", &json!("float16")));
    let (keys, now) = changed(|export| export.tables(TablesAs::Groups));
    assert_eq!(keys, "/in/sites /in/sites/id /in/sites/name");
    assert_eq!(now["/in/sites/id"]["storage"], json!([[1000], "gzip", 4, true, false]));
    let (keys, now) = changed(|export| export.netcdf_safe(true));
    assert_eq!(keys, "/in/sites /in/sites/id /in/sites/name /out/flags");
    assert_eq!(
        (&now["/out/flags"]["type"], &now["/out/flags"]["attributes"]),
        (&json!("int8"), &json!({"dtype": "bool"}))
    );
    let (keys, now) = changed(|export| export.nexus(true));
    assert_eq!(keys, "/ /in /job /job/data /job/type /out");
    assert_eq!(now["/"]["attributes"]["default"], "out");
    assert_eq!(
        now["/out"]["attributes"],
        json!({"NX_class": "NXdata", "signal": "curves", "axes": [".", "level"]})
    );
    assert_eq!(now["/in"]["attributes"], json!({"NX_class": "NXentry"}));
    assert_eq!(now["/job"]["attributes"]["NX_class"], "NXnote");
}

#[test]
fn what_is_safe_for_netcdf_is_read_by_it() {
    let scene = Scene::new();
    stored(&scene.store);
    let file = scene.export(|export| export.netcdf_safe(true));
    let Some(python) = oracle::python() else { return };
    let program = "
import netCDF4, sys, xarray
with netCDF4.Dataset(sys.argv[1]) as file:
    assert file['in/sites/name'][7] == 'x' and file['in/sites/id'][7] == 7
    assert {'curves', 'flags', 'half', 'level'} <= file['out'].variables.keys()
    assert file['out/curves'].dimensions == ('site', 'level')
for engine in 'h5netcdf', 'netcdf4':
    with xarray.open_dataset(sys.argv[1], engine=engine, group='out') as out:
        assert out['flags'].dtype == bool and out['flags'].values.tolist() == [True, False]
        assert out['curves'].sel(level=3.0).values[100] == 300
";
    let output = Command::new(python).arg("-c").arg(program).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_table_that_grew_can_grow_on_and_is_the_same_row_by_row() {
    let scene = Scene::new();
    let rows = |from: u16, count: u16| {
        let all = from..from + count;
        let mut rows = calcstore::Table::new();
        rows.push("id", all.clone().map(i64::from).collect::<Vec<i64>>()).unwrap();
        rows.push("name", all.map(|n| format!("é{n}")).collect::<Vec<String>>()).unwrap();
        let at = Array2::from_shape_fn((count.into(), 2), |(i, j)| f32::from(from) + (i + j) as f32);
        rows.push("at", at).unwrap();
        rows
    };
    scene.store.insert("/events", rows(0, 3000)).unwrap();
    for batch in 1..5 {
        scene.store.table("/events").unwrap().append(rows(3000 * batch, 3000)).unwrap();
    }
    scene.store.insert("/fixed", rows(0, 10)).unwrap();
    for compression in [Hdf5Compression::AUTO, Hdf5Compression::gzip(1).unwrap()] {
        let file = scene.export(|export| export.compression(compression));
        let Some(seen) = seen(&file) else { return };
        assert_eq!(seen["/events"]["maximum"], json!([null]));
        assert_eq!(seen["/fixed"]["maximum"], json!([10]));
        assert_eq!(seen["/events"]["storage"][0], json!([3000]));
        let program = "
import h5py, sys
events = h5py.File(sys.argv[1])['events'][:]
assert events['id'].tolist() == list(range(15000))
assert [x.decode() for x in events['name']] == [f'é{n}' for n in range(15000)]
assert events['at'].tolist() == [[n, n + 1] for n in range(15000)]
";
        let output =
            Command::new(oracle::python().unwrap()).arg("-c").arg(program).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn only_what_matches_is_exported_with_the_groups_above_it() {
    let scene = Scene::new();
    stored(&scene.store);
    let keys = |patterns: &[&str]| {
        let file =
            scene.export(|export| patterns.iter().fold(export, |export, pattern| export.only(pattern)));
        let keys: Vec<String> = seen(&file)?.as_object()?.keys().cloned().collect();
        Some(keys.join(" "))
    };
    let Some(half) = keys(&["/out/half"]) else { return };
    assert_eq!(half, "/ /out /out/half");
    assert_eq!(keys(&["in", "*/fl?gs"]).unwrap(), "/ /in /in/sites /out /out/flags");
    assert_eq!(keys(&["/**/curves"]).unwrap(), "/ /out /out/curves /out/level /out/site");
    let before = fs::read(scene.file()).unwrap();
    let error = scene.store.hdf5_export().file(scene.file()).force(true).only("/none/*").run().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "nothing matches /none/*"));
    assert!(before == fs::read(scene.file()).unwrap(), "the file before is as it was");
}

#[test]
fn what_a_killed_export_left_behind_is_removed_by_the_next_one_and_by_gc() {
    let scene = Scene::new();
    stored(&scene.store);
    let left = scene.path().join(format!(".exported.hdf5.{}.part", "0f".repeat(16)));
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
    let leave = |path: &Path, is_old: bool| {
        let file = fs::File::create(path).unwrap();
        if is_old {
            file.set_modified(long_ago).unwrap();
        }
        file
    };
    leave(&left, false);
    scene.export(|export| export);
    assert!(left.exists(), "it may just have been made");
    let held = leave(&left, true);
    held.lock().unwrap();
    scene.export(|export| export);
    assert!(left.exists(), "somebody is writing it");
    drop(held);
    let others = scene.path().join(".exported.hdf5.mine.part");
    leave(&others, true);
    scene.export(|export| export);
    assert!(!left.exists() && others.exists());
    let inside = scene.store.calc_dir().join(format!(".output.hdf5.{}.part", "0f".repeat(16)));
    leave(&inside, true);
    let report = scene.store.gc().dry_run(true).run().unwrap();
    assert!(report.leftovers.iter().any(|leftover| leftover.path == inside) && inside.exists());
    let report = scene.store.gc().run().unwrap();
    assert!(report.leftovers.iter().any(|leftover| leftover.path == inside) && !inside.exists());
}
