//! The writer: encodes structures where the file ends, and keeps their addresses.

use std::io::{Seek, Write};
use std::path::PathBuf;

use super::attribute::{self, Attribute};
use super::datatype::Datatype;
use super::global_heap::GlobalHeap;
use super::group::{Group, Object, SymbolTable};
use super::object_header::{MessageKind, ObjectHeader};
use super::sink::Sink;
use super::superblock;
use super::symbol_table::{
    Child, LocalHeap, NODE_ENTRIES, TREE_CHILDREN, TREE_NODE_SIZE, TreeNode, encode_node,
};
use crate::error::{Error, ErrorKind, Result};

/// Writes one HDF5 file, children before the groups that hold them.
///
/// Every object that is written is to be inserted in a [`Group`], every group to be written in turn, and the
/// root group ends the file. What is not linked is in the file, but out of reach. Writes are small: the sink
/// should be buffered. The same calls give the same bytes.
///
/// After an error the file can go on and be finished: what met it is missing, for a group with all below it.
#[derive(Debug)]
pub struct Writer<W> {
    pub(super) sink: Sink<W>,
    strings: GlobalHeap,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a file in `sink`, which is to be empty; `file` is its name, for error messages.
    ///
    /// # Errors
    /// What the sink says.
    pub fn new(sink: W, file: impl Into<PathBuf>) -> Result<Self> {
        let mut sink = Sink::new(sink, file.into());
        sink.append(&[0; superblock::SIZE])?;
        Ok(Self { sink, strings: GlobalHeap::default() })
    }

    /// Stores strings and gives the references that stand for them in datasets and attributes.
    ///
    /// # Errors
    /// `Unsupported` for a string of 4 GiB or more, or one with a NUL; otherwise what the sink says.
    pub fn strings<S: AsRef<str>>(&mut self, strings: &[S]) -> Result<Vec<[u8; 16]>> {
        strings.iter().map(|string| self.strings.insert(&mut self.sink, string.as_ref())).collect()
    }

    /// Stores a list of references to objects and gives what stands for it in an element of
    /// [`Datatype::References`].
    ///
    /// # Errors
    /// `Unsupported` for 2³² references; otherwise what the sink says.
    pub fn references(&mut self, references: &[[u8; 8]]) -> Result<[u8; 16]> {
        let length = u32::try_from(references.len())
            .map_err(|_| Error::new(ErrorKind::Unsupported, "HDF5 has no list of 2³² references"))?;
        self.strings.insert_sequence(&mut self.sink, length, references.as_flattened())
    }

    /// Stores strings and makes an attribute of them.
    ///
    /// # Shape
    /// `[]` for one string, `[n]` for a list.
    ///
    /// # Errors
    /// As [`strings`](Self::strings) and [`Attribute::new`].
    pub fn string_attribute<S: AsRef<str>>(
        &mut self,
        name: impl Into<String>,
        shape: &[u64],
        strings: &[S],
    ) -> Result<Attribute> {
        let references = self.strings(strings)?;
        Attribute::new(name, &Datatype::String, shape, references.as_flattened())
    }

    /// Writes a group with its links and attributes.
    ///
    /// # Errors
    /// `InvalidInput` when two attributes have one name; `Unsupported` when there are too many; otherwise
    /// what the sink says.
    pub fn group(&mut self, group: Group, attributes: &[Attribute]) -> Result<Object> {
        let links = self.links(group)?;
        let mut header = ObjectHeader::default();
        let addresses = [links.tree.to_le_bytes(), links.heap.to_le_bytes()].concat();
        header.push(MessageKind::SymbolTable, &addresses)?;
        attribute::push_all(attributes, &mut header)?;
        Ok(Object { header: self.sink.append(&header.encode()?)?, links: Some(links) })
    }

    /// Writes the root group, then the superblock, and gives the sink back, flushed.
    ///
    /// # Errors
    /// As [`group`](Self::group).
    pub fn finish(mut self, root: Group, attributes: &[Attribute]) -> Result<W> {
        self.strings.flush(&mut self.sink)?;
        let root = self.group(root, attributes)?;
        self.sink.flush()?;
        let superblock = superblock::encode(&root, self.sink.end());
        self.sink.write_at(0, &superblock)?;
        self.sink.flush()?;
        Ok(self.sink.into_inner())
    }

    /// Writes the names, the symbol table nodes in their order, and the B-tree over them.
    fn links(&mut self, group: Group) -> Result<SymbolTable> {
        let mut names = LocalHeap::new();
        let entries: Vec<(u64, Object)> =
            group.into_links().map(|(name, object)| (names.insert(&name), object)).collect();
        let heap = names.encode(self.sink.next_address()?);
        let heap = self.sink.append(&heap)?;
        let mut children = Vec::with_capacity(entries.len().div_ceil(NODE_ENTRIES));
        for entries in entries.chunks(NODE_ENTRIES) {
            let address = self.sink.append(&encode_node(entries))?;
            children.push(Child { address, last_name: entries.last().map_or(0, |entry| entry.0) });
        }
        Ok(SymbolTable { tree: self.tree(children)?, heap })
    }

    /// Writes a B-tree from its lowest level up, and gives the address of its root.
    fn tree(&mut self, mut children: Vec<Child>) -> Result<u64> {
        let mut level = 0;
        loop {
            children = self.tree_level(level, &children)?;
            if let [root] = children[..] {
                return Ok(root.address);
            }
            level += 1;
        }
    }

    /// Writes the nodes of one level, at least one, side by side: so their addresses are known beforehand.
    fn tree_level(&mut self, level: u8, children: &[Child]) -> Result<Vec<Child>> {
        let count = children.len().div_ceil(TREE_CHILDREN).max(1);
        let mut nodes: Vec<Child> = Vec::with_capacity(count);
        for index in 0..count {
            let first = index * TREE_CHILDREN;
            let below = &children[first..children.len().min(first + TREE_CHILDREN)];
            let previous = nodes.last().copied();
            let address = self.sink.next_address()?;
            let node = TreeNode {
                level,
                left: previous.map(|node| node.address),
                right: (index + 1 < count).then_some(address + TREE_NODE_SIZE as u64),
                first_key: previous.map_or(0, |node| node.last_name),
                children: below,
            };
            self.sink.append(&node.encode())?;
            nodes.push(Child { address, last_name: below.last().map_or(0, |child| child.last_name) });
        }
        Ok(nodes)
    }
}
