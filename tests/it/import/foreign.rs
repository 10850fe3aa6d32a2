//! Files that other programs wrote, in every format that libhdf5 has.

use std::path::{Path, PathBuf};
use std::process::Command;

use calcstore::{AnyArray, DataStore, ErrorKind, ImportReport, Value};
use serde_json::Value as Json;

use super::{compared, fresh};
use crate::oracle;

/// Has h5py write its files into a directory; gives their paths, none where it is not there.
fn written(directory: &Path) -> Vec<PathBuf> {
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("h5py").is_empty());
        return Vec::new();
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/hdf5_write.py");
    let output = Command::new(python).arg(script).arg(directory).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let names: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    names.iter().map(|name| directory.join(name)).collect()
}

fn left_out(report: &ImportReport) -> Vec<(&str, &str)> {
    report.left_out.iter().map(|left| (left.path.as_str(), left.why.as_str())).collect()
}

#[test]
fn everything_that_h5py_writes_has_equal_values_in_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let files = written(directory.path());
    let imported: Vec<_> = files
        .iter()
        .map(|file| {
            let (directory, store) = fresh();
            let report = store.hdf5_import(file).run().unwrap();
            (file, directory, store, report)
        })
        .collect();
    let entries: Vec<_> =
        imported.iter().map(|(file, _, store, report)| (file.as_path(), store, report)).collect();
    for ((file, _, store, report), judged) in imported.iter().zip(compared(&entries).unwrap_or_default()) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert_eq!(judged["faults"], Json::Array(vec![]), "{name}");
        let is_everything = file.extension().is_some_and(|suffix| suffix == "h5");
        let (readable, equal) = (judged["readable"].as_u64().unwrap(), judged["equal"].as_u64().unwrap());
        assert!(judged["whole"] == true && equal + u64::from(is_everything) == readable, "{name}: {judged}");
        if is_everything {
            assert!(readable > 400 && judged["attributes"].as_u64().unwrap() > 180, "{name}: {judged}");
            assert_eq!(left_out(report), LEFT_OUT, "{name}");
            check(store);
            let converted: Vec<&str> = report.converted.iter().map(|one| one.key.as_str()).collect();
            assert!(
                converted.contains(&"/lists/ints") && converted.contains(&"/lists/rows.hits"),
                "{converted:?}"
            );
        } else {
            assert_eq!(left_out(report), [], "{name}");
        }
    }
}

/// What no store holds of the files with everything.
const LEFT_OUT: [(&str, &str); 4] = [
    (
        "/lists/nested",
        "lists of lists, of compounds and within arrays (variable-length datatypes) are not imported",
    ),
    ("/others/cycle", "it is the group \"/others\" once more, which it lies in itself"),
    (
        "/others/outside",
        "it leads to \"/a/b\" in the file \"other file.h5\", and other files are read from an allowed directory only",
    ),
    ("/others/dangling", "cannot follow \"/nowhere\": there is no \"nowhere\""),
];

