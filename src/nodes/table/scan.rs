//! Going through a table block by block.

use std::borrow::Cow;
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::storage::{Column, TableSnapshot};
use crate::values::{AnyArray, ArrayContent, ColumnSchema, Condition, Elements, Source, Table, TableSchema};

/// About so many bytes of each column are read at once.
const BLOCK_BYTES: u64 = 4 << 20;

/// Some columns of a table and the rows to look at.
pub(super) struct Scan<'t> {
    /// Those that are wanted first, then those that are only compared.
    columns: Vec<(String, Column<'t>)>,
    schema: TableSchema,
    wanted: usize,
    condition: Option<Condition>,
    rows: Range<u64>,
    block_rows: u64,
}

/// What was found in some rows.
pub(super) struct Block {
    /// The number of rows that were looked at.
    pub rows: u64,
    /// The elements of the wanted columns in the rows that meet the condition; `None` where no row does.
    pub found: Option<Found>,
}

/// Rows that meet the condition.
pub(super) struct Found {
    rows: u64,
    /// One for each wanted column.
    elements: Vec<Elements<'static>>,
}

/// Describes open columns.
pub(super) fn schema<'a>(
    columns: impl IntoIterator<Item = (&'a str, &'a dyn Source)>,
) -> Result<TableSchema> {
    let describe = |(name, column): (&str, &dyn Source)| {
        let inner = column.shape().iter().skip(1).map(|length| usize::try_from(*length));
        let inner = inner.collect::<Result<Vec<_>, _>>();
        let inner = inner.map_err(|_| Error::new(ErrorKind::Corrupt, "an axis is longer than any memory"))?;
        Ok(ColumnSchema::new(name, column.data_type(), inner))
    };
    columns.into_iter().map(describe).collect()
}

impl<'t> Scan<'t> {
    /// Opens the columns `names` and those of the condition; all are there.
    pub(super) fn open(
        table: &TableSnapshot<'t>,
        mut names: Vec<String>,
        condition: Option<Condition>,
        rows: Range<u64>,
    ) -> Result<Self> {
        let wanted = names.len();
        for name in condition.iter().flat_map(Condition::columns) {
            if !names.iter().any(|other| other == name) {
                names.push(name.to_owned());
            }
        }
        let columns = table.open(&names)?;
        let schema = schema(columns.iter().map(|(name, column)| (name.as_str(), column as &dyn Source)))?;
        if let Some(condition) = &condition {
            condition.check(&schema)?;
        }
        let row_bytes = |(_, column): &(String, Column<'_>)| {
            let element = column.data_type().expected_size();
            column.shape().iter().skip(1).fold(element, |bytes, length| bytes.saturating_mul(*length))
        };
        let widest = columns.iter().map(row_bytes).max().unwrap_or(1).max(1);
        Ok(Self { columns, schema, wanted, condition, rows, block_rows: (BLOCK_BYTES / widest).max(1) })
    }

    /// The rows to look at.
    pub(super) fn rows(&self) -> Range<u64> {
        self.rows.clone()
    }

    /// Reads everything that is wanted.
    pub(super) fn whole(&self) -> Result<Table> {
        let Some((_, first)) = self.columns.first() else { return Ok(Table::new()) };
        if self.condition.is_none() && first.shape().first() == Some(&self.rows.end) && self.rows.start == 0 {
            let mut table = Table::new();
            for (name, column) in &self.columns {
                table.push_array(name, AnyArray::read(column)?)?;
            }
            return Ok(table);
        }
        self.table(self.gather()?)
    }

    /// Shows the one wanted column to `read`.
    pub(super) fn with_column<T>(&self, read: impl FnOnce(&dyn Source) -> Result<T>) -> Result<T> {
        let Some((_, column)) = self.columns.first() else {
            return Err(Error::new(ErrorKind::InvalidInput, "no column was chosen"));
        };
        if self.condition.is_none() && column.shape().first() == Some(&self.rows.end) && self.rows.start == 0
        {
            return read(column);
        }
        let found = self.gather()?;
        let elements = found.elements.into_iter().next().unwrap_or_else(|| none_like(column));
        let inner = self.schema.columns().first().map_or(&[][..], |schema| &schema.inner_shape);
        read(&content(column, found.rows, inner, elements)?)
    }

    /// Counts the rows that meet the condition.
    pub(super) fn count(&self) -> Result<u64> {
        if self.condition.is_none() {
            return Ok(self.rows.end - self.rows.start);
        }
        Ok(self.gather()?.rows)
    }

