//! Writing a dataset in chunks, each of them stored as it is given.

use std::io::{Seek, Write};

use super::attribute::{self, Attribute};
use super::chunk_index::ChunkIndex;
use super::dataspace;
use super::datatype::Datatype;
use super::filter::{self, Filter};
use super::group::Object;
use super::layout::{self, Allocation};
use super::object_header::{MessageKind, ObjectHeader};
use super::place::Described;
use super::writer::Writer;
use crate::error::{Error, ErrorKind, Result};

/// How the elements of a dataset are divided and stored.
#[derive(Clone, Copy, Debug)]
pub struct Chunking<'a> {
    /// How long each axis may become; `None` for any length.
    pub maximum: &'a [Option<u64>],
    /// The elements of a chunk along each axis.
    pub chunk: &'a [u64],
    /// What is done to the bytes of a chunk.
    pub filters: &'a [Filter],
    /// What stands for elements that were never written, as it would be stored; zero where there is none.
    pub fill_value: Option<&'a [u8]>,
}

impl Chunking<'_> {
    /// Checks what HDF5 asks of a dataset of this datatype and shape; gives the lengths as the layout has them, and the
    /// bytes of a chunk and of an element.
    fn check(&self, datatype: &Datatype, shape: &[u64]) -> Result<(Vec<u32>, u64, u32)> {
        let chunk = self.chunk;
        let refuse = |kind, why: &str| {
            let message = format!("chunks of shape {chunk:?} for a dataset of shape {shape:?}: {why}");
            Err(Error::new(kind, message))
        };
        if shape.is_empty() || chunk.len() != shape.len() || self.maximum.len() != shape.len() {
            return refuse(ErrorKind::InvalidInput, "the ranks differ, or there is no axis to divide");
        }
        if shape.iter().zip(self.maximum).any(|(length, most)| most.is_some_and(|most| most < *length)) {
            return refuse(ErrorKind::InvalidInput, "an axis is longer than it may become");
        }
        let mut limits = chunk.iter().zip(self.maximum);
        if chunk.contains(&0) || limits.any(|(chunk, most)| most.is_some_and(|most| *chunk > most.max(1))) {
            return refuse(ErrorKind::InvalidInput, "a chunk is empty, or longer than its axis may become");
        }
        if self.fill_value.is_some_and(|value| value.len() as u64 != datatype.size()) {
            return refuse(ErrorKind::InvalidInput, "the fill value has not the size of an element");
        }
        let size = dataspace::data_size(chunk, datatype.size())?;
        let element = u32::try_from(datatype.size());
        let lengths: Result<Vec<u32>, _> = chunk.iter().map(|length| u32::try_from(*length)).collect();
        match (lengths, element) {
            (Ok(lengths), Ok(element)) if size < 1 << 32 => Ok((lengths, size, element)),
            _ => refuse(ErrorKind::Unsupported, "a chunk takes 4 GiB or more"),
        }
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a dataset whose elements lie in chunks.
    ///
    /// # Shape
    /// At least one axis; any of them may have length zero, and may become longer in other programs where the chunking
    /// says so.
    ///
    /// # Errors
    /// `InvalidInput` when shape, chunks and maximum do not go together, or two attributes have one name; `Unsupported`
    /// for chunks of 4 GiB or more, and as [`dataset`](Self::dataset).
    pub fn chunked(
        &mut self,
        datatype: &Datatype,
        shape: &[u64],
        chunking: &Chunking<'_>,
        attributes: &[Attribute],
    ) -> Result<ChunkedWriter<'_, W>> {
        let (chunk, size, element) = chunking.check(datatype, shape)?;
        dataspace::data_size(shape, datatype.size())?;
        let mut before = ObjectHeader::default();
        before.push(MessageKind::Dataspace, &dataspace::encode_within(shape, chunking.maximum)?)?;
        before.push(MessageKind::Datatype, &datatype.encode())?;
        let fill_value = layout::fill_value(datatype, Allocation::Incremental, chunking.fill_value);
        before.push(MessageKind::FillValue, &fill_value)?;
        let mut after = ObjectHeader::default();
        if !chunking.filters.is_empty() {
            after.push(MessageKind::FilterPipeline, &filter::encode(chunking.filters, element))?;
        }
        attribute::push_all(attributes, &mut after)?;
        after.encode()?;
        let counts =
            shape.iter().zip(chunking.chunk).map(|(length, chunk)| length.div_ceil(*chunk)).collect();
        let size = chunking.filters.is_empty().then_some(size);
        let index = ChunkIndex::new(chunking.chunk, datatype.size());
        Ok(ChunkedWriter { writer: self, before, after, chunk, element, counts, size, index })
    }
}

