//! Groups that appear, change places and are copied as a whole: the steps, and what is left where one fails.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use insta::assert_snapshot;

use super::faults::sweep;
use super::protocol::calls;
use super::{Watched, access, get, key, make_old, put, store};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Draft, Durability, Existing, Store};
use crate::values::Put;
use crate::zarr::NodeMetadata;

fn draft(store: &Arc<Store>, at: &str, value: i32, existing: Existing) -> Result<()> {
    let draft = Draft::new(store, &key(at))?;
    for name in ["a", "h/b"] {
        draft.put(&key(&format!("{at}/{name}")), &[value; 3].content()?, Existing::Refuse)?;
    }
    draft.commit(existing)
}

fn copy(store: &Store, from: &str, to: &str, existing: Existing) -> Result<()> {
    store.copy((store, &key(from)), &key(to), existing, &mut |_| Ok(())).map(|_| ())
}

/// What is at `at`, where the whole of a draft is there.
fn whole(store: &Store, at: &str) -> Result<i32> {
    let (a, b) = (get::<Vec<i32>>(store, &format!("{at}/a")), get::<Vec<i32>>(store, &format!("{at}/h/b")));
    if let (Err(one), Err(other)) = (&a, &b) {
        assert_eq!((one.kind(), other.kind()), (ErrorKind::NotFound, ErrorKind::NotFound));
        assert!(get::<f64>(store, at).is_err_and(|error| error.kind() == ErrorKind::NotFound), "a part");
        return Err(Error::new(ErrorKind::NotFound, "nothing"));
    }
    let (a, b) = (a.unwrap(), b.unwrap());
    assert!(a == b && a == [a[0]; 3], "{a:?} and {b:?} are not of one draft");
    Ok(a[0])
}

fn names(store: &Store, at: &str) -> Vec<String> {
    let names = store.read(&key(at), |snapshot| match &snapshot.metadata {
        NodeMetadata::Array(array) => Ok(array.dimension_names.clone().unwrap_or_default()),
        NodeMetadata::Group(_) => Ok(Vec::new()),
    });
    names.unwrap().into_iter().map(Option::unwrap).collect()
}

