//! Every name that somebody may come up with is refused with the reason, or comes back as it was given.

mod outside;
mod table;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

use calcstore::key::{Key, escape_component, unescape_component};
use calcstore::{Continue, DataStore, ErrorKind, Result, Table};
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use crate::oracle::{self, Program};
use crate::scale::scaled;
use table::{Verdict, components, keys};

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let store = DataStore::options().data_dir(directory.path()).create().unwrap();
    (directory, store)
}

/// A part of many things, evenly spread.
fn some<T>(all: Vec<T>, full: u64, least: usize) -> Vec<T> {
    let count = usize::try_from(scaled(full)).unwrap().max(least).min(all.len());
    let total = all.len();
    let mut next = 0;
    let chosen = |(n, one)| {
        let is_next = n == next * total / count;
        next += usize::from(is_next);
        is_next.then_some(one)
    };
    all.into_iter().enumerate().filter_map(chosen).collect()
}

fn assert_refused<T>(result: Result<T>, why: &str, text: &str) {
    let Err(error) = result else { panic!("{text:?} was taken") };
    assert_eq!(error.kind(), ErrorKind::InvalidKey, "{text:?}: {error}");
    let said = error.to_string();
    assert!(said.contains("not a valid key") && said.contains(why), "{text:?}: {error}");
    assert!(said.len() < 1500 && !said.chars().any(char::is_control), "{said:?}");
}

/// Whatever takes a key.
fn creations(store: &DataStore, text: &str) -> Vec<Result<()>> {
    vec![
        store.insert(text, 1.0),
        store.insert_new(text, 1.0),
        store.create_group(text),
        store.rename("/there", text),
        store.copy("/there", text),
        store.draft(text).map(drop),
        store.new_dataset(text).create::<f64>(&[2]).map(drop),
        store.insert_object(text, "x"),
        store.store_files(text, [store.calc_dir().join("../job.ini")]).map(drop),
    ]
}

fn looks(store: &DataStore, text: &str) -> Vec<Result<()>> {
    vec![
        store.get::<f64>(text).map(drop),
        store.value(text).map(drop),
        store.node(text).map(drop),
        store.dataset(text).map(drop),
        store.keys(text).map(drop),
        store.walk(text).map(drop),
        store.size(text).map(drop),
        store.remove(text),
        store.rename(text, "/elsewhere"),
        store.copy(text, "/elsewhere"),
        store.attributes(text).and_then(|attributes| attributes.json()).map(drop),
    ]
}

#[test]
fn a_key_is_refused_with_the_rule_or_comes_back_as_it_was_given_and_to_others_too() {
    let (directory, store) = store();
    fs::write(directory.path().join("job.ini"), "x").unwrap();
    store.insert("/there", 1.0).unwrap();
    let all = keys();
    assert!(all.len() > 5000, "{}", all.len());
    let all = some(all, 20_000, 1000);
    let mut stored = BTreeSet::new();
    for (n, (text, key, verdict)) in all.iter().enumerate() {
        match verdict {
            Verdict::Accepted => {
                // Below a value nothing can be stored.
                let is_vacant =
                    Key::new(text).unwrap().to_string() == *key && !store.contains_key(key).unwrap();
                assert!(is_vacant, "{text:?}");
                store.insert(text, [n as f64]).unwrap();
                stored.insert((key.clone(), n));
            }
            Verdict::Everywhere(why) => {
                let tried = creations(&store, text).into_iter().chain(looks(&store, text));
                for result in tried {
                    assert_refused(result, why, text);
                }
                assert_refused(Key::new(text), why, text);
                assert_refused(store.contains_key(text), why, text);
                assert_refused(store.check(text, |_| Continue::Yes), why, text);
            }
            Verdict::WhenCreating(why) => {
                for result in creations(&store, text) {
                    assert_refused(result, why, text);
                }
                for (n, result) in looks(&store, text).into_iter().enumerate() {
                    let kind = result.map_err(|error| error.kind());
                    assert_eq!(kind, Err(ErrorKind::NotFound), "{text:?}, {n}");
                }
                assert!(!store.contains_key(text).unwrap());
                let checked = store.check(text, |_| Continue::Yes).map_err(|error| error.kind());
                assert_eq!(checked.map(|_| ()), Err(ErrorKind::NotFound), "{text:?}");
            }
        }
    }
    store.remove("/there").unwrap();
    let other = DataStore::options().read_only(true).at(store.calc_dir()).unwrap();
    for (key, n) in &stored {
        assert_eq!(other.get::<Vec<f64>>(key).unwrap(), [*n as f64], "{key}");
        assert_eq!(other.glob(key).unwrap().collect::<Vec<_>>(), std::slice::from_ref(key));
        let (parent, name) = key.rsplit_once('/').unwrap();
        assert!(other.keys(parent).unwrap().any(|there| there == name), "{key}");
    }
    let walked: BTreeSet<String> = other.walk("/").unwrap().collect();
    let leaves: BTreeSet<&str> = stored.iter().map(|(key, _)| key.as_str()).collect();
    let is_leaf = |key: &&String| other.get::<Vec<f64>>(key).is_ok();
    assert_eq!(walked.iter().filter(is_leaf).map(String::as_str).collect::<BTreeSet<_>>(), leaves);
    assert_eq!(on_disk(&store.calc_dir().join("output.zarr")), walked);
    // Such siblings are kept, and named to the user.
    let faults = other.check("/", |_| Continue::Yes).unwrap().faults;
    assert!(faults.iter().all(|fault| fault.what.contains("differ only by case")), "{faults:?}");
    let exported = store.export_hdf5().unwrap();
    assert_eq!(exported.left_out, []);
    foreign_readers_find(&store, &stored, directory.path());
    eprintln!("keys: {} cases, {} of them accepted", all.len(), stored.len());
}