/// Takes the chunks of one dataset in the order of their indices, then gives the [`Object`].
///
/// Readers take a chunk that was left out for fill value; pyfive and jsfive fail on it. Dropped before its end it leaves
/// nothing but unused bytes.
#[derive(Debug)]
#[must_use = "a dataset is written by its `finish`"]
pub struct ChunkedWriter<'a, W> {
    writer: &'a mut Writer<W>,
    before: ObjectHeader,
    after: ObjectHeader,
    chunk: Vec<u32>,
    element: u32,
    /// The chunks that there may be along each axis.
    counts: Vec<u64>,
    /// The bytes of a chunk, where no filter changes them.
    size: Option<u64>,
    index: ChunkIndex,
}

impl<'a, W: Write + Seek> ChunkedWriter<'a, W> {
    /// Writes a chunk: all of its elements, those beyond the shape too, little-endian, through the filters; see
    /// [`Filter::apply`].
    ///
    /// # Errors
    /// `InvalidInput` for an index beyond the shape, not behind the last one, or bytes of another number than a chunk
    /// without filters has; `Unsupported` for 4 GiB or more of them; otherwise what the sink says.
    pub fn chunk(&mut self, index: &[u64], bytes: &[u8]) -> Result<()> {
        let refuse = |kind, why: &str| Err(Error::new(kind, format!("the chunk at {index:?}: {why}")));
        let inside = index.len() == self.counts.len() && index.iter().zip(&self.counts).all(|(at, n)| at < n);
        if !inside || self.index.last().is_some_and(|last| last >= index) {
            return refuse(ErrorKind::InvalidInput, "it is beyond the shape, or not behind the last one");
        }
        if self.size.is_some_and(|size| size != bytes.len() as u64) {
            return refuse(ErrorKind::InvalidInput, "its bytes are not those of its elements");
        }
        let Ok(size) = u32::try_from(bytes.len()) else {
            return refuse(ErrorKind::Unsupported, "it takes 4 GiB or more");
        };
        let address = self.writer.sink.append(bytes)?;
        self.index.push(&mut self.writer.sink, index, (address, size))
    }

    /// Stores strings, as [`Writer::strings`] does, and gives the references that are their elements.
    ///
    /// # Errors
    /// As [`Writer::strings`].
    pub fn strings<S: AsRef<str>>(&mut self, strings: &[S]) -> Result<Vec<[u8; 16]>> {
        self.writer.strings(strings)
    }

    /// Ends the chunks; the header is written by [`Writer::describe`] or [`Writer::describe_at`].
    ///
    /// # Errors
    /// What the sink says.
    pub fn end(self) -> Result<Described> {
        self.ended().map(|(_, described)| described)
    }

    /// Writes the header of the dataset and gives what its group is to link to.
    ///
    /// # Errors
    /// What the sink says.
    pub fn finish(self) -> Result<Object> {
        let (writer, described) = self.ended()?;
        writer.describe(&described)
    }

    fn ended(self) -> Result<(&'a mut Writer<W>, Described)> {
        let Self { writer, before: mut header, after, chunk, element, index, .. } = self;
        let address = index.finish(&mut writer.sink)?;
        header.push(MessageKind::DataLayout, &layout::chunked(address, &chunk, element))?;
        header.extend(&after)?;
        Ok((writer, Described { header }))
    }
}
