//! Every kind of error, provoked through the public interface, with its whole text.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use calcstore::{Continue, DataStore, Error, ErrorKind, Get, Stored, Table};
use insta::assert_snapshot;
use ndarray::{Array2, array};
use serde_json::json;
use tempfile::TempDir;

use crate::oracle;

fn store() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

/// The text of an error of this kind, with `…` for the directory of the test.
#[track_caller]
fn text<T>(result: Result<T, Error>, kind: ErrorKind, directory: &Path) -> String {
    let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
    assert_eq!(error.kind(), kind, "{error}");
    assert!(!error.to_string().contains('\n'));
    assert!(error.to_string().contains(error.message()));
    error.to_string().replace(&*directory.canonicalize().unwrap().to_string_lossy(), "…")
}

#[test]
fn what_is_not_found_is_said_with_what_there_is() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/curves", 1.0).unwrap();
    assert_snapshot!(text(store.get::<f64>("/x/y"), ErrorKind::NotFound, at), @"/x/y: not found");
    assert_snapshot!(text(store.get::<f64>("/curve"), ErrorKind::NotFound, at), @"/curve: not found; did you mean /curves?");
    assert_snapshot!(text(store.get::<f64>("/curves/x"), ErrorKind::NotFound, at), @"/curves/x: not found");
    assert_snapshot!(text(store.attributes("/curves").unwrap().get::<f64>("units"), ErrorKind::NotFound, at), @r#"/curves: attribute "units": not found"#);
    let data = DataStore::options().data_dir(at.join("data"));
    assert_snapshot!(text(data.open(3), ErrorKind::NotFound, at), @"there is no calculation 3; there are none yet (…/data)");
    data.create().unwrap();
    data.create().unwrap();
    assert_snapshot!(text(data.open(3), ErrorKind::NotFound, at), @"there is no calculation 3; there are 2 from 1 to 2 (…/data)");
    assert_snapshot!(text(data.open(-3), ErrorKind::NotFound, at), @"there is no calculation -3: there are 2 (…/data)");
    let missing = DataStore::options().read_only(true).at(at.join("missing"));
    assert_snapshot!(text(missing, ErrorKind::NotFound, at), @"cannot open: No such file or directory (os error 2) (…/missing)");
    fs::create_dir(at.join("empty")).unwrap();
    let empty = DataStore::options().read_only(true).at(at.join("empty"));
    assert_snapshot!(text(empty, ErrorKind::NotFound, at), @"there is no store here: no output.zarr/zarr.json (…/empty)");
}

#[test]
fn what_exists_already_is_not_replaced_unasked() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    store.insert("/b", 1.0).unwrap();
    assert_snapshot!(text(store.insert_new("/a", 2.0), ErrorKind::AlreadyExists, at), @"/a: there is a value or a group here already");
    assert_snapshot!(text(store.rename("/a", "/b"), ErrorKind::AlreadyExists, at), @"/b: there is a value or a group here already");
    store.export_hdf5().unwrap();
    assert_snapshot!(text(store.export_hdf5(), ErrorKind::AlreadyExists, at), @"there is such a file already; force the export to replace it, or name another file (…/store/output.hdf5)");
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    assert_snapshot!(text(table.push("PGA", [1.0]), ErrorKind::AlreadyExists, at), @"PGA: there is a column of this name");
}

