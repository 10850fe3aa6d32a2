//! One dataset: as an array, as bytes, or as a table.

use std::sync::Arc;

use serde_json::Value as Json;

use super::arrays::{Made, array, restored};
use super::attributes::{self, Described, Finish, Incoming, finish};
use super::blocks::{BLOCK, Blocks, kept_chunk, parts};
use super::objects;
use super::opened::{Opened, element_weight, inner, lengths, weight};
use super::scope::{Place, Scope};
use super::tables;
use super::types::tags;
use crate::error::{ErrorKind, Result};
use crate::hdf5::{Block, DatasetReader, StoredObject, Type, Values};
use crate::nodes::Dataset;
use crate::selection::{Along, Selection};
use crate::storage::ArrayOptions;
use crate::values::{AnyArray, Content, DataType};
use crate::zarr::{FillValue, Kind, default_chunk_shape};

/// Up to so many bytes are stored in one go.
const SMALL: u64 = 4 << 20;

/// Imports a dataset.
pub(super) fn import(scope: &mut Scope<'_, '_>, object: &StoredObject<'_>, place: &Place) -> Result<()> {
    let mut described = attributes::read(scope, object, place)?;
    if described.axes.has_no_labels() {
        return Ok(());
    }
    if objects::import(scope, object, place, &mut described)? {
        return Ok(());
    }
    let mut left_out = Vec::new();
    let opened = Opened::new(object, &mut left_out)?;
    let done = match once(scope, &opened, place, &mut described) {
        Err(error) if error.kind() == ErrorKind::Unsupported => match opened.into_bytes() {
            Some(opened) => once(scope, &opened, place, &mut described).map_err(|_| error),
            None => Err(error),
        },
        done => done,
    };
    done?;
    for (member, error) in left_out {
        scope.tally.leave_out(format!("{}.{member}", place.path), error.message());
    }
    scope.tally.value()
}

fn once(scope: &mut Scope<'_, '_>, opened: &Opened, place: &Place, described: &mut Described) -> Result<()> {
    let sample = opened.sample(scope)?;
    match sample.as_slice() {
        [only] if only.name.is_empty() => array_of(scope, opened, only, (place, described)),
        _ => tables::compound(scope, opened, &sample, (place, described)),
    }
}

/// How an array is to be made.
struct Plan {
    data_type: DataType,
    shape: Vec<u64>,
    /// The axes of the dataset itself, without those that an element has.
    rank: usize,
    /// About how many bytes an element takes.
    weight: u64,
    options: ArrayOptions,
    /// Whether all that was never written is the fill value of the array.
    has_fill: bool,
}

fn array_of(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    sample: &Made,
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let reader = opened.reader(scope)?;
    let weight = weight(reader.element_size(), std::slice::from_ref(sample));
    let names = names(scope, (place, described), reader.shape().len(), inner(sample).len());
    let plan = plan(scope, (opened, &reader), sample, described, weight)?;
    let plan = with_names(plan, &names);
    let size = reader.shape().iter().fold(weight, |size, length| size.saturating_mul(*length));
    let kind = kind(opened, &plan, described);
    if size <= SMALL {
        let mut made = read(scope, opened, &reader, &plan)?;
        if kind == Some(Kind::Bytes) && opened.was_text() {
            made = trimmed(made)?;
        }
        scope.store.put_with(&place.key, &Content::Array(made.stored()?), &plan.options, scope.existing)?;
    } else {
        let Plan { data_type, shape, options, .. } = &plan;
        scope.store.create_array(&place.key, *data_type, shape, options, scope.existing)?;
        let dataset = Dataset::open(Arc::clone(scope.store), place.key.clone())?;
        if let Err(error) = write(scope, (opened, &reader), &plan, &dataset) {
            // Half of an array is none.
            scope.store.remove(&place.key, None)?;
            return Err(error);
        }
    }
    let mut attributes = std::mem::take(&mut described.attributes);
    attributes.extend(notes(opened, sample));
    finish(scope, &place.key, Finish { attributes, kind, names })
}

/// What the names of integers and the tags of bytes become.
fn notes(opened: &Opened, sample: &Made) -> Vec<Incoming> {
    let mut found = Vec::new();
    tags(opened.data_type(), "", &mut found);
    let tag = found.into_iter().map(|(_, tag)| Incoming::json("opaque_tag", Json::String(tag)));
    tag.chain(attributes::members(sample)).collect()
}

/// What an array of bytes is: bytes, where it is one element or was bytes in a store.
fn kind(opened: &Opened, plan: &Plan, described: &Described) -> Option<Kind> {
    let is_one = plan.rank == 0 && plan.shape.len() == 1 && matches!(opened.data_type(), Type::Opaque { .. });
    let was_bytes = described.origin.node == Some(Kind::Bytes)
        && plan.data_type == DataType::UInt8
        && plan.shape.len() == 1;
    (is_one || was_bytes).then_some(Kind::Bytes)
}

/// The names of the axes, as far as they have any.
fn names(
    scope: &mut Scope<'_, '_>,
    (place, described): (&Place, &Described),
    rank: usize,
    inner: usize,
) -> Vec<Option<String>> {
    if let Some(names) = described.origin.dimension_names.as_ref().filter(|names| names.len() == rank) {
        return names.iter().map(|name| name.clone().filter(|name| !name.contains(':'))).collect();
    }
    let mut names = described.axes.names(scope, place.key.name(), rank);
    names.extend(std::iter::repeat_n(None, inner));
    names
}

