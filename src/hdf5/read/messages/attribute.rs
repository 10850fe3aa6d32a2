//! Attribute messages, versions 1 to 3 (IV.A.2.m).

use super::{dataspace, datatype};
use crate::error::{Error, Result};
use crate::hdf5::read::cursor::lossy;
use crate::hdf5::read::datatype::Type;
use crate::hdf5::read::file::File;
use crate::hdf5::read::layout::Dataspace;
use crate::hdf5::read::object_header::MessageKind;

/// A small value that describes an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name; what is no UTF-8 in it is replaced by U+FFFD.
    pub name: String,
    pub data_type: Type,
    pub dataspace: Dataspace,
    /// Its elements as they are stored, in row-major order; those in the global heap by reference.
    pub value: Vec<u8>,
}

/// Bits of the flags of versions 2 and 3.
const SHARED_DATATYPE: u8 = 1;
const SHARED_DATASPACE: u8 = 1 << 1;

/// Decodes an attribute, wherever it lies. Errors name it.
pub fn decode(file: &File, message: &[u8]) -> Result<Attribute> {
    let mut fields = file.input().cursor(message, "attribute message");
    let [version, flags] = fields.array()?;
    if !(1..=3).contains(&version) {
        return Err(fields.unsupported(format!("version {version}")));
    }
    let flags = if version == 1 { 0 } else { flags };
    let sizes = [fields.u16()?, fields.u16()?, fields.u16()?].map(usize::from);
    if version == 3 {
        let _character_set = fields.u8()?;
    }
    let padded = |size: usize| if version == 1 { size.next_multiple_of(8) } else { size };
    let [name, data_type, space] = sizes.map(padded);
    let name = lossy(fields.take(name)?);
    let mut described = || {
        let (data_type, space) = (fields.take(data_type)?, fields.take(space)?);
        let data_type = file.body(MessageKind::Datatype, flags & SHARED_DATATYPE != 0, data_type)?;
        let space = file.body(MessageKind::Dataspace, flags & SHARED_DATASPACE != 0, space)?;
        let (data_type, size) = datatype::decode(file.input().cursor(&data_type, "datatype message"))?;
        let dataspace = dataspace::decode(file.input().cursor(&space, "dataspace message"))?;
        let size = dataspace::count(&dataspace).and_then(|count| count.checked_mul(u64::from(size)));
        let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        Ok((data_type, dataspace, fields.take(size)?.to_vec()))
    };
    match described() {
        Ok((data_type, dataspace, value)) => Ok(Attribute { name, data_type, dataspace, value }),
        Err(error) => Err(named(&name, &error)),
    }
}

fn named(name: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("attribute {name:?}: {}", error.message()))
}