/// What the oracle does not look at: kinds, names, chunks.
fn check(store: &DataStore) {
    let get = |key: &str| store.value(key).unwrap();
    assert_eq!(get("/others/blob"), Value::Bytes(b"any bytes\0\xff".to_vec()));
    assert_eq!(get("/texts/pickle"), Value::Bytes(b"\x80\x05K\x01\xff.".to_vec()));
    let colours = store.attributes("/others/enum").unwrap().json().unwrap();
    assert_eq!(colours["enum"], serde_json::json!({"RED": 0, "GREEN": 1, "BLUE": 2}));
    let references: Vec<String> = store.get("/others/references").unwrap();
    assert_eq!(references, ["/numbers", "/texts/fixed", ""]);
    assert_eq!(store.get::<String>("/others/soft").unwrap(), "one text");
    assert_eq!(store.get::<String>("/others/to_group/scalar").unwrap(), "one text");
    assert_eq!(store.get::<i64>("/others/odd%3A name%5C").unwrap(), 1);
    let schema = store.table("/compounds/rows").unwrap().schema().to_string();
    let expected = "id int64, pos float32[3], name string, inner.a uint8, inner.b float64[2, 2], ok bool, z complex128, text string";
    assert_eq!(schema, expected);
    let dataset = |key: &str| store.dataset(key).unwrap();
    assert_eq!(dataset("/layouts/chunked").chunks(), [100, 70]);
    assert_eq!(dataset("/layouts/tiny").chunks(), [40, 50]);
    assert_eq!(dataset("/layouts/sparse").shape(), [1 << 40, 1 << 20]);
    assert_eq!(dataset("/layouts/sparse").read::<f64>((7, 9)).unwrap(), 1.5);
    assert_eq!(dataset("/layouts/sparse").read::<f64>((8, 9)).unwrap(), 0.0);
    assert_eq!(dataset("/layouts/fill").read::<f32>((0, 0)).unwrap(), -1.5);
    assert_eq!(dataset("/layouts/unwritten").read::<i32>((4999, 0)).unwrap(), 3);
    assert_eq!(store.get::<Vec<u32>>("/lists/ints/count").unwrap(), [3, 0, 1]);
    assert_eq!(store.get::<Vec<i32>>("/lists/ints/values").unwrap(), [1, 2, 3, 4]);
    let names = |key: &str| dataset(key).dimension_names().into_iter().flatten().collect::<Vec<_>>();
    assert_eq!(names("/scales/values"), ["time", "site"]);
    assert_eq!(names("/scales/time"), ["time"]);
    assert_eq!(names("/scales/labelled"), ["scales:labelled:0", "column"]);
    assert_eq!(names("/scales/profile"), ["level"]);
    assert!(!store.contains_key("/scales/level").unwrap());
    let attributes = store.attributes("/numbers").unwrap();
    assert_eq!(attributes.get::<String>("text").unwrap(), "größe");
    assert_eq!(attributes.array("f2").unwrap().data_type(), calcstore::DataType::Float16);
    assert_eq!(attributes.json().unwrap()["lists"], serde_json::json!([[1, 2], [3]]));
    assert_eq!(attributes.json().unwrap()["compound"], serde_json::json!({"a": 1, "b": 2.5}));
    assert_eq!(attributes.json().unwrap()["empty"], Json::Null);
}

/// Groups of two names, some of which lie in themselves, and groups that would be two to the power of forty.
const NAMES: &str = r#"
import h5py, sys
with h5py.File(sys.argv[1] + "/names.h5", "w") as file:
    inner = file.create_group("a/inner")
    inner["values"] = [1, 2]
    inner["soft"] = h5py.SoftLink("/c")
    file["b"] = file["a"]
    file["c/one"] = 1.5
    inner["up"] = file["a"]
    file["c/round"] = h5py.SoftLink("/c")
    file["c/other"] = h5py.SoftLink("/d")
    file["d/back"] = h5py.SoftLink("/c")
with h5py.File(sys.argv[1] + "/many.h5", "w") as file:
    deep = file.create_group("deep")
    for n in range(40):
        child = deep.create_group("x")
        deep["y"] = child
        deep = child
    deep["end"] = 1
"#;

