//! Columns to rows: each field finds its column by name.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;
use std::cell::OnceCell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, name_of};
use crate::error::{ErrorKind, Result};
use crate::values::any_array::AnyArray;
use crate::values::data_type::DataType;

/// Makes rows of columns of one length, whose elements are in C order.
pub(super) fn rows<R: DeserializeOwned>(
    columns: &[(&str, Cow<'_, AnyArray>)],
    count: usize,
) -> Result<Vec<R>> {
    let table = Columns {
        columns: columns.iter().filter_map(|(name, array)| Column::new(name, array)).collect(),
        plan: OnceCell::new(),
    };
    let mut rows = Vec::with_capacity(count);
    for n in 0..count {
        rows.push(R::deserialize(Row { table: &table, n }).map_err(|fault| {
            let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
            let more = format!(" (reading {}; the columns are {})", name_of::<R>(), names.join(", "));
            fault.into_error(&more)
        })?);
    }
    Ok(rows)
}

struct Columns<'t> {
    columns: Vec<Column<'t>>,
    /// The columns of the fields that the type asks for: the same in all rows.
    plan: OnceCell<Vec<usize>>,
}

struct Column<'t> {
    name: &'t str,
    elements: Elements<'t>,
    /// The lengths of the axes after the rows.
    shape: &'t [usize],
    /// The number of elements in a row.
    width: usize,
}

/// Defines [`Elements`] and how one is given to a visitor, from one table.
macro_rules! elements {
    ($($variant:ident $rust:ty, $method:ident $visit:ident;)* ; $($other:ident)*) => {
        #[derive(Clone, Copy)]
        enum Elements<'t> {
            String(&'t [String]),
            $($variant(&'t [$rust]),)*
            /// What no field of a struct can be.
            Other(DataType),
        }

        impl<'t> Column<'t> {
            /// `None` for what is no column or not in C order.
            fn new(name: &'t str, array: &'t AnyArray) -> Option<Self> {
                let shape = array.shape().get(1..)?;
                let elements = match array {
                    AnyArray::String(array) => Elements::String(array.as_slice()?),
                    $(AnyArray::$variant(array) => Elements::$variant(array.as_slice()?),)*
                    $(AnyArray::$other(_) => Elements::Other(DataType::$other),)*
                };
                Some(Self { name, elements, shape, width: shape.iter().product() })
            }

            fn data_type(&self) -> DataType {
                match self.elements {
                    Elements::String(_) => DataType::String,
                    $(Elements::$variant(_) => DataType::$variant,)*
                    Elements::Other(data_type) => data_type,
                }
            }
        }

        impl<'de> Deserializer<'de> for Cell<'_, '_> {
            type Error = Fault;

            fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                if !self.shape.is_empty() {
                    return visitor.visit_seq(self.array());
                }
                match self.column.elements {
                    Elements::String(_) => self.deserialize_str(visitor),
                    $(Elements::$variant(_) => self.$method(visitor),)*
                    Elements::Other(_) => Err(self.mismatch("a field")),
                }
            }

            $(#[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                let found = match (self.column.elements, self.shape) {
                    (Elements::$variant(elements), []) => elements.get(self.at),
                    _ => None,
                };
                match found {
                    Some(element) => visitor.$visit(*element),
                    None => Err(self.mismatch(stringify!($rust))),
                }
            })*

            fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.visit_str(self.text("text")?)
            }

            fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                self.deserialize_str(visitor)
            }

            fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.visit_str(self.text("a char")?)
            }

            fn deserialize_enum<V: Visitor<'de>>(
                self,
                name: &'static str,
                _: &'static [&'static str],
                visitor: V,
            ) -> Result<V::Value, Fault> {
                visitor.visit_enum(StrDeserializer::new(self.text(name)?))
            }

            fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.visit_some(self)
            }

            fn deserialize_newtype_struct<V: Visitor<'de>>(
                self,
                _: &'static str,
                visitor: V,
            ) -> Result<V::Value, Fault> {
                visitor.visit_newtype_struct(self)
            }

            fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                if self.shape.is_empty() { Err(self.mismatch("a Vec")) } else { visitor.visit_seq(self.array()) }
            }

            fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
                if self.shape.first() == Some(&length) {
                    return visitor.visit_seq(self.array());
                }
                let asked = format!("an array of length {length}");
                Err(Fault::new(ErrorKind::WrongShape, self.mismatch(&asked).to_string()))
            }

            fn deserialize_tuple_struct<V: Visitor<'de>>(
                self,
                _: &'static str,
                length: usize,
                visitor: V,
            ) -> Result<V::Value, Fault> {
                self.deserialize_tuple(length, visitor)
            }

            fn deserialize_struct<V: Visitor<'de>>(
                self,
                name: &'static str,
                _: &'static [&'static str],
                _: V,
            ) -> Result<V::Value, Fault> {
                Err(self.mismatch(name))
            }

            fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
                visitor.visit_unit()
            }

            forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct map identifier }
        }
    };
}

