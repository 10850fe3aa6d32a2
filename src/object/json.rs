//! A stored value as JSON, without its Rust type.
//!
//! Enums are tagged externally (`"Unit"`, `{"Other": …}`), integers of 128 bits are strings, bytes base64,
//! NaN and the infinities `"NaN"`, `"Infinity"` and `"-Infinity"`; options and newtypes are what they hold,
//! `None` and units `null`. Keys of maps that are no strings are their JSON text.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::decode::{json_error, require, strip};
use super::encoding::Encoding;
use super::fault::Fault;
use super::reader::Reader;
use super::schema::{Node, Primitive, Schema};
use crate::error::Result;

type Read<T> = std::result::Result<T, Fault>;

/// Reads a value as JSON.
///
/// # Errors
/// `Corrupt` if the bytes are damaged, or the schema that belongs to them is missing.
pub(crate) fn to_json(encoding: Encoding, schema: Option<&Schema>, bytes: &[u8]) -> Result<Value> {
    match encoding {
        Encoding::Json => serde_json::from_slice(bytes).map_err(|error| json_error(&error)),
        Encoding::Postcard => {
            let schema = require(schema)?;
            let mut walk = Walk { reader: Reader::new(bytes), schema };
            let value = walk.value(&schema.root).and_then(|value| walk.reader.finish().map(|()| value));
            value.map_err(Fault::into_error)
        }
    }
}

struct Walk<'s, 'de> {
    reader: Reader<'de>,
    schema: &'s Schema,
}

impl<'s> Walk<'s, '_> {
    fn value(&mut self, node: &'s Node) -> Read<Value> {
        self.reader.enter()?;
        let value = self.content(node)?;
        self.reader.leave();
        Ok(value)
    }

    /// Reads an element or field.
    fn part(&mut self, node: &'s Node) -> Read<Value> {
        let before = self.reader.rest().len();
        self.reader.enter()?;
        let value = self.content(node)?;
        self.reader.leave_part(before)?;
        Ok(value)
    }

    fn content(&mut self, node: &'s Node) -> Read<Value> {
        match strip(&mut self.reader, self.schema, node)? {
            Node::Primitive(primitive) => self.primitive(*primitive),
            Node::Option(inner) => {
                if self.reader.is_some()? {
                    self.value(inner)
                } else {
                    Ok(Value::Null)
                }
            }
            Node::Seq(item) => {
                let count = self.reader.length()?;
                (0..count).map(|_| self.part(item)).collect()
            }
            Node::Tuple { items, .. } => items.iter().map(|item| self.part(item)).collect(),
            Node::Map(entry) => {
                let count = self.reader.length()?;
                let entries = (0..count).map(|_| {
                    let key = key_text(self.part(&entry.0)?);
                    Ok((key, self.part(&entry.1)?))
                });
                entries.collect::<Read<Map<_, _>>>().map(Value::Object)
            }
            Node::Struct { fields, .. } => {
                let entries = fields.iter().map(|field| Ok((field.name.clone(), self.part(&field.node)?)));
                entries.collect::<Read<Map<_, _>>>().map(Value::Object)
            }
            Node::Enum { variants, .. } => {
                let index = self.reader.primitive()?;
                match Schema::variant(variants, index) {
                    None => Err(self.reader.damaged(format_args!("variant {index} is not in the schema"))),
                    Some(variant) => match &variant.payload {
                        None => Ok(json!(variant.name)),
                        Some(payload) => Ok(json!({ &*variant.name: self.value(payload)? })),
                    },
                }
            }
            node @ (Node::Unknown | Node::Newtype { .. } | Node::Ref(_)) => Err(self.reader.damaged(node)),
        }
    }

    fn primitive(&mut self, primitive: Primitive) -> Read<Value> {
        let reader = &mut self.reader;
        Ok(match primitive {
            Primitive::Bool => json!(reader.primitive::<bool>()?),
            Primitive::I8 => json!(reader.primitive::<i8>()?),
            Primitive::I16 => json!(reader.primitive::<i16>()?),
            Primitive::I32 => json!(reader.primitive::<i32>()?),
            Primitive::I64 => json!(reader.primitive::<i64>()?),
            Primitive::I128 => json!(reader.primitive::<i128>()?.to_string()),
            Primitive::U8 => json!(reader.primitive::<u8>()?),
            Primitive::U16 => json!(reader.primitive::<u16>()?),
            Primitive::U32 => json!(reader.primitive::<u32>()?),
            Primitive::U64 => json!(reader.primitive::<u64>()?),
            Primitive::U128 => json!(reader.primitive::<u128>()?.to_string()),
            Primitive::F32 => single(reader.primitive()?),
            Primitive::F64 => double(reader.primitive()?),
            Primitive::Char => json!(reader.primitive::<char>()?),
            Primitive::Str => json!(reader.primitive::<&str>()?),
            Primitive::Bytes => json!(STANDARD.encode(reader.primitive::<&[u8]>()?)),
            Primitive::Unit => Value::Null,
        })
    }
}

/// 0.1 of 32 bits is shown as 0.1, not as the 0.10000000149011612 of 64 bits that is the same number.
fn single(number: f32) -> Value {
    double(number.to_string().parse().unwrap_or(f64::from(number)))
}

fn double(number: f64) -> Value {
    if number.is_nan() {
        json!("NaN")
    } else if number.is_infinite() {
        json!(if number > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(number)
    }
}

fn key_text(key: Value) -> String {
    match key {
        Value::String(text) => text,
        other => other.to_string(),
    }
}
