//! A value from bytes: a `serde` deserializer that is driven by the schema.
//!
//! What is stored must be what the type asks for, with these freedoms: fields and variants are found by
//! name, unknown fields are passed over, a value may be read as an option of it, newtypes come and go, and
//! sequences, tuples and arrays can stand for each other, as structs and maps with string keys can.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt::Display;

use serde::de::{self, DeserializeOwned, Visitor};
use serde::forward_to_deserialize_any;

use super::access::{Elements, Entries, Fields, StoredVariant};
use super::encoding::Encoding;
use super::fault::Fault;
use super::limits::MAX_DEPTH;
use super::reader::Reader;
use super::schema::{Node, Primitive, Schema, Variant};
use crate::error::{Error, ErrorKind, Result};

/// Reads a value of type `T`.
///
/// # Errors
/// `WrongType` if the stored value is none; it says what was stored, what was asked for and at which field.
/// `Corrupt` if the bytes are damaged, or the schema that belongs to them is missing.
pub(crate) fn decode<T: DeserializeOwned>(
    encoding: Encoding,
    schema: Option<&Schema>,
    bytes: &[u8],
) -> Result<T> {
    match encoding {
        Encoding::Json => serde_json::from_slice(bytes).map_err(|error| json_error(&error)),
        Encoding::Postcard => {
            let mut reader = Reader::new(bytes);
            let read = read_root(&mut reader, require(schema)?);
            read.map_err(Fault::into_error)
        }
    }
}

/// The schema, without which postcard's bytes cannot be read.
pub(super) fn require(schema: Option<&Schema>) -> Result<&Schema> {
    schema.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the schema of the object is missing"))
}

/// Tells JSON of another structure from text that is no JSON.
pub(super) fn json_error(error: &serde_json::Error) -> Error {
    if error.is_data() {
        Error::new(ErrorKind::WrongType, format!("the stored JSON does not fit the type asked for: {error}"))
    } else {
        Error::new(ErrorKind::Corrupt, format!("the JSON text of the object is damaged: {error}"))
    }
}

fn read_root<T: DeserializeOwned>(reader: &mut Reader<'_>, schema: &Schema) -> std::result::Result<T, Fault> {
    reader.enter()?;
    let value = T::deserialize(Decoder { reader: &mut *reader, schema, node: &schema.root })?;
    reader.leave();
    reader.finish()?;
    Ok(value)
}

/// Reads one value, of the structure `node`.
pub(super) struct Decoder<'r, 's, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
    pub(super) schema: &'s Schema,
    pub(super) node: &'s Node,
}

type Read<T> = std::result::Result<T, Fault>;

