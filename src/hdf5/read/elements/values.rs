//! Elements as Rust has them.

use half::f16;

#[cfg(test)]
use crate::hdf5::read::datatype::Type;

/// Any number of elements of one type, in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    I8(Vec<i8>),
    I16(Vec<i16>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    U8(Vec<u8>),
    U16(Vec<u16>),
    U32(Vec<u32>),
    U64(Vec<u64>),
    F16(Vec<f16>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Texts of fixed or any length, without what fills them up.
    Text(Vec<String>),
    /// Elements of `size` bytes each, one after the other.
    Opaque {
        size: usize,
        bytes: Vec<u8>,
    },
    /// Real and imaginary parts by turns.
    Complex(Box<Values>),
    /// `codes` are the elements; `names[n]` is the name of the nth of `named`.
    Enum {
        codes: Box<Values>,
        names: Vec<String>,
        named: Box<Values>,
    },
    /// Lists of so many `values` each, one list after the other.
    Lists {
        lengths: Vec<u64>,
        values: Box<Values>,
    },
    /// Arrays of one shape, one after the other.
    Arrays {
        shape: Vec<u64>,
        values: Box<Values>,
    },
    /// Members with their names, each with as many values as there are elements. There is at least one.
    Compound(Vec<(String, Values)>),
    /// Addresses of objects, `None` for no object.
    References(Vec<Option<u64>>),
}

impl Values {
    /// How many elements there are.
    pub fn len(&self) -> usize {
        match self {
            Self::I8(values) => values.len(),
            Self::I16(values) => values.len(),
            Self::I32(values) => values.len(),
            Self::I64(values) => values.len(),
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::U64(values) => values.len(),
            Self::F16(values) => values.len(),
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Opaque { size, bytes } => bytes.len().checked_div(*size).unwrap_or_default(),
            Self::Complex(parts) => parts.len() / 2,
            Self::Enum { codes, .. } => codes.len(),
            Self::Lists { lengths, .. } => lengths.len(),
            Self::Arrays { shape, values } => {
                let each = shape.iter().fold(1_u64, |count, length| count.saturating_mul(*length));
                usize::try_from(each).ok().and_then(|each| values.len().checked_div(each)).unwrap_or_default()
            }
            Self::Compound(members) => members.first().map_or(0, |(_, values)| values.len()),
            Self::References(addresses) => addresses.len(),
        }
    }
}

/// Whether a type is an enumeration of `FALSE` (0) and `TRUE` (1), as h5py writes truth values.
#[cfg(test)]
pub fn is_bool(data_type: &Type) -> bool {
    let Type::Enum { names, .. } = data_type else { return false };
    let code = |name: &str| names.iter().find(|(other, _)| other == name).map(|(_, code)| code.as_slice());
    let is_one = |code: &[u8]| code.iter().map(|byte| u32::from(*byte)).sum::<u32>() == 1;
    let ends_in_one = |code: &[u8]| code.first() == Some(&1) || code.last() == Some(&1);
    names.len() == 2
        && code("FALSE").is_some_and(|code| code.iter().all(|byte| *byte == 0))
        && code("TRUE").is_some_and(|code| is_one(code) && ends_in_one(code))
}
