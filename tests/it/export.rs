//! Exports to HDF5, compared with files that h5py makes of the same values, and read by everybody.

mod attributes;
mod cases;
mod choices;
mod dimensions;
mod golden;
mod random;
mod scale;
mod wide;

use std::path::{Path, PathBuf};

use calcstore::{DataStore, Hdf5Export};
use tempfile::TempDir;

use crate::manifest::Manifest;

/// A store whose exports are looked at.
struct Scene {
    directory: TempDir,
    store: DataStore,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = DataStore::at(directory.path().join("store")).unwrap();
        Self { directory, store }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("exported.hdf5")
    }

    fn export<'a>(&'a self, choose: impl FnOnce(Hdf5Export<'a>) -> Hdf5Export<'a>) -> PathBuf {
        let export = self.store.hdf5_export().file(self.file()).force(true);
        let report = choose(export).run().unwrap();
        assert_eq!(report.left_out, []);
        report.file
    }

    fn manifest(&self, manifest: &Manifest) -> PathBuf {
        manifest.write(self.directory.path(), "manifest.json")
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}
