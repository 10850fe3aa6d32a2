//! Rows to columns: each field is pushed onto its column.

use serde::ser::{Impossible, Serialize, SerializeStruct, Serializer};

use super::column::Column;
use super::fault::{Fault, name_of};
use crate::error::{ErrorKind, Result};
use crate::values::any_array::AnyArray;

/// Makes columns of rows, of which there is at least one.
pub(super) fn columns<R: Serialize>(rows: &[R]) -> Result<Vec<(&'static str, AnyArray)>> {
    let mut columns: Vec<Column> = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let fault = |fault: Fault| fault.into_error(&format!(" (row {n} of {})", name_of::<R>()));
        row.serialize(Row { columns: &mut columns, is_first: n == 0 }).map_err(fault)?;
        if n == 0 {
            for column in &mut columns {
                column.reserve(rows.len() - 1).map_err(fault)?;
            }
        }
    }
    columns.into_iter().map(|column| Ok((column.name, column.into_array(rows.len())?))).collect()
}

struct Row<'a> {
    columns: &'a mut Vec<Column>,
    is_first: bool,
}

struct Fields<'a> {
    columns: &'a mut Vec<Column>,
    is_first: bool,
    next: usize,
}

impl SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = Fault;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Fault> {
        if self.is_first {
            self.columns.push(Column::new(name));
        }
        let column = self.columns.get_mut(self.next).filter(|column| column.name == name);
        let Some(column) = column else { return Err(other_fields(name)) };
        self.next += 1;
        value.serialize(column.cell()).map_err(|fault| fault.in_field(name))
    }

    fn skip_field(&mut self, name: &'static str) -> Result<(), Fault> {
        Err(other_fields(name))
    }

    fn end(self) -> Result<(), Fault> {
        match self.columns.get(self.next) {
            Some(column) => Err(other_fields(column.name)),
            None if self.columns.is_empty() => Err(Fault::no_row("one without fields")),
            None => Ok(()),
        }
    }
}

fn other_fields(name: &str) -> Fault {
    let message =
        format!("field {name} is not in all rows; every row needs the same fields in the same order");
    Fault::new(ErrorKind::WrongType, message)
}

macro_rules! refused {
    ($($method:ident $rust:ty;)*) => { $(
        fn $method(self, _: $rust) -> Result<(), Fault> {
            Err(Fault::no_row(stringify!($rust)))
        }
    )* };
}

/// Takes a row: only what is a struct, in the end.
impl<'a> Serializer for Row<'a> {
    type Ok = ();
    type Error = Fault;
    type SerializeSeq = Impossible<(), Fault>;
    type SerializeTuple = Impossible<(), Fault>;
    type SerializeTupleStruct = Impossible<(), Fault>;
    type SerializeTupleVariant = Impossible<(), Fault>;
    type SerializeMap = Impossible<(), Fault>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Impossible<(), Fault>;

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, Fault> {
        Ok(Fields { columns: self.columns, is_first: self.is_first, next: 0 })
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Fault> {
        value.serialize(self)
    }

    refused! {
        serialize_bool bool; serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64;
        serialize_u8 u8; serialize_u16 u16; serialize_u32 u32; serialize_u64 u64; serialize_f32 f32;
        serialize_f64 f64; serialize_i128 i128; serialize_u128 u128; serialize_char char; serialize_str &str;
        serialize_bytes &[u8];
    }

    fn serialize_none(self) -> Result<(), Fault> {
        Err(Fault::no_row("an Option"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), Fault> {
        Err(Fault::no_row("an Option"))
    }

    fn serialize_unit(self) -> Result<(), Fault> {
        Err(Fault::no_row("()"))
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Fault> {
        Err(Fault::no_row("an empty struct"))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Fault> {
        Err(Fault::no_row("an enum"))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Fault> {
        Err(Fault::no_row("an enum"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("a sequence"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("a tuple or an array"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("a struct without names"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("an enum"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("an enum"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Impossible<(), Fault>, Fault> {
        Err(Fault::no_row("a map (which is also what `flatten` makes of a struct)"))
    }
}
