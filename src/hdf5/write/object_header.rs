//! Object headers version 1 (IV.A.1.a): in one block, or a head and a block of messages elsewhere.

use super::address::pad;
use crate::error::{Error, ErrorKind, Result};

/// The most bytes that one message of an object header takes: a datatype or an attribute, padded to eight
/// bytes.
///
/// [`Datatype::message_size`](super::Datatype::message_size) and
/// [`Attribute::message_size`](super::Attribute::message_size) tell how many it will be.
pub const MAX_MESSAGE: u64 = 65_528;

/// The bytes of a header whose messages lie elsewhere: its head, and the one message that says where.
pub(super) const SPLIT_SIZE: u64 = 16 + 8 + 16;

/// What a message says.
#[derive(Clone, Copy, Debug)]
pub(super) enum MessageKind {
    Dataspace = 0x01,
    Datatype = 0x03,
    FillValue = 0x05,
    DataLayout = 0x08,
    FilterPipeline = 0x0b,
    Attribute = 0x0c,
    Continuation = 0x10,
    SymbolTable = 0x11,
}

impl MessageKind {
    fn name(self) -> &'static str {
        match self {
            Self::Dataspace => "a dataspace message",
            Self::Datatype => "a datatype message",
            Self::FillValue => "a fill value message",
            Self::DataLayout => "a data layout message",
            Self::FilterPipeline => "a filter pipeline message",
            Self::Attribute => "an attribute message",
            Self::Continuation => "a continuation message",
            Self::SymbolTable => "a symbol table message",
        }
    }

    /// Bit 0: the message never changes; libhdf5 sets it for these.
    fn flags(self) -> u8 {
        u8::from(matches!(self, Self::Datatype | Self::FillValue | Self::FilterPipeline))
    }
}

/// The messages that describe one object.
#[derive(Debug, Default)]
pub(super) struct ObjectHeader {
    messages: Vec<u8>,
    count: u16,
}

impl ObjectHeader {
    /// Adds a message.
    ///
    /// # Errors
    /// `Unsupported` when it is larger than [`MAX_MESSAGE`], or the 65,536th.
    pub(super) fn push(&mut self, kind: MessageKind, body: &[u8]) -> Result<()> {
        let size = check_size(kind, body.len() as u64)?;
        self.count = self.count.checked_add(1).ok_or_else(too_many)?;
        self.messages.extend_from_slice(&(kind as u16).to_le_bytes());
        self.messages.extend_from_slice(&size.to_le_bytes());
        self.messages.extend_from_slice(&[kind.flags(), 0, 0, 0]);
        self.messages.extend_from_slice(body);
        pad(&mut self.messages);
        Ok(())
    }

    /// Adds all messages of another header.
    ///
    /// # Errors
    /// `Unsupported` when there are more than 65,535 then.
    pub(super) fn extend(&mut self, other: &Self) -> Result<()> {
        self.count = self.count.checked_add(other.count).ok_or_else(too_many)?;
        self.messages.extend_from_slice(&other.messages);
        Ok(())
    }

    /// Encodes the whole header.
    ///
    /// # Errors
    /// `Unsupported` when its messages take 4 GiB or more.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        Ok([&self.encode_prefix(self.count)?, &*self.messages].concat())
    }

    /// Encodes the header in two parts: the messages, which lie at `address`, and a header of [`SPLIT_SIZE`] bytes that
    /// continues there.
    ///
    /// # Errors
    /// As [`encode`](Self::encode), and `Unsupported` for the 65,535th message.
    pub(super) fn split(self, address: u64) -> Result<(Vec<u8>, Vec<u8>)> {
        let mut first = Self::default();
        let length = self.messages.len() as u64;
        let place = [address.to_le_bytes(), length.to_le_bytes()].concat();
        first.push(MessageKind::Continuation, &place)?;
        let count = self.count.checked_add(1).ok_or_else(too_many)?;
        Ok(([&first.encode_prefix(count)?, &*first.messages].concat(), self.messages))
    }

    fn encode_prefix(&self, count: u16) -> Result<Vec<u8>> {
        let size = u32::try_from(self.messages.len()).map_err(|_| {
            Error::new(ErrorKind::Unsupported, "the attributes of an object take 4 GiB or more")
        })?;
        let mut out = Vec::with_capacity(16 + self.messages.len());
        out.extend_from_slice(&[1, 0]);
        out.extend_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&1_u32.to_le_bytes()); // one link refers to it
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        Ok(out)
    }
}

fn too_many() -> Error {
    Error::new(ErrorKind::Unsupported, "an object has more than 65,535 attributes and other messages")
}

/// Gives the padded size of a message of `size` bytes.
///
/// # Errors
/// `Unsupported` when it is larger than [`MAX_MESSAGE`].
pub(super) fn check_size(kind: MessageKind, size: u64) -> Result<u16> {
    let padded = size.checked_next_multiple_of(8).filter(|&padded| padded <= MAX_MESSAGE);
    padded.and_then(|padded| u16::try_from(padded).ok()).ok_or_else(|| {
        let name = kind.name();
        let message = format!("{name} of {size} bytes is over the {MAX_MESSAGE} that HDF5 has room for");
        Error::new(ErrorKind::Unsupported, message)
    })
}
