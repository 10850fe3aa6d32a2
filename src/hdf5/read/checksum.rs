//! The checksum of metadata: Bob Jenkins' lookup3, in the variant `hashlittle` and from zero.

use super::input::corrupt;
use crate::error::Result;

/// Bytes that it takes, at the end of a structure.
pub(super) const CHECKSUM: usize = 4;

/// Fails unless the last four bytes of a structure are the checksum of those before; gives those before.
pub(super) fn verified<'a>(structure: &'a [u8], what: &'static str) -> Result<&'a [u8]> {
    let Some((bytes, stored)) = structure.split_last_chunk::<CHECKSUM>() else {
        return Err(corrupt(what, "it ends too early"));
    };
    if lookup3(bytes) == u32::from_le_bytes(*stored) {
        return Ok(bytes);
    }
    Err(corrupt(what, "its checksum is wrong"))
}

pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    // No structure is so long that its length would be cut off here.
    let start = 0xdead_beef_u32.wrapping_add(u32::try_from(bytes.len()).unwrap_or_default());
    let mut state = [start; 3];
    let (mut blocks, mut rest) = bytes.as_chunks::<12>();
    if rest.is_empty() {
        // The last block is mixed differently, even when it is a full one.
        let Some((last, before)) = blocks.split_last() else { return start };
        (blocks, rest) = (before, last.as_slice());
    }
    for block in blocks {
        add(&mut state, block);
        mix(&mut state);
    }
    let mut last = [0; 12];
    last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    add(&mut state, &last);
    finish(state)
}

fn add(state: &mut [u32; 3], block: &[u8; 12]) {
    for (word, bytes) in state.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = word.wrapping_add(u32::from_le_bytes(*bytes));
    }
}

fn mix(state: &mut [u32; 3]) {
    let [mut a, mut b, mut c] = *state;
    for bits in [4, 6, 8, 16, 19, 4] {
        a = a.wrapping_sub(c) ^ c.rotate_left(bits);
        c = c.wrapping_add(b);
        (a, b, c) = (b, c, a);
    }
    *state = [a, b, c];
}

fn finish([mut a, mut b, mut c]: [u32; 3]) -> u32 {
    for bits in [14, 11, 25, 16, 4, 14, 24] {
        c = (c ^ b).wrapping_sub(b.rotate_left(bits));
        (a, b, c) = (b, c, a);
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_its_author() {
        // The values that lookup3.c prints in driver5.
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }

    #[test]
    fn every_length_and_every_bit_counts() {
        let bytes: Vec<u8> = (0..40).collect();
        let mut seen: Vec<u32> = (0..=40).map(|end| lookup3(&bytes[..end])).collect();
        for bit in 0..320 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            seen.push(lookup3(&other));
        }
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
        let stored = [&bytes[..], &lookup3(&bytes).to_le_bytes()].concat();
        assert_eq!(verified(&stored, "block").unwrap(), bytes);
        assert!(verified(&stored[1..], "block").is_err());
        assert!(verified(&[1, 2, 3], "block").is_err());
    }
}
