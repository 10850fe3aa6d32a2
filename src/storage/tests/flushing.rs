//! The markers of what is not flushed, and flushes that fail.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Doing, Watched, access, get, key, put, store};
use crate::error::ErrorKind;
use crate::storage::{Durability, Store};

fn markers(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory.join("calc/.calcstore/dirty")) else { return vec![] };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn reopen(directory: &Path) -> Store {
    Store::open(Arc::new(Watched::default()), &directory.join("calc"), access(Durability::Process)).unwrap()
}

#[test]
fn a_marker_stands_from_before_the_first_change_until_a_flush() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let store = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    assert!(markers(directory.path()).is_empty(), "nothing is stored yet");
    put(&store, "/a", 0).unwrap();
    let log = files.log.lock().unwrap().join("\n");
    let marked = log.find("sync .calcstore/dirty\n").unwrap();
    assert!(log.find("sync .calcstore/dirty/").unwrap() < marked);
    assert!(marked < log.find("-> output.zarr/a").unwrap(), "{log}");
    let own = markers(directory.path());
    assert_eq!(own.len(), 1);
    assert!(
        own[0].starts_with(&crate::storage::Files::boot(&crate::storage::Os)) && own[0].len() == 98,
        "{own:?}"
    );
    store.flush().unwrap();
    assert!(markers(directory.path()).is_empty());
    store.flush().unwrap();
    put(&store, "/a", 1).unwrap();
    assert_eq!(markers(directory.path()), own);
}

#[test]
fn making_a_store_flushes_nothing_and_one_that_a_power_cut_left_blank_is_made_again() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    drop(store(Arc::clone(&files), directory.path(), Durability::Process).unwrap());
    let log = files.log.lock().unwrap().join("\n");
    assert!(!log.contains("sync"), "{log}");
    let (path, root) = (directory.path().join("calc"), directory.path().join("calc/output.zarr/zarr.json"));
    for blank in [vec![], vec![0; 157]] {
        std::fs::write(&root, &blank).unwrap();
        let open = |read_only| {
            let access = crate::storage::Access { read_only, ..access(Durability::Process) };
            Store::open(Arc::new(Watched::default()), &path, access)
        };
        for read_only in [true, false] {
            assert_eq!(open(read_only).unwrap_err().kind(), ErrorKind::NotFound);
        }
        let create = || Store::create(Arc::new(Watched::default()), &path, access(Durability::Process));
        put(&create().unwrap(), "/a", 1).unwrap();
        assert_eq!(get::<i32>(&create().unwrap(), "/a").unwrap(), 1, "it is blank no more");
        // With a marker there may be values: then it is damage, and the recovery's to repair.
        std::fs::write(&root, &blank).unwrap();
        create().unwrap_err();
        assert_eq!(get::<i32>(&open(true).unwrap(), "/a").unwrap(), 1);
        std::fs::remove_dir_all(path.join("output.zarr/a")).unwrap();
        std::fs::remove_dir_all(path.join(".calcstore/dirty")).unwrap();
    }
}

#[test]
fn opening_and_power_make_no_marker() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Power).unwrap();
    put(&store, "/a", 1).unwrap();
    drop(reopen(directory.path()));
    assert!(markers(directory.path()).is_empty());
}

#[test]
fn a_change_that_ends_after_the_flush_began_leaves_the_marker() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    let change = store.begin_change().unwrap();
    store.flush().unwrap();
    assert_eq!(markers(directory.path()).len(), 1);
    drop(change);
    store.flush().unwrap();
    assert!(markers(directory.path()).is_empty());
}

#[test]
fn a_change_during_the_sync_leaves_the_marker() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let opened = Arc::new(store(Arc::clone(&files), directory.path(), Durability::Process).unwrap());
    put(&opened, "/a", 1).unwrap();
    let during = Arc::clone(&opened);
    *files.during_sync.lock().unwrap() = Some(Doing(Box::new(move || put(&during, "/b", 2).unwrap())));
    opened.flush().unwrap();
    assert_eq!(get::<i32>(&opened, "/b").unwrap(), 2);
    assert_eq!(markers(directory.path()).len(), 1);
    opened.flush().unwrap();
    assert!(markers(directory.path()).is_empty());
}

