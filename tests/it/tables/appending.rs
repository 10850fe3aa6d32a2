//! Tables that grow.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use calcstore::{Column, DataStore, DataType, ErrorKind, Table, TableSchema};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

fn store() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Event {
    id: u32,
    name: String,
    pair: [u64; 2],
}

fn event(id: u32) -> Event {
    Event { id, name: format!("event {id}"), pair: [u64::from(id), u64::from(id) << 32] }
}

fn events(ids: impl IntoIterator<Item = u32>) -> Vec<Event> {
    ids.into_iter().map(event).collect()
}

fn table(ids: impl IntoIterator<Item = u32>) -> Table {
    Table::from_rows(&events(ids)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn batches_that_are_appended_are_the_table_that_they_make(
        first in 0_u32..30,
        batches in prop::collection::vec(prop_oneof![0_u32..5, 0_u32..9000], 0..6),
    ) {
        let (_directory, store) = store();
        store.insert("/g/t", table(0..first)).unwrap();
        let stored = store.table("/g/t").unwrap();
        let mut total = first;
        for batch in batches {
            let rows = stored.append(table(total..total + batch)).unwrap();
            total += batch;
            prop_assert_eq!(rows, u64::from(total));
        }
        prop_assert_eq!(stored.read_rows::<Event>().unwrap(), events(0..total));
        prop_assert_eq!(store.get::<Vec<u32>>("/g/t/id").unwrap(), (0..total).collect::<Vec<_>>());
        prop_assert_eq!(store.get::<Table>("/g/t").unwrap(), table(0..total));
        prop_assert!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults.is_empty());
    }
}

#[test]
fn an_empty_table_takes_the_size_of_its_chunks_from_the_first_rows() {
    let (_directory, store) = store();
    store.create_table("/t", &TableSchema::of::<Event>().unwrap()).unwrap();
    let stored = store.table("/t").unwrap();
    assert_eq!(stored.append(table(0..50_000)).unwrap(), 50_000);
    assert_eq!(store.node("/t/id").unwrap().layout.unwrap().chunks, [50_000]);
    assert_eq!(stored.append(table([])).unwrap(), 50_000);
    assert_eq!(stored.filter(Column::new("id").eq(49_999)).read_rows::<Event>().unwrap(), [event(49_999)]);
}

#[test]
fn an_appender_publishes_many_rows_at_a_time() {
    let (_directory, store) = store();
    store.create_table("/t", &TableSchema::of::<Event>().unwrap()).unwrap();
    let stored = store.table("/t").unwrap();
    let mut appender = stored.appender();
    for id in 0..100 {
        appender.push(event(id)).unwrap();
    }
    assert_eq!(stored.rows().unwrap(), 0);
    appender.flush().unwrap();
    assert_eq!(stored.rows().unwrap(), 100);
    appender.push(event(100)).unwrap();
    assert_eq!(appender.finish().unwrap(), 101);
    let mut dropped = stored.appender();
    dropped.push(event(101)).unwrap();
    drop(dropped);
    assert_eq!(stored.read_rows::<Event>().unwrap(), events(0..102));
}

#[test]
fn threads_that_append_and_handles_of_their_own_lose_nothing_and_readers_see_whole_batches() {
    let (directory, store) = store();
    store.create_table("/t", &TableSchema::of::<Event>().unwrap()).unwrap();
    let path = directory.path().join("store");
    let done = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut looks, mut before) = (0, 0);
            while !done.load(Relaxed) {
                let read: Vec<Event> = store.table("/t").unwrap().read_rows().unwrap();
                assert!(read.len() >= before && read.len().is_multiple_of(7), "{} rows", read.len());
                assert!(read.iter().all(|row| *row == event(row.id)));
                let one: Vec<u32> = store.get("/t/id").unwrap();
                assert_eq!(one.len() % 7, 0);
                before = read.len();
                looks += 1;
            }
            looks
        });
        let writers: Vec<_> = (0..4)
            .map(|n| {
                let path = &path;
                scope.spawn(move || {
                    let store = DataStore::at(path).unwrap();
                    let stored = store.table("/t").unwrap();
                    for batch in 0..25 {
                        let first = n * 1000 + batch * 7;
                        stored.append(table(first..first + 7)).unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Relaxed);
        reader.join().unwrap()
    });
    assert!(looks > 0);
    let mut ids: Vec<u32> = store.get("/t/id").unwrap();
    ids.sort_unstable();
    assert_eq!(ids, (0..4).flat_map(|n| n * 1000..n * 1000 + 175).collect::<Vec<_>>());
}

/// Copies a directory with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(|_| ()).unwrap() }
    }
}

