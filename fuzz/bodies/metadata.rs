//! Any `zarr.json`: a node or an error. What is read is written again as it was, attributes and what they are included.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use calcstore::{AnyArray, DataStore, Node};
use serde_json::{Value as Json, json};

use super::inputs::document;
use super::scratch::Scratch;

thread_local! {
    static STORE: RefCell<Scratch<(DataStore, PathBuf)>> = const { RefCell::new(Scratch::new()) };
}

/// The input is a document, or else choices that one is made of.
pub fn run(input: &[u8]) {
    let document = &*document::of(input);
    Scratch::with(
        &STORE,
        |directory| {
            let path = directory.path().join("s");
            let store = DataStore::at(&path).unwrap();
            let node = path.join("output.zarr/a");
            fs::create_dir(&node).unwrap();
            (store, node.join("zarr.json"))
        },
        |(store, file), _| {
            fs::write(file, document).unwrap();
            match store.node("/a") {
                Ok(node) => rewrite(store, &node, document),
                Err(error) => assert!(store.value("/a").is_err(), "{error}, but it has a value"),
            }
        },
    );
}

fn rewrite(store: &DataStore, node: &Node, document: &[u8]) {
    let attributes = store.attributes("/a").unwrap();
    let before = attributes.json().unwrap();
    assert_eq!(before, node.attributes);
    let parsed = serde_json::from_slice::<Json>(document).unwrap();
    let is_plain = parsed["attributes"].get("calcstore").is_none();
    for (name, json) in before.iter().take(4) {
        match (attributes.array(name), AnyArray::from_json(json)) {
            (Ok(array), untyped) => {
                assert!(!is_plain || untyped.is_some_and(|untyped| is_same(&untyped, &array)), "{array:?}");
                attributes.insert("again", &array).unwrap();
                assert!(is_same(&attributes.array("again").unwrap(), &array), "{array:?}");
            }
            (Err(error), untyped) => assert!(!is_plain || untyped.is_none(), "{error} of {json}"),
        }
    }
    if !before.contains_key("again") {
        attributes.insert_json("again", json!(1)).unwrap();
        attributes.remove("again").unwrap();
        assert_eq!(store.node("/a").unwrap(), *node, "written and read again");
    }
}

fn is_same(one: &AnyArray, other: &AnyArray) -> bool {
    let kind = |array: &AnyArray| (array.data_type(), array.shape().to_vec(), array.to_json());
    kind(one) == kind(other)
}
