//! HDF5 files as values of a store: those that other programs wrote, those of a corpus, and those that mean harm.
//!
//! What comes of each file of the corpus is pinned in `tests/data/corpus/hdf5.tsv`. The corpus is read from
//! `CALCSTORE_CORPUS`, else from beside the project.

mod corpus;
mod elsewhere;
mod exported;
mod foreign;
mod limits;
mod viewed;

use std::path::Path;

use calcstore::{DataStore, ImportReport};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::oracle;

/// A store in a directory of its own.
fn fresh() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

/// What h5py and zarr-python say of files and the stores that they became; `None` where they are not there.
fn compared(imported: &[(&Path, &DataStore, &ImportReport)]) -> Option<Vec<Json>> {
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("h5py").is_empty());
        return None;
    };
    let entries: Vec<Json> = imported
        .iter()
        .map(|(file, store, report)| {
            let left_out: Vec<&str> = report.left_out.iter().map(|left| left.path.as_str()).collect();
            json!([file, store.calc_dir().join("output.zarr"), left_out])
        })
        .collect();
    let list = tempfile::NamedTempFile::with_suffix(".json").unwrap();
    serde_json::to_writer(&list, &entries).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/hdf5_import.py");
    let mut command = std::process::Command::new(python);
    // Where libhdf5 looks for raw elements: beside the file, and not in the working directory.
    command.arg(script).arg(list.path()).env("HDF5_EXTFILE_PREFIX", "${ORIGIN}");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
