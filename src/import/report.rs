//! What an import tells, while it goes on and at its end.

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5_file::NotImported;
use crate::key::Key;
use crate::progress::Continue;

/// How far an import has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportProgress {
    /// The values that are in the store.
    pub values: u64,
    /// The bytes of elements that were read, decompressed.
    pub bytes: u64,
}

/// What an import made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// How many values there are: arrays, tables, bytes and objects, without the groups that hold them.
    pub values: u64,
    /// The bytes of their elements as they are in memory. What was never written in the file counts nothing.
    pub bytes: u64,
    /// What the store lacks, and why.
    pub left_out: Vec<NotImported>,
    /// What has another name in the store, since its own cannot be part of a key.
    pub renamed: Vec<Renamed>,
    /// What has another form in the store, since no array or table holds it as it is.
    pub converted: Vec<Converted>,
}

/// Something that has another name in the store than in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Renamed {
    /// Its path in the file.
    pub path: String,
    /// Its key.
    pub key: String,
}

/// Something that has another form in the store than in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// Its path in the file; of a member of compounds with a dot and its name.
    pub path: String,
    /// The key of what it became.
    pub key: String,
    /// What that is.
    pub into: String,
}

/// Keeps count of an import, and stops it where it is too much.
pub(super) struct Tally<'a> {
    pub report: ImportReport,
    progress: Box<dyn FnMut(ImportProgress) -> Continue + 'a>,
    limit: u64,
}

impl<'a> Tally<'a> {
    pub fn new(limit: u64, progress: Box<dyn FnMut(ImportProgress) -> Continue + 'a>) -> Self {
        Self { report: ImportReport::default(), progress, limit }
    }

    /// What is left out at most; so many bytes are read whatever was asked for, since a file has earned its own size.
    pub fn allow(&mut self, bytes: u64) {
        self.limit = self.limit.max(bytes);
    }

    /// Fails where so many bytes more would be too much.
    pub fn check(&self, bytes: u64) -> Result<()> {
        if self.report.bytes.checked_add(bytes).is_some_and(|total| total <= self.limit) {
            return Ok(());
        }
        let message = format!(
            "its {bytes} bytes, after the {} before, are beyond the limit of {}; a higher limit lets it in",
            self.report.bytes, self.limit
        );
        Err(Error::new(ErrorKind::Unsupported, message))
    }

    /// Adds bytes of elements that are about to be read.
    pub fn read(&mut self, bytes: u64) -> Result<()> {
        self.check(bytes)?;
        self.report.bytes = self.report.bytes.saturating_add(bytes);
        self.tell()
    }

    /// Adds a value that is in the store.
    pub fn value(&mut self) -> Result<()> {
        self.report.values = self.report.values.saturating_add(1);
        self.tell()
    }

    /// Lets whoever is told stop the import.
    pub fn tell(&mut self) -> Result<()> {
        match (self.progress)(ImportProgress { values: self.report.values, bytes: self.report.bytes }) {
            Continue::Yes => Ok(()),
            Continue::No => Err(Error::new(ErrorKind::Cancelled, "the import was stopped")),
        }
    }

    pub fn convert(&mut self, path: &str, key: &Key, into: String) {
        self.report.converted.push(Converted { path: path.to_owned(), key: key.to_string(), into });
    }

    pub fn rename(&mut self, path: &str, key: &Key) {
        self.report.renamed.push(Renamed { path: path.to_owned(), key: key.to_string() });
    }
}