#[test]
fn a_group_of_two_names_is_there_twice_and_one_that_lies_in_itself_is_named() {
    let (directory, store) = fresh();
    let Some(python) = oracle::python() else { return assert!(oracle::skip("h5py").is_empty()) };
    let output = Command::new(python).args(["-c", NAMES]).arg(directory.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = store.hdf5_import(directory.path().join("names.h5")).run().unwrap();
    let why = |path: &str| {
        report
            .left_out
            .iter()
            .find(|left| left.path == path)
            .map(|left| left.why.as_str())
            .unwrap_or_default()
    };
    for group in ["/a", "/b"] {
        assert_eq!(store.get::<Vec<i64>>(&format!("{group}/inner/values")).unwrap(), [1, 2]);
        assert_eq!(store.get::<f64>(&format!("{group}/inner/soft/one")).unwrap(), 1.5);
        let round = "it is the group \"/a\" once more, which it lies in itself";
        assert_eq!(why(&format!("{group}/inner/up")), round);
    }
    for path in ["/c/round", "/c/other/back", "/d/back/other"] {
        assert!(why(path).ends_with("once more, which it lies in itself"), "{path}: {:?}", why(path));
    }
    assert_eq!(store.get::<f64>("/d/back/one").unwrap(), 1.5);

    let (_home, store) = fresh();
    let report = store.hdf5_import(directory.path().join("many.h5")).run().unwrap();
    let many = |why: &str| why.ends_with("whose values are there; too many groups have several names");
    assert!((1..3000).contains(&report.left_out.len()) && report.left_out.iter().all(|left| many(&left.why)));
    assert!(store.contains_key(&format!("/deep{}/end", "/x".repeat(40))).unwrap());
}

/// Two files, of which one leads into the other.
const LINKED: &str = r#"
import h5py, numpy as np, os, sys
directory = sys.argv[1]
os.makedirs(directory + "/below")
with h5py.File(directory + "/below/other.h5", "w") as other:
    other["g/values"] = np.arange(5)
    other["g/back"] = h5py.ExternalLink("../main.h5", "/")
with h5py.File(directory + "/outside.h5", "w") as outside:
    outside["secret"] = 1
with h5py.File(directory + "/below/main.h5", "w") as main:
    main["own"] = 1.5
    main["linked"] = h5py.ExternalLink("other.h5", "/g")
    main["up"] = h5py.ExternalLink("../outside.h5", "/secret")
    main["missing"] = h5py.ExternalLink("nowhere.h5", "/g")
    main.create_dataset("raw", (4,), "i4", external=[("raw.bin", 0, h5py.h5f.UNLIMITED)])[:] = [1, 2, 3, 4]
    layout = h5py.VirtualLayout((5,), "i8")
    layout[:] = h5py.VirtualSource("other.h5", "g/values", (5,))
    main.create_virtual_dataset("virtual", layout)
"#;

#[test]
fn other_files_are_read_below_an_allowed_directory_alone() {
    let directory = tempfile::tempdir().unwrap();
    let Some(python) = oracle::python() else { return assert!(oracle::skip("h5py").is_empty()) };
    let written = Command::new(python)
        .args(["-c", LINKED])
        .arg(directory.path())
        .current_dir(directory.path())
        .output();
    assert!(written.as_ref().unwrap().status.success(), "{written:?}");
    let below = directory.path().join("below");
    let main = below.join("main.h5");

    let (_home, store) = fresh();
    let report = store.hdf5_import(&main).run().unwrap();
    let named: Vec<&str> = report.left_out.iter().map(|left| left.path.as_str()).collect();
    assert_eq!(named, ["/linked", "/missing", "/raw", "/up", "/virtual"]);
    for (left, name) in
        report.left_out.iter().zip(["other.h5", "nowhere.h5", "raw.bin", "outside.h5", "other.h5"])
    {
        assert!(left.why.contains(name), "{left:?}");
    }
    assert_eq!(report.values, 1);

    let (_home, store) = fresh();
    let report = store.hdf5_import(&main).external(&below).run().unwrap();
    assert_eq!(store.get::<Vec<i64>>("/linked/values").unwrap(), [0, 1, 2, 3, 4]);
    let why = |path: &str| &report.left_out.iter().find(|left| left.path == path).unwrap().why;
    assert!(why("/up").contains("is not below"), "{}", why("/up"));
    assert!(why("/linked/back").contains("is not below"), "{}", why("/linked/back"));
    assert!(why("/missing").contains("cannot be read below"), "{}", why("/missing"));
    assert!(!store.contains_key("/up").unwrap());
}

#[test]
fn an_import_into_a_group_appears_as_a_whole_or_not_at_all() {
    let (directory, store) = fresh();
    store.extend([("/a", vec![1.5; 10]), ("/g/b", vec![2.5; 10])]).unwrap();
    let file = directory.path().join("some.hdf5");
    store.hdf5_export().file(&file).run().unwrap();

    let report = store.hdf5_import(&file).into("/old/one").run().unwrap();
    assert_eq!((report.values, report.bytes), (2, 160));
    assert_eq!(store.get::<Vec<f64>>("/old/one/g/b").unwrap(), [2.5; 10]);
    for key in ["/old/one", "/"] {
        let error = store.hdf5_import(&file).into(key).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
    store.insert("/old/one/more", 1).unwrap();
    store.hdf5_import(&file).into("/old/one").replace(true).run().unwrap();
    assert!(!store.contains_key("/old/one/more").unwrap());
    let mut values = 0;
    let stopped = store.hdf5_import(&file).into("/new").on_progress(|done| {
        values = done.values;
        if done.values == 1 { calcstore::Continue::No } else { calcstore::Continue::Yes }
    });
    assert_eq!(stopped.run().unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(values, 1);
    assert!(!store.contains_key("/new").unwrap());
    assert_eq!(store.get::<AnyArray>("/a").unwrap().shape(), [10]);
}
