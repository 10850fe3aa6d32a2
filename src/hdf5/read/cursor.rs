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
        Ok((address != all_bits(width)).then_some(address))
    }

    /// A length; `None` where it is the undefined one, all bits set, which says “without end”.
    pub fn bounded_length(&mut self) -> Result<Option<u64>> {
        let width = self.sizes.length;
        let length = self.uint(width)?;
        Ok((length != all_bits(width)).then_some(length))
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

    /// A number that a field of the structure gives the width of: of 1, 2, 4 or 8 bytes for 0 to 3.
    pub fn uint_of_power(&mut self, power: u8) -> Result<u64> {
        self.uint(1_u8.checked_shl(u32::from(power)).unwrap_or(u8::MAX))
    }

    /// A text that a NUL ends; what is no UTF-8 in it is replaced.
    pub fn text(&mut self) -> Result<String> {
        let length = self.rest.iter().position(|&byte| byte == 0);
        let Some(length) = length else { return Err(self.corrupt("a text in it has no end")) };
        let text = lossy(self.take(length)?);
        self.take(1)?;
        Ok(text)
    }

    /// A text that a NUL ends and further NULs fill up to a multiple of eight bytes.
    pub fn padded_text(&mut self) -> Result<String> {
        let before = self.rest.len();
        let text = self.text()?;
        let taken = before.saturating_sub(self.rest.len());
        self.take(taken.next_multiple_of(8).saturating_sub(taken))?;
        Ok(text)
    }

    /// The fields of a structure within this one, of so many bytes.
    pub fn part(&mut self, count: usize, what: &'static str) -> Result<Self> {
        Ok(Self { rest: self.take(count)?, sizes: self.sizes, what })
    }

    pub fn corrupt(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Corrupt, format!("the {} is damaged: {why}", self.what))
    }

    pub fn unsupported(&self, why: impl std::fmt::Display) -> Error {
        Error::new(ErrorKind::Unsupported, format!("the {} is not known here: {why}", self.what))
    }
}

/// The number of `width` bytes that has all bits set, which stands for “undefined”.
fn all_bits(width: u8) -> u64 {
    let unused = 64_u32.saturating_sub(u32::from(width).saturating_mul(8));
    u64::MAX.checked_shr(unused).unwrap_or_default()
}

/// The text up to the first NUL; what is no UTF-8 in it is replaced.
pub(super) fn lossy(bytes: &[u8]) -> String {
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}

/// How many bytes a number takes that is at most so large.
pub(super) fn width_of(most: u64) -> u8 {
    u8::try_from(most.max(1).ilog2() / 8).unwrap_or(7).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(bytes: &[u8], width: u8) -> Cursor<'_> {
        Cursor::new(bytes, Sizes { offset: width, length: width }, "test")
    }

    #[test]
    fn an_address_of_all_bits_is_none_in_every_width() {
        for width in [2, 4, 8] {
            assert_eq!(cursor(&[0xff; 8], width).address().unwrap(), None);
            assert_eq!(cursor(&[0xff; 8], width).bounded_length().unwrap(), None);
            let mut bytes = [0xff; 8];
            bytes[0] = 0xfe;
            let below = (u64::MAX >> (64 - 8 * u32::from(width))) - 1;
            assert_eq!(cursor(&bytes, width).address().unwrap(), Some(below));
        }
    }

    #[test]
    fn texts_end_at_their_nul_and_are_filled_up_to_eight_bytes() {
        let mut fields = cursor(b"ab\0?????1234567\0cd\0e", 8);
        assert_eq!(fields.padded_text().unwrap(), "ab");
        assert_eq!(fields.padded_text().unwrap(), "1234567");
        assert_eq!(fields.text().unwrap(), "cd");
        assert_eq!(fields.text().unwrap_err().to_string(), "the test is damaged: a text in it has no end");
    }

    #[test]
    fn a_number_takes_as_many_bytes_as_its_largest_value_needs() {
        assert_eq!([0, 1, 255, 256, 65_535, 65_536, u64::MAX].map(width_of), [1, 1, 1, 2, 2, 3, 8]);
    }
}
