//! The example stores of the format's specification, read and compared value by value, and written again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use calcstore::{AnyArray, DataStore, DataType, NodeKind, Value};
use half::f16;
use ndarray::ArrayD;
use num_complex::Complex;
use serde_json::Value as Json;

use crate::oracle::{self, Program};

#[allow(dead_code, reason = "its `main` is the example's")]
#[path = "../../examples/format_examples.rs"]
mod format_examples;

/// The examples that calcstore itself wrote.
const OWN: [&str; 5] = ["attributes", "data-types", "kinds", "objects", "shapes"];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("format-spec/examples")
}

/// The store or hierarchy of each example, by name.
fn stores() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(examples()).unwrap() {
        let directory = entry.unwrap().path();
        let name = directory.file_name().unwrap().to_str().unwrap().to_owned();
        for place in ["calc_1", "foreign.zarr"].map(|place| directory.join(place)) {
            if place.is_dir() {
                found.push((name.clone(), place));
            }
        }
    }
    found.sort();
    found
}

fn open(path: &Path) -> DataStore {
    DataStore::options().read_only(true).at(path).unwrap()
}

fn manifest(example: &str) -> serde_json::Map<String, Json> {
    let text = fs::read_to_string(examples().join(example).join("expected.json")).unwrap();
    let manifest: Json = serde_json::from_str(&text).unwrap();
    manifest["nodes"].as_object().unwrap().clone()
}

#[test]
fn every_example_is_read_as_its_manifest_says() {
    let stores = stores();
    assert_eq!(stores.len(), OWN.len() + 2, "{stores:?}");
    for (example, path) in &stores {
        let store = open(path);
        let expected = manifest(example);
        let listed: BTreeSet<String> = store.walk("/").unwrap().chain(["/".to_owned()]).collect();
        assert_eq!(listed, expected.keys().cloned().collect(), "{example}");
        for (key, node) in &expected {
            compare_node(&store, key, node, &format!("{example}: {key}"));
        }
    }
}

fn compare_node(store: &DataStore, key: &str, expected: &Json, place: &str) {
    let node = store.node(key).unwrap();
    assert_eq!(node.kind.name(), expected["kind"], "{place}");
    let no_attributes = Json::Object(serde_json::Map::new());
    let attributes = expected.get("attributes").unwrap_or(&no_attributes);
    assert_eq!(&Json::Object(node.attributes.clone()), attributes, "{place}");
    if let Some(names) = expected.get("dimension_names") {
        assert_eq!(&serde_json::json!(node.layout.as_ref().unwrap().dimension_names), names, "{place}");
    }
    match store.value(key).unwrap() {
        Value::Group => assert_eq!(node.kind, NodeKind::Group, "{place}"),
        Value::Array(array) => compare_array(&array, expected, place),
        Value::Bytes(bytes) => assert_eq!(hex(&bytes), expected["hex"], "{place}"),
        Value::Object(object) => assert_eq!(object.json, expected["json"], "{place}"),
        Value::Table(table) => {
            assert_eq!(serde_json::json!(table.rows()), expected["rows"], "{place}");
            let columns = expected["columns"].as_object().unwrap();
            assert_eq!(table.columns().len(), columns.len(), "{place}");
            for (name, column) in table.columns() {
                compare_array(column, &columns[name], &format!("{place}/{name}"));
            }
        }
        other => panic!("{place}: {other:?}"),
    }
}

