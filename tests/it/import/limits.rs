//! Files that declare more than they have, and how much is imported of what is large.

use std::path::Path;

use calcstore::{Continue, ErrorKind};

use super::fresh;
use crate::hostile::make_fifo;
use crate::oracle;

/// A file of some kilobytes that declares 9e18 bytes, sparse, as rows, and with one chunk that all others share.
const BOMBS: &str = r#"
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], "w", libver="v108") as file:
    file["before"] = 1.5
    file.create_dataset("bomb", (1 << 60,), "f8", chunks=(1024,))
    file.create_dataset("rows", (1 << 55,), [("a", "f8"), ("b", "i4")], chunks=(64,))
    file.create_dataset("text", (1 << 58,), h5py.string_dtype(), chunks=(64,))
    file.create_dataset("zeros", (300, 1 << 20), "u1", chunks=(1, 1 << 20), compression="gzip")[:] = 0
    file["z_after"] = 2.5
"#;

#[test]
fn what_was_never_written_costs_nothing_and_the_rest_stops_at_the_limit() {
    let (directory, store) = fresh();
    let Some(python) = oracle::python() else { return assert!(oracle::skip("h5py").is_empty()) };
    let file = directory.path().join("bombs.h5");
    let output = std::process::Command::new(python).args(["-c", BOMBS]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(std::fs::metadata(&file).unwrap().len() < 500_000);

    let mut calls = 0_u64;
    let count = |_| {
        calls += 1;
        Continue::Yes
    };
    let report = store.hdf5_import(&file).limit(100 << 20).on_progress(count).run().unwrap();
    assert!(report.bytes <= 100 << 20, "{} bytes were read", report.bytes);
    // Each block that is read makes one call: 2^60 elements would make more than 10^12.
    assert!(calls < 10_000, "{calls} steps were made");
    assert!(store.size("/bomb").unwrap().stored_bytes < 64 << 10);
    let named: Vec<&str> = report.left_out.iter().map(|left| left.path.as_str()).collect();
    assert_eq!(named, ["/rows", "/zeros"]);
    for left in &report.left_out {
        assert!(
            left.why.ends_with("are beyond the limit of 104857600; a higher limit lets it in"),
            "{left:?}"
        );
    }
    assert_eq!((store.get::<f64>("/before").unwrap(), store.get::<f64>("/z_after").unwrap()), (1.5, 2.5));
    assert_eq!(store.dataset("/bomb").unwrap().shape(), [1 << 60]);
    assert!(!store.contains_key("/zeros").unwrap());

    let (_home, store) = fresh();
    let report = store.hdf5_import(&file).limit(400 << 20).run().unwrap();
    assert_eq!(report.left_out.len(), 1);
    assert_eq!(store.dataset("/zeros").unwrap().shape(), [300, 1 << 20]);
}

#[test]
fn what_is_no_file_is_refused_and_nobody_waits_for_it() {
    let (directory, store) = fresh();
    let pipe = directory.path().join("pipe.h5");
    make_fifo(&pipe);
    for path in [&*pipe, directory.path(), Path::new("/dev/zero")] {
        let error = store.hdf5_import(path).run().unwrap_err();
        assert_eq!((error.kind(), error.file()), (ErrorKind::InvalidInput, Some(path)));
    }
}
