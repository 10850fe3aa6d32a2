//! What a dataset is as an array.

use serde_json::Value as Json;

use super::arrays::{Made, array, restored};
use super::attributes::{self, Described, Incoming};
use super::opened::{Opened, inner, lengths};
use super::reading::{Place, Reading};
use super::types::tags;
use crate::error::Result;
use crate::hdf5::{Type, Values};
use crate::values::{AnyArray, DataType};
use crate::zarr::Kind;

/// Type, shape and names of an array.
#[derive(Debug)]
pub(crate) struct Form {
    pub data_type: DataType,
    pub shape: Vec<u64>,
    /// The axes of the dataset itself, without those that an element has.
    pub rank: usize,
    /// The names of the axes, as far as they have any.
    pub names: Vec<Option<String>>,
    /// Whether it is bytes, and no array of numbers.
    pub is_bytes: bool,
}

impl Form {
    pub fn new(
        reading: &Reading<'_>,
        (opened, sample): (&Opened, &Made),
        place: &Place,
        described: &Described,
    ) -> Self {
        let outer = opened.shape();
        let own = described.origin.data_type.as_deref().and_then(DataType::from_name);
        let data_type = own.unwrap_or(sample.array.data_type());
        let inner: Vec<u64> = inner(sample).iter().map(|length| *length as u64).collect();
        let shape = [outer.as_slice(), &inner].concat();
        let rank = outer.len();
        let is_one = rank == 0 && shape.len() == 1 && matches!(opened.data_type(), Type::Opaque { .. });
        let was_bytes =
            described.origin.node == Some(Kind::Bytes) && data_type == DataType::UInt8 && shape.len() == 1;
        let names = names(reading, (place, described), rank, inner.len());
        Self { data_type, shape, rank, names, is_bytes: is_one || was_bytes }
    }

    /// Makes an array of a box of elements, of so many along each axis of the dataset.
    ///
    /// # Errors
    /// `Corrupt` and `Unsupported` for elements that cannot be had.
    pub fn decode(
        &self,
        reading: &Reading<'_>,
        opened: &Opened,
        bytes: &[u8],
        shape: &[u64],
    ) -> Result<AnyArray> {
        let values = reading.values(opened.data_type(), bytes)?;
        let array = array(values, &lengths(shape), &mut |at| reading.paths.of(reading.file, at))?;
        restored(array, self.data_type)
    }
}

fn names(
    reading: &Reading<'_>,
    (place, described): (&Place, &Described),
    rank: usize,
    inner: usize,
) -> Vec<Option<String>> {
    if let Some(names) = described.origin.dimension_names.as_ref().filter(|names| names.len() == rank) {
        return names.iter().map(|name| name.clone().filter(|name| !name.contains(':'))).collect();
    }
    let mut names = described.axes.names(reading, place.key.name(), rank);
    names.extend(std::iter::repeat_n(None, inner));
    names
}

/// What the names of integers and the tags of bytes become.
pub(crate) fn notes(opened: &Opened, sample: &Made) -> Vec<Incoming> {
    let mut found = Vec::new();
    tags(opened.data_type(), "", &mut found);
    let tag = found.into_iter().map(|(_, tag)| Incoming::json("opaque_tag", Json::String(tag)));
    tag.chain(attributes::members(sample)).collect()
}

/// Bytes that were written as text of a fixed length, without the zeros that fill it up.
pub(crate) fn trimmed(array: AnyArray) -> Result<AnyArray> {
    let AnyArray::UInt8(bytes) = array else { return Ok(array) };
    let mut bytes: Vec<u8> = bytes.into_iter().collect();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)));
    let count = bytes.len();
    array_of_values(Values::U8(bytes), &[count])
}

/// Makes an array of what refers to nothing.
pub(crate) fn array_of_values(values: Values, shape: &[usize]) -> Result<AnyArray> {
    array(values, shape, &mut |_| String::new())
}
