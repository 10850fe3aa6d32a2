//! Object headers, versions 1 and 2: the messages that say what an object is (IV.A).

use std::collections::HashSet;

use super::checksum::verified;
use super::cursor::Cursor;
use super::input::Input;
use crate::error::{Error, ErrorKind, Result};

/// What a message is about, by the number that the file has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageKind {
    Dataspace,
    LinkInfo,
    Datatype,
    OldFillValue,
    FillValue,
    Link,
    ExternalFiles,
    DataLayout,
    FilterPipeline,
    Attribute,
    SharedMessageTable,
    Continuation,
    SymbolTable,
    DriverInfo,
    AttributeInfo,
    CacheImage,
    /// One that says nothing which a reader needs.
    Other,
}

impl MessageKind {
    fn of(number: u16) -> Option<Self> {
        Some(match number {
            0x01 => Self::Dataspace,
            0x02 => Self::LinkInfo,
            0x03 => Self::Datatype,
            0x04 => Self::OldFillValue,
            0x05 => Self::FillValue,
            0x06 => Self::Link,
            0x07 => Self::ExternalFiles,
            0x08 => Self::DataLayout,
            0x0b => Self::FilterPipeline,
            0x0c => Self::Attribute,
            0x0f => Self::SharedMessageTable,
            0x10 => Self::Continuation,
            0x11 => Self::SymbolTable,
            0x14 => Self::DriverInfo,
            0x15 => Self::AttributeInfo,
            0x18 => Self::CacheImage,
            // Nil, group info, comment, times, K of B-trees, reference count, free space.
            0x00 | 0x0a | 0x0d | 0x0e | 0x12 | 0x13 | 0x16 | 0x17 => Self::Other,
            _ => return None,
        })
    }

    /// The number that the file has for those messages that can be shared.
    pub fn shareable(self) -> Option<u32> {
        Some(match self {
            Self::Dataspace => 0x01,
            Self::Datatype => 0x03,
            Self::OldFillValue | Self::FillValue => 0x05,
            Self::FilterPipeline => 0x0b,
            Self::Attribute => 0x0c,
            _ => return None,
        })
    }
}

/// One message of a header.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub kind: MessageKind,
    /// Whether its bytes say only where it is.
    pub is_shared: bool,
    pub bytes: Box<[u8]>,
}

/// Bits of the flags of a message.
const SHARED: u8 = 1 << 1;
const FAIL_IF_UNKNOWN: u8 = 1 << 7;

/// What the blocks of one header may have together.
const LARGEST: u64 = 64 << 20;

const WHAT: &str = "object header";
const CONTINUATION: &str = "continuation of an object header";

/// Reads the messages of the object at an address, without those that say nothing to a reader.
///
/// # Errors
/// `Corrupt`; `Unsupported` for versions above 2, and for an unknown message that must be known.
pub(super) fn read(input: &Input, address: u64) -> Result<Vec<Message>> {
    // The longest head is that of version 2 with times, phase change and a size of eight bytes.
    let most = 34.min(input.size().saturating_sub(address));
    let head = input.structure(address, most.max(16), WHAT)?;
    let fields = input.cursor(&head, WHAT);
    let mut blocks =
        Blocks { input, layout: Layout::Old, waiting: Vec::new(), seen: HashSet::new(), size: 0 };
    let mut messages = Vec::new();
    if head.starts_with(b"OHDR") {
        blocks.first_new(fields, address, &mut messages)?;
    } else {
        blocks.first_old(fields, address, &mut messages)?;
    }
    while let Some((address, size)) = blocks.waiting.pop() {
        blocks.next(address, size, &mut messages)?;
    }
    Ok(messages)
}

/// How the messages of a header are laid out.
#[derive(Clone, Copy)]
enum Layout {
    /// Of version 1.
    Old,
    /// Of version 2, where messages may have the order of their creation.
    New { with_order: bool },
}

/// The blocks of one header.
struct Blocks<'a> {
    input: &'a Input,
    layout: Layout,
    waiting: Vec<(u64, u64)>,
    seen: HashSet<u64>,
    size: u64,
}

