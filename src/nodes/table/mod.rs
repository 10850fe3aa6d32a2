//! Tables that are read in part and that grow.

mod appender;
mod scan;
mod selection;

use std::ops::RangeBounds;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::attributes::Attributes;
use super::rows_at;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::selection::IntoSelection;
use crate::storage::{OpenNode, Store};
use crate::values::{Condition, Content, Get, Put, Source, Table, TableSchema};

pub use appender::TableAppender;
pub use selection::{TableBlocks, TableSelection};

/// A table in a store, of which chosen columns and rows are read.
///
/// Nothing is read before it is asked for, and then those columns alone that are needed. Every reading sees the rows
/// that there are at its time, and appended rows whole or not at all. A handle belongs to the table that it was opened
/// for: once another value has its key, everything fails with [`ErrorKind::Changed`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::{Column, Table};
///
/// let mut ruptures = Table::new();
/// ruptures.push("mag", [5.5, 6.5, 7.2])?;
/// ruptures.push("trt", ["Volcanic", "Active", "Active"])?;
/// store.insert("/ruptures", &ruptures)?;
///
/// let stored = store.table("/ruptures")?;
/// assert_eq!(stored.schema().to_string(), "mag float64, trt string");
/// assert_eq!(stored.column::<Vec<f64>>("mag")?, [5.5, 6.5, 7.2]);
/// let large = stored.filter(Column::new("mag").ge(6.0)).select(["trt"]).read()?;
/// assert_eq!(large.rows(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StoredTable {
    node: Arc<OpenNode>,
    schema: TableSchema,
}

impl StoredTable {
    pub(crate) fn open(store: &Arc<Store>, key: Key) -> Result<Self> {
        let (node, schema) = OpenNode::reading(Arc::clone(store), key, |snapshot| {
            let table = store.table(snapshot)?;
            let columns = table.open(table.columns())?;
            scan::schema(columns.iter().map(|(name, column)| (name.as_str(), column as &dyn Source)))
        })?;
        Ok(Self { node: Arc::new(node), schema })
    }

    /// Gives the key, from the root, with its leading `/`.
    pub fn key(&self) -> String {
        self.node.key().to_string()
    }

    /// Gives names, data types and inner shapes of the columns.
    pub fn schema(&self) -> &TableSchema {
        &self.schema
    }

    /// Gives the number of rows that there are now.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`] where the table was replaced or removed, and those of reading files.
    pub fn rows(&self) -> Result<u64> {
        self.node.read(|snapshot| Ok(self.node.store().table(snapshot)?.rows()))
    }

    /// Gives the attributes of the table. Those of a column, such as its units, are under the column's own key.
    ///
    /// # Errors
    /// As [`StoredTable::rows`].
    pub fn attributes(&self) -> Result<Attributes<'_>> {
        self.node.current()?;
        Attributes::new(self.node.store(), self.node.key().clone())
    }

    fn all(&self) -> TableSelection {
        TableSelection::new(Arc::clone(&self.node))
    }

    /// Chooses columns, in this order.
    pub fn select<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>) -> TableSelection {
        self.all().select(columns)
    }

    /// Chooses a range of rows.
    pub fn slice(&self, rows: impl RangeBounds<u64>) -> TableSelection {
        self.all().slice(rows)
    }

    /// Chooses the rows that meet a condition.
    pub fn filter(&self, condition: Condition) -> TableSelection {
        self.all().filter(condition)
    }

    /// Reads everything.
    ///
    /// # Errors
    /// As [`TableSelection::read`].
    pub fn read(&self) -> Result<Table> {
        self.all().read()
    }

    /// Reads all rows as a type of one's own, as [`TableSelection::read_rows`] does.
    ///
    /// # Errors
    /// As there.
    pub fn read_rows<R: DeserializeOwned>(&self) -> Result<Vec<R>> {
        self.all().read_rows()
    }

    /// Reads the rows that a selection of one axis takes, as numpy does; a single index gives one row.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// let mut sites = calcstore::Table::new();
    /// sites.push("lon", [9.1, 9.2, 9.3, 9.4])?;
    /// store.insert("/sites", &sites)?;
    ///
    /// let last = store.table("/sites")?.rows_at("-1:0:-2")?;
    /// assert_eq!(last.column("lon"), Some(&ndarray::arr1(&[9.4, 9.2]).into_dyn().into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] and [`ErrorKind::WrongShape`] for a selection that does not fit the rows, and as
    /// [`TableSelection::read`].
    pub fn rows_at(&self, rows: impl IntoSelection) -> Result<Table> {
        let selection = rows.into_selection().map_err(|error| error.with_key(self.key()))?;
        self.node.read(|snapshot| {
            let table = self.node.store().table(snapshot)?;
            let columns = table.open(table.columns())?;
            let columns = columns.iter().map(|(name, column)| (name.as_str(), column as &dyn Source));
            rows_at(columns, table.rows(), &selection)
        })
    }

    /// Reads one column.
    ///
    /// # Errors
    /// As [`TableSelection::column`].
    pub fn column<T: Get>(&self, name: &str) -> Result<T> {
        self.all().column(name)
    }

    /// Reads everything block by block, as [`TableSelection::blocks`] does.
    ///
    /// # Errors
    /// As there.
    pub fn blocks(&self) -> Result<TableBlocks> {
        self.all().blocks()
    }

    /// Appends the rows of a [`Table`], whose columns may come in any order; gives the number of rows that there are
    /// then. They are visible at once, all of them, and durable as an inserted value is. Any number of threads and
    /// processes may append at the same time.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use calcstore::Table;
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Event { id: u32, year: i32 }
    ///
    /// store.insert("/events", Table::from_rows(&[Event { id: 0, year: 2026 }])?)?;
    /// let events = store.table("/events")?;
    /// let more = [Event { id: 1, year: 2027 }, Event { id: 2, year: 2027 }];
    /// assert_eq!(events.append(Table::from_rows(&more)?)?, 3);
    /// assert_eq!(events.column::<Vec<u32>>("id")?, [0, 1, 2]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`] where the columns are not those of the table, by name, data type and inner shape;
    /// [`ErrorKind::Changed`]; and as [`DataStore::insert`](crate::DataStore::insert).
    pub fn append(&self, rows: impl Put) -> Result<u64> {
        let content = rows.content().map_err(|error| error.with_key(self.key()))?;
        let Content::Table(columns) = content else {
            let message = "only the rows of a table can be appended to a table; Table::from_rows makes one";
            return Err(Error::new(ErrorKind::WrongType, message).with_key(self.key()));
        };
        self.node.append_rows(&columns)
    }

    /// Gathers rows of a type of one's own, and appends many at a time.
    pub fn appender<R: Serialize + DeserializeOwned>(&self) -> TableAppender<'_, R> {
        TableAppender::new(self)
    }
}
