//! Renames that not every file system has: refusing to replace, and exchanging.
//!
//! Which of them there are is found out by trying, once, and then remembered.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::files::{BorrowedFd, Files, Rename};

/// A name in an open directory.
pub(super) type Name<'a> = (BorrowedFd<'a>, &'a str);

/// What was found out about the file system of a store.
#[derive(Debug, Default)]
pub(super) struct Renames {
    lacks_new: AtomicBool,
    lacks_exchange: AtomicBool,
}

impl Renames {
    /// Lets two names change places. Gives false, and does nothing, where the file system cannot do that.
    pub(super) fn exchange(&self, files: &dyn Files, from: Name<'_>, to: Name<'_>) -> io::Result<bool> {
        attempt(&self.lacks_exchange, || files.rename(from, to, Rename::Exchange))
    }

    /// Renames to a name that nothing has. Where the file system cannot refuse by itself, it looks first: then the
    /// caller must keep others from taking the name meanwhile.
    pub(super) fn to_new(&self, files: &dyn Files, from: Name<'_>, to: Name<'_>) -> io::Result<()> {
        if self.refusing(files, from, to)? {
            return Ok(());
        }
        match files.stat(to.0, to.1) {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => files.rename(from, to, Rename::Over),
            Err(error) => Err(error),
        }
    }

    /// Renames to a name that nothing has. Gives false, and does nothing, where the file system cannot refuse.
    pub(super) fn refusing(&self, files: &dyn Files, from: Name<'_>, to: Name<'_>) -> io::Result<bool> {
        attempt(&self.lacks_new, || files.rename(from, to, Rename::New))
    }
}

/// Tries a rename, unless it is known that there is no such.
fn attempt(lacks: &AtomicBool, rename: impl FnOnce() -> io::Result<()>) -> io::Result<bool> {
    if lacks.load(Relaxed) {
        return Ok(false);
    }
    match rename() {
        Ok(()) => Ok(true),
        Err(error) if is_lacking(&error) => {
            // Between the layers of an overlay it is only this directory that cannot.
            if error.kind() != io::ErrorKind::CrossesDevices {
                lacks.store(true, Relaxed);
            }
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Whether an error says that the file system does not know the operation.
pub(super) fn is_lacking(error: &io::Error) -> bool {
    use io::ErrorKind::{CrossesDevices, InvalidInput, Unsupported};
    matches!(error.kind(), InvalidInput | Unsupported | CrossesDevices)
}
