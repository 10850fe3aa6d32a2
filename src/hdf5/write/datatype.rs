//! Datatypes and their messages (IV.A.2.d).

use super::name::{check_name, check_unique};
use crate::error::{Error, ErrorKind, Result};

/// How one element of a dataset or attribute is stored; numbers are little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datatype {
    /// Signed integer of one byte.
    Int8,
    /// Signed integer of two bytes.
    Int16,
    /// Signed integer of four bytes.
    Int32,
    /// Signed integer of eight bytes.
    Int64,
    /// Unsigned integer of one byte.
    Uint8,
    /// Unsigned integer of two bytes.
    Uint16,
    /// Unsigned integer of four bytes.
    Uint32,
    /// Unsigned integer of eight bytes.
    Uint64,
    /// IEEE 754 binary16; h5wasm cannot read it.
    Float16,
    /// IEEE 754 binary32.
    Float32,
    /// IEEE 754 binary64.
    Float64,
    /// One byte, 0 or 1: the enumeration {FALSE, TRUE} on int8, which h5py and `H5Web` take for a boolean.
    Bool,
    /// The compound {r, i} of two `Float32`, which h5py takes for a complex number.
    Complex64,
    /// The compound {r, i} of two `Float64`.
    Complex128,
    /// UTF-8 of variable length; the element is a reference of 16 bytes, given by
    /// [`Writer::strings`](super::Writer::strings).
    String,
    /// Text of at most so many bytes, a NUL among them; ASCII.
    FixedText(u32),
    /// The address of an object, which [`Object::reference`](super::Object::reference) gives.
    Reference,
    /// References to objects, of any number; the element is a reference of 16 bytes to them, given by
    /// [`Writer::references`](super::Writer::references).
    References,
    /// Named members one after the other.
    Compound(Compound),
}

impl Datatype {
    /// Gives the bytes that one element takes.
    pub fn size(&self) -> u64 {
        u64::from(self.stored_size())
    }

    /// Gives the bytes that the datatype takes in an object header, where at most
    /// [`MAX_MESSAGE`](super::MAX_MESSAGE) are possible.
    pub fn message_size(&self) -> u64 {
        (self.encode().len() as u64).next_multiple_of(8)
    }

    /// The members of the attribute `REFERENCE_LIST` of a dimension scale, as libhdf5 writes them: a reference to a
    /// dataset, which axis of it, and a gap of four bytes.
    pub fn reference_list() -> Self {
        let member = |name: &str, datatype: Self| {
            let size = datatype.stored_size();
            Member { name: name.to_owned(), shape: Vec::new(), datatype, size }
        };
        let members = vec![member("dataset", Self::Reference), member("dimension", Self::Uint32)];
        Self::Compound(Compound { members, size: 16 })
    }

    /// Tells whether an element is, or has a member that is, a reference to a string.
    pub fn holds_strings(&self) -> bool {
        match self {
            Self::String => true,
            Self::Compound(compound) => compound.members.iter().any(|member| member.datatype.holds_strings()),
            _ => false,
        }
    }

    /// Encodes the message, without the padding that headers add.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(Version::One, &mut out);
        out
    }

    fn stored_size(&self) -> u32 {
        match self {
            Self::Int8 | Self::Uint8 | Self::Bool => 1,
            Self::Int16 | Self::Uint16 | Self::Float16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Int64 | Self::Uint64 | Self::Float64 | Self::Complex64 | Self::Reference => 8,
            Self::Complex128 | Self::String | Self::References => 16,
            Self::FixedText(size) => *size,
            Self::Compound(compound) => compound.size,
        }
    }

    /// The version that the contents demand.
    fn version(&self) -> Version {
        match self {
            Self::Compound(compound) => compound.version(),
            _ => Version::One,
        }
    }

    /// Appends the datatype in `least` or the version that it needs, whichever is higher.
    fn encode_into(&self, least: Version, out: &mut Vec<u8>) {
        match self {
            Self::Int8 | Self::Int16 | Self::Int32 | Self::Int64 => {
                encode_integer(self.stored_size(), true, out);
            }
            Self::Uint8 | Self::Uint16 | Self::Uint32 | Self::Uint64 => {
                encode_integer(self.stored_size(), false, out);
            }
            Self::Float16 => encode_float(&BINARY16, out),
            Self::Float32 => encode_float(&BINARY32, out),
            Self::Float64 => encode_float(&BINARY64, out),
            Self::Bool => encode_bool(least, out),
            Self::Complex64 => Compound::complex(&Self::Float32).encode_into(least, out),
            Self::Complex128 => Compound::complex(&Self::Float64).encode_into(least, out),
            Self::String => encode_string(out),
            Self::FixedText(size) => encode_prefix(Class::Text, Version::One, [0; 3], *size, out),
            Self::Reference => encode_prefix(Class::Reference, Version::One, [0; 3], 8, out),
            Self::References => {
                encode_prefix(Class::VariableLength, Version::One, [0; 3], 16, out);
                Self::Reference.encode_into(Version::One, out);
            }
            Self::Compound(compound) => compound.encode_into(least, out),
        }
    }
}

