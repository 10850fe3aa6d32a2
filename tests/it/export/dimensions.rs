//! The names of axes, as netCDF, xarray and libhdf5's dimension scales have them.

use calcstore::DataStore;
use ndarray::{Array1, Array2, Array3};
use serde_json::{Value as Json, json};

use super::Scene;
use crate::oracle::Program;

fn stored(store: &DataStore) {
    let sites = Array1::from_shape_fn(4, |i| i as f64 + 0.5);
    // Labels that come before and behind what they label, in its group and above it.
    store.new_dataset("/site").dimension_names(["site"]).insert(&sites).unwrap();
    let new = store.new_dataset("/curves").dimension_names(["site", "imt", "level"]);
    new.coordinate("imt", ["PGA", "SA(0.2)"]).insert(Array3::<f64>::ones((4, 2, 5))).unwrap();
    let new = store.new_dataset("/stats/mean").dimension_names(["site", "quantile"]);
    new.insert(Array2::<f32>::zeros((4, 3))).unwrap();
    store.new_dataset("/stats/other").dimension_names(["site"]).insert(vec![1i16; 7]).unwrap();
    store.insert("/unnamed", Array2::<u8>::zeros((4, 2))).unwrap();
    let log = store.new_dataset("/log").dimension_names(["step", "level"]).create::<i32>(&[0, 5]).unwrap();
    log.append(Array2::<i32>::ones((3, 5))).unwrap();
    // A name that a table has, and one that another length has already.
    let mut table = calcstore::Table::new();
    table.push("id", [1i64, 2]).unwrap();
    store.insert("/event", table).unwrap();
    store.new_dataset("/loss").dimension_names(["event"]).insert([0.5, 0.25]).unwrap();
}

#[test]
fn given_names_of_axes_are_dimension_scales_to_everybody() {
    let scene = Scene::new();
    stored(&scene.store);
    let file = scene.export(|export| export);
    let report = scene.store.hdf5_export().file(scene.path().join("again.hdf5")).run().unwrap();
    let no_scale: Vec<(&str, &str)> =
        report.no_scale.iter().map(|axis| (axis.key.as_str(), axis.why.as_str())).collect();
    let expected = [
        ("/loss", "no scale for dimension event: something else has its name"),
        ("/stats/other", "no scale for dimension site: lengths 4 and 7"),
    ];
    assert_eq!(no_scale, expected);
    let dimensions: Json = json!({
        "/curves": ["site", "imt", "level"], "/stats/mean": ["site", "quantile"], "/stats/other": [null],
        "/log": ["step", "level"], "/site": ["site"], "/imt": ["imt"], "/unnamed": [null, null], "/loss": [null],
    });
    let nodes = dimensions.as_object().unwrap().iter().map(|(key, names)| {
        (key.clone(), json!({"kind": "dataset", "attributes": {}, "dimension_names": names}))
    });
    let manifest = scene.path().join("dimensions.json");
    let nodes: serde_json::Map<String, Json> = nodes.collect();
    std::fs::write(&manifest, json!({"nodes": nodes}).to_string()).unwrap();
    let coverage = Program::Python("hdf5_dimensions.py").coverage(&file, &manifest);
    assert!(coverage.is_none_or(|coverage| coverage.checked == 8));
    assert_eq!(Program::Walk.faults(&file, &manifest), Vec::<String>::new());
}
