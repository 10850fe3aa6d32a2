use std::collections::BTreeMap;
use std::fmt::Debug;

use calcstore::{AnyArray, DataStore, Table};
use half::f16;
use ndarray::{Array, Array1, Array2, ArrayD, Axis, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, ShapeBuilder, Slice};
use num_complex::Complex;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::samples::{Samples, filled};
use crate::manifest::{self, Described};

const LONGEST_SHAPE: [usize; 6] = [3, 2, 1, 2, 1, 2];

pub fn arrays_of_every_type(samples: &mut Samples, store: &DataStore) {
    macro_rules! each {
        ($($rust:ty)*) => { $(arrays::<$rust>(samples, store);)* };
    }
    each!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);
    samples.array(store, "/names/größe 東京/[Sadigh] = 1", ndarray::arr0(1.5));
    let level = "/l";
    samples.array(store, &level.repeat(64), ndarray::arr0(true));
}

fn arrays<T>(samples: &mut Samples, store: &DataStore)
where
    T: Described + PartialEq + Debug,
    AnyArray: From<ArrayD<T>>,
{
    let group = format!("/{}", T::NAME);
    macro_rules! ranks {
        ($($rank:literal $dimension:ident)*) => { $(
            let array = filled::<T>(&LONGEST_SHAPE[..$rank]).into_dimensionality::<$dimension>().unwrap();
            samples.array(store, &format!("{group}/rank_{}", $rank), array);
        )* };
    }
    ranks!(0 Ix0 1 Ix1 2 Ix2 3 Ix3 4 Ix4 5 Ix5 6 Ix6);
    for (name, shape) in
        [("line", &[0][..]), ("rows", &[0, 3]), ("inner", &[2, 0, 3]), ("deep", &[1, 1, 1, 1, 1, 0])]
    {
        samples.array(store, &format!("{group}/empty/{name}"), filled::<T>(shape));
    }
    samples.array(store, &format!("{group}/all"), filled::<T>(&[T::samples().len()]));
    let array = filled::<T>(&[4, 3]).into_dimensionality::<Ix2>().unwrap();
    samples.array(store, &format!("{group}/view/transposed"), array.t());
    let strided = array.slice_each_axis(|axis| match axis.axis {
        Axis(0) => Slice::new(1, None, 2),
        _ => Slice::new(0, None, -1),
    });
    samples.array(store, &format!("{group}/view/strided"), strided);
    let fortran = Array::from_shape_vec((2, 3).f(), filled::<T>(&[6]).into_raw_vec_and_offset().0).unwrap();
    assert!(!fortran.is_standard_layout());
    samples.array(store, &format!("{group}/view/fortran"), fortran);
    let cube = filled::<T>(&[2, 3, 2]).into_dimensionality::<Ix3>().unwrap();
    samples.array(store, &format!("{group}/view/permuted"), cube.permuted_axes([2, 0, 1]));
}

/// Collects columns, as the store and as the manifest have them.
#[derive(Default)]
struct Columns {
    table: Table,
    described: Vec<(&'static str, Json)>,
}

impl Columns {
    fn with<T: Described>(mut self, name: &'static str, shape: &[usize]) -> Self {
        let column = filled::<T>(shape);
        self.table.push(name, &column).unwrap();
        self.described.push((name, manifest::array(&column)));
        self
    }

