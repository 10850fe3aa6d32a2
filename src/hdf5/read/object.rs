//! Groups, datasets and committed datatypes.

use std::sync::Arc;

use super::budget::Budget;
use super::cursor::Cursor;
use super::datatype::Type;
use super::file::File;
use super::found::Found;
use super::fractal_heap::FractalHeap;
use super::layout::{Dataspace, FillValue, Filter, Layout};
use super::links::{self, GroupLinks, Link};
use super::messages::attribute::{self, Attribute};
use super::messages::{data_layout, dataspace, datatype, fill_value, filter_pipeline};
use super::object_header::{self, Message, MessageKind};
use super::tree2::Tree2;
use crate::error::{Error, ErrorKind, Result};

/// What the attributes of one object may have together in a fractal heap, as all of them are in memory at once.
const MOST_ATTRIBUTES: u64 = 32 << 20;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Group,
    Dataset,
    /// A type of its own, which datasets and attributes refer to.
    Datatype,
    Unknown,
}

/// An object, of which the header was read.
#[derive(Debug)]
pub struct Object<'f> {
    file: &'f File,
    address: u64,
    messages: Vec<Message>,
}

/// What its header says of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetHeader {
    pub data_type: Type,
    /// How many bytes an element takes.
    pub element_size: u32,
    pub dataspace: Dataspace,
    pub layout: Layout,
    /// In the order in which they were applied.
    pub filters: Vec<Filter>,
    /// Of `element_size` bytes; none also where it is zero.
    pub fill: FillValue,
}

impl<'f> Object<'f> {
    pub(super) fn open(file: &'f File, address: u64) -> Result<Self> {
        Ok(Self { file, address, messages: object_header::read(file.input(), address)? })
    }

    /// Its place in the file. Hard links that lead to one object have the same.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Tells what it is.
    pub fn kind(&self) -> ObjectKind {
        let has = |kind| self.messages.iter().any(|message| message.kind == kind);
        if has(MessageKind::SymbolTable) || has(MessageKind::LinkInfo) || has(MessageKind::Link) {
            ObjectKind::Group
        } else if has(MessageKind::Datatype) && has(MessageKind::Dataspace) {
            ObjectKind::Dataset
        } else if has(MessageKind::Datatype) {
            ObjectKind::Datatype
        } else {
            ObjectKind::Unknown
        }
    }

    /// Gives the links of a group in the order of their names, without opening what they lead to. What is no group has
    /// none.
    pub fn links(&self) -> Found<Link> {
        links::read(self.file, &self.messages)
    }

    /// Gives the same, which is kept for whoever asks for it next.
    pub fn known_links(&self) -> Arc<GroupLinks> {
        self.file.last_links().of(self)
    }

