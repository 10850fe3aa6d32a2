//! Any store that can be made, exported to HDF5: the file holds what was stored, and is sound.
//!
//! What must be in there is said as `tests/oracles/oracle.py` describes it, so that h5py can look at it, too.

use std::collections::BTreeMap;
use std::fs;

use calcstore::key::Key;
use calcstore::{AnyArray, Bytes, Compression, DataStore, Hdf5Compression, Table};
use half::f16;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;
use serde_json::{Map, Value as Json, json};

use super::hdf5::{File, Object};
use super::inputs::Input;
use super::scratch;

/// The nodes of a store by their keys.
pub type Nodes = BTreeMap<String, Json>;

/// The input is choices of nodes.
pub fn run(input: &[u8]) {
    let directory = scratch::directory();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let nodes = fill(&store, "", input);
    // In chunks are the elements where other tests ask h5py about them; here they lie as they are.
    let report = store.hdf5_export().compression(Hdf5Compression::NONE).run().unwrap();
    assert!(report.left_out.is_empty() && report.tables_as_groups.is_empty(), "{report:?}");
    let bytes = fs::read(&report.file).unwrap();
    assert_eq!(bytes.len() as u64, report.bytes);
    compare(&File::read(&bytes), &nodes);
}

/// Stores what the input chooses below the group `above`, and says what that is.
pub fn fill(store: &DataStore, above: &str, input: &[u8]) -> Nodes {
    let mut input = Input::new(input);
    let (mut nodes, mut groups) = (Nodes::new(), vec![above.to_owned()]);
    while !input.is_empty() && nodes.len() < 16 {
        let group = groups[input.below(groups.len())].clone();
        let Ok(key) = Key::new(&format!("{group}/{}", name(&mut input, nodes.len()))) else { continue };
        let key = key.to_string();
        if nodes.contains_key(&key) {
            continue;
        }
        let mut node = match input.byte() % 6 {
            0 | 1 => dataset(store, &key, &mut input),
            2 => table(store, &key, &mut input),
            3 => object(store, &key, &mut input),
            4 => {
                let length = input.below(20);
                let bytes = input.take(length);
                store.insert(&key, Bytes(bytes)).unwrap();
                json!({"kind": "bytes", "hex": hex(bytes)})
            }
            _ => {
                store.create_group(&key).unwrap();
                groups.push(key.clone());
                json!({"kind": "group"})
            }
        };
        node["attributes"] = Json::Object(attributes(store, &key, &mut input));
        nodes.insert(key, node);
    }
    nodes
}

fn name(input: &mut Input<'_>, number: usize) -> String {
    let name = input.text(8).replace('/', "_");
    let is_new = Key::root().child(&name).is_ok_and(|key| key.check_creatable().is_ok());
    if is_new { name } else { format!("n{number}") }
}

fn attributes(store: &DataStore, key: &str, input: &mut Input<'_>) -> Map<String, Json> {
    let mut made = Map::new();
    for _ in 0..input.below(4) {
        let name = input.text(6);
        let value = match input.byte() % 7 {
            0 => json!(input.number()),
            1 => json!(f64::from_bits(input.bits())),
            2 => json!(input.text(12)),
            3 => (0..input.below(4)).map(|_| input.number()).collect(),
            4 => (0..input.below(4)).map(|_| input.text(5)).collect(),
            5 => json!({"nested": [input.flag(), Json::Null, input.text(3)]}),
            _ => json!([[1, input.number()], [3, 4]]),
        };
        let is_reserved =
            name.starts_with("calcstore") || name.is_empty() || name.chars().any(char::is_control);
        let stored = store.attributes(key).unwrap().insert_json(&name, value.clone());
        assert!(is_reserved || stored.is_ok(), "{name:?}: {stored:?}");
        if stored.is_ok() && !name.starts_with("calcstore") {
            made.insert(name, value);
        }
    }
    made
}

fn dataset(store: &DataStore, key: &str, input: &mut Input<'_>) -> Json {
    let rank = input.below(4);
    let shape: Vec<usize> = (0..rank).map(|_| input.below(5)).collect();
    let (array, mut node) = array(input, &shape);
    let mut plan = store.new_dataset(key);
    if input.flag() {
        plan = plan.chunks((0..rank).map(|_| 1 + input.below(3) as u64).collect::<Vec<_>>());
    }
    plan.compression(compression(input)).insert(&array).unwrap();
    node["kind"] = json!("dataset");
    node
}

