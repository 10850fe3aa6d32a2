//! What is removed when nobody needs it any more, and what is not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Watched, access, get, key, make_old, put, store};
use crate::storage::lock::Mode;
use crate::storage::{Collection, Durability, Files, Os, Store};

pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn reopen(directory: &Path) -> Store {
    Store::open(Arc::new(Os), &directory.join("calc"), access(Durability::Process)).unwrap()
}

#[test]
fn the_stage_of_a_dead_writer_is_swept_and_that_of_a_living_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let living = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    let stages = directory.path().join("calc/.calcstore/stage");
    let own = names(&stages);
    for dead in ["0123456789abcdef0123456789abcdef", "without_owner"] {
        std::fs::create_dir_all(stages.join(dead).join("0/c")).unwrap();
        std::fs::write(stages.join(dead).join("0/c.0"), "half a chunk").unwrap();
    }
    std::fs::write(stages.join("0123456789abcdef0123456789abcdef/owner"), "").unwrap();
    let second = reopen(directory.path());
    let left = names(&stages);
    assert!(left.len() == 2 && left.contains(&own[0]), "{left:?}");
    put(&living, "/a", 1).unwrap();
    drop(second);
    assert_eq!(names(&stages), own);
}

// Where a store was closed between the look at its stage and its removal, the collection reported a failure.
// What is gone already needs neither be finished nor removed.
#[test]
fn a_stage_that_its_owner_removes_meanwhile_is_no_failure() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    let stages = store.open_internal("stage").unwrap();
    store.finish_moves(&stages, "0123456789abcdef0123456789abcdef").unwrap();
}

// The note of a move that a power cut had emptied was read as one that names the root: `check` reported a move of the whole
// store. The root is never moved.
#[test]
fn an_empty_note_of_a_move_names_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    let dead = directory.path().join("calc/.calcstore/stage/0123456789abcdef0123456789abcdef");
    std::fs::create_dir(&dead).unwrap();
    std::fs::write(dead.join("moved.2"), "").unwrap();
    assert!(store.moves().is_empty());
    std::fs::write(dead.join("moved.2"), "g/a").unwrap();
    assert_eq!(store.moves()[0].0, key("/g/a"));
}

// Elsewhere nothing is removed that is open.
#[cfg(unix)]
#[test]
fn a_stage_is_locked_as_long_as_anything_of_it_is_left() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let dead = directory.path().join("calc/.calcstore/stage/0123456789abcdef0123456789abcdef");
    std::fs::create_dir_all(dead.join("0")).unwrap();
    std::fs::write(dead.join("0/c.0"), "half a chunk").unwrap();
    let files = Arc::new(Watched::default());
    let path = directory.path().join("calc");
    let opened =
        Store::open(Arc::clone(&files) as Arc<dyn Files>, &path, access(Durability::Process)).unwrap();
    assert!(!dead.exists());
    let locked = files.locked.lock().unwrap().clone();
    assert!(locked.len() >= 2 && locked.iter().all(|locked| *locked), "{locked:?}");
    drop(opened);
}

#[test]
fn nobody_moves_into_a_stage_that_is_about_to_be_removed() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let files = Arc::new(Watched { takes_stage: true.into(), ..Watched::default() });
    let path = directory.path().join("calc");
    let opened =
        Store::open(Arc::clone(&files) as Arc<dyn Files>, &path, access(Durability::Process)).unwrap();
    let made = files.log.lock().unwrap().iter().filter(|call| *call == "mkdir .calcstore/stage/TX").count();
    // The sweep of the one that opens the store removes the other.
    assert_eq!((made, names(&path.join(".calcstore/stage")).len()), (2, 1));
    drop(opened);
}

