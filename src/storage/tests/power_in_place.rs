//! The power is cut while tables grow, arrays shrink and values move: what was flushed is there all the same.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, SystemTime};

use super::power::{Torn, cut, in_boot, outcomes, reopen};
use super::{Watched, get, key, put, store};
use crate::error::Result;
use crate::selection::IntoSelection;
use crate::storage::array_options::{ArrayOptions, Shards};
use crate::storage::{Change, Durability, Existing, Outcome, Store, Visible};
use crate::values::{ArrayContent, Content, DataType, Elements, Put, Source as _};

/// A column of a table.
fn column(name: &'static str, bytes: &[u8]) -> (std::borrow::Cow<'static, str>, ArrayContent<'static>) {
    let elements = Elements::Bytes(bytes.to_vec().into());
    (name.into(), ArrayContent::new(DataType::UInt8, &[bytes.len()], elements).unwrap())
}

fn put_table(store: &Store, bytes: &[u8]) {
    let table = Content::Table(vec![column("x", bytes), column("y", bytes)]);
    store.put(&key("/t"), &table, Existing::Replace).unwrap();
}

fn append_rows(store: &Store, bytes: &[u8]) -> Result<()> {
    let opened = store.open_node(&key("/t"))?;
    store.append_rows(&key("/t"), &opened, &[column("x", bytes), column("y", bytes)]).map(|_| ())
}

/// The columns of the table.
fn rows(store: &Store) -> Result<Vec<Vec<u8>>> {
    store.read(&key("/t"), |snapshot| {
        let table = store.table(snapshot)?;
        let columns = table.open(table.columns())?;
        let read = |(_, column): &(String, crate::storage::Column<'_>)| {
            let mut bytes = vec![0; usize::try_from(column.shape()[0]).unwrap()];
            column.read_into(&mut bytes).map(|()| bytes)
        };
        columns.iter().map(read).collect()
    })
}

/// A store in which everything so far is flushed.
fn flushed(directory: &Path, fill: impl FnOnce(&Store)) -> (Arc<Watched>, Store) {
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory, Durability::Process).unwrap();
    fill(&opened);
    opened.flush().unwrap();
    (files, opened)
}

/// Lets the only marker say that nothing changed more than a second before now, as far as the margin goes.
fn date_marker(directory: &Path) {
    let marker = std::fs::read_dir(directory.join("calc/.calcstore/dirty")).unwrap().next().unwrap().unwrap();
    let file = std::fs::File::options().write(true).open(marker.path()).unwrap();
    file.set_modified(SystemTime::now() + Duration::from_hours(1)).unwrap();
}

/// Lets everything fail from the moment when the last file of `work` is staged, its `zarr.json`.
fn interrupt(directory: &Path, fill: impl Fn(&Store), work: impl Fn(&Store)) -> (Arc<Watched>, Store) {
    let elsewhere = tempfile::tempdir().unwrap();
    let (files, opened) = flushed(elsewhere.path(), &fill);
    files.log.lock().unwrap().clear();
    work(&opened);
    let last = files.log.lock().unwrap().iter().rposition(|call| call.starts_with("write")).unwrap();
    let (files, opened) = flushed(directory, &fill);
    // What changes now does so in another second.
    std::thread::sleep(Duration::from_millis(1100));
    files.calls.store(0, SeqCst);
    files.fail.store(last + 1, SeqCst);
    work(&opened);
    assert!(files.calls.load(SeqCst) > last);
    files.fail.store(0, SeqCst);
    date_marker(directory);
    (files, opened)
}

#[test]
fn a_torn_table_becomes_the_one_that_it_replaced() {
    // The columns in the trash were clipped to the torn table, so that nothing older was whole. They are clipped to
    // the table that they lie in.
    let directory = tempfile::tempdir().unwrap();
    let (files, opened) = flushed(directory.path(), |store| put_table(store, &[1, 2]));
    put_table(&opened, &[3, 4, 5]);
    cut(&files, opened, |_| Torn::Empty);
    let again = reopen(directory.path(), 2);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
    assert_eq!(rows(&again).unwrap(), [[1, 2], [1, 2]]);
}

