//! Writing the elements of a dataset, piece by piece.

use std::io::{Seek, Write};

use super::address::UNDEFINED;
use super::attribute::{self, Attribute};
use super::dataspace;
use super::datatype::Datatype;
use super::group::Object;
use super::layout::{self, Allocation};
use super::object_header::{MessageKind, ObjectHeader};
use super::place::Described;
use super::writer::Writer;
use crate::error::{Error, ErrorKind, Result};

impl<W: Write + Seek> Writer<W> {
    /// Begins a dataset, whose elements lie in one run.
    ///
    /// # Shape
    /// `[]` for a scalar; axes may have length zero.
    ///
    /// # Errors
    /// `InvalidInput` when two attributes have one name; `Unsupported` when the datatype's message is larger
    /// than [`MAX_MESSAGE`](super::MAX_MESSAGE), there are more than 32 axes, or too many attributes or
    /// elements.
    pub fn dataset(
        &mut self,
        datatype: &Datatype,
        shape: &[u64],
        attributes: &[Attribute],
    ) -> Result<DatasetWriter<'_, W>> {
        let size = dataspace::data_size(shape, datatype.size())?;
        let next = self.sink.next_address()?;
        let address = if size == 0 { UNDEFINED } else { next };
        let layout = Contiguous { datatype, shape, address, size };
        let [before, after] = layout.messages(attributes)?;
        let address = self.sink.reserve(size)?;
        let element = datatype.size();
        let fill_value = layout::fill_value(datatype, Allocation::Late, None);
        Ok(DatasetWriter { writer: self, before, fill_value, after, element, address, size, written: 0 })
    }
}

impl Described {
    /// Describes a dataset whose elements are not written: readers take them for zero.
    ///
    /// # Errors
    /// As [`Writer::dataset`].
    pub fn unwritten(datatype: &Datatype, shape: &[u64]) -> Result<Self> {
        let size = dataspace::data_size(shape, datatype.size())?;
        let layout = Contiguous { datatype, shape, address: UNDEFINED, size };
        let [mut header, after] = layout.messages(&[])?;
        header.push(MessageKind::FillValue, &layout::fill_value(datatype, Allocation::Late, None))?;
        header.extend(&after)?;
        Ok(Self { header })
    }
}

/// A dataset in one run.
struct Contiguous<'a> {
    datatype: &'a Datatype,
    shape: &'a [u64],
    address: u64,
    size: u64,
}

impl Contiguous<'_> {
    /// The messages before the fill value, and those behind it.
    fn messages(&self, attributes: &[Attribute]) -> Result<[ObjectHeader; 2]> {
        let (mut before, mut after) = (ObjectHeader::default(), ObjectHeader::default());
        before.push(MessageKind::Dataspace, &dataspace::encode(self.shape)?)?;
        before.push(MessageKind::Datatype, &self.datatype.encode())?;
        after.push(MessageKind::DataLayout, &layout::contiguous(self.address, self.size))?;
        attribute::push_all(attributes, &mut after)?;
        // What is too large is to be found before the elements are written.
        after.encode()?;
        Ok([before, after])
    }
}

/// Takes the elements of one dataset, then gives the [`Object`].
///
/// Dropped before its end it leaves nothing but unused bytes.
#[derive(Debug)]
#[must_use = "a dataset is written by its `finish`"]
pub struct DatasetWriter<'a, W> {
    writer: &'a mut Writer<W>,
    before: ObjectHeader,
    fill_value: Vec<u8>,
    after: ObjectHeader,
    /// The bytes of an element.
    element: u64,
    address: u64,
    size: u64,
    written: u64,
}

impl<'a, W: Write + Seek> DatasetWriter<'a, W> {
    /// Says what stands for elements that were never written, as it would be stored: all of these are, but who copies the
    /// dataset may want to know.
    ///
    /// # Errors
    /// `InvalidInput` when it has not the size of an element, or is longer than 64 KiB.
    pub fn fill_value(mut self, value: &[u8]) -> Result<Self> {
        // What comes before the value says nothing of it but its size.
        const HEAD: usize = 4;
        if value.len() as u64 != self.element {
            let message = "the fill value has not the size of an element";
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        self.fill_value.truncate(HEAD);
        self.fill_value.extend_from_slice(&value.len().to_le_bytes()[..4]);
        self.fill_value.extend_from_slice(value);
        Ok(self)
    }

    /// Writes the bytes that come next: elements in row-major order, little-endian, cut anywhere.
    ///
    /// # Errors
    /// `InvalidInput` when they are more than the dataset has left; otherwise what the sink says.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let length = bytes.len() as u64;
        if length > self.size - self.written {
            let message = format!("more than the {} bytes of the dataset were given", self.size);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        self.writer.sink.write_at(self.address + self.written, bytes)?;
        self.written += length;
        Ok(())
    }

    /// Stores strings, as [`Writer::strings`] does, and gives the references to be written.
    ///
    /// # Errors
    /// As [`Writer::strings`].
    pub fn strings<S: AsRef<str>>(&mut self, strings: &[S]) -> Result<Vec<[u8; 16]>> {
        self.writer.strings(strings)
    }

    /// Ends the elements; the header is written by [`Writer::describe`] or [`Writer::describe_at`].
    ///
    /// # Errors
    /// `InvalidInput` when bytes are missing.
    pub fn end(self) -> Result<Described> {
        self.ended().map(|(_, described)| described)
    }

    /// Writes the header of the dataset and gives what its group is to link to.
    ///
    /// # Errors
    /// `InvalidInput` when bytes are missing; otherwise what the sink says.
    pub fn finish(self) -> Result<Object> {
        let (writer, described) = self.ended()?;
        writer.describe(&described)
    }

    fn ended(self) -> Result<(&'a mut Writer<W>, Described)> {
        if self.written != self.size {
            let message = format!("{} of the {} bytes of the dataset were given", self.written, self.size);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        let mut header = self.before;
        header.push(MessageKind::FillValue, &self.fill_value)?;
        header.extend(&self.after)?;
        Ok((self.writer, Described { header }))
    }
}
