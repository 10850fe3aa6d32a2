//! The power is cut while tables grow, arrays shrink and values move: what was flushed is there all the same.

use std::sync::Arc;

use super::disk::Disk;
use super::gate::{Family, Fault, Plan};
use super::images::Torn;
use super::power::{begin, cut, outcomes, reopen};
use crate::error::Result;
use crate::selection::IntoSelection;
use crate::storage::array_options::{ArrayOptions, Shards};
use crate::storage::tests::{get, key, put};
use crate::storage::{Change, Existing, Outcome, Rename, Store, Visible};
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
fn flushed(fill: impl FnOnce(&Store)) -> (Arc<Disk>, Store) {
    let (disk, opened) = begin();
    fill(&opened);
    opened.flush().unwrap();
    (disk, opened)
}

/// Lets everything fail from the moment when the last file of `work` is staged, its `zarr.json`. What is changed then is
/// changed long after the rest, and the marker says so.
fn interrupt(fill: impl Fn(&Store), work: impl Fn(&Store)) -> (Arc<Disk>, Store) {
    let end = |call| Plan { call, family: Family::Changes, fault: Fault::End };
    let mut call = usize::MAX;
    loop {
        let (disk, opened) = flushed(&fill);
        disk.wait(2);
        disk.gate.plan(end(call));
        work(&opened);
        if disk.gate.failed().is_some_and(|failed| failed.starts_with("write")) {
            return (disk, opened);
        }
        call = disk.gate.calls().min(call) - usize::from(call < usize::MAX);
    }
}

#[test]
fn a_torn_table_becomes_the_one_that_it_replaced() {
    // The columns in the trash were clipped to the torn table, so that nothing older was whole. They are clipped to
    // the table that they lie in.
    let (disk, opened) = flushed(|store| put_table(store, &[1, 2]));
    put_table(&opened, &[3, 4, 5]);
    let disk = cut(&disk, opened, |_| Torn::Empty);
    let again = reopen(&disk);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
    assert_eq!(rows(&again).unwrap(), [[1, 2], [1, 2]]);
}

#[test]
fn rows_that_were_flushed_survive_torn_ones_after_them() {
    // A table whose `zarr.json` was torn was not known to be one, and the older files of its columns were not looked
    // for. Whatever is no group has all that lies below its key.
    let (disk, opened) = flushed(|store| {
        put_table(store, &[1, 2]);
        append_rows(store, &[3]).unwrap();
    });
    append_rows(&opened, &[4]).unwrap();
    append_rows(&opened, &[5]).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Empty);
    let again = reopen(&disk);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
    assert_eq!(rows(&again).unwrap(), [[1, 2, 3], [1, 2, 3]]);
}

#[test]
fn a_torn_column_of_a_table_that_did_not_come_to_its_metadata_is_noticed() {
    // Only the directory of the table itself was asked when it had changed, which an append touches last. Now those of
    // the columns are as well.
    let fill = |store: &Store| {
        put_table(store, &[1, 2]);
        append_rows(store, &[3]).unwrap();
    };
    let (disk, opened) = interrupt(fill, |store| drop(append_rows(store, &[4])));
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(rows(&again).unwrap(), [[1, 2, 3], [1, 2, 3]]);
    assert_eq!(outcomes(&again), [("/t".to_owned(), Outcome::PutBack)]);
}

/// Lets the chunks of an array lie in directories, as other programs have them.
fn nest(store: &Store) {
    let (files, root, array) = (store.around(), store.root(), "output.zarr/a");
    let (chunk, metadata) = (format!("{array}/c.0"), format!("{array}/zarr.json"));
    files.create_directory(root, &format!("{array}/c")).unwrap();
    files.rename((root, &chunk), (root, &format!("{array}/c/0")), Rename::New).unwrap();
    let text = std::fs::read_to_string(store.path().join(&metadata)).unwrap();
    let nested = text.replace(r#""separator":".""#, r#""separator":"/""#);
    assert_ne!(text, nested);
    files.remove_file(root, &metadata).unwrap();
    files.create_file(root, &metadata, &[nested.as_bytes()]).unwrap();
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
    let fill = |store: &Store| {
        put(store, "/a", vec![1_u8; 8]).unwrap();
        nest(store);
    };
    let (disk, opened) = interrupt(fill, |store| drop(write_all(store, 2)));
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [1; 8]);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn an_array_that_was_made_shorter_is_not_lost() {
    // The chunks beyond the new shape were removed while the new `zarr.json` could be torn, and the old one speaks of
    // them. Now they are kept beside it.
    let numbers: Vec<u8> = (0..32).collect();
    let (disk, opened) = flushed(|store| {
        let options =
            ArrayOptions { chunk_shape: Some(vec![8]), shards: Shards::None, ..ArrayOptions::default() };
        store.put_with(&key("/a"), &numbers.content().unwrap(), &options, Existing::Refuse).unwrap();
    });
    let node = opened.open_node(&key("/a")).unwrap();
    opened.change_array(&key("/a"), &node, Change::Resize(&[12])).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Empty);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), numbers);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn a_value_that_was_replaced_and_then_moved_is_not_lost() {
    // The older version lies in the trash under the old key, where nobody looks for it. So what was replaced is
    // flushed before it is moved.
    let (disk, opened) = flushed(|store| put(store, "/g/a", [1_u8; 8]).unwrap());
    put(&opened, "/g/a", [2_u8; 8]).unwrap();
    opened.rename(&key("/g"), &key("/h")).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/h/a").unwrap(), [2; 8]);
}
