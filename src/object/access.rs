//! The parts of a value, handed one by one to the type that is being read.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::iter::Enumerate;
use std::ops::Range;

use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};

use super::decode::{Decoder, strip};
use super::fault::Fault;
use super::reader::Reader;
use super::schema::{Node, Primitive, Schema, Variant, clip};

type Result<T> = std::result::Result<T, Fault>;

/// Reads one element, field, key or value.
#[inline]
fn part<'de, S: DeserializeSeed<'de>>(
    reader: &mut Reader<'de>,
    schema: &Schema,
    node: &Node,
    seed: S,
) -> Result<S::Value> {
    let before = reader.rest().len();
    reader.enter()?;
    let value = seed.deserialize(Decoder { reader: &mut *reader, schema, node })?;
    reader.leave_part(before)?;
    Ok(value)
}

/// The name of a field or variant, as the type's own list of names is asked for it.
fn named(name: &str) -> StrDeserializer<'_, Fault> {
    name.into_deserializer()
}

/// Refuses a type that stopped before the end: the next value would begin in the wrong place.
fn all_read(reader: &mut Reader<'_>, length: usize, unread: usize) -> Result<()> {
    match unread {
        0 => Ok(()),
        _ => Err(reader.mismatch(format_args!("{length} elements"), length.saturating_sub(unread))),
    }
}

/// The elements of a sequence or tuple.
pub(super) struct Elements<'r, 's, 'de, I> {
    reader: &'r mut Reader<'de>,
    schema: &'s Schema,
    nodes: Enumerate<I>,
    length: usize,
}

impl<'r, 's, 'de, I: ExactSizeIterator<Item = &'s Node>> Elements<'r, 's, 'de, I> {
    pub(super) fn new(reader: &'r mut Reader<'de>, schema: &'s Schema, nodes: I) -> Self {
        Self { reader, schema, length: nodes.len(), nodes: nodes.enumerate() }
    }

    pub(super) fn finish(self) -> Result<()> {
        all_read(self.reader, self.length, self.nodes.len())
    }
}

impl<'s, 'de, I: ExactSizeIterator<Item = &'s Node>> de::SeqAccess<'de> for Elements<'_, 's, 'de, I> {
    type Error = Fault;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        let Some((at, node)) = self.nodes.next() else { return Ok(None) };
        match part(self.reader, self.schema, node, seed) {
            Ok(value) => Ok(Some(value)),
            Err(fault) => Err(fault.within(format!("[{at}]"))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        // Types make room for as many: no more than there may be.
        Some(self.nodes.len().min(self.reader.rest().len()))
    }
}

/// The fields of a struct, or the one variant of an enum that is read as a map.
pub(super) struct Fields<'r, 's, 'de, I> {
    reader: &'r mut Reader<'de>,
    schema: &'s Schema,
    unread: I,
    length: usize,
    /// The field whose name was given and whose value was not.
    pending: Option<(&'s str, &'s Node)>,
}

impl<'r, 's, 'de, I: ExactSizeIterator<Item = (&'s str, &'s Node)>> Fields<'r, 's, 'de, I> {
    pub(super) fn new(reader: &'r mut Reader<'de>, schema: &'s Schema, unread: I) -> Self {
        Self { reader, schema, length: unread.len(), unread, pending: None }
    }

    pub(super) fn finish(self) -> Result<()> {
        let pending = usize::from(self.pending.is_some());
        all_read(self.reader, self.length, self.unread.len().saturating_add(pending))
    }
}

impl<'s, 'de, I: ExactSizeIterator<Item = (&'s str, &'s Node)>> de::MapAccess<'de>
    for Fields<'_, 's, 'de, I>
{
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.pending.is_some() {
            return Err(out_of_turn());
        }
        self.pending = self.unread.next();
        self.pending.map(|(name, _)| seed.deserialize(named(name))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let (name, node) = self.pending.take().ok_or_else(out_of_turn)?;
        part(self.reader, self.schema, node, seed).map_err(|fault| fault.within(format!(".{}", clip(name))))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.unread.len())
    }
}

