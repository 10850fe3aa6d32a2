//! Values as Parquet stores them plainly.

use calcstore::{AnyArray, DataType, ErrorKind};
use ndarray::ArrayD;

use super::thrift::Struct;
use crate::cli::failure::Failure;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    /// Of so many bits, with a sign or not.
    Integer(u8, bool),
    Float16,
    Float32,
    Float64,
    Text,
}

/// The columns that one of a data type becomes.
pub fn kinds(name: &str, data_type: DataType) -> Vec<(String, Kind)> {
    let one = |kind| vec![(name.to_owned(), kind)];
    let two = |kind| vec![(format!("{name}.re"), kind), (format!("{name}.im"), kind)];
    match data_type {
        DataType::Bool => one(Kind::Bool),
        DataType::Int8 => one(Kind::Integer(8, true)),
        DataType::Int16 => one(Kind::Integer(16, true)),
        DataType::Int32 => one(Kind::Integer(32, true)),
        DataType::Int64 => one(Kind::Integer(64, true)),
        DataType::UInt8 => one(Kind::Integer(8, false)),
        DataType::UInt16 => one(Kind::Integer(16, false)),
        DataType::UInt32 => one(Kind::Integer(32, false)),
        DataType::UInt64 => one(Kind::Integer(64, false)),
        DataType::Float16 => one(Kind::Float16),
        DataType::Float32 => one(Kind::Float32),
        DataType::Float64 => one(Kind::Float64),
        DataType::Complex64 => two(Kind::Float32),
        DataType::Complex128 => two(Kind::Float64),
        _ => one(Kind::Text),
    }
}

impl Kind {
    pub fn physical(self) -> i32 {
        match self {
            Self::Bool => 0,
            Self::Integer(64, _) => 2,
            Self::Integer(..) => 1,
            Self::Float32 => 4,
            Self::Float64 => 5,
            Self::Text => 6,
            Self::Float16 => 7,
        }
    }

    /// The length of values that have a fixed one which nothing else says.
    pub fn length(self) -> Option<i32> {
        (self == Self::Float16).then_some(2)
    }

    /// What older readers look at.
    pub fn converted(self) -> Option<i32> {
        match self {
            Self::Text => Some(0),
            Self::Integer(bits, is_signed) => {
                let power = [8, 16, 32, 64].iter().position(|size| *size == bits);
                let first = if is_signed { 15 } else { 11 };
                power.and_then(|power| i32::try_from(power).ok()).map(|power| first + power)
            }
            _ => None,
        }
    }

    pub fn logical(self) -> Option<Struct> {
        match self {
            Self::Text => Some(Struct::new().inner(1, Struct::new())),
            Self::Integer(bits, is_signed) => {
                Some(Struct::new().inner(10, Struct::new().i8(1, bits).bool(2, is_signed)))
            }
            Self::Float16 => Some(Struct::new().inner(15, Struct::new())),
            _ => None,
        }
    }
}

/// Encodes each `width`th element from the `first` on; a complex column is two.
pub fn encode(array: &AnyArray, first: usize, width: usize) -> Result<Vec<Vec<u8>>, Failure> {
    macro_rules! each {
        ($elements:expr, |$value:ident| $bytes:expr) => {
            vec![column($elements, first, width).flat_map(|$value| $bytes).collect()]
        };
    }
    macro_rules! both {
        ($elements:expr) => {
            vec![
                column($elements, first, width).flat_map(|value| value.re.to_le_bytes()).collect(),
                column($elements, first, width).flat_map(|value| value.im.to_le_bytes()).collect(),
            ]
        };
    }
    Ok(match array {
        AnyArray::Bool(elements) => vec![bits(column(elements, first, width).copied())],
        AnyArray::Int8(elements) => each!(elements, |value| i32::from(*value).to_le_bytes()),
        AnyArray::Int16(elements) => each!(elements, |value| i32::from(*value).to_le_bytes()),
        AnyArray::Int32(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::Int64(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::UInt8(elements) => each!(elements, |value| u32::from(*value).to_le_bytes()),
        AnyArray::UInt16(elements) => each!(elements, |value| u32::from(*value).to_le_bytes()),
        AnyArray::UInt32(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::UInt64(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::Float16(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::Float32(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::Float64(elements) => each!(elements, |value| value.to_le_bytes()),
        AnyArray::Complex64(elements) => both!(elements),
        AnyArray::Complex128(elements) => both!(elements),
        AnyArray::String(elements) => {
            let mut bytes = Vec::new();
            for text in column(elements, first, width) {
                let length = u32::try_from(text.len());
                let length =
                    length.map_err(|_| Failure::invalid("a text of more than 4 GiB is not for Parquet"))?;
                bytes.extend(length.to_le_bytes());
                bytes.extend(text.as_bytes());
            }
            vec![bytes]
        }
        other => {
            let message = format!("{} is not for Parquet", other.data_type());
            return Err(Failure::new(ErrorKind::Unsupported, message));
        }
    })
}

fn column<T>(elements: &ArrayD<T>, first: usize, width: usize) -> impl Iterator<Item = &T> {
    elements.iter().skip(first).step_by(width)
}

/// Packs eight into a byte, the first into its lowest bit.
fn bits(values: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, value) in values.enumerate() {
        if at % 8 == 0 {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(value) << (at % 8);
        }
    }
    bytes
}
