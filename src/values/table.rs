#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;

use super::any_array::AnyArray;
use super::content::{Content, Stored};
use super::get::Get;
use super::put::Put;
use super::table_schema::{ColumnSchema, TableSchema};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Named columns of one length, each with any inner shape: hazard curves, say, with one row for each site and
/// one column of shape `[site, level]` for each intensity measure type.
///
/// Columns keep their order. They are stored one by one, so that reading one touches that one alone; the HDF5
/// export makes a compound dataset of them.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::Table;
/// use ndarray::{Array2, array};
///
/// let mut curves = Table::new();
/// curves.push("PGA", array![[0.9, 0.1], [0.8, 0.2]])?;
/// curves.push("site", ["Roma", "Pavia"])?;
/// store.insert("/0/SadighEtAl1997", &curves)?;
///
/// assert_eq!(store.get::<Table>("/0/SadighEtAl1997")?, curves);
/// let pga: Array2<f64> = store.get("/0/SadighEtAl1997/PGA")?;
/// assert_eq!(pga[[1, 0]], 0.8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, AnyArray)>,
}

impl Table {
    /// Makes a table without columns; it needs at least one to be stored.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] for a name that is no key component, [`ErrorKind::AlreadyExists`] for one that
    /// is taken, [`ErrorKind::WrongShape`] when it has no rows or another number of them than the others,
    /// [`ErrorKind::WrongType`] when it is no array.
    pub fn push(&mut self, name: &str, column: impl Put) -> Result<()> {
        let Content::Array(content) = column.content()? else {
            return Err(Error::new(ErrorKind::WrongType, "a column must be an array").with_key(name));
        };
        let column = AnyArray::from_content(&content)?;
        self.push_array(name, column)
    }

    pub(crate) fn push_array(&mut self, name: &str, column: AnyArray) -> Result<()> {
        Key::root().child(name)?.check_creatable()?;
        if self.column(name).is_some() {
            return Err(Error::new(ErrorKind::AlreadyExists, "there is a column of this name").with_key(name));
        }
        let Some(rows) = column.shape().first().copied() else {
            return Err(Error::new(ErrorKind::WrongShape, "a scalar cannot be a column").with_key(name));
        };
        if let Some((first, _)) = self.columns.first().filter(|_| rows != self.rows()) {
            let message = format!("has {rows} rows, where column {first} has {}", self.rows());
            return Err(Error::new(ErrorKind::WrongShape, message).with_key(name));
        }
        self.columns.push((name.to_owned(), column));
        Ok(())
    }

    /// Gives the number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().and_then(|(_, column)| column.shape().first().copied()).unwrap_or_default()
    }

    /// Gives the column of this name.
    pub fn column(&self, name: &str) -> Option<&AnyArray> {
        self.columns.iter().find(|(own, _)| own == name).map(|(_, column)| column)
    }

    /// Iterates over names and columns, in their order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &AnyArray)> {
        self.columns.iter().map(|(name, column)| (name.as_str(), column))
    }

    /// Takes the columns out, in their order.
    #[cfg(feature = "arrow")]
    pub(crate) fn into_columns(self) -> Vec<(String, AnyArray)> {
        self.columns
    }

    /// Gives names, data types and inner shapes of the columns.
    pub fn schema(&self) -> TableSchema {
        let columns = self.columns().map(|(name, column)| {
            ColumnSchema::new(name, column.data_type(), column.shape().get(1..).unwrap_or_default())
        });
        columns.collect()
    }
}

impl Put for Table {
    fn content(&self) -> Result<Content<'_>> {
        if self.columns.is_empty() {
            return Err(Error::new(ErrorKind::WrongShape, "a table needs at least one column"));
        }
        let stored =
            self.columns.iter().map(|(name, column)| Ok((Cow::Borrowed(name.as_str()), column.stored()?)));
        stored.collect::<Result<_>>().map(Content::Table)
    }
}

impl Get for Table {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        let Stored::Table(columns) = stored else {
            return Err(stored.mismatch("a table"));
        };
        let mut table = Self::new();
        for (name, source) in *columns {
            table.columns.push((name.clone(), AnyArray::read(*source)?));
        }
        Ok(table)
    }
}