/// Named members one after the other, without gaps, as in a packed struct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compound {
    members: Vec<Member>,
    size: u32,
}

impl Compound {
    /// Puts members together, in their order.
    ///
    /// # Errors
    /// `InvalidInput` when there is no member or two have one name; `Unsupported` when there are more than
    /// 65,535 or one element would take 4 GiB.
    pub fn new(members: Vec<Member>) -> Result<Self> {
        if members.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "a compound needs at least one member"));
        }
        if u16::try_from(members.len()).is_err() {
            let message = format!("a compound has at most {} members, not {}", u16::MAX, members.len());
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        check_unique("members", members.iter().map(|member| member.name.as_str()))?;
        let size = members.iter().try_fold(0_u32, |sum, member| sum.checked_add(member.size));
        let size = size.ok_or_else(|| too_large("an element of a compound"))?;
        Ok(Self { members, size })
    }

    fn complex(part: &Datatype) -> Self {
        let size = part.stored_size();
        let members = ["r", "i"].map(|name| Member {
            name: name.to_owned(),
            shape: Vec::new(),
            datatype: part.clone(),
            size,
        });
        Self { members: members.into(), size: 2 * size }
    }

    fn version(&self) -> Version {
        self.members.iter().map(Member::version).max().unwrap_or(Version::One)
    }

    /// libhdf5 adds the members one by one, and where one of them raises the version of the compound, that
    /// one and all before it are raised with it, but none of those that follow.
    fn encode_into(&self, least: Version, out: &mut Vec<u8>) {
        let version = least.max(self.version());
        let raised = self.members.iter().position(|member| member.version() == Version::Two);
        let count = self.members.len().to_le_bytes();
        encode_prefix(Class::Compound, version, [count[0], count[1], 0], self.size, out);
        let mut offset = 0;
        for (index, member) in self.members.iter().enumerate() {
            let least = if raised.is_some_and(|raised| index <= raised) { Version::Two } else { least };
            encode_name(&member.name, out);
            out.extend_from_slice(&u32::to_le_bytes(offset));
            if version == Version::One {
                // Dimensionality, permutation and four lengths: version 1 without an array of its own.
                out.extend_from_slice(&[0; 28]);
            }
            member.encode_into(least, out);
            offset += member.size;
        }
    }
}

/// A part of a [`Compound`]: one value, or an array of one shape in every element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    name: String,
    shape: Vec<u32>,
    datatype: Datatype,
    size: u32,
}

