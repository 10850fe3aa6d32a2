//! The columns that rows are written to: each takes the elements of one field.

use ndarray::{ArrayD, IxDyn};
use serde::ser::{Impossible, Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct, Serializer};

use super::fault::Fault;
use super::layout::Layout;
use crate::error::{Error, ErrorKind, Result};
use crate::values::any_array::AnyArray;
use crate::values::data_type::DataType;

/// A column that grows by the elements of a field.
pub(super) struct Column {
    pub name: &'static str,
    layout: Layout,
    values: Values,
}

impl Column {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, layout: Layout::default(), values: Values::Unknown }
    }

    /// What takes the field of one row.
    #[inline]
    pub(super) fn cell(&mut self) -> Cell<'_> {
        Cell { column: self, depth: 0 }
    }

    /// Makes room for `rows` rows more, now that the first has shown what a row is.
    pub(super) fn reserve(&mut self, rows: usize) -> Result<(), Fault> {
        self.layout.known().map_err(|fault| fault.in_field(self.name))?;
        self.values.reserve(rows);
        Ok(())
    }

    pub(super) fn into_array(self, rows: usize) -> Result<AnyArray> {
        let shape = [&[rows], self.layout.shape.as_slice()].concat();
        self.values.into_array(IxDyn(&shape)).ok_or_else(|| {
            let message = "arrays announce another length than they have";
            Error::new(ErrorKind::InvalidInput, message).with_key(self.name)
        })
    }
}