    /// Gives its attributes in the order of their names.
    pub fn attributes(&self) -> Found<Attribute> {
        let mut found = Found::new();
        for message in &self.messages {
            match message.kind {
                MessageKind::Attribute => found.push(
                    self.file
                        .body(message.kind, message.is_shared, &message.bytes)
                        .and_then(|body| attribute::decode(self.file, &body)),
                ),
                MessageKind::AttributeInfo => {
                    if let Err(error) = self.dense_attributes(&message.bytes, &mut found) {
                        found.fail(error);
                    }
                }
                _ => {}
            }
        }
        found.items.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Reads the attributes that lie in a fractal heap, if there are any (IV.A.2.v).
    fn dense_attributes(&self, message: &[u8], found: &mut Found<Attribute>) -> Result<()> {
        let input = self.file.input();
        let mut fields = input.cursor(message, "attribute info message");
        let [version, flags] = fields.array()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        if flags & 1 != 0 {
            let _largest_creation_index = fields.u16()?;
        }
        let (heap, names) = (fields.address()?, fields.address()?);
        let (Some(heap), Some(names)) = (heap, names) else { return Ok(()) };
        let heap = FractalHeap::read(input, heap)?;
        let tree = Tree2::open(input, names, 8)?;
        let mut budget = Budget::new(input, "set of attributes").at_most(MOST_ATTRIBUTES);
        tree.each_or_error(input, |record| {
            let attribute = record.and_then(|record| self.dense_attribute(&heap, record));
            budget.spend(attribute.as_ref().map_or(0, |bytes| bytes.len() as u64))?;
            found.push(attribute.and_then(|bytes| attribute::decode(self.file, &bytes)));
            Ok(())
        })
    }

    /// Gives the message that a record of the tree leads to: in the heap of the object, or in that of shared messages.
    fn dense_attribute(&self, heap: &FractalHeap<'_>, mut record: Cursor<'_>) -> Result<Vec<u8>> {
        const SHARED: u8 = 1 << 1;
        let identifier = record.take(8)?;
        if record.u8()? & SHARED == 0 {
            return heap.object(identifier);
        }
        self.file.shared_attribute(identifier)
    }

    /// Gives the type of a committed datatype.
    ///
    /// # Errors
    /// `WrongType` where it has none, `Corrupt`, `Unsupported`.
    #[cfg(test)]
    pub fn data_type(&self) -> Result<Type> {
        let body = self.required(MessageKind::Datatype, "datatype")?;
        Ok(datatype::decode(self.file.input().cursor(&body, "datatype message"))?.0)
    }

    /// Gives what its header says of a dataset.
    ///
    /// # Errors
    /// `WrongType` where it is no dataset, `Corrupt`, `Unsupported`.
    pub fn dataset(&self) -> Result<DatasetHeader> {
        let input = self.file.input();
        let data_type = self.required(MessageKind::Datatype, "datatype")?;
        let (data_type, element_size) = datatype::decode(input.cursor(&data_type, "datatype message"))?;
        let space = self.required(MessageKind::Dataspace, "dataspace")?;
        let dataspace = dataspace::decode(input.cursor(&space, "dataspace message"))?;
        let rank = match &dataspace {
            Dataspace::Null => 0,
            Dataspace::Simple { shape, .. } => shape.len(),
        };
        let size = dataspace::count(&dataspace).and_then(|count| count.checked_mul(u64::from(element_size)));
        let fit = data_layout::Fit { rank, element_size, size };
        let layout = self.required(MessageKind::DataLayout, "data layout")?;
        let data_layout = data_layout::decode(input, &layout, fit)?;
        let layout = match self.body(MessageKind::ExternalFiles)? {
            Some(files) => data_layout::external(input, &files)?,
            None => data_layout,
        };
        let filters = match self.body(MessageKind::FilterPipeline)? {
            Some(body) => filter_pipeline::decode(input.cursor(&body, "filter pipeline message"))?,
            None => Vec::new(),
        };
        let fill = self.fill_value(element_size)?;
        Ok(DatasetHeader { data_type, element_size, dataspace, layout, filters, fill })
    }

    fn fill_value(&self, element_size: u32) -> Result<FillValue> {
        let input = self.file.input();
        let fill = match self.body(MessageKind::FillValue)? {
            Some(body) => fill_value::decode(input.cursor(&body, "fill value message"))?,
            None => match self.body(MessageKind::OldFillValue)? {
                Some(body) => fill_value::decode_old(input.cursor(&body, "fill value message"))?,
                None => None,
            },
        };
        match &fill {
            Some(value) if value.len() as u64 != u64::from(element_size) => {
                let message = format!("a value of {} bytes for elements of {element_size}", value.len());
                Err(input.cursor(&[], "fill value message").corrupt(message))
            }
            _ => Ok(fill),
        }
    }

    /// Gives the bytes of the first message of a kind.
    fn body(&self, kind: MessageKind) -> Result<Option<std::borrow::Cow<'_, [u8]>>> {
        let message = self.messages.iter().find(|message| message.kind == kind);
        message.map(|message| self.file.body(kind, message.is_shared, &message.bytes)).transpose()
    }

    fn required(&self, kind: MessageKind, what: &str) -> Result<std::borrow::Cow<'_, [u8]>> {
        self.body(kind)?.ok_or_else(|| {
            let message = format!("the object at byte {} has no {what}", self.address);
            Error::new(ErrorKind::WrongType, message)
        })
    }
}
