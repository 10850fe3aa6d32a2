//! Attributes of every type, beside those that h5py makes of the same values.

use std::fmt::Debug;

use calcstore::{AnyArray, DataStore, OwnedElement};
use ndarray::ArrayD;
use num_complex::Complex;
use serde_json::json;

use super::Scene;
use crate::manifest::{self, Described, Manifest};
use crate::oracle::Program;

/// A group and a dataset, which have all of them.
const HOLDERS: [&str; 2] = ["/group", "/group/dataset"];

/// One value, a list, and a list of nothing; more axes than one make text of an attribute.
fn of_one_type<T>(manifest: &mut Manifest, store: &DataStore)
where
    T: Described + OwnedElement + Debug,
    AnyArray: From<ArrayD<T>>,
{
    // A store keeps attributes as JSON, which knows a NaN but not its bits.
    let is_exact = |element: &T| !element.json().to_string().contains("NaN");
    let samples: Vec<T> = T::samples().into_iter().filter(is_exact).collect();
    for (name, shape) in [("scalar", vec![]), ("list", vec![samples.len()]), ("nothing", vec![0])] {
        let count = shape.iter().product();
        let values = ArrayD::from_shape_vec(shape, samples.iter().take(count).cloned().collect()).unwrap();
        let name = format!("{}_{name}", T::NAME);
        for holder in HOLDERS {
            store.attributes(holder).unwrap().insert(&name, values.clone()).unwrap();
        }
        let node =
            manifest::with(manifest::array(&values), [("kind", json!("dataset")), ("attributes", json!({}))]);
        manifest.described(&format!("/{name}"), node);
    }
}

#[test]
fn attributes_of_every_type_are_those_that_h5py_makes() {
    let (scene, mut manifest) = (Scene::new(), Manifest::default());
    scene.store.insert("/group/dataset", [1.5]).unwrap();
    macro_rules! each {
        ($($rust:ty)*) => { $(of_one_type::<$rust>(&mut manifest, &scene.store);)* };
    }
    each!(bool i8 i16 i32 i64 u8 u16 u32 u64 half::f16 f32 f64 Complex<f32> Complex<f64> String);
    let file = scene.export(|export| export);
    let coverage = Program::Python("hdf5_attributes.py").coverage(&file, &scene.manifest(&manifest));
    let Some(coverage) = coverage else { return };
    assert_eq!((coverage.checked, coverage.skipped.len()), (15 * 3, 0));
}
