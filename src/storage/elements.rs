//! Elements in memory, numbers and text alike: made of a fill value, copied from one place to another.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::selection::Part;
use crate::values::{Elements, zeroed};
use crate::zarr::FillValue;

/// The number of elements, where memory could hold as many.
pub(super) fn count(elements: u64) -> Result<usize> {
    usize::try_from(elements).map_err(|_| {
        Error::new(ErrorKind::Corrupt, format!("a chunk of {elements} elements is beyond any memory"))
    })
}

/// So many elements, each of them the fill value.
pub(super) fn repeated(fill: &FillValue, count: usize) -> Result<Elements<'static>> {
    match fill {
        FillValue::Bytes(element) => {
            let mut all: Vec<u8> = zeroed(count.saturating_mul(element.len()))?;
            if element.iter().any(|byte| *byte != 0) {
                fill.fill(&mut all);
            }
            Ok(Elements::Bytes(all.into()))
        }
        FillValue::Text(text) => repeated_text(text, count).map(Elements::Strings),
    }
}

/// The same text so many times.
pub(super) fn repeated_text(text: &str, count: usize) -> Result<Vec<Cow<'static, str>>> {
    let mut all = Vec::new();
    all.try_reserve_exact(count).map_err(|error| {
        let message = format!("no memory for {count} elements of text");
        Error::new(ErrorKind::InvalidInput, message).with_source(error)
    })?;
    all.resize(count, Cow::Owned(text.to_owned()));
    Ok(all)
}

/// Puts what `part` takes of `from` into a whole chunk; an element of numbers is `size` bytes.
pub(super) fn scatter<'a>(
    part: &Part,
    from: &Elements<'a>,
    chunk: &mut Elements<'a>,
    size: usize,
) -> Result<()> {
    match (from, chunk) {
        (Elements::Bytes(from), Elements::Bytes(chunk)) => part.scatter(from, chunk.to_mut(), size),
        (Elements::Strings(from), Elements::Strings(chunk)) => part.scatter(from, chunk, 1),
        _ => Err(Error::new(ErrorKind::WrongType, "numbers and text cannot stand for each other")),
    }
}

/// Some rows of elements of this shape.
pub(super) fn rows(
    all: &Elements<'static>,
    shape: &[u64],
    start: u64,
    count: u64,
) -> Result<Elements<'static>> {
    let total = shape.first().copied().unwrap_or(1);
    let refuse = || Error::new(ErrorKind::WrongShape, format!("there are not so many rows: {total}"));
    start.checked_add(count).filter(|end| *end <= total).ok_or_else(refuse)?;
    let part = |length: usize| {
        let row = length.checked_div(usize::try_from(total).ok()?).unwrap_or(0);
        range(start, count, row)
    };
    match all {
        Elements::Bytes(bytes) => {
            let rows = part(bytes.len()).and_then(|part| bytes.get(part)).ok_or_else(refuse)?;
            Ok(Elements::Bytes(rows.to_vec().into()))
        }
        Elements::Strings(text) => {
            let rows = part(text.len()).and_then(|part| text.get(part)).ok_or_else(refuse)?;
            Ok(Elements::Strings(rows.to_vec()))
        }
    }
}

/// Copies `count` elements of `size` bytes each; `None` where they do not fit.
pub(super) fn copy(
    from: &Elements<'_>,
    start: u64,
    to: &mut Elements<'static>,
    place: u64,
    count: u64,
    size: usize,
) -> Option<()> {
    match (from, to) {
        (Elements::Bytes(from), Elements::Bytes(to)) => {
            let source = from.get(range(start, count, size)?)?;
            to.to_mut().get_mut(range(place, count, size)?)?.copy_from_slice(source);
        }
        (Elements::Strings(from), Elements::Strings(to)) => {
            let source = from.get(range(start, count, 1)?)?;
            let target = to.get_mut(range(place, count, 1)?)?;
            for (target, text) in target.iter_mut().zip(source) {
                *target = Cow::Owned(text.clone().into_owned());
            }
        }
        _ => return None,
    }
    Some(())
}

fn range(start: u64, count: u64, size: usize) -> Option<Range<usize>> {
    let start = usize::try_from(start).ok()?.checked_mul(size)?;
    Some(start..start.checked_add(usize::try_from(count).ok()?.checked_mul(size)?)?)
}
