//! Replacing where the file system knows no exchange, and storing where it cannot refuse to replace.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::{Watched, access, get, key, put, store};
use crate::error::ErrorKind;
use crate::storage::{Collection, Draft, Durability, Existing, Files, Rename, Store};
use crate::values::Put;

fn lacking(lacks: &[Rename]) -> Watched {
    Watched { lacks: lacks.to_vec(), ..Watched::default() }
}

#[test]
fn values_are_stored_replaced_moved_and_removed_where_renames_are_plain() {
    for lacks in [vec![Rename::Exchange], vec![Rename::New], vec![Rename::Exchange, Rename::New]] {
        for durability in [Durability::Process, Durability::Power] {
            let directory = tempfile::tempdir().unwrap();
            let files = Arc::new(lacking(&lacks));
            let store = store(Arc::clone(&files), directory.path(), durability).unwrap();
            put(&store, "/g/a", 1).unwrap();
            let refused = store.put(&key("/g/a"), &2.content().unwrap(), Existing::Refuse).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
            put(&store, "/g/a", 3).unwrap();
            assert_eq!(get::<i32>(&store, "/g/a").unwrap(), 3);
            assert_eq!(put(&store, "/g", 4).unwrap_err().kind(), ErrorKind::Conflict);
            put(&store, "/b", 5).unwrap();
            assert_eq!(store.rename(&key("/b"), &key("/g/a")).unwrap_err().kind(), ErrorKind::AlreadyExists);
            store.rename(&key("/g/a"), &key("/c")).unwrap();
            assert!(store.remove(&key("/b"), None).unwrap());
            assert_eq!(get::<i32>(&store, "/c").unwrap(), 3);
            let intents = directory.path().join("calc/.calcstore/intent");
            let left = std::fs::read_dir(intents).map_or(0, Iterator::count);
            assert_eq!(left, 0);
        }
    }
}

#[test]
fn writers_and_readers_that_come_between_the_two_renames_neither_fail_nor_find_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let lull = Duration::from_millis(2);
    let files = || Arc::new(Watched { lull, ..lacking(&[Rename::Exchange]) });
    let first = store(files(), directory.path(), Durability::Process).unwrap();
    put(&first, "/a", 0).unwrap();
    put(&first, "/a", 1).unwrap();
    let open = || {
        let path = directory.path().join("calc");
        Store::open(files(), &path, access(Durability::Process)).unwrap()
    };
    let (second, reader) = (open(), open());
    std::thread::scope(|scope| {
        let replaces = |store: Store| move || (0..100).for_each(|n| put(&store, "/a", n).unwrap());
        let writers = [scope.spawn(replaces(first)), scope.spawn(replaces(second))];
        while writers.iter().any(|writer| !writer.is_finished()) {
            get::<i32>(&reader, "/a").unwrap();
        }
    });
}

#[test]
fn who_is_at_work_finishes_what_a_dead_writer_began_before_it_sweeps_or_moves_it_away() {
    for act in ["sweep", "move", "remove", "insert", "replace"] {
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(Watched { for_ever: true, ..lacking(&[Rename::Exchange]) });
        let dying = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
        put(&dying, "/g/a", 1).unwrap();
        put(&dying, "/g/a", 2).unwrap();
        let path = directory.path().join("calc");
        let others = Arc::new(lacking(&[Rename::Exchange]));
        let living = Store::open(others, &path, access(Durability::Process)).unwrap();
        // It dies when the old value is away, and cannot put anything in its place.
        let live = path.join("output.zarr/g/a");
        for failing in 1.. {
            files.calls.store(0, SeqCst);
            files.fail.store(failing, SeqCst);
            assert!(put(&dying, "/g/a", 3).is_err(), "there is a call after which it is away");
            if !live.exists() {
                break;
            }
        }
        drop(dying);
        let key = |text| super::key(text);
        match act {
            "sweep" => {
                let everything = Collection { older_than: Some(Duration::ZERO), dry_run: false };
                living.collect(everything).unwrap();
                assert!(get::<i32>(&living, "/g/a").unwrap() >= 2);
            }
            "move" => {
                living.rename(&key("/g"), &key("/h")).unwrap();
                assert!(get::<i32>(&living, "/h/a").unwrap() >= 2);
            }
            "remove" => {
                assert!(living.remove(&key("/g/a"), None).unwrap());
                assert_eq!(get::<i32>(&living, "/g/a").unwrap_err().kind(), ErrorKind::NotFound);
            }
            "insert" => {
                let refused = living.put(&key("/g/a"), &4.content().unwrap(), Existing::Refuse);
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::AlreadyExists);
            }
            _ => {
                put(&living, "/g/a", 4).unwrap();
                assert_eq!(get::<i32>(&living, "/g/a").unwrap(), 4);
            }
        }
        let intents = std::fs::read_dir(path.join(".calcstore/intent")).unwrap().count();
        assert_eq!(intents, 0, "{act}");
    }
}

/// Replaces `/g/a` on a file system without exchange, where every call from the `failing`-th on fails. Gives whether
/// it was acknowledged, and whether there was such a call.
fn interrupted(directory: &std::path::Path, lacks: &[Rename], failing: usize) -> (bool, bool) {
    let files = Arc::new(Watched { for_ever: true, ..lacking(lacks) });
    let durability = if failing.is_multiple_of(2) { Durability::Power } else { Durability::Process };
    let opened = store(Arc::clone(&files), directory, durability).unwrap();
    put(&opened, "/g/a", vec![1.0; 100]).unwrap();
    files.calls.store(0, SeqCst);
    files.fail.store(failing, SeqCst);
    let done = put(&opened, "/g/a", vec![2.0; 100]).is_ok();
    drop(opened);
    (done, files.calls.load(SeqCst) >= failing)
}

