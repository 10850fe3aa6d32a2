//! A file that claims to be HDF5, imported: what is in it is there or named, and the store is sound.

use std::fs;

use calcstore::{Continue, DataStore, Value};

use super::scratch;

/// What may be imported of an input, and read again.
const LIMIT: u64 = 1 << 20;

/// The input is the file.
pub fn run(input: &[u8]) {
    let directory = scratch::directory();
    let file = directory.path().join("input.h5");
    fs::write(&file, input).unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let Ok(report) = store.hdf5_import(&file).limit(LIMIT).run() else { return };
    assert!(report.bytes <= LIMIT.max(input.len() as u64), "{report:?}");
    let nodes = store.walk_nodes("/").unwrap();
    let mut values = 0;
    for node in &nodes {
        let is_large = store.dataset(&node.key).is_ok_and(|dataset| {
            dataset.shape().iter().fold(1, |count: u64, length| count.saturating_mul(*length)) > LIMIT
        });
        // What was never written may have any shape.
        let value = if is_large { Value::Bytes(Vec::new()) } else { store.value(&node.key).unwrap() };
        values += u64::from(value != Value::Group);
        store.attributes(&node.key).unwrap().json().unwrap();
    }
    assert!(values >= report.values, "{values} of {report:?}");
    let checked = store.check("/", |_| Continue::Yes).unwrap();
    assert!(checked.faults.is_empty(), "{:?}", checked.faults);
}
