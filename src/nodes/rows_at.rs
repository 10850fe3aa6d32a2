//! Rows of tables, as numpy selects them.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};
use crate::selection::{Boxed, Selection};
use crate::values::{AnyArray, ArrayContent, Elements, Source, Table};

/// About so many bytes of a column are read at once.
const BLOCK_BYTES: u64 = 4 << 20;

/// Reads the selected rows of some columns, of which each has as many rows; a single index gives one row.
///
/// # Errors
/// `InvalidInput` and `WrongShape` for a selection that is not of one axis of so many rows, and those of reading.
pub(crate) fn rows_at<'a>(
    columns: impl IntoIterator<Item = (&'a str, &'a dyn Source)>,
    rows: u64,
    selection: &Selection,
) -> Result<Table> {
    let picked = selection.resolve(&[rows])?;
    let mut table = Table::new();
    for (name, source) in columns {
        let inner = source.shape().get(1..).unwrap_or_default();
        let width = inner.iter().fold(1_u64, |width, length| width.saturating_mul(*length));
        let row_bytes = source.data_type().expected_size().saturating_mul(width).max(1);
        let mut all = match source.data_type().size() {
            Some(_) => Elements::Bytes(Cow::Owned(Vec::new())),
            None => Elements::Strings(Vec::new()),
        };
        for block in picked.boxes(BLOCK_BYTES.checked_div(row_bytes).unwrap_or(1)) {
            append(source, &block, width, &mut all)?;
        }
        let lengths = std::iter::once(picked.elements()).chain(inner.iter().copied());
        let shape = lengths.map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape =
            shape.map_err(|_| Error::new(ErrorKind::InvalidInput, "more rows than memory can hold"))?;
        let content = ArrayContent::new(source.data_type(), &shape, all)?;
        table.push_array(name, AnyArray::from_content(&content)?)?;
    }
    Ok(table)
}

/// Reads a run of rows, and appends those of them that are selected.
fn append(source: &dyn Source, block: &Boxed, width: u64, all: &mut Elements<'static>) -> Result<()> {
    let at = |of: &[u64]| of.first().copied().unwrap_or_default();
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    match (all, source.read_rows(at(&block.start), at(&block.shape))?) {
        // Rows of no elements.
        _ if width == 0 => {}
        (Elements::Bytes(all), Elements::Bytes(read)) => {
            let size = source.data_type().size().unwrap_or(1).saturating_mul(width);
            all.to_mut().append(&mut block.take(read.into_owned(), size)?);
        }
        (Elements::Strings(all), Elements::Strings(read)) => all.append(&mut block.take(read, width)?),
        _ => return Err(Error::new(ErrorKind::Corrupt, "numbers and text cannot stand for each other")),
    }
    Ok(())
}
