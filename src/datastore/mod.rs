//! The front: a dictionary of values in a directory.

mod check;
mod compare;
mod copy;
mod delete;
mod dictionary;
mod draft;
mod files;
mod garbage;
mod gzip;
mod listing;
mod open;
mod pack;
mod parent;
mod repack;
mod sizes;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::export::{ExportReport, Hdf5Export};
use crate::import::Hdf5Import;
use crate::key::Key;
use crate::nodes::Attributes;
use crate::storage::{Recovered, Store, is_nothing};
use crate::zarr::{Kind, Marker, NodeMetadata, Status};

use parent::OpenParent;

pub use check::{CheckReport, RepairReport};
pub use copy::CopyFrom;
pub use delete::Deletion;
pub use draft::Draft;
pub use files::{Overwrite, StoredFile};
pub use garbage::{Gc, GcReport};
pub use open::{CalculationEntry, Options};
pub use pack::{Pack, PackReport, Unpack};
pub use parent::Parent;
pub use repack::Repack;

/// A dictionary of values in a directory: `store.insert("/some/path", &array)`, `store.get("/some/path")`.
///
/// Any number of threads and processes may read and write one store at once. A clone is the same store, and
/// cheap. Everything that was stored survives the end of the program, however it ends; what is to survive a power
/// cut needs [`flush`](Self::flush), [`close`](Self::close) or [`Durability::Power`](crate::Durability::Power).
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use calcstore::DataStore;
/// use ndarray::{Array2, array};
///
/// let store = DataStore::at(dir.path().join("results"))?;
/// let curves = array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]];
/// store.insert("/0/SadighEtAl1997", &curves)?;
/// store.insert("/description", "two sites, three levels")?;
///
/// let found: Array2<f64> = store.get("/0/SadighEtAl1997")?;
/// assert_eq!(found, curves);
/// assert_eq!(store.keys("/")?.collect::<Vec<_>>(), ["0", "description"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct DataStore {
    store: Arc<Store>,
    calc_id: Option<u32>,
    /// Opened when it is first needed.
    parent: Arc<OpenParent>,
}

impl DataStore {
    pub(crate) fn over(store: Store, calc_id: Option<u32>) -> Self {
        Self { store: Arc::new(store), calc_id, parent: Arc::default() }
    }

    /// Makes the next calculation, `calc_<ID>`, in the data directory: `$OQ_DATADIR`, else `$HOME/oqdata`.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] and others of the file system.
    pub fn create() -> Result<Self> {
        Self::options().create()
    }

    /// Opens a calculation of the data directory for reading and writing: by its ID, or counted from the last,
    /// which is −1.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such calculation; [`ErrorKind::Unsupported`] where a newer version
    /// of calcstore wrote it.
    pub fn open(id: i64) -> Result<Self> {
        Self::options().open(id)
    }

    /// Opens a calculation for reading only, which needs no permission to write, and no lock.
    ///
    /// # Errors
    /// As [`DataStore::open`].
    pub fn open_read_only(id: i64) -> Result<Self> {
        Self::options().read_only(true).open(id)
    }

    /// Opens the store in the directory `path`, or makes it where there is none.
    ///
    /// # Errors
    /// As [`DataStore::open`].
    pub fn at(path: impl AsRef<Path>) -> Result<Self> {
        Self::options().at(path)
    }

    /// Begins to say how a store is to be opened.
    pub fn options() -> Options {
        Options::default()
    }

    /// Gives the ID of the calculation; a store that was opened by its path has none.
    pub fn calc_id(&self) -> Option<u32> {
        self.calc_id
    }

    /// Gives the directory of the store.
    pub fn calc_dir(&self) -> &Path {
        self.store.path()
    }

    /// Tells whether the store can only be read.
    pub fn is_read_only(&self) -> bool {
        self.store.is_read_only()
    }

    /// Makes everything that was stored so far survive a power cut.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where the disk fails: then it is not known what survives, and every later flush of this handle
    /// fails too.
    pub fn flush(&self) -> Result<()> {
        self.store.flush()?;
        self.store.sweep_quietly();
        Ok(())
    }

    /// What was repaired when this store was opened for writing, because the power had been cut while values were not
    /// flushed. Each node that was damaged is there, with what became of it; mostly there is none.
    pub fn recovered(&self) -> &[Recovered] {
        self.store.recovered()
    }

