//! The links of groups, in all the ways that groups have them.

mod link_message;
mod local_heap;
mod symbol_table;

use super::cursor::Cursor;
use super::file::File;
use super::found::Found;
use super::fractal_heap::FractalHeap;
use super::input::{Input, corrupt};
use super::object_header::{Message, MessageKind};
use super::tree2::Tree2;
use crate::error::{Error, Result};

pub(super) use local_heap::LocalHeap;

/// What a group calls an object, or a place where one may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its name; what is no UTF-8 in it is replaced by U+FFFD.
    pub name: String,
    pub target: Target,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// To the object at this address. Objects may have several names, and a group may be below itself.
    Hard(u64),
    /// To whatever is at this path, from the root or from the group of the link.
    Soft(String),
    /// To what is at a path in another file.
    External { file: String, object: String },
    /// To where only a program knows that has defined this type of links.
    UserDefined(u8),
}

impl Link {
    /// How many bytes of a file it stands for.
    fn size(&self) -> u64 {
        let target = match &self.target {
            Target::Hard(_) | Target::UserDefined(_) => 0,
            Target::Soft(path) => path.len(),
            Target::External { file, object } => file.len().saturating_add(object.len()),
        };
        self.name.len().saturating_add(target) as u64
    }
}

/// Gives the links of a group in the order of their names, as far as they can be read.
pub(super) fn read(file: &File, messages: &[Message]) -> Found<Link> {
    let mut links = Links { found: Found::new(), rest: file.input().size() };
    for message in messages {
        let done = match message.kind {
            MessageKind::Link => links.push(link_message::decode(message_fields(file.input(), message))),
            MessageKind::SymbolTable => symbol_table::read(file.input(), &message.bytes, &mut links),
            MessageKind::LinkInfo => dense(file.input(), &message.bytes, &mut links),
            _ => Ok(()),
        };
        if let Err(error) = done {
            links.found.fail(error);
        }
    }
    links.found.items.sort_by(|a, b| a.name.cmp(&b.name));
    links.found
}

/// The links of one group, which together take no more memory than the file has bytes.
struct Links {
    found: Found<Link>,
    rest: u64,
}

impl Links {
    /// Adds a link or an error.
    ///
    /// # Errors
    /// `Corrupt` where the links have more bytes than the file: then one of its texts is the name of many.
    fn push(&mut self, link: Result<Link>) -> Result<()> {
        if let Ok(link) = &link {
            let rest = self.rest.checked_sub(link.size());
            self.rest = rest.ok_or_else(|| corrupt("group", "its links have more bytes than the file"))?;
        }
        self.found.push(link);
        Ok(())
    }

    fn fail(&mut self, error: Error) {
        self.found.fail(error);
    }
}

fn message_fields<'a>(input: &Input, message: &'a Message) -> Cursor<'a> {
    input.cursor(&message.bytes, "link message")
}

/// Reads the links that lie in a fractal heap, if there are any (IV.A.2.c).
fn dense(input: &Input, message: &[u8], links: &mut Links) -> Result<()> {
    let mut fields = input.cursor(message, "link info message");
    let [version, flags] = fields.array()?;
    if version != 0 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    if flags & 1 != 0 {
        let _largest_creation_index = fields.u64()?;
    }
    let (heap, names) = (fields.address()?, fields.address()?);
    let (Some(heap), Some(names)) = (heap, names) else { return Ok(()) };
    let heap = FractalHeap::read(input, heap)?;
    let tree = Tree2::read(input, names, &[5])?;
    let mut errors = Found::<()>::new();
    let mut overfull = Ok(());
    let each = |mut record: Cursor<'_>| {
        let link = record.u32().and_then(|_hash| {
            let bytes = heap.object(record.take(heap.identifier_size())?)?;
            link_message::decode(input.cursor(&bytes, "link message"))
        });
        overfull = links.push(link);
        overfull.is_ok()
    };
    tree.for_each(input, each, |error| errors.fail(error));
    errors.errors.into_iter().for_each(|error| links.fail(error));
    overfull
}
