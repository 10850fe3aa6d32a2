//! The schema of a type without a value of it: `serde` is fed a value for each field that it asks for, and what it
//! asks for is noted down.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::fault::{Fault, name_of};
use super::layout::Layout;
use crate::error::Result;
use crate::values::data_type::DataType;
use crate::values::table_schema::{ColumnSchema, TableSchema};

impl TableSchema {
    /// Gives the schema of a type of rows: a struct of which each field is a column. A newtype counts as what it
    /// holds, an enum without fields and a `char` as text; arrays and tuples of one type give the inner shape.
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`](crate::ErrorKind::WrongType) for a type that is no struct, and for a field that
    /// cannot be a column, such as an `Option`, a map or a struct;
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a `Vec`, whose length is not known.
    pub fn of<R: DeserializeOwned>() -> Result<Self> {
        let mut columns = Vec::new();
        match R::deserialize(Row { columns: &mut columns }) {
            Ok(_) => Ok(columns.into_iter().collect()),
            Err(fault) => Err(fault.into_error(&format!(" ({})", name_of::<R>()))),
        }
    }
}

/// Gives the names of the fields that a type of rows asks for; none for one that takes whatever there is.
pub(crate) fn fields_of<R: DeserializeOwned>() -> Option<&'static [&'static str]> {
    let mut fields = None;
    // It ends with an error in any case: only what is asked for matters.
    let _ = R::deserialize(Names(&mut fields));
    fields
}

/// Stands for a row of which only the names of the fields are wanted.
struct Names<'a>(&'a mut Option<&'static [&'static str]>);

impl<'de> Deserializer<'de> for Names<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::no_row(name_of::<V::Value>()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        *self.0 = Some(fields);
        Err(Fault::no_row(name))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// Stands for a row.
struct Row<'a> {
    columns: &'a mut Vec<ColumnSchema>,
}

impl<'de> Deserializer<'de> for Row<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        Err(Fault::no_row(name_of::<V::Value>()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_map(Fields { rest: fields.iter(), field: "", columns: self.columns })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Fields<'a> {
    rest: std::slice::Iter<'static, &'static str>,
    field: &'static str,
    columns: &'a mut Vec<ColumnSchema>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some(field) = self.rest.next() else { return Ok(None) };
        self.field = field;
        seed.deserialize(BorrowedStrDeserializer::new(field)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let mut layout = Layout::default();
        let traced = seed.deserialize(Cell { layout: &mut layout, depth: 0 });
        let (value, data_type) = traced
            .and_then(|value| Ok((value, layout.known()?)))
            .map_err(|fault| fault.in_field(self.field))?;
        self.columns.push(ColumnSchema::new(self.field, data_type, layout.shape));
        Ok(value)
    }
}

/// Stands for a field, or for an element of one.
struct Cell<'a> {
    layout: &'a mut Layout,
    depth: usize,
}

impl Cell<'_> {
    fn element(self, data_type: DataType) -> Result<(), Fault> {
        self.layout.element(self.depth, data_type)
    }
}

/// Feeds a one: zero is none for the types of numbers that are not zero.
macro_rules! numbers {
    ($($method:ident $visit:ident $rust:ty => $data_type:ident;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.element(DataType::$data_type)?;
            visitor.$visit(<$rust>::from(true))
        }
    )* };
}

macro_rules! refused {
    ($($method:ident $what:literal;)*) => { $(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
            Err(Fault::no_column($what))
        }
    )* };
}

impl<'de> Deserializer<'de> for Cell<'_> {
    type Error = Fault;

    numbers! {
        deserialize_bool visit_bool bool => Bool;
        deserialize_i8 visit_i8 i8 => Int8;
        deserialize_i16 visit_i16 i16 => Int16;
        deserialize_i32 visit_i32 i32 => Int32;
        deserialize_i64 visit_i64 i64 => Int64;
        deserialize_u8 visit_u8 u8 => UInt8;
        deserialize_u16 visit_u16 u16 => UInt16;
        deserialize_u32 visit_u32 u32 => UInt32;
        deserialize_u64 visit_u64 u64 => UInt64;
        deserialize_f32 visit_f32 f32 => Float32;
        deserialize_f64 visit_f64 f64 => Float64;
    }

    refused! {
        deserialize_any "a type that takes anything";
        deserialize_i128 "i128";
        deserialize_u128 "u128";
        deserialize_bytes "a slice of bytes";
        deserialize_byte_buf "a buffer of bytes";
        deserialize_option "an Option";
        deserialize_unit "()";
        deserialize_map "a map";
        deserialize_identifier "a type that takes anything";
        deserialize_ignored_any "a type that takes anything";
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.element(DataType::String)?;
        visitor.visit_str("a")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Fault> {
        let message = "the length of a Vec is not known from its type; use an array such as [f64; 3], or give the \
                       schema by TableSchema::new()";
        Err(Fault::new(crate::error::ErrorKind::InvalidInput, message))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.layout.axis(self.depth, length)?;
        visitor.visit_seq(Array { cell: self, left: length })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, Fault> {
        Err(Fault::no_column(format!("the empty struct {name}")))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Fault> {
        Err(Fault::no_column(format!("the struct {name}")))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.element(DataType::String)?;
        let variant = variants.first().copied().unwrap_or_default();
        let traced = visitor.visit_enum(StrDeserializer::new(variant));
        traced.map_err(|_: Fault| Fault::no_column(format!("the enum {name}, whose variants hold fields,")))
    }
}

struct Array<'a> {
    cell: Cell<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Array<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(Cell { layout: &mut *self.cell.layout, depth: self.cell.depth + 1 }).map(Some)
    }
}
