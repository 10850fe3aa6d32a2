//! The serializer: writes `postcard`'s bytes and records the structure in one pass.

use std::fmt::Display;
use std::mem;

use postcard::ser_flavors::Flavor;
use serde::ser::{self, Serialize, Serializer};

use super::compound::{Entries, MembersOf, Sequence};
use super::graph::{Case, Definition, Graph, Head, Id};
use super::limits::{MAX_DEPTH, MAX_JSON_DEPTH, max_weightless};
use super::schema::Primitive;

/// What the pass is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// The bytes and their schema.
    Postcard,
    /// Only to look at what will be written as JSON; the bytes are not used.
    Json,
}

/// Why a value cannot be written.
#[derive(Debug)]
pub(super) struct RecordError(String);

type Result<T> = std::result::Result<T, RecordError>;

/// Writes a value and notes what it is made of.
pub(super) struct Recorder {
    writer: postcard::Serializer<Output>,
    graph: Graph,
    /// The definition of the value being written.
    current: Id,
    depth: usize,
    max_depth: usize,
    /// Nested values so far that took no bytes.
    weightless: usize,
    non_finite: bool,
    target: Target,
}

impl Recorder {
    pub(super) fn new(target: Target) -> Self {
        Self {
            writer: postcard::Serializer { output: Output(Vec::with_capacity(128)) },
            graph: Graph::default(),
            current: 0,
            depth: 0,
            max_depth: if target == Target::Json { MAX_JSON_DEPTH } else { MAX_DEPTH },
            weightless: 0,
            non_finite: false,
            target,
        }
    }

    /// Writes the whole value, and gives the definition of its type.
    pub(super) fn record<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<Id> {
        let id = self.graph.id_of::<T>(None);
        self.nested(id, value)?;
        if self.depth > 0 {
            return Err(RecordError("its type passes over an error of one of its parts".to_owned()));
        }
        Ok(id)
    }

    /// Whether bytes and schema can be read back.
    pub(super) fn is_readable(&self) -> bool {
        !self.graph.conflict() && self.weightless <= max_weightless(self.written())
    }

    /// Whether a NaN or infinity was met.
    pub(super) fn non_finite(&self) -> bool {
        self.non_finite
    }

    pub(super) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(super) fn graph_mut(&mut self) -> &mut Graph {
        &mut self.graph
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.writer.output.0
    }

    /// Number of bytes so far.
    pub(super) fn written(&self) -> usize {
        self.writer.output.0.len()
    }

    /// Writes a value within a value, whose definition is `id`.
    #[inline]
    pub(super) fn nested<T: Serialize + ?Sized>(&mut self, id: Id, value: &T) -> Result<()> {
        self.enter()?;
        let outer = mem::replace(&mut self.current, id);
        let start = self.written();
        value.serialize(&mut *self)?;
        self.weightless += usize::from(self.written() == start);
        self.current = outer;
        self.leave();
        Ok(())
    }

    pub(super) fn enter(&mut self) -> Result<()> {
        if self.depth >= self.max_depth {
            return Err(RecordError::too_deep(self.max_depth));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Writes the length of a sequence or map before its elements, which begin at `start`.
    pub(super) fn insert_length(&mut self, start: usize, length: usize) -> Result<()> {
        let elements = self.writer.output.0.split_off(start);
        self.length(length)?;
        self.writer.output.0.extend_from_slice(&elements);
        Ok(())
    }

    fn length(&mut self, length: usize) -> Result<()> {
        // Lengths are written as integers of 64 bits are.
        Ok(self.writer.serialize_u64(length as u64)?)
    }

    /// Writes the length of a sequence or map, if it is known.
    fn begin_elements(&mut self, length: Option<usize>) -> Result<()> {
        length.map_or(Ok(()), |length| self.length(length))
    }

    fn begin_variant(&mut self, name: &'static str, index: u32, case: Case) -> Result<()> {
        self.graph.variant(self.current, name, index, case);
        Ok(self.writer.serialize_u32(index)?)
    }

    /// Begins a variant with several members, which are a level of their own.
    fn variant_members(
        &mut self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        head: Head,
    ) -> Result<MembersOf<'_>> {
        let payload = self.graph.payload(self.current, index);
        self.begin_variant(name, index, Case { name: variant, payload: Some(payload) })?;
        self.enter()?;
        Ok(MembersOf::new(self, payload, head, true))
    }
}

macro_rules! primitives {
    ($($method:ident($type:ty) $primitive:ident;)*) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<()> {
            self.graph.primitive(self.current, Primitive::$primitive);
            Ok(self.writer.$method(value)?)
        }
    )*};
}

