//! Elements in other files: raw ones, and virtual datasets.

use std::path::Path;
use std::process::Command;

use calcstore::{DataStore, ErrorKind, Hdf5File, ImportReport};
use ndarray::{Array2, array};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{compared, fresh};
use crate::oracle;

/// Has h5py write into a directory; tells whether it is there.
fn written(directory: &Path, script: &str) -> bool {
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("h5py").is_empty());
        return false;
    };
    let prelude = "import h5py, numpy as np, os\nUNLIMITED = h5py.h5s.UNLIMITED\n";
    let output =
        Command::new(python).args(["-c", &format!("{prelude}{script}")]).current_dir(directory).output();
    assert!(output.as_ref().unwrap().status.success(), "{output:?}");
    true
}

fn imported(file: &Path, allowed: &Path) -> (TempDir, DataStore, ImportReport) {
    let (home, store) = fresh();
    let report = store.hdf5_import(file).external(allowed).run().unwrap();
    (home, store, report)
}

/// Fails where a store does not have what h5py reads: all of it but what is named.
fn assert_equal(file: &Path, store: &DataStore, report: &ImportReport, left_out: &[(&str, &str)]) {
    let found: Vec<(&str, &str)> =
        report.left_out.iter().map(|left| (left.path.as_str(), left.why.as_str())).collect();
    assert_eq!(found, left_out);
    let Some(judged) = compared(&[(file, store, report)]) else { return };
    let judged = &judged[0];
    assert_eq!(judged["faults"], Json::Array(vec![]), "{judged}");
    assert_eq!(judged["equal"].as_u64().unwrap() + judged["named"].as_u64().unwrap(), judged["readable"]);
    assert!(judged["equal"].as_u64().unwrap() > 0, "{judged}");
}

const RAW: &str = r#"
np.arange(4, dtype="<i4").tofile("short.bin")
np.arange(100, 110, dtype="<i4").tofile("other.bin")
np.arange(3_000_000, dtype=">f8").tofile("large.bin")
with h5py.File("raw.h5", "w") as file:
    rest = h5py.h5f.UNLIMITED
    file.create_dataset("one", (4,), "<i4", external=[("short.bin", 0, rest)])
    file.create_dataset("padded", (10,), "<i4", external=[("short.bin", 4, rest)], fillvalue=7)
    file.create_dataset("behind", (2,), "<i4", external=[("short.bin", 400, rest)], fillvalue=7)
    file.create_dataset("two", (3, 2), "<i4", external=[("short.bin", 8, 16), ("other.bin", 4, 8)], fillvalue=7)
    file.create_dataset("odd", (3,), "<i4", external=[("other.bin", 0, 3), ("other.bin", 3, 9)])
    file.create_dataset("large", (3000, 999), ">f8", external=[("large.bin", 8, rest)])
    file.create_dataset("missing", (6,), "<i4", external=[("nowhere.bin", 0, 24)])
    file.create_dataset("bomb", (1 << 50,), "<i4", external=[("short.bin", 0, rest)])
"#;

#[test]
fn raw_elements_of_other_files_are_what_h5py_reads() {
    let directory = tempfile::tempdir().unwrap();
    if !written(directory.path(), RAW) {
        return;
    }
    let file = directory.path().join("raw.h5");
    let (_home, store, report) = imported(&file, directory.path());
    let home = std::fs::canonicalize(directory.path()).unwrap();
    let missing = format!("the file \"nowhere.bin\" cannot be read below {}", home.display());
    let bomb = "its files end 4503599627370480 bytes before its elements do";
    assert_equal(&file, &store, &report, &[("/bomb", bomb), ("/missing", &missing)]);
    assert_eq!(store.get::<Vec<i32>>("/padded").unwrap(), [1, 2, 3, 0, 0, 0, 0, 0, 0, 0]);
}

const VIRTUAL: &str = r#"
os.mkdir("sub")
with h5py.File("a.h5", "w") as a:
    a.create_dataset("grid", data=np.arange(24.0).reshape(4, 6), maxshape=(None, 6), chunks=(2, 4))
    a.create_dataset("part", (4, 6), "f8", chunks=(1, 6), fillvalue=5)[2] = 1
    a["long"] = np.arange(10_000.0)
    a["ints"] = np.arange(10, dtype=">i4")
    a["texts"] = np.array(["a", "b"], object)
with h5py.File("s%b.h5", "w") as odd:
    odd["d"] = np.arange(10.0)
for n in range(3):
    with h5py.File(f"sub/frame-{n}.h5", "w") as frame:
        frame["d"] = np.full((2, 3), n, "i4")
