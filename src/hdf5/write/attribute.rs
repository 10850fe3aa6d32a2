//! Attributes and their messages (version 1, IV.A.2.m).

use super::address::pad;
use super::dataspace;
use super::datatype::Datatype;
use super::name::{check_name, check_unique};
use super::object_header::{MessageKind, ObjectHeader, check_size};
use crate::error::{Error, ErrorKind, Result};

/// A small named value of a dataset or group.
#[derive(Clone, Debug)]
pub struct Attribute {
    name: String,
    message: Vec<u8>,
}

impl Attribute {
    /// Makes an attribute of raw elements.
    ///
    /// # Shape
    /// `[]` for a scalar, `[n]` for a list; netCDF refuses a whole file for one attribute of two axes. `data`
    /// holds the elements in row-major order, little-endian; strings are the references that
    /// [`Writer::strings`](super::Writer::strings) gives.
    ///
    /// # Errors
    /// `InvalidInput` for an empty name, one with a NUL, or `data` of another size than shape and datatype
    /// say; `Unsupported` when the message is larger than [`MAX_MESSAGE`](super::MAX_MESSAGE), or for more
    /// than 32 axes.
    pub fn new(name: impl Into<String>, datatype: &Datatype, shape: &[u64], data: &[u8]) -> Result<Self> {
        let name = name.into();
        check_name("an attribute", &name)?;
        let expected = dataspace::data_size(shape, datatype.size())?;
        if data.len() as u64 != expected {
            let message = format!("attribute {name:?} was given {} bytes for its {expected}", data.len());
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        check_size(MessageKind::Attribute, Self::message_size(&name, datatype, shape)?)?;
        let mut message = encode_head(&name, datatype, shape)?;
        message.extend_from_slice(data);
        Ok(Self { name, message })
    }

    /// Gives the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the bytes that such an attribute takes in an object header, where at most
    /// [`MAX_MESSAGE`](super::MAX_MESSAGE) are possible; strings count with their references only.
    ///
    /// # Errors
    /// `Unsupported` for more than 32 axes or 2⁶⁴ bytes.
    pub fn message_size(name: &str, datatype: &Datatype, shape: &[u64]) -> Result<u64> {
        let head =
            padded(name.len() as u64 + 1) + datatype.message_size() + dataspace::encode(shape)?.len() as u64;
        let data = dataspace::data_size(shape, datatype.size())?;
        data.checked_add(8 + head).and_then(|size| size.checked_next_multiple_of(8)).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, format!("attribute {name:?} is more than a file holds"))
        })
    }
}

/// Adds the messages of all attributes of one object.
///
/// # Errors
/// `InvalidInput` when two have one name; `Unsupported` when they are too many for one object.
pub(super) fn push_all(attributes: &[Attribute], header: &mut ObjectHeader) -> Result<()> {
    check_unique("attributes", attributes.iter().map(|attribute| attribute.name.as_str()))?;
    attributes.iter().try_for_each(|attribute| header.push(MessageKind::Attribute, &attribute.message))
}

/// Encodes what stands before the elements; each part is padded, but its size is given without the padding.
fn encode_head(name: &str, datatype: &Datatype, shape: &[u64]) -> Result<Vec<u8>> {
    let mut terminated = name.as_bytes().to_vec();
    terminated.push(0);
    let parts = [terminated, datatype.encode(), dataspace::encode(shape)?];
    let mut out = vec![1, 0];
    for part in &parts {
        // Two bytes hold it, since the whole message has been checked.
        out.extend_from_slice(&part.len().to_le_bytes()[..2]);
    }
    for part in &parts {
        out.extend_from_slice(part);
        pad(&mut out);
    }
    Ok(out)
}

fn padded(size: u64) -> u64 {
    size.next_multiple_of(8)
}
