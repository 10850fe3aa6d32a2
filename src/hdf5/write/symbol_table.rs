//! The links of a group: names in a local heap, entries in symbol table nodes, a version 1 B-tree over those.

use super::address::{UNDEFINED, pad};
use super::group::Object;

/// Half of the entries that a symbol table node has room for.
pub(super) const LEAF_K: u16 = 4;

/// Half of the children that a B-tree node has room for.
pub(super) const INTERNAL_K: u16 = 16;

/// The entries that a symbol table node has room for.
pub(super) const NODE_ENTRIES: usize = 2 * LEAF_K as usize;

/// The children that a B-tree node has room for.
pub(super) const TREE_CHILDREN: usize = 2 * INTERNAL_K as usize;

/// The bytes of a B-tree node: head, keys around the children, children.
pub(super) const TREE_NODE_SIZE: usize = 24 + 8 * (2 * TREE_CHILDREN + 1);

const ENTRY_SIZE: usize = 40;

/// The names of one group (III.D).
pub(super) struct LocalHeap {
    segment: Vec<u8>,
}

impl LocalHeap {
    /// Begins with the empty name, which the first key of every B-tree refers to.
    pub(super) fn new() -> Self {
        Self { segment: vec![0; 8] }
    }

    /// Adds a name and gives its offset.
    pub(super) fn insert(&mut self, name: &str) -> u64 {
        let offset = self.segment.len() as u64;
        self.segment.extend_from_slice(name.as_bytes());
        self.segment.push(0);
        pad(&mut self.segment);
        offset
    }

    /// Encodes the heap for `address`, the data segment right behind the head.
    pub(super) fn encode(&self, address: u64) -> Vec<u8> {
        const HEAD: u64 = 32;
        const NO_FREE_BLOCK: u64 = 1;
        let mut out = Vec::with_capacity(32 + self.segment.len());
        out.extend_from_slice(b"HEAP\0\0\0\0");
        for field in [self.segment.len() as u64, NO_FREE_BLOCK, address + HEAD] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        out.extend_from_slice(&self.segment);
        out
    }
}

/// Appends a symbol table entry (III.C); a group brings the addresses of its links along.
pub(super) fn encode_entry(name_offset: u64, object: &Object, out: &mut Vec<u8>) {
    out.extend_from_slice(&name_offset.to_le_bytes());
    out.extend_from_slice(&object.header.to_le_bytes());
    let (cached, tree, heap) = object.links.map_or((0, 0, 0), |links| (1_u32, links.tree, links.heap));
    out.extend_from_slice(&cached.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&tree.to_le_bytes());
    out.extend_from_slice(&heap.to_le_bytes());
}

/// Encodes a symbol table node (III.B) of at most [`NODE_ENTRIES`] name offsets and objects.
pub(super) fn encode_node(entries: &[(u64, Object)]) -> Vec<u8> {
    const SIZE: usize = 8 + NODE_ENTRIES * ENTRY_SIZE;
    let mut out = Vec::with_capacity(SIZE);
    out.extend_from_slice(b"SNOD\x01\0");
    out.extend_from_slice(&entries.len().to_le_bytes()[..2]);
    for (name, object) in entries {
        encode_entry(*name, object, &mut out);
    }
    out.resize(SIZE, 0);
    out
}

/// A node that its parent has yet to refer to.
#[derive(Clone, Copy)]
pub(super) struct Child {
    pub(super) address: u64,
    /// The offset of the last name below it, the key on its right.
    pub(super) last_name: u64,
}

/// A node of the B-tree among its siblings of the same level.
pub(super) struct TreeNode<'a> {
    /// 0 when the children are symbol table nodes.
    pub(super) level: u8,
    pub(super) left: Option<u64>,
    pub(super) right: Option<u64>,
    /// The key on the left of the first child: the last name of the node before, the empty name at the
    /// beginning.
    pub(super) first_key: u64,
    /// At most [`TREE_CHILDREN`].
    pub(super) children: &'a [Child],
}

impl TreeNode<'_> {
    /// Encodes the node (III.A.1, node type 0).
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TREE_NODE_SIZE);
        out.extend_from_slice(b"TREE\0");
        out.push(self.level);
        out.extend_from_slice(&self.children.len().to_le_bytes()[..2]);
        for field in [self.left.unwrap_or(UNDEFINED), self.right.unwrap_or(UNDEFINED), self.first_key] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        for child in self.children {
            out.extend_from_slice(&child.address.to_le_bytes());
            out.extend_from_slice(&child.last_name.to_le_bytes());
        }
        out.resize(TREE_NODE_SIZE, 0);
        out
    }
}