#[test]
fn displaced_values_stay_for_a_minute() {
    let directory = tempfile::tempdir().unwrap();
    let first = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&first, "/g/a", 1).unwrap();
    put(&first, "/g/a", 2).unwrap();
    drop(first);
    let trash = directory.path().join("calc/.calcstore/trash");
    drop(reopen(directory.path()));
    let wrappers = names(&trash);
    assert_eq!(wrappers.len(), 1, "younger than a minute");
    assert!(trash.join(&wrappers[0]).join("g/a/zarr.json").is_file(), "under its key");
    make_old(&trash.join(&wrappers[0]), 61);
    let store = reopen(directory.path());
    assert!(names(&trash).is_empty());
    assert_eq!(get::<i32>(&store, "/g/a").unwrap(), 2);
}

#[cfg(unix)]
#[test]
fn a_link_in_the_trash_is_removed_and_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let precious = directory.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    std::fs::write(precious.join("file"), "").unwrap();
    let wrapper = directory.path().join("calc/.calcstore/trash/old.0");
    std::fs::create_dir(&wrapper).unwrap();
    std::os::unix::fs::symlink(&precious, wrapper.join("a")).unwrap();
    make_old(&wrapper, 61);
    drop(reopen(directory.path()));
    assert!(!wrapper.exists() && precious.join("file").exists());
}

#[cfg(unix)]
#[test]
fn what_has_a_name_that_is_no_text_is_removed_too() {
    use std::os::unix::ffi::OsStrExt;
    let directory = tempfile::tempdir().unwrap();
    drop(store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap());
    let trash = directory.path().join("calc/.calcstore/trash");
    let strange = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for wrapper in [trash.join("old.0"), trash.join(strange)] {
        std::fs::create_dir_all(wrapper.join(strange)).unwrap();
        std::fs::write(wrapper.join(strange).join(strange), "x").unwrap();
        make_old(&wrapper, 61);
    }
    drop(reopen(directory.path()));
    assert_eq!(std::fs::read_dir(&trash).unwrap().count(), 0);
}

#[test]
fn what_is_just_being_replaced_is_not_collected_whatever_age_was_asked_for() {
    // The staged value lies in the trash for a moment before the two change places: a collection of everything took
    // it apart there. Now it waits for those that had begun.
    let directory = tempfile::tempdir().unwrap();
    let replacing = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    let collecting = reopen(directory.path());
    let tree = replacing.lock_tree(Mode::Shared).unwrap();
    let trash = replacing.make_trash(&key("/a")).unwrap();
    let everything = Collection { older_than: Some(Duration::ZERO), dry_run: false };
    std::thread::scope(|scope| {
        let collected = scope.spawn(|| collecting.collect(everything).unwrap());
        std::thread::sleep(Duration::from_millis(200));
        let left = names(&directory.path().join("calc/.calcstore/trash"));
        assert_eq!(left, std::slice::from_ref(&trash.wrapper));
        drop(tree);
        assert_eq!(collected.join().unwrap().len(), 1);
    });
}

#[test]
fn what_is_changed_in_place_all_the_time_leaves_a_thousand_old_files_and_no_more() {
    // Nothing swept while a writer was at work: 41,000 appends of one row left 3.2 GB in the trash. Old files of a live
    // node, which no reader looks for, are removed whenever a thousand changes have come together.
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let writing = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&writing, "/g/a", vec![0_u8; 8]).unwrap();
    put(&writing, "/g/replaced", 1).unwrap();
    put(&writing, "/g/replaced", 2).unwrap();
    let trash = directory.path().join("calc/.calcstore/trash");
    let mut most = 0;
    for n in 0..2500_u32 {
        super::change(&writing, "/g/a", &[("c.0", &n.to_le_bytes().repeat(2))], |_| {}).unwrap();
        if n % 100 == 0 {
            most = most.max(names(&trash).len());
        }
    }
    assert!((500..=1001).contains(&most), "{most} wrappers");
    let synced = files.log.lock().unwrap().iter().filter(|call| *call == "sync everything").count();
    assert_eq!(synced, 2, "before each sweep");
    assert!(names(&trash).iter().any(|wrapper| !wrapper.ends_with(".changes")), "for those who read it");
}
