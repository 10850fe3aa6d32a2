//! The checksum of metadata: lookup3 of Bob Jenkins, which ends every structure of newer files.

use std::num::Wrapping;

use super::input::corrupt;
use crate::error::Result;

/// Gives the bytes of a structure without the checksum that ends them.
///
/// # Errors
/// `Corrupt` where it is not that of the bytes.
pub(super) fn verified<'a>(bytes: &'a [u8], what: &'static str) -> Result<&'a [u8]> {
    match bytes.split_last_chunk::<4>() {
        Some((body, stored)) if lookup3(body) == u32::from_le_bytes(*stored) => Ok(body),
        Some(_) => Err(corrupt(what, "its checksum is wrong")),
        None => Err(corrupt(what, "it has no room for its checksum")),
    }
}

/// Computes the checksum, with the initial value zero that HDF5 uses.
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let start = Wrapping(0xdead_beef) + Wrapping(low_32(bytes.len()));
    let mut state = [start; 3];
    let mut blocks = bytes.chunks(12).peekable();
    while let Some(block) = blocks.next() {
        state.iter_mut().zip(block.chunks(4)).for_each(|(word, bytes)| *word += little_endian(bytes));
        if blocks.peek().is_some() {
            mix(&mut state);
        } else {
            finish(&mut state);
        }
    }
    let [_, _, c] = state;
    c.0
}

fn mix(state: &mut [Wrapping<u32>; 3]) {
    let [a, b, c] = state;
    for (first, second, third) in [(4, 6, 8), (16, 19, 4)] {
        *a = (*a - *c) ^ rotated(*c, first);
        *c += *b;
        *b = (*b - *a) ^ rotated(*a, second);
        *a += *c;
        *c = (*c - *b) ^ rotated(*b, third);
        *b += *a;
    }
}

fn finish(state: &mut [Wrapping<u32>; 3]) {
    let [a, b, c] = state;
    *c = (*c ^ *b) - rotated(*b, 14);
    *a = (*a ^ *c) - rotated(*c, 11);
    *b = (*b ^ *a) - rotated(*a, 25);
    *c = (*c ^ *b) - rotated(*b, 16);
    *a = (*a ^ *c) - rotated(*c, 4);
    *b = (*b ^ *a) - rotated(*a, 14);
    *c = (*c ^ *b) - rotated(*b, 24);
}

fn rotated(word: Wrapping<u32>, by: u32) -> Wrapping<u32> {
    Wrapping(word.0.rotate_left(by))
}

/// A word of up to four bytes; those that are missing are zeros.
fn little_endian(bytes: &[u8]) -> Wrapping<u32> {
    let mut word = [0; 4];
    word.iter_mut().zip(bytes).for_each(|(byte, given)| *byte = *given);
    Wrapping(u32::from_le_bytes(word))
}

#[allow(clippy::cast_possible_truncation, reason = "the checksum takes the length modulo 2^32")]
fn low_32(length: usize) -> u32 {
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that the author of lookup3 gives for `hashlittle` with the initial value zero, and zlib-like edges.
    #[test]
    fn the_checksum_is_that_of_its_author() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }

    #[test]
    fn a_bit_that_fell_over_is_seen() {
        let mut bytes = b"Four score and seven years ago".to_vec();
        bytes.extend_from_slice(&0x1777_0551_u32.to_le_bytes());
        assert_eq!(verified(&bytes, "text").map(<[u8]>::len).unwrap(), 30);
        bytes[7] ^= 1;
        assert_eq!(
            verified(&bytes, "text").unwrap_err().to_string(),
            "the text is damaged: its checksum is wrong"
        );
        assert!(verified(&bytes[..3], "text").is_err());
    }
}
