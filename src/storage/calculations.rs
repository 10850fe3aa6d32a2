//! The directories `calc_<ID>` of a data directory.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::{AsFd, Files, Handle};
use super::store::{HIERARCHY, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::zarr::METADATA_FILE;

/// A directory that holds calculations: OpenQuake's too, which keeps them as `calc_<ID>.hdf5`.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    pub(super) files: Arc<dyn Files>,
    path: PathBuf,
}

/// One calculation of a data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calculation {
    pub id: u32,
    pub path: PathBuf,
}

impl DataDirectory {
    /// The directory that was asked for, else `$OQ_DATADIR`, else `$HOME/oqdata`.
    pub(crate) fn locate(files: Arc<dyn Files>, asked: Option<&Path>) -> Result<Self> {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = asked
            .map(Path::to_path_buf)
            .or_else(|| variable("OQ_DATADIR"))
            .or_else(|| variable("HOME").map(|home| home.join("oqdata")));
        let path = path.ok_or_else(|| {
            let message = "no data directory: set OQ_DATADIR, or HOME for $HOME/oqdata";
            Error::new(ErrorKind::NotFound, message)
        })?;
        let path = std::path::absolute(&path).map_err(|error| Error::io("not a path", &path, error))?;
        Ok(Self { files, path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Lists the calculations, by ID. Those that are just being made are left out.
    pub(crate) fn list(&self) -> Result<Vec<Calculation>> {
        let Some(directory) = self.open()? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for entry in self.entries(&directory)? {
            let Some(id) = id_of(&entry) else { continue };
            let stat = self.files.stat(directory.as_fd(), &format!("{entry}/{HIERARCHY}/{METADATA_FILE}"));
            // One that may not be looked into is a calculation all the same.
            if exists(stat).unwrap_or(true) {
                found.push(Calculation { id, path: self.path.join(&entry) });
            }
        }
        found.sort_by_key(|calculation| calculation.id);
        Ok(found)
    }

    /// Finds a calculation: by its ID, or counted from the last one, which is −1.
    pub(crate) fn find(&self, id: i64) -> Result<Calculation> {
        if let Ok(id) = u32::try_from(id)
            && id > 0
        {
            let path = self.path.join(format!("calc_{id}"));
            if self.open()?.is_some_and(|at| self.files.stat(at.as_fd(), &format!("calc_{id}")).is_ok()) {
                return Ok(Calculation { id, path });
            }
            let message = format!("there is no calculation {id}{}", self.those_there_are());
            return Err(Error::new(ErrorKind::NotFound, message).with_file(&self.path));
        }
        if id >= 0 {
            let message = format!("{id} is no ID of a calculation: they are 1, 2, … and -1 for the last");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let mut all = self.list()?;
        let back = usize::try_from(id.unsigned_abs()).unwrap_or(usize::MAX);
        match all.len().checked_sub(back) {
            Some(at) => Ok(all.swap_remove(at)),
            None => {
                let message = match all.len() {
                    0 => "there is no calculation yet".to_owned(),
                    count => format!("there is no calculation {id}: there are {count}"),
                };
                Err(Error::new(ErrorKind::NotFound, message).with_file(&self.path))
            }
        }
    }

    pub(super) fn those_there_are(&self) -> String {
        match self.list() {
            Ok(all) => match (all.first(), all.last()) {
                (Some(first), Some(last)) => {
                    format!("; there are {} from {} to {}", all.len(), first.id, last.id)
                }
                _ => "; there are none yet".to_owned(),
            },
            Err(_) => String::new(),
        }
    }

    pub(super) fn open(&self) -> Result<Option<Handle>> {
        match self.files.open_root(&self.path) {
            Ok(directory) => Ok(Some(directory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("cannot open the data directory", &self.path, error)),
        }
    }

    pub(super) fn entries(&self, directory: &Handle) -> Result<Vec<String>> {
        let entries = self.files.list(directory.as_fd());
        let entries = entries.map_err(|error| Error::io("cannot list", &self.path, error))?;
        Ok(entries.into_iter().filter_map(|entry| entry.name.into_string().ok()).collect())
    }
}

/// The ID of the calculation in a directory of this name.
pub(crate) fn id_of(name: &str) -> Option<u32> {
    name.strip_prefix("calc_").and_then(parse_id)
}

/// An ID as we write it: no leading zero, no sign.
pub(super) fn parse_id(digits: &str) -> Option<u32> {
    let canonical = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}

/// The ID that a name in the data directory takes: a calculation of ours, or a file of OpenQuake's.
pub(super) fn taken_id(name: &str) -> Option<u32> {
    let file = name
        .strip_suffix(".hdf5")
        .and_then(|stem| stem.strip_prefix("calc_").or_else(|| stem.strip_prefix("cache_")));
    file.or_else(|| name.strip_prefix("calc_")).and_then(parse_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Os;

    fn data_directory(path: &Path) -> DataDirectory {
        DataDirectory::locate(Arc::new(Os), Some(path)).unwrap()
    }

    #[test]
    fn the_next_id_is_one_more_than_any_that_was_taken() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("made/when/missing");
        let data = data_directory(&path);
        assert_eq!(data.take_next().unwrap().id, 1);
        std::fs::create_dir(path.join("calc_7")).unwrap();
        std::fs::write(path.join("calc_9.hdf5"), "").unwrap();
        std::fs::write(path.join("cache_12.hdf5"), "").unwrap();
        for other in ["calc_0099", "calc_x", "calc_4294967296", "cache_50", "calc_60.tmp", "calc_"] {
            std::fs::write(path.join(other), "").unwrap();
        }
        assert_eq!(data.take_next().unwrap(), Calculation { id: 13, path: path.join("calc_13") });
    }

    #[test]
    fn no_two_threads_get_the_same_id() {
        let directory = tempfile::tempdir().unwrap();
        let taken = std::sync::Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let id = data_directory(directory.path()).take_next().unwrap().id;
                        taken.lock().unwrap().push(id);
                    }
                });
            }
        });
        let mut taken = taken.into_inner().unwrap();
        taken.sort_unstable();
        assert_eq!(taken, (1..=200).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_id_leaves_none() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("calc_4294967295")).unwrap();
        let error = data_directory(directory.path()).take_next().unwrap_err();
        assert!(error.to_string().contains("no ID left"), "{error}");
    }
}
