//! One dataset: as an array, as bytes, or as a table.

use std::sync::Arc;

use super::blocks::{BLOCK, Blocks, kept_chunk, parts};
use super::finish::{Finish, finish};
use super::lists;
use super::scope::Scope;
use super::tables;
use crate::error::{ErrorKind, Result};
use crate::hdf5::{Block, DatasetReader};
use crate::hdf5_file::{
    Described, Form, Made, Opened, Place, array_of_values, element_weight, notes, restored, trimmed, weight,
};
use crate::nodes::Dataset;
use crate::selection::{Along, Selection};
use crate::storage::ArrayOptions;
use crate::values::{AnyArray, Content};
use crate::zarr::{FillValue, Kind, default_chunk_shape};

/// Up to so many bytes are stored in one go.
const SMALL: u64 = 4 << 20;

/// Imports a dataset.
pub(super) fn import(
    scope: &mut Scope<'_, '_>,
    mut opened: Opened,
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    match once(scope, &opened, place, described) {
        Err(error) if error.kind() == ErrorKind::Unsupported => match opened.as_bytes() {
            Some(bytes) => once(scope, &bytes, place, described).map_err(|_| error),
            None => Err(error),
        },
        done => done,
    }?;
    for (member, error) in std::mem::take(&mut opened.left_out) {
        scope.reading.leave_out(format!("{}.{member}", place.path), error.message());
    }
    scope.tally.value()
}

fn once(scope: &mut Scope<'_, '_>, opened: &Opened, place: &Place, described: &mut Described) -> Result<()> {
    let sample = opened.sample(&scope.reading)?;
    match sample.as_slice() {
        [only] if only.name.is_empty() => array_of(scope, opened, only, (place, described)),
        _ => {
            tables::compound(scope, opened, &sample, (place, described))?;
            lists::beside(scope, opened, place)
        }
    }
}

/// How an array is to be made.
struct Plan {
    form: Form,
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
    let reader = opened.reader(&scope.reading)?;
    let weight = weight(reader.element_size(), std::slice::from_ref(sample));
    let form = Form::new(&scope.reading, (opened, sample), place, described);
    let plan = plan(scope, (opened, &reader), form, weight)?;
    let size = reader.shape().iter().fold(weight, |size, length| size.saturating_mul(*length));
    let kind = plan.form.is_bytes.then_some(Kind::Bytes);
    if size <= SMALL {
        let mut made = read(scope, opened, &reader, &plan)?;
        if plan.form.is_bytes && opened.was_text() {
            made = trimmed(made)?;
        }
        scope.store.put_with(&place.key, &Content::Array(made.stored()?), &plan.options, scope.existing)?;
    } else {
        let Form { data_type, shape, .. } = &plan.form;
        scope.store.create_array(&place.key, *data_type, shape, &plan.options, scope.existing)?;
        let dataset = Dataset::open(Arc::clone(scope.store), place.key.clone())?;
        if let Err(error) = write(scope, (opened, &reader), &plan, &dataset) {
            // Half of an array is none.
            scope.store.remove(&place.key, None)?;
            return Err(error);
        }
    }
    let mut attributes = std::mem::take(&mut described.attributes);
    attributes.extend(notes(opened, sample));
    finish(scope, &place.key, Finish { attributes, kind, names: plan.form.names })
}

fn plan(
    scope: &Scope<'_, '_>,
    (opened, reader): (&Opened, &DatasetReader<'_>),
    form: Form,
    weight: u64,
) -> Result<Plan> {
    let (outer, inner) = form.shape.split_at(form.rank);
    let mut options = scope.options(opened.is_compressed())?;
    let kept = reader.chunk_shape().and_then(|chunk| kept_chunk(outer, opened.maximum(), chunk, weight));
    options.chunk_shape = Some(match kept {
        Some(chunk) => [chunk.as_slice(), inner].concat(),
        None => default_chunk_shape(&form.shape, element_weight(form.data_type)),
    });
    // Axes that all have names get them at once.
    let names: Option<Vec<String>> = form.names.iter().cloned().collect();
    options.dimension_names = names.filter(|names| !names.is_empty());
    let mut has_fill = true;
    if reader.fill_value().iter().any(|byte| *byte != 0) {
        let fill = scope.reading.values(reader.data_type(), reader.fill_value());
        let fill = fill.and_then(|fill| array_of_values(fill, &[]));
        let fill = fill.and_then(|fill| restored(fill, form.data_type));
        match fill {
            Ok(fill) if fill.shape().is_empty() => options.fill_value = Some(FillValue::to_json(&fill)),
            _ => has_fill = false,
        }
    }
    Ok(Plan { form, weight, options, has_fill })
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
    plan.form.decode(&scope.reading, opened, &bytes, outer)
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
            let array = plan.form.decode(&scope.reading, opened, part, shape)?;
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
    for (start, shape) in
        Blocks::new(reader.shape(), chunk.get(..plan.form.rank).unwrap_or_default(), plan.weight)
    {
        let size = shape.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
        bytes.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        reader.read(&start, &shape, &mut bytes)?;
        put(&start, &shape, &bytes)?;
    }
    Ok(())
}
