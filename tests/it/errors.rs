//! Every kind of error, provoked through the public interface, with its whole text.

mod calculations;
mod datasets;
mod labels;
mod system;

use std::fs;
use std::path::Path;

use calcstore::{DataStore, Error, ErrorKind, Table};
use ndarray::{Array2, array};
use serde_json::json;
use tempfile::TempDir;

fn store() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

/// Checks kind and text of an error; `…` stands for the directory of the test.
#[track_caller]
fn says<T>(directory: &Path, result: Result<T, Error>, kind: ErrorKind, text: &str) {
    let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.to_string().replace(directory.to_str().unwrap(), "…"), text);
}

#[test]
fn what_is_not_found_is_said_with_what_there_is() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/curves", 1.0).unwrap();
    says(at, store.get::<f64>("/x/y"), ErrorKind::NotFound, "/x/y: not found");
    says(at, store.get::<f64>("/curve"), ErrorKind::NotFound, "/curve: not found; did you mean /curves?");
    says(at, store.get::<f64>("/curves/x"), ErrorKind::NotFound, "/curves/x: not found");
    says(
        at,
        store.attributes("/curves").unwrap().get::<f64>("units"),
        ErrorKind::NotFound,
        r#"/curves: attribute "units": not found"#,
    );
    let data = DataStore::options().data_dir(at.join("data"));
    says(at, data.open(3), ErrorKind::NotFound, "there is no calculation 3; there are none yet (…/data)");
    data.create().unwrap();
    data.create().unwrap();
    says(
        at,
        data.open(3),
        ErrorKind::NotFound,
        "there is no calculation 3; there are 2 from 1 to 2 (…/data)",
    );
    says(at, data.open(-3), ErrorKind::NotFound, "there is no calculation -3: there are 2 (…/data)");
    let missing = DataStore::options().read_only(true).at(at.join("missing"));
    says(at, missing, ErrorKind::NotFound, "cannot open: No such file or directory (os error 2) (…/missing)");
    fs::create_dir(at.join("empty")).unwrap();
    let empty = DataStore::options().read_only(true).at(at.join("empty"));
    says(at, empty, ErrorKind::NotFound, "there is no store here: no output.zarr/zarr.json (…/empty)");
}

#[test]
fn what_exists_already_is_not_replaced_unasked() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    store.insert("/b", 1.0).unwrap();
    says(
        at,
        store.insert_new("/a", 2.0),
        ErrorKind::AlreadyExists,
        "/a: there is a value or a group here already",
    );
    says(
        at,
        store.rename("/a", "/b"),
        ErrorKind::AlreadyExists,
        "/b: there is a value or a group here already",
    );
    store.export_hdf5().unwrap();
    says(
        at,
        store.export_hdf5(),
        ErrorKind::AlreadyExists,
        "there is such a file already; name another one, or replace it by `force` (…/store/output.hdf5)",
    );
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    says(at, table.push("PGA", [1.0]), ErrorKind::AlreadyExists, "PGA: there is a column of this name");
}

#[test]
fn conflicts_of_groups_and_values_name_the_key_that_is_in_the_way() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/g/a", 1.0).unwrap();
    says(
        at,
        store.insert("/g", 2.0),
        ErrorKind::Conflict,
        "/g: holds a group, which a value never replaces; remove the group first",
    );
    says(
        at,
        store.insert("/g/a/x/y", 2.0),
        ErrorKind::Conflict,
        "/g/a: holds a value; nothing can be stored below a value",
    );
    says(at, store.insert("/", 2.0), ErrorKind::Conflict, "/: the root is a group and cannot be a value");
    says(
        at,
        store.keys("/g/a"),
        ErrorKind::Conflict,
        "/g/a: holds a value, which cannot be listed as a group can",
    );
    says(at, store.remove("/"), ErrorKind::Conflict, "/: the root cannot be removed; clear() empties it");
    says(
        at,
        store.rename("/g", "/g/h"),
        ErrorKind::Conflict,
        "/g: cannot be moved to /g/h, which is itself or below it",
    );
    says(at, store.rename("/", "/h"), ErrorKind::Conflict, "/: the root cannot be moved, nor moved over");
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    store.insert("/t", table).unwrap();
    says(
        at,
        store.remove("/t/PGA"),
        ErrorKind::Conflict,
        "/t/PGA: a column cannot be taken out of its table; replace the table",
    );
    fs::create_dir(at.join("store/output.zarr/stranger")).unwrap();
    says(
        at,
        store.insert("/stranger", 1.0),
        ErrorKind::Conflict,
        "/stranger: something that is no node of the store is in the way (…/store/output.zarr/stranger)",
    );
}

#[test]
fn wrong_types_and_shapes_say_what_is_stored_and_what_was_asked_for() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", array![[1.0, 2.0]]).unwrap();
    store.insert_object("/o", &("x", 1u8)).unwrap();
    says(
        at,
        store.get::<Array2<f32>>("/a"),
        ErrorKind::WrongType,
        "/a: holds float64 elements, asked for float32",
    );
    says(
        at,
        store.get::<Table>("/a"),
        ErrorKind::WrongType,
        "/a: holds a float64 array of shape [1, 2], asked for a table",
    );
    says(at, store.get::<f64>("/"), ErrorKind::WrongType, "/: holds a group, asked for a float64 array");
    says(
        at,
        store.object::<f64>("/a"),
        ErrorKind::WrongType,
        "/a: holds a float64 array of shape [1, 2], asked for an object",
    );
    says(at, store.object::<(u8, u8)>("/o"), ErrorKind::WrongType, "/o: stored str, asked for u8 at [0]");
    says(
        at,
        store.get::<Vec<f64>>("/a"),
        ErrorKind::WrongShape,
        "/a: holds an array of shape [1, 2], asked for rank 1",
    );
    says(
        at,
        store.insert("/t", Table::new()),
        ErrorKind::WrongShape,
        "/t: a table needs at least one column",
    );
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    says(at, table.push("PGV", [1.0, 2.0]), ErrorKind::WrongShape, "PGV: has 2 rows, where column PGA has 1");
    says(at, table.push("one", 1.0), ErrorKind::WrongShape, "one: a scalar cannot be a column");
    let attributes = store.attributes("/a").unwrap();
    says(
        at,
        attributes.insert("t", &table),
        ErrorKind::WrongType,
        r#"/a: attribute "t": only arrays, scalars and text can be attributes"#,
    );
}