impl<'a> Serializer for &'a mut Recorder {
    type Ok = ();
    type Error = RecordError;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = MembersOf<'a>;
    type SerializeTupleStruct = MembersOf<'a>;
    type SerializeTupleVariant = MembersOf<'a>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = MembersOf<'a>;
    type SerializeStructVariant = MembersOf<'a>;

    fn is_human_readable(&self) -> bool {
        self.target == Target::Json
    }

    primitives! {
        serialize_bool(bool) Bool;
        serialize_i8(i8) I8;
        serialize_i16(i16) I16;
        serialize_i32(i32) I32;
        serialize_i64(i64) I64;
        serialize_i128(i128) I128;
        serialize_u8(u8) U8;
        serialize_u16(u16) U16;
        serialize_u32(u32) U32;
        serialize_u64(u64) U64;
        serialize_u128(u128) U128;
        serialize_char(char) Char;
        serialize_str(&str) Str;
        serialize_bytes(&[u8]) Bytes;
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<()> {
        self.non_finite |= !value.is_finite();
        self.graph.primitive(self.current, Primitive::F32);
        Ok(self.writer.serialize_f32(value)?)
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<()> {
        self.non_finite |= !value.is_finite();
        self.graph.primitive(self.current, Primitive::F64);
        Ok(self.writer.serialize_f64(value)?)
    }

    fn serialize_none(self) -> Result<()> {
        self.graph.merge(self.current, Definition::Option(None));
        Ok(self.writer.serialize_none()?)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        let likely = self.graph.part(self.current);
        let inner = self.graph.id_of::<T>(likely);
        self.graph.merge(self.current, Definition::Option(Some(inner)));
        self.writer.output.0.push(1);
        self.nested(inner, value)
    }

    fn serialize_unit(self) -> Result<()> {
        self.graph.primitive(self.current, Primitive::Unit);
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, name: &'static str, index: u32, variant: &'static str) -> Result<()> {
        self.begin_variant(name, index, Case { name: variant, payload: None })
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        let likely = self.graph.part(self.current);
        let inner = self.graph.id_of::<T>(likely);
        self.graph.merge(self.current, Definition::Newtype(name, inner));
        self.nested(inner, value)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let likely = self.graph.known_payload(self.current, index);
        let payload = self.graph.id_of::<T>(likely);
        self.begin_variant(name, index, Case { name: variant, payload: Some(payload) })?;
        self.nested(payload, value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Sequence<'a>> {
        self.begin_elements(length)?;
        let id = self.current;
        Ok(Sequence::new(self, id, length))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Entries<'a>> {
        self.begin_elements(length)?;
        let id = self.current;
        Ok(Entries::new(self, id, length))
    }

    fn serialize_tuple(self, _length: usize) -> Result<MembersOf<'a>> {
        let id = self.current;
        Ok(MembersOf::new(self, id, Head::Tuple(None), false))
    }

    fn serialize_tuple_struct(self, name: &'static str, _length: usize) -> Result<MembersOf<'a>> {
        let id = self.current;
        Ok(MembersOf::new(self, id, Head::Tuple(Some(name)), false))
    }

    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<MembersOf<'a>> {
        let id = self.current;
        Ok(MembersOf::new(self, id, Head::Struct(name), false))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<MembersOf<'a>> {
        self.variant_members(name, index, variant, Head::Tuple(Some(variant)))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<MembersOf<'a>> {
        self.variant_members(name, index, variant, Head::Struct(variant))
    }
}

/// The bytes written so far.
struct Output(Vec<u8>);

impl Flavor for Output {
    type Output = Vec<u8>;

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

impl RecordError {
    #[cold]
    fn too_deep(limit: usize) -> Self {
        Self(format!("it is nested deeper than {limit} levels"))
    }
}

impl Display for RecordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}

impl ser::Error for RecordError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<postcard::Error> for RecordError {
    fn from(error: postcard::Error) -> Self {
        Self(error.to_string())
    }
}
