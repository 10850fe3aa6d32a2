#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::data_type::DataType;
use crate::error::{Error, ErrorKind, Result};
use crate::object::{self, Encoded};

/// What a value becomes when it is stored. The writer deals with this alone, whatever the Rust type was.
#[derive(Debug)]
pub enum Content<'a> {
    /// An array of any rank.
    Array(ArrayContent<'a>),
    /// Named columns of one length.
    Table(Vec<(Cow<'a, str>, ArrayContent<'a>)>),
    /// Bytes that are not an array of numbers.
    Bytes(Cow<'a, [u8]>),
    /// A `serde` object.
    Object(Encoded),
}

impl Content<'_> {
    /// Encodes any `serde` object.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a value that cannot be encoded.
    pub fn object<T: Serialize + ?Sized>(value: &T) -> Result<Content<'static>> {
        object::encode(value).map(Content::Object)
    }
}

/// The elements of an array with their shape, in C order (the last axis varies fastest).
#[derive(Debug)]
pub struct ArrayContent<'a> {
    pub(crate) data_type: DataType,
    pub(crate) shape: Vec<u64>,
    pub(crate) elements: Elements<'a>,
}

/// Elements as they are stored.
#[derive(Debug)]
pub enum Elements<'a> {
    /// Numbers and `bool`, little-endian.
    Bytes(Cow<'a, [u8]>),
    /// Text.
    Strings(Vec<Cow<'a, str>>),
}

impl Elements<'_> {
    /// The same elements, borrowed.
    pub(crate) fn borrowed(&self) -> Elements<'_> {
        match self {
            Self::Bytes(bytes) => Elements::Bytes(Cow::Borrowed(bytes)),
            Self::Strings(strings) => {
                Elements::Strings(strings.iter().map(|text| Cow::Borrowed(&**text)).collect())
            }
        }
    }

    /// How many elements of this type there are; `None` where they cannot be of it.
    pub(crate) fn count(&self, data_type: DataType) -> Option<usize> {
        match (self, data_type.size()) {
            (Self::Bytes(bytes), Some(size)) if bytes.len().is_multiple_of(size) => {
                bytes.len().checked_div(size)
            }
            (Self::Strings(strings), None) => Some(strings.len()),
            _ => None,
        }
    }
}

impl<'a> ArrayContent<'a> {
    /// Joins elements and shape; the two must agree.
    pub(crate) fn new(data_type: DataType, shape: &[usize], elements: Elements<'a>) -> Result<Self> {
        let expected = shape.iter().try_fold(1, |product: usize, length| product.checked_mul(*length));
        let found = elements.count(data_type);
        if expected.is_none() || expected != found {
            let message =
                format!("{found:?} elements of type {data_type} do not make an array of shape {shape:?}");
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        Ok(Self { data_type, shape: shape.iter().map(|length| *length as u64).collect(), elements })
    }

    pub(crate) fn into_owned(self) -> ArrayContent<'static> {
        let elements = match self.elements {
            Elements::Bytes(bytes) => Elements::Bytes(Cow::Owned(bytes.into_owned())),
            Elements::Strings(strings) => {
                Elements::Strings(strings.into_iter().map(|text| Cow::Owned(text.into_owned())).collect())
            }
        };
        ArrayContent { data_type: self.data_type, shape: self.shape, elements }
    }
}

/// What was found under a key, its elements not read yet.
#[non_exhaustive]
pub enum Stored<'a> {
    /// A group of other values.
    Group,
    /// An array.
    Array(&'a dyn Source),
    /// A table: its columns with their names.
    Table(&'a [(String, &'a dyn Source)]),
    /// Bytes, as a one-dimensional array of `uint8`.
    Bytes(&'a dyn Source),
    /// A `serde` object.
    Object(&'a Encoded),
}

impl Stored<'_> {
    /// Decodes a `serde` object.
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`] for what is no object, and for a field that does not fit.
    pub fn object<T: DeserializeOwned>(&self) -> Result<T> {
        match self {
            Self::Object(encoded) => encoded.decode(),
            other => Err(other.mismatch("an object")),
        }
    }

    /// Says what it is, as errors do: `a float64 array of shape [2, 3]`.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Group => "a group".to_owned(),
            Self::Array(source) => format!("a {} array of shape {:?}", source.data_type(), source.shape()),
            Self::Table(columns) => format!("a table of {} columns", columns.len()),
            Self::Bytes(source) => format!("{} bytes", source.shape().first().copied().unwrap_or_default()),
            Self::Object(object) => format!("an object of type {}", object.type_name),
        }
    }

    pub(crate) fn mismatch(&self, asked: &str) -> Error {
        Error::new(ErrorKind::WrongType, format!("holds {}, asked for {asked}", self.describe()))
    }
}

/// A stored array that can be read.
pub trait Source {
    /// Gives the type of the elements.
    fn data_type(&self) -> DataType;

    /// Gives the length of each axis.
    fn shape(&self) -> &[u64];

    /// Makes sure that as many elements as the shape declares can be had, before memory is taken for them.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`] where the stored bytes cannot make the declared elements.
    fn verify_size(&self) -> Result<()>;

    /// Reads all elements, little-endian and in C order, into `buffer` of exactly their size.
    ///
    /// # Errors
    /// Whatever reading a file brings, and [`ErrorKind::Corrupt`] for damage.
    fn read_into(&self, buffer: &mut [u8]) -> Result<()>;

    /// Reads all elements of an array of text, in C order.
    ///
    /// # Errors
    /// As [`Source::read_into`].
    fn read_strings(&self) -> Result<Vec<String>>;

    /// Reads `count` rows from row `start` on: steps along the first axis.
    ///
    /// # Errors
    /// As [`Source::read_into`].
    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>>;

    /// Reads all elements in C order, block by block, each of a size that memory need not fear.
    ///
    /// # Errors
    /// As [`Source::read_into`], and those of `each`, which end the reading.
    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()>;
}

/// The number of elements of a shape, where memory could hold as many.
pub(crate) fn count(shape: &[u64]) -> Result<usize> {
    shape
        .iter()
        .try_fold(1u64, |product, length| product.checked_mul(*length))
        .and_then(|product| usize::try_from(product).ok())
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, format!("the shape {shape:?} is beyond any memory")))
}
