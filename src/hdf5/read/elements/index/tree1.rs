//! Version 1 B-trees of chunks (III.A.1, node type 1). They have no checksums.

use super::{Entry, List};
use crate::error::Result;
use crate::hdf5::read::input::{Input, corrupt};

const WHAT: &str = "B-tree of chunks";

/// Signature, node type, level and number of entries; two siblings follow.
const HEAD: u64 = 8;

pub(super) fn read(input: &Input, address: u64, list: &mut List) -> Result<()> {
    let rank = list.grid.chunk.len() as u64;
    // The size, the mask, and the first element along each axis and within itself; then the child.
    let key = 8_u64.saturating_add(rank.saturating_add(1).saturating_mul(8));
    let entry = key.saturating_add(u64::from(input.sizes().offset));
    let mut walk = Walk { input, entry, seen: 0, list };
    walk.node(address, None)
}

struct Walk<'a, 'b> {
    input: &'a Input,
    /// The size of an entry in bytes.
    entry: u64,
    /// How many entries were seen: never more than the file has bytes for, so that nodes that share children come to an end.
    seen: u64,
    list: &'a mut List<'b>,
}

impl Walk<'_, '_> {
    /// Walks a node, which must be of a level, unless it is the root.
    fn node(&mut self, address: u64, expected: Option<u8>) -> Result<()> {
        let siblings = u64::from(self.input.sizes().offset).saturating_mul(2);
        let head = self.input.structure(address, HEAD, WHAT)?;
        let mut fields = self.input.cursor(&head, WHAT);
        fields.signature(*b"TREE")?;
        let (kind, level, count) = (fields.u8()?, fields.u8()?, fields.u16()?);
        if kind != 1 {
            return Err(fields.corrupt(format!("a node is of type {kind} instead of 1")));
        }
        if expected.is_some_and(|expected| expected != level) {
            return Err(fields.corrupt(format!("a node is of level {level}, where its parent has another")));
        }
        self.seen = self.seen.saturating_add(u64::from(count));
        self.input.check(0, self.seen.saturating_mul(self.entry), "entries of a B-tree of chunks")?;
        let at = address.saturating_add(HEAD).saturating_add(siblings);
        let bytes = self.input.structure(at, u64::from(count).saturating_mul(self.entry), WHAT)?;
        let mut fields = self.input.cursor(&bytes, WHAT);
        let mut places = vec![0; self.list.grid.chunk.len()];
        for _ in 0..count {
            let (size, mask) = (fields.u32()?, fields.u32()?);
            let mut is_aligned = true;
            for (place, side) in places.iter_mut().zip(&self.list.grid.chunk) {
                let first = fields.u64()?;
                is_aligned &= first.checked_rem(*side) == Some(0);
                *place = first.checked_div(*side).unwrap_or_default();
            }
            fields.take(8)?;
            let Some(child) = fields.address()? else { continue };
            if let Some(below) = level.checked_sub(1) {
                self.node(child, Some(below))?;
            } else if is_aligned {
                self.list.add(&places, Entry { address: child, size: Some(u64::from(size)), mask })?;
            } else {
                return Err(corrupt(WHAT, "a chunk begins within another"));
            }
        }
        Ok(())
    }
}
