use std::collections::HashSet;
use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::scan::Scan;
use crate::error::{Error, ErrorKind, Result};
use crate::storage::{OpenNode, Snapshot, TableSnapshot, replaced};
use crate::values::{Condition, Get, Stored, Table, fields_of, no_column};

/// Columns and rows of a table in a store: those in the [slice](Self::slice) that meet the
/// [filter](Self::filter). It is read by the methods that give a `Result`.
///
/// The columns of the condition are read first, about 4 MiB of each at a time; the others only where there are rows
/// that meet it. So memory is needed for what is found, not for what is looked through.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::{Column, Table};
///
/// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
/// struct Rupture { mag: f64, trt: String }
///
/// let rupture = |mag, trt: &str| Rupture { mag, trt: trt.into() };
/// let ruptures = [rupture(5.5, "Volcanic"), rupture(6.5, "Active"), rupture(7.2, "Active")];
/// store.insert("/ruptures", Table::from_rows(&ruptures)?)?;
///
/// let stored = store.table("/ruptures")?;
/// assert_eq!(stored.slice(1..).column::<Vec<f64>>("mag")?, [6.5, 7.2]);
/// let active = stored.filter(Column::new("trt").eq("Active") & Column::new("mag").lt(7));
/// assert_eq!(active.read_rows::<Rupture>()?, [rupture(6.5, "Active")]);
/// assert_eq!(active.count()?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a selection reads nothing before `read`, `column`, `read_rows`, `count` or `blocks`"]
pub struct TableSelection {
    node: Arc<OpenNode>,
    columns: Option<Vec<String>>,
    rows: (Bound<u64>, Bound<u64>),
    condition: Option<Condition>,
}

impl TableSelection {
    pub(super) fn new(node: Arc<OpenNode>) -> Self {
        Self { node, columns: None, rows: (Bound::Unbounded, Bound::Unbounded), condition: None }
    }

