//! Filters, which the bytes of a chunk pass before they are stored, and their message (version 1, IV.A.2.l).

use std::borrow::Cow;
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::address::pad;
use crate::error::{Error, ErrorKind, Result};

/// What is done to the bytes of every chunk; a dataset has its filters in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The first bytes of all elements come first, then the second ones, and so on.
    Shuffle,
    /// Compression by zlib, of a level from 1 to 9.
    Deflate(u8),
    /// A checksum at the end.
    Fletcher32,
}

impl Filter {
    /// Applies filters to the bytes of a chunk, whose elements have so many bytes.
    ///
    /// # Errors
    /// `Io` where zlib fails, which it does not on memory.
    pub fn apply<'a>(filters: &[Self], element: u64, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>> {
        let mut bytes = Cow::Borrowed(bytes);
        for filter in filters {
            bytes = match filter {
                Self::Shuffle => shuffle(bytes, element),
                Self::Deflate(level) => deflate(&bytes, *level)?.into(),
                Self::Fletcher32 => {
                    let checksum = fletcher32(&bytes);
                    bytes.to_mut().extend_from_slice(&checksum.to_le_bytes());
                    bytes
                }
            };
        }
        Ok(bytes)
    }

    /// Makes a zlib stream of the body of another stream of deflate, such as one of gzip, without compressing again;
    /// `decoded` is what comes out of it.
    pub fn rewrap(body: &[u8], decoded: &[u8]) -> Vec<u8> {
        // A window of 32 KiB, and no more said about how it was made.
        const HEAD: [u8; 2] = [0x78, 0x9c];
        [&HEAD, body, &adler32(decoded).to_be_bytes()].concat()
    }

    fn encode(self, element: u32, out: &mut Vec<u8>) {
        const OPTIONAL: u16 = 1;
        let (id, name, flags, value): (u16, &[u8], u16, Option<u32>) = match self {
            Self::Deflate(level) => (1, b"deflate\0", OPTIONAL, Some(u32::from(level))),
            Self::Shuffle => (2, b"shuffle\0", OPTIONAL, Some(element)),
            Self::Fletcher32 => (3, b"fletcher32\0\0\0\0\0\0", 0, None),
        };
        for field in [id, u16::from(name.len().to_le_bytes()[0]), flags, u16::from(value.is_some())] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(name);
        out.extend(value.into_iter().flat_map(u32::to_le_bytes));
        pad(out);
    }
}

/// Encodes the filter pipeline message.
pub(super) fn encode(filters: &[Filter], element: u32) -> Vec<u8> {
    let mut out = vec![1, filters.len().to_le_bytes()[0], 0, 0, 0, 0, 0, 0];
    for filter in filters {
        filter.encode(element, &mut out);
    }
    out
}

fn shuffle(bytes: Cow<'_, [u8]>, element: u64) -> Cow<'_, [u8]> {
    let Some(size) = usize::try_from(element).ok().filter(|size| *size > 1) else { return bytes };
    let mut shuffled = Vec::with_capacity(bytes.len());
    let whole = bytes.len() / size * size;
    for byte in 0..size {
        shuffled.extend(bytes[..whole].iter().skip(byte).step_by(size));
    }
    shuffled.extend_from_slice(&bytes[whole..]);
    shuffled.into()
}

fn deflate(bytes: &[u8], level: u8) -> Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(u32::from(level)));
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|error| Error::new(ErrorKind::Io, "zlib cannot compress").with_source(error))
}

/// The checksum at the end of a zlib stream (RFC 1950).
fn adler32(bytes: &[u8]) -> u32 {
    const BASE: u32 = 65_521;
    // So many bytes later a sum could be beyond 32 bits.
    const RUN: usize = 5552;
    let (mut a, mut b) = (1_u32, 0_u32);
    for run in bytes.chunks(RUN) {
        for byte in run {
            a += u32::from(*byte);
            b += a;
        }
        a %= BASE;
        b %= BASE;
    }
    b << 16 | a
}

/// The checksum of the filter `fletcher32`: of words of two bytes, the first byte the higher one.
fn fletcher32(bytes: &[u8]) -> u32 {
    const RUN: usize = 360;
    let fold = |sum: u32| (sum & 0xffff) + (sum >> 16);
    let (words, rest) = bytes.as_chunks::<2>();
    let (mut one, mut two) = (0_u32, 0_u32);
    for run in words.chunks(RUN) {
        for word in run {
            one += u32::from(u16::from_be_bytes(*word));
            two += one;
        }
        (one, two) = (fold(one), fold(two));
    }
    if let [last] = rest {
        one += u32::from(*last) << 8;
        two += one;
        (one, two) = (fold(one), fold(two));
    }
    (one, two) = (fold(one), fold(two));
    two << 16 | one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `zlib.adler32` and of libhdf5's filter.
    #[test]
    fn checksums_are_those_of_others() {
        assert_eq!(adler32(b""), 1);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(&vec![255; 100_000]), 0x149a_302c);
        assert_eq!(fletcher32(b"abcde"), 0x4ff0_29c7);
        assert_eq!(fletcher32(&(0..=255).collect::<Vec<u8>>().repeat(5)), 0xea0b_c13e);
        assert_eq!(fletcher32(&[255; 3001]), 0xff00_ff00);
    }

    #[test]
    fn shuffled_bytes_are_grouped_by_their_place_in_the_element() {
        let shuffled = Filter::apply(&[Filter::Shuffle], 2, b"aAbBcCx").unwrap();
        assert_eq!(&*shuffled, b"abcABCx");
        assert_eq!(&*Filter::apply(&[Filter::Shuffle], 1, b"abc").unwrap(), b"abc");
    }
}
