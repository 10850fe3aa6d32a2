//! What an export tells, while it goes on and at its end.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind, Result};
use crate::progress::Continue;

/// How far an export has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// The nodes that are in the file.
    pub nodes: u64,
    /// The bytes of elements that are in the file.
    pub bytes: u64,
}

/// What an export made.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportReport {
    /// The file.
    pub file: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// What the file lacks, and why.
    pub left_out: Vec<LeftOut>,
    /// The keys of tables that are groups of columns in the file, though that was not asked for: they are too wide for one
    /// compound.
    pub tables_as_groups: Vec<String>,
    /// The keys of arrays of which chunks were never written. Those are not in the file: most readers give the fill value
    /// for them, pyfive and jsfive fail.
    pub sparse: Vec<String>,
    /// The arrays with a named axis that is on no dimension scale, and why: a name has one length in a group, and one
    /// meaning. The arrays themselves are in the file.
    pub no_scale: Vec<LeftOut>,
}

/// Something that could not be exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The key; of an attribute with `@` and its name.
    pub key: String,
    /// Why it was left out.
    pub why: String,
}

impl LeftOut {
    pub(super) fn new(key: String, error: &Error) -> Self {
        Self { key, why: error.message().to_owned() }
    }
}

/// Says how far an export has come, and may stop it.
pub(super) struct Telling<'a> {
    progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>,
    done: ExportProgress,
}

impl<'a> Telling<'a> {
    pub(super) fn new(progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>) -> Self {
        Self { progress, done: ExportProgress::default() }
    }

    /// Adds bytes of elements.
    pub(super) fn add(&mut self, bytes: u64) -> Result<()> {
        self.done.bytes += bytes;
        self.tell()
    }

    pub(super) fn add_node(&mut self) -> Result<()> {
        self.done.nodes += 1;
        self.tell()
    }

    fn tell(&mut self) -> Result<()> {
        match (self.progress)(self.done) {
            Continue::Yes => Ok(()),
            Continue::No => Err(Error::new(ErrorKind::Cancelled, "the export was stopped")),
        }
    }
}
