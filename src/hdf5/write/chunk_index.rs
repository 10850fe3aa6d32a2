//! The index of the chunks of a dataset: a version 1 B-tree of node type 1 (III.A.1).

use std::io::{Seek, Write};

use super::address::UNDEFINED;
use super::sink::Sink;
use crate::error::Result;

/// The children that a node has room for: twice the 32 that superblock version 0 takes for granted.
const CHILDREN: usize = 64;

/// Finds the chunks of one dataset, which come in the order of their indices.
///
/// In memory is one open node for each level. A node is written when the one on its right is begun, since each says where
/// the other is; only the first of a level needs no place reserved for it, so that small datasets cost no seeking.
#[derive(Debug)]
pub(super) struct ChunkIndex {
    /// The elements of a chunk along each axis, then the bytes of an element.
    chunk: Vec<u64>,
    /// From the leaves up.
    levels: Vec<Node>,
    last: Option<Vec<u64>>,
}

/// A node that takes children.
#[derive(Debug)]
struct Node {
    /// Where it will be, once that is known.
    address: Option<u64>,
    left: Option<u64>,
    /// Keys and children in turn.
    entries: Vec<u8>,
    children: u16,
}

impl Node {
    fn new(address: Option<u64>, left: Option<u64>) -> Self {
        Self { address, left, entries: Vec::new(), children: 0 }
    }

    fn push(&mut self, key: &[u8], child: u64) {
        self.entries.extend_from_slice(key);
        self.entries.extend_from_slice(&child.to_le_bytes());
        self.children += 1;
    }

    fn is_full(&self) -> bool {
        usize::from(self.children) == CHILDREN
    }

    /// Encodes the node; `end` is the key on the right of its last child.
    fn encode(&self, level: usize, right: Option<u64>, end: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(node_size(end.len()));
        out.extend_from_slice(b"TREE\x01");
        out.push(level.to_le_bytes()[0]);
        out.extend_from_slice(&self.children.to_le_bytes());
        for sibling in [self.left, right] {
            out.extend_from_slice(&sibling.unwrap_or(UNDEFINED).to_le_bytes());
        }
        out.extend_from_slice(&self.entries);
        out.extend_from_slice(end);
        out.resize(node_size(end.len()), 0);
        out
    }
}

fn node_size(key: usize) -> usize {
    24 + CHILDREN * (key + 8) + key
}

impl ChunkIndex {
    /// Begins an index of chunks of this shape, whose elements have so many bytes.
    pub(super) fn new(chunk: &[u64], element: u64) -> Self {
        let chunk = chunk.iter().copied().chain([element]).collect();
        Self { chunk, levels: Vec::new(), last: None }
    }

    /// Gives the index of the last chunk.
    pub(super) fn last(&self) -> Option<&[u64]> {
        self.last.as_deref()
    }

    /// Adds a chunk of `size` stored bytes behind all others.
    pub(super) fn push<W: Write + Seek>(
        &mut self,
        sink: &mut Sink<W>,
        index: &[u64],
        (address, size): (u64, u32),
    ) -> Result<()> {
        let key = self.key(size, index.iter().copied().chain([0]));
        self.last = Some(index.to_vec());
        self.insert(sink, 0, &key, address)
    }

    /// Writes what is not written yet; gives the address of the root, or the one that stands for none.
    pub(super) fn finish<W: Write + Seek>(mut self, sink: &mut Sink<W>) -> Result<u64> {
        let Some(last) = self.last.take() else { return Ok(UNDEFINED) };
        let end = self.key(0, last.iter().map(|at| at + 1).chain([1]));
        let mut level = 0;
        loop {
            let node = std::mem::replace(&mut self.levels[level], Node::new(None, None));
            let address = place(sink, node.address, end.len())?;
            sink.write_at(address, &node.encode(level, None, &end))?;
            if node.left.is_none() {
                return Ok(address);
            }
            level += 1;
            self.insert(sink, level, &node.entries[..end.len()], address)?;
        }
    }

    fn insert<W: Write + Seek>(
        &mut self,
        sink: &mut Sink<W>,
        level: usize,
        key: &[u8],
        child: u64,
    ) -> Result<()> {
        if self.levels.len() == level {
            self.levels.push(Node::new(None, None));
        }
        if self.levels[level].is_full() {
            let address = place(sink, self.levels[level].address, key.len())?;
            let right = place(sink, None, key.len())?;
            let full = std::mem::replace(&mut self.levels[level], Node::new(Some(right), Some(address)));
            sink.write_at(address, &full.encode(level, Some(right), key))?;
            self.insert(sink, level + 1, &full.entries[..key.len()], address)?;
        }
        self.levels[level].push(key, child);
        Ok(())
    }

    /// Encodes a key: the stored size, no filter left out, the first element of the chunk.
    fn key(&self, size: u32, index: impl Iterator<Item = u64>) -> Vec<u8> {
        let mut key = Vec::with_capacity(8 + 8 * self.chunk.len());
        key.extend_from_slice(&size.to_le_bytes());
        key.extend_from_slice(&[0; 4]);
        for (at, length) in index.zip(&self.chunk) {
            key.extend_from_slice(&at.saturating_mul(*length).to_le_bytes());
        }
        key
    }
}

/// The place of a node: the one that it has, or a new one.
fn place<W: Write + Seek>(sink: &mut Sink<W>, address: Option<u64>, key: usize) -> Result<u64> {
    address.map_or_else(|| sink.reserve(node_size(key) as u64), Ok)
}
