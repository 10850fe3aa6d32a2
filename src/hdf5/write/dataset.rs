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
        let header = contiguous(datatype, shape, (address, size), attributes)?;
        let address = self.sink.reserve(size)?;
        Ok(DatasetWriter { writer: self, header, address, size, written: 0 })
    }

    /// Makes a dataset without writing its elements: readers take them for zero.
    ///
    /// # Errors
    /// As [`dataset`](Self::dataset).
    pub fn unwritten(&self, datatype: &Datatype, shape: &[u64], attributes: &[Attribute]) -> Result<Described> {
        let size = dataspace::data_size(shape, datatype.size())?;
        Ok(Described { header: contiguous(datatype, shape, (UNDEFINED, size), attributes)? })
    }
}

/// The header of a dataset in one run.
fn contiguous(
    datatype: &Datatype,
    shape: &[u64],
    (address, size): (u64, u64),
    attributes: &[Attribute],
) -> Result<ObjectHeader> {
    let mut header = ObjectHeader::default();
    header.push(MessageKind::Dataspace, &dataspace::encode(shape)?)?;
    header.push(MessageKind::Datatype, &datatype.encode())?;
    header.push(MessageKind::FillValue, &layout::fill_value(datatype, Allocation::Late, None))?;
    header.push(MessageKind::DataLayout, &layout::contiguous(address, size))?;
    attribute::push_all(attributes, &mut header)?;
    // What is too large is to be found before the elements are written.
    header.encode()?;
    Ok(header)
}

/// Takes the elements of one dataset, then gives the [`Object`].
///
/// Dropped before its end it leaves nothing but unused bytes.
#[derive(Debug)]
#[must_use = "a dataset is written by its `finish`"]
pub struct DatasetWriter<'a, W> {
    writer: &'a mut Writer<W>,
    header: ObjectHeader,
    address: u64,
    size: u64,
    written: u64,
}

impl<'a, W: Write + Seek> DatasetWriter<'a, W> {
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
        Ok((self.writer, Described { header: self.header }))
    }
}
