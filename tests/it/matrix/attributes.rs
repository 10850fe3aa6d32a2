use std::fmt::Debug;

use calcstore::{DataStore, OwnedElement};
use half::f16;
use ndarray::{Array, Array0, Array1, Array2};
use num_complex::Complex;
use serde_json::json;

use super::samples::{Samples, filled};
use crate::manifest::Described;

/// A node of each kind, written before.
const NODES: [&str; 6] = ["/", "/float64", "/float64/all", "/table/curves", "/object/job", "/bytes/some"];

/// One of each kind again, for what is too large for an attribute of HDF5. The root has no sibling to hold it.
const LARGE: [&str; 5] = ["/empty group", "/int8/all", "/table/single", "/object/none", "/bytes/none"];

pub fn of_every_type_on_every_kind(samples: &mut Samples, store: &DataStore) {
    samples.manifest.node("/float64", "group", []);
    for key in NODES {
        macro_rules! each {
            ($($rust:ty)*) => { $(attributes::<$rust>(samples, store, key);)* };
        }
        each!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);
        samples.json_attribute(store, key, "object", json!({"a": {"b": [1, null, "ü"]}}));
        samples.json_attribute(store, key, "null", json!(null));
        samples.json_attribute(store, key, "mixed", json!([1, "a", [2.5]]));
        assert_eq!(samples.manifest.attributes(key).len(), 15 * 6 + 3);
    }
    for key in LARGE {
        samples.attribute(store, key, "long_text", ndarray::arr0("é".repeat(40_000)));
        samples.attribute(store, key, "long_list", Array1::from_shape_fn(10_000, |i| i as f64 + 0.5));
    }
}

fn attributes<T>(samples: &mut Samples, store: &DataStore, key: &str)
where
    T: Described + OwnedElement + Debug,
{
    let name = |shape: &str| format!("{}_{shape}", T::NAME);
    let all = without_payload::<T>();
    let (count, first) = (all.len(), all[0].clone());
    samples.attribute(store, key, &name("scalar"), Array0::from_elem((), first));
    samples.attribute(store, key, &name("list"), all.clone());
    let twice = Array2::from_shape_fn((2, count), |(_, j)| all[j].clone());
    samples.attribute(store, key, &name("matrix"), twice);
    samples.attribute(store, key, &name("nothing"), Array::from_vec(Vec::<T>::new()));
    samples.attribute(store, key, &name("no_rows"), filled::<T>(&[0, 3]));
    samples.attribute(store, key, &name("cube"), filled::<T>(&[1, 2, 1]));
}

/// The samples; of the NaNs only one, since JSON knows one.
fn without_payload<T: Described>() -> Array1<T> {
    let mut seen = Vec::new();
    let unseen = |element: &T| {
        let json = element.json().to_string();
        let is_new = !seen.contains(&json);
        seen.push(json);
        is_new
    };
    T::samples().into_iter().filter(unseen).collect()
}

#[test]
fn an_attribute_is_read_as_what_it_was_stored_as_and_as_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    let attributes = store.attributes("/").unwrap();
    attributes.insert("sigma", [0.5f32]).unwrap();
    assert_eq!(attributes.get::<Vec<f32>>("sigma").unwrap(), [0.5]);
    for error in [
        attributes.get::<Vec<f64>>("sigma").unwrap_err(),
        attributes.get::<f32>("sigma").unwrap_err(),
        attributes.get::<String>("sigma").unwrap_err(),
    ] {
        assert!(error.to_string().contains("\"sigma\""), "{error}");
    }
}
