//! Stores that other programs wrote, and stores that mean harm: what each array of the corpus is, or why it is refused.
//!
//! The outcomes are pinned in `tests/data/corpus/zarr.tsv`, one line for each node. The corpus is read from
//! `CALCSTORE_CORPUS`, else from beside the project; a small part of it is in `tests/data/corpus`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use calcstore::{AnyArray, DataStore, Element, Elements, Error, Value};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::oracle;

/// Names the store that [`the_child_reads_one_store`] reads.
const STORE: &str = "CALCSTORE_TEST_STORE";

/// What reading a store that means harm may cost. The time is that of a machine which does other things as well; what hangs
/// takes longer than any.
const LONGEST: Duration = Duration::from_secs(30);
const MOST_KIB: u64 = 64 << 10;

/// The part of the corpus that is in the project.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus/zarr")
}

/// The whole corpus, where it is there.
fn whole() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let path = env::var_os("CALCSTORE_CORPUS").map_or(beside, PathBuf::from).join("zarr");
    path.is_dir().then_some(path)
}

/// The nodes below a directory: every `zarr.json`, and the documents that are kept without a store.
fn nodes(root: &Path) -> BTreeMap<String, PathBuf> {
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let fixtures = ["v3/array", "v3/group"];
            let is_fixture = fixtures.iter().any(|folder| path.parent().unwrap().ends_with(folder));
            if path.is_dir() {
                waiting.push(path);
            } else if is_fixture || path.ends_with("zarr.json") {
                let node = if is_fixture { path.as_path() } else { path.parent().unwrap() };
                let name = node.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, node.to_owned());
            }
        }
    }
    found
}

/// What comes of reading a node, in one line.
fn outcome(node: &Path) -> String {
    if node.is_file() {
        let store = tempfile::tempdir().unwrap();
        fs::copy(node, store.path().join("zarr.json")).unwrap();
        return outcome(store.path());
    }
    match read(node) {
        Ok(Value::Array(array)) => {
            let shape = shortened(&format!("{:?}", array.shape()));
            format!("read {} {shape} {}", array.data_type(), fingerprint(&array))
        }
        Ok(Value::Group) => "group".to_owned(),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("{}: {}", error.kind().name(), shortened(error.message())),
    }
}

fn read(node: &Path) -> Result<Value, Error> {
    let store = DataStore::options().read_only(true).at(node)?;
    let value = store.value("/")?;
    if matches!(value, Value::Group) {
        store.walk_nodes("/")?;
    }
    Ok(value)
}

/// Messages may repeat what a file says, at any length.
fn shortened(message: &str) -> String {
    let short: String = message.chars().take(100).collect();
    if short.len() < message.len() { format!("{short}…") } else { short }
}

/// SHA-256 of the elements, little-endian in C order; of text its JSON.
pub fn fingerprint(array: &AnyArray) -> String {
    fn bytes<T: Element>(array: &ndarray::ArrayD<T>) -> Vec<u8> {
        match T::stored(array.as_slice().unwrap()) {
            Elements::Bytes(bytes) => bytes.into_owned(),
            Elements::Strings(_) => panic!("text"),
        }
    }
    let bytes = match array {
        AnyArray::Bool(array) => bytes(array),
        AnyArray::Int8(array) => bytes(array),
        AnyArray::Int16(array) => bytes(array),
        AnyArray::Int32(array) => bytes(array),
        AnyArray::Int64(array) => bytes(array),
        AnyArray::UInt8(array) => bytes(array),
        AnyArray::UInt16(array) => bytes(array),
        AnyArray::UInt32(array) => bytes(array),
        AnyArray::UInt64(array) => bytes(array),
        AnyArray::Float16(array) => bytes(array),
        AnyArray::Float32(array) => bytes(array),
        AnyArray::Float64(array) => bytes(array),
        AnyArray::Complex64(array) => bytes(array),
        AnyArray::Complex128(array) => bytes(array),
        AnyArray::String(_) => array.to_json().to_string().into_bytes(),
        other => panic!("{other:?}"),
    };
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Reads one store in a process of its own; gives the outcome, and the most memory that it took, in KiB.
fn in_a_child(node: &Path) -> (String, u64) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "corpus::the_child_reads_one_store", "--nocapture"])
        .env(STORE, node)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let line = printed.lines().find_map(|line| line.split_once("outcome\t"));
    let (_, line) = line.unwrap_or_else(|| panic!("{}: {output:?}", node.display()));
    let (memory, outcome) = line.split_once('\t').unwrap();
    (outcome.to_owned(), memory.parse().unwrap())
}

