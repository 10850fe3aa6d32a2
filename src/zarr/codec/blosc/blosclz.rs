//! The compressor `blosclz`, a relative of `FastLZ`; only read.
//!
//! # Format
//! The upper three bits of a control byte are a length, the lower five the upper bits of a distance. Length 0 is a
//! run of literal bytes, as many as the distance says and one; anything else repeats what stood at that distance
//! before. The upper bits of the first control byte mean nothing.

use std::slice;

/// Distances beyond this one are written in two bytes.
const NEAR: usize = 8191;

/// Decodes to exactly `length` bytes.
pub(super) fn decode(stream: &[u8], length: usize) -> Option<Vec<u8>> {
    // Each byte stands for at most 255 bytes, and a little.
    if length / 256 > stream.len() {
        return None;
    }
    let mut decoded = Vec::with_capacity(length);
    let mut bytes = stream.iter();
    let mut control = *bytes.next()? & 31;
    loop {
        let low = control & 31;
        match usize::from(control >> 5) {
            0 => {
                let literal = bytes.as_slice().get(..=usize::from(low))?;
                decoded.extend_from_slice(literal);
                bytes.nth(usize::from(low));
            }
            code => repeat(&mut decoded, code, low, &mut bytes, length)?,
        }
        if decoded.len() > length {
            return None;
        }
        match bytes.next() {
            Some(next) => control = *next,
            None => break,
        }
    }
    (decoded.len() == length).then_some(decoded)
}

/// Copies what stands at a distance before.
fn repeat(
    decoded: &mut Vec<u8>,
    code: usize,
    low: u8,
    bytes: &mut slice::Iter<'_, u8>,
    most: usize,
) -> Option<()> {
    let mut count = code.saturating_add(2);
    if code == 7 {
        loop {
            let more = *bytes.next()?;
            count = count.saturating_add(usize::from(more));
            if more < 255 {
                break;
            }
        }
    }
    let near = *bytes.next()?;
    let between = match [low, near] {
        [31, 255] => usize::from(u16::from_be_bytes([*bytes.next()?, *bytes.next()?])).saturating_add(NEAR),
        near => usize::from(u16::from_be_bytes(near)),
    };
    let start = decoded.len().checked_sub(between)?.checked_sub(1)?;
    let end = decoded.len().checked_add(count).filter(|end| *end <= most)?;
    // What is copied may begin before it is there.
    while let left @ 1.. = end.saturating_sub(decoded.len()) {
        let there = start.saturating_add(left).min(decoded.len());
        decoded.extend_from_within(start..there);
    }
    Some(())
}
