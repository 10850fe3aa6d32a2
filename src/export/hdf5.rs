use std::fmt;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::choices::{Choices, Hdf5Compression, TablesAs};
use super::elements::Half;
use super::report::{ExportProgress, ExportReport, Telling};
use super::target::Target;
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::Writer;
use crate::progress::Continue;
use crate::storage::{Output, Store};

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
    choices: Choices,
    progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>,
}

impl<'a> Hdf5Export<'a> {
    pub(crate) fn new(store: &'a Store) -> Self {
        let progress = Box::new(|_| Continue::Yes);
        Self { store, file: None, force: false, choices: Choices::default(), progress }
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

    /// Exports what matches a pattern and no more, with all that is below and the groups above: `/stats/*`, `**/mean`. Of
    /// several patterns each adds something.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// store.extend([("/0/mean", 1.0), ("/0/all", 2.0), ("/1/mean", 3.0)])?;
    /// let report = store.hdf5_export().only("*/mean").run()?;
    /// assert!(store.hdf5_export().only("/2").force(true).run().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only(mut self, pattern: &str) -> Self {
        self.choices.only.push(pattern);
        self
    }

    /// Sets how numbers are compressed.
    pub fn compression(mut self, compression: Hdf5Compression) -> Self {
        self.choices.compression = compression;
        self
    }

    /// Divides all arrays and tables into chunks. Without it those are that are compressed, that grow, or of which chunks
    /// were never written; all others lie in one run, which every reader can map into memory.
    pub fn chunked(mut self, chunked: bool) -> Self {
        self.choices.chunked = chunked;
        self
    }

    /// Adds a checksum to every chunk of numbers, which libhdf5 verifies; what has an axis then has chunks.
    pub fn fletcher32(mut self, fletcher32: bool) -> Self {
        self.choices.fletcher32 = fletcher32;
        self
    }

    /// Sets what becomes of `float16`.
    pub fn half(mut self, half: Half) -> Self {
        self.choices.half = half;
        self
    }

    /// Sets what becomes of tables.
    pub fn tables(mut self, tables: TablesAs) -> Self {
        self.choices.tables = tables;
        self
    }

    /// Writes only what netCDF reads: tables become groups of their columns, `bool` becomes `int8` with the attribute
    /// `dtype` = `bool`, which xarray understands, and `float16` becomes `float32`. Complex numbers are not seen by netCDF
    /// in any case.
    pub fn netcdf_safe(mut self, netcdf_safe: bool) -> Self {
        self.choices.netcdf_safe = netcdf_safe;
        self
    }

    /// Adds what NeXus asks for, so that H5Web and NeXpy open the file on a labelled plot: classes for groups, `signal`
    /// and `axes` where there are arrays, the way to the first plot. Objects become groups of the class `NXnote`.
    pub fn nexus(mut self, nexus: bool) -> Self {
        self.choices.nexus = nexus;
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
    /// [`ErrorKind::NotFound`] where nothing matches what was asked for alone;
    /// [`ErrorKind::InvalidInput`] where a directory, device or pipe has the name of the file, which no export replaces;
    /// and for a Zarr hierarchy that is no calculation, where no file was named: it would not belong there.
    pub fn run(self) -> Result<ExportReport> {
        let file = self.file.clone().map_or_else(|| self.default_file(), Ok)?;
        let target = Target::new(Arc::clone(self.store.around()), &file, self.force)?;
        let (partial, output) = target.create(self.store)?;
        let exported = self.write(output, &file).and_then(|(output, mut report)| {
            report.bytes = target.publish(&partial, output)?;
            Ok(report)
        });
        exported.inspect_err(|_| target.discard(&partial))
    }

    fn default_file(&self) -> Result<PathBuf> {
        if self.store.is_calculation() && !self.store.is_packed() {
            return Ok(self.store.path().join("output.hdf5"));
        }
        let message = "a file must be named for the export of a Zarr hierarchy or zip file, which it does not belong into";
        Err(Error::new(ErrorKind::InvalidInput, message).with_file(self.store.path()))
    }

    fn write(self, output: Box<dyn Output>, file: &Path) -> Result<(Box<dyn Output>, ExportReport)> {
        let report = ExportReport {
            file: file.to_path_buf(),
            bytes: 0,
            left_out: Vec::new(),
            tables_as_groups: Vec::new(),
            no_scale: Vec::new(),
            sparse: Vec::new(),
        };
        let writer = Writer::new(BufWriter::with_capacity(BUFFER, output), file)?;
        let walk = Walk::new(self.store, writer, self.choices, report, Telling::new(self.progress));
        let (sink, report) = walk.run()?;
        let output =
            sink.into_inner().map_err(|error| Error::io("cannot write", file, error.into_error()))?;
        Ok((output, report))
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
