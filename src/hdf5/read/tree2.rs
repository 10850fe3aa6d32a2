//! Version 2 B-trees, as records of bytes (III.A.2).

use std::collections::HashSet;

use super::budget::Budget;
use super::checksum::verified;
use super::cursor::{Cursor, width_of};
use super::input::Input;
use crate::error::Result;

const HEADER: &str = "header of a version 2 B-tree";
const NODE: &str = "node of a version 2 B-tree";

/// The bytes of a node that are neither records nor pointers: signature, version, type, checksum.
const NODE_OVERHEAD: u64 = 10;

/// A tree cannot be deeper: with two children each, its records would not fit into any file.
const DEEPEST: u16 = 64;

/// The tree of a header.
#[derive(Clone, Debug)]
pub(super) struct Tree2 {
    kind: u8,
    record_size: u16,
    root: Option<NodePointer>,
    /// How the pointers of a node look, by the depth of the node; those of leaves are none.
    pointers: Vec<PointerShape>,
    depth: u16,
}

#[derive(Clone, Copy, Debug)]
struct NodePointer {
    address: u64,
    records: u64,
}

/// The widths of the two counts that stand beside an address.
#[derive(Clone, Copy, Debug)]
struct PointerShape {
    records: u8,
    all_records: u8,
}

impl Tree2 {
    /// Reads the header of a tree whose records are of a kind.
    pub fn read(input: &Input, address: u64, expected: u8) -> Result<Self> {
        let sizes = input.sizes();
        let size = [22, sizes.offset, sizes.length].into_iter().map(u64::from).sum();
        let bytes = input.structure(address, size, HEADER)?;
        let mut fields = input.cursor(verified(&bytes, HEADER)?, HEADER);
        fields.signature(*b"BTHD")?;
        let [version, kind] = fields.array()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        if kind != expected {
            return Err(fields.corrupt(format!("its records are of type {kind}, not {expected}")));
        }
        let node_size = fields.u32()?;
        let (record_size, depth) = (fields.u16()?, fields.u16()?);
        fields.take(2)?;
        let root = fields.address()?;
        let records = u64::from(fields.u16()?);
        if record_size == 0 || depth > DEEPEST {
            return Err(fields.corrupt(format!("records of {record_size} bytes in {depth} levels")));
        }
        let pointers = pointer_shapes(u64::from(node_size), u64::from(record_size), depth, sizes.offset);
        let root = root.filter(|_| records > 0).map(|address| NodePointer { address, records });
        Ok(Self { kind, record_size, root, pointers, depth })
    }

    /// Gives each record to `each`, in the order of the tree, and an error for each node that cannot be read.
    ///
    /// # Errors
    /// The first that `each` gives, which ends it; `Corrupt` where the nodes have more bytes than the file.
    pub fn for_each(
        &self,
        input: &Input,
        mut each: impl FnMut(Result<Cursor<'_>>) -> Result<()>,
    ) -> Result<()> {
        let mut budget = Budget::new(input, "version 2 B-tree");
        let mut seen = HashSet::new();
        let mut waiting: Vec<Step> = self.root.map(|root| Step::Node(root, self.depth)).into_iter().collect();
        while let Some(step) = waiting.pop() {
            let (node, depth) = match step {
                Step::Node(node, depth) => (node, depth),
                Step::Record(record) => {
                    each(Ok(input.cursor(&record, "record of a version 2 B-tree")))?;
                    continue;
                }
            };
            if !seen.insert(node.address) {
                each(Err(input.cursor(&[], NODE).corrupt("it is in the tree twice")))?;
                continue;
            }
            budget.spend(self.node_size(input, node, depth))?;
            match self.node(input, node, depth) {
                Ok(steps) => waiting.extend(steps.into_iter().rev()),
                Err(error) => each(Err(error))?,
            }
        }
        Ok(())
    }

    /// How many bytes of a node are in use.
    fn node_size(&self, input: &Input, node: NodePointer, depth: u16) -> u64 {
        let pointer = self.shape(depth).map_or(0, |shape| shape.size(input.sizes().offset));
        let pointers = node.records.saturating_add(1).saturating_mul(pointer);
        let records = node.records.saturating_mul(u64::from(self.record_size));
        pointers.saturating_add(records).saturating_add(NODE_OVERHEAD)
    }

    /// How the pointers of a node look, if it has any.
    fn shape(&self, depth: u16) -> Option<PointerShape> {
        self.pointers.get(usize::from(depth)).copied().filter(|_| depth > 0)
    }

    /// Reads a node: what is in it, in order.
    fn node(&self, input: &Input, node: NodePointer, depth: u16) -> Result<Vec<Step>> {
        let bytes = input.structure(node.address, self.node_size(input, node, depth), NODE)?;
        let mut fields = input.cursor(verified(&bytes, NODE)?, NODE);
        fields.signature(if depth == 0 { *b"BTLF" } else { *b"BTIN" })?;
        let [version, kind] = fields.array()?;
        if version != 0 || kind != self.kind {
            return Err(fields.corrupt(format!("it has version {version} and type {kind}")));
        }
        let mut records = Vec::new();
        for _ in 0..node.records {
            records.push(Step::Record(fields.take(usize::from(self.record_size))?.into()));
        }
        let Some(shape) = self.shape(depth) else { return Ok(records) };
        let mut steps = Vec::new();
        let mut records = records.into_iter();
        for _ in 0..=node.records {
            let address = fields.address()?;
            let count = fields.uint(shape.records)?;
            fields.uint(shape.all_records)?;
            let Some(address) = address else { return Err(fields.corrupt("a child has no address")) };
            let child = NodePointer { address, records: count };
            steps.push(Step::Node(child, depth.saturating_sub(1)));
            steps.extend(records.next());
        }
        Ok(steps)
    }
}

/// What comes next.
#[derive(Debug)]
enum Step {
    Node(NodePointer, u16),
    Record(Box<[u8]>),
}

impl PointerShape {
    fn size(self, offset: u8) -> u64 {
        [offset, self.records, self.all_records].into_iter().map(u64::from).sum()
    }
}

/// How the pointers of nodes look, by their depth. The counts in them are as wide as the largest count needs that a node
/// below has room for.
fn pointer_shapes(node_size: u64, record_size: u64, depth: u16, offset: u8) -> Vec<PointerShape> {
    let room = node_size.saturating_sub(NODE_OVERHEAD);
    let in_leaf = room.checked_div(record_size).unwrap_or_default();
    let records = width_of(in_leaf);
    let mut shapes = vec![PointerShape { records, all_records: 0 }];
    let (mut below, mut all_records) = (in_leaf, 0);
    for _ in 0..depth {
        let shape = PointerShape { records, all_records };
        shapes.push(shape);
        let pointer = shape.size(offset);
        let here =
            room.saturating_sub(pointer).checked_div(record_size.saturating_add(pointer)).unwrap_or_default();
        below = here.saturating_add(1).saturating_mul(below).saturating_add(here);
        all_records = width_of(below);
    }
    shapes
}
