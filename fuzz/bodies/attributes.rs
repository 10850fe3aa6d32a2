//! Any JSON is an attribute that comes back as it was, and an array if it can be one.

use calcstore::{AnyArray, DataStore};
use serde_json::Value as Json;

pub fn run(input: &[u8]) {
    let Ok(json) = serde_json::from_slice::<Json>(input) else { return };
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    let attributes = store.attributes("/").unwrap();
    attributes.insert_json("x", json.clone()).unwrap();
    assert_eq!(attributes.json().unwrap()["x"], json);
    match (attributes.array("x"), AnyArray::from_json(&json)) {
        (Ok(found), Some(array)) => {
            assert_eq!(found, array);
            // By its array it must be the same again, data type and shape included.
            attributes.insert("y", &array).unwrap();
            let again = attributes.array("y").unwrap();
            assert_eq!((again.data_type(), again.shape()), (array.data_type(), array.shape()));
            assert_eq!(again, array);
        }
        (Err(_), None) => {}
        (found, array) => panic!("{found:?} is not {array:?}"),
    }
    let report = store.hdf5_export().run().unwrap();
    assert!(report.left_out.iter().all(|left_out| left_out.key.starts_with("/@")), "{report:?}");
}