#[test]
fn invalid_keys_and_input_name_the_rule() {
    let (directory, store) = store();
    let at = directory.path();
    says(
        at,
        store.get::<f64>("/a/../b"),
        ErrorKind::InvalidKey,
        "/a/../b: not a valid key: a component may not be dots alone",
    );
    says(
        at,
        store.insert("/a:b", 1.0),
        ErrorKind::InvalidKey,
        "/a:b: not a valid key: ':' may not stand in a key; it can be written as %3A",
    );
    says(
        at,
        store.insert("/Con.txt", 1.0),
        ErrorKind::InvalidKey,
        "/Con.txt: not a valid key: `Con.txt` is the name of a Windows device",
    );
    says(
        at,
        store.insert("/e\u{301}", 1.0),
        ErrorKind::InvalidKey,
        r"/e\u{301}: not a valid key: it is not in Unicode's normal form NFC; bring it to NFC first",
    );
    let attributes = store.attributes("/").unwrap();
    says(
        at,
        attributes.insert("calcstore", 1.0),
        ErrorKind::InvalidInput,
        r#"/: attribute "calcstore": the name is reserved"#,
    );
    says(
        at,
        DataStore::options().data_dir(at).open(0),
        ErrorKind::InvalidInput,
        "0 is no ID of a calculation: they are 1, 2, … and -1 for the last",
    );
    let create = DataStore::options().data_dir(at).read_only(true).create();
    says(at, create, ErrorKind::InvalidInput, "a calculation cannot be made for reading only");
    let mixed = [(json!(1), f64::NAN), (json!("a"), 1.0)];
    says(
        at,
        store.insert_object("/o", &mixed),
        ErrorKind::InvalidInput,
        "/o: the value can only be stored as JSON, because one of its types shows different structures, and JSON has no NaN \
         and no infinity: give the type one structure, or leave them out",
    );
}

#[test]
fn what_may_only_be_read_is_not_written() {
    let (directory, store) = store();
    let at = directory.path();
    let reader = DataStore::options().read_only(true).at(store.calc_dir()).unwrap();
    says(
        at,
        reader.insert("/a", 1.0),
        ErrorKind::ReadOnly,
        "/a: the store was opened for reading only (…/store)",
    );
    let foreign = DataStore::at(at.join("store/output.zarr"));
    says(
        at,
        foreign,
        ErrorKind::ReadOnly,
        "a Zarr hierarchy that is no calculation can be opened for reading only (…/store/output.zarr)",
    );
}

#[test]
fn what_a_later_version_wrote_is_unsupported() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    let metadata = at.join("store/output.zarr/a/zarr.json");
    let change = |from: &str, to: &str| {
        let text = fs::read_to_string(&metadata).unwrap();
        assert!(text.contains(from));
        fs::write(&metadata, text.replace(from, to)).unwrap();
    };
    change("\"crc32c\"", "\"crc64\"");
    says(at, store.get::<f64>("/a"), ErrorKind::Unsupported, r#"/a: the codec "crc64" is not supported"#);
    change("float64", "float128");
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Unsupported,
        r#"/a: the data type "float128" is not supported (…/store/output.zarr/a/zarr.json)"#,
    );
    change("\"attributes\":{}", "\"attributes\":{\"calcstore\":{\"kind\":\"graph\"}}");
    change("float128", "float64");
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Unsupported,
        r#"/a: a node of kind "graph" needs a newer version of calcstore (…/store/output.zarr/a/zarr.json)"#,
    );
    let format = at.join("store/.calcstore/format.json");
    fs::write(format, r#"{"calcstore_format":7,"writer":"calcstore 9.0.0"}"#).unwrap();
    says(
        at,
        DataStore::at(at.join("store")),
        ErrorKind::Unsupported,
        r#"format 7, written by "calcstore 9.0.0", needs a newer version of calcstore; this one knows format 1 (…/store)"#,
    );
}

#[test]
fn damage_names_the_file() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    let chunk = at.join("store/output.zarr/a/c");
    fs::write(&chunk, [0; 12]).unwrap();
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Corrupt,
        "/a: a chunk is damaged: its checksum is wrong (…/store/output.zarr/a/c)",
    );
    fs::write(&chunk, [0; 3]).unwrap();
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Corrupt,
        "/a: the chunk has 3 bytes, where 12 belong (…/store/output.zarr/a/c)",
    );
    fs::remove_file(&chunk).unwrap();
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Corrupt,
        "/a: the chunk is missing (…/store/output.zarr/a/c)",
    );
    fs::write(at.join("store/output.zarr/a/zarr.json"), "{").unwrap();
    says(
        at,
        store.get::<f64>("/a"),
        ErrorKind::Corrupt,
        "/a: zarr.json makes no sense: EOF while parsing an object at line 1 column 1 (…/store/output.zarr/a/zarr.json)",
    );
}
