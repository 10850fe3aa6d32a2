//! Objects of a store, which an export wrote as the text of their JSON.

use serde_json::Value as Json;

use super::attributes::{Described, Finish, finish};
use super::opened::Opened;
use super::scope::{Place, Scope};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::StoredObject;
use crate::object::{Encoded, Encoding, Schema};
use crate::values::{AnyArray, Content};
use crate::zarr::Kind;

/// Imports an object, whose text the dataset `shown` is; tells whether it did. It did not where the text is no more what
/// the object says: then somebody changed it, and the text counts.
pub(super) fn import(
    scope: &mut Scope<'_, '_>,
    shown: &StoredObject<'_>,
    place: &Place,
    described: &mut Described,
) -> Result<bool> {
    let (Some(Kind::Object { encoding, type_name, schema }), Some(bytes)) =
        (described.origin.node.clone(), described.bytes.take())
    else {
        return Ok(false);
    };
    let Some(encoding) = Encoding::from_name(&encoding) else {
        let message = format!("an object in the encoding {encoding:?} needs a newer version of calcstore");
        return Err(Error::new(ErrorKind::Unsupported, message));
    };
    let schema = schema.as_ref().map(Schema::from_json).transpose()?;
    let object = Encoded { type_name, encoding, schema, bytes };
    let AnyArray::String(text) = Opened::new(shown, &mut Vec::new())?.whole(scope)? else { return Ok(false) };
    let shown: Option<Json> = text.iter().next().and_then(|text| serde_json::from_str(text).ok());
    if shown.as_ref() != Some(&object.json()?) {
        let why = "the text of this object was changed after the export; it is imported as text";
        scope.tally.leave_out(format!("{}@{}", place.path, crate::export::OBJECT_BYTES), why);
        return Ok(false);
    }
    scope.store.put_with(&place.key, &Content::Object(object), &scope.options(false)?, scope.existing)?;
    let attributes = std::mem::take(&mut described.attributes);
    finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
    scope.tally.value()?;
    Ok(true)
}
