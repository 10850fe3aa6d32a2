//! File systems that have no locks, and what is done without them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::errors::{BAD_HANDLE, NO_LOCKS};
use super::sweeping::names;
use super::{Watched, access, get, make_old, put, store};
use crate::error::{ErrorKind, Result};
use crate::storage::{
    Access, Allowed, Collection, DataDirectory, Durability, Files, LeftoverKind, LockPolicy, Store,
};
use crate::system::host_name;

fn without_locks(lack: i32) -> Arc<Watched> {
    let files = Watched::default();
    *files.no_locks.lock().unwrap() = Some(lack);
    Arc::new(files)
}

fn open(files: &Arc<Watched>, directory: &Path, locks: LockPolicy) -> Result<Store> {
    let access = Access { locks, ..access(Durability::Process) };
    Store::open(Arc::clone(files) as Arc<dyn Files>, &directory.join("calc"), access)
}

/// A directory with a store, the stage of a dead writer, and trash, both untouched for so many seconds.
fn with_leftovers(seconds: u64) -> (tempfile::TempDir, PathBuf, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let internals = directory.path().join("calc/.calcstore");
    let stage = internals.join("stage/0123456789abcdef0123456789abcdef");
    let trash = internals.join("trash/0123456789abcdef0123456789abcdef.0");
    for leftover in [&stage, &trash] {
        std::fs::create_dir(leftover).unwrap();
        std::fs::write(leftover.join("c.0"), [0; 100]).unwrap();
        for path in [&leftover.join("c.0"), leftover] {
            make_old(path, seconds);
        }
    }
    (directory, stage, trash)
}

#[test]
fn a_file_system_without_locks_is_refused_with_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    for lack in NO_LOCKS {
        let error = open(&without_locks(lack), directory.path(), LockPolicy::Require).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        let place = directory.path().join("calc").join(".calcstore").join("locks").join("tree");
        let expected = format!(
            "this file system has no locks: {}; with CALCSTORE_LOCKS=best-effort calcstore does without, and then \
             only one program at a time may write ({})",
            std::io::Error::from_raw_os_error(lack),
            place.display()
        );
        assert_eq!(error.to_string(), expected);
    }
    assert!(names(&directory.path().join("calc/.calcstore/stage")).is_empty());
}

#[test]
fn what_is_no_lack_of_locks_is_an_error_under_best_effort_too() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let error = open(&without_locks(BAD_HANDLE), directory.path(), LockPolicy::BestEffort).unwrap_err();
    let expected = format!("cannot lock: {}", std::io::Error::from_raw_os_error(BAD_HANDLE));
    assert_eq!(error.message(), expected);
}

#[test]
fn best_effort_does_without_and_asks_only_once() {
    for lack in NO_LOCKS {
        let (directory, stage, trash) = with_leftovers(100_000);
        let files = without_locks(lack);
        let store = open(&files, directory.path(), LockPolicy::BestEffort).unwrap();
        put(&store, "/a", 1).unwrap();
        put(&store, "/a", 2).unwrap();
        store.flush().unwrap();
        assert_eq!(get::<i32>(&store, "/a").unwrap(), 2);
        assert_eq!(files.locks.load(SeqCst), 1);
        assert!(stage.exists() && trash.exists(), "nothing is swept unasked");
    }
}

#[test]
fn best_effort_uses_the_locks_that_there_are() {
    let (directory, stage, trash) = with_leftovers(61);
    let first = open(&Arc::default(), directory.path(), LockPolicy::BestEffort).unwrap();
    assert!(!stage.exists() && !trash.exists());
    let guard = first.lock("tree", crate::storage::lock::Mode::Exclusive, Duration::ZERO).unwrap();
    let theirs = std::fs::File::open(directory.path().join("calc/.calcstore/locks/tree")).unwrap();
    assert!(theirs.try_lock_shared().is_err());
    drop(guard);
}

#[test]
fn off_asks_for_no_lock_and_sweeps_nothing() {
    let (directory, stage, trash) = with_leftovers(100_000);
    let files: Arc<Watched> = Arc::default();
    let store = open(&files, directory.path(), LockPolicy::Off).unwrap();
    put(&store, "/a", 1).unwrap();
    store.flush().unwrap();
    store.sweep_quietly();
    assert_eq!(files.locks.load(SeqCst), 0);
    assert!(stage.exists() && trash.exists());
}

#[test]
fn without_locks_an_explicit_collection_goes_by_age() {
    for policy in [LockPolicy::Off, LockPolicy::BestEffort] {
        let (directory, stage, trash) = with_leftovers(3600);
        let store = open(&without_locks(NO_LOCKS[0]), directory.path(), policy).unwrap();
        let kinds = |older_than, dry_run| {
            let asked = Collection { older_than, dry_run };
            let found = store.collect(asked).unwrap();
            found
                .into_iter()
                .map(|(leftover, removed)| {
                    removed.unwrap();
                    assert_eq!((leftover.bytes, leftover.files), (100, 1));
                    leftover.kind
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(kinds(None, false), [], "younger than a day");
        assert_eq!(kinds(Some(Duration::from_secs(4000)), false), []);
        let both = [LeftoverKind::Stage, LeftoverKind::Trash];
        assert_eq!(kinds(Some(Duration::from_mins(50)), true), both);
        assert!(stage.exists() && trash.exists(), "a dry run");
        assert_eq!(kinds(Some(Duration::from_mins(50)), false), both);
        assert!(!stage.exists() && !trash.exists());
        put(&store, "/a", 1).unwrap();
    }
}

#[test]
fn the_stage_of_a_writer_without_locks_is_left_alone_by_those_that_have_them() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let without = open(&Arc::default(), directory.path(), LockPolicy::Off).unwrap();
    let with = open(&Arc::default(), directory.path(), LockPolicy::Require).unwrap();
    with.sweep_quietly();
    assert_eq!(with.collect(Collection::default()).unwrap().len(), 0);
    put(&without, "/a", 1).unwrap();
    assert_eq!(get::<i32>(&with, "/a").unwrap(), 1);
}

#[test]
fn a_calculation_that_cannot_be_locked_is_deleted_only_where_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let files = without_locks(NO_LOCKS[0]);
    let data = DataDirectory::locate(Arc::clone(&files) as Arc<dyn Files>, Some(directory.path())).unwrap();
    let access = Access { locks: LockPolicy::BestEffort, ..access(Durability::Process) };
    let calculation = data.take_next().unwrap();
    let open = Store::create(files, &calculation.path, access).unwrap();
    let error = data.delete(1, Allowed::default(), access, || Ok(())).unwrap_err();
    // Where nobody reads what is locked, nobody can tell by whom.
    let by = if cfg!(unix) {
        format!(" by process {} on {}", std::process::id(), host_name())
    } else {
        String::new()
    };
    let expected = format!(
        "may be open for writing{by}, without a lock; it can be deleted by `unlocked` ({})",
        calculation.path.display()
    );
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Locked, expected));
    drop(open);
    let error = data.delete(1, Allowed::default(), access, || Ok(())).unwrap_err();
    let expected = "cannot be locked, so that nobody can tell whether it is open for writing; it can be deleted by \
                    `unlocked`";
    assert_eq!((error.kind(), error.message()), (ErrorKind::Locked, expected));
    data.delete(1, Allowed { unlocked: true, ..Allowed::default() }, access, || Ok(())).unwrap();
    assert!(names(directory.path()).is_empty());
}