impl<'s, 'de> Decoder<'_, 's, 'de> {
    /// The structure without the newtypes around it, which take no bytes.
    #[inline]
    fn inner(&mut self) -> Read<&'s Node> {
        match self.node {
            Node::Ref(_) | Node::Newtype { .. } => strip(self.reader, self.schema, self.node),
            node => Ok(node),
        }
    }

    /// Makes sure that the structure is one the caller can use.
    fn accept(mut self, asked: impl Display, fits: impl FnOnce(&Node) -> bool) -> Read<Self> {
        let node = self.inner()?;
        if fits(node) { Ok(Decoder { node, ..self }) } else { Err(self.reader.mismatch(node, asked)) }
    }

    /// Reads a level deeper, what `node` says.
    fn descend<T>(self, node: &'s Node, read: impl FnOnce(Decoder<'_, 's, 'de>) -> Read<T>) -> Read<T> {
        self.reader.enter()?;
        let value = read(Decoder { reader: &mut *self.reader, schema: self.schema, node })?;
        self.reader.leave();
        Ok(value)
    }

    fn visit_primitive<V: Visitor<'de>>(self, primitive: Primitive, visitor: V) -> Read<V::Value> {
        let reader = self.reader;
        match primitive {
            Primitive::Bool => visitor.visit_bool(reader.primitive()?),
            Primitive::I8 => visitor.visit_i8(reader.primitive()?),
            Primitive::I16 => visitor.visit_i16(reader.primitive()?),
            Primitive::I32 => visitor.visit_i32(reader.primitive()?),
            Primitive::I64 => visitor.visit_i64(reader.primitive()?),
            Primitive::I128 => visitor.visit_i128(reader.primitive()?),
            Primitive::U8 => visitor.visit_u8(reader.primitive()?),
            Primitive::U16 => visitor.visit_u16(reader.primitive()?),
            Primitive::U32 => visitor.visit_u32(reader.primitive()?),
            Primitive::U64 => visitor.visit_u64(reader.primitive()?),
            Primitive::U128 => visitor.visit_u128(reader.primitive()?),
            Primitive::F32 => visitor.visit_f32(reader.primitive()?),
            Primitive::F64 => visitor.visit_f64(reader.primitive()?),
            Primitive::Char => visitor.visit_char(reader.primitive()?),
            Primitive::Str => visitor.visit_borrowed_str(reader.primitive()?),
            Primitive::Bytes => visitor.visit_borrowed_bytes(reader.primitive()?),
            Primitive::Unit => visitor.visit_unit(),
        }
    }

    fn visit_elements<V, I>(self, nodes: I, visitor: V) -> Read<V::Value>
    where
        V: Visitor<'de>,
        I: ExactSizeIterator<Item = &'s Node>,
    {
        let mut elements = Elements::new(self.reader, self.schema, nodes);
        let value = visitor.visit_seq(&mut elements)?;
        elements.finish()?;
        Ok(value)
    }

    fn visit_fields<V, I>(self, fields: I, visitor: V) -> Read<V::Value>
    where
        V: Visitor<'de>,
        I: ExactSizeIterator<Item = (&'s str, &'s Node)>,
    {
        let mut fields = Fields::new(self.reader, self.schema, fields);
        let value = visitor.visit_map(&mut fields)?;
        fields.finish()?;
        Ok(value)
    }

    fn visit_entries<V: Visitor<'de>>(self, entry: &'s (Node, Node), visitor: V) -> Read<V::Value> {
        let count = self.reader.length()?;
        let mut entries = Entries::new(self.reader, self.schema, entry, count);
        let value = visitor.visit_map(&mut entries)?;
        entries.finish()?;
        Ok(value)
    }

    fn stored_variant(&mut self, variants: &'s [Variant]) -> Read<&'s Variant> {
        let index = self.reader.primitive()?;
        Schema::variant(variants, index)
            .ok_or_else(|| self.reader.damaged(format_args!("variant {index} is not in the schema")))
    }
}

/// Follows references and newtypes, which in a hostile schema may go in circles.
pub(super) fn strip<'s>(reader: &mut Reader<'_>, schema: &'s Schema, mut node: &'s Node) -> Read<&'s Node> {
    for _ in 0..MAX_DEPTH {
        match schema.resolve(node) {
            Node::Newtype { inner, .. } => node = inner,
            other => return Ok(other),
        }
    }
    Err(reader.damaged(format_args!("newtypes nested deeper than {MAX_DEPTH} levels")))
}

/// Whether it is read as entries whose keys are the names of fields.
fn has_names(schema: &Schema, node: &Node) -> bool {
    match node {
        Node::Struct { .. } => true,
        Node::Map(entry) => {
            matches!(schema.resolve(&entry.0), Node::Unknown | Node::Primitive(Primitive::Str))
        }
        _ => false,
    }
}

macro_rules! exact_primitives {
    ($($method:ident $primitive:ident $visit:ident;)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Read<V::Value> {
            match self.inner()? {
                Node::Primitive(Primitive::$primitive) => visitor.$visit(self.reader.primitive()?),
                node => Err(self.reader.mismatch(node, Primitive::$primitive.name())),
            }
        }
    )*};
}