/// The entries of a map.
pub(super) struct Entries<'r, 's, 'de> {
    reader: &'r mut Reader<'de>,
    schema: &'s Schema,
    entry: &'s (Node, Node),
    /// The positions of those that were not read yet.
    unread: Range<usize>,
    /// The bytes from the key on whose value was not given yet.
    pending: Option<&'de [u8]>,
}

impl<'r, 's, 'de> Entries<'r, 's, 'de> {
    pub(super) fn new(
        reader: &'r mut Reader<'de>,
        schema: &'s Schema,
        entry: &'s (Node, Node),
        length: usize,
    ) -> Self {
        Self { reader, schema, entry, unread: 0..length, pending: None }
    }

    pub(super) fn finish(self) -> Result<()> {
        all_read(self.reader, self.unread.end, self.unread.len())
    }

    /// The entry as a part of a path: by its key where that is text, else by its position.
    fn segment(&mut self, from_key: &[u8]) -> String {
        let text = match strip(self.reader, self.schema, &self.entry.0) {
            Ok(Node::Primitive(Primitive::Str)) => postcard::take_from_bytes::<&str>(from_key).ok(),
            _ => None,
        };
        match text {
            Some((key, _)) => format!("[\"{}\"]", clip(key)),
            None => format!("[entry {}]", self.unread.start),
        }
    }
}

impl<'de> de::MapAccess<'de> for Entries<'_, '_, 'de> {
    type Error = Fault;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.pending.is_some() {
            return Err(out_of_turn());
        }
        if self.unread.is_empty() {
            return Ok(None);
        }
        self.pending = Some(self.reader.rest());
        match part(self.reader, self.schema, &self.entry.0, seed) {
            Ok(key) => Ok(Some(key)),
            Err(fault) => Err(fault.within(format!("[key {}]", self.unread.start))),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        let from_key = self.pending.take().ok_or_else(out_of_turn)?;
        match part(self.reader, self.schema, &self.entry.1, seed) {
            Ok(value) => {
                self.unread.next();
                Ok(value)
            }
            Err(fault) => Err(fault.within(self.segment(from_key))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.unread.len().min(self.reader.rest().len()))
    }
}

/// The variant that is stored of an enum, before its payload.
pub(super) struct StoredVariant<'r, 's, 'de> {
    pub(super) reader: &'r mut Reader<'de>,
    pub(super) schema: &'s Schema,
    pub(super) variant: &'s Variant,
}

impl<'de> StoredVariant<'_, '_, 'de> {
    /// Reads the payload, which is a level of its own.
    fn payload<S: DeserializeSeed<'de>>(self, asked: &str, seed: S) -> Result<S::Value> {
        let name = &self.variant.name;
        let Some(node) = &self.variant.payload else {
            return Err(self.reader.mismatch(format_args!("variant {} without data", clip(name)), asked));
        };
        self.reader.enter()?;
        let value = seed
            .deserialize(Decoder { reader: &mut *self.reader, schema: self.schema, node })
            .map_err(|fault| fault.within(format!(".{}", clip(name))))?;
        self.reader.leave();
        Ok(value)
    }
}

impl<'de> de::EnumAccess<'de> for StoredVariant<'_, '_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        Ok((seed.deserialize(named(&self.variant.name))?, self))
    }
}

impl<'de> de::VariantAccess<'de> for StoredVariant<'_, '_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<()> {
        if self.variant.payload.is_none() {
            return Ok(());
        }
        let name = clip(&self.variant.name);
        Err(self.reader.mismatch(format_args!("variant {name} with data"), "one without"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.payload("one with a value", seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.payload("one with a tuple", TupleSeed(length, visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.payload("one with fields", StructSeed(fields, visitor))
    }
}

/// Asks for a tuple.
struct TupleSeed<V>(usize, V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for TupleSeed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<V::Value, D::Error> {
        deserializer.deserialize_tuple(self.0, self.1)
    }
}

/// Asks for a struct.
struct StructSeed<V>(&'static [&'static str], V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for StructSeed<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<V::Value, D::Error> {
        deserializer.deserialize_struct("", self.0, self.1)
    }
}

/// A type that takes keys and values in another order than they come in.
fn out_of_turn() -> Fault {
    de::Error::custom("the type reads the keys and values of a map out of turn")
}
