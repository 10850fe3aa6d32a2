//! Small exports as h5dump shows them, so that a change of the format is a readable difference.

use std::process::Command;

use calcstore::{Compression, Table};
use ndarray::Array2;
use serde_json::json;

use super::Scene;
use crate::oracle;

#[test]
fn a_small_export_looks_like_this() {
    let Some(h5dump) = oracle::variable("H5DUMP") else {
        assert_eq!(oracle::skip("h5dump"), Vec::<String>::new());
        return;
    };
    let scene = Scene::new();
    let store = &scene.store;
    let curves = Array2::from_shape_fn((3, 2), |(i, j)| (10 * i + j) as f64);
    let gzip = Compression::gzip(6).unwrap();
    let new = store.new_dataset("/g/curves").dimension_names(["site", "imt"]).units("g").chunks([2, 1]);
    new.coordinate("imt", ["PGA", "SA(0.2)"]).compression(gzip).insert(&curves).unwrap();
    let log = store.new_dataset("/g/log").fill_value(-1i16).create::<i16>(&[0]).unwrap();
    log.append([1i16, 2]).unwrap();
    store.insert("/g/text", "größe").unwrap();
    store.insert("/g/flags", [true, false]).unwrap();
    store.insert_object("/g/job", &json!({"seed": 42})).unwrap();
    let mut table = Table::new();
    table.push("id", [1i64, 2]).unwrap();
    table.push("PGA", Array2::<f32>::ones((2, 2))).unwrap();
    store.insert("/g/table", table).unwrap();
    let sparse = store.new_dataset("/g/sparse").fill_value(0.5).chunks([2, 2]).shards([]);
    sparse.create::<f64>(&[3, 3]).unwrap().write((0, 0), 1.0).unwrap();
    store.attributes("/g").unwrap().insert("matrix", Array2::<i32>::zeros((2, 2))).unwrap();
    let file = scene.export(|export| export.nexus(true));
    let mut dump = Command::new(h5dump);
    let output =
        dump.args(["-p", "-g", "/g", "exported.hdf5"]).current_dir(file.parent().unwrap()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
}