elements! {
    Bool bool, deserialize_bool visit_bool;
    Int8 i8, deserialize_i8 visit_i8;
    Int16 i16, deserialize_i16 visit_i16;
    Int32 i32, deserialize_i32 visit_i32;
    Int64 i64, deserialize_i64 visit_i64;
    UInt8 u8, deserialize_u8 visit_u8;
    UInt16 u16, deserialize_u16 visit_u16;
    UInt32 u32, deserialize_u32 visit_u32;
    UInt64 u64, deserialize_u64 visit_u64;
    Float32 f32, deserialize_f32 visit_f32;
    Float64 f64, deserialize_f64 visit_f64;
    ; Float16 Complex64 Complex128
}

/// One row.
#[derive(Clone, Copy)]
struct Row<'a, 't> {
    table: &'a Columns<'t>,
    n: usize,
}

impl<'de, 'a, 't: 'a> Deserializer<'de> for Row<'a, 't> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let columns = self.table.columns.iter().map(|column| (column.name, column));
        visitor.visit_map(Fields { columns, n: self.n, next: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let find = |field: &&str| self.table.columns.iter().position(|column| column.name == *field);
        let plan = self.table.plan.get_or_init(|| fields.iter().filter_map(find).collect());
        let columns = plan.iter().filter_map(|at| self.table.columns.get(*at));
        visitor.visit_map(Fields {
            columns: columns.map(|column| (column.name, column)),
            n: self.n,
            next: None,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The fields of one row, of which the type takes what it wants.
struct Fields<'a, 't, I> {
    columns: I,
    n: usize,
    next: Option<&'a Column<'t>>,
}

impl<'de, 'a, 't: 'a, I: Iterator<Item = (&'a str, &'a Column<'t>)>> MapAccess<'de> for Fields<'a, 't, I> {
    type Error = Fault;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((name, column)) = self.columns.next() else { return Ok(None) };
        self.next = Some(column);
        seed.deserialize(StrDeserializer::new(name)).map(Some)
    }

    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "at most the number of elements of the column")]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(column) = self.next.take() else {
            return Err(Fault::new(ErrorKind::InvalidInput, "a value was asked for before its name"));
        };
        let cell = Cell { column, shape: column.shape, at: self.n * column.width };
        seed.deserialize(cell).map_err(|fault| fault.in_field(column.name))
    }
}

/// The elements of one column in one row, or part of them.
#[derive(Clone, Copy)]
struct Cell<'a, 't> {
    column: &'a Column<'t>,
    /// The lengths of the axes that are still to be walked.
    shape: &'a [usize],
    at: usize,
}

impl<'a, 't> Cell<'a, 't> {
    fn array(self) -> Array<'a, 't> {
        let length = self.shape.first().copied().unwrap_or_default();
        let inner = self.shape.get(1..).unwrap_or_default();
        Array { column: self.column, shape: inner, at: self.at, step: inner.iter().product(), left: length }
    }

    fn text(self, asked: &str) -> Result<&'a str, Fault> {
        let found = match (self.column.elements, self.shape) {
            (Elements::String(elements), []) => elements.get(self.at),
            _ => None,
        };
        found.map(String::as_str).ok_or_else(|| self.mismatch(asked))
    }

    fn mismatch(self, asked: &str) -> Fault {
        let Column { shape, .. } = self.column;
        let inner = if shape.is_empty() { String::new() } else { format!("{shape:?}") };
        let message = format!("the column is {}{inner}, asked for {asked}", self.column.data_type());
        Fault::new(ErrorKind::WrongType, message)
    }
}

struct Array<'a, 't> {
    column: &'a Column<'t>,
    shape: &'a [usize],
    at: usize,
    step: usize,
    left: usize,
}

impl<'de> SeqAccess<'de> for Array<'_, '_> {
    type Error = Fault;

    #[inline]
    #[expect(clippy::arithmetic_side_effects, reason = "at most the number of elements of the column")]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        let cell = Cell { column: self.column, shape: self.shape, at: self.at };
        self.left = left;
        self.at += self.step;
        seed.deserialize(cell).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}
