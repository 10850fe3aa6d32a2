//! Headers that others refer to before they are written.

use std::io::{Seek, Write};

use super::attribute::{self, Attribute};
use super::group::Object;
use super::object_header::{ObjectHeader, SPLIT_SIZE};
use super::writer::Writer;
use crate::error::Result;

/// Where the header of a dataset will be.
///
/// Two objects that refer to each other, such as a dimension scale and a dataset on it, need one place that is known
/// before. A place where nothing is written leaves references that lead nowhere.
#[derive(Debug)]
pub struct Place {
    address: u64,
}

impl Place {
    /// Gives what stands for the object in a [`Reference`](super::Datatype::Reference).
    pub fn reference(&self) -> [u8; 8] {
        self.address.to_le_bytes()
    }
}

/// A dataset whose elements are written, and whose header is not.
#[derive(Debug)]
#[must_use = "a dataset without a header is lost"]
pub struct Described {
    pub(super) header: ObjectHeader,
}

impl<W: Write + Seek> Writer<W> {
    /// Takes the place of a header that is written by [`describe_at`](Self::describe_at).
    ///
    /// # Errors
    /// `Unsupported` where the file would be longer than 2⁶⁴ bytes.
    pub fn place(&mut self) -> Result<Place> {
        Ok(Place { address: self.sink.reserve(SPLIT_SIZE)? })
    }

    /// Writes the header of a dataset.
    ///
    /// # Errors
    /// What the sink says.
    pub fn describe(&mut self, described: &Described) -> Result<Object> {
        Ok(Object { header: self.sink.append(&described.header.encode()?)?, links: None })
    }

    /// Writes the header of a dataset, with more attributes, to the place that was taken for it.
    ///
    /// # Errors
    /// `InvalidInput` when two of the attributes have one name; `Unsupported` when there are too many; otherwise what the
    /// sink says.
    pub fn describe_at(
        &mut self,
        place: &Place,
        described: Described,
        attributes: &[Attribute],
    ) -> Result<Object> {
        let mut header = described.header;
        attribute::push_all(attributes, &mut header)?;
        let (head, messages) = header.split(self.sink.next_address()?)?;
        self.sink.append(&messages)?;
        self.sink.write_at(place.address, &head)?;
        Ok(Object { header: place.address, links: None })
    }
}
