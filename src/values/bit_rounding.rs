use super::data_type::DataType;
use crate::error::{Error, ErrorKind, Result};

/// Rounds each float to `keep_bits` bits of its mantissa, half to even; what follows them becomes zeros, which
/// compress well. The bytes are little-endian; complex numbers are rounded part by part.
///
/// Infinities and NaNs stay what they are. A number next to the largest one may become infinite.
///
/// M. Klöwer et al., *Compressing atmospheric data into its real information content*, Nature Computational Science
/// 1, 2021; numcodecs calls it `BitRound`.
///
/// # Errors
/// [`ErrorKind::WrongType`] for what are no floats, [`ErrorKind::InvalidInput`] for more bits than a mantissa has.
pub(crate) fn round_mantissa(bytes: &mut [u8], data_type: DataType, keep_bits: u32) -> Result<()> {
    let mantissa: u32 = match data_type {
        DataType::Float16 => 10,
        DataType::Float32 | DataType::Complex64 => 23,
        DataType::Float64 | DataType::Complex128 => 52,
        _ => {
            let message = format!("{data_type} has no mantissa to be rounded: only floats have");
            return Err(Error::new(ErrorKind::WrongType, message));
        }
    };
    let Some(dropped) = mantissa.checked_sub(keep_bits) else {
        let message = format!("the mantissa of {data_type} has {mantissa} bits, asked for {keep_bits}");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    };
    if dropped == 0 {
        return Ok(());
    }
    match mantissa {
        10 => bytes
            .as_chunks_mut()
            .0
            .iter_mut()
            .for_each(|x| *x = round16(u16::from_le_bytes(*x), dropped).to_le_bytes()),
        23 => bytes
            .as_chunks_mut()
            .0
            .iter_mut()
            .for_each(|x| *x = round32(u32::from_le_bytes(*x), dropped).to_le_bytes()),
        _ => bytes
            .as_chunks_mut()
            .0
            .iter_mut()
            .for_each(|x| *x = round64(u64::from_le_bytes(*x), dropped).to_le_bytes()),
    }
    Ok(())
}

/// Rounding of the bits of one float; `$exponent` has all bits of the exponent, which only infinities and NaNs have.
macro_rules! round {
    ($name:ident, $bits:ty, $exponent:expr) => {
        #[expect(clippy::arithmetic_side_effects, reason = "a finite number is at most rounded to infinity")]
        fn $name(bits: $bits, dropped: u32) -> $bits {
            if bits & $exponent == $exponent {
                return bits;
            }
            let half = (1 << (dropped - 1)) - 1;
            let odd = (bits >> dropped) & 1;
            // A carry out of the mantissa goes into the exponent, which is what rounding up means.
            (bits + half + odd) >> dropped << dropped
        }
    };
}

round!(round16, u16, 0x7c00);
round!(round32, u32, 0x7f80_0000);
round!(round64, u64, 0x7ff0_0000_0000_0000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_as_numcodecs_does() {
        let numbers = [1.1, -2.7, 6.02e4, 1e-7, 1.0 / 3.0];
        // numcodecs.BitRound(keepbits).encode(numbers.astype(data_type)), as hexadecimal integers
        let expected = [
            (DataType::Float16, 0, "3c00 c000 7c00 0000 3400"),
            (DataType::Float16, 1, "3c00 c200 7c00 0000 3600"),
            (DataType::Float16, 4, "3c80 c180 7b40 0000 3540"),
            (DataType::Float16, 10, "3c66 c166 7b59 0002 3555"),
            (DataType::Float32, 0, "3f800000 c0000000 47800000 34000000 3e800000"),
            (DataType::Float32, 1, "3f800000 c0400000 47800000 33c00000 3ec00000"),
            (DataType::Float32, 4, "3f900000 c0300000 47680000 33d80000 3ea80000"),
            (DataType::Float32, 17, "3f8cccc0 c02cccc0 476b2800 33d6bf80 3eaaaac0"),
            (
                DataType::Float64,
                0,
                "3ff0000000000000 c000000000000000 40f0000000000000 3e80000000000000 3fd0000000000000",
            ),
            (
                DataType::Float64,
                1,
                "3ff0000000000000 c008000000000000 40f0000000000000 3e78000000000000 3fd8000000000000",
            ),
            (
                DataType::Float64,
                4,
                "3ff2000000000000 c006000000000000 40ed000000000000 3e7b000000000000 3fd5000000000000",
            ),
            (
                DataType::Float64,
                30,
                "3ff1999999800000 c005999999800000 40ed650000000000 3e7ad7f29ac00000 3fd5555555400000",
            ),
        ];
        for (data_type, keep_bits, expected) in expected {
            let size = data_type.size().unwrap();
            let stored = |number: &f64| match size {
                2 => half::f16::from_f64(*number).to_le_bytes().to_vec(),
                4 => narrow(*number).to_le_bytes().to_vec(),
                _ => number.to_le_bytes().to_vec(),
            };
            let mut bytes: Vec<u8> = numbers.iter().flat_map(stored).collect();
            round_mantissa(&mut bytes, data_type, keep_bits).unwrap();
            let bits = expected.split(' ').map(|bits| u64::from_str_radix(bits, 16).unwrap());
            let expected: Vec<u8> = bits.flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect();
            assert_eq!(bytes, expected, "{data_type} to {keep_bits} bits");
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "to the nearest float")]
    fn narrow(number: f64) -> f32 {
        number as f32
    }

    #[test]
    fn halves_go_to_even_and_what_is_no_number_stays() {
        let rounded = |numbers: &[f64], keep_bits| -> Vec<u64> {
            let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            round_mantissa(&mut bytes, DataType::Complex128, keep_bits).unwrap();
            bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect()
        };
        let bits = |numbers: &[f64]| -> Vec<u64> { numbers.iter().map(|number| number.to_bits()).collect() };
        assert_eq!(rounded(&[1.25, 1.75, -1.25, 1.3], 1), bits(&[1.0, 2.0, -1.0, 1.5]));
        let odd = [f64::from_bits(0x7ff0_0000_0000_0001), f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(rounded(&odd, 1), bits(&odd));
        assert_eq!(rounded(&[f64::MAX, 0.1], 52), bits(&[f64::MAX, 0.1]));
        assert_eq!(rounded(&[f64::MAX, 0.0], 3), bits(&[f64::INFINITY, 0.0]));
    }

    #[test]
    fn only_floats_have_a_mantissa_of_so_many_bits() {
        let error = round_mantissa(&mut [], DataType::Int32, 3).unwrap_err();
        assert_eq!(error.to_string(), "int32 has no mantissa to be rounded: only floats have");
        let error = round_mantissa(&mut [], DataType::Float32, 24).unwrap_err();
        assert_eq!(error.to_string(), "the mantissa of float32 has 23 bits, asked for 24");
        assert!(round_mantissa(&mut [], DataType::Float32, 23).is_ok());
    }
}