with h5py.File("sub/frame-4.h5", "w") as frame:
    frame["d"] = np.full((2, 3), 4, "i4")

def made(file, name, layout, **options):
    file.create_virtual_dataset(name, layout, **options)

def everything(name, libver):
    with h5py.File(name, "w", libver=libver) as file:
        layout = h5py.VirtualLayout((9, 6), "f8")
        layout[:4] = h5py.VirtualSource("a.h5", "grid", (4, 6))
        layout[5:9] = h5py.VirtualSource("a.h5", "part", (4, 6))
        made(file, "stacked", layout, fillvalue=-1)
        layout = h5py.VirtualLayout((20,), "f8")
        layout[::2] = h5py.VirtualSource("s%%b.h5", "d", (10,))
        layout[1:11:2] = h5py.VirtualSource("s%%b.h5", "d", (10,))[5:]
        layout[11::2] = h5py.VirtualSource("nowhere.h5", "d", (5,))
        made(file, "strided", layout, fillvalue=-1)
        layout = h5py.VirtualLayout((6, 8), "f8")
        layout[[0, 3, 5], 1:7] = h5py.VirtualSource("a.h5", "grid", (4, 6))[[0, 1, 3]]
        made(file, "listed", layout, fillvalue=np.nan)
        layout = h5py.VirtualLayout((3, 8), "f8")
        layout[1] = h5py.VirtualSource("a.h5", "grid", (4, 6))[::2, 1:5]
        made(file, "reshaped", layout)
        layout = h5py.VirtualLayout((100, 100), "f8")
        layout[...] = h5py.VirtualSource("a.h5", "long", (10_000,))
        made(file, "square", layout)
        layout = h5py.VirtualLayout((6, 8), "f8", maxshape=(None, 8))
        layout[:UNLIMITED, 1:7] = h5py.VirtualSource("a.h5", "grid", (4, 6), maxshape=(None, 6))[:UNLIMITED, :]
        made(file, "growing", layout, fillvalue=-1)
        layout = h5py.VirtualLayout((4, 2), "f8")
        layout[:, 0] = h5py.VirtualSource("a.h5", "nowhere", (4,))
        made(file, "no_dataset", layout, fillvalue=3)
        file["own"] = np.arange(8)
        layout = h5py.VirtualLayout((2, 4), "i8")
        layout[1] = h5py.VirtualSource(name, "own", (8,))[4:]
        layout[0] = h5py.VirtualSource(".", "own", (8,))[:4]
        made(file, "same_file", layout)
        layout = h5py.VirtualLayout((5, 6), "f8")
        layout[:] = h5py.VirtualSource(name, "stacked", (9, 6))[2:7]
        made(file, "nested", layout, fillvalue=-2)
        layout = h5py.VirtualLayout((), "f8")
        layout[...] = h5py.VirtualSource("a.h5", "long", (10_000,))[77]
        made(file, "scalar", layout)
        layout = h5py.VirtualLayout((10,), "f8")
        layout[:] = h5py.VirtualSource("a.h5", "ints", (10,))
        made(file, "other_type", layout)
        layout = h5py.VirtualLayout((10,), "<i4")
        layout[:] = h5py.VirtualSource("a.h5", "ints", (10,))
        made(file, "other_order", layout)
        layout = h5py.VirtualLayout((2,), h5py.string_dtype())
        layout[:] = h5py.VirtualSource("a.h5", "texts", (2,))
        made(file, "texts", layout)
        layout = h5py.VirtualLayout((4,), "f8")
        layout[:] = h5py.VirtualSource("a.h5", "long", (4,))
        made(file, "more_than_there_is", layout)
        # As detectors number their files.
        space = h5py.h5s.create_simple((4, 3), (UNLIMITED, 3))
        space.select_hyperslab((1, 0), (UNLIMITED, 1), stride=(4, 1), block=(2, 3))
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_virtual(space, b"sub/frame-%b.h5", b"d", h5py.h5s.create_simple((2, 3)))
        options.set_fill_value(np.array(-1, "i4"))
        space = h5py.h5s.create_simple((4, 3), (UNLIMITED, 3))
        h5py.h5d.create(file.id, b"numbered", h5py.h5t.STD_I32LE, space, options)
        space.select_hyperslab((0, 0), (UNLIMITED, 1), stride=(2, 1), block=(2, 3))
        options = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        options.set_virtual(space, b"sub/frame-%b.h5", b"d", h5py.h5s.create_simple((2, 3)))
        h5py.h5d.create(file.id, b"touching", h5py.h5t.STD_I32LE, space, options)

