//! The bytes of a file by their addresses.

use std::fmt;
use std::io;

use super::cursor::Cursor;
use super::elements::LastIndex;
use crate::error::{Error, ErrorKind, Result};

/// A file that can be read at any place, by many threads at once.
pub trait Source: Send + Sync {
    /// Its size in bytes.
    fn size(&self) -> u64;

    /// Fills `bytes` with what begins at a place.
    ///
    /// # Errors
    /// What the system says; `UnexpectedEof` beyond the end.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

/// How many bytes the addresses and lengths of a file take, as its superblock says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sizes {
    pub offset: u8,
    pub length: u8,
}

/// No structure that is read as a whole is larger, but for what is told to be.
const LARGEST: u64 = 16 << 20;

/// A source whose addresses are those of HDF5: counted from the superblock.
pub struct Input {
    source: Box<dyn Source>,
    /// Where address zero lies: behind the user block.
    base: u64,
    sizes: Sizes,
    last_index: LastIndex,
}

impl Input {
    pub(super) fn new(source: Box<dyn Source>, base: u64, sizes: Sizes) -> Self {
        Self { source, base, sizes, last_index: LastIndex::default() }
    }

    pub(super) fn last_index(&self) -> &LastIndex {
        &self.last_index
    }

    pub(super) fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// How many bytes there are from address zero on, which bounds what can be found in them.
    pub fn size(&self) -> u64 {
        self.source.size().saturating_sub(self.base)
    }

    /// Reads a structure of metadata; `what` is its name, for messages.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before it, or it is larger than any is.
    pub(super) fn structure(&self, address: u64, size: u64, what: &'static str) -> Result<Vec<u8>> {
        if size > LARGEST {
            return Err(corrupt(what, format!("its size would be {size} bytes")));
        }
        self.check(address, size, what)?;
        let size = usize::try_from(size).map_err(|_| corrupt(what, "it is larger than memory"))?;
        let mut bytes = vec![0; size];
        self.fill(&mut bytes, address, what)?;
        Ok(bytes)
    }

    /// Reads raw bytes of elements or chunks into a buffer of the caller.
    ///
    /// # Errors
    /// `Corrupt` where the file ends before they do.
    pub(super) fn fill(&self, bytes: &mut [u8], address: u64, what: &'static str) -> Result<()> {
        self.check(address, bytes.len() as u64, what)?;
        let at = self.base.saturating_add(address);
        self.source.read_at(bytes, at).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot read the {what} at byte {at}: {error}"))
        })
    }

    /// Fails where the file ends before a region does: so whoever allocates for it afterwards allocates no more than the
    /// file has.
    pub(super) fn check(&self, address: u64, size: u64, what: &'static str) -> Result<()> {
        let end = self.base.checked_add(address).and_then(|at| at.checked_add(size));
        if end.is_some_and(|end| end <= self.source.size()) {
            return Ok(());
        }
        Err(corrupt(
            what,
            format!("it would lie at byte {address}, {size} bytes long, beyond the end of the file"),
        ))
    }

    /// The fields of a structure that was read.
    pub(super) fn cursor<'a>(&self, bytes: &'a [u8], what: &'static str) -> Cursor<'a> {
        Cursor::new(bytes, self.sizes, what)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("base", &self.base).field("sizes", &self.sizes).finish_non_exhaustive()
    }
}

pub(super) fn corrupt(what: &str, why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the {what} is damaged: {why}"))
}
