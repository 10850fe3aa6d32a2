//! Removing a whole tree of files.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use super::files::Files;

/// Removes a file, or a directory with everything in it; links are removed, never followed. That something is
/// gone already is as well.
pub(super) fn remove_tree(files: &dyn Files, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    let directory = match files.open_directory(at, path) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => return gone(files.remove_file(at, path)),
    };
    for entry in files.list(directory.as_fd())? {
        let Some(name) = entry.name.to_str() else {
            return Err(io::Error::other(format!("{} is no name of ours", entry.name.display())));
        };
        if entry.is_directory {
            remove_tree(files, directory.as_fd(), name)?;
        } else {
            gone(files.remove_file(directory.as_fd(), name))?;
        }
    }
    gone(files.remove_directory(at, path))
}
