//! Fill values, as `zarr.json` writes them.
//!
//! # Format
//! Zarr v3 core specification, section "Fill value": numbers, the names of non-finite ones, or the bits of a float
//! in hexadecimal; pairs of them for complex numbers.

use half::f16;
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::values::{AnyArray, DataType, Elements};

/// What stands for elements that are not stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FillValue {
    /// The bytes of one element, little-endian.
    Bytes(Vec<u8>),
    Text(String),
}

impl FillValue {
    /// Parses the fill value of an array.
    pub(crate) fn parse(json: &Json, data_type: DataType) -> Result<Self> {
        let bytes = match data_type {
            DataType::String => {
                return json
                    .as_str()
                    .map(str::to_owned)
                    .map(Self::Text)
                    .ok_or_else(|| refuse(json, data_type));
            }
            DataType::Bool => json.as_bool().map(|value| vec![u8::from(value)]),
            DataType::Int8 => integer(json.as_i64().and_then(|x| i8::try_from(x).ok()).map(i8::to_le_bytes)),
            DataType::Int16 => {
                integer(json.as_i64().and_then(|x| i16::try_from(x).ok()).map(i16::to_le_bytes))
            }
            DataType::Int32 => {
                integer(json.as_i64().and_then(|x| i32::try_from(x).ok()).map(i32::to_le_bytes))
            }
            DataType::Int64 => integer(json.as_i64().map(i64::to_le_bytes)),
            DataType::UInt8 => integer(json.as_u64().and_then(|x| u8::try_from(x).ok()).map(u8::to_le_bytes)),
            DataType::UInt16 => {
                integer(json.as_u64().and_then(|x| u16::try_from(x).ok()).map(u16::to_le_bytes))
            }
            DataType::UInt32 => {
                integer(json.as_u64().and_then(|x| u32::try_from(x).ok()).map(u32::to_le_bytes))
            }
            DataType::UInt64 => integer(json.as_u64().map(u64::to_le_bytes)),
            DataType::Float16 => float(json, 2),
            DataType::Float32 => float(json, 4),
            DataType::Float64 => float(json, 8),
            DataType::Complex64 => complex(json, 4),
            DataType::Complex128 => complex(json, 8),
        };
        bytes.map(Self::Bytes).ok_or_else(|| refuse(json, data_type))
    }

    /// How metadata say a fill value, which is given as a scalar: the number where that has its bits, else the bits,
    /// which only a NaN needs that is not the usual one.
    pub(crate) fn to_json(scalar: &AnyArray) -> Json {
        let (json, data_type) = (scalar.to_json(), scalar.data_type());
        let (Ok(stored), Some(size)) = (scalar.stored(), data_type.part_size()) else { return json };
        let Elements::Bytes(bytes) = &stored.elements else { return json };
        if matches!(Self::parse(&json, data_type), Ok(Self::Bytes(parsed)) if parsed == **bytes) {
            return json;
        }
        let in_hexadecimal = |part: &[u8]| {
            part.iter().rev().fold("0x".to_owned(), |digits, byte| digits + &format!("{byte:02x}"))
        };
        let mut parts: Vec<Json> = bytes.chunks(size).map(in_hexadecimal).map(Json::from).collect();
        if parts.len() == 1 { parts.swap_remove(0) } else { Json::from(parts) }
    }

    /// Fills a buffer of numbers.
    pub(crate) fn fill(&self, buffer: &mut [u8]) {
        match self {
            Self::Bytes(element) if element.iter().any(|byte| *byte != 0) => {
                for target in buffer.chunks_exact_mut(element.len()) {
                    target.copy_from_slice(element);
                }
            }
            _ => buffer.fill(0),
        }
    }

    /// Whether every element of these bytes is the fill value, bit by bit.
    pub(crate) fn is_all_of(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Bytes(element) => bytes.chunks(element.len()).all(|stored| stored == element),
            Self::Text(_) => false,
        }
    }

    /// The fill value of an array of text.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Bytes(_) => "",
        }
    }
}

fn refuse(json: &Json, data_type: DataType) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("zarr.json makes no sense: the fill value {json} is no {data_type}"),
    )
}

fn integer<const N: usize>(bytes: Option<[u8; N]>) -> Option<Vec<u8>> {
    bytes.map(Vec::from)
}

/// One float of `size` bytes: its bits as they are written, or the nearest to a number.
fn float(json: &Json, size: usize) -> Option<Vec<u8>> {
    let number = match json {
        Json::String(name) => match name.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            bits => return hexadecimal(bits, size),
        },
        Json::Number(number) => number.as_f64()?,
        _ => return None,
    };
    #[expect(clippy::cast_possible_truncation, reason = "to the nearest number of the type")]
    let (bytes, is_finite) = match size {
        2 => (f16::from_f64(number).to_le_bytes().to_vec(), f16::from_f64(number).is_finite()),
        4 => ((number as f32).to_le_bytes().to_vec(), (number as f32).is_finite()),
        _ => (number.to_le_bytes().to_vec(), number.is_finite()),
    };
    // A number that is too large for the type is not infinity.
    (is_finite || !number.is_finite()).then_some(bytes)
}