impl<'de> de::Deserializer<'de> for Decoder<'_, '_, 'de> {
    type Error = Fault;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Read<V::Value> {
        match self.inner()? {
            Node::Primitive(primitive) => self.visit_primitive(*primitive, visitor),
            Node::Option(inner) => {
                if self.reader.is_some()? {
                    self.descend(inner, |decoder| visitor.visit_some(decoder))
                } else {
                    visitor.visit_none()
                }
            }
            Node::Seq(item) => {
                let count = self.reader.length()?;
                self.visit_elements(std::iter::repeat_n(&**item, count), visitor)
            }
            Node::Tuple { items, .. } => self.visit_elements(items.iter(), visitor),
            Node::Map(entry) => self.visit_entries(entry, visitor),
            Node::Struct { fields, .. } => {
                self.visit_fields(fields.iter().map(|field| (field.name.as_str(), &field.node)), visitor)
            }
            Node::Enum { variants, .. } => {
                let variant = self.stored_variant(variants)?;
                match &variant.payload {
                    None => visitor.visit_str(&variant.name),
                    Some(payload) => {
                        self.visit_fields(std::iter::once((variant.name.as_str(), payload)), visitor)
                    }
                }
            }
            node @ (Node::Unknown | Node::Newtype { .. } | Node::Ref(_)) => Err(self.reader.damaged(node)),
        }
    }

    exact_primitives! {
        deserialize_bool Bool visit_bool;
        deserialize_i8 I8 visit_i8;
        deserialize_i16 I16 visit_i16;
        deserialize_i32 I32 visit_i32;
        deserialize_i64 I64 visit_i64;
        deserialize_i128 I128 visit_i128;
        deserialize_u8 U8 visit_u8;
        deserialize_u16 U16 visit_u16;
        deserialize_u32 U32 visit_u32;
        deserialize_u64 U64 visit_u64;
        deserialize_u128 U128 visit_u128;
        deserialize_f32 F32 visit_f32;
        deserialize_f64 F64 visit_f64;
        deserialize_char Char visit_char;
        deserialize_str Str visit_borrowed_str;
        deserialize_string Str visit_borrowed_str;
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let fits = |node: &Node| matches!(node, Node::Primitive(Primitive::Bytes) | Node::Seq(_));
        self.accept("bytes", fits)?.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Read<V::Value> {
        match self.inner()? {
            Node::Option(_) => self.deserialize_any(visitor),
            node => self.descend(node, |decoder| visitor.visit_some(decoder)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.accept("unit", |node| *node == Node::Primitive(Primitive::Unit))?.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<V::Value> {
        let node = match self.schema.resolve(self.node) {
            Node::Newtype { inner, .. } => inner,
            node => node,
        };
        self.descend(node, |decoder| visitor.visit_newtype_struct(decoder))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let fits = |node: &Node| matches!(node, Node::Seq(_) | Node::Tuple { .. });
        self.accept("sequence", fits)?.deserialize_any(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Read<V::Value> {
        let fits = |node: &Node| match node {
            Node::Seq(_) => true,
            Node::Tuple { items, .. } => items.len() == length,
            _ => false,
        };
        self.accept(format_args!("tuple of {length}"), fits)?.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Read<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        let fits = |node: &Node| matches!(node, Node::Map(_) | Node::Struct { .. });
        self.accept("map", fits)?.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.inner()? {
            node if has_names(self.schema, node) => self.deserialize_any(visitor),
            node => Err(self.reader.mismatch(node, format_args!("struct {name} {{{}}}", fields.join(", ")))),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Read<V::Value> {
        match self.inner()? {
            Node::Enum { variants, .. } => {
                let variant = self.stored_variant(variants)?;
                visitor.visit_enum(StoredVariant { reader: self.reader, schema: self.schema, variant })
            }
            node => Err(self.reader.mismatch(node, format_args!("enum {name}"))),
        }
    }

    forward_to_deserialize_any! { identifier ignored_any }
}
