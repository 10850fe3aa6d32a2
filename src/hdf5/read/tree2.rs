//! Version 2 B-trees, as records of bytes (III.A.2).

use std::collections::HashSet;

use super::budget::Budget;
use super::checksum::verified;
use super::cursor::{Cursor, width_of};
use super::input::{Input, corrupt};
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
    total: u64,
    /// How many records the file has bytes for.
    most: u64,
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
    ///
    /// # Errors
    /// `Corrupt` where it is damaged, or its records are of another kind.
    pub fn open(input: &Input, address: u64, expected: u8) -> Result<Self> {
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
        let (records, total) = (u64::from(fields.u16()?), fields.length()?);
        if record_size == 0 || depth > DEEPEST {
            return Err(fields.corrupt(format!("records of {record_size} bytes in {depth} levels")));
        }
        let pointers = pointer_shapes(u64::from(node_size), u64::from(record_size), depth, sizes.offset);
        let root = root.filter(|_| records > 0).map(|address| NodePointer { address, records });
        let most = input.size().checked_div(u64::from(record_size)).unwrap_or_default();
        Ok(Self { kind, record_size, total, most, root, pointers, depth })
    }

    /// How many records there are, as the header says; no more than the file has bytes for.
    pub fn len(&self) -> u64 {
        self.total.min(self.most)
    }

    /// How many bytes each record takes.
    pub fn record_size(&self) -> u16 {
        self.record_size
    }

    /// Gives all records in the order of the tree.
    ///
    /// # Errors
    /// `Corrupt` where a node is damaged, or there are more or less records than the header says; whatever `each` gives.
    pub fn each(&self, input: &Input, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let mut count = 0_u64;
        self.each_or_error(input, |record| {
            count = count.saturating_add(1);
            each(record?.rest())
        })?;
        if count == self.total {
            return Ok(());
        }
        Err(corrupt(NODE, format!("there are {count} of {} records", self.total)))
    }

    /// Gives each record that can be read, in the order of the tree, and an error for each node that cannot.
    ///
    /// # Errors
    /// The first that `each` gives, which ends it; `Corrupt` where the nodes have more bytes than the file.
    pub fn each_or_error(
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hdf5::read::checksum::lookup3;
    use crate::hdf5::read::input::Sizes;
    use crate::hdf5::read::tests::Bytes;

    /// The nodes of 512 bytes that libhdf5 gives to the names of links, with records of eleven bytes.
    #[test]
    fn counts_are_as_wide_as_the_nodes_below_can_need() {
        let widths: Vec<_> = pointer_shapes(512, 11, 3, 8)
            .into_iter()
            .map(|shape| (shape.records, shape.all_records, shape.size(8)))
            .collect();
        assert_eq!(widths, [(1, 0, 9), (1, 0, 9), (1, 2, 11), (1, 2, 11)]);
        let wide = pointer_shapes(4096, 4, 1, 8);
        assert_eq!(wide[1].records, 2, "a leaf has room for 1021 records");
    }

    fn put(bytes: &mut [u8], at: usize, parts: &[&[u8]]) {
        let mut structure = parts.concat();
        structure.extend_from_slice(&lookup3(&structure).to_le_bytes());
        bytes[at..at + structure.len()].copy_from_slice(&structure);
    }

    fn pointer(address: u64, records: u8) -> Vec<u8> {
        [&address.to_le_bytes()[..], &[records]].concat()
    }

    /// A root at 64 with the records 3 and 6, and the leaves (1, 2), (4, 5) and (7).
    fn two_levels() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        let total = 7_u64.to_le_bytes();
        let head: [&[u8]; 4] =
            [b"BTHD\0\x05", &[128, 0, 0, 0, 2, 0, 1, 0, 100, 40], &64_u64.to_le_bytes(), &[2, 0]];
        put(&mut bytes, 0, &[&head.concat(), &total]);
        let pointers = [pointer(128, 2), pointer(256, 2), pointer(384, 1)].concat();
        put(&mut bytes, 64, &[b"BTIN\0\x05", &[3, 0, 6, 0], &pointers]);
        put(&mut bytes, 128, &[b"BTLF\0\x05", &[1, 0, 2, 0]]);
        put(&mut bytes, 256, &[b"BTLF\0\x05", &[4, 0, 5, 0]]);
        put(&mut bytes, 384, &[b"BTLF\0\x05", &[7, 0]]);
        bytes
    }

    fn walked(bytes: Vec<u8>) -> (Vec<u16>, usize) {
        let input = Input::new(Box::new(Bytes(bytes)), 0, Sizes { offset: 8, length: 8 });
        let (mut records, mut errors) = (Vec::new(), 0);
        let tree = Tree2::open(&input, 0, 5).unwrap();
        let each = |record: Result<Cursor<'_>>| {
            match record {
                Ok(mut record) => records.push(record.u16()?),
                Err(_) => errors += 1,
            }
            Ok(())
        };
        tree.each_or_error(&input, each).unwrap();
        (records, errors)
    }

    #[test]
    fn records_come_in_order_from_nodes_and_leaves() {
        assert_eq!(walked(two_levels()), (vec![1, 2, 3, 4, 5, 6, 7], 0));
    }

    #[test]
    fn a_damaged_leaf_leaves_the_rest_of_the_tree() {
        let mut bytes = two_levels();
        bytes[263] ^= 1;
        assert_eq!(walked(bytes), (vec![1, 2, 3, 6, 7], 1));
    }

    #[test]
    fn whoever_needs_all_records_gets_all_or_an_error() {
        let all = |bytes| {
            let input = Input::new(Box::new(Bytes(bytes)), 0, Sizes { offset: 8, length: 8 });
            let (tree, mut count) = (Tree2::open(&input, 0, 5)?, 0);
            tree.each(&input, &mut |_| {
                count += 1;
                Ok(())
            })?;
            Ok((tree.len(), count, tree.record_size()))
        };
        assert_eq!(all(two_levels()).unwrap(), (7, 7, 2));
        let mut bytes = two_levels();
        bytes[263] ^= 1;
        let error: crate::Error = all(bytes).unwrap_err();
        assert_eq!(error.to_string(), "the node of a version 2 B-tree is damaged: its checksum is wrong");
        let mut bytes = two_levels();
        let head = [&bytes[..26], &8_u64.to_le_bytes()[..]].concat();
        put(&mut bytes, 0, &[&head]);
        assert!(all(bytes).unwrap_err().to_string().ends_with("there are 7 of 8 records"));
    }
}