/// Axes that all have names get them at once.
fn with_names(mut plan: Plan, names: &[Option<String>]) -> Plan {
    let all: Option<Vec<String>> = names.iter().cloned().collect();
    plan.options.dimension_names = all.filter(|names| !names.is_empty());
    plan
}

fn plan(
    scope: &mut Scope<'_, '_>,
    (opened, reader): (&Opened, &DatasetReader<'_>),
    sample: &Made,
    described: &Described,
    weight: u64,
) -> Result<Plan> {
    let own = described.origin.data_type.as_deref().and_then(DataType::from_name);
    let data_type = own.unwrap_or(sample.array.data_type());
    let inner: Vec<u64> = inner(sample).iter().map(|length| *length as u64).collect();
    let (outer, rank) = (reader.shape(), reader.shape().len());
    let shape = [outer, &inner].concat();
    let mut options = scope.options(opened.is_compressed())?;
    let kept = reader.chunk_shape().and_then(|chunk| kept_chunk(outer, opened.maximum(), chunk, weight));
    options.chunk_shape = Some(match kept {
        Some(chunk) => [chunk.as_slice(), &inner].concat(),
        None => default_chunk_shape(&shape, element_weight(data_type)),
    });
    let mut has_fill = true;
    if reader.fill_value().iter().any(|byte| *byte != 0) {
        let fill = scope.values(reader.data_type(), reader.fill_value());
        let fill = fill.and_then(|fill| array_of_values(fill, &[]));
        let fill = fill.and_then(|fill| restored(fill, data_type));
        match fill {
            Ok(fill) if fill.shape().is_empty() => options.fill_value = Some(FillValue::to_json(&fill)),
            _ => has_fill = false,
        }
    }
    Ok(Plan { data_type, shape, rank, weight, options, has_fill })
}

/// Reads a small dataset as a whole.
fn read(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    reader: &DatasetReader<'_>,
    plan: &Plan,
) -> Result<AnyArray> {
    let outer = reader.shape();
    let size = outer.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
    scope.tally.read(size)?;
    let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
    reader.read(&vec![0; outer.len()], outer, &mut bytes)?;
    one(scope, opened, plan, &bytes, outer)
}

/// Makes an array of a box of elements.
fn one(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    plan: &Plan,
    bytes: &[u8],
    shape: &[u64],
) -> Result<AnyArray> {
    let values = scope.values(opened.data_type(), bytes)?;
    let (file, paths) = (scope.file, &mut scope.paths);
    let array = array(values, &lengths(shape), &mut |address| paths.of(file, address))?;
    restored(array, plan.data_type)
}

/// Writes the elements of a large dataset, block by block; what was never written stays so.
fn write(
    scope: &mut Scope<'_, '_>,
    (opened, reader): (&Opened, &DatasetReader<'_>),
    plan: &Plan,
    dataset: &Dataset,
) -> Result<()> {
    let most = BLOCK.checked_div(plan.weight).unwrap_or(1).max(1);
    let mut put = |start: &[u64], shape: &[u64], bytes: &[u8]| {
        scope.tally.read(bytes.len() as u64)?;
        let element = usize::try_from(reader.element_size()).unwrap_or(usize::MAX);
        let mut rest = bytes;
        parts(start, shape, most, &mut |start, shape| {
            let count = shape.iter().fold(element, |size, length| {
                size.saturating_mul(usize::try_from(*length).unwrap_or(usize::MAX))
            });
            let (part, after) = rest.split_at(count.min(rest.len()));
            rest = after;
            let array = one(scope, opened, plan, part, shape)?;
            let ranges =
                start.iter().zip(shape).map(|(at, count)| Along::from(*at..at.saturating_add(*count)));
            dataset.write(ranges.collect::<Selection>(), &array)
        })
    };
    if opened.may_be_sparse() {
        let each = &mut |block: Block<'_>| {
            let counts = block.is_written || !plan.has_fill;
            if counts { put(block.start, block.shape, block.bytes) } else { Ok(()) }
        };
        return if plan.has_fill { reader.read_written(each) } else { reader.read_blocks(each) };
    }
    let chunk = plan.options.chunk_shape.as_deref().unwrap_or_default();
    let mut bytes = Vec::new();
    for (start, shape) in Blocks::new(reader.shape(), chunk.get(..plan.rank).unwrap_or_default(), plan.weight)
    {
        let size = shape.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
        bytes.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        reader.read(&start, &shape, &mut bytes)?;
        put(&start, &shape, &bytes)?;
    }
    Ok(())
}

/// Bytes that were written as text of a fixed length, without the zeros that fill it up.
fn trimmed(array: AnyArray) -> Result<AnyArray> {
    let AnyArray::UInt8(bytes) = array else { return Ok(array) };
    let mut bytes: Vec<u8> = bytes.into_iter().collect();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1)));
    let count = bytes.len();
    array_of_values(Values::U8(bytes), &[count])
}

fn array_of_values(values: Values, shape: &[usize]) -> Result<AnyArray> {
    array(values, shape, &mut |_| String::new())
}
