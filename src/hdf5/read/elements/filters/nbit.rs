//! Filter 5: only the bits of elements that mean something.

use super::bits::Bits;
use super::{Result, damaged};

/// How an element is made of packed bits; the same as its datatype, but for what bits do not care about.
#[derive(Debug)]
enum Kind {
    /// `precision` bits that begin at bit `offset` of its bytes.
    Number {
        size: usize,
        is_big_endian: bool,
        precision: u32,
        offset: u32,
    },
    Array {
        count: usize,
        base: Box<Kind>,
        base_size: usize,
    },
    /// Members and their first bytes.
    Compound(Vec<(usize, Kind, usize)>),
    /// All bytes, as they are.
    Bytes,
}

/// Compounds and arrays within each other; no deeper than datatypes are.
const DEEPEST: u32 = 32;

pub(super) fn undo(bytes: Vec<u8>, parameters: &[u32], limit: usize) -> Result<Vec<u8>> {
    let [_, needs_nothing, count, kind @ ..] = parameters else { return broken() };
    if *needs_nothing != 0 {
        return Ok(bytes);
    }
    let mut words = kind.iter().copied();
    let (kind, size) = Kind::parse(&mut words, DEEPEST)?;
    let count = usize::try_from(*count).unwrap_or(usize::MAX);
    let length = count.saturating_mul(size);
    if length > limit || size == 0 {
        return damaged(format!("its n-bit filter has {count} elements of {size} bytes"));
    }
    if bytes.len().saturating_mul(8) < count {
        return damaged("its packed bits end too early");
    }
    let mut output = vec![0; length];
    let mut bits = Bits::new(&bytes);
    for element in output.chunks_exact_mut(size) {
        kind.unpack(&mut bits, element)?;
    }
    Ok(output)
}

fn broken<T>() -> Result<T> {
    damaged("the parameters of its n-bit filter make no sense")
}

impl Kind {
    /// Takes one type and gives it with its size in bytes. Each takes one bit at least, so that the bits of a chunk
    /// bound the work.
    fn parse(words: &mut dyn Iterator<Item = u32>, depth: u32) -> Result<(Self, usize)> {
        let Some(depth) = depth.checked_sub(1) else { return broken() };
        let class = next(words)?;
        let size = usize::try_from(next(words)?).unwrap_or(usize::MAX);
        let kind = match class {
            1 => {
                let (order, precision, offset) = (next(words)?, next(words)?, next(words)?);
                let bits = (size as u64).saturating_mul(8);
                if order > 1
                    || precision == 0
                    || u64::from(precision).saturating_add(u64::from(offset)) > bits
                {
                    return broken();
                }
                Self::Number { size, is_big_endian: order == 1, precision, offset }
            }
            2 => {
                let (base, base_size) = Self::parse(words, depth)?;
                if base_size == 0 || base_size > size {
                    return broken();
                }
                // What is not made of bits says its size once only, at the array's.
                let count = size.checked_div(base_size).unwrap_or_default();
                Self::Array { count, base: Box::new(base), base_size }
            }
            3 => {
                let mut members = Vec::new();
                for _ in 0..next(words)? {
                    let at = usize::try_from(next(words)?).unwrap_or(usize::MAX);
                    let (member, member_size) = Self::parse(words, depth)?;
                    if at.saturating_add(member_size) > size {
                        return broken();
                    }
                    members.push((at, member, member_size));
                }
                if members.is_empty() {
                    return broken();
                }
                Self::Compound(members)
            }
            4 => Self::Bytes,
            _ => return broken(),
        };
        Ok((kind, size))
    }

    fn unpack(&self, bits: &mut Bits, element: &mut [u8]) -> Result<()> {
        match self {
            Self::Number { size, is_big_endian, precision, offset } => {
                number(bits, element, *precision, *offset)?;
                if *is_big_endian {
                    element.get_mut(..*size).unwrap_or_default().reverse();
                }
            }
            Self::Array { count, base, base_size } => {
                for part in element.chunks_exact_mut(*base_size).take(*count) {
                    base.unpack(bits, part)?;
                }
            }
            Self::Compound(members) => {
                for (at, member, size) in members {
                    let end = at.saturating_add(*size);
                    member.unpack(bits, element.get_mut(*at..end).unwrap_or_default())?;
                }
            }
            Self::Bytes => {
                for byte in element {
                    *byte = low_byte(bits.take(8)?);
                }
            }
        }
        Ok(())
    }
}

fn next(words: &mut dyn Iterator<Item = u32>) -> Result<u32> {
    words.next().map_or_else(broken, Ok)
}

/// Puts the next `precision` bits, the highest first, at bit `offset` of a little-endian number.
fn number(bits: &mut Bits, element: &mut [u8], precision: u32, offset: u32) -> Result<()> {
    let mut end = precision.saturating_add(offset);
    if element.len() <= 8 {
        let number = bits.take(precision)?.checked_shl(offset).unwrap_or_default();
        element.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        return Ok(());
    }
    while end > offset {
        // As far down as the byte that holds the highest bit goes.
        let start = (end.saturating_sub(1) / 8).saturating_mul(8).max(offset);
        let part = low_byte(bits.take(end.saturating_sub(start))?);
        let Some(byte) = usize::try_from(start / 8).ok().and_then(|at| element.get_mut(at)) else {
            return broken();
        };
        *byte |= part.checked_shl(start % 8).unwrap_or_default();
        end = start;
    }
    Ok(())
}

fn low_byte(bits: u64) -> u8 {
    let [low, ..] = bits.to_le_bytes();
    low
}
