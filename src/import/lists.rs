//! Lists of any length as elements: all their elements as one array, and how many each list has.
//!
//! # Format
//! What the CF Conventions call a contiguous ragged array (9.3.3): the attribute `sample_dimension` of the counts names the
//! dimension of the elements.

use std::sync::Arc;

use serde_json::Value as Json;

use super::blocks::{BLOCK, parts};
use super::finish::{Finish, finish};
use super::scope::Scope;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::DatasetReader;
use crate::hdf5_file::{
    Described, Incoming, List, Opened, Place, component, element_weight, inner, lengths, members, weight,
};
use crate::key::Key;
use crate::nodes::Dataset;
use crate::selection::{Along, Selection};
use crate::values::{AnyArray, DataType};
use crate::zarr::default_chunk_shape;

/// The names of the two arrays of a dataset of lists.
const COUNT: &str = "count";
const VALUES: &str = "values";

/// What of the counts names the dimension of the elements.
const SAMPLE_DIMENSION: &str = "sample_dimension";

/// Imports a dataset of lists: a group of the counts, which have its shape, and the elements.
pub(super) fn dataset(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let Some(list) = opened.list() else { return Ok(()) };
    let is_new = !scope.store.has(&place.key)?;
    scope.store.put_group(&place.key)?;
    let done = into_group(scope, (opened, list), place, described);
    if done.is_err() && is_new {
        // Half of it is none.
        scope.store.remove(&place.key, None)?;
    }
    done
}

fn into_group(
    scope: &mut Scope<'_, '_>,
    (opened, list): (&Opened, &List),
    place: &Place,
    described: &mut Described,
) -> Result<()> {
    let reader = opened.reader(&scope.reading)?;
    let (key, shape) = (place.key.child(COUNT)?, reader.shape().to_vec());
    let names = described.axes.names(&scope.reading, place.key.name(), shape.len());
    let mut options = scope.options(opened.is_compressed())?;
    options.chunk_shape = Some(default_chunk_shape(&shape, 4));
    scope.store.create_array(&key, DataType::UInt32, &shape, &options, scope.existing)?;
    let counts = Dataset::open(Arc::clone(scope.store), key.clone())?;
    each(scope, &reader, &mut |scope, start, shape, bytes| {
        let array = ndarray::ArrayD::from_shape_vec(lengths(shape), list.counts(&scope.reading, bytes)?);
        let array = array.map_err(|error| {
            Error::new(ErrorKind::Corrupt, "the lists do not fill their shape").with_source(error)
        })?;
        counts.write(selection(start, shape), AnyArray::from(array))
    })?;
    let dimension = elements(scope, (opened, &reader, list), place, &place.key.child(VALUES)?)?;
    let sample = vec![Incoming::json(SAMPLE_DIMENSION, Json::String(dimension))];
    finish(scope, &key, Finish { attributes: sample, kind: None, names })?;
    let attributes = std::mem::take(&mut described.attributes);
    finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
    scope.tally.convert(&place.path, &place.key, format!("{COUNT} and {VALUES} of its lists"));
    scope.tally.value()
}

/// Imports the lists among the members of a table, each beside it; its column has the counts.
pub(super) fn beside(scope: &mut Scope<'_, '_>, opened: &Opened, place: &Place) -> Result<()> {
    for list in opened.lists() {
        let path = format!("{}.{}", place.path, list.name);
        let done = column(scope, (opened, list), place, &path);
        scope.reading.settle(&path, done)?;
    }
    Ok(())
}

fn column(
    scope: &mut Scope<'_, '_>,
    (opened, list): (&Opened, &List),
    place: &Place,
    path: &str,
) -> Result<()> {
    let column = component(&list.name)?;
    let name = format!("{}.{column}", place.key.name());
    let parent = place.key.parent().unwrap_or_else(Key::root);
    let key = parent.child(&name)?;
    scope.beside.insert(key.clone());
    let reader = opened.reader(&scope.reading)?;
    let own = Place { path: path.to_owned(), key: key.clone() };
    let dimension = elements(scope, (opened, &reader, list), &own, &key)?;
    let sample = vec![Incoming::json(SAMPLE_DIMENSION, Json::String(dimension))];
    finish(scope, &place.key.child(&column)?, Finish { attributes: sample, ..Finish::default() })?;
    scope.tally.convert(path, &key, format!("the elements of the lists that the column {column:?} counts"));
    scope.tally.value()
}