    fn gather(&self) -> Result<Found> {
        let wanted = self.columns.iter().take(self.wanted);
        let mut all = Found { rows: 0, elements: wanted.map(|(_, column)| none_like(column)).collect() };
        let mut rest = self.rows();
        while !rest.is_empty() {
            let block = self.block(rest.clone())?;
            rest.start += block.rows;
            if let Some(found) = block.found {
                all.rows += found.rows;
                for (all, new) in all.elements.iter_mut().zip(found.elements) {
                    append(all, new);
                }
            }
        }
        Ok(all)
    }

    /// Looks at the first of `rows`.
    pub(super) fn block(&self, rows: Range<u64>) -> Result<Block> {
        let count = self.block_rows.min(rows.end.saturating_sub(rows.start));
        let wanted = self.columns.iter().take(self.wanted);
        let Some(condition) = &self.condition else {
            let elements = wanted.map(|(_, column)| column.read_rows(rows.start, count));
            let found = Found { rows: count, elements: elements.collect::<Result<_>>()? };
            return Ok(Block { rows: count, found: Some(found) });
        };
        let compared = condition.columns();
        let read = |(name, column): &(String, Column<'_>)| {
            compared.contains(&name.as_str()).then(|| column.read_rows(rows.start, count)).transpose()
        };
        let read = self.columns.iter().map(read).collect::<Result<Vec<_>>>()?;
        let column = |name: &str| {
            let at = self.columns.iter().position(|(own, _)| own == name)?;
            Some((self.columns[at].1.data_type(), read[at].as_ref()?))
        };
        let mask = condition.mask(usize::try_from(count).unwrap_or(usize::MAX), &column)?;
        let taken = mask.iter().filter(|taken| **taken).count() as u64;
        let (Some(first), Some(last)) = (mask.iter().position(|x| *x), mask.iter().rposition(|x| *x)) else {
            return Ok(Block { rows: count, found: None });
        };
        let mut elements = Vec::with_capacity(self.wanted);
        for ((_, column), read) in wanted.zip(&read) {
            let width = column.shape().iter().skip(1).product::<u64>();
            let width = usize::try_from(width).unwrap_or(usize::MAX) * column.data_type().size().unwrap_or(1);
            elements.push(match read {
                Some(read) => take(read, &mask, width),
                // Only from the first row to the last that are wanted.
                None => {
                    let read = column.read_rows(rows.start + first as u64, (last - first + 1) as u64)?;
                    take(&read, &mask[first..=last], width)
                }
            });
        }
        Ok(Block { rows: count, found: Some(Found { rows: taken, elements }) })
    }

    /// Makes a table of what was found.
    pub(super) fn table(&self, found: Found) -> Result<Table> {
        let mut table = Table::new();
        for (((name, column), schema), elements) in
            self.columns.iter().zip(self.schema.columns()).zip(found.elements)
        {
            let content = content(column, found.rows, &schema.inner_shape, elements)?;
            table.push_array(name, AnyArray::from_content(&content)?)?;
        }
        Ok(table)
    }
}

fn content(
    column: &Column<'_>,
    rows: u64,
    inner: &[usize],
    elements: Elements<'static>,
) -> Result<ArrayContent<'static>> {
    let rows = usize::try_from(rows)
        .map_err(|_| Error::new(ErrorKind::InvalidInput, "more rows than memory can hold"))?;
    ArrayContent::new(column.data_type(), &[&[rows], inner].concat(), elements)
}

/// No elements, of the type of a column.
fn none_like(column: &Column<'_>) -> Elements<'static> {
    match column.data_type().size() {
        Some(_) => Elements::Bytes(Cow::Owned(Vec::new())),
        None => Elements::Strings(Vec::new()),
    }
}

fn append(all: &mut Elements<'static>, new: Elements<'static>) {
    match (all, new) {
        (Elements::Bytes(all), Elements::Bytes(new)) if all.is_empty() => *all = new,
        (Elements::Bytes(all), Elements::Bytes(new)) => all.to_mut().extend_from_slice(&new),
        (Elements::Strings(all), Elements::Strings(new)) => all.extend(new),
        _ => {}
    }
}

/// The rows that `mask` takes; a row is `width` items long.
fn take(elements: &Elements<'static>, mask: &[bool], width: usize) -> Elements<'static> {
    fn runs<T: Clone>(items: &[T], mask: &[bool], width: usize) -> Vec<T> {
        let mut taken = Vec::new();
        let mut at = 0;
        for run in mask.chunk_by(|a, b| a == b) {
            let end = at + run.len();
            if run[0]
                && let Some(rows) = items.get(at * width..end * width)
            {
                taken.extend_from_slice(rows);
            }
            at = end;
        }
        taken
    }
    match elements {
        Elements::Bytes(bytes) => Elements::Bytes(runs(bytes, mask, width).into()),
        Elements::Strings(strings) => Elements::Strings(runs(strings, mask, width)),
    }
}
