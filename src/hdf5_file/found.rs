//! What the objects of a file are in a store.

use super::attributes::{self, Described};
use super::columns::{GroupColumn, columns_of_group};
use super::objects::object;
use super::opened::Opened;
use super::reading::{Place, Reading};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{ObjectKind, StoredObject, Target};
use crate::object::Encoded;
use crate::zarr::Kind;

/// What an object of a file is.
#[derive(Debug)]
pub(crate) enum Found {
    Group,
    /// An array, or a table where its elements are compounds.
    Dataset(Opened),
    /// A dataset of lists of any length.
    Lists(Opened),
    /// A table that was exported as a group of its columns.
    Columns(Vec<GroupColumn>),
    Object(Encoded),
    /// What has no value: a datatype, which is brought along by what is of it, and a scale that only names a dimension.
    Nothing,
}

/// Finds out what an object is, and what its attributes say.
///
/// # Errors
/// `Unsupported` and `Corrupt` where it cannot be had.
pub(crate) fn recognise(
    reading: &mut Reading<'_>,
    object: &StoredObject<'_>,
    place: &Place,
) -> Result<(Found, Described)> {
    match object.kind() {
        ObjectKind::Group => group(reading, object, place),
        ObjectKind::Dataset => dataset(reading, object, place),
        ObjectKind::Datatype => Ok((Found::Nothing, Described::default())),
        ObjectKind::Unknown => Err(Error::new(ErrorKind::Unsupported, "it is neither a group nor a dataset")),
    }
}

fn group(reading: &mut Reading<'_>, group: &StoredObject<'_>, place: &Place) -> Result<(Found, Described)> {
    let mut described = attributes::read(reading, group, place)?;
    match described.origin.node.clone() {
        Some(Kind::Table { columns, .. }) => {
            let columns = columns_of_group(reading, group, &columns, place)?;
            return Ok((Found::Columns(columns), described));
        }
        Some(Kind::Object { .. }) => {
            // NeXus has objects as groups.
            let links = group.links().items;
            let data = links.iter().find(|link| link.name == "data").map(|link| &link.target);
            if let Some(Target::Hard(address)) = data {
                let data = reading.file.object(*address)?;
                if let Some(found) = object(reading, &data, place, &mut described)? {
                    return Ok((Found::Object(found), described));
                }
            }
        }
        _ => {}
    }
    Ok((Found::Group, described))
}

fn dataset(
    reading: &mut Reading<'_>,
    dataset: &StoredObject<'_>,
    place: &Place,
) -> Result<(Found, Described)> {
    let mut described = attributes::read(reading, dataset, place)?;
    if described.axes.has_no_labels() {
        return Ok((Found::Nothing, described));
    }
    if let Some(found) = object(reading, dataset, place, &mut described)? {
        return Ok((Found::Object(found), described));
    }
    let opened = Opened::new(reading, dataset)?;
    let found = if opened.list().is_some() { Found::Lists(opened) } else { Found::Dataset(opened) };
    Ok((found, described))
}
