//! A process that has a store open and forks.
//!
//! It is this test program, started anew with one of the `child_…` functions as its only test, which does nothing unless
//! it is told a directory.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use calcstore::{Continue, DataStore, ErrorKind};
use fork::{Fork, fork, waitpid};

use crate::processes::{start_in, told_directory};

/// Large enough for several chunks, which several threads write and read.
fn large(n: i64) -> Vec<i64> {
    vec![n; 600_000]
}

fn stages(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory.join(".calcstore/stage")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Does something in a forked child, which then ends, whatever it is in the midst of. Gives its process ID.
fn in_child(work: impl FnOnce()) -> i32 {
    match fork().unwrap() {
        Fork::Parent(pid) => pid,
        Fork::Child => {
            // A panic must not go on into what is the parent's test.
            let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            std::process::exit(i32::from(worked.is_err()));
        }
    }
}

#[track_caller]
fn assert_well(child: i32) {
    assert_eq!(waitpid(child).unwrap(), 0, "the status of the forked child");
}

/// Ends what waits for it, whichever way its owner ends.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn child_writes_and_forks() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    store.insert("/parent/before", large(0)).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Whatever it holds when the process forks, the child has no such thread to give it back.
        scope.spawn(|| {
            let mut n = 0;
            while !stop.load(Relaxed) {
                store.insert("/parent/again", n).unwrap();
                n += 1;
            }
        });
        let stops = Stops(&stop);
        for n in 0..5 {
            let child = in_child(|| {
                let inherited = stages(&directory);
                store.insert(&format!("/child/{n}"), large(n)).unwrap();
                assert_eq!(store.get::<Vec<i64>>(&format!("/child/{n}")).unwrap(), large(n));
                assert_eq!(store.get::<Vec<i64>>("/parent/before").unwrap(), large(0));
                let own = stages(&directory);
                assert_eq!((inherited.len(), own.len()), (1, 2), "a stage of its own");
                let grandchild = in_child(|| store.insert(&format!("/grandchild/{n}"), large(n)).unwrap());
                store.insert("/child/again", n).unwrap();
                assert_well(grandchild);
                drop(store.clone());
                store.flush().unwrap();
            });
            store.insert(&format!("/parent/{n}"), large(n)).unwrap();
            assert_well(child);
            store.flush().unwrap();
        }
        drop(stops);
    });
}

#[test]
fn a_forked_child_and_its_parent_write_side_by_side() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = start_in("forks", "child_writes_and_forks", directory.path());
    assert!(process.wait().unwrap().success());
    let store = DataStore::at(directory.path()).unwrap();
    for n in 0..5 {
        for family in ["parent", "child", "grandchild"] {
            assert_eq!(store.get::<Vec<i64>>(&format!("/{family}/{n}")).unwrap(), large(n));
        }
    }
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    assert_eq!(stages(directory.path()).len(), 1, "the stages of the dead are swept");
}

#[test]
fn child_sets_attributes_and_forks() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    store.insert("/a", 0).unwrap();
    let set = |who: &str| {
        for n in 0..100 {
            store.attributes("/a").unwrap().insert(&format!("{who} {n}"), n).unwrap();
        }
    };
    // Both begin with the same memory, random numbers to come among it, and at the same time.
    let children = [in_child(|| set("first")), in_child(|| set("second"))];
    set("parent");
    children.into_iter().for_each(assert_well);
}

#[test]
fn a_forked_child_and_its_parent_keep_each_other_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = start_in("forks", "child_sets_attributes_and_forks", directory.path());
    assert!(process.wait().unwrap().success());
    let store = DataStore::at(directory.path()).unwrap();
    let names = store.attributes("/a").unwrap().names().unwrap();
    assert_eq!(names.len(), 3 * 100, "each change is made to what the one before left");
}

#[test]
fn child_forks_a_child_that_drops_everything() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    let mut inherited = Some(store.clone());
    drop(store);
    let child = in_child(|| drop(inherited.take()));
    assert_well(child);
    assert_eq!(stages(&directory).len(), 1, "the stage is the parent's");
    inherited.unwrap().insert("/a", 1).unwrap();
    assert_eq!(stages(&directory), [""; 0], "and is removed by it");
}

#[test]
fn a_forked_child_that_drops_the_store_leaves_the_stage_to_its_parent() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = start_in("forks", "child_forks_a_child_that_drops_everything", directory.path());
    assert!(process.wait().unwrap().success());
    assert_eq!(DataStore::at(directory.path()).unwrap().get::<i32>("/a").unwrap(), 1);
}

#[test]
fn child_forks_where_the_store_was_moved() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(directory.join("store")).unwrap();
    fs::rename(directory.join("store"), directory.join("moved")).unwrap();
    store.insert("/parent", 1).unwrap();
    assert_well(in_child(|| {
        let error = store.insert("/child", 1).unwrap_err();
        let gone = directory.join("store");
        let expected =
            format!("/child: there is no store here any more: it was deleted or moved ({})", gone.display());
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, expected));
    }));
}

#[test]
fn a_forked_child_does_not_write_into_a_store_that_was_moved() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = start_in("forks", "child_forks_where_the_store_was_moved", directory.path());
    assert!(process.wait().unwrap().success());
    assert_eq!(DataStore::at(directory.path().join("moved")).unwrap().len("/").unwrap(), 1);
}

#[test]
fn child_inherits_a_draft_and_an_appender() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    let log = store.new_dataset("/log").create::<f64>(&[0]).unwrap();
    let mut appender = Some(log.appender());
    appender.as_mut().unwrap().append(0.5).unwrap();
    let mut draft = Some(store.draft("/draft").unwrap());
    let mut dropped = Some(store.draft("/dropped").unwrap());
    draft.as_ref().unwrap().insert("a", 1).unwrap();
    let child = in_child(|| {
        let names: Vec<String> = (0..10).map(|n| format!("/own/{n}")).collect();
        let own: Vec<_> = names.iter().map(|name| store.draft(name).unwrap()).collect();
        drop((appender.take(), dropped.take()));
        let draft = draft.take().unwrap();
        assert_eq!(draft.insert("b", 2).unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(draft.commit().unwrap_err().kind(), ErrorKind::Conflict);
        for draft in own {
            draft.insert("a", 3).unwrap();
            draft.commit().unwrap();
        }
    });
    assert_well(child);
    assert!(!store.contains_key("/draft").unwrap());
    draft.unwrap().commit().unwrap();
    assert_eq!(store.keys("/draft").unwrap().collect::<Vec<_>>(), ["a"]);
    assert_eq!(store.keys("/own").unwrap().count(), 10);
    assert_eq!(appender.unwrap().finish().unwrap(), 1);
}

#[test]
fn what_was_gathered_before_a_fork_is_the_parents_alone() {
    // The child appended the rows of an inherited appender a second time, and names in its own stage were taken for
    // those of inherited drafts: drafts of its own were thrown away, or appeared under the wrong key.
    let directory = tempfile::tempdir().unwrap();
    let mut process = start_in("forks", "child_inherits_a_draft_and_an_appender", directory.path());
    assert!(process.wait().unwrap().success());
}