/// The bits of a number, `0x` and all of its hexadecimal digits.
fn hexadecimal(bits: &str, size: usize) -> Option<Vec<u8>> {
    let digits = bits.strip_prefix("0x")?;
    if digits.len() != size.saturating_mul(2) || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u64::from_str_radix(digits, 16).ok()?;
    number.to_le_bytes().get(..size).map(<[u8]>::to_vec)
}

fn complex(json: &Json, size: usize) -> Option<Vec<u8>> {
    match json.as_array()?.as_slice() {
        [re, im] => Some([float(re, size)?, float(im, size)?].concat()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr0;
    use num_complex::Complex;
    use serde_json::json;

    #[test]
    fn every_form_of_the_specification_gives_its_bits() {
        for (json, data_type, bytes) in [
            (json!(true), DataType::Bool, &[1][..]),
            (json!(-1), DataType::Int16, &[255, 255]),
            (json!(u64::MAX), DataType::UInt64, &[255; 8]),
            (json!(1), DataType::Float16, &[0, 0x3c]),
            (json!("NaN"), DataType::Float16, &[0, 0x7e]),
            (json!("NaN"), DataType::Float32, &[0, 0, 0xc0, 0x7f]),
            (json!("NaN"), DataType::Float64, &[0, 0, 0, 0, 0, 0, 0xf8, 0x7f]),
            (json!("-Infinity"), DataType::Float32, &[0, 0, 0x80, 0xff]),
            (json!("0x7fc00001"), DataType::Float32, &[1, 0, 0xc0, 0x7f]),
            (json!("0xFFF0000000000123"), DataType::Float64, &[0x23, 1, 0, 0, 0, 0, 0xf0, 0xff]),
            (json!([1.5, "0x80000000"]), DataType::Complex64, &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0x80]),
        ] {
            let fill = FillValue::parse(&json, data_type).unwrap();
            assert_eq!(fill, FillValue::Bytes(bytes.to_vec()), "{json}");
        }
        assert_eq!(FillValue::parse(&json!("ü"), DataType::String).unwrap().text(), "ü");
    }

    #[test]
    fn a_scalar_is_said_so_that_its_bits_come_back() {
        let nan = f32::from_bits(0xffc0_beef);
        for (scalar, json) in [
            (AnyArray::from(arr0(-0.0f64).into_dyn()), json!(-0.0)),
            (AnyArray::from(arr0(f64::NAN).into_dyn()), json!("NaN")),
            (AnyArray::from(arr0(f16::from_bits(0x7c01)).into_dyn()), json!("0x7c01")),
            (AnyArray::from(arr0(nan).into_dyn()), json!("0xffc0beef")),
            (AnyArray::from(arr0(Complex::new(1.0f32, nan)).into_dyn()), json!(["0x3f800000", "0xffc0beef"])),
            (AnyArray::from(arr0(Complex::new(1.0f64, f64::NAN)).into_dyn()), json!([1.0, "NaN"])),
            (AnyArray::from(arr0("NaN".to_owned()).into_dyn()), json!("NaN")),
        ] {
            let said = FillValue::to_json(&scalar);
            assert_eq!(said.to_string(), json.to_string());
            if let Elements::Bytes(bytes) = &scalar.stored().unwrap().elements {
                let fill = FillValue::parse(&said, scalar.data_type()).unwrap();
                assert_eq!(fill, FillValue::Bytes(bytes.to_vec()), "{json}");
            }
        }
    }

    #[test]
    fn what_the_type_cannot_hold_is_refused() {
        for (json, data_type) in [
            (json!(1), DataType::Bool),
            (json!(300), DataType::UInt8),
            (json!(-1), DataType::UInt64),
            (json!(1.5), DataType::Int32),
            (json!("1"), DataType::Int32),
            (json!(null), DataType::Int32),
            (json!("nan"), DataType::Float32),
            (json!("0x7fc0"), DataType::Float32),
            (json!("0x+fc00000"), DataType::Float32),
            (json!("0x7fc0000g"), DataType::Float32),
            (json!(1e39), DataType::Float32),
            (json!(65536), DataType::Float16),
            (json!([1.0]), DataType::Complex64),
            (json!(1.0), DataType::Complex64),
            (json!(0), DataType::String),
        ] {
            let error = FillValue::parse(&json, data_type).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.to_string().contains(&json.to_string()), "{error}");
        }
    }
}