#[test]
fn conflicts_of_groups_and_values_name_the_key_that_is_in_the_way() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/g/a", 1.0).unwrap();
    assert_snapshot!(text(store.insert("/g", 2.0), ErrorKind::Conflict, at), @"/g: holds a group, which a value never replaces; remove the group first");
    assert_snapshot!(text(store.insert("/g/a/x/y", 2.0), ErrorKind::Conflict, at), @"/g/a: holds a value; nothing can be stored below a value");
    assert_snapshot!(text(store.insert("/", 2.0), ErrorKind::Conflict, at), @"/: the root is a group and cannot be a value");
    assert_snapshot!(text(store.keys("/g/a"), ErrorKind::Conflict, at), @"/g/a: holds a value, which cannot be listed as a group can");
    assert_snapshot!(text(store.remove("/"), ErrorKind::Conflict, at), @"/: the root cannot be removed; clear() empties it");
    assert_snapshot!(text(store.rename("/g", "/g/h"), ErrorKind::Conflict, at), @"/g: cannot be moved to /g/h, which is itself or below it");
    assert_snapshot!(text(store.rename("/", "/h"), ErrorKind::Conflict, at), @"/: the root cannot be moved, nor moved over");
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    store.insert("/t", table).unwrap();
    assert_snapshot!(text(store.remove("/t/PGA"), ErrorKind::Conflict, at), @"/t/PGA: a column cannot be taken out of its table; replace the table");
    fs::create_dir(at.join("store/output.zarr/stranger")).unwrap();
    assert_snapshot!(text(store.insert("/stranger", 1.0), ErrorKind::Conflict, at), @"/stranger: something that is no node of the store is in the way (…/store/output.zarr/stranger)");
}

#[test]
fn wrong_types_and_shapes_say_what_is_stored_and_what_was_asked_for() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", array![[1.0, 2.0]]).unwrap();
    store.insert_object("/o", &("x", 1u8)).unwrap();
    assert_snapshot!(text(store.get::<Array2<f32>>("/a"), ErrorKind::WrongType, at), @"/a: holds float64 elements, asked for float32");
    assert_snapshot!(text(store.get::<Table>("/a"), ErrorKind::WrongType, at), @"/a: holds a float64 array of shape [1, 2], asked for a table");
    assert_snapshot!(text(store.get::<f64>("/"), ErrorKind::WrongType, at), @"/: holds a group, asked for a float64 array");
    assert_snapshot!(text(store.object::<f64>("/a"), ErrorKind::WrongType, at), @"/a: holds a float64 array of shape [1, 2], asked for an object");
    assert_snapshot!(text(store.object::<(u8, u8)>("/o"), ErrorKind::WrongType, at), @"/o: stored str, asked for u8 at [0]");
    assert_snapshot!(text(store.get::<Vec<f64>>("/a"), ErrorKind::WrongShape, at), @"/a: holds an array of shape [1, 2], asked for rank 1");
    assert_snapshot!(text(store.insert("/t", Table::new()), ErrorKind::WrongShape, at), @"/t: a table needs at least one column");
    let mut table = Table::new();
    table.push("PGA", [1.0]).unwrap();
    assert_snapshot!(text(table.push("PGV", [1.0, 2.0]), ErrorKind::WrongShape, at), @"PGV: has 2 rows, where column PGA has 1");
    assert_snapshot!(text(table.push("one", 1.0), ErrorKind::WrongShape, at), @"one: a scalar cannot be a column");
    let attributes = store.attributes("/a").unwrap();
    assert_snapshot!(text(attributes.insert("t", &table), ErrorKind::WrongType, at), @r#"/a: attribute "t": only arrays, scalars and text can be attributes"#);
}

