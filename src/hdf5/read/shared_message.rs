//! Messages that several objects share: where one of them is (IV.A.2, “Shared Message”; IV.A.2.p).

use super::checksum::verified;
use super::fractal_heap::FractalHeap;
use super::input::Input;
use super::object_header::{self, MessageKind};
use crate::error::Result;

const TABLE: &str = "table of shared messages";
const REFERENCE: &str = "shared message";

/// The heaps of the messages that no object owns, by the kinds of messages.
///
/// Lists and B-trees of the table tell who writes which messages are there already; who reads needs none of them.
#[derive(Clone, Debug, Default)]
pub(super) struct SharedMessages {
    heaps: Vec<Heap>,
}

#[derive(Clone, Copy, Debug)]
struct Heap {
    /// A bit for each kind, by its number.
    kinds: u16,
    address: Option<u64>,
}

impl SharedMessages {
    /// Reads the table that a message of the superblock extension names.
    pub fn read(input: &Input, message: &[u8]) -> Result<Self> {
        let mut fields = input.cursor(message, "message about shared messages");
        let version = fields.u8()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        let (table, count) = (fields.address()?, fields.u8()?);
        let Some(table) = table else { return Ok(Self::default()) };
        let offsets = u64::from(input.sizes().offset).saturating_mul(2);
        let size = u64::from(count).saturating_mul(offsets.saturating_add(14)).saturating_add(8);
        let bytes = input.structure(table, size, TABLE)?;
        let mut fields = input.cursor(verified(&bytes, TABLE)?, TABLE);
        fields.signature(*b"SMTB")?;
        let heap = |_| {
            let version = fields.u8()?;
            if version != 0 {
                return Err(fields.unsupported(format!("version {version}")));
            }
            let _index_type = fields.u8()?;
            let kinds = fields.u16()?;
            // Least size, the two cutoffs between list and tree, the number of messages.
            fields.take(10)?;
            let _index = fields.address()?;
            Ok(Heap { kinds, address: fields.address()? })
        };
        Ok(Self { heaps: (0..count).map(heap).collect::<Result<_>>()? })
    }

    /// Gives the message that a reference leads to.
    ///
    /// # Errors
    /// `Corrupt` where there is none of the kind; `Unsupported` for versions above 3.
    pub fn resolve(&self, input: &Input, kind: MessageKind, reference: &[u8]) -> Result<Vec<u8>> {
        const IN_HEAP: u8 = 1;
        let mut fields = input.cursor(reference, REFERENCE);
        let [version, place] = fields.array()?;
        match version {
            1 => {
                fields.take(6)?;
                // The offset of a name, which such entries do not have.
                fields.length()?;
            }
            3 if place == IN_HEAP => return self.in_heap(input, kind, fields.take(8)?),
            2 | 3 => {}
            _ => return Err(fields.unsupported(format!("version {version}"))),
        }
        let Some(address) = fields.address()? else { return Err(fields.corrupt("it has no address")) };
        let messages = object_header::read(input, address)?;
        match messages.into_iter().find(|message| message.kind == kind) {
            Some(message) if !message.is_shared => Ok(message.bytes.into()),
            Some(_) => Err(fields.corrupt(format!("the one at byte {address} is shared itself"))),
            None => Err(fields.corrupt(format!("there is none of its kind at byte {address}"))),
        }
    }

    /// Gives the message of a kind that an identifier in its heap leads to.
    pub fn in_heap(&self, input: &Input, kind: MessageKind, identifier: &[u8]) -> Result<Vec<u8>> {
        let fields = input.cursor(identifier, REFERENCE);
        let bit = kind.shareable().and_then(|number| 1_u16.checked_shl(number));
        let heap = self.heaps.iter().find(|heap| bit.is_some_and(|bit| heap.kinds & bit != 0));
        let Some(address) = heap.and_then(|heap| heap.address) else {
            return Err(fields.corrupt("the file has no heap for it"));
        };
        FractalHeap::read(input, address)?.object(identifier)
    }
}
