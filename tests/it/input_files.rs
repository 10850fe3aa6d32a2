//! Files kept whole with the results.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use calcstore::{Bytes, DataStore, Error, ErrorKind, Overwrite};
use serde_json::json;
use tempfile::TempDir;

use crate::oracle;

/// A directory with a store in it, and input files beside it.
struct Desk {
    directory: TempDir,
    store: DataStore,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = DataStore::at(directory.path().join("store")).unwrap();
        Self { directory, store }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    #[track_caller]
    fn says<T>(&self, result: Result<T, Error>, kind: ErrorKind, text: &str) {
        let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.to_string().replace(self.directory.path().to_str().unwrap(), "…"), text);
    }
}

fn random(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..length).map(|_| next()).collect()
}

/// Names that keys cannot hold, and one in the decomposed form of `é`.
const NAMES: [&str; 7] =
    ["job.ini", "a:b\\c.xml", "nul", "sub/__x", "sub/zarr.json", "sub/100% ", "sub/deep/cafe\u{301}.csv"];

#[test]
fn files_come_back_as_they_were_whatever_they_are_called() {
    let desk = Desk::new();
    let contents = [b"[general]".to_vec(), Vec::new(), random(10_000_000), vec![0; 5_000_000], b"x".to_vec()];
    let content = |at: usize| &contents[at % contents.len()];
    let paths: Vec<PathBuf> =
        (0..NAMES.len()).map(|at| desk.write(&format!("model/{}", NAMES[at]), content(at))).collect();
    let stored = desk.store.store_files("/input", &paths).unwrap();
    let listed = desk.store.files("/input").unwrap();
    let sorted = |mut files: Vec<_>| {
        files.sort_by_key(|file: &calcstore::StoredFile| file.key.clone());
        files
    };
    assert_eq!(sorted(stored), sorted(listed.clone()));
    for (at, name) in NAMES.iter().enumerate() {
        let file = listed.iter().find(|file| file.name == *name).unwrap();
        assert_eq!(file.bytes, content(at).len() as u64);
        assert_eq!(&desk.store.file("/input", name).unwrap(), content(at));
    }
    assert!(listed.iter().any(|file| file.key == "/input/sub/zarr%2Ejson"));
    assert!(listed.iter().any(|file| file.stored_bytes < 10_000 && file.bytes == 5_000_000));

    let written = desk.store.extract_files("/input", desk.path("again/there"), Overwrite::No).unwrap();
    assert_eq!(written.len(), NAMES.len());
    for (at, name) in NAMES.iter().enumerate() {
        assert_eq!(&fs::read(desk.path("again/there").join(name)).unwrap(), content(at), "{name}");
    }
    assert_eq!(walkdir(&desk.path("again/there")), NAMES.len());
}

/// The number of files below a directory: nothing else is left there.
fn walkdir(path: &Path) -> usize {
    let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walkdir(&path) } else { 1 }).sum()
}

#[test]
fn names_are_relative_to_what_the_paths_have_in_common() {
    let desk = Desk::new();
    let names = |paths: &[&str]| -> Vec<String> {
        let paths: Vec<PathBuf> = paths.iter().map(|name| desk.write(name, "x")).collect();
        desk.store.store_files("/f", paths).unwrap().into_iter().map(|file| file.name).collect()
    };
    assert_eq!(names(&["m/one/job.ini"]), ["job.ini"]);
    assert_eq!(names(&["m/one/job.ini", "m/one/b/c.xml"]), ["b/c.xml", "job.ini"]);
    assert_eq!(names(&["m/one/job.ini", "m/two/job.ini"]), ["one/job.ini", "two/job.ini"]);
    assert_eq!(names(&["m/one/../two/./job.ini"]), ["job.ini"]);
    assert_eq!(names(&["m/ab", "m/abc"]), ["ab", "abc"]);
    assert!(desk.store.store_files("/f", Vec::<&Path>::new()).unwrap().is_empty());
}

#[test]
fn a_file_stored_again_replaces_the_one_before() {
    let desk = Desk::new();
    let path = desk.write("job.ini", "first");
    desk.store.store_files("/input", [&path]).unwrap();
    let gzip = |store: &DataStore| store.get::<Bytes<Vec<u8>>>("/input/job.ini").unwrap().0;
    let first = gzip(&desk.store);
    desk.write("job.ini", "second!");
    desk.store.store_files("/input", [&path]).unwrap();
    assert_eq!(desk.store.file("/input", "job.ini").unwrap(), b"second!");
    assert_eq!(desk.store.attributes("/input/job.ini").unwrap().get::<i64>("original_size").unwrap(), 7);
    desk.write("job.ini", "first");
    desk.store.store_files("/input", [&path]).unwrap();
    assert_eq!(gzip(&desk.store), first, "the same content makes other bytes");
}

