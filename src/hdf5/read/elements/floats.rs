//! Floating-point numbers: those that machines have, and all others that fit one of them exactly.

use half::{bf16, f16};

use super::numbers::{bits, native};
use super::values::Values;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::{ByteOrder, Float};
use crate::hdf5::read::input::corrupt;

/// Exponent and mantissa with the first bits, numbers of bits and biases of the formats of IEEE 754, and of bfloat16.
const BINARY16: Format = Format { size: 2, sign: 15, exponent: (10, 5), mantissa: (0, 10), bias: 15 };
const BFLOAT16: Format = Format { size: 2, sign: 15, exponent: (7, 8), mantissa: (0, 7), bias: 127 };
const BINARY32: Format = Format { size: 4, sign: 31, exponent: (23, 8), mantissa: (0, 23), bias: 127 };
const BINARY64: Format = Format { size: 8, sign: 63, exponent: (52, 11), mantissa: (0, 52), bias: 1023 };

#[derive(PartialEq, Eq)]
struct Format {
    size: u32,
    sign: u8,
    exponent: (u8, u8),
    mantissa: (u8, u8),
    bias: u32,
}

/// `f16`, `f32` or `f64`, whichever holds every number of the type.
///
/// # Errors
/// `Corrupt` where the parts lie outside of the bytes, `Unsupported` where a number has more digits than `f64` has.
pub(super) fn floats(bytes: &[u8], float: &Float) -> Result<Values> {
    let Float { size, order, sign, exponent, mantissa, bias, .. } = *float;
    let format = Format { size, sign, exponent, mantissa, bias };
    if float.is_normalized {
        if format == BINARY16 {
            return Ok(native!(bytes, order, F16, f16));
        } else if format == BINARY32 {
            return Ok(native!(bytes, order, F32, f32));
        } else if format == BINARY64 {
            return Ok(native!(bytes, order, F64, f64));
        } else if format == BFLOAT16 {
            let elements = bytes.as_chunks::<2>().0.iter().map(|bytes| match order {
                ByteOrder::Little => bf16::from_le_bytes(*bytes),
                ByteOrder::Big => bf16::from_be_bytes(*bytes),
            });
            return Ok(Values::F32(elements.map(bf16::to_f32).collect()));
        }
    }
    let is_inside =
        |(first, count): (u8, u8)| (u32::from(first).saturating_add(u32::from(count))).div_ceil(8) <= size;
    if !is_inside(exponent)
        || !is_inside(mantissa)
        || !is_inside((sign, 1))
        || exponent.1 == 0
        || mantissa.1 == 0
    {
        return Err(corrupt("datatype", format!("a number of {size} bytes has its parts outside of them")));
    }
    if exponent.1 > 30 || mantissa.1 > 112 || bias > 1 << 30 {
        return Err(beyond(float));
    }
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let numbers = bytes.chunks_exact(size).map(|element| widen(element, float).ok_or_else(|| beyond(float)));
    if is_narrow(float) {
        #[expect(clippy::cast_possible_truncation, reason = "every number of the type fits")]
        return Ok(Values::F32(
            numbers.map(|number| number.map(|number| number as f32)).collect::<Result<_>>()?,
        ));
    }
    Ok(Values::F64(numbers.collect::<Result<_>>()?))
}

fn beyond(float: &Float) -> Error {
    let Float { exponent: (_, exponent), mantissa: (_, mantissa), .. } = float;
    let why = format!(
        "a number with an exponent of {exponent} bits and a mantissa of {mantissa} does not fit a double exactly"
    );
    Error::new(ErrorKind::Unsupported, why)
}

/// The bits behind the leading one.
fn fraction_bits(float: &Float) -> i64 {
    i64::from(float.mantissa.1).saturating_sub(i64::from(!float.is_normalized))
}

/// Whether `f32` holds every number of a type.
fn is_narrow(float: &Float) -> bool {
    let bias = i64::from(float.bias);
    let largest = 1_i64.unbounded_shl(u32::from(float.exponent.1)).saturating_sub(2).saturating_sub(bias);
    let smallest = 1_i64.saturating_sub(bias).saturating_sub(fraction_bits(float));
    fraction_bits(float) <= 23 && largest <= 127 && smallest >= -149
}

