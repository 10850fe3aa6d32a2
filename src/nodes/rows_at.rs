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
    let mut columns: Vec<_> = columns.into_iter().map(|(name, source)| Gathered::new(name, source)).collect();
    let widest = columns.iter().map(Gathered::row_bytes).max().unwrap_or(1).max(1);
    for block in picked.boxes(BLOCK_BYTES.checked_div(widest).unwrap_or(1)) {
        columns.iter_mut().try_for_each(|column| column.append(&block))?;
    }
    let mut table = Table::new();
    for column in columns {
        table.push_array(column.name, column.finish(picked.elements())?)?;
    }
    Ok(table)
}

/// The rows of a column that were read so far.
struct Gathered<'a> {
    name: &'a str,
    source: &'a dyn Source,
    elements: Elements<'static>,
}

impl<'a> Gathered<'a> {
    fn new(name: &'a str, source: &'a dyn Source) -> Self {
        let elements = match source.data_type().size() {
            Some(_) => Elements::Bytes(Cow::Owned(Vec::new())),
            None => Elements::Strings(Vec::new()),
        };
        Self { name, source, elements }
    }

    fn inner(&self) -> &[u64] {
        self.source.shape().get(1..).unwrap_or_default()
    }

    fn width(&self) -> u64 {
        self.inner().iter().fold(1, |width: u64, length| width.saturating_mul(*length))
    }

    fn row_bytes(&self) -> u64 {
        self.source.data_type().expected_size().saturating_mul(self.width())
    }

    /// Reads a run of rows, and appends those of them that are selected.
    fn append(&mut self, block: &Boxed) -> Result<()> {
        let at = |of: &[u64]| of.first().copied().unwrap_or_default();
        let width = usize::try_from(self.width()).unwrap_or(usize::MAX);
        match (&mut self.elements, self.source.read_rows(at(&block.start), at(&block.shape))?) {
            // Rows of no elements.
            _ if width == 0 => {}
            (Elements::Bytes(all), Elements::Bytes(read)) => {
                let size = self.source.data_type().size().unwrap_or(1).saturating_mul(width);
                all.to_mut().append(&mut block.take(read.into_owned(), size)?);
            }
            (Elements::Strings(all), Elements::Strings(read)) => all.append(&mut block.take(read, width)?),
            _ => return Err(Error::new(ErrorKind::Corrupt, "numbers and text cannot stand for each other")),
        }
        Ok(())
    }

    fn finish(self, rows: u64) -> Result<AnyArray> {
        let lengths = std::iter::once(rows).chain(self.inner().iter().copied());
        let shape = lengths.map(usize::try_from).collect::<Result<Vec<_>, _>>();
        let shape =
            shape.map_err(|_| Error::new(ErrorKind::InvalidInput, "more rows than memory can hold"))?;
        AnyArray::from_content(&ArrayContent::new(self.source.data_type(), &shape, self.elements)?)
    }
}
