//! What is written to, with the addresses that are taken.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use super::address::ALIGNMENT;
use crate::error::{Error, ErrorKind, Result};

/// A file whose regions are reserved in order and written in any.
#[derive(Debug)]
pub(super) struct Sink<W> {
    inner: W,
    file: PathBuf,
    /// Where the next byte would go; unknown after an error.
    position: Option<u64>,
    end: u64,
}

impl<W: Write + Seek> Sink<W> {
    pub(super) fn new(inner: W, file: PathBuf) -> Self {
        Self { inner, file, position: None, end: 0 }
    }

    /// Gives the first address that is not taken.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Gives the address that the next region will have.
    pub(super) fn next_address(&self) -> Result<u64> {
        self.end.checked_next_multiple_of(ALIGNMENT).ok_or_else(|| self.full())
    }

    /// Takes `size` bytes at the end and gives their address; they are written later, or left as a hole.
    pub(super) fn reserve(&mut self, size: u64) -> Result<u64> {
        let address = self.next_address()?;
        self.end = address.checked_add(size).ok_or_else(|| self.full())?;
        Ok(address)
    }

    /// Writes a structure at the end and gives its address.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<u64> {
        let address = self.reserve(bytes.len() as u64)?;
        self.write_at(address, bytes)?;
        Ok(address)
    }

    /// Writes into a reserved region; without seeking where the last write ended just before it.
    pub(super) fn write_at(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let position = self.position.take();
        let written = self.try_write_at(position, address, bytes);
        written.map_err(|error| Error::io("cannot write", &self.file, error))?;
        self.position = Some(address + bytes.len() as u64);
        Ok(())
    }

    fn try_write_at(&mut self, position: Option<u64>, address: u64, bytes: &[u8]) -> io::Result<()> {
        match position {
            Some(position) if position == address => {}
            // What lies before an aligned address is padding. It is written, because a seek would empty the
            // buffer of a `BufWriter`.
            Some(position) if position.checked_next_multiple_of(ALIGNMENT) == Some(address) => {
                (position..address).try_for_each(|_| self.inner.write_all(&[0]))?;
            }
            _ => {
                self.inner.seek(SeekFrom::Start(address))?;
            }
        }
        self.inner.write_all(bytes)
    }

    /// Hands everything written so far to the operating system.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.inner.flush().map_err(|error| Error::io("cannot write", &self.file, error))
    }

    pub(super) fn into_inner(self) -> W {
        self.inner
    }

    fn full(&self) -> Error {
        let message = "the file would be longer than 2⁶⁴ bytes";
        Error::new(ErrorKind::Unsupported, message).with_file(&self.file)
    }
}