impl Member {
    /// Names and describes a member.
    ///
    /// # Shape
    /// `shape` is that of the value in one element, `[]` for a single one; the last axis varies fastest.
    ///
    /// # Errors
    /// `InvalidInput` for an empty name or one with a NUL; `Unsupported` for an axis of length zero, more
    /// than 32 axes, or 4 GiB and more in one element.
    pub fn new(name: impl Into<String>, shape: &[u64], datatype: Datatype) -> Result<Self> {
        let name = name.into();
        check_name("a member", &name)?;
        if shape.contains(&0) || shape.len() > super::dataspace::MAX_RANK {
            let message = format!("HDF5 has no array of shape {shape:?} inside an element (member {name:?})");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let described = || too_large(&format!("member {name:?}"));
        let lengths = shape.iter().map(|&length| u32::try_from(length).ok()).collect::<Option<Vec<u32>>>();
        let lengths = lengths.ok_or_else(described)?;
        let size = lengths.iter().try_fold(datatype.stored_size(), |size, &length| size.checked_mul(length));
        let size = size.ok_or_else(described)?;
        Ok(Self { name, shape: lengths, datatype, size })
    }

    fn version(&self) -> Version {
        if self.shape.is_empty() { self.datatype.version() } else { Version::Two }
    }

    fn encode_into(&self, least: Version, out: &mut Vec<u8>) {
        if !self.shape.is_empty() {
            // The array class came with version 2 of the message.
            encode_prefix(Class::Array, Version::Two, [0; 3], self.size, out);
            let rank = self.shape.len().to_le_bytes()[0];
            out.extend_from_slice(&[rank, 0, 0, 0]);
            self.shape.iter().for_each(|length| out.extend_from_slice(&length.to_le_bytes()));
            (0_u32..).take(self.shape.len()).for_each(|axis| out.extend_from_slice(&axis.to_le_bytes()));
        }
        self.datatype.encode_into(least, out);
    }
}

/// The version of a datatype message; version 2 has arrays, and shorter members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    One = 1,
    Two = 2,
}

#[derive(Clone, Copy)]
enum Class {
    FixedPoint = 0,
    FloatingPoint = 1,
    Text = 3,
    Compound = 6,
    Reference = 7,
    Enumeration = 8,
    VariableLength = 9,
    Array = 10,
}

/// The layout of an IEEE 754 number: widths in bits.
struct FloatFormat {
    size: u32,
    exponent: u8,
    mantissa: u8,
    bias: u32,
}

const BINARY16: FloatFormat = FloatFormat { size: 2, exponent: 5, mantissa: 10, bias: 15 };
const BINARY32: FloatFormat = FloatFormat { size: 4, exponent: 8, mantissa: 23, bias: 127 };
const BINARY64: FloatFormat = FloatFormat { size: 8, exponent: 11, mantissa: 52, bias: 1023 };

fn too_large(what: &str) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} takes 4 GiB or more"))
}

fn encode_prefix(class: Class, version: Version, bits: [u8; 3], size: u32, out: &mut Vec<u8>) {
    out.push((version as u8) << 4 | class as u8);
    out.extend_from_slice(&bits);
    out.extend_from_slice(&size.to_le_bytes());
}

fn encode_integer(size: u32, signed: bool, out: &mut Vec<u8>) {
    let bits = [if signed { 0x08 } else { 0 }, 0, 0];
    encode_prefix(Class::FixedPoint, Version::One, bits, size, out);
    // Bit offset and precision: all bits count.
    out.extend_from_slice(&((size * 8) << 16).to_le_bytes());
}

fn encode_float(format: &FloatFormat, out: &mut Vec<u8>) {
    let FloatFormat { size, exponent, mantissa, bias } = *format;
    let sign = mantissa + exponent;
    // 0x20: the mantissa's leading 1 is implied.
    encode_prefix(Class::FloatingPoint, Version::One, [0x20, sign, 0], size, out);
    out.extend_from_slice(&((size * 8) << 16).to_le_bytes());
    out.extend_from_slice(&[mantissa, exponent, 0, mantissa]);
    out.extend_from_slice(&bias.to_le_bytes());
}

fn encode_bool(version: Version, out: &mut Vec<u8>) {
    encode_prefix(Class::Enumeration, version, [2, 0, 0], 1, out);
    encode_integer(1, true, out);
    encode_name("FALSE", out);
    encode_name("TRUE", out);
    out.extend_from_slice(&[0, 1]);
}

fn encode_string(out: &mut Vec<u8>) {
    // A sequence that is a string, ended by NUL in memory, in UTF-8; its base is a character of one byte.
    encode_prefix(Class::VariableLength, Version::One, [0x01, 0x01, 0], 16, out);
    encode_integer(1, false, out);
}

/// Appends a name with its NUL, padded to eight bytes.
fn encode_name(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    let padding = 8 - name.len() % 8;
    out.extend_from_slice(&[0; 8][..padding]);
}
