//! Filter 3: a checksum behind the bytes.

use super::{Result, damaged};

/// So many words are summed up before the sums are folded; more would not fit into 32 bits.
const WORDS: usize = 360;

pub(super) fn undo(mut bytes: Vec<u8>) -> Result<Vec<u8>> {
    let Some((content, stored)) = bytes.split_last_chunk::<4>() else {
        return damaged("it is shorter than its checksum");
    };
    let sum = fletcher32(content);
    // Versions before 1.6.3 wrote the bytes of both halves in reverse on some machines.
    let [a, b, c, d] = *stored;
    if sum != u32::from_le_bytes(*stored) && sum != u32::from_le_bytes([b, a, d, c]) {
        return damaged("its checksum (Fletcher-32) is wrong");
    }
    bytes.truncate(bytes.len().saturating_sub(4));
    Ok(bytes)
}

fn fletcher32(bytes: &[u8]) -> u32 {
    let (words, odd) = bytes.as_chunks::<2>();
    let (mut low, mut high) = (0_u32, 0_u32);
    let fold = |sum: u32| (sum & 0xffff).wrapping_add(sum >> 16);
    for run in words.chunks(WORDS) {
        for word in run {
            low = low.wrapping_add(u32::from(u16::from_be_bytes(*word)));
            high = high.wrapping_add(low);
        }
        (low, high) = (fold(low), fold(high));
    }
    if let [last] = odd {
        low = low.wrapping_add(u32::from(*last) << 8);
        high = high.wrapping_add(low);
        (low, high) = (fold(low), fold(high));
    }
    (fold(high) << 16) | fold(low)
}
