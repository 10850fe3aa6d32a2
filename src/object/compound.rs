//! The serializer of values with parts: sequences, maps, tuples and structs.

use serde::ser::{self, Serialize};

use super::graph::{Definition, Graph, Head, Id, Members};
use super::record::{RecordError, Recorder};

type Result<T> = std::result::Result<T, RecordError>;

/// The elements of a sequence, or the entries of a map, that were written.
struct Count {
    written: usize,
    length: Length,
}

/// What was said of their number beforehand.
enum Length {
    Declared(usize),
    /// Nothing: it is put before the elements, which begin there, at the end.
    Unknown {
        start: usize,
    },
}

impl Count {
    fn new(recorder: &Recorder, declared: Option<usize>) -> Self {
        let length = declared.map_or_else(|| Length::Unknown { start: recorder.written() }, Length::Declared);
        Self { written: 0, length }
    }

    fn end(&self, recorder: &mut Recorder) -> Result<()> {
        match self.length {
            Length::Unknown { start } => recorder.insert_length(start, self.written),
            Length::Declared(length) if length == self.written => Ok(()),
            Length::Declared(length) => Err(ser::Error::custom(format_args!(
                "{length} elements were declared, {} given",
                self.written
            ))),
        }
    }
}

/// The type of the elements of a sequence, or of the keys or values of a map.
struct Part(Option<Id>);

impl Part {
    #[inline]
    fn write<T: ?Sized + Serialize>(&mut self, recorder: &mut Recorder, value: &T) -> Result<()> {
        let graph = recorder.graph_mut();
        let id = graph.id_of::<T>(self.0);
        match self.0 {
            Some(known) if known != id => graph.unify(known, id),
            _ => self.0 = Some(id),
        }
        recorder.nested(id, value)
    }
}

/// A sequence being written.
pub(super) struct Sequence<'a> {
    recorder: &'a mut Recorder,
    id: Id,
    item: Part,
    count: Count,
}

impl<'a> Sequence<'a> {
    pub(super) fn new(recorder: &'a mut Recorder, id: Id, length: Option<usize>) -> Self {
        let item = recorder.graph().part(id);
        let count = Count::new(recorder, length);
        Self { recorder, id, item: Part(item), count }
    }
}

impl ser::SerializeSeq for Sequence<'_> {
    type Ok = ();
    type Error = RecordError;

    #[inline]
    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.count.written += 1;
        self.item.write(self.recorder, value)
    }

    fn end(self) -> Result<()> {
        self.recorder.graph_mut().merge(self.id, Definition::Seq(self.item.0));
        self.count.end(self.recorder)
    }
}

/// A map being written.
pub(super) struct Entries<'a> {
    recorder: &'a mut Recorder,
    id: Id,
    key: Part,
    value: Part,
    count: Count,
}

impl<'a> Entries<'a> {
    pub(super) fn new(recorder: &'a mut Recorder, id: Id, length: Option<usize>) -> Self {
        let (key, value) = match recorder.graph().definition(id) {
            Definition::Map(key, value) => (*key, *value),
            _ => (None, None),
        };
        let count = Count::new(recorder, length);
        Self { recorder, id, key: Part(key), value: Part(value), count }
    }
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = RecordError;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.count.written += 1;
        self.key.write(self.recorder, key)
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.value.write(self.recorder, value)
    }

    fn end(self) -> Result<()> {
        self.recorder.graph_mut().merge(self.id, Definition::Map(self.key.0, self.value.0));
        self.count.end(self.recorder)
    }
}

/// A tuple or struct being written, or the payload of a variant.
pub(super) struct MembersOf<'a> {
    recorder: &'a mut Recorder,
    id: Id,
    head: Head,
    position: usize,
    /// The members so far, unless they were recorded before and are only compared.
    new: Option<Vec<(&'static str, Id)>>,
    /// Whether it is a level within its enum, to be left at the end.
    payload: bool,
}

impl<'a> MembersOf<'a> {
    pub(super) fn new(recorder: &'a mut Recorder, id: Id, head: Head, payload: bool) -> Self {
        let new = match recorder.graph().members(id, head) {
            Some(_) => None,
            None => Some(Vec::new()),
        };
        Self { recorder, id, head, position: 0, new, payload }
    }

    fn member<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        let graph = self.recorder.graph_mut();
        let part = match &mut self.new {
            Some(members) => {
                let part = graph.id_of::<T>(None);
                members.push((name, part));
                part
            }
            None => compare_member::<T>(graph, self.id, self.head, self.position, name),
        };
        self.position += 1;
        self.recorder.nested(part, value)
    }

    fn finish(self) {
        let graph = self.recorder.graph_mut();
        match self.new {
            Some(list) => graph.merge(self.id, Definition::Members(Members { head: self.head, list })),
            None => {
                if graph.members(self.id, self.head).map(<[_]>::len) != Some(self.position) {
                    graph.set_conflict();
                }
            }
        }
        if self.payload {
            self.recorder.leave();
        }
    }
}

/// Compares a member with the one recorded in its place, and gives its definition.
fn compare_member<T: ?Sized>(
    graph: &mut Graph,
    id: Id,
    head: Head,
    position: usize,
    name: &'static str,
) -> Id {
    let known = graph.members(id, head).and_then(|members| members.get(position)).copied();
    let part = graph.id_of::<T>(known.map(|member| member.1));
    match known {
        Some((known_name, known_part)) if known_name == name => {
            if known_part != part {
                graph.unify(known_part, part);
            }
        }
        _ => graph.set_conflict(),
    }
    part
}

macro_rules! unnamed_members {
    ($($trait:ident $method:ident;)*) => {$(
        impl ser::$trait for MembersOf<'_> {
            type Ok = ();
            type Error = RecordError;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.member("", value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

macro_rules! named_members {
    ($($trait:ident;)*) => {$(
        impl ser::$trait for MembersOf<'_> {
            type Ok = ();
            type Error = RecordError;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, key: &'static str, value: &T) -> Result<()> {
                self.member(key, value)
            }

            fn end(self) -> Result<()> {
                self.finish();
                Ok(())
            }
        }
    )*};
}

unnamed_members! {
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

named_members! {
    SerializeStruct;
    SerializeStructVariant;
}