#[test]
fn a_draft_is_flushed_bottom_up_and_then_appears_by_one_rename() {
    let log = calls(Durability::Power, |store| draft(store, "/g", 1, Existing::Refuse).unwrap());
    let log: Vec<&str> = log.lines().skip_while(|line| !line.contains("/h")).collect();
    assert_snapshot!(log.join("\n"), @r"
    rename New .calcstore/stage/TX/6 -> .calcstore/stage/TX/3/h
    rename New .calcstore/stage/TX/5 -> .calcstore/stage/TX/3/h/b
    sync .calcstore/stage/TX/3/a/c.0
    sync .calcstore/stage/TX/3/a/zarr.json
    sync .calcstore/stage/TX/3/a
    sync .calcstore/stage/TX/3/h/b/c.0
    sync .calcstore/stage/TX/3/h/b/zarr.json
    sync .calcstore/stage/TX/3/h/b
    sync .calcstore/stage/TX/3/h/zarr.json
    sync .calcstore/stage/TX/3/h
    sync .calcstore/stage/TX/3/zarr.json
    sync .calcstore/stage/TX/3
    rename New .calcstore/stage/TX/3 -> output.zarr/g
    sync output.zarr
    ");
}

#[cfg(unix)]
#[test]
fn a_draft_takes_the_place_of_a_group_by_one_exchange() {
    let log = calls(Durability::Power, |store| {
        draft(store, "/g", 1, Existing::Refuse).unwrap();
        draft(store, "/g", 2, Existing::Replace).unwrap();
    });
    let log: Vec<&str> = log.lines().rev().take(6).collect();
    assert_snapshot!(log.into_iter().rev().collect::<Vec<_>>().join("\n"), @r"
    rename New .calcstore/stage/TX/7 -> output.zarr/g
    mkdir .calcstore/trash/TX.T
    rename New .calcstore/stage/TX/7 -> .calcstore/trash/TX.T/g
    rename Exchange .calcstore/trash/TX.T/g -> output.zarr/g
    sync output.zarr
    sync .calcstore/trash/TX.T
    ");
}

#[test]
fn a_draft_of_many_files_is_flushed_at_once() {
    let log = calls(Durability::Power, |store| {
        let draft = Draft::new(store, &key("/g")).unwrap();
        for n in 0..40 {
            draft.put(&key(&format!("/g/{n}")), &[1.0].content().unwrap(), Existing::Refuse).unwrap();
        }
        draft.commit(Existing::Refuse).unwrap();
    });
    let flushes: Vec<&str> = log.lines().filter(|line| line.starts_with("sync")).skip(2).collect();
    assert_eq!(flushes, ["sync everything", "sync output.zarr"]);
}

#[test]
fn a_copy_is_staged_flushed_and_renamed() {
    let log = calls(Durability::Power, |store| {
        put(store, "/row", [1.0]).unwrap();
        copy(store, "/row", "/copy", Existing::Refuse).unwrap();
    });
    let log: Vec<&str> = log.lines().rev().take(7).collect();
    assert_snapshot!(log.into_iter().rev().collect::<Vec<_>>().join("\n"), @r"
    copy output.zarr/row/c.0 -> .calcstore/stage/TX/4/c.0
    write .calcstore/stage/TX/4/zarr.json
    sync .calcstore/stage/TX/4/c.0
    sync .calcstore/stage/TX/4/zarr.json
    sync .calcstore/stage/TX/4
    rename New .calcstore/stage/TX/4 -> output.zarr/copy
    sync output.zarr
    ");
}

#[test]
fn a_draft_is_there_as_a_whole_or_not_at_all() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| draft(store, "/new/place", 5, Existing::Refuse);
        let points = sweep(for_ever, work, |store, done| match whole(store, "/new/place") {
            Ok(found) => assert_eq!(found, 5),
            Err(_) => assert!(!done),
        });
        assert!(points > 20, "{points} calls");
    }
}

#[test]
fn a_group_that_a_draft_replaces_is_the_old_or_the_new_one() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| draft(store, "/g", 5, Existing::Replace);
        sweep(for_ever, work, |store, done| match get::<Vec<f64>>(store, "/g/old") {
            Ok(found) => assert!(!done && found == [3.0, 4.0]),
            Err(_) => assert_eq!(whole(store, "/g").unwrap(), 5),
        });
    }
}

#[test]
fn a_copy_is_there_as_a_whole_or_not_at_all() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| copy(store, "/g", "/h/copy", Existing::Refuse);
        let points = sweep(for_ever, work, |store, done| {
            assert_eq!(get::<Vec<f64>>(store, "/g/old").unwrap(), [3.0, 4.0]);
            match store.child_names(&key("/h/copy")) {
                Ok(names) => assert_eq!(names, ["old"]),
                Err(error) => return assert!(!done && error.kind() == ErrorKind::NotFound, "{error}"),
            }
            assert_eq!(get::<Vec<f64>>(store, "/h/copy/old").unwrap(), [3.0, 4.0]);
            assert_eq!(names(store, "/h/copy/old"), ["h:copy:old:0"]);
        });
        assert!(points > 10, "{points} calls");
    }
}

#[test]
fn however_a_move_ends_the_next_writer_finds_dimension_names_that_fit() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| store.rename(&key("/g"), &key("/h"));
        sweep(for_ever, work, |store, done| match get::<Vec<f64>>(store, "/h/old") {
            Ok(_) => assert_eq!(names(store, "/h/old"), ["h:old:0"]),
            Err(_) => assert!(!done && names(store, "/g/old") == ["g:old:0"]),
        });
    }
}

#[test]
fn a_node_whose_name_looks_like_a_note_of_a_move_is_swept_as_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/moved.1", 1.0).unwrap();
    opened.remove(&key("/moved.1"), None).unwrap();
    let trash = directory.path().join("calc/.calcstore/trash");
    let wrapper = std::fs::read_dir(&trash).unwrap().next().unwrap().unwrap().path();
    make_old(&wrapper, 61);
    files.calls.store(0, SeqCst);
    Store::open(files, &directory.path().join("calc"), access(Durability::Process)).unwrap();
    assert_eq!(std::fs::read_dir(&trash).unwrap().count(), 0);
}
