use std::fmt;
use std::io::BufWriter;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::elements::Half;
use super::report::{ExportProgress, ExportReport};
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::Writer;
use crate::progress::Continue;
use crate::storage::{Files, Handle, Output, Rename, Store, random_id};

/// What is written at once.
const BUFFER: usize = 1 << 20;

/// An export to one HDF5 file that HDFView, h5dump, h5py, netCDF4 and MATLAB read.
///
/// Arrays become datasets, tables compound datasets, objects JSON text, groups groups. Checksums are verified on
/// the way, so that damage is never exported as if it were values. The file appears whole or not at all; memory
/// does not grow with it. What HDF5 cannot hold is left out and named in the report.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// store.insert("/levels", [0.01, 0.1, 1.0])?;
/// let report = store.hdf5_export().file(dir.path().join("levels.hdf5")).force(true).run()?;
/// assert!(report.left_out.is_empty());
/// assert_eq!(std::fs::metadata(&report.file)?.len(), report.bytes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an export is made by `run`"]
pub struct Hdf5Export<'a> {
    store: &'a Store,
    file: Option<PathBuf>,
    force: bool,
    half: Half,
    progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>,
}

impl<'a> Hdf5Export<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        Self { store, file: None, force: false, half: Half::default(), progress: Box::new(|_| Continue::Yes) }
    }

    /// Sets the file; without it, that is `output.hdf5` in the directory of the store.
    pub fn file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Lets the export take the place of a file that is there already.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Sets what becomes of `float16`.
    pub fn half(mut self, half: Half) -> Self {
        self.half = half;
        self
    }

    /// Sets what is called now and then, and may stop the export.
    pub fn on_progress(mut self, progress: impl FnMut(ExportProgress) -> Continue + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Makes the export.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`]; [`ErrorKind::Corrupt`] for a damaged value; [`ErrorKind::Cancelled`];
    /// [`ErrorKind::StorageFull`] and others of the file system. There is no file then, or the one before.
    /// [`ErrorKind::InvalidInput`] where a directory, device or pipe has the name of the file, which no export replaces;
    /// and for a Zarr hierarchy that is no calculation, where no file was named: it would not belong there.
    pub fn run(self) -> Result<ExportReport> {
        let file = self.file.clone().map_or_else(|| self.default_file(), Ok)?;
        let target = Target::new(Arc::clone(self.store.files()), &file, self.force)?;
        let output = target.create()?;
        let exported = self.write(output, &file).and_then(|(output, mut report)| {
            report.bytes = target.publish(output)?;
            Ok(report)
        });
        exported.inspect_err(|_| target.discard())
    }

    fn default_file(&self) -> Result<PathBuf> {
        if self.store.is_calculation() {
            return Ok(self.store.path().join("output.hdf5"));
        }
        let message =
            "a file must be named for the export of a Zarr hierarchy, which it does not belong into";
        Err(Error::new(ErrorKind::InvalidInput, message).with_file(self.store.path()))
    }

    fn write(self, output: Box<dyn Output>, file: &Path) -> Result<(Box<dyn Output>, ExportReport)> {
        let report = ExportReport {
            file: file.to_path_buf(),
            bytes: 0,
            left_out: Vec::new(),
            tables_as_groups: Vec::new(),
        };
        let writer = Writer::new(BufWriter::with_capacity(BUFFER, output), file)?;
        let walk = Walk::new(self.store, writer, self.half, report, self.progress);
        let (sink, report) = walk.run()?;
        let output =
            sink.into_inner().map_err(|error| Error::io("cannot write", file, error.into_error()))?;
        Ok((output, report))
    }
}

/// The file to be, and the one that it is until it is whole.
struct Target {
    files: Arc<dyn Files>,
    file: PathBuf,
    directory: Handle,
    name: String,
    partial: String,
    force: bool,
}

impl Target {
    fn new(files: Arc<dyn Files>, file: &Path, force: bool) -> Result<Self> {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "not the name of a file").with_file(file))?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = files.open_root(parent);
        let directory = directory.map_err(|error| Error::io("cannot open the directory", parent, error))?;
        let target = Self {
            partial: format!(".{name}.{}.part", random_id()),
            name: name.to_owned(),
            file: file.to_path_buf(),
            files,
            directory,
            force,
        };
        match target.files.stat(target.directory.as_fd(), name) {
            // A device that is replaced is gone for everybody on the machine.
            Ok(stat) if stat.is_special => {
                let message =
                    "a directory, device or pipe is there, which no export takes the place of; name a file";
                Err(Error::new(ErrorKind::InvalidInput, message).with_file(file))
            }
            Ok(_) if !force => Err(target.exists()),
            _ => Ok(target),
        }
    }

    fn exists(&self) -> Error {
        let message = "there is such a file already; name another one, or replace it by `force`";
        Error::new(ErrorKind::AlreadyExists, message).with_file(&self.file)
    }

    fn create(&self) -> Result<Box<dyn Output>> {
        let output = self.files.create_output(self.directory.as_fd(), &self.partial);
        output.map_err(|error| Error::io("cannot make the file", &self.file, error))
    }

    /// Lets the file appear under its name; gives its size.
    fn publish(&self, output: Box<dyn Output>) -> Result<u64> {
        let failed = |error| Error::io("cannot write", &self.file, error);
        output.sync().map_err(failed)?;
        drop(output);
        let directory = self.directory.as_fd();
        let bytes = self.files.stat(directory, &self.partial).map_err(failed)?.bytes;
        let how = if self.force { Rename::Over } else { Rename::New };
        let renamed = self.files.rename((directory, &self.partial), (directory, &self.name), how);
        renamed.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => self.exists(),
            _ => failed(error),
        })?;
        self.files.sync(directory).map_err(failed)?;
        Ok(bytes)
    }

    fn discard(&self) {
        // The error that led here says more than a second one would.
        let _ = self.files.remove_file(self.directory.as_fd(), &self.partial);
    }
}

impl fmt::Debug for Hdf5Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hdf5Export")
            .field("file", &self.file)
            .field("force", &self.force)
            .finish_non_exhaustive()
    }
}