impl Blocks<'_> {
    fn first_old(&mut self, mut head: Cursor<'_>, address: u64, messages: &mut Vec<Message>) -> Result<()> {
        let version = head.u8()?;
        if version != 1 {
            return Err(head.corrupt(format!("there is none at byte {address}")));
        }
        head.take(7)?;
        let size = u64::from(head.u32()?);
        let block = self.read(address.saturating_add(16), size, WHAT)?;
        self.decode(self.input.cursor(&block, WHAT), messages)
    }

    fn first_new(&mut self, mut head: Cursor<'_>, address: u64, messages: &mut Vec<Message>) -> Result<()> {
        let before = head.rest().len();
        head.take(4)?;
        let version = head.u8()?;
        if version != 2 {
            return Err(head.unsupported(format!("version {version}")));
        }
        let flags = head.u8()?;
        self.layout = Layout::New { with_order: flags & 1 << 2 != 0 };
        let times = if flags & 1 << 5 == 0 { 0 } else { 16 };
        let phase_change = if flags & 1 << 4 == 0 { 0 } else { 4 };
        head.take(times)?;
        head.take(phase_change)?;
        let size = head.uint_of_power(flags & 3)?;
        let taken = before.saturating_sub(head.rest().len());
        let whole = size.saturating_add(taken as u64).saturating_add(4);
        let block = self.read(address, whole, WHAT)?;
        let body = verified(&block, WHAT)?;
        self.decode(self.input.cursor(body.get(taken..).unwrap_or_default(), WHAT), messages)
    }

    fn next(&mut self, address: u64, size: u64, messages: &mut Vec<Message>) -> Result<()> {
        let block = self.read(address, size, CONTINUATION)?;
        let mut fields = self.input.cursor(&block, CONTINUATION);
        if matches!(self.layout, Layout::New { .. }) {
            fields = self.input.cursor(verified(&block, CONTINUATION)?, CONTINUATION);
            fields.signature(*b"OCHK")?;
        }
        self.decode(fields, messages)
    }

    /// Reads a block, once.
    fn read(&mut self, address: u64, size: u64, what: &'static str) -> Result<Vec<u8>> {
        let fields = self.input.cursor(&[], what);
        if !self.seen.insert(address) {
            return Err(fields.corrupt("it goes on where it has been before"));
        }
        self.size = self.size.saturating_add(size);
        if self.size > LARGEST.min(self.input.size()) {
            return Err(fields.corrupt(format!("it would have {} bytes", self.size)));
        }
        self.input.structure(address, size, what)
    }

    fn decode(&mut self, mut fields: Cursor<'_>, messages: &mut Vec<Message>) -> Result<()> {
        let head = match self.layout {
            Layout::Old => 8,
            Layout::New { with_order: false } => 4,
            Layout::New { with_order: true } => 6,
        };
        // What is shorter than the head of a message is a gap.
        while fields.rest().len() >= head {
            let number = match self.layout {
                Layout::Old => fields.u16()?,
                Layout::New { .. } => u16::from(fields.u8()?),
            };
            let size = fields.u16()?;
            let flags = fields.u8()?;
            match self.layout {
                Layout::Old => fields.take(3)?,
                Layout::New { with_order } => fields.take(if with_order { 2 } else { 0 })?,
            };
            let bytes = fields.take(usize::from(size))?;
            match MessageKind::of(number) {
                Some(MessageKind::Continuation) => {
                    let mut place = self.input.cursor(bytes, "continuation message");
                    let Some(address) = place.address()? else {
                        return Err(place.corrupt("it has no address"));
                    };
                    self.waiting.push((address, place.length()?));
                }
                Some(MessageKind::Other) => {}
                Some(kind) => {
                    messages.push(Message { kind, is_shared: flags & SHARED != 0, bytes: bytes.into() });
                }
                None if flags & FAIL_IF_UNKNOWN != 0 => return Err(unknown_message(number)),
                None => {}
            }
        }
        Ok(())
    }
}

fn unknown_message(number: u16) -> Error {
    let message =
        format!("the object has a message of type {number:#06x}, without which it cannot be understood");
    Error::new(ErrorKind::Unsupported, message)
}