    /// Plans to remove what nobody needs any more: what writers that were killed had not yet stored, values that were
    /// replaced or removed more than a minute ago, and calculations beside this one whose deletion or
    /// unpacking was interrupted.
    ///
    /// Opening a store for writing and [`flush`](Self::flush) do it too, unless locks cannot be trusted or
    /// [`Options::sweeps`] says no.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use std::time::Duration;
    ///
    /// let store = calcstore::DataStore::at(dir.path().join("results"))?;
    /// store.insert("/a", [1.0, 2.0])?;
    /// store.remove("/a")?;
    /// let report = store.gc().older_than(Duration::ZERO).run()?;
    /// assert_eq!((report.leftovers.len(), report.files()), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn gc(&self) -> Gc<'_> {
        Gc::new(self)
    }

    /// Flushes, then closes this handle. Dropping it closes, but does not flush.
    ///
    /// # Errors
    /// As [`DataStore::flush`].
    pub fn close(self) -> Result<()> {
        if self.is_read_only() { Ok(()) } else { self.flush() }
    }

    /// Gives the attributes of a node; those of `/` are the calculation's. Those of a node that only a
    /// [parent](DataStore::parent) has cannot be changed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such node.
    pub fn attributes(&self, key: &str) -> Result<Attributes<'_>> {
        let key = Key::new(key)?;
        match Attributes::new(&self.store, key.clone()) {
            Err(error) if is_nothing(&error) => {
                let holder = self.holder(&key).map_err(|error| self.suggest(&key, error))?;
                Ok(Attributes::of_parent(holder.store, key))
            }
            attributes => attributes,
        }
    }

    /// Tells how far the calculation has come.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn status(&self) -> Result<Status> {
        self.store.read(&Key::root(), |snapshot| {
            Ok(match snapshot.marker.kind {
                Some(Kind::Root { status, .. }) => status,
                _ => Status::default(),
            })
        })
    }

    /// Tells when the calculation came to its end or was given up (RFC 3339, UTC), as [`set_status`](Self::set_status)
    /// notes it.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn ended(&self) -> Result<Option<String>> {
        self.store.read(&Key::root(), |snapshot| {
            Ok(match &snapshot.marker.kind {
                Some(Kind::Root { ended, .. }) => ended.clone(),
                _ => None,
            })
        })
    }

    /// Notes how far the calculation has come, and when that was if it has ended.
    ///
    /// # Errors
    /// As [`DataStore::insert`].
    pub fn set_status(&self, to: Status) -> Result<()> {
        let now = jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_default();
        let end = (to != Status::Created).then(|| now.to_string());
        self.store.update_metadata(&Key::root(), |metadata: &mut NodeMetadata| {
            let mut marker = Marker::read(metadata.attributes())?;
            let parent = match marker.kind.take() {
                Some(Kind::Root { parent, .. }) => parent,
                _ => None,
            };
            marker.kind = Some(Kind::Root { status: to, parent, ended: end.clone() });
            marker.write(metadata.attributes_mut())
        })
    }

    /// Exports everything to `output.hdf5` in the directory of the store, for HDFView and everything else that
    /// reads HDF5. [`hdf5_export`](Self::hdf5_export) has options.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] where there is such a file, [`ErrorKind::Corrupt`] where a value is damaged:
    /// then there is no file.
    pub fn export_hdf5(&self) -> Result<ExportReport> {
        self.hdf5_export().run()
    }

    /// Plans an export to HDF5: to another file, in place of one that is there, with progress.
    pub fn hdf5_export(&self) -> Hdf5Export<'_> {
        Hdf5Export::new(&self.store)
    }

    /// Plans an import of an HDF5 file: into which group, up to which size, with progress.
    pub fn hdf5_import(&self, file: impl AsRef<Path>) -> Hdf5Import<'_> {
        Hdf5Import::new(&self.store, file.as_ref())
    }
}

impl fmt::Debug for DataStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("DataStore");
        shown.field("calc_dir", &self.calc_dir()).field("calc_id", &self.calc_id);
        shown.field("read_only", &self.is_read_only()).finish_non_exhaustive()
    }
}
