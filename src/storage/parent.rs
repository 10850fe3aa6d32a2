//! The way from one store to another.
use std::path::{Component, Path, PathBuf};

use super::files::AsFd;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

impl Store {
    /// Whether both are open on one hierarchy, whatever they were opened as.
    pub(crate) fn is_same(&self, other: &Self) -> Result<bool> {
        let id = |store: &Self| {
            let place = store.place(&Key::root());
            let stat = store.files.stat(store.root(), &place);
            stat.map(|stat| stat.id).map_err(store.failed("cannot look up", &place))
        };
        Ok(id(self)? == id(other)?)
    }

    /// The path to note for another store: `../NAME` where both are in one directory, so that this can be moved
    /// with all that is in it; else the absolute path.
    pub(crate) fn path_to(&self, other: &Self) -> Result<String> {
        if let Some(name) = other.path().file_name().and_then(|name| name.to_str()) {
            let beside = format!("../{name}");
            if self.leads_to(&beside, other)? {
                return Ok(beside);
            }
        }
        other.path().to_str().map(str::to_owned).ok_or_else(|| {
            let message = "the path is not UTF-8, and cannot be noted";
            Error::new(ErrorKind::InvalidInput, message).with_file(other.path())
        })
    }

    fn leads_to(&self, noted: &str, other: &Self) -> Result<bool> {
        let id =
            |handle: &super::files::Handle| self.files.stat_open(handle.as_fd()).ok().map(|stat| stat.id);
        let there = self.files.open_root(&self.follow(noted)).ok().and_then(|handle| id(&handle));
        let other = other.files.stat_open(other.root()).map_err(other.failed("cannot look at", ""))?;
        Ok(there == Some(other.id))
    }

    /// Where a noted path leads. A relative one begins at the directory of this store, wherever that really is.
    pub(crate) fn follow(&self, noted: &str) -> PathBuf {
        if Path::new(noted).is_absolute() {
            return PathBuf::from(noted);
        }
        let mut path = std::fs::canonicalize(self.path()).unwrap_or_else(|_| self.path().to_path_buf());
        for component in Path::new(noted).components() {
            match component {
                Component::ParentDir => {
                    path.pop();
                }
                component => path.push(component),
            }
        }
        path
    }
}
