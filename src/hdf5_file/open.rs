//! Opening files by their paths.

use std::fs::{self, File};
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::CachedFile;

/// Opens a file, in pages.
///
/// # Errors
/// `InvalidInput` for a directory, pipe or device: opening a pipe would wait for whoever writes into it.
pub(crate) fn open(path: &Path) -> Result<CachedFile> {
    let failed = |error| Error::io("cannot open", path, error);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        let message = "a directory, pipe or device is there, and no HDF5 file";
        return Err(Error::new(ErrorKind::InvalidInput, message).with_file(path));
    }
    File::open(path).and_then(CachedFile::new).map_err(failed)
}
