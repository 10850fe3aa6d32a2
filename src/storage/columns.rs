//! The columns of a table, each open to be read, and all as long as the table is.

use std::io;

use super::chunk_read::ArrayReader;
use super::files::{AsFd, Handle};
use super::read::Snapshot;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::values::{DataType, Elements, Source};
use crate::zarr::{ArrayMetadata, NodeMetadata};

/// The most columns of a table that are held open at a time: a process may open 1024 files in most places.
pub(super) const MOST_OPEN_COLUMNS: usize = 64;

impl Store {
    /// Opens the columns of a table, which end where the table ends.
    pub(super) fn open_columns<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        columns: &[String],
        rows: u64,
    ) -> Result<Vec<(String, Column<'a>)>> {
        let open = |name: &String| {
            Key::root().child(name).map_err(|_| damaged_table(&format!("{name:?} cannot be a column")))?;
            let place = format!("{}/{name}", snapshot.place);
            let missing = || damaged_table(&format!("column {name} is missing"));
            let directory = match self.files.open_directory(snapshot.directory.as_fd(), name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
                opened => opened.map_err(self.failed("cannot open", &place))?,
            };
            let metadata = self.read_metadata(&directory, &place).map_err(|error| match error.kind() {
                ErrorKind::Conflict => missing(),
                _ => error,
            })?;
            let NodeMetadata::Array(mut array) = metadata else {
                return Err(damaged_table(&format!("column {name} is a group")));
            };
            // A column may be longer while rows are being appended: they count once the table says so.
            if let Some(length) = array.shape.first_mut().filter(|length| **length > rows) {
                *length = rows;
            }
            if array.shape.first() != Some(&rows) {
                let message = format!("column {name} has the shape {:?}, the table {rows} rows", array.shape);
                return Err(damaged_table(&message));
            }
            let directory = (columns.len() <= MOST_OPEN_COLUMNS).then_some(directory);
            let sparse = snapshot.marker.sparse;
            Ok((
                name.clone(),
                Column { store: self, table: snapshot, name: name.clone(), directory, place, array, sparse },
            ))
        };
        let named = |name: &String| {
            open(name).map_err(|error| error.with_file(self.shown(&snapshot.place).join(name)))
        };
        columns.iter().map(named).collect()
    }
}

fn damaged_table(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the table is damaged: {what}"))
}

/// An open column of a table, which owns what its reader borrows.
pub(crate) struct Column<'a> {
    store: &'a Store,
    table: &'a Snapshot,
    name: String,
    /// Of many columns `None`: each is then opened when it is read, through the open directory of its table.
    directory: Option<Handle>,
    place: String,
    array: ArrayMetadata,
    sparse: bool,
}

impl Column<'_> {
    /// The metadata, with as many rows as the table has.
    pub(super) fn metadata(&self) -> &ArrayMetadata {
        &self.array
    }

    fn with_reader<T>(&self, read: impl FnOnce(&ArrayReader<'_>) -> Result<T>) -> Result<T> {
        let opened;
        let directory = match &self.directory {
            Some(directory) => directory,
            None => {
                let found = self.store.files.open_directory(self.table.directory.as_fd(), &self.name);
                opened = found.map_err(self.store.failed("cannot open", &self.place))?;
                &opened
            }
        };
        read(&ArrayReader::new(self.store, directory.as_fd(), &self.place, &self.array, self.sparse)?)
    }
}

impl Source for Column<'_> {
    fn data_type(&self) -> DataType {
        self.array.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.array.shape
    }

    fn verify_size(&self) -> Result<()> {
        self.with_reader(|reader| reader.verify_size())
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        self.with_reader(|reader| reader.read_into(buffer))
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        self.with_reader(|reader| reader.read_strings())
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        self.with_reader(|reader| reader.read_rows(start, count))
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        self.with_reader(|reader| reader.read_blocks(each))
    }
}