/// The keys of all directories with a `zarr.json`.
fn on_disk(root: &Path) -> BTreeSet<String> {
    let found = walkdir::WalkDir::new(root).min_depth(2).into_iter().map(|entry| entry.unwrap().into_path());
    let nodes = found.filter(|path| path.ends_with("zarr.json"));
    nodes
        .map(|path| format!("/{}", path.parent().unwrap().strip_prefix(root).unwrap().to_str().unwrap()))
        .collect()
}

fn foreign_readers_find(store: &DataStore, stored: &BTreeSet<(String, usize)>, directory: &Path) {
    let node = |n: &usize| {
        let hex: String = (*n as f64).to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({"kind": "dataset", "attributes": {}, "data_type": "float64", "shape": [1], "hex": hex})
    };
    let nodes: serde_json::Map<_, _> = stored.iter().map(|(key, n)| (key.clone(), node(n))).collect();
    let manifest = directory.join("manifest.json");
    fs::write(&manifest, json!({ "nodes": nodes }).to_string()).unwrap();
    oracle::agree(&[Program::Python("zarr_python.py")], &store.calc_dir().join("output.zarr"), &manifest);
    oracle::agree(&[Program::Python("h5py_read.py")], &store.calc_dir().join("output.hdf5"), &manifest);
}

#[test]
fn the_percent_form_takes_every_name_that_is_not_too_long_and_gives_it_back() {
    for (name, _) in components() {
        let composed: String = name.nfc().collect();
        match escape_component(&name) {
            Ok(escaped) => {
                Key::new(&escaped).unwrap().check_creatable().unwrap();
                assert!(!escaped.contains('/'));
                assert_eq!(unescape_component(&escaped).unwrap(), composed, "{name:?}");
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidKey);
                assert!(name.len() > 85, "{name:?}: {error}");
            }
        }
    }
}

