//! A file in memory, for tests.

use std::io;

use super::input::{Input, Sizes, Source};

pub(super) struct Bytes(pub Vec<u8>);

impl Source for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).map_err(io::Error::other)?;
        let end = at.checked_add(bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(self.0.get(at..end).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// An input whose address zero is the first of the bytes, with addresses and lengths of eight bytes.
pub(super) fn input(bytes: Vec<u8>) -> Input {
    Input::new(Box::new(Bytes(bytes)), 0, Sizes { offset: 8, length: 8 })
}
