//! What a store takes, counted without reading values.

use std::fs;
use std::path::Path;

use calcstore::{Bytes, Continue, DataStore, ErrorKind, NodeKind, Size, Table};

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

/// The bytes and the number of the files below a directory, by the standard library.
fn on_disk(path: &Path) -> (u64, u64) {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap());
    entries.fold((0, 0), |(bytes, files), entry| {
        let more =
            if entry.path().is_dir() { on_disk(&entry.path()) } else { (entry.metadata().unwrap().len(), 1) };
        (bytes + more.0, files + more.1)
    })
}

fn nodes(size: &Size) -> [u64; 6] {
    NodeKind::ALL.map(|kind| size.nodes(kind))
}

#[test]
fn every_kind_counts_its_bytes_and_files() {
    let (_directory, store) = store();
    store.insert("/a/matrix", ndarray::Array2::<f32>::zeros((7, 3))).unwrap();
    store.insert("/a/b/scalar", 1i16).unwrap();
    store.insert("/a/text", ["", "PGA", "Größe 日本"]).unwrap();
    store.insert("/large", vec![1u64; 2_000_000]).unwrap();
    store.insert("/words", vec!["word"; 400_000]).unwrap();
    store.insert("/empty", Vec::<f64>::new()).unwrap();
    store.insert("/raw", Bytes([1, 2, 3])).unwrap();
    store.insert_object("/object", &(1u8, "ab")).unwrap();
    let mut table = Table::new();
    table.push("PGA", ndarray::Array2::<f64>::zeros((5, 4))).unwrap();
    table.push("name", ["a", "bc", "", "", ""]).unwrap();
    store.insert("/table", table).unwrap();
    let root = store.calc_dir().join("output.zarr");
    for (key, bytes, nodes_of) in [
        ("/a/matrix", 84, [0, 1, 0, 0, 0, 0]),
        ("/a/b/scalar", 2, [0, 1, 0, 0, 0, 0]),
        ("/a/text", 17, [0, 1, 0, 0, 0, 0]),
        ("/a/b", 2, [1, 1, 0, 0, 0, 0]),
        ("/a", 103, [2, 3, 0, 0, 0, 0]),
        ("/large", 16_000_000, [0, 1, 0, 0, 0, 0]),
        ("/words", 1_600_000, [0, 1, 0, 0, 0, 0]),
        ("/empty", 0, [0, 1, 0, 0, 0, 0]),
        ("/raw", 3, [0, 0, 0, 0, 1, 0]),
        ("/object", 4, [0, 0, 0, 1, 0, 0]),
        ("/table", 163, [0, 0, 1, 0, 0, 0]),
        ("/table/name", 3, [0, 1, 0, 0, 0, 0]),
        ("/", 17_600_273, [3, 6, 1, 1, 1, 0]),
    ] {
        let size = store.size(key).unwrap();
        assert_eq!((size.bytes, nodes(&size)), (Some(bytes), nodes_of), "{key}");
        assert_eq!((size.stored_bytes, size.files), on_disk(&root.join(&key[1..])), "{key}");
    }
    let large = store.size("/large").unwrap();
    assert_eq!(large.ratio(), Some(16_000_000.0 / large.stored_bytes as f64));
    assert_eq!(store.size("/empty").unwrap().ratio(), None);
}

#[test]
fn what_only_reading_would_tell_is_unknown() {
    let (_directory, store) = store();
    store.insert("/text", "word").unwrap();
    store.insert("/n", [1u8, 2]).unwrap();
    let root = store.calc_dir().join("output.zarr");
    let metadata = root.join("text/zarr.json");
    let plain = fs::read_to_string(&metadata).unwrap();
    let sharded = plain.replace(r#"{"name":"crc32c"}"#, r#"{"name":"gzip","configuration":{"level":1}}"#);
    assert_ne!(plain, sharded);
    fs::write(&metadata, sharded).unwrap();
    let size = store.size("/").unwrap();
    assert_eq!((size.bytes, size.ratio()), (None, None));
    assert_eq!((size.stored_bytes, size.files), on_disk(&root));
    assert_eq!(store.size("/n").unwrap().bytes, Some(2));
}

#[test]
fn what_is_damaged_or_does_not_belong_takes_its_space_too() {
    let (directory, store) = store();
    store.insert("/g/a", [1.0, 2.0]).unwrap();
    store.insert("/g/b", [1.0]).unwrap();
    let root = store.calc_dir().join("output.zarr");
    fs::write(root.join("g/a/zarr.json"), "{").unwrap();
    fs::create_dir(root.join("g/stranger")).unwrap();
    fs::write(root.join("g/stranger/file"), [0; 1000]).unwrap();
    std::os::unix::fs::symlink(directory.path(), root.join("g/link")).unwrap();
    let size = store.size("/g").unwrap();
    assert_eq!(nodes(&size), [1, 1, 0, 0, 0, 1]);
    assert_eq!(size.bytes, None);
    let unreadable = store.size("/g/a").unwrap();
    assert_eq!(nodes(&unreadable), [0, 0, 0, 0, 0, 1]);
    assert_eq!((unreadable.stored_bytes, unreadable.files), on_disk(&root.join("g/a")));
    let error = store.size("/g/c").unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, "/g/c: not found"));
}

#[test]
fn rows_that_a_table_does_not_count_yet_do_not_count() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("PGA", ndarray::Array2::<f64>::zeros((5, 4))).unwrap();
    store.insert("/t", table).unwrap();
    let metadata = store.calc_dir().join("output.zarr/t/zarr.json");
    let text = fs::read_to_string(&metadata).unwrap();
    fs::write(&metadata, text.replace(r#""rows":5"#, r#""rows":3"#)).unwrap();
    assert_eq!(store.size("/t").unwrap().bytes, Some(3 * 4 * 8));
}

#[test]
fn a_size_is_that_of_the_store_and_of_a_key_of_the_parent() {
    let (directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let child = DataStore::options().parent(&store).at(directory.path().join("child")).unwrap();
    assert_eq!(child.size("/").unwrap().bytes, Some(0));
    assert_eq!(child.size("/a").unwrap(), store.size("/a").unwrap());
}

#[test]
fn measuring_tells_how_far_it_is_and_stops_when_told_to() {
    let (_directory, store) = store();
    for n in 0..10 {
        store.insert(&format!("/g/{n}"), n).unwrap();
    }
    let mut counts = Vec::new();
    let size = store.measure("/", |count| {
        counts.push(count);
        Continue::Yes
    });
    assert_eq!(counts, (1..=12).collect::<Vec<_>>());
    assert_eq!(nodes(&size.unwrap()), [2, 10, 0, 0, 0, 0]);
    let error = store.measure("/", |count| if count < 5 { Continue::Yes } else { Continue::No }).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Cancelled, "stopped"));
}