fn compare_array(array: &AnyArray, expected: &Json, place: &str) {
    assert_eq!(array.data_type().name(), expected["data_type"], "{place}");
    assert_eq!(serde_json::json!(array.shape()), expected["shape"], "{place}");
    match array {
        AnyArray::String(text) => {
            assert_eq!(serde_json::json!(text.iter().collect::<Vec<_>>()), expected["strings"], "{place}");
        }
        numbers => assert_eq!(hex(&little_endian(numbers)), expected["hex"], "{place}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The elements in C order, as a manifest has them.
fn little_endian(array: &AnyArray) -> Vec<u8> {
    fn bytes<T, const N: usize>(array: &ArrayD<T>, bytes: impl Fn(&T) -> [u8; N]) -> Vec<u8> {
        array.iter().flat_map(bytes).collect()
    }
    match array {
        AnyArray::Bool(array) => bytes(array, |x| [u8::from(*x)]),
        AnyArray::Int8(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Int16(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Int32(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Int64(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::UInt8(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::UInt16(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::UInt32(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::UInt64(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Float16(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Float32(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Float64(array) => bytes(array, |x| x.to_le_bytes()),
        AnyArray::Complex64(array) => {
            array.iter().flat_map(|x| [x.re, x.im]).flat_map(f32::to_le_bytes).collect()
        }
        AnyArray::Complex128(array) => {
            array.iter().flat_map(|x| [x.re, x.im]).flat_map(f64::to_le_bytes).collect()
        }
        other => panic!("{} is no number", other.data_type()),
    }
}

#[test]
fn every_data_type_and_every_kind_is_among_the_examples() {
    let nodes = |example| open(&examples().join(example).join("calc_1")).walk_nodes("/").unwrap();
    for group in ["array", "scalar"] {
        let names: BTreeSet<String> =
            open(&examples().join("data-types/calc_1")).keys(&format!("/{group}")).unwrap().collect();
        assert_eq!(names, DataType::ALL.iter().map(|data_type| data_type.name().to_owned()).collect());
    }
    let kinds: BTreeSet<&str> = nodes("kinds").iter().map(|node| node.kind.name()).collect();
    assert_eq!(kinds, ["bytes", "dataset", "group", "object", "table"].into());
}

#[test]
fn attributes_come_back_with_data_type_and_shape() {
    let store = open(&examples().join("attributes/calc_1"));
    let attributes = store.attributes("/levels").unwrap();
    assert_eq!(attributes.get::<f16>("half").unwrap(), f16::from_f32(1.5));
    assert_eq!(attributes.get::<u8>("small").unwrap(), 7);
    assert_eq!(attributes.get::<Complex<f64>>("response").unwrap(), Complex::new(1.0, -0.5));
    assert!(attributes.get::<Vec<f32>>("single").unwrap()[1].is_nan());
    assert_eq!(attributes.get::<f64>("whole").unwrap().to_bits(), 2.0_f64.to_bits());
    let empty = attributes.array("nobody").unwrap();
    assert_eq!((empty.data_type(), empty.shape()), (DataType::Int32, &[0, 2][..]));
}

/// What the stores of today hold in their hierarchies is what it was when the examples were made: a change here
/// is a change of the format.
#[test]
fn the_examples_are_written_again_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    format_examples::make(directory.path()).unwrap();
    for example in OWN {
        let (old, new) = (examples().join(example), directory.path().join(example));
        let place = |of: &Path| of.join("calc_1/output.zarr");
        let files = files_below(&place(&old));
        assert_eq!(files, files_below(&place(&new)), "{example}");
        for file in files {
            let [old, new] = [&old, &new].map(|of| fs::read(place(of).join(&file)).unwrap());
            if file.ends_with("zarr.json") {
                assert_eq!(metadata(&old), metadata(&new), "{example}: {}", file.display());
            } else {
                assert_eq!(hex(&old), hex(&new), "{example}: {}", file.display());
            }
        }
    }
}

fn files_below(directory: &Path) -> BTreeSet<PathBuf> {
    let entries = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files.map(|entry| entry.path().strip_prefix(directory).unwrap().to_path_buf()).collect()
}

/// A `zarr.json` without what depends on the day, the version and the place of a Rust type.
fn metadata(document: &[u8]) -> Json {
    let mut json: Json = serde_json::from_slice(document).unwrap();
    let attributes = json["attributes"].as_object_mut().unwrap();
    attributes.remove("date");
    attributes.remove("calcstore_version");
    if let Some(marker) = attributes.get_mut("calcstore").and_then(Json::as_object_mut) {
        marker.remove("type");
        marker.remove("ended");
    }
    json
}

#[test]
fn opening_for_writing_sweeps_and_finishes_what_is_left_over_and_leaves_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let source = examples().join("tolerance/calc_1");
    for file in files_below(&source) {
        let copy = directory.path().join(&file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(source.join(&file), copy).unwrap();
    }
    let internals = directory.path().join(".calcstore");
    let txid = "0123456789abcdef0123456789abcdef";
    let trash = internals.join(format!("trash/{txid}.1"));
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_mins(2);
    fs::File::open(&trash).unwrap().set_modified(long_ago).unwrap();

    let store = DataStore::at(directory.path()).unwrap();
    assert!(!internals.join("stage").join(txid).exists(), "the stage of a dead writer");
    assert!(!trash.exists(), "old trash");
    assert!(!internals.join(format!("dirty/{0:032}-{1}-{txid}", 0, "1".repeat(32))).exists(), "looked into");
    assert!(!internals.join(format!("intent/{txid}.json")).exists(), "nothing was left to finish");
    assert_eq!(store.recovered(), [], "nothing was torn");
    for kept in [format!("lost/{txid}/torn/zarr.json"), "later/unknown".to_owned(), "../notes.txt".to_owned()]
    {
        assert!(internals.join(&kept).exists(), "{kept}");
    }
    store.insert("/more", 1.0).unwrap();
    assert_eq!(
        store.keys("/").unwrap().collect::<Vec<_>>(),
        ["bytes", "dataset", "more", "sparse", "variants"]
    );
    let report = store.check("/", |_| calcstore::Continue::Yes).unwrap();
    assert_eq!(report.faults, []);
    let lost: Vec<_> =
        report.leftovers.iter().filter(|found| found.kind == calcstore::FindingKind::Lost).collect();
    assert!(lost.len() == 1 && lost[0].file.ends_with(format!("lost/{txid}")), "{report:?}");
}

#[test]
fn zarr_python_reads_every_example_as_its_manifest_says() {
    for (example, path) in stores() {
        let inner = path.join("output.zarr");
        let hierarchy = if inner.is_dir() { inner } else { path };
        let manifest = examples().join(&example).join("expected.json");
        oracle::agree(&[Program::Python("zarr_python.py")], &hierarchy, &manifest);
    }
}
