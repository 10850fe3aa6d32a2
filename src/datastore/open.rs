use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{DataStore, Deletion, Parent};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Access, Calculation, DataDirectory, Durability, Files, LockPolicy, Os, Store, Zipped};
use crate::zarr::{Compression, Status};

/// How a store is opened.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// use calcstore::{DataStore, Durability};
///
/// let store = DataStore::options().data_dir(dir.path()).durability(Durability::Power).create()?;
/// assert_eq!(store.calc_id(), Some(1));
///
/// let again = DataStore::options().data_dir(dir.path()).read_only(true).open(-1)?;
/// assert_eq!(again.calc_dir(), store.calc_dir());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Options {
    data_dir: Option<PathBuf>,
    parent: Option<Parent>,
    access: Access,
    locks: Option<LockPolicy>,
}

/// One calculation of a data directory, as [`Options::calculations`] lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CalculationEntry {
    /// The ID.
    pub calc_id: u32,
    /// The directory.
    pub calc_dir: PathBuf,
    /// How far it has come; unknown where its metadata cannot be read.
    pub status: Option<Status>,
    /// When it was made (RFC 3339, UTC).
    pub date: Option<String>,
    /// When it came to its end or was given up (RFC 3339, UTC).
    pub ended: Option<String>,
    /// What it is about: the attribute `description` of the root, where that is text.
    pub description: Option<String>,
    /// The directory of its [parent](DataStore::set_parent), where it has one.
    pub parent: Option<PathBuf>,
    /// Why its metadata cannot be read, where that is so: then nobody can tell whether it has a parent.
    pub unreadable: Option<String>,
}

impl Options {
    /// Sets the directory that holds the calculations, instead of `$OQ_DATADIR` or `$HOME/oqdata`.
    pub fn data_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(path.into());
        self
    }

    /// Sets when a stored value survives a power cut.
    pub fn durability(mut self, durability: Durability) -> Self {
        self.access.durability = durability;
        self
    }

    /// Sets how the values that this handle stores are compressed; they are not, by default.
    /// [`new_dataset`](DataStore::new_dataset) decides for a single one.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.access.compression = compression;
        self
    }

    /// Opens for reading only.
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.access.read_only = read_only;
        self
    }

    /// Sets the store that reads fall through to: see [`DataStore::set_parent`].
    pub fn parent(mut self, parent: impl Into<Parent>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Sets how long to wait for a lock that somebody else holds, instead of a minute.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.access.patience = timeout;
        self
    }

    /// Sets what to do where the file system has no locks, instead of what `$CALCSTORE_LOCKS` says: `require`, the
    /// default, `best-effort` or `off`.
    pub fn locks(mut self, policy: LockPolicy) -> Self {
        self.locks = Some(policy);
        self
    }

    /// Sets whether what nobody needs any more is removed on the way, as opening for writing, storing and flushing do
    /// otherwise. Without, only [`gc`](DataStore::gc) removes it.
    pub fn sweeps(mut self, sweeps: bool) -> Self {
        self.access.sweeps = sweeps;
        self
    }

    /// Makes the next calculation: see [`DataStore::create`].
    ///
    /// # Errors
    /// As there; [`ErrorKind::InvalidInput`] together with [`Options::read_only`]; [`ErrorKind::NotFound`] where the
    /// [parent](Options::parent) is not there, and then no calculation is made.
    pub fn create(&self) -> Result<DataStore> {
        let access = self.access()?;
        if access.read_only {
            return Err(Error::new(ErrorKind::InvalidInput, "a calculation cannot be made for reading only"));
        }
        let directory = self.data_directory()?;
        let parent = self.parent.as_ref().map(|parent| parent.open(&directory)).transpose()?;
        let calculation = directory.take_next()?;
        let store = Store::create(files(), &calculation.path, access)?;
        let store = DataStore::over(store, Some(calculation.id));
        if let Some(parent) = &parent {
            store.adopt(parent)?;
        }
        Ok(store)
    }

    /// Opens a calculation: see [`DataStore::open`].
    ///
    /// # Errors
    /// As there.
    pub fn open(&self, id: i64) -> Result<DataStore> {
        let Calculation { id, path } = self.data_directory()?.find(id)?;
        let store = Store::open(files(), &path, self.access()?)?;
        self.with_parent(DataStore::over(store, Some(id)))
    }

    fn with_parent(&self, store: DataStore) -> Result<DataStore> {
        if let Some(parent) = &self.parent {
            store.set_parent(parent.clone())?;
        }
        Ok(store)
    }

    /// Plans to delete a calculation with everything in its directory. That needs its very ID, never one that is
    /// counted from the last: twice the last would be two calculations.
    ///
    /// Files of `OpenQuake` beside it, such as `calc_12.hdf5`, stay. The ID is not given again as long as there is a
    /// higher one; where the last calculation was deleted, the next one gets its ID.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use calcstore::DataStore;
    ///
    /// let options = DataStore::options().data_dir(dir.path());
    /// options.create()?.close()?;
    /// options.create()?.close()?;
    /// options.delete(1).run()?;
    /// let left: Vec<u32> = options.calculations()?.iter().map(|entry| entry.calc_id).collect();
    /// assert_eq!(left, [2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn delete(&self, id: u32) -> Deletion<'_> {
        Deletion::new(self, id)
    }

    /// Opens, or makes, the store in a directory: see [`DataStore::at`]. For reading only, `path` may also be any
    /// Zarr v3 hierarchy, or a zip file of one, which is read where it lies.
    ///
    /// # Errors
    /// As there; a store to be read must be there. [`ErrorKind::InvalidInput`] for a file that is no zip file.
    pub fn at(&self, path: impl AsRef<Path>) -> Result<DataStore> {
        let path = path.as_ref();
        let access = self.access()?;
        if path.is_file() {
            match self.in_zip(path, access) {
                // To somebody who writes it is only something else than a directory.
                Err(error) if error.kind() == ErrorKind::InvalidInput && !access.read_only => {}
                opened => return opened,
            }
        }
        let opened = Store::open(files(), path, access);
        let store = match opened {
            Err(error) if error.kind() == ErrorKind::NotFound && !access.read_only => {
                files()
                    .create_path(path)
                    .map_err(|error| Error::io("cannot make the directory", path, error))?;
                Store::create(files(), path, access)?
            }
            opened => opened?,
        };
        self.with_parent(DataStore::over(store, None))
    }

    /// Opens the store in a zip file.
    fn in_zip(&self, path: &Path, access: Access) -> Result<DataStore> {
        let zipped = zipped(path)?;
        if !access.read_only {
            let message = "a zip file is only read; unpack it to write";
            return Err(Error::new(ErrorKind::ReadOnly, message).with_file(path));
        }
        let path = zipped.path().to_path_buf();
        self.with_parent(DataStore::over(Store::open(Arc::new(zipped), &path, access)?, None))
    }

    /// Gives the data directory, which need not be there yet.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where neither an option nor the environment names one.
    pub fn data_dir_path(&self) -> Result<PathBuf> {
        Ok(self.data_directory()?.path().to_path_buf())
    }

    /// Lists the calculations of the data directory, by ID.
    ///
    /// # Errors
    /// [`ErrorKind::PermissionDenied`] and others of the file system.
    pub fn calculations(&self) -> Result<Vec<CalculationEntry>> {
        let access = self.clone().read_only(true).access()?;
        let listed = self.data_directory()?.list()?;
        Ok(listed.iter().filter_map(|calculation| entry(calculation, access)).collect())
    }

    /// What a list says of one calculation, if it is there.
    pub(super) fn calculation(&self, id: u32) -> Result<Option<CalculationEntry>> {
        let access = self.clone().read_only(true).access()?;
        let path = self.data_directory()?.path().join(format!("calc_{id}"));
        Ok(entry(&Calculation { id, path }, access))
    }

    /// Nonsense in the environment is an error only where it matters: a reader takes no lock.
    pub(super) fn access(&self) -> Result<Access> {
        let locks = match self.locks {
            Some(policy) => policy,
            None if self.access.read_only => LockPolicy::from_environment().unwrap_or_default(),
            None => LockPolicy::from_environment()?,
        };
        Ok(Access { locks, ..self.access })
    }

    pub(super) fn data_directory(&self) -> Result<DataDirectory> {
        DataDirectory::locate(files(), self.data_dir.as_deref())
    }
}

