//! Symbol tables: a version 1 B-tree over nodes of entries, whose names a local heap has (III.A.1, III.B, III.C).

use std::collections::HashSet;

use super::local_heap::LocalHeap;
use super::{Link, Links, Target};
use crate::error::Result;
use crate::hdf5::read::budget::Budget;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::Input;

const TREE: &str = "B-tree of a group";
const NODE: &str = "symbol table node";

/// The entry of a soft link.
const SOFT: u32 = 2;

/// Reads the links that a symbol table message names the tree and the heap of.
pub(super) fn read(input: &Input, message: &[u8], links: &mut Links) -> Result<()> {
    let mut fields = input.cursor(message, "symbol table message");
    let (tree, heap) = (fields.address()?, fields.address()?);
    let (Some(tree), Some(heap)) = (tree, heap) else {
        return Err(fields.corrupt("it names no tree or no heap"));
    };
    let heap = LocalHeap::read(input, heap)?;
    let mut seen = HashSet::new();
    // The root says how deep the tree is.
    let mut waiting = vec![Waiting::Tree(tree, None)];
    while let Some(next) = waiting.pop() {
        let (Waiting::Tree(address, _) | Waiting::Symbols(address)) = next;
        if !seen.insert(address) {
            links
                .found
                .fail(input.cursor(&[], TREE).corrupt(format!("the node at byte {address} is in it twice")));
            continue;
        }
        match next {
            Waiting::Tree(address, level) => match children(input, address, level, &mut links.budget) {
                Ok(children) => waiting.extend(children.into_iter().rev()),
                Err(error) => links.found.fail(error),
            },
            Waiting::Symbols(address) => symbols(input, address, &heap, links)?,
        }
    }
    Ok(())
}

/// A node that is still to be read.
enum Waiting {
    /// One of the tree, at a level that is known but for the root.
    Tree(u64, Option<u8>),
    Symbols(u64),
}

/// Reads a node of the tree.
fn children(input: &Input, address: u64, expected: Option<u8>, budget: &mut Budget) -> Result<Vec<Waiting>> {
    let [offset, length] = [input.sizes().offset, input.sizes().length].map(u64::from);
    let head_size = offset.saturating_mul(2).saturating_add(8);
    let head = input.structure(address, head_size, TREE)?;
    let mut fields = input.cursor(&head, TREE);
    fields.signature(*b"TREE")?;
    let [kind, level] = fields.array()?;
    if kind != 0 {
        return Err(fields.corrupt(format!("its nodes are of type {kind}")));
    }
    if expected.is_some_and(|expected| expected != level) {
        return Err(fields.corrupt(format!("a node of level {level} where another level was")));
    }
    let count = fields.u16()?;
    let size = u64::from(count).saturating_mul(length.saturating_add(offset));
    budget.spend(size)?;
    let bytes = input.structure(address.saturating_add(head_size), size, TREE)?;
    let mut fields = input.cursor(&bytes, TREE);
    let mut children = Vec::new();
    for _ in 0..count {
        let _key = fields.length()?;
        let Some(child) = fields.address()? else { return Err(fields.corrupt("a child has no address")) };
        children.push(match level.checked_sub(1) {
            Some(below) => Waiting::Tree(child, Some(below)),
            None => Waiting::Symbols(child),
        });
    }
    Ok(children)
}

/// Reads the entries of a symbol table node; fails only where the budget ends.
fn symbols(input: &Input, address: u64, heap: &LocalHeap<'_>, links: &mut Links) -> Result<()> {
    let entry_size = usize::from(input.sizes().offset).saturating_add(usize::from(input.sizes().length));
    let entry_size = entry_size.saturating_add(24);
    let read = || {
        let head = input.structure(address, 8, NODE)?;
        let mut fields = input.cursor(&head, NODE);
        fields.signature(*b"SNOD")?;
        let [version, _reserved] = fields.array()?;
        if version != 1 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        let size = u64::from(fields.u16()?).saturating_mul(entry_size as u64);
        input.structure(address.saturating_add(8), size, NODE)
    };
    let entries = match read() {
        Ok(entries) => entries,
        Err(error) => {
            links.found.fail(error);
            return Ok(());
        }
    };
    for entry in entries.chunks_exact(entry_size) {
        let link = decode_entry(input.cursor(entry, NODE), heap);
        let name = link.as_ref().map_or(0, |link| link.name.len());
        links.budget.spend(entry_size.saturating_add(name) as u64)?;
        links.found.push(link);
    }
    Ok(())
}

fn decode_entry(mut fields: Cursor<'_>, heap: &LocalHeap<'_>) -> Result<Link> {
    let name = heap.text(fields.length()?)?;
    let header = fields.address()?;
    let cached = fields.u32()?;
    fields.take(4)?;
    if name.is_empty() {
        return Err(fields.corrupt("an entry has no name"));
    }
    let target = match header {
        _ if cached == SOFT => Target::Soft(heap.text(u64::from(fields.u32()?))?),
        Some(address) => Target::Hard(address),
        None => return Err(fields.corrupt(format!("{name:?} has no address"))),
    };
    Ok(Link { name, target })
}
