//! What happens to a store that something outside has damaged: the right error, and no other value is affected.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use calcstore::{Bytes, Continue, DataStore, ErrorKind, Table, Value};
use ndarray::{Array1, Array2, array};
use proptest::prelude::*;
use proptest::test_runner::Config;
use tempfile::TempDir;

/// A store with one value of each kind.
struct Damaged {
    directory: TempDir,
    store: DataStore,
}

const KEYS: [&str; 6] = ["/g/array", "/g/large", "/object", "/raw", "/table", "/text"];

impl Damaged {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = DataStore::at(directory.path().join("store")).unwrap();
        store.insert("/g/array", array![[1.5, 2.5], [3.5, 4.5]]).unwrap();
        store.insert("/g/large", Array1::from_iter(0..600_000i64)).unwrap();
        store.insert_object("/object", &("text", Some(1.5), vec![1u8, 2])).unwrap();
        store.insert("/raw", Bytes(b"raw bytes")).unwrap();
        let mut table = Table::new();
        table.push("PGA", Array2::from_elem((3, 2), 0.5)).unwrap();
        table.push("site", ["a", "b", "ü"]).unwrap();
        store.insert("/table", table).unwrap();
        store.insert("/text", ["one", "größe", ""]).unwrap();
        Self { directory, store }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.store.calc_dir().join("output.zarr").join(below)
    }

    /// Reading `key` must fail so, `check` must name it with the file, and all else must be whole.
    #[track_caller]
    fn assert_damaged(&self, key: &str, kind: ErrorKind, file: &str) {
        let error = self.store.value(key).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.key(), Some(key), "{error}");
        assert!(error.file().is_some_and(|path| path.ends_with(file)), "{error}");
        let faults = self.store.check("/", |_| Continue::Yes).unwrap().faults;
        assert!(!faults.is_empty());
        for fault in &faults {
            assert!(fault.key.starts_with(key), "{fault:?}");
        }
        assert!(faults.iter().any(|fault| fault.file.ends_with(file)), "{faults:?}");
        self.assert_whole(&[key]);
        assert_eq!(self.store.export_hdf5().unwrap_err().kind(), kind);
        assert!(!self.store.calc_dir().join("output.hdf5").exists());
    }

    /// All values but these must be as they were stored.
    #[track_caller]
    fn assert_whole(&self, but: &[&str]) {
        let whole = Self::new();
        for key in KEYS.iter().filter(|key| !but.contains(key)) {
            assert_eq!(self.store.value(key).unwrap(), whole.store.value(key).unwrap());
        }
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_flipped_bit_in_a_chunk_is_found_wherever_it_is() {
    for (key, chunk, length) in [("/g/array", "g/array/c.0.0", 36), ("/raw", "raw/c.0", 13)] {
        for at in [0, length / 2, length - 1] {
            let damaged = Damaged::new();
            assert_eq!(fs::metadata(damaged.path(chunk)).unwrap().len(), length as u64);
            flip(&damaged.path(chunk), at);
            damaged.assert_damaged(key, ErrorKind::Corrupt, chunk);
        }
    }
    for (key, chunk) in [("/g/large", "g/large/c.1"), ("/text", "text/c.0"), ("/object", "object/c.0")] {
        let damaged = Damaged::new();
        flip(&damaged.path(chunk), 9);
        damaged.assert_damaged(key, ErrorKind::Corrupt, chunk);
    }
}

#[test]
fn a_chunk_that_is_cut_extended_or_missing_is_never_taken_for_values() {
    for chunk in ["g/array/c.0.0", "g/large/c.0", "g/large/c.1", "text/c.0", "raw/c.0"] {
        let key = format!("/{}", chunk.rsplit_once('/').unwrap().0);
        let damaged = Damaged::new();
        let whole = fs::read(damaged.path(chunk)).unwrap();
        for wrong in [&[][..], &whole[..3], &whole[..whole.len() - 1], &[&whole[..], &[0]].concat()] {
            fs::write(damaged.path(chunk), wrong).unwrap();
            damaged.assert_damaged(&key, ErrorKind::Corrupt, chunk);
        }
        fs::remove_file(damaged.path(chunk)).unwrap();
        damaged.assert_damaged(&key, ErrorKind::Corrupt, chunk);
    }
}

#[test]
fn a_table_without_one_of_its_columns_is_damaged() {
    let damaged = Damaged::new();
    flip(&damaged.path("table/PGA/c.0.0"), 5);
    damaged.assert_damaged("/table", ErrorKind::Corrupt, "table/PGA/c.0.0");
    assert_eq!(damaged.store.get::<Vec<String>>("/table/site").unwrap(), ["a", "b", "ü"]);
    fs::remove_dir_all(damaged.path("table/PGA")).unwrap();
    damaged.assert_damaged("/table", ErrorKind::Corrupt, "table/PGA");
}

#[test]
fn metadata_that_make_no_sense_damage_one_node_alone() {
    let damaged = Damaged::new();
    let metadata = "g/array/zarr.json";
    let whole = fs::read_to_string(damaged.path(metadata)).unwrap();
    for wrong in ["", "{", "[]", "null", &whole[..whole.len() / 2], &whole.replace("[2,2]", "[2,-2]")] {
        fs::write(damaged.path(metadata), wrong).unwrap();
        damaged.assert_damaged("/g/array", ErrorKind::Corrupt, metadata);
    }
    fs::write(damaged.path(metadata), whole.replace("float64", "float256")).unwrap();
    let error = damaged.store.value("/g/array").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    fs::write(damaged.path(metadata), whole).unwrap();
    damaged.assert_whole(&[]);
}

/// `check` compared checksums and lengths alone, and passed over what reading refuses.
/// It now looks at the elements, too, as far as they lie within the array.
#[test]
fn a_bool_that_is_neither_false_nor_true_is_found_by_check() {
    let damaged = Damaged::new();
    damaged.store.new_dataset("/flags").chunks([4]).insert([true, false, true]).unwrap();
    let chunk = damaged.path("flags/c.0");
    let write = |elements: [u8; 4]| {
        fs::write(&chunk, [elements, crc32c::crc32c(&elements).to_le_bytes()].concat()).unwrap();
    };
    write([1, 0, 1, 7]);
    assert_eq!(damaged.store.get::<Vec<bool>>("/flags").unwrap(), [true, false, true]);
    assert_eq!(damaged.store.check("/", |_| Continue::Yes).unwrap().faults, []);
    write([1, 2, 1, 0]);
    assert_eq!(damaged.store.value("/flags").unwrap_err().kind(), ErrorKind::Corrupt);
    let faults = damaged.store.check("/", |_| Continue::Yes).unwrap().faults;
    assert!(
        faults.iter().all(|fault| fault.key == "/flags" && fault.what.contains("neither 0 nor 1")),
        "{faults:?}"
    );
    assert_eq!(faults.len(), 1);
}

#[test]
fn a_shape_that_is_too_large_for_what_is_stored_takes_no_memory() {
    let damaged = Damaged::new();
    let metadata = damaged.path("g/array/zarr.json");
    let whole = fs::read_to_string(&metadata).unwrap();
    for shape in
        ["[4611686018427387904,2]", "[1099511627776,1024]", "[18446744073709551615,18446744073709551615]"]
    {
        for text in [whole.replacen("[2,2]", shape, 1), whole.replace("[2,2]", shape)] {
            assert_ne!(text, whole);
            fs::write(&metadata, text).unwrap();
            let error = damaged.store.value("/g/array").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        }
    }
    damaged.assert_whole(&["/g/array"]);
}

#[test]
fn links_are_never_followed_and_nothing_outside_is_touched() {
    let damaged = Damaged::new();
    let outside = damaged.directory.path().join("outside");
    let other = DataStore::at(&outside).unwrap();
    other.insert("/secret/x", 42i64).unwrap();
    let secret = outside.join("output.zarr/secret");
    let before = fs::read(secret.join("x/zarr.json")).unwrap();
    symlink(&secret, damaged.path("link")).unwrap();
    symlink(&secret, damaged.path("g/link")).unwrap();
    let store = &damaged.store;
    for key in ["/link", "/link/x", "/g/link", "/g/link/x"] {
        assert!(store.value(key).is_err(), "{key}");
        assert!(store.insert(key, 1i64).is_err(), "{key}");
        assert!(store.insert(&format!("{key}/new"), 1i64).is_err(), "{key}");
        assert!(store.attributes(key).and_then(|attributes| attributes.insert("a", 1i64)).is_err(), "{key}");
        assert!(store.rename("/raw", &format!("{key}/raw")).is_err(), "{key}");
    }
    assert!(store.remove("/link/x").is_err());
    assert!(!store.walk("/").unwrap().any(|key| key.contains("link")));
    fs::remove_file(damaged.path("raw/c.0")).unwrap();
    symlink(secret.join("x/c"), damaged.path("raw/c.0")).unwrap();
    assert!(store.value("/raw").is_err());
    fs::remove_file(damaged.path("text/zarr.json")).unwrap();
    symlink(secret.join("x/zarr.json"), damaged.path("text/zarr.json")).unwrap();
    assert!(store.value("/text").is_err());
    let faults = store.check("/", |_| Continue::Yes).unwrap().faults;
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    for key in ["/", "/g", "/raw", "/text"] {
        assert!(keys.contains(&key), "{faults:?}");
    }
    store.remove("/g").unwrap();
    assert_eq!(fs::read(secret.join("x/zarr.json")).unwrap(), before);
    assert_eq!(other.walk("/").unwrap().collect::<Vec<_>>(), ["/secret", "/secret/x"]);
    assert_eq!(other.get::<i64>("/secret/x").unwrap(), 42);
}

#[test]
fn foreign_files_are_named_by_check_and_disturb_nothing() {
    let damaged = Damaged::new();
    for path in ["notes.txt", "g/.DS_Store", "g/array/c.9.9.tmp", "table/extra"] {
        fs::write(damaged.path(path), "x").unwrap();
    }
    fs::create_dir(damaged.path("no node")).unwrap();
    damaged.assert_whole(&[]);
    let faults = damaged.store.check("/", |_| Continue::Yes).unwrap().faults;
    let named: Vec<(&str, &str)> =
        faults.iter().map(|fault| (fault.key.as_str(), fault.what.split('"').nth(1).unwrap())).collect();
    for expected in [
        ("/", "no node"),
        ("/", "notes.txt"),
        ("/g", ".DS_Store"),
        ("/g/array", "c.9.9.tmp"),
        ("/table", "extra"),
    ] {
        assert!(named.contains(&expected), "{named:?}");
    }
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert_eq!(damaged.store.keys("/").unwrap().collect::<Vec<_>>(), ["g", "object", "raw", "table", "text"]);
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_flipped_bit_is_an_error_or_changes_nothing_but_metadata(file in 0..4usize, at: usize, bit in 0..8u32) {
        let damaged = Damaged::new();
        let chunk = ["object/c.0", "table/site/c.0", "object/zarr.json", "table/zarr.json"][file];
        let key = format!("/{}", chunk.split('/').next().unwrap());
        let before = damaged.store.value(&key).unwrap();
        let mut bytes = fs::read(damaged.path(chunk)).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        fs::write(damaged.path(chunk), bytes).unwrap();
        match damaged.store.value(&key) {
            Err(error) => prop_assert!(error.kind() != ErrorKind::Io, "{}", error),
            Ok(after) if chunk.ends_with("zarr.json") => {
                // A name or a marker may have become another one, and a table shorter; a chunk never has.
                prop_assert!(after == before || !matches!((&before, &after), (Value::Table(a), Value::Table(b)) if b.rows() > a.rows()));
            }
            Ok(_) => prop_assert!(false, "the damage was not seen"),
        }
    }
}
