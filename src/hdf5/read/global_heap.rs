//! The global heap (III.E): collections of objects of any length, to which texts and lists refer.

use super::cursor::Cursor;
use super::input::{Input, corrupt};
use crate::error::{Error, ErrorKind, Result};

const WHAT: &str = "global heap collection";

/// Collections up to this size are read as a whole; of larger ones each object by itself.
const WHOLE: u64 = 1 << 20;

/// So many bytes of objects are given whatever the size of the file. Beyond them, no more than the file has: objects that
/// many elements share would make more of a small file than it earned.
const UNEARNED: u64 = 32 << 20;

/// Reads objects, and keeps the collection of the last one: those of neighbours are mostly in the same.
#[derive(Debug)]
pub(super) struct GlobalHeap<'a> {
    input: &'a Input,
    last: Option<Collection>,
    given: u64,
}

#[derive(Debug)]
struct Collection {
    address: u64,
    /// All of it, where it is not large.
    bytes: Option<Vec<u8>>,
    objects: Vec<Object>,
}

/// An object of a collection: its index, and where it is in it.
#[derive(Clone, Copy, Debug)]
struct Object {
    index: u16,
    at: u64,
    size: u64,
}

impl<'a> GlobalHeap<'a> {
    pub fn new(input: &'a Input) -> Self {
        Self { input, last: None, given: 0 }
    }

    /// Takes the address of a collection and the index of an object in it, as elements have them; `None` for no object.
    pub fn reference(fields: &mut Cursor) -> Result<Option<(u64, u32)>> {
        let (address, index) = (fields.address()?, fields.u32()?);
        Ok(address.filter(|address| *address != 0).map(|address| (address, index)))
    }

    /// The fields of elements that refer to the heap.
    pub fn cursor<'b>(&self, bytes: &'b [u8]) -> Cursor<'b> {
        self.input.cursor(bytes, "reference to the global heap")
    }

    /// The first `length` bytes of an object.
    ///
    /// # Errors
    /// `Corrupt` where there is no such object, or it is shorter; `Unsupported` where more was asked for by now than the
    /// file has, so that objects must be shared by many.
    pub fn object(&mut self, (address, index): (u64, u32), length: u64) -> Result<Vec<u8>> {
        if self.last.as_ref().is_none_or(|last| last.address != address) {
            self.last = None;
            self.last = Some(Collection::read(self.input, address)?);
        }
        let object = self.last.as_ref().and_then(|last| Some((last, last.find(index)?)));
        let Some((collection, object)) = object else {
            return Err(corrupt(WHAT, format!("object {index} of the one at byte {address} is not there")));
        };
        if length > object.size {
            let why =
                format!("object {index} of the one at byte {address} has {} bytes of {length}", object.size);
            return Err(corrupt(WHAT, why));
        }
        self.given = self.given.saturating_add(length);
        if self.given > UNEARNED && self.input.check(0, self.given, WHAT).is_err() {
            let why = format!("{} bytes of text and lists at once are more than the file has", self.given);
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let size = usize::try_from(length).map_err(|_| corrupt(WHAT, "an object is larger than memory"))?;
        let start = usize::try_from(object.at).unwrap_or(usize::MAX);
        if let Some(bytes) = &collection.bytes {
            let end = start.saturating_add(size);
            return bytes
                .get(start..end)
                .map(<[u8]>::to_vec)
                .ok_or_else(|| corrupt(WHAT, "it ends too early"));
        }
        let mut bytes = vec![0; size];
        self.input.fill(&mut bytes, address.saturating_add(object.at), WHAT)?;
        Ok(bytes)
    }
}

impl Collection {
    fn read(input: &Input, address: u64) -> Result<Self> {
        let length = u64::from(input.sizes().length);
        let head_size = aligned(length.saturating_add(8));
        let head = input.structure(address, head_size, WHAT)?;
        let mut fields = input.cursor(&head, WHAT);
        fields.signature(*b"GCOL")?;
        match fields.u8()? {
            1 => fields.take(3)?,
            other => return Err(fields.unsupported(format!("version {other}"))),
        };
        let size = fields.length()?;
        input.check(address, size, WHAT)?;
        let bytes = if size <= WHOLE { Some(input.structure(address, size, WHAT)?) } else { None };
        let mut objects = Vec::new();
        let mut at = head_size;
        while at.saturating_add(head_size) <= size {
            let head = input_or_cached(input, bytes.as_deref(), address, at, head_size)?;
            let mut fields = input.cursor(&head, WHAT);
            let index = fields.u16()?;
            if index == 0 {
                // What is free comes last.
                break;
            }
            fields.take(6)?;
            let object = Object { index, at: at.saturating_add(head_size), size: fields.length()? };
            let end = object.at.checked_add(object.size).filter(|end| *end <= size);
            let end = end.ok_or_else(|| fields.corrupt(format!("object {index} is larger than it")))?;
            objects.push(object);
            if objects.len() > usize::from(u16::MAX) {
                return Err(fields.corrupt("it has more objects than indices"));
            }
            at = aligned(end);
        }
        objects.sort_unstable_by_key(|object| object.index);
        if objects.iter().zip(objects.iter().skip(1)).any(|(a, b)| a.index == b.index) {
            return Err(corrupt(WHAT, "two objects have one index"));
        }
        Ok(Self { address, bytes, objects })
    }

    fn find(&self, index: u32) -> Option<Object> {
        let at = self.objects.binary_search_by_key(&index, |object| u32::from(object.index)).ok()?;
        self.objects.get(at).copied()
    }
}

/// Part of a collection, from memory where it is there.
fn input_or_cached(input: &Input, bytes: Option<&[u8]>, address: u64, at: u64, size: u64) -> Result<Vec<u8>> {
    let Some(bytes) = bytes else { return input.structure(address.saturating_add(at), size, WHAT) };
    let range = usize::try_from(at).ok().zip(usize::try_from(at.saturating_add(size)).ok());
    let part = range.and_then(|(start, end)| bytes.get(start..end));
    part.map(<[u8]>::to_vec).ok_or_else(|| corrupt(WHAT, "it ends too early"))
}

/// The next multiple of eight.
fn aligned(size: u64) -> u64 {
    size.checked_next_multiple_of(8).unwrap_or(u64::MAX)
}
