use super::any_array::AnyArray;
use super::content::{Content, Stored};
use super::get::Get;
use super::put::{Bytes, Put};
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};
use crate::object;

/// Whatever was found under a key.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A group; what it holds is listed by [`keys`](crate::DataStore::keys).
    Group,
    /// An array, scalars and text included.
    Array(AnyArray),
    /// A table.
    Table(Table),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A `serde` object.
    Object(Object),
}

/// A stored object, read without the Rust type that it had.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The name of the Rust type, as the program that stored it had it.
    pub type_name: String,
    /// The value: enums externally tagged, 128-bit integers as strings, non-finite numbers as `"NaN"`,
    /// `"Infinity"`, `"-Infinity"`, bytes in base64.
    pub json: serde_json::Value,
}

impl Get for Value {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        Ok(match stored {
            Stored::Group => Self::Group,
            Stored::Array(source) => Self::Array(AnyArray::read(*source)?),
            Stored::Table(_) => Self::Table(Table::get(stored)?),
            Stored::Bytes(_) => Self::Bytes(Bytes::get(stored)?.0),
            Stored::Object(encoded) => {
                Self::Object(Object { type_name: encoded.type_name.clone(), json: encoded.json()? })
            }
        })
    }
}

/// All but groups and objects can be stored again: an object needs its Rust type for that.
impl Put for Value {
    fn content(&self) -> Result<Content<'_>> {
        match self {
            Self::Array(array) => array.content(),
            Self::Table(table) => table.content(),
            Self::Bytes(bytes) => Ok(Content::Bytes(bytes.as_slice().into())),
            Self::Object(object) => object::encode(&object.json).map(Content::Object),
            Self::Group => Err(Error::new(ErrorKind::WrongType, "a group is no value that could be stored")),
        }
    }
}
