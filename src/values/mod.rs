//! What can be kept under a key, and what can be had from one.
//!
//! [`Put`] is implemented by everything that [`insert`](crate::DataStore::insert) takes, [`Get`] by everything
//! that [`get`](crate::DataStore::get) gives. Both speak of [`Content`] and [`Stored`], which know the shapes
//! and the data types but no file format.

mod any_array;
mod bit_rounding;
mod compare;
mod condition;
mod content;
mod data_type;
mod element;
mod get;
mod json;
mod macros;
mod put;
mod rows;
mod table;
mod table_schema;
mod value;

pub use any_array::AnyArray;
pub(crate) use bit_rounding::round_mantissa;
pub use condition::{Column, Condition, Scalar};
pub(crate) use content::count;
pub use content::{ArrayContent, Content, Elements, Source, Stored};
pub use data_type::DataType;
pub(crate) use element::zeroed;
pub use element::{Element, OwnedElement};
pub use get::Get;
pub(crate) use get::read_into;
pub use put::{Bytes, Put};
pub(crate) use rows::fields_of;
pub use table::Table;
pub use table_schema::{ColumnSchema, TableSchema};
pub(crate) use table_schema::{no_column, other_columns};
pub use value::{Object, Value};