fn compression(input: &mut Input<'_>) -> Compression {
    match input.byte() % 6 {
        0 => Compression::gzip(1).unwrap(),
        1 => Compression::zstd(1).unwrap(),
        2 => Compression::blosc(1).unwrap(),
        _ => Compression::NONE,
    }
}

fn table(store: &DataStore, key: &str, input: &mut Input<'_>) -> Json {
    let (rows, count) = (input.below(5), 1 + input.below(4));
    let (mut table, mut columns) = (Table::new(), Map::new());
    for number in 0..count {
        let name = name(input, number);
        let shape = if input.byte().is_multiple_of(4) { vec![rows, 1 + input.below(3)] } else { vec![rows] };
        let (array, column) = array(input, &shape);
        if columns.contains_key(&name)
            || columns.keys().any(|other| Key::new(other).ok() == Key::new(&name).ok())
        {
            continue;
        }
        table.push(&name, &array).unwrap();
        columns.insert(name, column);
    }
    store.insert(key, &table).unwrap();
    json!({"kind": "table", "rows": rows, "columns": columns})
}

fn object(store: &DataStore, key: &str, input: &mut Input<'_>) -> Json {
    let typed: Vec<(u8, Option<i64>, String)> = (0..input.below(4))
        .map(|_| (input.byte(), input.flag().then(|| input.number()), input.text(5)))
        .collect();
    let json = serde_json::to_value(&typed).unwrap();
    if input.flag() {
        store.insert_object(key, &typed).unwrap();
        return json!({"kind": "object", "json": json});
    }
    let json = json!({"untyped": json});
    store.insert_object(key, &json).unwrap();
    json!({"kind": "object", "json": json})
}

const TYPES: [&str; 18] = [
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
    "bool",
    "string",
    "string",
    "string",
    "float16",
];

