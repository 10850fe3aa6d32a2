//! Appending rows to a table: its columns grow one after the other, and when the `zarr.json` of the table is replaced,
//! last, all of them are longer for readers at once.
//!
//! A writer that dies before leaves columns that are longer than the table. Readers clip them, and the next rows that
//! are appended take the place of what is there.

use std::borrow::Cow;

use super::array_update::Live;
use super::columns::MOST_OPEN_COLUMNS;
use super::lock::Mode;
use super::read::Snapshot;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::values::{ArrayContent, ColumnSchema, DataType, TableSchema, other_columns};
use crate::zarr::{Kind, Marker, NodeMetadata};

/// One column of the rows that are appended, by its name.
pub(crate) type TableColumn<'a> = (Cow<'a, str>, ArrayContent<'a>);

impl Store {
    /// Appends rows to the table that was opened as `opened`; gives it as it is afterwards, and its number of rows.
    pub(super) fn append_rows(
        &self,
        key: &Key,
        opened: &Snapshot,
        rows: &[TableColumn<'_>],
    ) -> Result<(Snapshot, u64)> {
        self.writer()?;
        let _tree = self.lock_tree(Mode::Shared)?;
        let _value = self.lock_value(key)?;
        let node = self.open_again(key, opened)?;
        let table = self.table(&node)?;
        let are_few = table.columns().len() <= MOST_OPEN_COLUMNS;
        let open = |name: &String| {
            let key = key.child(name)?;
            let node = self.open_column(&key, table.rows())?;
            let metadata = node.metadata.clone();
            Ok(OpenColumn { key, metadata, node: are_few.then_some(node) })
        };
        let columns = table.columns().iter().map(open).collect::<Result<Vec<_>>>()?;
        let contents = in_order_of(&columns, rows)?;
        let count = contents.first().and_then(|content| content.shape.first().copied()).unwrap_or_default();
        let total = table.rows().checked_add(count).ok_or_else(|| {
            Error::new(
                ErrorKind::WrongShape,
                format!("{count} rows more than {} are beyond 64 bits", table.rows()),
            )
        })?;
        if count == 0 {
            return Ok((node, total));
        }
        for (column, content) in columns.iter().zip(contents) {
            match &column.node {
                Some(node) => self.append_to_column(&column.key, node, table.rows(), content)?,
                None => {
                    let node = self.open_column(&column.key, table.rows())?;
                    self.append_to_column(&column.key, &node, table.rows(), content)?;
                }
            }
        }
        let (mut metadata, mut marker) = (node.metadata.clone(), Marker::clone(&node.marker));
        if let Some(Kind::Table { rows, .. }) = &mut marker.kind {
            *rows = total;
        }
        marker.write(metadata.attributes_mut())?;
        self.replace_metadata(&node.directory, &metadata, &self.keep_displaced(key)?)?;
        Ok((self.open_node(key)?, total))
    }

    /// Opens a column, which ends where its table does.
    fn open_column(&self, key: &Key, rows: u64) -> Result<Snapshot> {
        let mut column = self.open_node(key)?;
        if let NodeMetadata::Array(array) = &mut column.document.metadata
            && let Some(length) = array.shape.first_mut()
        {
            *length = rows.min(*length);
        }
        Ok(column)
    }

    fn append_to_column(
        &self,
        key: &Key,
        column: &Snapshot,
        rows: u64,
        content: &ArrayContent<'_>,
    ) -> Result<()> {
        let NodeMetadata::Array(array) = &column.metadata else {
            return Err(Error::new(ErrorKind::Corrupt, "the table is damaged: a column is a group"));
        };
        if array.shape.first() != Some(&rows) {
            let message =
                format!("the table is damaged: column {} has the shape {:?}", key.name(), array.shape);
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        let displaced = self.keep_displaced(key)?;
        Live { store: self, key, node: column, array, displaced: &displaced }.append(content).map(|_| ())
    }
}

/// A column to which rows are to be appended.
struct OpenColumn {
    key: Key,
    metadata: NodeMetadata,
    /// Of many columns `None`: each is then opened again when it is its turn.
    node: Option<Snapshot>,
}

/// The contents in the order of the columns, which they must fit; they are all of one length.
fn in_order_of<'a>(columns: &[OpenColumn], rows: &'a [TableColumn<'a>]) -> Result<Vec<&'a ArrayContent<'a>>> {
    let found: Option<Vec<_>> = columns
        .iter()
        .map(|column| {
            let NodeMetadata::Array(array) = &column.metadata else { return None };
            let (_, content) = rows.iter().find(|(name, _)| name == column.key.name())?;
            let fits = content.data_type == array.data_type && content.shape.get(1..) == array.shape.get(1..);
            fits.then_some(content)
        })
        .collect();
    match found {
        Some(found) if columns.len() == rows.len() => {
            let lengths: Vec<_> = found.iter().map(|content| content.shape.first()).collect();
            if lengths.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(Error::new(ErrorKind::WrongShape, "the columns have different numbers of rows"));
            }
            Ok(found)
        }
        _ => {
            let stored = columns.iter().filter_map(|column| match &column.metadata {
                NodeMetadata::Array(array) => {
                    Some(describe(column.key.name(), array.data_type, &array.shape))
                }
                NodeMetadata::Group(_) => None,
            });
            let stored: TableSchema = stored.collect();
            let given = rows.iter().map(|(name, content)| describe(name, content.data_type, &content.shape));
            let given: TableSchema = given.collect();
            Err(other_columns(&given, &stored))
        }
    }
}

fn describe(name: &str, data_type: DataType, shape: &[u64]) -> ColumnSchema {
    let inner = shape.iter().skip(1).map(|length| usize::try_from(*length).unwrap_or(usize::MAX));
    ColumnSchema::new(name, data_type, inner.collect::<Vec<_>>())
}
