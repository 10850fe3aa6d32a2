//! Files beside the one that is imported, to which it leads.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// The directory below which files may be read that another file names.
#[derive(Clone, Debug)]
pub(super) struct Allowed(PathBuf);

impl Allowed {
    pub fn new(directory: &Path) -> Result<Self> {
        let found = fs::canonicalize(directory);
        Ok(Self(found.map_err(|error| Error::io("cannot open the directory", directory, error))?))
    }

    /// Finds the file of a name; gives its true path.
    ///
    /// # Errors
    /// `Unsupported` where it lies elsewhere, `NotFound` where it is not there.
    pub fn find(&self, name: &str) -> Result<PathBuf> {
        let refuse = |kind, why: &str| {
            let message = format!("the file {name:?} {why} {}", self.0.display());
            Err(Error::new(kind, message))
        };
        let relative = Path::new(name);
        let stays = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !relative.components().all(stays) {
            return refuse(ErrorKind::Unsupported, "is not below");
        }
        // Symbolic links lead elsewhere, too.
        match fs::canonicalize(self.0.join(relative)) {
            Ok(path) if path.starts_with(&self.0) => Ok(path),
            Ok(_) => refuse(ErrorKind::Unsupported, "is not below"),
            Err(_) => refuse(ErrorKind::NotFound, "cannot be read below"),
        }
    }
}
