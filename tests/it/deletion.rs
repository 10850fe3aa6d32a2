//! Deleting calculations, and collecting what is left over.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use calcstore::{DataStore, ErrorKind, LeftoverKind, Options};
use tempfile::TempDir;

use crate::processes::{start_in, told_directory};

/// A data directory with so many calculations.
fn calculations(count: usize) -> (TempDir, Options) {
    let directory = tempfile::tempdir().unwrap();
    let options = DataStore::options().data_dir(directory.path());
    for _ in 0..count {
        options.create().unwrap().insert("/a", [0.5; 100]).unwrap();
    }
    (directory, options)
}

fn ids(options: &Options) -> Vec<u32> {
    options.calculations().unwrap().iter().map(|entry| entry.calc_id).collect()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_deleted_calculation_is_gone_with_its_export_and_the_others_are_there() {
    let (directory, options) = calculations(3);
    options.open(2).unwrap().export_hdf5().unwrap();
    options.delete(2).run().unwrap();
    assert_eq!(names(directory.path()), ["calc_1", "calc_3"]);
    assert_eq!(options.open(2).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(options.open(-2).unwrap().calc_id(), Some(1));
}

#[test]
fn an_id_is_given_again_only_when_it_was_the_last() {
    let (_directory, options) = calculations(3);
    options.delete(2).run().unwrap();
    assert_eq!(options.create().unwrap().calc_id(), Some(4));
    options.delete(4).run().unwrap();
    assert_eq!(options.create().unwrap().calc_id(), Some(4));
    assert_eq!(ids(&options), [1, 3, 4]);
}

#[test]
fn one_that_is_being_read_can_be_deleted() {
    let (_directory, options) = calculations(1);
    let reading = options.clone().read_only(true).open(1).unwrap();
    options.delete(1).run().unwrap();
    reading.get::<Vec<f64>>("/a").unwrap_err();
}

#[test]
fn files_of_the_user_are_deleted_by_force_only() {
    let (directory, options) = calculations(1);
    fs::write(directory.path().join("calc_1/notes.txt"), "mine").unwrap();
    assert_eq!(options.delete(1).run().unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(options.open(1).unwrap().get::<Vec<f64>>("/a").unwrap(), [0.5; 100]);
    options.delete(1).force(true).run().unwrap();
    assert!(names(directory.path()).is_empty());
}

#[test]
fn force_does_not_delete_what_is_open_for_writing() {
    let (_directory, options) = calculations(1);
    let store = options.open(1).unwrap();
    assert_eq!(options.delete(1).force(true).run().unwrap_err().kind(), ErrorKind::Locked);
    store.insert("/b", 1).unwrap();
    store.close().unwrap();
    options.delete(1).run().unwrap();
}

#[test]
fn what_a_killed_deletion_left_is_no_calculation_and_is_removed_by_the_next_and_by_gc() {
    let (directory, options) = calculations(3);
    let interrupted = |id| {
        let gone = directory.path().join(format!(".calc_{id}.0123456789abcdef0123456789abcdef"));
        fs::rename(directory.path().join(format!("calc_{id}")), &gone).unwrap();
        gone
    };
    let gone = interrupted(3);
    // A name of ours has 32 digits.
    fs::create_dir(directory.path().join(".calc_3.backup")).unwrap();
    assert_eq!(ids(&options), [1, 2]);
    let store = options.open(1).unwrap();
    let report = store.gc().dry_run(true).run().unwrap();
    let [leftover] = &report.leftovers[..] else { panic!("{report:?}") };
    assert_eq!((leftover.kind, &leftover.path), (LeftoverKind::Calculation, &gone));
    assert!(leftover.bytes > 800 && leftover.files >= 4, "{leftover:?}");
    assert!(gone.exists());
    assert_eq!(store.gc().run().unwrap().leftovers.len(), 1);
    assert!(!gone.exists());
    store.close().unwrap();
    let gone = interrupted(2);
    options.delete(1).run().unwrap();
    assert!(!gone.exists());
    assert_eq!(names(directory.path()), [".calc_3.backup"]);
}

#[test]
fn child_opens_and_writes() {
    let Some(directory) = told_directory() else { return };
    let options = DataStore::options().data_dir(&directory);
    // Two of them write at the same time, each a value of its own.
    let key = format!("/{}", std::process::id());
    for n in 0..2_000 {
        if directory.join("stop").exists() {
            break;
        }
        match options.open(1) {
            Ok(store) => {
                store.insert(&key, n).unwrap();
                assert_eq!(store.get::<i32>(&key).unwrap(), n);
                store.close().unwrap();
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound, "{error}"),
        }
    }
}

#[test]
fn whoever_opens_a_calculation_in_time_keeps_it() {
    let (directory, options) = calculations(1);
    let mut writers: Vec<_> =
        (0..2).map(|_| start_in("deletion", "child_opens_and_writes", directory.path())).collect();
    let mut deleted = 0;
    let end = SystemTime::now() + Duration::from_secs(4);
    while SystemTime::now() < end {
        match options.delete(1).run() {
            Ok(()) => {
                deleted += 1;
                assert_eq!(options.create().unwrap().calc_id(), Some(1));
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Locked, "{error}"),
        }
    }
    fs::write(directory.path().join("stop"), "").unwrap();
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    assert!(deleted > 3, "{deleted}");
    assert_eq!(names(directory.path()), ["calc_1", "stop"]);
}

#[test]
fn a_collection_names_and_removes_what_is_left_over() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    store.insert("/g/a", [1.0; 100]).unwrap();
    store.insert("/g/a", [2.0; 100]).unwrap();
    let dead = directory.path().join(".calcstore/stage/0123456789abcdef0123456789abcdef");
    fs::create_dir_all(dead.join("0")).unwrap();
    fs::write(dead.join("0/c.0"), [0; 1000]).unwrap();
    let reading = DataStore::options().read_only(true).at(directory.path()).unwrap();
    let found = reading.gc().dry_run(true).run().unwrap();
    assert_eq!((found.leftovers.len(), found.bytes(), found.files()), (1, 1000, 1), "younger than a minute");
    assert_eq!(found.leftovers[0].path, dead);
    assert!(!dead.join("owner").exists(), "a dry run changes nothing");
    assert_eq!(reading.gc().run().unwrap_err().kind(), ErrorKind::ReadOnly);
    let report = store.gc().older_than(Duration::ZERO).run().unwrap();
    let kinds: Vec<LeftoverKind> = report.leftovers.iter().map(|leftover| leftover.kind).collect();
    assert_eq!(kinds, [LeftoverKind::Stage, LeftoverKind::Trash]);
    assert!(report.failed.is_empty() && !dead.exists());
    assert_eq!(names(&directory.path().join(".calcstore/trash")), [""; 0]);
    assert_eq!(store.gc().run().unwrap().leftovers, []);
    assert_eq!(store.get::<Vec<f64>>("/g/a").unwrap(), [2.0; 100]);
}

#[test]
fn a_parent_is_deleted_after_its_children_or_by_force() {
    let (_directory, options) = calculations(1);
    options.clone().parent(1).create().unwrap().close().unwrap();
    options.clone().parent(1).create().unwrap().close().unwrap();
    let error = options.delete(1).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().starts_with("is the parent of calculations 2, 3, which would lose"), "{error}");
    options.delete(3).run().unwrap();
    options.delete(2).run().unwrap();
    options.delete(1).run().unwrap();
    let (_directory, options) = calculations(1);
    options.clone().parent(1).create().unwrap().close().unwrap();
    options.delete(1).force(true).run().unwrap();
    assert_eq!(ids(&options), [2]);
}

#[test]
fn what_may_be_the_parent_of_a_calculation_that_cannot_be_read_is_not_deleted() {
    let (directory, options) = calculations(1);
    options.clone().parent(1).create().unwrap().close().unwrap();
    fs::write(directory.path().join("calc_2/output.zarr/zarr.json"), "{damaged").unwrap();
    let unreadable: Vec<bool> =
        options.calculations().unwrap().iter().map(|entry| entry.unreadable.is_some()).collect();
    assert_eq!(unreadable, [false, true]);
    let error = options.delete(1).run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(
        error.to_string().starts_with("may be the parent of calculation 2, which cannot be read ("),
        "{error}"
    );
    options.delete(2).run().unwrap();
    options.delete(1).run().unwrap();
    assert_eq!(ids(&options), [0; 0]);
}