everything("v110.h5", ("v110", "v110"))
everything("latest.h5", "latest")
"#;

#[test]
fn virtual_datasets_are_what_h5py_reads() {
    let directory = tempfile::tempdir().unwrap();
    if !written(directory.path(), VIRTUAL) {
        return;
    }
    for name in ["v110.h5", "latest.h5"] {
        let file = directory.path().join(name);
        let (_home, store, report) = imported(&file, directory.path());
        let why = |dataset: &str| {
            format!("the elements of {dataset:?} in \"a.h5\" are of another type, or refer to others")
        };
        let (ints, texts) = (why("ints"), why("texts"));
        let more = "4 of its elements are to be 10000 of \"long\" in \"a.h5\", which has the shape [10000]";
        let left_out = [("/more_than_there_is", more), ("/other_type", &ints), ("/texts", &texts)];
        assert_equal(&file, &store, &report, &left_out);
        assert_eq!(store.dataset("/growing").unwrap().shape(), [4, 8]);
        assert_eq!(store.dataset("/numbered").unwrap().shape(), [11, 3]);
        // Where it lies, nothing but the file itself is read.
        let view = Hdf5File::open(&file).unwrap();
        assert_eq!(view.get::<Array2<i64>>("/same_file").unwrap(), array![[0, 1, 2, 3], [4, 5, 6, 7]]);
        assert_eq!(view.read::<Vec<i64>>("/same_file", "1, ::2").unwrap(), [4, 6]);
        let error = view.node("/stacked").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.message(), "its elements are in other datasets, which are not read here: `a.h5`");
    }
}

/// Virtual datasets that refer to themselves, to each other, and to one file many times.
const ENDLESS: &str = r#"
with h5py.File("endless.h5", "w", libver="v110") as file:
    layout = h5py.VirtualLayout((4,), "i4")
    layout[:] = h5py.VirtualSource(".", "self", (4,))
    file.create_virtual_dataset("self", layout)
    for one, other in ("ab", "ba"):
        layout = h5py.VirtualLayout((1000,), "i4")
        for n in range(1000):
            layout[n] = h5py.VirtualSource(".", other, (1000,))[n]
        file.create_virtual_dataset(one, layout)
    layout = h5py.VirtualLayout((400,), "i4")
    for n in range(400):
        layout[:] = h5py.VirtualSource(".", "values", (400,))
    file.create_virtual_dataset("over", layout)
    for n in range(8):
        layout = h5py.VirtualLayout((1,), "i4", maxshape=(None,))
        for m in range(60):
            space = h5py.h5s.create_simple((100,), (UNLIMITED,))
            space.select_hyperslab((m,), (UNLIMITED,), stride=(60,), block=(1,))
            source = h5py.h5s.create_simple((1,), (UNLIMITED,))
            source.select_hyperslab((0,), (UNLIMITED,), stride=(1,), block=(1,))
            layout.dcpl.set_virtual(space, b".", b"unlimited%d" % (n + 1), source)
        file.create_virtual_dataset(f"unlimited{n}", layout)
    layout = h5py.VirtualLayout((4,), "i4")
    layout[:] = h5py.VirtualSource("../outside.h5", "d", (4,))
    file.create_virtual_dataset("outside", layout)
    file["values"] = np.arange(400, dtype="i4")
"#;

#[test]
fn virtual_datasets_that_refer_to_themselves_or_to_anything_too_often_are_named() {
    let directory = tempfile::tempdir().unwrap();
    if !written(directory.path(), ENDLESS) {
        return;
    }
    let (_home, store, report) = imported(&directory.path().join("endless.h5"), directory.path());
    // It would go on for days else.
    let why = |path: &str| report.left_out.iter().find(|left| left.path == path).map(|left| &left.why[..]);
    let deep = "virtual datasets are put together of one another more than 4 times";
    assert_eq!(why("/self"), Some(deep));
    let many = "it is put together of more datasets than it has elements for";
    for path in ["/a", "/b", "/unlimited0"] {
        assert!([deep, many].map(Some).contains(&why(path)), "{path}: {:?}", why(path));
    }
    let over = "its mappings lie over one another: 160000 elements for a shape of [400]";
    assert_eq!(why("/over"), Some(over));
    assert!(why("/outside").unwrap().contains("is not below"), "{:?}", why("/outside"));
    assert_eq!(store.get::<Vec<i32>>("/values").unwrap().len(), 400);
}