impl CalculationEntry {
    fn new(calc_id: u32, calc_dir: &Path) -> Self {
        Self {
            calc_id,
            calc_dir: calc_dir.to_path_buf(),
            status: None,
            date: None,
            ended: None,
            description: None,
            parent: None,
            unreadable: None,
        }
    }

    fn unreadable(calc_id: u32, calc_dir: &Path, why: &Error) -> Self {
        Self { unreadable: Some(why.message().to_owned()), ..Self::new(calc_id, calc_dir) }
    }

    /// Whether the directory `parent` is the parent of this calculation.
    pub(super) fn is_child_of(&self, parent: &Path) -> bool {
        let same = |path: &Path| path == parent || path.canonicalize().ok() == parent.canonicalize().ok();
        self.parent.as_deref().is_some_and(same)
    }
}

impl DataStore {
    /// What a list says of the calculation; what cannot be read of it is left out.
    fn entry(&self, calc_id: u32, calc_dir: &Path) -> CalculationEntry {
        let mut entry = CalculationEntry::new(calc_id, calc_dir);
        let attributes = match self.attributes("/") {
            Ok(attributes) => attributes,
            Err(error) => return CalculationEntry::unreadable(calc_id, calc_dir, &error),
        };
        (entry.date, entry.description) = (attributes.get("date").ok(), attributes.get("description").ok());
        (entry.status, entry.ended) = (self.status().ok(), self.ended().ok().flatten());
        match self.parent_dir() {
            Ok(parent) => entry.parent = parent,
            Err(error) => entry.unreadable = Some(error.message().to_owned()),
        }
        entry
    }
}

/// What a list says of a calculation; nothing where it was deleted since, or never made.
fn entry(Calculation { id, path }: &Calculation, access: Access) -> Option<CalculationEntry> {
    let open = || Store::open(files(), path, access);
    let is_gone = |error: &Error| error.kind() == ErrorKind::NotFound;
    let entry = match open() {
        Ok(store) => DataStore::over(store, Some(*id)).entry(*id, path),
        Err(error) if is_gone(&error) => return None,
        Err(error) => CalculationEntry::unreadable(*id, path, &error),
    };
    // It may have been deleted while it was looked at.
    let is_there = entry.unreadable.is_none() || !open().is_err_and(|error| is_gone(&error));
    is_there.then_some(entry)
}

pub(super) fn files() -> Arc<dyn Files> {
    Arc::new(Os)
}

/// Opens a zip file by its path.
pub(super) fn zipped(file: &Path) -> Result<Zipped> {
    let path = std::path::absolute(file).map_err(|error| Error::io("not a path", file, error))?;
    Zipped::open(&path)
}
