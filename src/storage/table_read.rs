//! Reading tables in part.

use std::io;

use super::columns::Column;
use super::read::Snapshot;
use super::store::Store;
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Kind, NodeMetadata};

/// What the name of the first axis of every column ends with, and that of no other array.
const ROW_AXIS: &str = ":row";

/// The rows of a table that there were when it was opened.
pub(crate) struct TableSnapshot<'a> {
    store: &'a Store,
    snapshot: &'a Snapshot,
    columns: &'a [String],
    rows: u64,
}

impl<'a> TableSnapshot<'a> {
    /// The names of all columns, in their order.
    pub(crate) fn columns(&self) -> &'a [String] {
        self.columns
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Opens some of the columns.
    pub(crate) fn open(&self, names: &[String]) -> Result<Vec<(String, Column<'a>)>> {
        self.store.open_columns(self.snapshot, names, self.rows)
    }
}

impl Store {
    /// Views a snapshot as a table.
    pub(crate) fn table<'a>(&'a self, snapshot: &'a Snapshot) -> Result<TableSnapshot<'a>> {
        match (&snapshot.metadata, &snapshot.marker.kind) {
            (NodeMetadata::Group(_), Some(Kind::Table { columns, rows })) => {
                Ok(TableSnapshot { store: self, snapshot, columns, rows: *rows })
            }
            _ => self.with_stored(snapshot, |stored| Err(stored.mismatch("a table"))),
        }
    }

    /// Lets a column that is read by its own key end where its table ends: it is longer while rows are being
    /// appended, and after an append that was interrupted. The table is the one that the column at `place` lies in: one
    /// in the trash is as long as it was.
    pub(super) fn clip_to_table(&self, place: &str, key: &Key, metadata: &mut NodeMetadata) -> Result<()> {
        let NodeMetadata::Array(array) = metadata else { return Ok(()) };
        let first_name = array.dimension_names.iter().flatten().next();
        let is_column = first_name.and_then(Option::as_ref).is_some_and(|name| name.ends_with(ROW_AXIS));
        let above = place.rsplit_once('/').map(|(above, _)| above);
        let Some(place) = above.filter(|_| is_column && !key.is_root()) else { return Ok(()) };
        let table = match self.files.open_directory(self.root(), place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(self.failed("cannot open", place))?,
        };
        let marker = match self.read_metadata(&table, place) {
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(()),
            metadata => metadata?.attributes().marker()?,
        };
        if let (Some(Kind::Table { rows, .. }), Some(length)) = (&marker.kind, array.shape.first_mut()) {
            *length = (*length).min(*rows);
        }
        Ok(())
    }
}
