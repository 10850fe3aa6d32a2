//! Which steps are taken, in which order: the promise to survive a power cut is nothing but this order.

use std::sync::Arc;

use insta::assert_snapshot;

use super::{Watched, key, put, store};
use crate::storage::{Durability, Store};

/// The calls that `work` makes on a store that holds `/old`.
pub(super) fn calls(durability: Durability, work: impl FnOnce(&Arc<Store>)) -> String {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(Watched::default());
    let store = Arc::new(store(Arc::clone(&files), directory.path(), durability).unwrap());
    put(&store, "/old", 1.0).unwrap();
    files.log.lock().unwrap().clear();
    work(&store);
    files.log.lock().unwrap().join("\n")
}

#[test]
fn a_new_value_is_flushed_from_its_chunks_up_to_its_parent_before_it_is_acknowledged() {
    let log = calls(Durability::Power, |store| put(store, "/g/new", [1.0, 2.0]).unwrap());
    assert_snapshot!(log, @r"
    mkdir .calcstore/stage/TX/3
    write .calcstore/stage/TX/3/c.0
    sync .calcstore/stage/TX/3/c.0
    write .calcstore/stage/TX/3/zarr.json
    sync .calcstore/stage/TX/3/zarr.json
    sync .calcstore/stage/TX/3
    mkdir .calcstore/stage/TX/4
    write .calcstore/stage/TX/4/zarr.json
    sync .calcstore/stage/TX/4/zarr.json
    sync .calcstore/stage/TX/4
    rename New .calcstore/stage/TX/4 -> output.zarr/g
    sync output.zarr/g/zarr.json
    sync output.zarr/g
    sync output.zarr
    rename New .calcstore/stage/TX/3 -> output.zarr/g/new
    sync output.zarr/g
    ");
}

#[test]
fn without_power_nothing_is_flushed() {
    let log = calls(Durability::Process, |store| put(store, "/g/new", [1.0, 2.0]).unwrap());
    assert_snapshot!(log, @r"
    mkdir .calcstore/stage/TX/3
    write .calcstore/stage/TX/3/c.0
    write .calcstore/stage/TX/3/zarr.json
    mkdir .calcstore/stage/TX/4
    write .calcstore/stage/TX/4/zarr.json
    rename New .calcstore/stage/TX/4 -> output.zarr/g
    rename New .calcstore/stage/TX/3 -> output.zarr/g/new
    ");
}

#[cfg(unix)]
#[test]
fn replacing_is_one_exchange_and_both_parents_are_flushed() {
    let log = calls(Durability::Power, |store| put(store, "/old", 2.0).unwrap());
    assert_snapshot!(log, @r"
    mkdir .calcstore/stage/TX/3
    write .calcstore/stage/TX/3/c
    sync .calcstore/stage/TX/3/c
    write .calcstore/stage/TX/3/zarr.json
    sync .calcstore/stage/TX/3/zarr.json
    sync .calcstore/stage/TX/3
    rename New .calcstore/stage/TX/3 -> output.zarr/old
    mkdir .calcstore/trash/TX.T
    rename New .calcstore/stage/TX/3 -> .calcstore/trash/TX.T/old
    rename Exchange .calcstore/trash/TX.T/old -> output.zarr/old
    sync output.zarr
    sync .calcstore/trash/TX.T
    ");
}

#[test]
fn removing_is_one_rename_into_the_trash() {
    let log = calls(Durability::Power, |store| assert!(store.remove(&key("/old"), None).unwrap()));
    assert_snapshot!(log, @r"
    mkdir .calcstore/trash/TX.T.removed
    rename New output.zarr/old -> .calcstore/trash/TX.T.removed/old
    sync output.zarr
    sync .calcstore/trash/TX.T.removed
    ");
}

#[test]
fn moving_renames_the_node_then_renews_its_dimension_names() {
    let log = calls(Durability::Power, |store| {
        put(store, "/row", [1.0]).unwrap();
        store.rename(&key("/row"), &key("/g/new")).unwrap();
    });
    let log: Vec<&str> = log.lines().skip_while(|line| !line.contains("moved")).collect();
    assert_snapshot!(log.join("\n"), @r"
    write .calcstore/stage/TX/moved.4
    sync .calcstore/stage/TX/moved.4
    sync .calcstore/stage/TX
    sync .calcstore/stage
    mkdir .calcstore/stage/TX/5
    write .calcstore/stage/TX/5/zarr.json
    sync .calcstore/stage/TX/5/zarr.json
    sync .calcstore/stage/TX/5
    rename New .calcstore/stage/TX/5 -> output.zarr/g
    sync output.zarr/g/zarr.json
    sync output.zarr/g
    sync output.zarr
    rename New output.zarr/row -> output.zarr/g/new
    sync output.zarr/g
    sync output.zarr
    write .calcstore/stage/TX/6
    sync .calcstore/stage/TX/6
    rename Over .calcstore/stage/TX/6 -> output.zarr/g/new/zarr.json
    sync output.zarr/g/new
    unlink .calcstore/stage/TX/moved.4
    ");
}

#[test]
fn attributes_change_by_a_new_metadata_file_over_the_old_one() {
    let log = calls(Durability::Power, |store| {
        store
            .update_metadata(&key("/old"), |metadata| {
                metadata.attributes_mut().insert("units".to_owned(), "g".into());
                Ok(())
            })
            .unwrap();
    });
    assert_snapshot!(log, @r"
    write .calcstore/stage/TX/3
    sync .calcstore/stage/TX/3
    rename Over .calcstore/stage/TX/3 -> output.zarr/old/zarr.json
    sync output.zarr/old
    ");
}

#[test]
fn an_array_of_many_chunks_is_flushed_at_once() {
    let log = calls(Durability::Power, |store| put(store, "/big", vec![0u8; 65 << 22]).unwrap());
    let flushes = log.lines().filter(|line| line.starts_with("sync"));
    assert_snapshot!(flushes.collect::<Vec<_>>().join("\n"), @r"
    sync .calcstore/stage/TX/3/zarr.json
    sync everything
    sync .calcstore/stage/TX/3
    sync output.zarr
    ");
}

#[test]
fn a_writer_takes_its_stage_away_and_leaves_the_locks() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&store, "/a", 1).unwrap();
    drop(store);
    let internals = directory.path().join("calc/.calcstore");
    let names = |of: &str| std::fs::read_dir(internals.join(of)).unwrap().count();
    // Where a value is replaced in two steps, a new one is stored under its lock.
    let locks = if cfg!(unix) { 2 } else { 3 };
    assert_eq!((names("stage"), names("trash"), names("locks")), (0, 0, locks));
}