#[test]
fn rows_that_were_flushed_survive_torn_ones_after_them() {
    // A table whose `zarr.json` was torn was not known to be one, and the older files of its columns were not looked
    // for. Whatever is no group has all that lies below its key.
    let directory = tempfile::tempdir().unwrap();
    let (files, opened) = flushed(directory.path(), |store| {
        put_table(store, &[1, 2]);
        append_rows(store, &[3]).unwrap();
    });
    append_rows(&opened, &[4]).unwrap();
    append_rows(&opened, &[5]).unwrap();
    cut(&files, opened, |_| Torn::Empty);
    let again = reopen(directory.path(), 2);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
    assert_eq!(rows(&again).unwrap(), [[1, 2, 3], [1, 2, 3]]);
}

#[test]
fn a_torn_column_of_a_table_that_did_not_come_to_its_metadata_is_noticed() {
    // Only the directory of the table itself was asked when it had changed, which an append touches last. Now those of
    // the columns are as well.
    let directory = tempfile::tempdir().unwrap();
    let fill = |store: &Store| {
        put_table(store, &[1, 2]);
        append_rows(store, &[3]).unwrap();
    };
    let (files, opened) = interrupt(directory.path(), fill, |store| drop(append_rows(store, &[4])));
    cut(&files, opened, |_| Torn::Zeros);
    let again = reopen(directory.path(), 2);
    assert_eq!(rows(&again).unwrap(), [[1, 2, 3], [1, 2, 3]]);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
}

/// Lets the chunks of an array lie in directories, as other programs have them.
fn nest(directory: &Path) {
    let array = directory.join("calc/output.zarr/a");
    std::fs::create_dir(array.join("c")).unwrap();
    std::fs::rename(array.join("c.0"), array.join("c/0")).unwrap();
    let text = std::fs::read_to_string(array.join("zarr.json")).unwrap();
    let nested = text.replace(r#""separator":".""#, r#""separator":"/""#);
    assert_ne!(text, nested);
    std::fs::write(array.join("zarr.json"), nested).unwrap();
}

fn write_all(store: &Store, number: u8) -> Result<()> {
    let opened = store.open_node(&key("/a"))?;
    let content = number.content()?;
    let Content::Array(content) = content else { unreachable!() };
    let all = (..).into_selection()?;
    store.change_array(&key("/a"), &opened, Change::Write(&all, &content, Visible::ByChunk)).map(|_| ())
}

#[test]
fn a_torn_chunk_in_a_directory_of_its_own_is_noticed_and_put_back() {
    // The same for chunks in directories, whose older files were taken for those of another node.
    let directory = tempfile::tempdir().unwrap();
    let fill = |store: &Store| {
        put(store, "/a", vec![1_u8; 8]).unwrap();
        nest(store.path().parent().unwrap());
    };
    let (files, opened) = interrupt(directory.path(), fill, |store| drop(write_all(store, 2)));
    cut(&files, opened, |_| Torn::Zeros);
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [1; 8]);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn an_array_that_was_made_shorter_is_not_lost() {
    // The chunks beyond the new shape were removed while the new `zarr.json` could be torn, and the old one speaks of
    // them. Now they are kept beside it.
    let directory = tempfile::tempdir().unwrap();
    let numbers: Vec<u8> = (0..32).collect();
    let (files, opened) = flushed(directory.path(), |store| {
        let options =
            ArrayOptions { chunk_shape: Some(vec![8]), shards: Shards::None, ..ArrayOptions::default() };
        store.put_with(&key("/a"), &numbers.content().unwrap(), &options, Existing::Refuse).unwrap();
    });
    let node = opened.open_node(&key("/a")).unwrap();
    opened.change_array(&key("/a"), &node, Change::Resize(&[12])).unwrap();
    cut(&files, opened, |_| Torn::Empty);
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), numbers);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn a_value_that_was_replaced_and_then_moved_is_not_lost() {
    // The older version lies in the trash under the old key, where nobody looks for it. So what was replaced is
    // flushed before it is moved.
    let directory = tempfile::tempdir().unwrap();
    let (files, opened) = flushed(directory.path(), |store| put(store, "/g/a", [1_u8; 8]).unwrap());
    put(&opened, "/g/a", [2_u8; 8]).unwrap();
    opened.rename(&key("/g"), &key("/h")).unwrap();
    cut(&files, opened, |_| Torn::Zeros);
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/h/a").unwrap(), [2; 8]);
}
