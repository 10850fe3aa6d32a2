//! Every call of an operation fails in turn: the operation reports it, and every value is the old or the new one.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Watched, access, get, key, put, store};
use crate::error::{ErrorKind, Result};
use crate::storage::{Durability, Existing, Store};
use crate::values::Put;

/// Runs `work` once for each call that can fail; then a store opened anew is given to `verify`, with whether the
/// work was acknowledged. Gives the number of calls that failed.
pub(super) fn sweep(
    for_ever: bool,
    work: impl Fn(&Arc<Store>) -> Result<()>,
    verify: impl Fn(&Store, bool),
) -> usize {
    for failing in 1.. {
        for durability in [Durability::Process, Durability::Power] {
            let directory = tempfile::tempdir().unwrap();
            let files = Arc::new(Watched { for_ever, ..Watched::default() });
            let opened = Arc::new(store(Arc::clone(&files), directory.path(), durability).unwrap());
            put(&opened, "/kept", [1.0, 2.0]).unwrap();
            put(&opened, "/g/old", [3.0, 4.0]).unwrap();
            files.calls.store(0, SeqCst);
            files.fail.store(failing, SeqCst);
            let done = work(&opened);
            let calls = files.calls.load(SeqCst);
            files.fail.store(0, SeqCst);
            drop(opened);
            let again = Store::open(files, &directory.path().join("calc"), access(durability)).unwrap();
            assert_eq!(get::<Vec<f64>>(&again, "/kept").unwrap(), [1.0, 2.0]);
            assert_eq!(again.check(&key("/"), &mut |_| Ok(())).unwrap().faults, [], "call {failing}");
            verify(&again, done.is_ok());
            let stage = directory.path().join("calc/.calcstore/stage");
            assert_eq!(
                std::fs::read_dir(stage).unwrap().count(),
                1,
                "only the stage of the store that is open"
            );
            if durability == Durability::Power && calls < failing {
                assert!(done.is_ok(), "nothing failed any more, but: {done:?}");
                return failing - 1;
            }
        }
    }
    unreachable!("there is a last call")
}

#[test]
fn a_new_value_is_there_or_not() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| put(store, "/g/h/new", [5.0, 6.0]);
        let points = sweep(for_ever, work, |store, done| match get::<Vec<f64>>(store, "/g/h/new") {
            Ok(found) => assert_eq!(found, [5.0, 6.0]),
            Err(error) => assert!(!done && error.kind() == ErrorKind::NotFound, "{error}"),
        });
        assert!(points > 10, "{points} calls");
    }
}

#[test]
fn a_replaced_value_is_the_old_or_the_new_one() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| put(store, "/g/old", [5.0, 6.0]);
        let points = sweep(for_ever, work, |store, done| {
            let found = get::<Vec<f64>>(store, "/g/old").unwrap();
            assert!(found == [5.0, 6.0] || (!done && found == [3.0, 4.0]), "{found:?}");
        });
        assert!(points > 8, "{points} calls");
    }
}

#[test]
fn a_removed_value_is_whole_until_it_is_gone() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| store.remove(&key("/g/old"), None).map(|_| ());
        sweep(for_ever, work, |store, done| match get::<Vec<f64>>(store, "/g/old") {
            Ok(found) => assert!(!done && found == [3.0, 4.0]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
        });
    }
}

#[test]
fn a_moved_value_is_at_one_of_its_keys() {
    for for_ever in [false, true] {
        let work = |store: &Arc<Store>| store.rename(&key("/g/old"), &key("/h/new"));
        sweep(for_ever, work, |store, done| {
            let (old, new) = (get::<Vec<f64>>(store, "/g/old"), get::<Vec<f64>>(store, "/h/new"));
            assert!(old.is_ok() != new.is_ok() && (new.is_ok() || !done));
            assert_eq!(old.or(new).unwrap(), [3.0, 4.0]);
        });
    }
}

#[test]
fn attributes_are_the_old_or_the_new_ones() {
    let work = |store: &Arc<Store>| {
        store.update_metadata(&key("/g/old"), |metadata| {
            metadata.attributes_mut().insert("units".to_owned(), "g".into());
            Ok(())
        })
    };
    sweep(false, work, |store, done| {
        let attributes = store.read(&key("/g/old"), |snapshot| Ok(snapshot.metadata.attributes().clone()));
        assert!(attributes.unwrap().contains_key("units") || !done);
        assert_eq!(get::<Vec<f64>>(store, "/g/old").unwrap(), [3.0, 4.0]);
    });
}

#[test]
fn a_store_that_could_not_be_made_can_be_made_again() {
    for failing in 1..100 {
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(Watched::default());
        files.fail.store(failing, SeqCst);
        let made = store(Arc::clone(&files), directory.path(), Durability::Power);
        let calls = files.calls.load(SeqCst);
        files.fail.store(0, SeqCst);
        let was_made = made.is_ok();
        drop(made);
        let again = Store::create(files, &directory.path().join("calc"), access(Durability::Power)).unwrap();
        again.put(&key("/a"), &1.0.content().unwrap(), Existing::Refuse).unwrap();
        if calls < failing {
            assert!(was_made);
            return;
        }
    }
    unreachable!("making a store takes fewer calls");
}