#[test]
fn names_of_columns_attributes_and_dimensions_follow_their_rules() {
    let (_directory, store) = store();
    store.insert("/with/attributes", [1.0]).unwrap();
    let attributes = store.attributes("/with/attributes").unwrap();
    for (n, (name, verdict)) in some(components(), 5000, 200).into_iter().enumerate() {
        let mut table = Table::new();
        let pushed = table.push(&name, vec![n as f64]);
        let key = format!("/t/{n}");
        match verdict {
            Verdict::Accepted => {
                pushed.unwrap();
                store.insert(&key, table).unwrap();
                assert_eq!(
                    store.table(&key).unwrap().column::<Vec<f64>>(&name).unwrap(),
                    [n as f64],
                    "{name:?}"
                );
                assert_eq!(store.get::<Vec<f64>>(&format!("{key}/{name}")).unwrap(), [n as f64], "{name:?}");
            }
            Verdict::Everywhere(why) | Verdict::WhenCreating(why) => assert_refused(pushed, why, &name),
        }
        let has_control = name.chars().any(char::is_control);
        let set = attributes.insert(&name, n as f64);
        if has_control || name.len() > 1024 {
            assert_eq!(set.unwrap_err().kind(), ErrorKind::InvalidInput, "{name:?}");
        } else {
            set.unwrap();
            assert_eq!(attributes.get::<f64>(&name).unwrap(), n as f64, "{name:?}");
            attributes.remove(&name).unwrap();
        }
        // A dimension with labels names a dataset beside the array.
        let key = format!("/d/{n}/a");
        let labelled = store.new_dataset(&key).coordinate(name.clone(), vec![1.0]).insert([n as f64]);
        if verdict == Verdict::Accepted && name != "a" {
            labelled.unwrap();
            assert_eq!(store.get::<Vec<f64>>(&format!("/d/{n}/{name}")).unwrap(), [1.0], "{name:?}");
            let names = store.dataset(&key).unwrap().dimension_names();
            assert_eq!(names, [Some(name.clone())]);
        } else {
            let error = labelled.unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::InvalidKey | ErrorKind::InvalidInput),
                "{name:?}: {error}"
            );
            assert!(!store.contains_key(&key).unwrap(), "{name:?}");
        }
    }
    for taken in ["calcstore", ""] {
        assert_eq!(attributes.insert(taken, 1.0).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}

#[test]
fn the_command_line_takes_the_same_keys() {
    let (directory, store) = store();
    let value = directory.path().join("value.json");
    fs::write(&value, "[1.5]").unwrap();
    let program = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_calcstore"));
        command.arg("--datadir").arg(directory.path()).args(["-c", "1"]).args(arguments).output().unwrap()
    };
    let mut stored = BTreeSet::new();
    for (text, key, verdict) in some(keys(), 1000, 60) {
        // No argument of a program can hold it.
        if text.contains('\0') {
            continue;
        }
        let put = program(&["put", "--", &text, value.to_str().unwrap()]);
        let stderr = String::from_utf8(put.stderr).unwrap();
        assert!(!stderr.contains("panicked"), "{stderr}");
        match verdict {
            Verdict::Accepted => {
                assert!(put.status.success(), "{text:?}: {stderr}");
                stored.insert(key.clone());
                let cat = program(&["cat", "--format", "json", "--", &text]);
                assert_eq!(String::from_utf8(cat.stdout).unwrap().trim(), "[1.5]", "{text:?}");
            }
            Verdict::Everywhere(why) | Verdict::WhenCreating(why) => {
                assert_eq!(put.status.code(), Some(2), "{text:?}: {stderr}");
                assert!(stderr.contains(why) && stderr.lines().count() == 1, "{text:?}: {stderr}");
            }
        }
    }
    // Half of a surrogate pair, as some systems write it, and what is no text at all.
    for bytes in [&b"a\xed\xa0\x80"[..], b"\xff", b"a/\xc0\xae\xc0\xae/x"] {
        let mut put = Command::new(env!("CARGO_BIN_EXE_calcstore"));
        put.arg("--datadir")
            .arg(directory.path())
            .args(["-c", "1", "put"])
            .arg(OsStr::from_bytes(bytes))
            .arg(&value);
        let put = put.output().unwrap();
        assert_eq!(put.status.code(), Some(2), "{put:?}");
        assert!(!String::from_utf8_lossy(&put.stderr).contains("panicked"), "{put:?}");
    }
    let listed = program(&["--json", "ls", "-r"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let shown = listed.to_string();
    for key in &stored {
        assert!(
            shown.contains(&json!(key).to_string().trim_matches('"').trim_start_matches('/').to_owned()),
            "{key}"
        );
    }
    assert_eq!(stored.iter().filter(|key| store.get::<Vec<f64>>(key).is_err()).count(), 0);
}
