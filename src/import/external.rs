//! Files beside the one that is imported, to which it leads.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, Neighbours, Source};
use crate::hdf5_file::{not_allowed, open};

/// So many files stay open for whoever asks for them again.
const MOST_OPEN: usize = 8;

/// The files of one import: that which is imported, and those that it leads to.
#[derive(Debug)]
pub(super) struct Files {
    allowed: Option<Allowed>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The true paths, in the order in which they were met: their numbers are their places.
    paths: Vec<PathBuf>,
    /// Those that were asked for last, the last one last.
    open: Vec<(usize, Arc<File>)>,
}

impl Files {
    /// The file that is imported, which has the number zero, and where others may be.
    pub fn new(file: &Path, allowed: Option<&Path>) -> Result<Self> {
        let paths = fs::canonicalize(file).into_iter().collect();
        let known = Mutex::new(Known { paths, open: Vec::new() });
        Ok(Self { allowed: allowed.map(Allowed::new).transpose()?, known })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds the file that another one names; gives its true path.
    ///
    /// # Errors
    /// `Unsupported` where it may not be read, `NotFound` where it is not there.
    fn find(&self, from: usize, name: &str) -> Result<PathBuf> {
        let Some(allowed) = &self.allowed else {
            return Err(not_allowed(name));
        };
        let beside = self.known().paths.get(from).and_then(|path| path.parent().map(Path::to_owned));
        allowed.find(name, beside.as_deref())
    }

    /// Opens the HDF5 file that another one names, and gives its number.
    ///
    /// # Errors
    /// Those of [`find`](Self::find) and of [`File::open`].
    pub fn open(&self, from: usize, name: &str) -> Result<(usize, Arc<File>)> {
        let path = self.find(from, name)?;
        let mut known = self.known();
        let number = known.paths.iter().position(|known| *known == path);
        let number = number.unwrap_or_else(|| {
            known.paths.push(path.clone());
            known.paths.len().saturating_sub(1)
        });
        if let Some(at) = known.open.iter().position(|(open, _)| *open == number) {
            let found = known.open.remove(at);
            known.open.push(found.clone());
            return Ok(found);
        }
        let file = open(&path).and_then(|source| File::open(Box::new(source)));
        let file = Arc::new(file.map_err(|error| {
            Error::new(error.kind(), format!("cannot read the file {name:?}: {}", error.message()))
        })?);
        if known.open.len() == MOST_OPEN {
            known.open.remove(0);
        }
        known.open.push((number, Arc::clone(&file)));
        Ok((number, file))
    }
}

impl Neighbours for Files {
    fn are_allowed(&self) -> bool {
        self.allowed.is_some()
    }

    fn raw(&self, from: usize, name: &str) -> Result<Box<dyn Source>> {
        Ok(Box::new(open(&self.find(from, name)?)?))
    }

    fn file(&self, from: usize, name: &str) -> Result<Option<(usize, Arc<File>)>> {
        match self.open(from, name) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }
}

/// The directory below which files may be read that another file names.
#[derive(Clone, Debug)]
pub(super) struct Allowed(PathBuf);

impl Allowed {
    pub fn new(directory: &Path) -> Result<Self> {
        let found = fs::canonicalize(directory);
        Ok(Self(found.map_err(|error| Error::io("cannot open the directory", directory, error))?))
    }

    /// Finds the file of a name, in a directory or in that which is allowed; gives its true path.
    ///
    /// # Errors
    /// `Unsupported` where it lies elsewhere, `NotFound` where it is not there.
    pub fn find(&self, name: &str, beside: Option<&Path>) -> Result<PathBuf> {
        let refuse = |kind, why: &str| {
            let message = format!("the file {name:?} {why} {}", self.0.display());
            Err(Error::new(kind, message))
        };
        let path = Path::new(name);
        if path.components().any(|part| part == Component::ParentDir) {
            return refuse(ErrorKind::Unsupported, "is not below");
        }
        let directories = beside.into_iter().chain([self.0.as_path()]);
        // Symbolic links lead elsewhere, too.
        let found: Vec<PathBuf> =
            directories.filter_map(|directory| fs::canonicalize(directory.join(path)).ok()).collect();
        match (found.iter().find(|path| path.starts_with(&self.0)), found.is_empty()) {
            (Some(path), _) => Ok(path.clone()),
            (None, false) => refuse(ErrorKind::Unsupported, "is not below"),
            (None, true) => refuse(ErrorKind::NotFound, "cannot be read below"),
        }
    }
}