/// Stores the elements of all lists, one after the other; gives the name of their dimension.
fn elements(
    scope: &mut Scope<'_, '_>,
    (opened, reader, list): (&Opened, &DatasetReader<'_>, &List),
    place: &Place,
    key: &Key,
) -> Result<String> {
    let sample = list.made(&scope.reading, &[])?;
    let inner: Vec<u64> = inner(&sample).iter().map(|length| *length as u64).collect();
    let weight = weight(1, std::slice::from_ref(&sample));
    let mut total = 0_u64;
    each(scope, reader, &mut |scope, _, _, bytes| {
        let counts = list.counts(&scope.reading, bytes)?;
        total = counts.iter().fold(total, |total, count| total.saturating_add(u64::from(*count)));
        Ok(())
    })?;
    scope.tally.check(total.saturating_mul(weight))?;
    let shape = [&[total][..], &inner].concat();
    let dimension = format!("{}_sample", place.key.name());
    let mut options = scope.options(opened.is_compressed())?;
    let data_type = sample.array.data_type();
    options.chunk_shape = Some(default_chunk_shape(&shape, element_weight(data_type)));
    scope.store.create_array(key, data_type, &shape, &options, scope.existing)?;
    let done = fill(scope, (reader, list), weight, key);
    if let Err(error) = done {
        scope.store.remove(key, None)?;
        return Err(error);
    }
    let mut names = vec![None; shape.len()];
    names.iter_mut().take(1).for_each(|name| *name = Some(dimension.clone()));
    finish(scope, key, Finish { attributes: members(&sample).into_iter().collect(), kind: None, names })?;
    Ok(dimension)
}

/// Writes the elements of so many lists at once as belong into memory.
fn fill(
    scope: &mut Scope<'_, '_>,
    (reader, list): (&DatasetReader<'_>, &List),
    weight: u64,
    key: &Key,
) -> Result<()> {
    let dataset = Dataset::open(Arc::clone(scope.store), key.clone())?;
    let most = BLOCK.checked_div(weight).unwrap_or(1).max(1);
    let element = usize::try_from(reader.element_size()).unwrap_or(usize::MAX);
    let mut at = 0_u64;
    each(scope, reader, &mut |scope, _, _, bytes| {
        let mut counts = list.counts(&scope.reading, bytes)?.into_iter().map(u64::from).peekable();
        let mut rest = bytes;
        while counts.peek().is_some() {
            let (mut lists, mut count) = (0_usize, 0_u64);
            while let Some(next) = counts.next_if(|next| lists == 0 || count.saturating_add(*next) <= most) {
                (lists, count) = (lists.saturating_add(1), count.saturating_add(next));
            }
            let (now, after) = rest.split_at(lists.saturating_mul(element).min(rest.len()));
            rest = after;
            scope.tally.read(count.saturating_mul(weight))?;
            let array = list.made(&scope.reading, now)?.array;
            let shape: Vec<u64> = array.shape().iter().map(|length| *length as u64).collect();
            let mut start = vec![0; shape.len()];
            start.iter_mut().take(1).for_each(|first| *first = at);
            if count > 0 {
                dataset.write(selection(&start, &shape), &array)?;
            }
            at = at.saturating_add(count);
        }
        Ok(())
    })
}

/// Takes a part of the elements of a dataset, which follow one another: where it begins, its shape, and its bytes.
type Each<'e, 'a, 't> = dyn FnMut(&mut Scope<'a, 't>, &[u64], &[u64], &[u8]) -> Result<()> + 'e;

/// Gives all elements in row-major order, without what their lists have.
fn each<'a, 't>(
    scope: &mut Scope<'a, 't>,
    reader: &DatasetReader<'_>,
    each: &mut Each<'_, 'a, 't>,
) -> Result<()> {
    let (shape, element) = (reader.shape().to_vec(), reader.element_size());
    let all = shape.iter().fold(element, |size, length| size.saturating_mul(*length));
    scope.tally.check(all)?;
    if shape.contains(&0) {
        return Ok(());
    }
    let most = BLOCK.checked_div(element).unwrap_or(1).max(1);
    let mut bytes = Vec::new();
    parts(&vec![0; shape.len()], &shape, most, &mut |start, shape| {
        scope.tally.tell()?;
        let size = shape.iter().fold(element, |size, length| size.saturating_mul(*length));
        bytes.resize(usize::try_from(size).unwrap_or(usize::MAX), 0);
        reader.read(start, shape, &mut bytes)?;
        each(scope, start, shape, &bytes)
    })
}

fn selection(start: &[u64], shape: &[u64]) -> Selection {
    start.iter().zip(shape).map(|(at, count)| Along::from(*at..at.saturating_add(*count))).collect()
}