#[test]
fn invalid_keys_and_input_name_the_rule() {
    let (directory, store) = store();
    let at = directory.path();
    assert_snapshot!(text(store.get::<f64>("/a/../b"), ErrorKind::InvalidKey, at), @"/a/../b: not a valid key: a component may not be dots alone");
    assert_snapshot!(text(store.insert("/a:b", 1.0), ErrorKind::InvalidKey, at), @"/a:b: not a valid key: ':' may not stand in a key; escape_component() can write it as %3A");
    assert_snapshot!(text(store.insert("/Con.txt", 1.0), ErrorKind::InvalidKey, at), @"Con.txt: not a valid key: `Con.txt` is the name of a Windows device");
    assert_snapshot!(text(store.insert("/e\u{301}", 1.0), ErrorKind::InvalidKey, at), @r#"e\u{301}: not a valid key: it is not in Unicode's normal form NFC; bring it to NFC first"#);
    let attributes = store.attributes("/").unwrap();
    assert_snapshot!(text(attributes.insert("calcstore", 1.0), ErrorKind::InvalidInput, at), @r#"/: attribute "calcstore": the name is reserved"#);
    assert_snapshot!(text(DataStore::options().data_dir(at).open(0), ErrorKind::InvalidInput, at), @"0 is no ID of a calculation: they are 1, 2, … and -1 for the last");
    let create = DataStore::options().data_dir(at).read_only(true).create();
    assert_snapshot!(text(create, ErrorKind::InvalidInput, at), @"a calculation cannot be made for reading only");
    let mixed = [(json!(1), f64::NAN), (json!("a"), 1.0)];
    assert_snapshot!(text(store.insert_object("/o", &mixed), ErrorKind::InvalidInput, at), @"");
}

#[test]
fn what_may_only_be_read_is_not_written() {
    let (directory, store) = store();
    let at = directory.path();
    let reader = DataStore::options().read_only(true).at(store.calc_dir()).unwrap();
    assert_snapshot!(text(reader.insert("/a", 1.0), ErrorKind::ReadOnly, at), @"/a: the store was opened for reading only (…/store)");
    let foreign = DataStore::at(at.join("store/output.zarr"));
    assert_snapshot!(text(foreign, ErrorKind::ReadOnly, at), @"a Zarr hierarchy that is no calculation can be opened for reading only (…/store/output.zarr)");
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
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Unsupported, at), @r#"/a: the codecs [{"name":"bytes","configuration":{"endian":"little"}},{"name":"crc64"}] are not supported: codec crc64 is not supported"#);
    change("float64", "float128");
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Unsupported, at), @r#"/a: the data type "float128" is not supported (…/store/output.zarr/a/zarr.json)"#);
    change("\"attributes\":{}", "\"attributes\":{\"calcstore\":{\"kind\":\"graph\"}}");
    change("float128", "float64");
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Unsupported, at), @r#"/a: a node of kind "graph" needs a newer version of calcstore (…/store/output.zarr/a/zarr.json)"#);
    let format = at.join("store/.calcstore/format.json");
    fs::write(format, r#"{"calcstore_format":7,"writer":"calcstore 9.0.0"}"#).unwrap();
    assert_snapshot!(text(DataStore::at(at.join("store")), ErrorKind::Unsupported, at), @r#"format 7, written by "calcstore 9.0.0", needs a newer version of calcstore; this one knows format 1 (…/store)"#);
}

#[test]
fn damage_names_the_file() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    let chunk = at.join("store/output.zarr/a/c");
    fs::write(&chunk, [0; 12]).unwrap();
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Corrupt, at), @"/a: a chunk is damaged: its checksum is wrong (…/store/output.zarr/a/c)");
    fs::write(&chunk, [0; 3]).unwrap();
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Corrupt, at), @"/a: the chunk has 3 bytes, where 12 belong (…/store/output.zarr/a/c)");
    fs::remove_file(&chunk).unwrap();
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Corrupt, at), @"/a: the chunk is missing (…/store/output.zarr/a/c)");
    fs::write(at.join("store/output.zarr/a/zarr.json"), "{").unwrap();
    assert_snapshot!(text(store.get::<f64>("/a"), ErrorKind::Corrupt, at), @"/a: zarr.json makes no sense: EOF while parsing an object at line 1 column 1 (…/store/output.zarr/a/zarr.json)");
}

#[test]
fn a_lock_that_another_program_holds_is_waited_for_only_so_long() {
    let (directory, _) = store();
    let at = directory.path();
    let store = DataStore::options().lock_timeout(Duration::from_millis(50)).at(at.join("store")).unwrap();
    store.insert("/a", 1.0).unwrap();
    let lock = File::options().read(true).write(true).open(at.join("store/.calcstore/locks/tree")).unwrap();
    lock.lock().unwrap();
    lock.set_len(0).unwrap();
    assert_snapshot!(text(store.insert("/b", 1.0), ErrorKind::Locked, at), @"/b: locked; gave up after 0 s (…/store/.calcstore/locks/tree)");
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
    drop(lock);
    store.insert("/b", 1.0).unwrap();
}

/// What is written anew while it is read.
static METADATA: OnceLock<PathBuf> = OnceLock::new();

#[derive(Debug)]
struct Changing;

impl Get for Changing {
    fn get(_: &Stored<'_>) -> Result<Self, Error> {
        let path = METADATA.get().unwrap();
        let next = path.with_extension("next");
        fs::copy(path, &next).unwrap();
        fs::rename(next, path).unwrap();
        Ok(Self)
    }
}

