//! Exports that are imported again, of stores with anything in them.

use std::collections::BTreeMap;

use calcstore::{AnyArray, Bytes, DataStore, Table};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::fresh;
use crate::matrix::contents;

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
struct Job {
    name: String,
    levels: BTreeMap<String, Vec<f64>>,
    seed: Option<u128>,
}

/// A value of a store.
#[derive(Clone, Debug)]
enum Any {
    Array(AnyArray),
    Table(Vec<(String, AnyArray)>),
    Bytes(Vec<u8>),
    Object(Job),
    Group,
}

fn array(rows: Option<usize>) -> impl Strategy<Value = AnyArray> {
    let shape = prop::collection::vec(0_usize..4, 0..3);
    (shape, 0_usize..15, any::<u64>()).prop_map(move |(mut shape, kind, seed)| {
        if let Some(rows) = rows {
            shape.insert(0, rows);
        }
        let count: usize = shape.iter().product();
        let bits = |n: usize| seed.wrapping_mul(n as u64 + 1).rotate_left(n as u32);
        macro_rules! of {
            ($make:expr) => {{
                let make = $make;
                let elements = (0..count).map(|n| make(bits(n))).collect::<Vec<_>>();
                AnyArray::from(ndarray::ArrayD::from_shape_vec(shape.clone(), elements).unwrap())
            }};
        }
        let f32_of = |x: u64| f32::from_bits(x as u32);
        let f64_of = |x: u64| f64::from_bits(x);
        match kind {
            0 => of!(|x: u64| x.is_multiple_of(2)),
            1 => of!(|x: u64| x as i8),
            2 => of!(|x: u64| x as i16),
            3 => of!(|x: u64| x as i32),
            4 => of!(|x: u64| x as i64),
            5 => of!(|x: u64| x as u8),
            6 => of!(|x: u64| x as u16),
            7 => of!(|x: u64| x as u32),
            8 => of!(|x: u64| x),
            9 => of!(|x: u64| half::f16::from_bits(x as u16)),
            10 => of!(f32_of),
            11 => of!(f64_of),
            12 => of!(|x: u64| num_complex::Complex::new(f32_of(x), f32_of(x >> 32))),
            13 => of!(|x: u64| num_complex::Complex::new(f64_of(x), f64_of(!x))),
            _ => of!(|x: u64| "é東x\n"[..].repeat((x % 4) as usize)),
        }
    })
}

fn value() -> impl Strategy<Value = Any> {
    let columns = |rows: usize| prop::collection::btree_map("[a-zé@. ]{0,3}[a-z]", array(Some(rows)), 1..4);
    let job =
        ("\\PC{0,9}", prop::collection::btree_map("\\PC{0,3}", prop::collection::vec(-1.0..1.0, 0..3), 0..3));
    prop_oneof![
        4 => array(None).prop_map(Any::Array),
        2 => (0_usize..5).prop_flat_map(columns).prop_map(|columns| Any::Table(columns.into_iter().collect())),
        1 => prop::collection::vec(any::<u8>(), 0..20).prop_map(Any::Bytes),
        1 => (job, any::<Option<u128>>()).prop_map(|((name, levels), seed)| Any::Object(Job { name, levels, seed })),
        1 => Just(Any::Group),
    ]
}

/// Attributes: arrays, and JSON that is none.
fn attributes() -> impl Strategy<Value = Vec<(String, Result<AnyArray, serde_json::Value>)>> {
    let json = prop_oneof![
        Just(serde_json::json!(null)),
        Just(serde_json::json!({"a": [1, null]})),
        Just(serde_json::json!([1, 2.5])),
        Just(serde_json::json!([[1], ["a"]])),
        Just(serde_json::json!("nul\u{0}")),
        Just(serde_json::json!("x".repeat(70_000))),
        Just(serde_json::json!(vec![0.1; 9000])),
    ];
    let one = prop_oneof![3 => array(None).prop_map(Ok), 1 => json.prop_map(Err)];
    prop::collection::vec(("(dtype|CLASS|NAME|[a-zé:/@]{1,3})", one), 0..4)
}

fn store_into(store: &DataStore, key: &str, value: &Any) {
    match value {
        Any::Array(array) => store.insert(key, array).unwrap(),
        Any::Bytes(bytes) => store.insert(key, Bytes(bytes)).unwrap(),
        Any::Object(job) => store.insert_object(key, job).unwrap(),
        Any::Group => store.create_group(key).unwrap(),
        Any::Table(columns) => {
            let mut table = Table::new();
            for (name, column) in columns {
                table.push(name, column).unwrap();
            }
            store.insert(key, &table).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn what_was_exported_and_imported_is_the_same(
        values in prop::collection::vec((value(), attributes(), any::<bool>()), 1..6),
        of_root in attributes(),
        choices in any::<[bool; 4]>(),
    ) {
        let (directory, store) = fresh();
        let set = |key: &str, attributes: &Vec<(String, Result<AnyArray, serde_json::Value>)>| {
            for (name, value) in attributes {
                match value {
                    Ok(array) => store.attributes(key).unwrap().insert(name, array).unwrap(),
                    Err(json) => store.attributes(key).unwrap().insert_json(name, json.clone()).unwrap(),
                }
            }
        };
        for (n, (value, attributes, deep)) in values.iter().enumerate() {
            let key = if *deep { format!("/g/{n}") } else { format!("/{n}") };
            store_into(&store, &key, value);
            set(&key, attributes);
            if let Any::Table(columns) = value {
                set(&format!("{key}/{}", columns[0].0), attributes);
            }
        }
        set("/", &of_root);
        let file = directory.path().join("exported.hdf5");
        let [groups, keep, netcdf, chunked] = choices;
        let mut export = store.hdf5_export().file(&file).chunked(chunked).netcdf_safe(netcdf);
        export = export.tables(if groups { calcstore::TablesAs::Groups } else { calcstore::TablesAs::Compound });
        export = export.half(if keep { calcstore::Half::Keep } else { calcstore::Half::Widen });
        export.run().unwrap();
        let imported = DataStore::at(directory.path().join("imported")).unwrap();
        let report = imported.hdf5_import(&file).run().unwrap();
        prop_assert_eq!((&report.left_out, &report.renamed), (&vec![], &vec![]));
        prop_assert_eq!(contents(&imported), contents(&store));
    }
}
