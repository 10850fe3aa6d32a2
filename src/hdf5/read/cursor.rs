//! The fields of a structure, one after the other.

use super::input::Sizes;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of one structure, of which the next field is taken; whoever asks for more than there is gets `Corrupt`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    sizes: Sizes,
    /// What the structure is called, for messages.
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8], sizes: Sizes, what: &'static str) -> Self {
        Self { rest: bytes, sizes, what }
    }

    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.corrupt("it ends too early"));
        };
        self.rest = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub fn u8(&mut self) -> Result<u8> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub fn u16(&mut self) -> Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// An unsigned number of up to eight bytes.
    pub fn uint(&mut self, width: u8) -> Result<u64> {
        if width > 8 {
            return Err(self.corrupt(format!("a number of {width} bytes")));
        }
        let taken = self.take(usize::from(width))?;
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(taken).for_each(|(byte, taken)| *byte = *taken);
        Ok(u64::from_le_bytes(bytes))
    }

    /// An address; `None` where it is the undefined one, all bits set.
    pub fn address(&mut self) -> Result<Option<u64>> {
        let width = self.sizes.offset;
        let address = self.uint(width)?;
        let undefined = if width >= 8 { u64::MAX } else { (1 << (u32::from(width) * 8)) - 1 };
        Ok((address != undefined).then_some(address))
    }

    /// A length, or a number of elements, of the width that the superblock names.
    pub fn length(&mut self) -> Result<u64> {
        self.uint(self.sizes.length)
    }

    /// Fails where a structure does not begin with its signature.
    pub fn signature(&mut self, expected: [u8; 4]) -> Result<()> {
        if self.array()? == expected {
            return Ok(());
        }
        Err(self.corrupt(format!("it does not begin with {}", expected.escape_ascii())))
    }

    pub fn corrupt(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Corrupt, format!("the {} is damaged: {why}", self.what))
    }

    pub fn unsupported(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Unsupported, format!("the {} is not known here: {why}", self.what))
    }
}
