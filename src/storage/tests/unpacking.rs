//! Unpacking where any call fails.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Watched, access, get, put, store};
use crate::storage::{Durability, Files, Store};

/// The names in a directory.
fn names(directory: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn an_empty_directory_becomes_the_store_or_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let packed = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&packed, "/a", 1).unwrap();
    let access = access(Durability::Process);
    for failing in 1.. {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("calc");
        std::fs::create_dir(&path).unwrap();
        let files = Arc::new(Watched::default());
        files.fail.store(failing, SeqCst);
        let around = Arc::clone(&files) as Arc<dyn Files>;
        let made = packed.unpack(&around, &path, access, &mut |_| Ok(()));
        let what = files.log.lock().unwrap().last().cloned();
        let has_failed = files.calls.load(SeqCst) >= failing;
        files.fail.store(0, SeqCst);
        assert!(path.is_dir(), "call {failing} after {what:?}: the directory is gone");
        if made.is_ok() || !names(&path).is_empty() {
            let opened = Store::open(Arc::clone(&around), &path, access).unwrap();
            assert_eq!(get::<i32>(&opened, "/a").unwrap(), 1, "call {failing}");
        }
        // What could not be removed is taken by the next one.
        drop(packed.unpack(&around, &directory.path().join("next"), access, &mut |_| Ok(())));
        let mut left = names(directory.path());
        left.sort();
        assert_eq!(left, ["calc", "next"], "call {failing} after {what:?}");
        if !has_failed {
            assert!(made.is_ok() && failing > 10, "{failing}");
            return;
        }
    }
}

#[test]
fn the_store_moves_into_an_empty_directory_that_cannot_be_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let packed = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&packed, "/a", 1).unwrap();
    let path = directory.path().join("made");
    std::fs::create_dir(&path).unwrap();
    let files = Arc::new(Watched { keeps_directories: true, ..Watched::default() }) as Arc<dyn Files>;
    let access = access(Durability::Process);
    packed.unpack(&files, &path, access, &mut |_| Ok(())).unwrap();
    assert_eq!(get::<i32>(&Store::open(files, &path, access).unwrap(), "/a").unwrap(), 1);
    let mut left = names(directory.path());
    left.sort();
    assert_eq!(left, ["calc", "made"]);
}