#[test]
fn a_writer_that_dies_at_any_call_leaves_the_old_value_or_the_new_one() {
    for lacks in [&[Rename::Exchange][..], &[Rename::Exchange, Rename::New]] {
        for failing in 1.. {
            let directory = tempfile::tempdir().unwrap();
            let (done, failed) = interrupted(directory.path(), lacks, failing);
            let files = Arc::new(lacking(lacks));
            let path = directory.path().join("calc");
            let again = Store::open(files as Arc<dyn Files>, &path, access(Durability::Process)).unwrap();
            let found = get::<Vec<f64>>(&again, "/g/a").unwrap();
            assert!(found == [2.0; 100] || (!done && found == [1.0; 100]), "call {failing}: {found:?}");
            assert_eq!(std::fs::read_dir(path.join(".calcstore/intent")).map_or(0, Iterator::count), 0);
            assert_eq!(again.check(&key("/"), &mut |_| Ok(())).unwrap().faults, [], "call {failing}");
            if !failed && failing.is_multiple_of(2) {
                assert!(done && failing > 10, "{failing}");
                break;
            }
        }
    }
}

/// The state between the two renames of a writer that was killed there.
fn between(directory: &std::path::Path) -> std::path::PathBuf {
    drop(store(Arc::new(Watched::default()), directory, Durability::Process).unwrap());
    let path = directory.join("calc");
    let opened = Store::open(Arc::new(Watched::default()), &path, access(Durability::Process)).unwrap();
    put(&opened, "/g/a", 2).unwrap();
    let internals = path.join(".calcstore");
    let new = "stage/0123456789abcdef0123456789abcdef/0";
    std::fs::create_dir_all(internals.join("stage/0123456789abcdef0123456789abcdef")).unwrap();
    std::fs::rename(path.join("output.zarr/g/a"), internals.join(new)).unwrap();
    put(&opened, "/g/a", 1).unwrap();
    let old = "trash/0123456789abcdef0123456789abcdef.1/g/a";
    std::fs::create_dir_all(internals.join(old).parent().unwrap()).unwrap();
    std::fs::rename(path.join("output.zarr/g/a"), internals.join(old)).unwrap();
    std::fs::create_dir(internals.join("intent")).unwrap();
    let intent = format!(r#"{{"key":"g/a","new":"{new}","old":"{old}"}}"#);
    std::fs::write(internals.join("intent/0123456789abcdef0123456789abcdef.2.json"), intent).unwrap();
    path
}

#[test]
fn a_reader_waits_between_the_two_renames_and_the_next_writer_finishes_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = between(directory.path());
    let reading = crate::storage::Access { read_only: true, ..access(Durability::Process) };
    let reader = Store::open(Arc::new(Watched::default()), &path, reading).unwrap();
    let error = get::<i32>(&reader, "/g/a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.to_string().contains("is being replaced"), "{error}");
    assert_eq!(get::<i32>(&reader, "/g/b").unwrap_err().kind(), ErrorKind::NotFound);
    drop(Store::open(Arc::new(Watched::default()), &path, access(Durability::Process)).unwrap());
    assert_eq!(get::<i32>(&reader, "/g/a").unwrap(), 2);
}

/// Opens a store for writing that finds what is at `path` only afterwards.
fn open_before(path: &std::path::Path) -> Store {
    let hidden = path.join(".calcstore/hidden");
    std::fs::rename(path.join(".calcstore/intent"), &hidden).unwrap();
    // The sweep of an opening writer would take the new value.
    let stage = path.join(".calcstore/stage/0123456789abcdef0123456789abcdef");
    std::fs::rename(&stage, path.join(".calcstore/aside")).unwrap();
    let opened = Store::open(Arc::new(Watched::default()), path, access(Durability::Process)).unwrap();
    std::fs::rename(path.join(".calcstore/aside"), &stage).unwrap();
    std::fs::rename(&hidden, path.join(".calcstore/intent")).unwrap();
    opened
}

#[test]
fn a_writer_that_is_open_already_finishes_what_it_is_about_to_replace() {
    let directory = tempfile::tempdir().unwrap();
    let path = between(directory.path());
    let opened = open_before(&path);
    let refused = opened.put(&key("/g/a"), &3.content().unwrap(), Existing::Refuse).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "there was a value all the time");
    assert_eq!(get::<i32>(&opened, "/g/a").unwrap(), 2);
}

#[test]
fn where_the_new_value_is_not_whole_the_old_one_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let path = between(directory.path());
    let stage = path.join(".calcstore/stage/0123456789abcdef0123456789abcdef");
    std::fs::write(stage.join("0/c"), "").unwrap();
    let opened = Store::open(Arc::new(Watched::default()), &path, access(Durability::Process)).unwrap();
    assert_eq!(get::<i32>(&opened, "/g/a").unwrap(), 1);
}

#[test]
fn a_draft_leaves_alone_what_is_being_replaced_under_its_keys() {
    // Putting the same key into a draft brought the live value into the draft, with which it was thrown away.
    let directory = tempfile::tempdir().unwrap();
    let path = between(directory.path());
    let opened = Arc::new(open_before(&path));
    let draft = Draft::new(&opened, &key("/g")).unwrap();
    draft.put(&key("/g/a"), &3.content().unwrap(), Existing::Refuse).unwrap();
    drop(draft);
    opened.finish_replacing(None).unwrap();
    assert_eq!(get::<i32>(&opened, "/g/a").unwrap(), 2);
}