#[test]
fn the_child_reads_one_store() {
    let Some(node) = env::var_os(STORE) else { return };
    let outcome = outcome(Path::new(&node));
    // Only Linux tells.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    println!("\noutcome\t{}\t{outcome}", most.trim().trim_end_matches(" kB"));
}

/// The pinned outcome of each node.
fn pinned() -> BTreeMap<String, String> {
    let table = fs::read_to_string(own().with_extension("tsv")).unwrap();
    let rows = table.lines().skip(1).map(|line| line.split_once('\t').unwrap());
    rows.map(|(node, outcome)| (node.to_owned(), outcome.to_owned())).collect()
}

/// All nodes that are there, each from the whole corpus if that is there.
fn available() -> BTreeMap<String, PathBuf> {
    let mut nodes = nodes(&own());
    match whole() {
        Some(whole) => nodes.extend(self::nodes(&whole)),
        None => drop(oracle::skip("the whole corpus (CALCSTORE_CORPUS)")),
    }
    nodes
}

fn is_hostile(node: &str) -> bool {
    node.starts_with("hostile/")
}

#[test]
fn every_node_of_the_corpus_is_what_the_table_says() {
    let pinned = pinned();
    let mut found = BTreeMap::new();
    for (node, path) in available() {
        let start = Instant::now();
        let outcome = if is_hostile(&node) {
            let (outcome, memory) = in_a_child(&path);
            assert!(memory < MOST_KIB, "{node} took {memory} KiB");
            outcome
        } else {
            outcome(&path)
        };
        assert!(start.elapsed() < LONGEST, "{node} took {:?}", start.elapsed());
        found.insert(node, outcome);
    }
    let lines = |table: &BTreeMap<String, String>| -> BTreeSet<String> {
        let there = table.iter().filter(|(node, _)| found.contains_key(*node));
        there.map(|(node, outcome)| format!("{node}\t{outcome}")).collect()
    };
    let (pinned, found) = (lines(&pinned), lines(&found));
    let differences: Vec<&String> = pinned.symmetric_difference(&found).collect();
    let shown = differences.iter().map(|line| format!("{line}\n")).collect::<String>();
    // The lines to be looked at, and then put into the table.
    let _ = fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus_differences.tsv"), &shown);
    assert!(differences.is_empty(), "{} differences:\n{shown}", differences.len());
    assert!(found.len() > 150, "only {} nodes are there", found.len());
}

#[test]
fn the_golden_arrays_are_what_their_writers_meant() {
    let pinned = pinned();
    let expected = fs::read(own().join("generated/expected.json")).unwrap();
    let expected: serde_json::Map<String, Json> = serde_json::from_slice(&expected).unwrap();
    let mut unsupported = Vec::new();
    for (path, expected) in &expected {
        let outcome = &pinned[&format!("generated/{path}")];
        if outcome.starts_with("unsupported: the data type") {
            unsupported.push(path.as_str());
            continue;
        }
        let data_type = match expected["dtype"].as_str().unwrap() {
            "StringDType()" | "<U5" => "string",
            other => other,
        };
        let fingerprint = expected["sha256_C_le"].as_str().map_or_else(
            || {
                Sha256::digest(expected["values"].to_string())
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect()
            },
            str::to_owned,
        );
        let shape: Vec<u64> = serde_json::from_value(expected["shape"].clone()).unwrap();
        assert_eq!(*outcome, format!("read {data_type} {shape:?} {fingerprint}"), "{path}");
    }
    unsupported.sort_unstable();
    let compound = ["strings/null_terminated", "struct/compound", "time/datetime64_ns"];
    assert_eq!(unsupported, compound.map(|name| format!("zarr-python.zarr/{name}")));
    assert_eq!(expected.len(), 63);
}

#[test]
fn no_hostile_array_has_elements_that_are_not_in_its_store() {
    let pinned = pinned();
    let read = pinned.iter().filter(|(node, outcome)| is_hostile(node) && outcome.starts_with("read"));
    let read: Vec<&str> = read.map(|(node, _)| node.trim_start_matches("hostile/")).collect();
    assert_eq!(read, READ_SAFELY);
}

/// The hostile stores that are odd but right.
const READ_SAFELY: [&str; 4] =
    ["fill_nan_hex.zarr", "json_20MB_attributes.zarr", "rank_1000.zarr", "shard_all_missing.zarr"];
