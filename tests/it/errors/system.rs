//! Errors that come from outside: locks, callbacks, the operating system.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use calcstore::{Continue, DataStore, Error, ErrorKind, Get, Stored};
use ndarray::Array2;

use super::{says, store};
use crate::oracle;

#[test]
fn a_lock_that_another_program_holds_is_waited_for_only_so_long() {
    let (directory, _) = store();
    let at = directory.path();
    let store = DataStore::options().lock_timeout(Duration::from_millis(50)).at(at.join("store")).unwrap();
    store.insert("/a", 1.0).unwrap();
    let lock = File::options().read(true).write(true).open(at.join("store/.calcstore/locks/tree")).unwrap();
    lock.lock().unwrap();
    lock.set_len(0).unwrap();
    says(
        at,
        store.insert("/b", 1.0),
        ErrorKind::Locked,
        "/b: locked; gave up after 50ms (…/store/.calcstore/locks/tree)",
    );
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
    drop(lock);
    store.insert("/b", 1.0).unwrap();
}

/// What is written anew while it is read.
static METADATA: OnceLock<PathBuf> = OnceLock::new();

#[derive(Debug)]
struct Changing;

impl Get for Changing {
    fn get(_: &Stored<'_>) -> Result<Self, Error> {
        let path = METADATA.get().unwrap();
        // Another value takes the place of this one: an array that is only changed in place stays readable.
        let node = path.parent().unwrap();
        let next = node.with_extension("next");
        fs::create_dir(&next).unwrap();
        for file in fs::read_dir(node).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), next.join(file.file_name())).unwrap();
        }
        fs::remove_dir_all(node).unwrap();
        fs::rename(next, node).unwrap();
        Ok(Self)
    }
}

#[test]
fn a_value_that_changes_faster_than_it_can_be_read_is_busy() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    let metadata = at.join("store/output.zarr/a/zarr.json");
    METADATA.set(metadata).unwrap();
    says(at, store.get::<Changing>("/a"), ErrorKind::Busy, "/a: changed 100 times while it was being read");
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
}

#[test]
fn what_the_caller_stops_is_cancelled_and_leaves_nothing() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    says(at, store.check("/", |_| Continue::No), ErrorKind::Cancelled, "stopped");
    let file = at.join("x.hdf5");
    let export = store.hdf5_export().file(&file).on_progress(|_| Continue::No).run();
    says(at, export, ErrorKind::Cancelled, "/a: the export was stopped");
    let mut calls = 0;
    let once = |_| {
        calls += 1;
        if calls == 1 { Continue::No } else { Continue::Yes }
    };
    says(
        at,
        store.hdf5_export().file(&file).on_progress(once).run(),
        ErrorKind::Cancelled,
        "/a: the export was stopped",
    );
    assert_eq!(fs::read_dir(at).unwrap().count(), 1);
}

#[test]
fn other_failures_of_the_system_are_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    fs::write(at.join("file"), "").unwrap();
    says(
        at,
        DataStore::at(at.join("file")),
        ErrorKind::Io,
        "cannot open: Not a directory (os error 20) (…/file)",
    );
}

/// Runs a test of this program again, in a process of its own that `prepare` can restrict; says false in that process.
fn in_child(test: &str, directory: &Path, prepare: impl FnOnce(Command) -> Command) -> bool {
    if std::env::var_os("CALCSTORE_TEST_CHILD").is_some() {
        return false;
    }
    let mut command = prepare(Command::new(std::env::current_exe().unwrap()));
    command.args(["--exact", &format!("errors::system::{test}"), "--nocapture"]);
    let output = command.env("CALCSTORE_TEST_CHILD", directory).output();
    match output {
        // A place that only its owner can reach.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            assert_eq!(oracle::skip("a user without rights who can run the tests"), Vec::<String>::new());
        }
        output => {
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        }
    }
    true
}

fn child_directory() -> PathBuf {
    PathBuf::from(std::env::var_os("CALCSTORE_TEST_CHILD").unwrap())
}

#[test]
fn what_the_system_does_not_permit_is_denied() {
    let (directory, _store) = store();
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let as_nobody = |mut command: Command| {
        if is_root {
            command.uid(65534).gid(65534);
        }
        command
    };
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if in_child("what_the_system_does_not_permit_is_denied", directory.path(), as_nobody) {
        return;
    }
    let at = child_directory();
    says(
        &at,
        DataStore::at(at.join("new")),
        ErrorKind::PermissionDenied,
        "cannot make the directory: Permission denied (os error 13) (…/new)",
    );
}

#[test]
fn a_full_disk_is_told_and_what_was_stored_before_is_kept() {
    let (directory, store) = store();
    store.insert("/a", 1.0).unwrap();
    let small_files = |command: Command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\""]).arg(command.get_program());
        shell
    };
    if in_child("a_full_disk_is_told_and_what_was_stored_before_is_kept", directory.path(), small_files) {
        return;
    }
    let at = child_directory();
    let store = DataStore::at(at.join("store")).unwrap();
    let full = store.insert("/b", Array2::<f64>::zeros((300, 300)));
    says(
        &at,
        full,
        ErrorKind::StorageFull,
        "/b: cannot write the value: File too large (os error 27); this process may write no larger file (ulimit -f) \
         (…/store/.calcstore)",
    );
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
    assert_eq!(store.keys("/").unwrap().collect::<Vec<_>>(), ["a"]);
    store.insert("/c", 2.0).unwrap();
    let staged = fs::read_dir(at.join("store/.calcstore/stage")).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<_> =
        staged.flat_map(|stage| fs::read_dir(stage).unwrap()).map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "owner"), "{left:?}");
}