#[test]
fn the_markers_of_dead_writers_become_one_and_go_with_the_next_flush() {
    let directory = tempfile::tempdir().unwrap();
    let first = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&first, "/first", 1).unwrap();
    for n in 0..5 {
        put(&reopen(directory.path()), "/a", n).unwrap();
    }
    let living = markers(directory.path());
    assert_eq!(living.len(), 2, "that of the first, which lives, and one of the dead: {living:?}");
    let again = reopen(directory.path());
    assert_eq!(again.recovered(), [], "nobody cut the power");
    again.flush().unwrap();
    assert_eq!(markers(directory.path()).len(), 1, "that of the one that lives");
    first.flush().unwrap();
    assert!(markers(directory.path()).is_empty());
}

#[test]
fn after_a_flush_that_failed_nothing_is_promised_until_the_store_is_opened_anew() {
    for durability in [Durability::Process, Durability::Power] {
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(Watched::default());
        let store = store(Arc::clone(&files), directory.path(), durability).unwrap();
        put(&store, "/a", 1).unwrap();
        let calls = files.calls.load(SeqCst);
        files.fail.store(calls + 1, SeqCst);
        assert_eq!(store.flush().unwrap_err().kind(), ErrorKind::Io);
        files.fail.store(0, SeqCst);
        let error = store.flush().unwrap_err();
        assert!(error.to_string().contains("a flush failed before"), "{error}");
        assert_eq!(put(&store, "/b", 2).is_ok(), durability == Durability::Process);
        assert_eq!(markers(directory.path()).len(), usize::from(durability == Durability::Process));
        assert_eq!(get::<i32>(&store, "/a").unwrap(), 1);
        drop(store);
        reopen(directory.path()).flush().unwrap();
        assert!(markers(directory.path()).is_empty());
    }
}

#[test]
fn a_staged_file_that_cannot_be_flushed_costs_its_own_value_only() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let store = store(Arc::clone(&files), directory.path(), Durability::Power).unwrap();
    // The directory, the chunk, then the sync.
    files.fail.store(files.calls.load(SeqCst) + 3, SeqCst);
    put(&store, "/a", 1).unwrap_err();
    files.fail.store(0, SeqCst);
    assert!(files.log.lock().unwrap().last().unwrap().starts_with("rmdir .calcstore/stage"));
    put(&store, "/a", 2).unwrap();
    assert_eq!(get::<i32>(&store, "/a").unwrap(), 2);
    // A directory that readers see is another matter: it would be believed durable.
    let before = files.calls.load(SeqCst);
    put(&store, "/b", 3).unwrap();
    files.fail.store(files.calls.load(SeqCst) * 2 - before, SeqCst);
    put(&store, "/c", 4).unwrap_err();
    files.fail.store(0, SeqCst);
    assert!(put(&store, "/d", 5).unwrap_err().to_string().contains("a flush failed before"));
}

#[test]
fn a_full_disk_leaves_what_is_stored_and_lets_it_be_removed() {
    for durability in [Durability::Process, Durability::Power] {
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(Watched::default());
        let store = store(Arc::clone(&files), directory.path(), durability).unwrap();
        put(&store, "/a", vec![1.0; 1000]).unwrap();
        put(&store, "/b", vec![2.0; 1000]).unwrap();
        files.is_full.store(true, SeqCst);
        for name in ["/a", "/c"] {
            let error = put(&store, name, vec![3.0; 1000]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        }
        let stage = directory.path().join("calc/.calcstore/stage").join(store.writer().unwrap().stage.txid());
        assert_eq!(std::fs::read_dir(stage).unwrap().count(), 1, "the owner file alone");
        assert_eq!(get::<Vec<f64>>(&store, "/a").unwrap(), [1.0; 1000]);
        assert!(store.remove(&key("/b"), None).unwrap());
        assert_eq!(get::<Vec<f64>>(&store, "/b").unwrap_err().kind(), ErrorKind::NotFound);
        store.sweep_quietly();
        files.is_full.store(false, SeqCst);
        put(&store, "/c", 1).unwrap();
    }
}
