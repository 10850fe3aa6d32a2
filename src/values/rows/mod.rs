//! Rows as a Rust type, columns as a table: any struct that `serde` knows, without a derive of ours.

mod column;
mod fault;
mod layout;
mod read;
mod trace;
mod write;

pub(crate) use trace::fields_of;

use std::borrow::Cow;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::any_array::AnyArray;
use super::content::{ArrayContent, Elements};
use super::table::Table;
use super::table_schema::TableSchema;
use crate::error::Result;

impl Table {
    /// Makes a table of rows: a struct of which each field is a column, as [`TableSchema::of`] says. Besides, a
    /// field may be a `Vec`, if it has the same length in all rows.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use calcstore::Table;
    ///
    /// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    /// struct Rupture { mag: f64, trt: String, hypo: [f64; 3] }
    ///
    /// let ruptures = [
    ///     Rupture { mag: 6.5, trt: "Active Shallow Crust".into(), hypo: [10.1, 45.0, 8.0] },
    ///     Rupture { mag: 7.2, trt: "Subduction Interface".into(), hypo: [10.9, 45.5, 20.0] },
    /// ];
    /// store.insert("/ruptures", Table::from_rows(&ruptures)?)?;
    /// assert_eq!(store.get::<Vec<f64>>("/ruptures/mag")?, [6.5, 7.2]);
    /// assert_eq!(store.get::<Table>("/ruptures")?.to_rows::<Rupture>()?, ruptures);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) for what cannot be a row or a column, with the name of
    /// the field; [`ErrorKind::WrongShape`](crate::ErrorKind::WrongShape) for arrays of different lengths;
    /// [`ErrorKind::InvalidKey`](crate::ErrorKind::InvalidKey) for a field whose name is no key component.
    pub fn from_rows<R: Serialize + DeserializeOwned>(rows: &[R]) -> Result<Self> {
        if rows.is_empty() {
            return Self::empty(&TableSchema::of::<R>()?);
        }
        let mut table = Self::new();
        for (name, column) in write::columns(rows)? {
            table.push_array(name, column)?;
        }
        Ok(table)
    }

    /// Gives the rows as a type of one's own, whose fields find their columns by name. There may be more columns
    /// than fields, in any order.
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) where a field has no column (unless it is an `Option`
    /// or has `#[serde(default)]`) or one of another type, [`ErrorKind::WrongShape`](crate::ErrorKind::WrongShape)
    /// for an array of another length.
    pub fn to_rows<R: DeserializeOwned>(&self) -> Result<Vec<R>> {
        let columns = self.columns().map(|(name, column)| {
            let in_order = if column.is_c_order() {
                Cow::Borrowed(column)
            } else {
                Cow::Owned(AnyArray::from_content(&column.stored()?)?)
            };
            Ok((name, in_order))
        });
        read::rows(&columns.collect::<Result<Vec<_>>>()?, self.rows())
    }

    /// Makes a table without rows.
    ///
    /// # Errors
    /// As [`Table::push`].
    pub fn empty(schema: &TableSchema) -> Result<Self> {
        let mut table = Self::new();
        for column in schema.columns() {
            let shape = [&[0], column.inner_shape.as_slice()].concat();
            let none = match column.data_type.size() {
                Some(_) => Elements::Bytes(Cow::Borrowed(&[])),
                None => Elements::Strings(Vec::new()),
            };
            let content = ArrayContent::new(column.data_type, &shape, none)?;
            table.push_array(&column.name, AnyArray::from_content(&content)?)?;
        }
        Ok(table)
    }
}