    fn store(self, samples: &mut Samples, store: &DataStore, key: &str) {
        samples.table(store, key, &self.table, &self.described);
    }
}

pub fn tables(samples: &mut Samples, store: &DataStore) {
    let rows = 7;
    let columns = Columns::default().with::<i8>("z first", &[rows]).with::<i16>("i16", &[rows]);
    let columns = columns.with::<i32>("i32", &[rows]).with::<i64>("i64", &[rows]).with::<u8>("u8", &[rows]);
    let columns = columns.with::<u16>("u16", &[rows]).with::<u32>("u32", &[rows]).with::<u64>("u64", &[rows]);
    let columns = columns.with::<f16>("f16", &[rows]).with::<f32>("f32", &[rows]).with::<f64>("f64", &[rows]);
    let columns = columns.with::<Complex<f32>>("c64", &[rows]).with::<Complex<f64>>("a last", &[rows]);
    columns.store(samples, store, "/table/numbers");

    let columns = Columns::default().with::<f64>("PGA", &[5, 20]).with::<f64>("SA(0.2)", &[5, 20]);
    columns.with::<f32>("covariance", &[5, 3, 3]).store(samples, store, "/table/curves");

    let columns = Columns::default().with::<String>("größe", &[9]).with::<bool>("on", &[9]);
    let columns = columns.with::<String>("tags", &[9, 2]).with::<Complex<f64>>("z", &[9, 2]);
    columns.with::<u8>("last", &[9]).store(samples, store, "/table/mixed");

    let columns = Columns::default().with::<f64>("PGA", &[0, 20]).with::<String>("site", &[0]);
    columns.store(samples, store, "/table/without rows");
    Columns::default().with::<i64>("only", &[1]).store(samples, store, "/table/single");
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Job {
    description: String,
    truncation_level: Option<f64>,
    region: Vec<(f64, f64)>,
    model: Model,
    weights: BTreeMap<String, f32>,
    seed: u128,
    letter: char,
    nothing: (),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Model {
    Default,
    Scaled(f64),
    Tabulated { levels: Vec<u8>, name: String },
}

pub fn objects_and_bytes(samples: &mut Samples, store: &DataStore) {
    let job = Job {
        description: "größe\n\"x\"".to_owned(),
        truncation_level: Some(-0.5),
        region: vec![(9.15, 45.25), (10.0, 45.0)],
        model: Model::Tabulated { levels: vec![0, 255], name: "東京".to_owned() },
        weights: BTreeMap::from([("b".to_owned(), 0.25), ("a".to_owned(), 0.75)]),
        seed: u128::MAX,
        letter: 'ß',
        nothing: (),
    };
    let seen = json!({
        "description": "größe\n\"x\"", "truncation_level": -0.5, "region": [[9.15, 45.25], [10.0, 45.0]],
        "model": {"Tabulated": {"levels": [0, 255], "name": "東京"}}, "weights": {"a": 0.75, "b": 0.25},
        "seed": "340282366920938463463374607431768211455", "letter": "ß", "nothing": null,
    });
    samples.object(store, "/object/job", job, seen);
    let models = vec![Model::Default, Model::Scaled(1.5)];
    samples.object(store, "/object/models", models, json!(["Default", {"Scaled": 1.5}]));
    samples.object(store, "/object/none", None::<i64>, Json::Null);
    samples.object(store, "/object/empty", Vec::<Job>::new(), json!([]));
    let free = json!({"a": [1, null, "é", 2.5], "b": {"": false}});
    samples.object(store, "/object/json", free.clone(), free);

    samples.bytes(store, "/bytes/none", b"");
    samples.bytes(store, "/bytes/some", b"[general]\n\x00\xff");
    samples.group(store, "/empty group");
    samples.group(store, "/");
}

pub fn of_several_chunks(samples: &mut Samples, store: &DataStore) {
    let values = Array2::from_shape_fn((1030, 520), |(i, j)| ((i * 520 + j) as f64).sin());
    samples.array(store, "/numbers", values);
    samples.array(
        store,
        "/transposed",
        Array2::from_shape_fn((3, 700_000), |(i, j)| (i * j) as i16).reversed_axes(),
    );
    let text =
        Array1::from_shape_fn(270_000, |i| if i % 3 == 0 { String::new() } else { format!("site é{i}") });
    samples.array(store, "/text", text);
    let column = Array2::from_shape_fn((27_000, 20), |(i, j)| (i as f64) / (j + 1) as f64);
    let id = Array1::from_shape_fn(27_000, |i| i as u16);
    let mut table = Table::new();
    table.push("PGA", &column).unwrap();
    table.push("id", &id).unwrap();
    samples.table(
        store,
        "/table",
        &table,
        &[("PGA", manifest::array(&column)), ("id", manifest::array(&id))],
    );
    samples.bytes(store, "/bytes", &[0xa5; 100]);
    samples.group(store, "/");
    for (key, chunks) in [("/numbers", [1008, 520]), ("/transposed", [699_050, 3])] {
        assert_eq!(store.node(key).unwrap().layout.unwrap().chunks, chunks);
    }
    assert_eq!(store.size("/text").unwrap().files, 3);
}
