#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;

use super::data_type::DataType;
use crate::error::{Error, ErrorKind};

/// The columns of a table without their rows: names, data types and inner shapes, in their order.
///
/// ```
/// use calcstore::{DataType, TableSchema};
///
/// let by_hand = TableSchema::new()
///     .column("mag", DataType::Float64)
///     .column_shaped("hypo", DataType::Float64, [3])
///     .column("trt", DataType::String);
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Rupture { mag: f64, hypo: [f64; 3], trt: String }
///
/// assert_eq!(TableSchema::of::<Rupture>()?, by_hand);
/// assert_eq!(by_hand.to_string(), "mag float64, hypo float64[3], trt string");
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableSchema {
    columns: Vec<ColumnSchema>,
}

/// One column of a [`TableSchema`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColumnSchema {
    /// The name, one component of a key.
    pub name: String,
    /// The type of the elements.
    pub data_type: DataType,
    /// The length of each axis after the rows; none where a row holds one element.
    pub inner_shape: Vec<usize>,
}

impl ColumnSchema {
    pub(crate) fn new(
        name: impl Into<String>,
        data_type: DataType,
        inner_shape: impl Into<Vec<usize>>,
    ) -> Self {
        Self { name: name.into(), data_type, inner_shape: inner_shape.into() }
    }
}

impl TableSchema {
    /// Begins a schema without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column with one element in each row.
    pub fn column(self, name: impl Into<String>, data_type: DataType) -> Self {
        self.column_shaped(name, data_type, [])
    }

    /// Adds a column with an array of this shape in each row.
    pub fn column_shaped(
        mut self,
        name: impl Into<String>,
        data_type: DataType,
        inner_shape: impl Into<Vec<usize>>,
    ) -> Self {
        self.columns.push(ColumnSchema::new(name, data_type, inner_shape));
        self
    }

    /// Gives the columns, in their order.
    pub fn columns(&self) -> &[ColumnSchema] {
        &self.columns
    }

    /// Whether these are the same columns, in any order.
    pub(crate) fn has_columns_of(&self, other: &Self) -> bool {
        self.columns.len() == other.columns.len()
            && self.columns.iter().all(|column| other.find(&column.name) == Some(column))
    }

    /// Finds the column of this name.
    pub fn find(&self, name: &str) -> Option<&ColumnSchema> {
        self.columns.iter().find(|column| column.name == name)
    }
}

impl FromIterator<ColumnSchema> for TableSchema {
    fn from_iter<I: IntoIterator<Item = ColumnSchema>>(columns: I) -> Self {
        Self { columns: columns.into_iter().collect() }
    }
}

impl fmt::Display for ColumnSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.data_type)?;
        if self.inner_shape.is_empty() { Ok(()) } else { write!(f, "{:?}", self.inner_shape) }
    }
}

impl fmt::Display for TableSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, column) in self.columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{column}")?;
        }
        Ok(())
    }
}

/// The error for rows that have other columns than the table.
pub(crate) fn other_columns(rows: &TableSchema, table: &TableSchema) -> Error {
    Error::new(ErrorKind::WrongType, format!("rows of {rows} cannot be appended to a table of {table}"))
}

/// The error for a name that no column has.
pub(crate) fn no_column<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> Error {
    let columns = columns.into_iter().collect::<Vec<_>>().join(", ");
    Error::new(ErrorKind::NotFound, format!("there is no column {name}; there are {columns}"))
}