#[test]
fn what_cannot_be_stored_is_named_and_nothing_is_stored() {
    let desk = Desk::new();
    let job = desk.write("m/job.ini", "x");
    let invalid = ErrorKind::InvalidInput;
    let store = |paths: &[&Path]| desk.store.store_files("/input", paths);
    desk.says(store(&[&job, &desk.path("m")]), invalid, "is a directory; name the files in it (…/m)");
    desk.says(
        store(&[&job, &desk.path("m/none")]),
        ErrorKind::NotFound,
        "cannot read: No such file or directory (os error 2) (…/m/none)",
    );
    desk.says(
        store(&[&job, &desk.path("m/../m/job.ini")]),
        invalid,
        "/input/job.ini: two files would be stored here; the other is …/m/job.ini (…/m/../m/job.ini)",
    );
    let composed = desk.write("m/\u{e9}", "x");
    let decomposed = desk.write("m/e\u{301}", "x");
    desk.says(
        store(&[&composed, &decomposed]),
        invalid,
        "/input/é: two files would be stored here; the other is …/m/é (…/m/e\u{301})",
    );
    let latin = desk.path("m").join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::write(&latin, "x").unwrap();
    desk.says(
        store(&[&job, &latin]),
        invalid,
        "the name is not UTF-8, as keys are; rename the file (…/m/caf\u{fffd})",
    );
    desk.says(store(&[Path::new("/dev/null")]), invalid, "is no regular file (/dev/null)");
    desk.says(store(&[Path::new("")]), invalid, "an empty path names no file");
    // Its size is said to be 0, but there is something in it.
    let growing = Path::new("/proc/self/status");
    desk.says(
        store(&[growing]),
        ErrorKind::Busy,
        "the file changed while it was being read; store it once nobody writes to it (/proc/self/status)",
    );
    let long = desk.write(&format!("m/{}", ":".repeat(100)), "x");
    let key = ":".repeat(100);
    desk.says(
        store(&[&long]),
        ErrorKind::InvalidKey,
        &format!("{key}: not a valid key: a component is longer than 255 bytes (…/m/{key})"),
    );
    assert!(desk.store.is_empty("/").unwrap());
    let reader = DataStore::options().read_only(true).at(desk.store.calc_dir()).unwrap();
    let text = "/input/job.ini: the store was opened for reading only (…/store)";
    desk.says(reader.store_files("/input", [&job]), ErrorKind::ReadOnly, text);
}

#[test]
fn what_is_no_stored_file_is_not_read_as_one() {
    let desk = Desk::new();
    let path = desk.write("job.ini", "x");
    desk.store.store_files("/input", [&path]).unwrap();
    desk.store.insert("/input/plain", Bytes(b"abc")).unwrap();
    desk.store.insert("/input/n", 1.0).unwrap();
    let file = |name| desk.store.file("/input", name);
    desk.says(file("plain"), ErrorKind::WrongType, "/input/plain: holds 3 bytes, asked for a stored file");
    desk.says(
        file("n"),
        ErrorKind::WrongType,
        "/input/n: holds a float64 array of shape [], asked for a stored file",
    );
    desk.says(
        file("jobs.ini"),
        ErrorKind::NotFound,
        "/input/jobs.ini: not found; did you mean /input/job.ini?",
    );
    desk.says(file("../x"), ErrorKind::NotFound, "/input/%2E%2E/x: not found");
    desk.says(desk.store.files("/inputs"), ErrorKind::NotFound, "/inputs: not found; did you mean /input?");
    assert_eq!(desk.store.files("/").unwrap().len(), 1);
}

#[test]
fn a_damaged_file_is_an_error_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let path = desk.write("job.ini", "0123456789");
    desk.store.store_files("/input", [&path]).unwrap();
    let attributes = desk.store.attributes("/input/job.ini").unwrap();
    let extracted = || desk.store.extract_files("/input", desk.path("out"), Overwrite::No);
    for (size, text) in [
        (9, "/input/job.ini: the stored file is damaged: it has more than the 9 bytes that belong there"),
        (11, "/input/job.ini: the stored file is damaged: it has 10 bytes, where 11 belong"),
    ] {
        attributes.insert("original_size", size).unwrap();
        desk.says(desk.store.file("/input", "job.ini"), ErrorKind::Corrupt, text);
        desk.says(extracted(), ErrorKind::Corrupt, text);
    }
    fs::write(desk.path("store/output.zarr/input/job.ini/c.0"), [0; 34]).unwrap();
    let text =
        "/input/job.ini: a chunk is damaged: its checksum is wrong (…/store/output.zarr/input/job.ini/c.0)";
    desk.says(extracted(), ErrorKind::Corrupt, text);
    assert_eq!(walkdir(&desk.path("out")), 0);
}

