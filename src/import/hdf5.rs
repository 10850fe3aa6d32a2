use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::external::Files;
use super::report::{ImportProgress, ImportReport, Tally};
use super::scope::Scope;
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, ObjectKind};
use crate::hdf5_file::{Met, Paths, Place, Reading, component, open};
use crate::key::Key;
use crate::progress::Continue;
use crate::storage::{Draft, Existing, Store};

/// What the elements of a file may take, unless something else is said.
const LIMIT: u64 = 64 << 30;

/// An import of one HDF5 file, whoever wrote it: `OpenQuake`, h5py, netCDF-4, MATLAB, `PyTables`, or an
/// [export](crate::Hdf5Export) of a store, which so is restored.
///
/// Datasets become arrays, those of compounds tables, opaque scalars bytes, groups groups. What cannot be imported is left
/// out and named in the report, and everything beside it is there. Memory does not grow with the file, and nothing is
/// believed that it says: what is damaged is an error, never a wrong value.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// # store.insert("/levels", [0.01, 0.1, 1.0])?;
/// # let file = store.export_hdf5()?.file;
/// let store = calcstore::DataStore::at(dir.path().join("imported"))?;
/// let report = store.hdf5_import(&file).run()?;
/// assert!(report.left_out.is_empty());
/// assert_eq!(store.get::<Vec<f64>>("/levels")?, [0.01, 0.1, 1.0]);
///
/// store.hdf5_import(&file).into("/old").run()?;
/// assert!(store.contains_key("/old/levels")?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an import is made by `run`"]
pub struct Hdf5Import<'a> {
    store: &'a Arc<Store>,
    file: PathBuf,
    into: String,
    limit: u64,
    external: Option<PathBuf>,
    replace: bool,
    progress: Box<dyn FnMut(ImportProgress) -> Continue + 'a>,
}

impl<'a> Hdf5Import<'a> {
    pub(crate) fn new(store: &'a Arc<Store>, file: &Path) -> Self {
        Self {
            store,
            file: file.to_path_buf(),
            into: "/".to_owned(),
            limit: LIMIT,
            external: None,
            replace: false,
            progress: Box::new(|_| Continue::Yes),
        }
    }

    /// Sets the group that the root of the file becomes. It appears as a whole or not at all; at `/`, the default, the values
    /// appear one by one, beside those that are there.
    pub fn into(mut self, key: &str) -> Self {
        key.clone_into(&mut self.into);
        self
    }

    /// Sets how many bytes of elements are imported at most, decompressed: 64 GiB if nothing is said, and always as many as
    /// the file is long. What is beyond is left out. Parts of arrays that were never written do not count, and are not stored.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Lets the file lead into other files, below this directory alone. Without it what other files have is left out.
    pub fn external(mut self, directory: impl Into<PathBuf>) -> Self {
        self.external = Some(directory.into());
        self
    }

    /// Lets what is imported take the place of what is there already.
    pub fn replace(mut self, replace: bool) -> Self {
        self.replace = replace;
        self
    }

    /// Sets what is called now and then, and may stop the import.
    pub fn on_progress(mut self, progress: impl FnMut(ImportProgress) -> Continue + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Makes the import.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no HDF5 file, [`ErrorKind::Unsupported`] for one that is of several, or newer
    /// than what is known here; [`ErrorKind::AlreadyExists`] where something is there already; [`ErrorKind::InvalidKey`];
    /// [`ErrorKind::Cancelled`]; [`ErrorKind::ReadOnly`], [`ErrorKind::StorageFull`] and others of the file systems. Then
    /// nothing is under the key; at `/`, what was imported so far is.
    pub fn run(self) -> Result<ImportReport> {
        let key = Key::new(&self.into)?;
        let source = open(&self.file)?;
        let here = |error: Error| error.with_file(&self.file);
        let file = File::open(Box::new(source)).map_err(here)?;
        let files = Files::new(&self.file, self.external.as_deref())?;
        let mut met = Met::default();
        let mut tally = Tally::new(self.limit, self.progress);
        tally.allow(file.input().size());
        let root = file.root().map_err(here)?;
        if root.kind() != ObjectKind::Group {
            return Err(here(Error::new(ErrorKind::Corrupt, "the root of the file is no group")));
        }
        let existing = if self.replace { Existing::Replace } else { Existing::Refuse };
        let place = Place { path: "/".to_owned(), key: key.clone() };
        let paths = Paths::default();
        let reading = Reading::new(&file, &paths, (&files, 0));
        if key.is_root() {
            if existing == Existing::Refuse {
                check_vacant(self.store, &root)?;
            }
            let scope = Scope::new((reading, &files), self.store, &mut tally, existing);
            Walk::new(scope, &mut met).run(&root, &place)?;
            return Ok(tally.report);
        }
        let draft = Draft::new(self.store, &key)?;
        if existing == Existing::Refuse {
            draft.check_vacant()?;
        }
        let (store, tally_of) = (draft.inside()?, &mut tally);
        let scope = Scope::new((reading, &files), store, tally_of, Existing::Refuse);
        Walk::new(scope, &mut met).run(&root, &place)?;
        draft.commit(existing).map_err(|error| error.with_key(key.to_string()))?;
        Ok(tally.report)
    }
}

/// Refuses where something is that the file has, too: better now than when half of it is there.
fn check_vacant(store: &Store, root: &crate::hdf5::StoredObject<'_>) -> Result<()> {
    for link in root.links().items {
        let Ok(key) = component(&link.name).and_then(|name| Key::root().child(&name)) else {
            continue;
        };
        if store.has(&key)? {
            let message =
                "there is a value or a group here already; replace it, or import into another group";
            return Err(Error::new(ErrorKind::AlreadyExists, message).with_key(key.to_string()));
        }
    }
    Ok(())
}

impl fmt::Debug for Hdf5Import<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hdf5Import")
            .field("file", &self.file)
            .field("into", &self.into)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
