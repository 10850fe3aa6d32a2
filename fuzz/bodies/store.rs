//! Any bytes as the metadata and the chunk of a node: reading them is an error or gives values, and ends.

use std::fs;
use std::path::Path;

use calcstore::{Continue, DataStore};

const ROOT: &str = r#"{"zarr_format":3,"node_type":"group","attributes":{}}"#;

/// The names that a first chunk can have.
const CHUNKS: [&str; 6] = ["c", "c.0", "c.0.0", "c.0.0.0", "0", "0.0"];

/// A sparse array may have any number of elements without a file: so many are worth the time.
const MOST_ELEMENTS: u64 = 1 << 20;

/// The input is a `zarr.json`, then a NUL, then a chunk.
pub fn run(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (document, chunk) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let directory = tempfile::tempdir().unwrap();
    write_hierarchy(&directory.path().join("output.zarr"), document, chunk);
    let store = DataStore::options().read_only(true).at(directory.path()).unwrap();
    let Ok(node) = store.node("/a") else {
        assert!(store.value("/a").is_err());
        return;
    };
    let elements = node.layout.as_ref().map(|layout| layout.shape.iter().map(|length| (*length).max(1)));
    let elements = elements.and_then(|mut lengths| lengths.try_fold(1u64, u64::checked_mul));
    let is_sparse = document.windows(6).any(|window| window == b"sparse");
    if is_sparse && elements.is_none_or(|elements| elements > MOST_ELEMENTS) {
        return;
    }
    let value = store.value("/a");
    let faults = store.check("/a", |_| Continue::Yes).unwrap().faults;
    assert!(value.is_ok() || !faults.is_empty(), "{value:?}, and check finds nothing");
    let _ = store.walk("/").map(|keys| keys.for_each(|key| drop(store.value(&key))));
    let _ = store.attributes("/a").and_then(|attributes| attributes.json());
    let _ = store.hdf5_export().run();
}

fn write_hierarchy(root: &Path, document: &[u8], chunk: &[u8]) {
    fs::create_dir_all(root.join("a/column")).unwrap();
    fs::write(root.join("zarr.json"), ROOT).unwrap();
    for node in ["a", "a/column"] {
        fs::write(root.join(node).join("zarr.json"), document).unwrap();
        for name in CHUNKS {
            fs::write(root.join(node).join(name), chunk).unwrap();
        }
    }
}