/// An array of any type, and its description.
fn array(input: &mut Input<'_>, shape: &[usize]) -> (AnyArray, Json) {
    let count: usize = shape.iter().product();
    macro_rules! numbers {
        ($($name:literal $rust:ty, $size:literal, $of:expr;)*) => {
            match TYPES[input.below(TYPES.len())] {
                $($name => {
                    let of: fn([u8; $size]) -> $rust = $of;
                    let mut bytes = input.take(count * $size).to_vec();
                    bytes.resize(count * $size, 0);
                    let elements = bytes.as_chunks::<$size>().0.iter().map(|bytes| of(*bytes)).collect();
                    let array = ArrayD::<$rust>::from_shape_vec(IxDyn(shape), elements).unwrap();
                    (array.into(), json!({"data_type": $name, "shape": shape, "hex": hex(&bytes)}))
                })*
                "bool" => {
                    let bytes: Vec<u8> = (0..count).map(|_| input.byte() % 2).collect();
                    let elements = bytes.iter().map(|byte| *byte == 1).collect();
                    let array = ArrayD::from_shape_vec(IxDyn(shape), elements).unwrap();
                    (array.into(), json!({"data_type": "bool", "shape": shape, "hex": hex(&bytes)}))
                }
                _ => {
                    let texts: Vec<String> = (0..count).map(|_| input.text(7)).collect();
                    let array = ArrayD::from_shape_vec(IxDyn(shape), texts.clone()).unwrap();
                    (array.into(), json!({"data_type": "string", "shape": shape, "strings": texts}))
                }
            }
        };
    }
    numbers! {
        "int8" i8, 1, i8::from_le_bytes;
        "int16" i16, 2, i16::from_le_bytes;
        "int32" i32, 4, i32::from_le_bytes;
        "int64" i64, 8, i64::from_le_bytes;
        "uint8" u8, 1, u8::from_le_bytes;
        "uint16" u16, 2, u16::from_le_bytes;
        "uint32" u32, 4, u32::from_le_bytes;
        "uint64" u64, 8, u64::from_le_bytes;
        "float16" f16, 2, f16::from_le_bytes;
        "float32" f32, 4, f32::from_le_bytes;
        "float64" f64, 8, f64::from_le_bytes;
        "complex64" Complex<f32>, 8, |bytes| {
            let [re, im] = [0, 4].map(|at| f32::from_le_bytes(*bytes[at..].first_chunk().unwrap()));
            Complex::new(re, im)
        };
        "complex128" Complex<f64>, 16, |bytes| {
            let [re, im] = [0, 8].map(|at| f64::from_le_bytes(*bytes[at..].first_chunk().unwrap()));
            Complex::new(re, im)
        };
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compare(file: &File<'_>, nodes: &Nodes) {
    let seen: Vec<&String> = file.objects.keys().filter(|path| *path != "/").collect();
    assert_eq!(seen, nodes.keys().collect::<Vec<_>>());
    for (key, node) in nodes {
        let found = &file.objects[key];
        let expected: Vec<&String> = node["attributes"].as_object().unwrap().keys().collect();
        let mut attributes: Vec<&String> = found.attributes.iter().filter(|name| !is_ours(name)).collect();
        attributes.sort();
        let mut sorted = expected.clone();
        sorted.sort();
        assert_eq!(attributes, sorted, "{key}");
        compare_node(file, key, node, found);
    }
}

/// Whether an attribute of a node, or of a column, is there for an import alone.
fn is_ours(name: &str) -> bool {
    name.rsplit('@').next().is_some_and(|name| name.starts_with("calcstore"))
}

fn compare_node(file: &File<'_>, key: &str, node: &Json, found: &Object<'_>) {
    let dataset = found.dataset.as_ref();
    match node["kind"].as_str().unwrap() {
        "group" => assert!(dataset.is_none(), "{key}"),
        "dataset" => {
            let (shape, _, bytes) = dataset.unwrap();
            assert_eq!(json!(shape), node["shape"], "{key}");
            compare_elements(file, key, node, bytes);
        }
        "bytes" => assert_eq!(hex(&dataset.unwrap().2), node["hex"].as_str().unwrap(), "{key}"),
        "object" => {
            let text = file.string(&dataset.unwrap().2);
            assert_eq!(serde_json::from_str::<Json>(text).unwrap(), node["json"], "{key}");
        }
        _ => {
            let (shape, row, bytes) = dataset.unwrap();
            assert_eq!(json!(shape), json!([node["rows"]]), "{key}");
            let mut offset = 0;
            for (name, column) in node["columns"].as_object().unwrap() {
                let inner = column["shape"].get(1).and_then(Json::as_u64).unwrap_or(1);
                let width = size(column) * usize::try_from(inner).unwrap();
                let own: Vec<u8> =
                    bytes.chunks(*row).flat_map(|row| row[offset..offset + width].to_vec()).collect();
                compare_elements(file, &format!("{key}/{name}"), column, &own);
                offset += width;
            }
            assert_eq!(offset, *row, "{key}: the columns fill a row");
        }
    }
}

/// The bytes of an element in the file.
fn size(array: &Json) -> usize {
    match array["data_type"].as_str().unwrap() {
        "bool" | "int8" | "uint8" => 1,
        "int16" | "uint16" => 2,
        // float16 is widened.
        "int32" | "uint32" | "float16" | "float32" => 4,
        "string" | "complex128" => 16,
        _ => 8,
    }
}

fn compare_elements(file: &File<'_>, key: &str, array: &Json, bytes: &[u8]) {
    match array["data_type"].as_str().unwrap() {
        "string" => {
            let texts: Vec<&str> = bytes.chunks(16).map(|reference| file.string(reference)).collect();
            assert_eq!(json!(texts), array["strings"], "{key}");
        }
        "float16" => {
            let narrow = |bytes: &[u8; 4]| f16::from_f32(f32::from_le_bytes(*bytes)).to_le_bytes();
            let narrow: Vec<u8> = bytes.as_chunks().0.iter().flat_map(narrow).collect();
            // A NaN may become a quiet one.
            let quiet = |hex: &str| -> Vec<bool> {
                (0..hex.len() / 4).map(|n| is_nan(&hex[4 * n..4 * n + 4])).collect()
            };
            let (narrow, expected) = (hex(&narrow), array["hex"].as_str().unwrap());
            assert_eq!(quiet(&narrow), quiet(expected), "{key}");
            let differs = |n: usize| {
                narrow[4 * n..4 * n + 4] != expected[4 * n..4 * n + 4] && !is_nan(&expected[4 * n..4 * n + 4])
            };
            assert!(!(0..expected.len() / 4).any(differs), "{key}: {narrow}, expected {expected}");
        }
        _ => assert_eq!(hex(bytes), array["hex"].as_str().unwrap(), "{key}"),
    }
}

/// Whether the hexadecimal digits are those of a float16 that is no number.
fn is_nan(hex: &str) -> bool {
    u16::from_str_radix(hex, 16).is_ok_and(|bits| f16::from_bits(bits.swap_bytes()).is_nan())
}
