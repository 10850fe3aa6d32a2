//! Integers of any size, precision and byte order.

use super::values::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::ByteOrder;
use crate::hdf5::read::input::corrupt;

/// Where a number is in its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integer {
    pub size: usize,
    pub is_signed: bool,
    pub order: ByteOrder,
    pub offset: u16,
    pub precision: u16,
}

macro_rules! native {
    ($bytes:expr, $order:expr, $variant:ident, $number:ty) => {{
        let elements = $bytes.as_chunks::<{ size_of::<$number>() }>().0.iter();
        Values::$variant(match $order {
            ByteOrder::Little => elements.map(|bytes| <$number>::from_le_bytes(*bytes)).collect(),
            ByteOrder::Big => elements.map(|bytes| <$number>::from_be_bytes(*bytes)).collect(),
        })
    }};
}
pub(super) use native;

/// The narrowest integers that hold the precision of elements.
///
/// # Errors
/// `Corrupt` where they have bits beyond their bytes, `Unsupported` where they have more than 64.
pub(super) fn integers(bytes: &[u8], integer: Integer) -> Result<Values> {
    let Integer { size, is_signed, order, offset, precision } = integer;
    let end = usize::from(offset).saturating_add(usize::from(precision));
    if precision == 0 || end > size.saturating_mul(8) {
        let why = format!("{precision} bits from bit {offset} on are not in {size} bytes");
        return Err(corrupt("datatype", why));
    }
    if precision > 64 {
        let why = format!("integers of {precision} bits are not read here: at most 64 are");
        return Err(Error::new(ErrorKind::Unsupported, why));
    }
    if usize::from(precision) == size.saturating_mul(8) {
        match (size, is_signed) {
            (1, true) => return Ok(native!(bytes, order, I8, i8)),
            (2, true) => return Ok(native!(bytes, order, I16, i16)),
            (4, true) => return Ok(native!(bytes, order, I32, i32)),
            (8, true) => return Ok(native!(bytes, order, I64, i64)),
            (1, false) => return Ok(native!(bytes, order, U8, u8)),
            (2, false) => return Ok(native!(bytes, order, U16, u16)),
            (4, false) => return Ok(native!(bytes, order, U32, u32)),
            (8, false) => return Ok(native!(bytes, order, U64, u64)),
            _ => {}
        }
    }
    Ok(odd(bytes, integer))
}

/// Integers that no machine has.
#[expect(clippy::cast_possible_truncation, reason = "the precision says that nothing is cut off")]
fn odd(bytes: &[u8], Integer { size, is_signed, order, offset, precision }: Integer) -> Values {
    let unsigned =
        bytes.chunks_exact(size).map(|element| low(bits(element, order, u32::from(offset), precision)));
    let unused = 64_u32.saturating_sub(u32::from(precision));
    let signed = unsigned.clone().map(|bits| bits.unbounded_shl(unused).cast_signed().unbounded_shr(unused));
    match (precision, is_signed) {
        (..=8, true) => Values::I8(signed.map(|number| number as i8).collect()),
        (..=16, true) => Values::I16(signed.map(|number| number as i16).collect()),
        (..=32, true) => Values::I32(signed.map(|number| number as i32).collect()),
        (_, true) => Values::I64(signed.collect()),
        (..=8, false) => Values::U8(unsigned.map(|number| number as u8).collect()),
        (..=16, false) => Values::U16(unsigned.map(|number| number as u16).collect()),
        (..=32, false) => Values::U32(unsigned.map(|number| number as u32).collect()),
        (_, false) => Values::U64(unsigned.collect()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "no more than 64 bits were asked for")]
fn low(bits: u128) -> u64 {
    bits as u64
}

/// So many bits of an element, at most 120, from bit `offset` on; bit zero is the lowest one.
pub(super) fn bits(element: &[u8], order: ByteOrder, offset: u32, count: u16) -> u128 {
    let first = usize::try_from(offset / 8).unwrap_or(usize::MAX);
    let mut low = [0; 16];
    let last = element.len().saturating_sub(1);
    for (n, to) in low.iter_mut().enumerate() {
        let at = first.saturating_add(n);
        let at = if order == ByteOrder::Big { last.checked_sub(at) } else { Some(at) };
        *to = at.and_then(|at| element.get(at)).copied().unwrap_or_default();
    }
    let unused = 128_u32.saturating_sub(u32::from(count));
    u128::from_le_bytes(low).unbounded_shr(offset % 8) & u128::MAX.unbounded_shr(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_in_the_narrowest_type_with_their_sign() {
        let integer =
            |size, is_signed, order, offset, precision| Integer { size, is_signed, order, offset, precision };
        let (little, big) = (ByteOrder::Little, ByteOrder::Big);
        for (bytes, integer, expected) in [
            (vec![1, 0, 0xff, 0xff], integer(2, true, little, 0, 16), Values::I16(vec![1, -1])),
            (vec![0, 1, 0xff, 0xfe], integer(2, true, big, 0, 16), Values::I16(vec![1, -2])),
            (
                vec![0xff, 0xff, 0x7f, 1, 0, 0x80],
                integer(3, true, little, 0, 24),
                Values::I32(vec![0x7f_ffff, -0x7f_ffff]),
            ),
            (vec![0x7f, 0xff, 0xff], integer(3, false, big, 0, 24), Values::U32(vec![0x7f_ffff])),
            (vec![0b1010_0111, 0b1111_1101], integer(2, true, little, 3, 6), Values::I8(vec![-12])),
            (vec![0b1111_1101, 0b1010_0111], integer(2, false, big, 3, 6), Values::U8(vec![0b11_0100])),
            (vec![0xfe; 16], integer(16, false, big, 64, 64), Values::U64(vec![0xfefe_fefe_fefe_fefe])),
            (vec![0xff; 9], integer(9, true, little, 3, 64), Values::I64(vec![-1])),
        ] {
            assert_eq!(integers(&bytes, integer).unwrap(), expected, "{integer:?}");
        }
        for (wrong, kind) in [
            (integer(2, true, little, 1, 16), ErrorKind::Corrupt),
            (integer(2, true, little, 1, 0), ErrorKind::Corrupt),
            (integer(16, true, little, 0, 128), ErrorKind::Unsupported),
        ] {
            assert_eq!(integers(&[0; 16], wrong).unwrap_err().kind(), kind);
        }
    }
}