    /// Chooses columns, in this order, in place of those chosen before.
    pub fn select<S: Into<String>>(mut self, columns: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Chooses a range of the table's rows, counted from 0, in place of the one chosen before.
    pub fn slice(mut self, rows: impl RangeBounds<u64>) -> Self {
        self.rows = (rows.start_bound().cloned(), rows.end_bound().cloned());
        self
    }

    /// Chooses the rows that meet a condition too.
    pub fn filter(mut self, condition: Condition) -> Self {
        self.condition = Some(match self.condition {
            Some(others) => others & condition,
            None => condition,
        });
        self
    }

    /// Reads the chosen columns of the chosen rows.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a column that is not there, [`ErrorKind::InvalidInput`] for one that is chosen
    /// twice and for a choice of none; [`ErrorKind::WrongShape`] for rows beyond the end;
    /// [`ErrorKind::WrongType`] for a condition that the type of its column does not go with; and as
    /// [`DataStore::get`](crate::DataStore::get).
    pub fn read(&self) -> Result<Table> {
        self.look(|table| {
            let scan = self.open(table, self.chosen(table)?)?;
            scan.whole()
        })
    }

    /// Reads the chosen rows as a type of one's own, as [`Table::to_rows`] makes them. Where no columns were chosen,
    /// only those are read that the type has fields for.
    ///
    /// # Errors
    /// As [`TableSelection::read`] and [`Table::to_rows`].
    pub fn read_rows<R: DeserializeOwned>(&self) -> Result<Vec<R>> {
        let read = self.look(|table| {
            let mut columns = self.chosen(table)?;
            if let (None, Some(fields)) = (&self.columns, fields_of::<R>()) {
                let mut wanted: Vec<String> =
                    columns.iter().filter(|column| fields.contains(&column.as_str())).cloned().collect();
                // Without any column there would be no number of rows, and no error that names the missing ones.
                if !wanted.is_empty() {
                    std::mem::swap(&mut columns, &mut wanted);
                }
            }
            self.open(table, columns)?.whole()
        })?;
        read.to_rows().map_err(|error| error.with_key(self.node.key().to_string()))
    }

    /// Reads one column of the chosen rows.
    ///
    /// # Errors
    /// As [`TableSelection::read`] and [`DataStore::get`](crate::DataStore::get).
    pub fn column<T: Get>(&self, name: &str) -> Result<T> {
        self.look(|table| {
            let scan = self.open(table, vec![name.to_owned()])?;
            scan.with_column(|source| T::get(&Stored::Array(source)))
        })
    }

    /// Counts the chosen rows.
    ///
    /// # Errors
    /// As [`TableSelection::read`].
    pub fn count(&self) -> Result<u64> {
        self.look(|table| self.open(table, Vec::new())?.count())
    }

    /// Reads the chosen rows block by block, about 4 MiB of each column at a time; blocks in which no row meets the
    /// condition are left out.
    ///
    /// All blocks are of the rows that there are now: rows that are appended meanwhile are not seen. If the table
    /// is replaced or removed meanwhile, the iterator says so by [`ErrorKind::Changed`] and ends.
    ///
    /// # Errors
    /// As [`TableSelection::read`], from here and from the iterator.
    pub fn blocks(&self) -> Result<TableBlocks> {
        let snapshot = self.node.current()?;
        let table = self.node.store().table(&snapshot)?;
        let columns = self.chosen(&table).map_err(|error| error.with_key(self.node.key().to_string()))?;
        let rows = self.open(&table, columns.clone()).map(|scan| scan.rows());
        let rows = rows.map_err(|error| error.with_key(self.node.key().to_string()))?;
        Ok(TableBlocks { selection: self.clone(), snapshot, columns, rows })
    }

    fn look<T>(&self, mut read: impl FnMut(&TableSnapshot<'_>) -> Result<T>) -> Result<T> {
        self.node.read(|snapshot| read(&self.node.store().table(snapshot)?))
    }

    /// The columns that were chosen; all, where none were.
    fn chosen(&self, table: &TableSnapshot<'_>) -> Result<Vec<String>> {
        match &self.columns {
            Some(columns) if columns.is_empty() => Err(Error::new(
                ErrorKind::InvalidInput,
                "no column was chosen; leave `select` out for all of them",
            )),
            Some(columns) => {
                let mut seen = HashSet::new();
                match columns.iter().find(|column| !seen.insert(column.as_str())) {
                    Some(twice) => {
                        Err(Error::new(ErrorKind::InvalidInput, format!("column {twice} was chosen twice")))
                    }
                    None => Ok(columns.clone()),
                }
            }
            None => Ok(table.columns().to_vec()),
        }
    }

    fn open<'t>(&self, table: &TableSnapshot<'t>, columns: Vec<String>) -> Result<Scan<'t>> {
        let compared = self.condition.iter().flat_map(Condition::columns);
        let there = || table.columns().iter().map(String::as_str);
        for name in columns.iter().map(String::as_str).chain(compared) {
            if !there().any(|column| column == name) {
                return Err(no_column(name, there()));
            }
        }
        Scan::open(table, columns, self.condition.clone(), self.range(table.rows())?)
    }

    /// The chosen rows of a table that has `count`.
    fn range(&self, count: u64) -> Result<Range<u64>> {
        let start = match self.rows.0 {
            Bound::Included(start) => start,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match self.rows.1 {
            Bound::Included(last) => last.saturating_add(1),
            Bound::Excluded(end) => end,
            Bound::Unbounded => count.max(start),
        };
        if start > end || end > count {
            let message = format!("rows {start}..{end} were asked for, where there are {count}");
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        Ok(start..end)
    }
}

/// Blocks of a table, one after the other: an iterator made by [`TableSelection::blocks`].
#[derive(Debug)]
pub struct TableBlocks {
    selection: TableSelection,
    snapshot: Arc<Snapshot>,
    columns: Vec<String>,
    /// What is still to be read.
    rows: Range<u64>,
}

impl TableBlocks {
    fn read_next(&mut self) -> Result<Option<Table>> {
        let table = self.selection.node.store().table(&self.snapshot)?;
        let scan = self.selection.open(&table, self.columns.clone())?;
        while !self.rows.is_empty() {
            let block = scan.block(self.rows.clone())?;
            self.rows.start += block.rows;
            if let Some(found) = block.found {
                return scan.table(found).map(Some);
            }
        }
        Ok(None)
    }
}

impl Iterator for TableBlocks {
    type Item = Result<Table>;

    fn next(&mut self) -> Option<Result<Table>> {
        if self.rows.is_empty() {
            return None;
        }
        let mut read = self.read_next();
        let node = &self.selection.node;
        if !node.still_shows(&self.snapshot) {
            read = Err(replaced());
        }
        if read.is_err() {
            self.rows = 0..0;
        }
        read.map_err(|error| error.with_key(node.key().to_string())).transpose()
    }
}
