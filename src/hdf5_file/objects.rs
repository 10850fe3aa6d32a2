//! Objects of a store, which an export wrote as the text of their JSON.

use std::sync::Arc;

use serde_json::Value as Json;

use super::attributes::Described;
use super::opened::Opened;
use super::reading::{Place, Reading};
use crate::error::{Error, ErrorKind, Result};
use crate::export::OBJECT_BYTES;
use crate::hdf5::StoredObject;
use crate::object::{Encoded, Encoding, Schema};
use crate::values::AnyArray;
use crate::zarr::Kind;

/// Gives an object, whose text the dataset `shown` is. It is none where the text is no more what the object says: then
/// somebody changed it, and the text counts.
pub(crate) fn object(
    reading: &mut Reading<'_>,
    shown: &StoredObject<'_>,
    place: &Place,
    described: &mut Described,
) -> Result<Option<Encoded>> {
    let (Some(Kind::Object { encoding, type_name, schema }), Some(bytes)) =
        (described.origin.node.clone(), described.bytes.take())
    else {
        return Ok(None);
    };
    let Some(encoding) = Encoding::from_name(&encoding) else {
        let message = format!("an object in the encoding {encoding:?} needs a newer version of calcstore");
        return Err(Error::new(ErrorKind::Unsupported, message));
    };
    let schema = schema.as_ref().map(Schema::from_json).transpose()?.map(Arc::new);
    let object = Encoded { type_name, encoding, schema, bytes };
    let AnyArray::String(text) = Opened::new(reading, shown)?.whole(reading)? else { return Ok(None) };
    let shown: Option<Json> = text.iter().next().and_then(|text| serde_json::from_str(text).ok());
    if shown.as_ref() != Some(&object.json()?) {
        let why = "the text of this object was changed after the export; it is imported as text";
        reading.leave_out(format!("{}@{OBJECT_BYTES}", place.path), why);
        return Ok(None);
    }
    Ok(Some(object))
}
