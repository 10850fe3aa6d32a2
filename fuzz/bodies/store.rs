//! A whole store of any files: listing, checking, reading and exporting it gives values or errors, and ends.

use std::fs;
use std::path::Path;

use calcstore::{AnyArray, Continue, DataStore, ErrorKind, Node, NodeKind};

use super::archive::unpack;
use super::scratch;

const ROOT: &str = r#"{"zarr_format":3,"node_type":"group","attributes":{}}"#;

/// Where chunks need no file an array may have any number of elements: so many are worth the time.
const MOST_ELEMENTS: u64 = 1 << 20;

/// The input is an archive.
pub fn run(input: &[u8]) {
    let directory = scratch::directory();
    let secret = directory.path().join("secret");
    fs::write(&secret, "outside").unwrap();
    let path = directory.path().join("store");
    fs::create_dir_all(path.join("output.zarr")).unwrap();
    fs::write(path.join("output.zarr/zarr.json"), ROOT).unwrap();
    unpack(input, &path, &[]);
    if let Ok(store) = DataStore::options().read_only(true).at(&path) {
        read(&store, input, directory.path());
    }
    assert_eq!(fs::read_to_string(&secret).unwrap(), "outside");
}

fn read(store: &DataStore, input: &[u8], directory: &Path) {
    let (Ok(keys), Ok(nodes)) = (store.walk("/"), store.walk_nodes("/")) else {
        assert!(store.walk("/").is_err() || store.walk_nodes("/").is_err());
        assert!(!faults(store, "/").is_empty(), "what cannot be listed has no fault");
        return;
    };
    let keys: Vec<String> = keys.collect();
    let is_fill_cheap = !["sparse", "sharding_indexed"].iter().any(|word| contains(input, word));
    if !is_fill_cheap && nodes.iter().any(is_large) {
        return;
    }
    let mut all_read = true;
    for key in &keys {
        let value = store.value(key);
        let found = faults(store, key);
        assert!(value.is_ok() || !found.is_empty(), "{key}: {value:?}, and check finds nothing");
        all_read &= value.is_ok();
        let _ = store.attributes(key).and_then(|attributes| attributes.json());
        if let (Ok(value), Ok(dataset)) = (&value, store.dataset(key)) {
            let whole = dataset.read::<AnyArray>("...");
            let calcstore::Value::Array(array) = value else { continue };
            assert_eq!(whole.unwrap().to_json(), array.to_json(), "{key}");
        }
        let _ = store.table(key).and_then(|table| table.slice(1..).read());
    }
    let _ = store.size("/");
    let export = store.hdf5_export().file(directory.join("out.hdf5")).run();
    let is_corrupt = export.as_ref().is_err_and(|error| error.kind() == ErrorKind::Corrupt);
    assert!(!is_corrupt || !faults(store, "/").is_empty() || !all_read, "{export:?}");
}

fn faults(store: &DataStore, key: &str) -> Vec<calcstore::Finding> {
    store.check(key, |_| Continue::Yes).map(|report| report.faults).unwrap_or_default()
}

fn contains(input: &[u8], word: &str) -> bool {
    input.windows(word.len()).any(|window| window == word.as_bytes())
}

fn is_large(node: &Node) -> bool {
    let lengths = node.layout.iter().flat_map(|layout| layout.shape.iter().chain(&layout.chunks));
    let elements = lengths.map(|length| (*length).max(1)).try_fold(1u64, u64::checked_mul);
    node.kind != NodeKind::Group && elements.is_none_or(|elements| elements > MOST_ELEMENTS)
}
