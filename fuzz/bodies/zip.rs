//! A file that claims to be a zip file: read where it lies and unpacked, all in it is there or an error, and nothing else is
//! written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use calcstore::zip::Archive;
use calcstore::{Continue, DataStore, Value};

use super::scratch;

/// What an array may hold to be worth the time: where chunks need no file it may be of any size.
const MOST_ELEMENTS: u64 = 1 << 20;

/// The input is the file.
pub fn run(input: &[u8]) {
    let directory = scratch::directory();
    let file = directory.path().join("input.zip");
    fs::write(&file, input).unwrap();
    if let Ok(archive) = Archive::open(&file) {
        entries(&archive, input);
    }
    if let Ok(store) = DataStore::options().read_only(true).at(&file) {
        read(&store);
    }
    let into = directory.path().join("into");
    let unpacked = DataStore::options().unpack(&file).into(&into).run();
    let names = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<_> = names.map(|name| name.into_string().unwrap()).collect();
    let expected = if unpacked.is_ok() { &["input.zip", "into"][..] } else { &["input.zip"] };
    assert!(names.iter().eq(expected), "{names:?}");
    if let Ok(store) = unpacked {
        sound(&store, &file);
    }
}

/// What is in it has no more bytes than it says, and no more than there can be.
fn entries(archive: &Archive, input: &[u8]) {
    let mut names = BTreeSet::new();
    for entry in archive.entries() {
        let is_plain =
            |component: &str| !matches!(component, "" | "." | "..") && !component.contains(['\\', '\0']);
        assert!(entry.name().split('/').all(is_plain), "{entry:?}");
        assert!(names.insert(entry.name()), "{entry:?} is there twice");
        assert!(entry.size() <= input.len() as u64 * 1032, "{entry:?}");
        if let Ok(bytes) = archive.read(entry) {
            assert_eq!(bytes.len() as u64, entry.size());
        }
    }
}

fn read(store: &DataStore) {
    let _ = store.check("/", |_| Continue::Yes);
    let Ok(nodes) = store.walk_nodes("/") else { return };
    for node in nodes {
        let elements = node.layout.as_ref().map(|layout| {
            layout.shape.iter().fold(1, |product: u64, length| product.saturating_mul(*length))
        });
        if elements.is_none_or(|elements| elements <= MOST_ELEMENTS) && node.columns.is_empty() {
            let _: Result<Value, _> = store.value(&node.key);
        }
        let _ = store.size(&node.key);
    }
}

/// What was unpacked has no fault that copying looks for, and is packed again.
fn sound(store: &DataStore, file: &Path) {
    store.walk_nodes("/").unwrap();
    let again = file.with_file_name("again.zip");
    if store.pack(&again).run().is_ok() {
        Archive::open(&again).unwrap();
        let packed = DataStore::options().read_only(true).at(&again).unwrap();
        assert_eq!(store.walk("/").unwrap().count(), packed.walk("/").unwrap().count());
    }
}