#[test]
fn a_value_that_changes_faster_than_it_can_be_read_is_busy() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    let metadata = at.join("store/output.zarr/a/zarr.json");
    METADATA.set(metadata).unwrap();
    assert_snapshot!(text(store.get::<Changing>("/a"), ErrorKind::Busy, at), @"");
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
}

#[test]
fn what_the_caller_stops_is_cancelled_and_leaves_nothing() {
    let (directory, store) = store();
    let at = directory.path();
    store.insert("/a", 1.0).unwrap();
    assert_snapshot!(text(store.check("/", |_| Continue::No), ErrorKind::Cancelled, at), @"stopped");
    let file = at.join("x.hdf5");
    let export = store.hdf5_export().file(&file).on_progress(|_| Continue::No).run();
    assert_snapshot!(text(export, ErrorKind::Cancelled, at), @"/a: the export was stopped");
    assert_eq!(fs::read_dir(at).unwrap().count(), 1);
}

#[test]
fn other_failures_of_the_system_are_passed_on() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    fs::write(at.join("file"), "").unwrap();
    assert_snapshot!(text(DataStore::at(at.join("file")), ErrorKind::Io, at), @"cannot open: Not a directory (os error 20) (…/file)");
}

/// Runs a test of this program again, in a process of its own that `prepare` can restrict; says false in that process.
fn in_child(test: &str, directory: &Path, prepare: impl FnOnce(Command) -> Command) -> bool {
    if std::env::var_os("CALCSTORE_TEST_CHILD").is_some() {
        return false;
    }
    let mut command = prepare(Command::new(std::env::current_exe().unwrap()));
    command.args(["--exact", &format!("errors::{test}"), "--nocapture"]);
    let output = command.env("CALCSTORE_TEST_CHILD", directory).output();
    match output {
        // A place that only its owner can reach.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            assert_eq!(oracle::skip("a user without rights who can run the tests"), Vec::<String>::new());
        }
        output => {
            let output = output.unwrap();
            assert!(output.status.success(), "{output:?}");
            assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
        }
    }
    true
}

fn child_directory() -> PathBuf {
    PathBuf::from(std::env::var_os("CALCSTORE_TEST_CHILD").unwrap())
}

#[test]
fn what_the_system_does_not_permit_is_denied() {
    let (directory, _store) = store();
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let as_nobody = |mut command: Command| {
        if is_root {
            command.uid(65534).gid(65534);
        }
        command
    };
    fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    if in_child("what_the_system_does_not_permit_is_denied", directory.path(), as_nobody) {
        return;
    }
    let at = child_directory();
    let denied = text(DataStore::at(at.join("new")), ErrorKind::PermissionDenied, &at);
    assert_eq!(denied, "cannot make the directory: Permission denied (os error 13) (…/new)");
}

#[test]
fn a_full_disk_is_told_and_what_was_stored_before_is_kept() {
    let (directory, store) = store();
    store.insert("/a", 1.0).unwrap();
    let small_files = |command: Command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\""]).arg(command.get_program());
        shell
    };
    if in_child("a_full_disk_is_told_and_what_was_stored_before_is_kept", directory.path(), small_files) {
        return;
    }
    let at = child_directory();
    let store = DataStore::at(at.join("store")).unwrap();
    let full = store.insert("/b", Array2::<f64>::zeros((300, 300)));
    let full = text(full, ErrorKind::StorageFull, &at);
    assert_eq!(full, "/b: cannot write to: File too large (os error 27) (…/store/.calcstore)");
    assert_eq!(store.get::<f64>("/a").unwrap(), 1.0);
    assert_eq!(store.keys("/").unwrap().collect::<Vec<_>>(), ["a"]);
    store.insert("/c", 2.0).unwrap();
    let staged = fs::read_dir(at.join("store/.calcstore/stage")).unwrap().map(|entry| entry.unwrap().path());
    let left: Vec<_> =
        staged.flat_map(|stage| fs::read_dir(stage).unwrap()).map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "owner"), "{left:?}");
}
