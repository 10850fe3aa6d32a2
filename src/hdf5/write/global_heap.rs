//! The global heap: collections of strings and other sequences of variable length, wherever in the file they are referred from
//! (III.E).

use std::io::{Seek, Write};

use super::address::pad;
use super::sink::Sink;
use crate::error::{Error, ErrorKind, Result};

/// libhdf5 refuses smaller collections.
const MIN_SIZE: usize = 4096;

/// libhdf5 lets its own collections grow no further; a larger one, for one large string, it reads all the
/// same.
const MAX_SIZE: usize = 65_536;

const HEAD: usize = 16;
const OBJECT_HEAD: usize = 16;

/// Object 0, the free space, which always follows the strings.
const FREE_HEAD: usize = 16;

/// Strings of which nothing else fits into a collection of [`MAX_SIZE`] go into one of their own.
const LARGE: usize = MAX_SIZE / 2;

/// Where a string is: what a dataset or attribute holds in its place.
pub(super) type Reference = [u8; 16];

/// The open collection, which takes strings until it is full.
#[derive(Debug, Default)]
pub(super) struct GlobalHeap {
    open: Option<Collection>,
}

impl GlobalHeap {
    /// Stores a string and gives its reference.
    ///
    /// # Errors
    /// `Unsupported` for a string of 4 GiB or more, or one with a NUL, where every reader would cut it off;
    /// otherwise what the sink says.
    pub(super) fn insert<W: Write + Seek>(&mut self, sink: &mut Sink<W>, string: &str) -> Result<Reference> {
        let length = u32::try_from(string.len())
            .map_err(|_| Error::new(ErrorKind::Unsupported, "HDF5 has no string of 4 GiB or more"))?;
        if string.contains('\0') {
            return Err(Error::new(ErrorKind::Unsupported, "an HDF5 string cannot hold a NUL character"));
        }
        self.insert_sequence(sink, length, string.as_bytes())
    }

    /// Stores a sequence of so many elements and gives its reference.
    ///
    /// # Errors
    /// What the sink says.
    pub(super) fn insert_sequence<W: Write + Seek>(
        &mut self,
        sink: &mut Sink<W>,
        length: u32,
        bytes: &[u8],
    ) -> Result<Reference> {
        let (address, index) = if bytes.len() > LARGE {
            (write_alone(sink, bytes)?, 1)
        } else {
            let collection = self.with_room(sink, bytes.len())?;
            (collection.address, collection.insert(bytes))
        };
        let mut reference = [0; 16];
        reference[..4].copy_from_slice(&length.to_le_bytes());
        reference[4..12].copy_from_slice(&address.to_le_bytes());
        reference[12..].copy_from_slice(&u32::from(index).to_le_bytes());
        Ok(reference)
    }

    /// Writes the open collection to the place that it reserved.
    pub(super) fn flush<W: Write + Seek>(&mut self, sink: &mut Sink<W>) -> Result<()> {
        if let Some(collection) = &self.open {
            sink.write_at(collection.address, &collection.encode())?;
        }
        self.open = None;
        Ok(())
    }

    /// Gives a collection with room for `length` bytes: the open one, or a new one of twice its size.
    fn with_room<W: Write + Seek>(&mut self, sink: &mut Sink<W>, length: usize) -> Result<&mut Collection> {
        let needed = OBJECT_HEAD + length.next_multiple_of(8);
        let full = self.open.as_ref().filter(|open| open.room() < needed).map(|open| open.size);
        if full.is_some() {
            self.flush(sink)?;
        }
        match &mut self.open {
            Some(open) => Ok(open),
            none => {
                let size = full.map_or(MIN_SIZE, |size| (2 * size).min(MAX_SIZE));
                let size = size.max((HEAD + needed + FREE_HEAD).next_power_of_two());
                let address = sink.reserve(size as u64)?;
                Ok(none.insert(Collection::new(address, size)))
            }
        }
    }
}

/// Strings that are written together.
#[derive(Debug)]
struct Collection {
    address: u64,
    size: usize,
    objects: Vec<u8>,
    count: u16,
}

impl Collection {
    fn new(address: u64, size: usize) -> Self {
        Self { address, size, objects: Vec::new(), count: 0 }
    }

    fn room(&self) -> usize {
        self.size - HEAD - FREE_HEAD - self.objects.len()
    }

    /// Adds a string for which there must be [room](Self::room), and gives its index, from 1.
    fn insert(&mut self, string: &[u8]) -> u16 {
        // MAX_SIZE / OBJECT_HEAD is 4096, so that the count is far from its end.
        self.count += 1;
        self.objects.extend_from_slice(&encode_object_head(self.count, string.len() as u64));
        self.objects.extend_from_slice(string);
        pad(&mut self.objects);
        self.count
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.size);
        out.extend_from_slice(&encode_head(self.size as u64));
        out.extend_from_slice(&self.objects);
        out.extend_from_slice(&encode_object_head(0, (self.size - out.len()) as u64));
        out.resize(self.size, 0);
        out
    }
}

/// Writes a collection of one string without copying it, and gives its address.
fn write_alone<W: Write + Seek>(sink: &mut Sink<W>, string: &[u8]) -> Result<u64> {
    let length = string.len() as u64;
    let padded = length.next_multiple_of(8);
    let size = (HEAD + OBJECT_HEAD + FREE_HEAD) as u64 + padded;
    let address = sink.reserve(size)?;
    sink.write_at(address, &[encode_head(size), encode_object_head(1, length)].concat())?;
    let content = address + (HEAD + OBJECT_HEAD) as u64;
    sink.write_at(content, string)?;
    sink.write_at(content + padded, &encode_object_head(0, FREE_HEAD as u64))?;
    Ok(address)
}

fn encode_head(size: u64) -> [u8; HEAD] {
    let mut out = *b"GCOL\x01\0\0\0........";
    out[8..].copy_from_slice(&size.to_le_bytes());
    out
}

/// Encodes the head of an object; that of object 0 counts itself in its size.
fn encode_object_head(index: u16, size: u64) -> [u8; OBJECT_HEAD] {
    let mut out = [0; OBJECT_HEAD];
    out[..2].copy_from_slice(&index.to_le_bytes());
    out[8..].copy_from_slice(&size.to_le_bytes());
    out
}
