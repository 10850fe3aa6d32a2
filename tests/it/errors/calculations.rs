//! Errors of deleting a calculation.

use std::fs;
use std::time::Duration;

use calcstore::{DataStore, ErrorKind};

use super::says;

#[test]
fn what_is_not_to_be_deleted_says_why_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let options = DataStore::options().data_dir(at);
    says(
        at,
        options.delete(1).run(),
        ErrorKind::NotFound,
        "there is no calculation 1; there are none yet (…)",
    );
    let store = options.create().unwrap();
    says(
        at,
        options.delete(0).run(),
        ErrorKind::NotFound,
        "there is no calculation 0; there are 1 from 1 to 1 (…)",
    );
    let host = rustix::system::uname();
    let text = format!(
        "open for writing by process {} on {} (…/calc_1)",
        std::process::id(),
        host.nodename().to_string_lossy()
    );
    says(at, options.delete(1).run(), ErrorKind::Locked, &text);
    store.close().unwrap();
    for name in ["notes", "b", "c", "d", "e", "f", "g"] {
        fs::write(at.join("calc_1").join(name), "").unwrap();
    }
    says(
        at,
        options.delete(1).run(),
        ErrorKind::Conflict,
        "holds what calcstore did not put there: b, c, d, e, f and 2 more; move that away, or delete it too by \
         `all_files` (…/calc_1)",
    );
    fs::create_dir(at.join("calc_2")).unwrap();
    says(
        at,
        options.delete(2).run(),
        ErrorKind::Conflict,
        "has no locks, so that nobody can tell whether it is open for writing; it can be deleted by `unlocked` \
         (…/calc_2)",
    );
    std::os::unix::fs::symlink(at.join("calc_2"), at.join("calc_3")).unwrap();
    says(
        at,
        options.delete(3).run(),
        ErrorKind::Conflict,
        "is no directory, and no link is followed to delete something (…/calc_3)",
    );
    assert!(at.join("calc_2").exists() && at.join("calc_3").exists());
}

#[test]
fn a_store_that_is_deleted_while_it_is_open_for_reading_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let options = DataStore::options().data_dir(at);
    options.create().unwrap().close().unwrap();
    let reading = options.clone().read_only(true).open(1).unwrap();
    options.delete(1).run().unwrap();
    says(at, reading.get::<f64>("/a"), ErrorKind::Io, "/a: the store is gone (…/calc_1)");
}

#[test]
fn one_that_is_deleted_while_it_is_being_opened_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let options = DataStore::options().data_dir(at);
    options.create().unwrap().close().unwrap();
    // Does what a deletion does, slowly.
    let tree =
        fs::File::options().read(true).write(true).open(at.join("calc_1/.calcstore/locks/tree")).unwrap();
    tree.lock().unwrap();
    std::thread::scope(|scope| {
        let opener = scope.spawn(|| options.open(1));
        std::thread::sleep(Duration::from_millis(300));
        assert!(!opener.is_finished(), "whoever opens it waits for the deletion");
        fs::rename(at.join("calc_1"), at.join(".calc_1.0123456789abcdef0123456789abcdef")).unwrap();
        drop(tree);
        says(
            at,
            opener.join().unwrap(),
            ErrorKind::NotFound,
            "there is no store here any more: it was deleted or moved (…/calc_1)",
        );
    });
}
