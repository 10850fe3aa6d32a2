#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;

/// What the elements of an array are.
///
/// # Format
/// The names are those of the Zarr v3 core specification, section "Data types", and of its registered
/// extensions `complex64`, `complex128` and `string`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataType {
    /// `true` or `false`, one byte.
    Bool,
    /// Signed, 8 bits.
    Int8,
    /// Signed, 16 bits.
    Int16,
    /// Signed, 32 bits.
    Int32,
    /// Signed, 64 bits.
    Int64,
    /// Unsigned, 8 bits.
    UInt8,
    /// Unsigned, 16 bits.
    UInt16,
    /// Unsigned, 32 bits.
    UInt32,
    /// Unsigned, 64 bits.
    UInt64,
    /// IEEE 754 binary16.
    Float16,
    /// IEEE 754 binary32.
    Float32,
    /// IEEE 754 binary64.
    Float64,
    /// A pair of binary32, real and imaginary part.
    Complex64,
    /// A pair of binary64, real and imaginary part.
    Complex128,
    /// UTF-8 text of any length.
    String,
}

impl DataType {
    /// Every data type, in the order of their definition.
    pub const ALL: [Self; 15] = [
        Self::Bool,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::UInt8,
        Self::UInt16,
        Self::UInt32,
        Self::UInt64,
        Self::Float16,
        Self::Float32,
        Self::Float64,
        Self::Complex64,
        Self::Complex128,
        Self::String,
    ];

    /// Names the data type as Zarr does.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::UInt8 => "uint8",
            Self::UInt16 => "uint16",
            Self::UInt32 => "uint32",
            Self::UInt64 => "uint64",
            Self::Float16 => "float16",
            Self::Float32 => "float32",
            Self::Float64 => "float64",
            Self::Complex64 => "complex64",
            Self::Complex128 => "complex128",
            Self::String => "string",
        }
    }

    /// Finds the data type of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|data_type| data_type.name() == name)
    }

    /// Gives the bytes of one element; text has no fixed size.
    pub fn size(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int8 | Self::UInt8 => Some(1),
            Self::Int16 | Self::UInt16 | Self::Float16 => Some(2),
            Self::Int32 | Self::UInt32 | Self::Float32 => Some(4),
            Self::Int64 | Self::UInt64 | Self::Float64 | Self::Complex64 => Some(8),
            Self::Complex128 => Some(16),
            Self::String => None,
        }
    }

    /// The bytes of an element where they are to be told beforehand; text counts for its length and some letters.
    pub(crate) fn expected_size(self) -> u64 {
        self.size().map_or(16, |size| size as u64)
    }

    /// Whether it is a floating-point number or a pair of them.
    pub(crate) fn is_float(self) -> bool {
        use DataType::{Complex64, Complex128, Float16, Float32, Float64};
        matches!(self, Float16 | Float32 | Float64 | Complex64 | Complex128)
    }

    /// The bytes of what the order of bytes applies to: one number, or one part of a complex one.
    pub(crate) fn part_size(self) -> Option<usize> {
        let is_pair = matches!(self, Self::Complex64 | Self::Complex128);
        self.size().map(|size| if is_pair { size / 2 } else { size })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
