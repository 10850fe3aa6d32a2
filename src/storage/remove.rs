//! Removing a whole tree of files.

use std::ffi::OsStr;
use std::io;

use super::files::{AsFd, BorrowedFd, Entry, Files};

/// Removes a file, or a directory with everything in it, whatever bytes their names are of; links are removed, never
/// followed. That something is gone already is as well.
pub(super) fn remove_tree(files: &dyn Files, at: BorrowedFd<'_>, name: impl AsRef<OsStr>) -> io::Result<()> {
    let mut entry = Entry { name: name.as_ref().to_owned(), is_directory: true, is_file: false };
    match files.open_listed(at, &entry.name) {
        Ok(directory) => {
            for inner in files.list(directory.as_fd())? {
                if inner.is_directory {
                    remove_tree(files, directory.as_fd(), &inner.name)?;
                } else {
                    gone(files.remove_listed(directory.as_fd(), &inner))?;
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
        Err(_) => entry.is_directory = false,
    }
    gone(files.remove_listed(at, &entry))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}
