//! The links of groups, in all the ways that groups have them.

mod known;
mod link_message;
mod local_heap;
mod symbol_table;

use std::collections::HashSet;

use super::budget::Budget;
use super::file::File;
use super::found::Found;
use super::fractal_heap::FractalHeap;
use super::input::Input;
use super::object_header::{Message, MessageKind};
use super::tree2::Tree2;
use crate::error::Result;

pub use known::GroupLinks;
pub(super) use known::LastLinks;
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

/// Gives the links of a group in the order of their names, as far as they can be read.
pub(super) fn read(file: &File, messages: &[Message]) -> Found<Link> {
    let mut links = Links { found: Found::new(), budget: Budget::new(file.input(), "group") };
    for message in messages {
        let done = match message.kind {
            MessageKind::Link => {
                links.found.push(link_message::decode(file.input().cursor(&message.bytes, MESSAGE)));
                Ok(())
            }
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

/// The links of one group, and what may still be read for them.
struct Links {
    found: Found<Link>,
    budget: Budget,
}

const MESSAGE: &str = "link message";

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
    let creation_order = if flags & 2 == 0 { None } else { fields.address()? };
    let (Some(heap), Some(names)) = (heap, names) else { return Ok(()) };
    let heap = FractalHeap::read(input, heap)?;
    let by_name = indexed(input, &heap, (names, Index::Name), links);
    let Some(creation_order) = creation_order.filter(|_| by_name.is_err() || !links.found.errors.is_empty())
    else {
        return by_name;
    };
    // What one index has lost, the other may still have.
    by_name.unwrap_or_else(|error| links.found.fail(error));
    let known: HashSet<String> = links.found.items.iter().map(|link| link.name.clone()).collect();
    let mut others = Links { found: Found::new(), budget: Budget::new(input, "group") };
    let by_order = indexed(input, &heap, (creation_order, Index::CreationOrder), &mut others);
    links.found.items.extend(others.found.items.into_iter().filter(|link| !known.contains(&link.name)));
    by_order
}

/// What an index is sorted by.
#[derive(Clone, Copy)]
enum Index {
    /// The checksums of the names.
    Name,
    CreationOrder,
}

/// Reads the links that an index has.
fn indexed(
    input: &Input,
    heap: &FractalHeap<'_>,
    (tree, index): (u64, Index),
    links: &mut Links,
) -> Result<()> {
    let (kind, key) = match index {
        Index::Name => (5, 4),
        Index::CreationOrder => (6, 8),
    };
    let Links { found, budget } = links;
    Tree2::open(input, tree, kind)?.each_or_error(input, |record| {
        let link = record.and_then(|mut record| {
            record.take(key)?;
            heap.object(record.take(heap.identifier_size())?)
        });
        budget.spend(link.as_ref().map_or(0, |bytes| bytes.len() as u64))?;
        found.push(link.and_then(|bytes| link_message::decode(input.cursor(&bytes, MESSAGE))));
        Ok(())
    })
}
