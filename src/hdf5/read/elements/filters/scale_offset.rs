//! Filter 6: elements as distances from the smallest one, in as few bits as the largest distance takes; floating-point
//! numbers were multiplied by a power of ten and rounded before.

use super::bits::Bits;
use super::{Fault, Result, damaged};

/// Where the packed bits begin: behind the number of bits and the smallest element.
const HEADER: usize = 21;

/// What the filter's parameters say of the elements.
#[derive(Debug)]
struct Parameters {
    size: usize,
    count: usize,
    is_big_endian: bool,
    /// The exponent of ten, for floating-point numbers.
    decimals: Option<i32>,
    /// The bits of the fill value, which all ones stand for.
    fill: Option<u64>,
}

pub(super) fn undo(bytes: &[u8], parameters: &[u32], limit: usize) -> Result<Vec<u8>> {
    let Some(whole_bits) = whole_bits(parameters) else {
        return damaged("its scale-offset filter has too few parameters");
    };
    if whole_bits {
        return Ok(bytes.to_vec());
    }
    let Parameters { size, count, is_big_endian, decimals, fill } = Parameters::new(parameters)?;
    let length = count.saturating_mul(size);
    let Some((header, packed)) = bytes.split_at_checked(HEADER) else {
        return damaged("its scale-offset stream ends too early");
    };
    let [a, b, c, d, width, smallest @ ..] = header else {
        return damaged("its scale-offset stream is too short");
    };
    let (bits, width) = (u32::from_le_bytes([*a, *b, *c, *d]), usize::from(*width));
    let mut minimum = [0; 8];
    minimum.iter_mut().zip(smallest.iter().take(width)).for_each(|(to, from)| *to = *from);
    let minimum = u64::from_le_bytes(minimum);
    let all = u32::try_from(size.saturating_mul(8)).unwrap_or(u32::MAX);
    if bits > all || length > limit {
        return damaged(format!("its scale-offset filter has {count} elements of {bits} of {all} bits"));
    }
    if (packed.len() as u64).saturating_mul(8) < (count as u64).saturating_mul(u64::from(bits)) {
        return damaged("its scale-offset stream ends too early");
    }
    let ones = if bits == 0 { 0 } else { u64::MAX >> 64_u32.saturating_sub(bits) };
    let scale = Scale::new(size, decimals, minimum);
    let mut unpacked = Bits::new(packed);
    let mut output = Vec::with_capacity(length);
    for _ in 0..count {
        let element = if bits == all {
            // Nothing was gained: the elements are there as they were, little-endian.
            unpacked.take(all)?.swap_bytes().checked_shr(64_u32.saturating_sub(all)).unwrap_or_default()
        } else {
            let distance = unpacked.take(bits)?;
            match fill {
                Some(fill) if distance == ones => fill,
                _ => scale.value(distance),
            }
        };
        let element = element.to_le_bytes();
        let element = element.get(..size).unwrap_or(&element);
        if is_big_endian {
            output.extend(element.iter().rev());
        } else {
            output.extend_from_slice(element);
        }
    }
    Ok(output)
}

/// Whether whoever wrote it asked for as many bits as the elements have, so that nothing was done.
fn whole_bits(parameters: &[u32]) -> Option<bool> {
    let [kind, factor, _, _, size, ..] = parameters else { return None };
    Some(*kind == 2 && u64::from(*factor) == u64::from(*size).saturating_mul(8))
}

impl Parameters {
    fn new(parameters: &[u32]) -> Result<Self> {
        let [kind, factor, count, class, size, _sign, order, has_fill, fill @ ..] = parameters else {
            return damaged("its scale-offset filter has too few parameters");
        };
        let decimals = match (kind, class, size) {
            (2, 0, 1 | 2 | 4 | 8) => None,
            (0, 1, 4 | 8) => Some(factor.cast_signed()),
            _ => {
                let why =
                    format!("scale-offset of kind {kind} for elements of class {class} and {size} bytes");
                return Err(Fault::Unknown(why));
            }
        };
        let word = |n: usize| fill.get(n).copied().map_or(0, u64::from);
        let fill = (*has_fill == 1).then(|| word(0) | (word(1) << 32));
        let (size, count) = (usize::try_from(*size), usize::try_from(*count));
        let (Ok(size), Ok(count)) = (size, count) else { return damaged("its elements are beyond memory") };
        Ok(Self { size, count, is_big_endian: *order == 1, decimals, fill })
    }
}

/// How an element follows from its distance.
#[derive(Clone, Copy, Debug)]
enum Scale {
    Integer { minimum: u64 },
    Single { minimum: f32, factor: f32 },
    Double { minimum: f64, factor: f64 },
}

impl Scale {
    fn new(size: usize, decimals: Option<i32>, minimum: u64) -> Self {
        let Some(decimals) = decimals else { return Self::Integer { minimum } };
        let low = u32::try_from(minimum & u64::from(u32::MAX)).unwrap_or_default();
        if size == 4 {
            // The power is taken in the precision of the elements, as the library does.
            #[expect(clippy::cast_precision_loss, reason = "a power that large is infinite or zero anyway")]
            return Self::Single { minimum: f32::from_bits(low), factor: 10_f32.powf(decimals as f32) };
        }
        Self::Double { minimum: f64::from_bits(minimum), factor: 10_f64.powf(f64::from(decimals)) }
    }

    fn value(self, distance: u64) -> u64 {
        match self {
            Self::Integer { minimum } => distance.wrapping_add(minimum),
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                reason = "as the library does"
            )]
            Self::Single { minimum, factor } => {
                u64::from((distance.cast_signed() as i32 as f32 / factor + minimum).to_bits())
            }
            #[expect(clippy::cast_precision_loss, reason = "as the library does")]
            Self::Double { minimum, factor } => (distance.cast_signed() as f64 / factor + minimum).to_bits(),
        }
    }
}
