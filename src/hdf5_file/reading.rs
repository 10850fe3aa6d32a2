//! What is known of a file while it is read.

use std::collections::HashSet;

use super::names::Paths;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Elsewhere, File, Neighbours, Type, Values, values};
use crate::key::Key;

/// Something that an HDF5 file has and that cannot be had from it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotImported {
    /// Its path in the file; of an attribute with `@` and its name.
    pub path: String,
    /// Why it was left out.
    pub why: String,
}

/// A file that is being read, and what came of it so far.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub file: &'a File,
    pub paths: &'a Paths,
    /// The files that it may lead to, and its own number among them.
    files: &'a dyn Neighbours,
    pub number: usize,
    /// The paths of datasets that are attributes of others, and no values by themselves.
    pub spilled: HashSet<String>,
    pub left_out: Vec<NotImported>,
    /// How many bytes of elements were read as a whole.
    pub bytes: u64,
}

/// Where something is in the file, and its key.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub path: String,
    pub key: Key,
}

impl<'a> Reading<'a> {
    pub fn new(file: &'a File, paths: &'a Paths, (files, number): (&'a dyn Neighbours, usize)) -> Self {
        Self { file, paths, files, number, spilled: HashSet::new(), left_out: Vec::new(), bytes: 0 }
    }

    /// How the files are found that it leads to.
    pub fn elsewhere(&self) -> Elsewhere<'a> {
        Elsewhere::new(self.files, self.number)
    }

    /// Decodes elements.
    pub fn values(&self, data_type: &Type, bytes: &[u8]) -> Result<Values> {
        values(self.file.input(), data_type, bytes)
    }

    pub fn leave_out(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(NotImported { path: path.into(), why: why.into() });
    }

    /// Notes what went wrong with one object; gives back what went wrong with the file system or by intent.
    pub fn settle(&mut self, path: &str, done: Result<()>) -> Result<()> {
        match done {
            Err(error) if is_of_the_object(&error) => {
                self.leave_out(path, error.message());
                Ok(())
            }
            done => done,
        }
    }
}

/// Whether an error is about one object alone, from which the others need not suffer.
pub(crate) fn is_of_the_object(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AlreadyExists
            | ErrorKind::Conflict
            | ErrorKind::Corrupt
            | ErrorKind::InvalidInput
            | ErrorKind::InvalidKey
            | ErrorKind::NotFound
            | ErrorKind::Unsupported
            | ErrorKind::WrongShape
            | ErrorKind::WrongType
    )
}