#[test]
fn files_are_extracted_over_others_only_when_asked() {
    let desk = Desk::new();
    let paths = [desk.write("m/a", "new a"), desk.write("m/sub/b", "new b")];
    desk.store.store_files("/input", &paths).unwrap();
    desk.write("out/sub/b", "old b");
    let extract = |overwrite| desk.store.extract_files("/input", desk.path("out"), overwrite);
    desk.says(
        extract(Overwrite::No),
        ErrorKind::AlreadyExists,
        "there is such a file already; name another directory, or ask to overwrite it (…/out/sub/b)",
    );
    assert!(!desk.path("out/a").exists());
    assert_eq!(fs::read_to_string(desk.path("out/sub/b")).unwrap(), "old b");
    assert_eq!(extract(Overwrite::Yes).unwrap(), [desk.path("out/a"), desk.path("out/sub/b")]);
    assert_eq!(fs::read_to_string(desk.path("out/sub/b")).unwrap(), "new b");
    assert_eq!(walkdir(&desk.path("out")), 2);
}

#[test]
fn nothing_is_extracted_outside_of_the_directory() {
    let desk = Desk::new();
    let path = desk.write("m/sub/b", "x");
    let other = desk.write("m/a", "x");
    desk.store.store_files("/input", [path, other]).unwrap();
    fs::create_dir(desk.path("outside")).unwrap();
    fs::create_dir(desk.path("out")).unwrap();
    std::os::unix::fs::symlink(desk.path("outside"), desk.path("out/sub")).unwrap();
    for overwrite in [Overwrite::No, Overwrite::Yes] {
        let _ = fs::remove_file(desk.path("out/a"));
        let result = desk.store.extract_files("/input", desk.path("out"), overwrite);
        desk.says(result, ErrorKind::Io, "cannot write: Not a directory (os error 20) (…/out/sub/b)");
    }
    assert_eq!(walkdir(&desk.path("outside")), 0);
    let attributes = desk.store.attributes("/input/sub/b").unwrap();
    for name in ["../b", "/etc/b", "sub/../../b", "", "a//b", "b/", ".", "a\0b"] {
        attributes.insert("original_name", name).unwrap();
        let text = format!("/input/sub/b: the file is named {name:?}, which leads out of any directory");
        let extracted = desk.store.extract_files("/input", desk.path("fresh"), Overwrite::Yes);
        desk.says(extracted, ErrorKind::Corrupt, &text);
    }
    attributes.insert("original_name", "a").unwrap();
    desk.says(
        desk.store.extract_files("/input", desk.path("fresh"), Overwrite::Yes),
        ErrorKind::Conflict,
        r#"/input/sub/b: /input/a has the name "a" too; extract the groups one by one"#,
    );
    assert!(!desk.path("fresh").exists() && !desk.path("b").exists());
}

#[test]
fn a_file_of_the_parent_is_read_and_not_listed() {
    let desk = Desk::new();
    desk.store.store_files("/input", [desk.write("job.ini", "x")]).unwrap();
    let child = DataStore::options().parent(&desk.store).at(desk.path("child")).unwrap();
    assert_eq!(child.file("/input", "job.ini").unwrap(), b"x");
    assert!(child.files("/").unwrap().is_empty());
}

#[test]
fn other_programs_find_a_gzip_file_with_its_name() {
    let desk = Desk::new();
    let text = "[general]\n".repeat(1000);
    desk.store.store_files("/input", [desk.write("sub/job.ini", &text), desk.write("x", "y")]).unwrap();
    let attributes = desk.store.attributes("/input/sub/job.ini").unwrap().json().unwrap();
    let expected = json!({"encoding": "gzip", "original_name": "sub/job.ini", "original_size": 10_000});
    assert_eq!(json!(attributes), expected);
    desk.store.export_hdf5().unwrap();
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("Python"), Vec::<String>::new());
        return;
    };
    let program = "
import gzip, sys, h5py, zarr
array = zarr.open_group(sys.argv[1] + '/output.zarr', mode='r')['input/sub/job.ini']
dataset = h5py.File(sys.argv[1] + '/output.hdf5')['input/sub/job.ini']
for found, attributes in (array, array.attrs), (dataset, dataset.attrs):
    assert found.dtype == 'uint8', found.dtype
    assert attributes['encoding'] == 'gzip' and attributes['original_name'] == 'sub/job.ini'
    assert attributes['original_size'] == 10_000
    assert gzip.decompress(found[:].tobytes()) == b'[general]\\n' * 1000
";
    let ran = Command::new(python)
        .args(["-W", "error", "-c", program])
        .arg(desk.store.calc_dir())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
