//! Files that others see once they are whole: until then they have another name, and a lock that dies with their writer.
//!
//! `.NAME.ID.part` is removed by the next writer of `NAME` in its directory, and by `gc` in that of a store, when its lock is
//! free and it has not changed for a minute: so long may pass between making a file and locking it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::files::{AsFd, BorrowedFd, Files, Handle, Output};
use super::litter::{GRACE, is_older};
use super::stage::random_id;
use super::store::Store;
use super::trust::{Tried, Trust};
use crate::error::{Error, Result};

/// A file that is being written.
pub(crate) struct Partial {
    files: Arc<dyn Files>,
    name: String,
    /// Locked where there are locks.
    _lock: Option<File>,
}

impl Store {
    /// Begins the file that will have a name in a directory, whose path is for messages. What dead writers left of it is
    /// removed.
    pub(crate) fn begin(
        &self,
        (directory, name): (&Handle, &str),
        path: &Path,
    ) -> Result<(Partial, Box<dyn Output>)> {
        let files = Arc::clone(self.around());
        let trust = Trust::new(self.access().locks);
        sweep(&*files, (directory.as_fd(), name), &trust);
        let partial = format!(".{name}.{}.part", random_id());
        let output = files.create_output(directory.as_fd(), &partial);
        let output = output.map_err(|error| Error::io("cannot make the file", path, error))?;
        // It is new: nobody takes it for abandoned yet. Without locks nobody ever does.
        let lock = files.open_lock(directory.as_fd(), &partial).ok();
        let lock = lock.filter(|lock| matches!(trust.try_own(&*files, lock, path), Ok(Tried::Locked)));
        Ok((Partial { files, name: partial, _lock: lock }, output))
    }
}

impl Partial {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Gives the file up.
    pub(crate) fn discard(&self, directory: BorrowedFd<'_>) {
        // The error that led here says more than a second one would.
        let _ = self.files.remove_file(directory, &self.name);
    }
}

/// Whether a file of this name is the beginning of another one: of that with the name `of`, or of any.
pub(super) fn is_partial(name: &str, of: Option<&str>) -> bool {
    let inner = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
    let Some((whole, id)) = inner.and_then(|inner| inner.rsplit_once('.')) else { return false };
    let is_id = id.len() == 32 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    is_id && !whole.is_empty() && of.is_none_or(|of| of == whole)
}

/// The lock and the size of a file, if nobody is writing it.
pub(super) fn abandoned(
    files: &dyn Files,
    (directory, name): (BorrowedFd<'_>, &str),
    age: Duration,
    trust: &Trust,
) -> Option<(File, u64)> {
    let stat = files.stat(directory, name).ok().filter(|stat| is_older(stat.modified, age))?;
    let lock = files.open_lock(directory, name).ok()?;
    let is_free = matches!(trust.try_own(files, &lock, Path::new(name)), Ok(Tried::Locked));
    is_free.then_some((lock, stat.bytes))
}

/// Removes what dead writers of a file left behind; what cannot be removed stays.
fn sweep(files: &dyn Files, (directory, of): (BorrowedFd<'_>, &str), trust: &Trust) {
    for entry in files.list(directory).unwrap_or_default() {
        let Some(name) = entry.name.to_str().filter(|name| entry.is_file && is_partial(name, Some(of)))
        else {
            continue;
        };
        if let Some((_lock, _)) = abandoned(files, (directory, name), GRACE, trust)
            && let Err(error) = files.remove_file(directory, name)
        {
            tracing::warn!(%error, name, "cannot remove what an export left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_were_given_are_swept() {
        let id = "0123456789abcdef".repeat(2);
        assert!(is_partial(&format!(".a.h5.{id}.part"), Some("a.h5")));
        assert!(is_partial(&format!(".a.h5.{id}.part"), None));
        for other in [
            format!(".b.h5.{id}.part"),
            format!("a.h5.{id}.part"),
            ".a.h5.0123.part".to_owned(),
            format!(".a.h5.{}.part", id.to_uppercase()),
            format!(".{id}.part"),
            ".a.h5.part".to_owned(),
        ] {
            assert!(!is_partial(&other, Some("a.h5")), "{other}");
        }
    }
}
