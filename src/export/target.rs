//! The file of an export, which has another name until it is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{AsFd, Files, Handle, Output, Partial, Rename, Store};

/// The file to be, and the one that it is until it is whole.
pub(crate) struct Target {
    files: Arc<dyn Files>,
    file: PathBuf,
    directory: Handle,
    name: String,
    force: bool,
}

impl Target {
    pub(crate) fn new(files: Arc<dyn Files>, file: &Path, force: bool) -> Result<Self> {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| Error::new(ErrorKind::InvalidInput, "not the name of a file").with_file(file))?;
        let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = files.open_root(parent);
        let directory = directory.map_err(|error| Error::io("cannot open the directory", parent, error))?;
        let target = Self { name: name.to_owned(), file: file.to_path_buf(), files, directory, force };
        match target.files.stat(target.directory.as_fd(), name) {
            // A device that is replaced is gone for everybody on the machine.
            Ok(stat) if stat.is_special => {
                let message =
                    "a directory, device or pipe is there, which no export takes the place of; name a file";
                Err(Error::new(ErrorKind::InvalidInput, message).with_file(file))
            }
            Ok(_) if !force => Err(target.exists()),
            _ => Ok(target),
        }
    }

    fn exists(&self) -> Error {
        let message = "there is such a file already; name another one, or replace it by `force`";
        Error::new(ErrorKind::AlreadyExists, message).with_file(&self.file)
    }

    /// Begins the file, under another name.
    pub(crate) fn create(&self, store: &Store) -> Result<(Partial, Box<dyn Output>)> {
        store.begin((&self.directory, &self.name), &self.file)
    }

    /// Lets the file appear under its name; gives its size.
    pub(crate) fn publish(&self, partial: &Partial, output: Box<dyn Output>) -> Result<u64> {
        let failed = |error| Error::io("cannot write", &self.file, error);
        output.sync().map_err(failed)?;
        drop(output);
        let directory = self.directory.as_fd();
        let bytes = self.files.stat(directory, partial.name()).map_err(failed)?.bytes;
        let how = if self.force { Rename::Over } else { Rename::New };
        let renamed = self.files.rename((directory, partial.name()), (directory, &self.name), how);
        renamed.map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => self.exists(),
            _ => failed(error),
        })?;
        self.files.sync(directory).map_err(failed)?;
        Ok(bytes)
    }

    pub(crate) fn discard(&self, partial: &Partial) {
        partial.discard(self.directory.as_fd());
    }
}