#[test]
fn an_append_that_was_interrupted_is_not_seen_and_the_next_takes_its_place() {
    let (directory, store) = store();
    store.insert("/g/t", table(0..10)).unwrap();
    let live = directory.path().join("store/output.zarr/g/t");
    let before = fs::read(live.join("zarr.json")).unwrap();
    store.table("/g/t").unwrap().append(table(500..30_000)).unwrap();
    let whole = directory.path().join("whole");
    copy(&live, &whole);
    // As it is after each step of the append: columns that are longer, then the table.
    for columns in [&["id"][..], &["id", "name"], &["id", "name", "pair"]] {
        fs::remove_dir_all(&live).unwrap();
        store.insert("/g/other", table(0..10)).unwrap();
        copy(&directory.path().join("store/output.zarr/g/other"), &live);
        store.remove("/g/other").unwrap();
        for column in columns {
            fs::remove_dir_all(live.join(column)).unwrap();
            copy(&whole.join(column), &live.join(column));
        }
        fs::write(live.join("zarr.json"), &before).unwrap();
        let stored = store.table("/g/t").unwrap();
        assert_eq!(stored.read_rows::<Event>().unwrap(), events(0..10));
        assert_eq!(store.get::<Vec<u32>>("/g/t/id").unwrap(), (0..10).collect::<Vec<_>>());
        assert_eq!(stored.append(table(10..25)).unwrap(), 25);
        assert_eq!(stored.read_rows::<Event>().unwrap(), events(0..25));
        assert_eq!(store.get::<Vec<u32>>("/g/t/id").unwrap(), (0..25).collect::<Vec<_>>());
        // The columns that were laid there have the names of the other table.
        let mut faults = store.check("/", |_| calcstore::Continue::Yes).unwrap().faults;
        faults.retain(|found| found.kind != calcstore::FindingKind::DimensionNames);
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn attributes_survive_an_append() {
    let (_directory, store) = store();
    store.insert("/t", table(0..3)).unwrap();
    store.attributes("/t").unwrap().insert("title", "events").unwrap();
    store.attributes("/t/id").unwrap().insert("units", "1").unwrap();
    store.table("/t").unwrap().append(table(3..5)).unwrap();
    assert_eq!(store.attributes("/t").unwrap().get::<String>("title").unwrap(), "events");
    assert_eq!(store.attributes("/t/id").unwrap().get::<String>("units").unwrap(), "1");
}

#[test]
fn what_does_not_fit_is_not_appended_and_both_are_named() {
    let (directory, store) = store();
    store.insert("/t", table(0..3)).unwrap();
    let stored = store.table("/t").unwrap();
    let has = "cannot be appended to a table of id uint32, name string, pair uint64[2]";
    let says = |rows: TableSchema, given: &str| {
        let error = stored.append(Table::empty(&rows).unwrap()).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::WrongType, format!("/t: rows of {given} {has}"))
        );
    };
    let schema = || TableSchema::new().column("id", DataType::UInt32);
    says(schema(), "id uint32");
    let named = || schema().column("name", DataType::String);
    says(named().column("pair", DataType::UInt64), "id uint32, name string, pair uint64");
    says(named().column_shaped("pair", DataType::Int64, [2]), "id uint32, name string, pair int64[2]");
    let fits = || named().column_shaped("pair", DataType::UInt64, [2]);
    says(fits().column("more", DataType::Bool), "id uint32, name string, pair uint64[2], more bool");
    assert_eq!(stored.append(Table::empty(&fits()).unwrap()).unwrap(), 3);
    let other = stored.append([1.0]).unwrap_err();
    assert_eq!(
        other.to_string(),
        "/t: only the rows of a table can be appended to a table; Table::from_rows makes one"
    );
    let reading = DataStore::options().read_only(true).at(directory.path().join("store")).unwrap();
    let refused = reading.table("/t").unwrap().append(table(3..4)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ReadOnly);

    store.insert("/t", table(0..1)).unwrap();
    let replaced = stored.append(table(3..4)).unwrap_err();
    assert_eq!(replaced.kind(), ErrorKind::Changed);
    assert_eq!(stored.read().unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(store.table("/t").unwrap().rows().unwrap(), 1);
}

#[test]
fn columns_are_appended_by_name_whatever_their_order() {
    let (_directory, store) = store();
    store.insert("/t", table(0..2)).unwrap();
    let mut more = Table::new();
    more.push("pair", ndarray::array![[2_u64, 2 << 32]]).unwrap();
    more.push("name", ["event 2"]).unwrap();
    more.push("id", [2_u32]).unwrap();
    store.table("/t").unwrap().append(&more).unwrap();
    assert_eq!(store.get::<Table>("/t").unwrap(), table(0..3));
}

#[test]
fn rows_of_another_type_are_refused_when_the_first_is_given() {
    // They were gathered for megabytes, and then all refused. The first row shows the columns.
    #[derive(Serialize, Deserialize)]
    struct Other {
        id: u32,
        year: i32,
    }
    let (_directory, store) = store();
    store.insert("/t", table(0..2)).unwrap();
    let stored = store.table("/t").unwrap();
    let mut appender = stored.appender();
    let error = appender.push(Other { id: 1, year: 2 }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongType);
    assert!(error.to_string().starts_with("/t: rows of id uint32, year int32 cannot be appended"), "{error}");
    assert_eq!(appender.finish().unwrap(), 2);
}

#[test]
fn a_handle_of_a_table_that_was_removed_says_so_whatever_is_asked_of_it() {
    // Appending and the attributes told `NotFound`, or took what stood in its place.
    let (_directory, store) = store();
    store.insert("/t", table(0..2)).unwrap();
    let stored = store.table("/t").unwrap();
    store.remove("/t").unwrap();
    assert_eq!(stored.append(table(2..3)).unwrap_err().kind(), ErrorKind::Changed);
    assert_eq!(stored.attributes().unwrap_err().kind(), ErrorKind::Changed);
    store.insert("/t", table(0..2)).unwrap();
    assert_eq!(stored.attributes().unwrap_err().kind(), ErrorKind::Changed);
}

/// The only test of a process that may open few files.
#[test]
fn child_uses_a_wide_table() {
    let Some(directory) = crate::processes::told_directory() else { return };
    let store = DataStore::at(directory).unwrap();
    let mut wide = Table::new();
    for n in 0..600 {
        wide.push(&format!("column{n}"), [n, n]).unwrap();
    }
    store.insert("/wide", &wide).unwrap();
    let stored = store.table("/wide").unwrap();
    assert_eq!(stored.schema().columns().len(), 600);
    assert_eq!(stored.append(&wide).unwrap(), 4);
    assert_eq!(stored.slice(2..).read().unwrap(), wide);
    let all: Table = store.get("/wide").unwrap();
    assert_eq!((all.rows(), all.columns().len()), (4, 600));
    store.export_hdf5().unwrap();
}

#[test]
fn a_table_may_have_more_columns_than_a_process_may_open_files() {
    // All columns were kept open at a time. Beyond some they are opened when they are read.
    let directory = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 400; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["tables::appending::child_uses_a_wide_table", "--exact", "--nocapture", "--test-threads=1"])
        .env("CALCSTORE_TEST_DIRECTORY", directory.path().join("store"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(directory.path().join("store/output.hdf5").exists());
}