/// Defines [`Values`] and what takes an element, from one table.
macro_rules! elements {
    ($($variant:ident $rust:ty, $method:ident;)*) => {
        /// The elements of a column so far.
        enum Values {
            /// There is no element yet.
            Unknown,
            String(Vec<String>),
            $($variant(Vec<$rust>),)*
        }

        impl Values {
            /// Makes room for `rows` times as many elements as there are.
            fn reserve(&mut self, rows: usize) {
                match self {
                    Self::Unknown => {}
                    Self::String(values) => values.reserve_exact(values.len().saturating_mul(rows)),
                    $(Self::$variant(values) => values.reserve_exact(values.len().saturating_mul(rows)),)*
                }
            }

            fn into_array(self, shape: IxDyn) -> Option<AnyArray> {
                match self {
                    Self::Unknown => None,
                    Self::String(values) => ArrayD::from_shape_vec(shape, values).ok().map(AnyArray::String),
                    $(Self::$variant(values) => {
                        ArrayD::from_shape_vec(shape, values).ok().map(AnyArray::$variant)
                    })*
                }
            }
        }

        /// Takes one field, or an element of one.
        impl<'a> Serializer for Cell<'a> {
            type Ok = ();
            type Error = Fault;
            type SerializeSeq = Array<'a>;
            type SerializeTuple = Array<'a>;
            type SerializeTupleStruct = Array<'a>;
            type SerializeTupleVariant = Impossible<(), Fault>;
            type SerializeMap = Impossible<(), Fault>;
            type SerializeStruct = Impossible<(), Fault>;
            type SerializeStructVariant = Impossible<(), Fault>;

            $(#[inline]
            fn $method(self, value: $rust) -> Result<(), Fault> {
                match &mut self.column.values {
                    Values::$variant(values) if self.depth == self.column.layout.shape.len() => values.push(value),
                    values => {
                        self.column.layout.element(self.depth, DataType::$variant)?;
                        *values = Values::$variant(vec![value]);
                    }
                }
                Ok(())
            })*

            fn serialize_str(self, value: &str) -> Result<(), Fault> {
                match &mut self.column.values {
                    Values::String(values) if self.depth == self.column.layout.shape.len() => {
                        values.push(value.to_owned());
                    }
                    values => {
                        self.column.layout.element(self.depth, DataType::String)?;
                        *values = Values::String(vec![value.to_owned()]);
                    }
                }
                Ok(())
            }

            fn serialize_char(self, value: char) -> Result<(), Fault> {
                self.serialize_str(value.encode_utf8(&mut [0; 4]))
            }

            fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Fault> {
                self.serialize_str(variant)
            }

            fn serialize_newtype_struct<T: Serialize + ?Sized>(
                self,
                _: &'static str,
                value: &T,
            ) -> Result<(), Fault> {
                value.serialize(self)
            }

            fn serialize_seq(self, length: Option<usize>) -> Result<Array<'a>, Fault> {
                let length = length.ok_or_else(|| Fault::no_column("a sequence of unknown length"))?;
                self.serialize_tuple(length)
            }

            fn serialize_tuple(self, length: usize) -> Result<Array<'a>, Fault> {
                self.column.layout.axis(self.depth, length)?;
                Ok(Array { column: self.column, depth: self.depth + 1 })
            }

            fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Array<'a>, Fault> {
                self.serialize_tuple(length)
            }

            fn serialize_i128(self, _: i128) -> Result<(), Fault> {
                Err(Fault::no_column("i128"))
            }

            fn serialize_u128(self, _: u128) -> Result<(), Fault> {
                Err(Fault::no_column("u128"))
            }

            fn serialize_bytes(self, _: &[u8]) -> Result<(), Fault> {
                Err(Fault::no_column("a slice of bytes"))
            }

            fn serialize_none(self) -> Result<(), Fault> {
                Err(Fault::no_column("an Option"))
            }

            fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Fault> {
                Err(Fault::no_column("an Option"))
            }

            fn serialize_unit(self) -> Result<(), Fault> {
                Err(Fault::no_column("()"))
            }

            fn serialize_unit_struct(self, name: &'static str) -> Result<(), Fault> {
                Err(Fault::no_column(format!("the empty struct {name}")))
            }

            fn serialize_newtype_variant<T: Serialize + ?Sized>(
                self,
                name: &'static str,
                _: u32,
                _: &'static str,
                _: &T,
            ) -> Result<(), Fault> {
                Err(enum_with_fields(name))
            }

            fn serialize_tuple_variant(
                self,
                name: &'static str,
                _: u32,
                _: &'static str,
                _: usize,
            ) -> Result<Impossible<(), Fault>, Fault> {
                Err(enum_with_fields(name))
            }

            fn serialize_struct_variant(
                self,
                name: &'static str,
                _: u32,
                _: &'static str,
                _: usize,
            ) -> Result<Impossible<(), Fault>, Fault> {
                Err(enum_with_fields(name))
            }

            fn serialize_map(self, _: Option<usize>) -> Result<Impossible<(), Fault>, Fault> {
                Err(Fault::no_column("a map"))
            }

            fn serialize_struct(self, name: &'static str, _: usize) -> Result<Impossible<(), Fault>, Fault> {
                Err(Fault::no_column(format!("the struct {name}")))
            }
        }
    };
}

elements! {
    Bool bool, serialize_bool;
    Int8 i8, serialize_i8;
    Int16 i16, serialize_i16;
    Int32 i32, serialize_i32;
    Int64 i64, serialize_i64;
    UInt8 u8, serialize_u8;
    UInt16 u16, serialize_u16;
    UInt32 u32, serialize_u32;
    UInt64 u64, serialize_u64;
    Float32 f32, serialize_f32;
    Float64 f64, serialize_f64;
}

fn enum_with_fields(name: &str) -> Fault {
    Fault::no_column(format!("the enum {name}, whose variants hold fields,"))
}

pub(super) struct Cell<'a> {
    column: &'a mut Column,
    depth: usize,
}

pub(super) struct Array<'a> {
    column: &'a mut Column,
    depth: usize,
}

impl Array<'_> {
    #[inline]
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        value.serialize(Cell { column: &mut *self.column, depth: self.depth })
    }
}

macro_rules! arrays {
    ($($name:ident $method:ident;)*) => { $(
        impl $name for Array<'_> {
            type Ok = ();
            type Error = Fault;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
                self.push(value)
            }

            fn end(self) -> Result<(), Fault> {
                Ok(())
            }
        }
    )* };
}

arrays! {
    SerializeSeq serialize_element;
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
}
