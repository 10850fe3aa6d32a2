use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoredTable;
use crate::error::Result;
use crate::system::process_id;
use crate::values::{Table, other_columns};

/// About so many bytes of rows are gathered.
const GATHERED_BYTES: u64 = 4 << 20;

/// Gathers rows of a type of one's own, and appends some megabytes of them to a table at a time.
///
/// What was gathered is visible, to all and at once, when it is enough, after [`flush`](Self::flush), and after
/// [`finish`](Self::finish). Dropping the appender appends the rest too, but cannot say if that fails. In a forked
/// child it does not: what was gathered before is the parent's.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::TableSchema;
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Event { id: u32, year: i32 }
///
/// store.create_table("/events", &TableSchema::of::<Event>()?)?;
/// let events = store.table("/events")?;
/// let mut appender = events.appender();
/// for id in 0..1000 {
///     appender.push(Event { id, year: 2026 })?;
/// }
/// assert_eq!(appender.finish()?, 1000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct TableAppender<'a, R: Serialize + DeserializeOwned> {
    table: &'a StoredTable,
    gathered: Vec<R>,
    enough: usize,
    /// The process that it was made in.
    pid: u32,
    /// A row has shown that the columns are those of the table.
    fits: bool,
}

impl<'a, R: Serialize + DeserializeOwned> TableAppender<'a, R> {
    pub(super) fn new(table: &'a StoredTable) -> Self {
        let bytes = table.schema().columns().iter().map(|column| {
            let element = column.data_type.expected_size();
            column.inner_shape.iter().fold(element, |bytes, length| bytes.saturating_mul(*length as u64))
        });
        let row = bytes.fold(0, u64::saturating_add).max(1);
        let enough = usize::try_from(GATHERED_BYTES / row).map_or(usize::MAX, |rows| rows.max(1));
        Self { table, gathered: Vec::new(), enough, pid: process_id(), fits: false }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`StoredTable::append`]: for a first row that does not fit the table, which is not kept; and once it is
    /// enough, when the rows are still gathered.
    pub fn push(&mut self, row: R) -> Result<()> {
        if !self.fits {
            let one = Table::from_rows(std::slice::from_ref(&row));
            let given = one.map_err(|error| error.with_key(self.table.key()))?.schema();
            if !given.has_columns_of(self.table.schema()) {
                return Err(other_columns(&given, self.table.schema()).with_key(self.table.key()));
            }
            self.fits = true;
        }
        self.gathered.push(row);
        if self.gathered.len() >= self.enough { self.flush() } else { Ok(()) }
    }

    /// Appends what was gathered.
    ///
    /// # Errors
    /// As [`StoredTable::append`]; then the rows are still gathered.
    pub fn flush(&mut self) -> Result<()> {
        if !self.gathered.is_empty() {
            self.table.append(Table::from_rows(&self.gathered)?)?;
            self.gathered.clear();
        }
        Ok(())
    }

    /// Appends what was gathered; gives the number of rows of the table.
    ///
    /// # Errors
    /// As [`TableAppender::flush`].
    pub fn finish(mut self) -> Result<u64> {
        self.flush()?;
        self.table.rows()
    }
}

impl<R: Serialize + DeserializeOwned> Drop for TableAppender<'_, R> {
    fn drop(&mut self) {
        if self.pid != process_id() {
            return;
        }
        if let Err(error) = self.flush() {
            tracing::error!(%error, "rows that were gathered could not be appended");
        }
    }
}
