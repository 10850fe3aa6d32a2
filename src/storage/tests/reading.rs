//! What a reader does when something changes while it reads.

use std::path::Path;
use std::sync::Arc;

use super::{Watched, get, key, put, store};
use crate::error::ErrorKind;
use crate::selection::IntoSelection;
use crate::storage::{Change, Durability, OpenNode, Store, Visible};
use crate::values::{Content, Get, Put};

/// A store with `/a`, and where it is.
fn prepared() -> (tempfile::TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&store, "/a", [1.0; 8]).unwrap();
    (directory, store)
}

/// Reads `/a`, and calls `meanwhile` between opening it and reading its chunks.
fn read_while(store: &Store, mut meanwhile: impl FnMut()) -> crate::Result<Vec<f64>> {
    store.read(&key("/a"), |snapshot| {
        meanwhile();
        store.with_stored(snapshot, Vec::get)
    })
}

/// Puts another version in place of `/a`, and takes the old one away for good.
fn replace_and_sweep(store: &Store, directory: &Path) {
    put(store, "/a", [2.0; 8]).unwrap();
    std::fs::remove_dir_all(directory.join("calc/.calcstore/trash")).unwrap();
}

/// Sets an attribute of `/a`.
fn set_attribute(store: &Store, name: &str, value: serde_json::Value) {
    let set = store.update_metadata(&key("/a"), |metadata| {
        metadata.attributes_mut().insert(name.to_owned(), value);
        Ok(())
    });
    set.unwrap();
}

#[test]
fn a_value_that_is_replaced_and_swept_while_it_is_read_is_read_anew() {
    let (directory, store) = prepared();
    let mut looks = 0;
    let found = read_while(&store, || {
        looks += 1;
        if looks == 1 {
            replace_and_sweep(&store, directory.path());
        }
    });
    assert_eq!((found.unwrap(), looks), (vec![2.0; 8], 2));
}

#[test]
fn a_chunk_that_is_missing_only_because_of_a_change_is_never_taken_for_fill_value() {
    let (directory, store) = prepared();
    set_attribute(&store, "calcstore", serde_json::json!({"sparse": true}));
    let mut looks = 0;
    let found = read_while(&store, || {
        looks += 1;
        if looks == 1 {
            replace_and_sweep(&store, directory.path());
        }
    });
    assert_eq!(found.unwrap(), [2.0; 8]);
}

#[test]
fn a_value_that_is_removed_while_it_is_read_is_not_found() {
    let (_directory, store) = prepared();
    let mut looks = 0;
    let found = read_while(&store, || {
        looks += 1;
        if looks == 1 {
            assert!(store.remove(&key("/a"), None).unwrap());
        }
    });
    assert_eq!(found.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_value_that_changes_at_every_look_is_busy() {
    let (_directory, store) = prepared();
    let error = read_while(&store, || put(&store, "/a", [3.0; 8]).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(error.to_string(), "/a: changed 100 times while it was being read");
}

#[test]
fn a_chunk_that_is_missing_without_a_change_is_damage() {
    let (directory, store) = prepared();
    std::fs::remove_file(directory.path().join("calc/output.zarr/a/c.0")).unwrap();
    let error = get::<Vec<f64>>(&store, "/a").unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Corrupt, "the chunk is missing"));
}

#[test]
fn a_version_that_was_replaced_is_not_removed() {
    let (_directory, store) = prepared();
    let ((), version) = store.read_version(&key("/a"), |_| Ok(())).unwrap();
    put(&store, "/a", [2.0; 8]).unwrap();
    assert!(!store.remove(&key("/a"), Some(&version)).unwrap());
    assert_eq!(get::<Vec<f64>>(&store, "/a").unwrap(), [2.0; 8]);
}

#[test]
fn an_attribute_set_while_a_value_is_read_does_not_disturb_the_reader() {
    let (_directory, store) = prepared();
    let mut looks = 0;
    let found = read_while(&store, || {
        looks += 1;
        set_attribute(&store, "units", "g".into());
    });
    assert_eq!((found.unwrap(), looks), (vec![1.0; 8], 1));
}

#[test]
fn threads_share_a_handle_of_an_array_that_they_write_all_at_once() {
    // Each such write puts another directory in the place of the array. The other threads with the very same handle
    // took that for somebody else's doing, now and then for ever.
    let (_directory, store) = prepared();
    let node = OpenNode::new(Arc::new(store), key("/a")).unwrap();
    let content = 3.0.content().unwrap();
    let Content::Array(content) = &content else { unreachable!() };
    let all = (..).into_selection().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..60 {
                    node.change(Change::Write(&all, content, Visible::AtOnce)).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..200 {
                let read = |snapshot: &_| node.store().with_stored(snapshot, Vec::<f64>::get);
                assert!([1.0, 3.0].contains(&node.read(read).unwrap()[0]));
            }
        });
    });
}