/// A number as a double, `None` where it has more digits than that.
fn widen(element: &[u8], float: &Float) -> Option<f64> {
    let Float {
        order, exponent: (exponent_at, exponent_bits), mantissa: (mantissa_at, mantissa_bits), ..
    } = *float;
    let part = |at: u8, count: u8| bits(element, order, u32::from(at), u16::from(count));
    let sign = u64::from(part(float.sign, 1) == 1) << 63;
    let exponent = i64::try_from(part(exponent_at, exponent_bits)).ok()?;
    let mantissa = part(mantissa_at, mantissa_bits);
    let fraction = fraction_bits(float);
    let one = 1_u128.unbounded_shl(u32::try_from(fraction).ok()?);
    let all_ones = 1_i64.unbounded_shl(u32::from(exponent_bits)).saturating_sub(1);
    if exponent == all_ones {
        // The leading one does not count, where it is there.
        let is_infinite = mantissa & one.saturating_sub(1) == 0;
        return Some(f64::from_bits(sign | if is_infinite { f64::INFINITY } else { f64::NAN }.to_bits()));
    }
    let significand = if float.is_normalized && exponent > 0 { mantissa | one } else { mantissa };
    let power = exponent.max(1).saturating_sub(i64::from(float.bias)).saturating_sub(fraction);
    Some(f64::from_bits(sign | double(significand, power)?))
}

/// The bits of `significand` times two to the `power`, `None` where no double is that.
fn double(significand: u128, power: i64) -> Option<u64> {
    if significand == 0 {
        return Some(0);
    }
    let zeros = significand.trailing_zeros();
    let (odd, power) = (significand.unbounded_shr(zeros), power.saturating_add(i64::from(zeros)));
    let odd = u64::try_from(odd).ok().filter(|odd| *odd < 1 << 53)?;
    // The leading bit of it stands for two to this.
    let lead = i64::from(odd.ilog2());
    let exponent = power.saturating_add(lead);
    if exponent > 1023 || power < -1074 {
        return None;
    }
    if exponent < -1022 {
        return Some(odd.unbounded_shl(u32::try_from(power.saturating_add(1074)).ok()?));
    }
    let fraction = odd.unbounded_shl(u32::try_from(52_i64.saturating_sub(lead)).ok()?) & ((1 << 52) - 1);
    Some(u64::try_from(exponent.saturating_add(1023)).ok()?.unbounded_shl(52) | fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_generic(format: &Format, is_normalized: bool) -> Float {
        let Format { size, sign, exponent, mantissa, bias } = *format;
        let precision = u16::try_from(size).unwrap() * 8;
        Float {
            size,
            order: ByteOrder::Little,
            offset: 0,
            precision,
            sign,
            exponent,
            mantissa,
            bias,
            is_normalized,
        }
    }

    #[test]
    fn every_half_and_bfloat_is_widened_as_its_crate_does() {
        for n in 0..=u16::MAX {
            let half = widen(&n.to_le_bytes(), &as_generic(&BINARY16, true)).unwrap();
            let expected = f16::from_bits(n).to_f64();
            assert!(half.to_bits() == expected.to_bits() || (half.is_nan() && expected.is_nan()), "{n}");
            let brain = widen(&n.to_le_bytes(), &as_generic(&BFLOAT16, true)).unwrap();
            let expected = bf16::from_bits(n).to_f64();
            assert!(brain.to_bits() == expected.to_bits() || (brain.is_nan() && expected.is_nan()), "{n}");
        }
        for number in [0.0, -0.0, 1.0, f64::MIN_POSITIVE, 5e-324, -1.5e300, f64::MAX, 0.1, f64::NEG_INFINITY]
        {
            let same = widen(&number.to_le_bytes(), &as_generic(&BINARY64, true)).unwrap();
            assert_eq!(same.to_bits(), number.to_bits());
        }
    }

    #[test]
    fn long_doubles_are_doubles_only_where_nothing_is_lost() {
        let x87 = Float {
            precision: 80,
            ..as_generic(
                &Format { size: 16, sign: 79, exponent: (64, 15), mantissa: (0, 64), bias: 16383 },
                false,
            )
        };
        let element = |mantissa: u64, exponent: u16| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&mantissa.to_le_bytes());
            bytes[8..10].copy_from_slice(&exponent.to_le_bytes());
            bytes
        };
        for (mantissa, exponent, expected) in [
            (1 << 63, 16383, 1.0),
            (0xc000 << 48, 16384 | 0x8000, -3.0),
            (0, 0, 0.0),
            (1 << 63, 0x7fff, f64::INFINITY),
            (1 << 63, 16383 - 1074, 5e-324),
        ] {
            assert_eq!(floats(&element(mantissa, exponent), &x87).unwrap(), Values::F64(vec![expected]));
        }
        for (mantissa, exponent) in [((1 << 63) | 1, 16383), (1 << 63, 16383 - 1075), (1 << 63, 16383 + 1024)]
        {
            let error = floats(&element(mantissa, exponent), &x87).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
        // Eight bits: five of exponent, two of mantissa.
        let tiny =
            as_generic(&Format { size: 1, sign: 7, exponent: (2, 5), mantissa: (0, 2), bias: 15 }, true);
        assert_eq!(floats(&[0x3c, 0xbd, 1], &tiny).unwrap(), Values::F32(vec![1.0, -1.25, 1.0 / 65536.0]));
        let outside = Float { exponent: (3, 6), ..tiny };
        assert_eq!(floats(&[0], &outside).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
