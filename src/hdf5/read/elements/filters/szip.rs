//! Filter 4, szip: the adaptive entropy coder of CCSDS 121.0-B, over lines of pixels.
//!
//! Each line is made of blocks, and each block says how its samples are coded. The samples are, unless an option says
//! otherwise, distances from the one before, folded so that they are not negative.

use super::bits::Bits;
use super::{Fault, Result, damaged, shuffle};

/// Options: distances instead of samples, and the highest byte first.
const NEAREST_NEIGHBOUR: u32 = 32;
const MOST_SIGNIFICANT_FIRST: u32 = 16;

/// Runs of equal blocks end where so many blocks end.
const SEGMENT: usize = 64;
/// The number of equal blocks that stands for all that are left of a segment.
const REST_OF_SEGMENT: u64 = 5;

/// What the filter's parameters say.
struct Coder {
    /// Bits of a sample.
    bits: u32,
    /// Samples of a block, and blocks of a line.
    block: usize,
    blocks: usize,
    has_distances: bool,
}

pub(super) fn undo(bytes: &[u8], parameters: &[u32], limit: usize) -> Result<Vec<u8>> {
    let [options, block, pixel_bits, line, ..] = *parameters else {
        return damaged("its szip filter has too few parameters");
    };
    let (Ok(block), Ok(line)) = (usize::try_from(block), usize::try_from(line)) else { return broken() };
    if !matches!(block, 2..=64)
        || block & 1 == 1
        || !matches!(line, 1..=8192)
        || !matches!(pixel_bits, 1..=32 | 64)
    {
        let why = format!("szip with {block} pixels of {pixel_bits} bits in a block, {line} in a line");
        return Err(Fault::Unknown(why));
    }
    let Some((total, packed)) = bytes.split_first_chunk::<4>() else { return broken() };
    let total = usize::try_from(u32::from_le_bytes(*total)).unwrap_or(usize::MAX);
    if total > limit {
        return damaged(format!("its szip stream says that it holds {total} bytes"));
    }
    // Wide pixels are coded as planes of bytes.
    let is_planes = pixel_bits >= 32;
    let bits = if is_planes { 8 } else { pixel_bits };
    let width = match bits {
        0..=8 => 1,
        9..=16 => 2,
        _ => 4,
    };
    let coder =
        Coder { bits, block, blocks: line.div_ceil(block), has_distances: options & NEAREST_NEIGHBOUR != 0 };
    let mut packed = Bits::new(packed);
    let mut output = Vec::new();
    while output.len() < total {
        let left = total.saturating_sub(output.len()).div_ceil(width);
        // Lines that are no whole number of blocks were made longer, the last one as well.
        let needed = if line.checked_rem(block) == Some(0) { left.min(line) } else { line };
        for sample in coder.line(&mut packed, needed)?.into_iter().take(left.min(line)) {
            let bytes = sample.to_le_bytes();
            let bytes = bytes.get(..width).unwrap_or_default();
            if options & MOST_SIGNIFICANT_FIRST == 0 {
                output.extend_from_slice(bytes);
            } else {
                output.extend(bytes.iter().rev());
            }
        }
    }
    output.truncate(total);
    if is_planes { shuffle::undo(output, &[pixel_bits / 8]) } else { Ok(output) }
}

fn broken<T>() -> Result<T> {
    damaged("its szip stream is broken")
}

impl Coder {
    /// Decodes the blocks of a line as far as samples are needed.
    fn line(&self, packed: &mut Bits, needed: usize) -> Result<Vec<u64>> {
        let id_bits = match self.bits {
            0..=8 => 3,
            9..=16 => 4,
            _ => 5,
        };
        let raw = (1_u64 << id_bits).saturating_sub(1);
        let mut samples: Vec<u64> = Vec::new();
        while samples.len() < needed {
            let before = samples.len();
            let id = packed.take(id_bits)?;
            let is_low = id == 0;
            let has_pairs = is_low && packed.take(1)? == 1;
            if self.has_distances && before == 0 && id != raw {
                samples.push(packed.take(self.bits)?);
            }
            let end = before.saturating_add(self.block);
            match id {
                0 if has_pairs => pairs(packed, &mut samples, end)?,
                0 => {
                    let at = before.checked_div(self.block).unwrap_or_default();
                    let count = self.equal_blocks(packed, at)?;
                    samples.resize(before.saturating_add(count.saturating_mul(self.block)), 0);
                }
                id if id == raw => {
                    for _ in 0..self.block {
                        samples.push(packed.take(self.bits)?);
                    }
                }
                id => split(packed, &mut samples, end, id.saturating_sub(1))?,
            }
        }
        if self.has_distances {
            self.unfold(&mut samples);
        }
        Ok(samples)
    }

    /// How many blocks of zeros follow, the one at `at` being the first.
    fn equal_blocks(&self, packed: &mut Bits, at: usize) -> Result<usize> {
        let left = self.blocks.saturating_sub(at);
        let count = zeros(packed)?.saturating_add(1);
        let count = match count {
            REST_OF_SEGMENT => left.min(SEGMENT.saturating_sub(at % SEGMENT)),
            ..REST_OF_SEGMENT => usize::try_from(count).unwrap_or(usize::MAX),
            _ => usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX),
        };
        if count == 0 || count > left { broken() } else { Ok(count) }
    }

    /// Makes samples of the first one and the distances behind it.
    fn unfold(&self, samples: &mut [u64]) {
        let most = u64::MAX >> 64_u32.saturating_sub(self.bits);
        let Some((first, rest)) = samples.split_first_mut() else { return };
        let mut last = *first;
        for sample in rest {
            let distance = *sample;
            let is_low = last <= most / 2;
            // So far the sample may be on either side of the one before.
            let room = if is_low { last } else { most.saturating_sub(last) };
            last = if distance.div_ceil(2) > room {
                if is_low { distance } else { most.saturating_sub(distance) }
            } else if distance & 1 == 0 {
                last.saturating_add(distance / 2)
            } else {
                last.saturating_sub(distance.div_ceil(2))
            };
            *sample = last;
        }
    }
}

/// Samples whose low bits are stored after all their high parts.
fn split(packed: &mut Bits, samples: &mut Vec<u64>, end: usize, low_bits: u64) -> Result<()> {
    let Ok(low_bits) = u32::try_from(low_bits) else { return broken() };
    let first = samples.len();
    while samples.len() < end {
        let high = zeros(packed)?;
        samples.push(high.checked_shl(low_bits).unwrap_or_default());
    }
    for sample in samples.iter_mut().skip(first) {
        *sample |= packed.take(low_bits)?;
    }
    Ok(())
}

/// Samples that are stored as pairs; where there is a first one already, only the second of a pair is.
fn pairs(packed: &mut Bits, samples: &mut Vec<u64>, end: usize) -> Result<()> {
    while samples.len() < end {
        let code = zeros(packed)?;
        // The pairs of one sum follow each other: sum 0, twice sum 1, three times sum 2.
        let (mut sum, mut second) = (0_u64, code);
        while second > sum {
            sum = sum.saturating_add(1);
            second = second.saturating_sub(sum);
        }
        if samples.len() & 1 == 0 {
            samples.push(sum.saturating_sub(second));
        }
        samples.push(second);
    }
    Ok(())
}

/// How many zero bits come before the next one bit, which is taken as well.
fn zeros(packed: &mut Bits) -> Result<u64> {
    let mut count = 0_u64;
    while packed.take(1)? == 0 {
        count = count.saturating_add(1);
    }
    Ok(count)
}
