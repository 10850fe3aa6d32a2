//! Dividing two arrays of one shape into blocks that both can read with little waste.

use std::collections::BTreeSet;

use super::side::{Opened, Present};
use super::tolerance::{Number, Tolerance};
use crate::error::Result;
use crate::values::DataType;
use crate::zarr::{ChunkGrid, FillValue, Region};

/// About so many bytes make a block where chunks are smaller.
const BLOCK_BYTES: u64 = 4 << 20;

/// The most bytes of a block, unless a single chunk has more.
pub(super) const MOST_BYTES: u64 = 64 << 20;

/// The most bytes of a block of one large chunk. A larger chunk is read again for each of its blocks.
const MOST_CHUNK_BYTES: u64 = 1 << 30;

/// Blocks of two arrays.
pub(super) struct Blocks {
    grid: ChunkGrid,
    /// The numbers of those that may differ; `None` where all may.
    wanted: Option<Vec<u64>>,
    /// The bytes of one, of the larger elements.
    pub bytes: u64,
}

impl Blocks {
    /// Divides what two arrays have of this shape.
    pub fn new(
        shape: &[u64],
        (left, right): (&dyn Opened, &dyn Opened),
        types: (DataType, DataType),
        tolerance: &Tolerance,
    ) -> Result<Self> {
        let element = types.0.expected_size().max(types.1.expected_size());
        let chunks = [left.chunks(), right.chunks()];
        let block = block_shape(shape, [&chunks[0], &chunks[1]], element);
        let bytes = bytes_of(&block, element);
        let grid = ChunkGrid::new(shape, &block)?;
        // A single block is read sooner than it is asked for.
        let present = if grid.len() > 1 { left.present()?.zip(right.present()?) } else { None };
        let wanted = match present {
            Some((left, right)) if are_equal((types.0, &left), (types.1, &right), tolerance) => {
                let mut wanted = BTreeSet::new();
                for (present, chunk) in [&left, &right].into_iter().zip(&chunks) {
                    let chunks = ChunkGrid::new(shape, chunk)?;
                    add_touched(present, &chunks, &grid, &mut wanted);
                }
                Some(wanted.into_iter().collect())
            }
            _ => None,
        };
        Ok(Self { grid, wanted, bytes })
    }

    /// The number of blocks that may differ.
    pub fn len(&self) -> u64 {
        self.wanted.as_ref().map_or(self.grid.len(), |wanted| wanted.len() as u64)
    }

    /// What the block is that is number `n` of those that may differ.
    pub fn region(&self, n: u64) -> Region {
        let wanted = self.wanted.as_ref().and_then(|wanted| wanted.get(usize::try_from(n).ok()?));
        self.grid.region(&self.grid.index(wanted.copied().unwrap_or(n)))
    }
}

/// Whether two fill values are equal.
fn are_equal(left: (DataType, &Present), right: (DataType, &Present), tolerance: &Tolerance) -> bool {
    match (&left.1.fill_value, &right.1.fill_value) {
        (FillValue::Bytes(a), FillValue::Bytes(b)) => {
            let numbers = Number::read(left.0, a).zip(Number::read(right.0, b));
            numbers.is_some_and(|(a, b)| tolerance.gap(a, b).is_none())
        }
        (FillValue::Text(a), FillValue::Text(b)) => a == b,
        _ => false,
    }
}

/// Adds the blocks that hold something of the chunks that are present.
fn add_touched(present: &Present, chunks: &ChunkGrid, blocks: &ChunkGrid, wanted: &mut BTreeSet<u64>) {
    for number in present.chunks.iter().filter(|number| **number < chunks.len()) {
        let Region { start, shape } = chunks.region(&chunks.index(*number));
        let lengths = || start.iter().zip(&shape).zip(blocks.chunk_shape());
        let first: Vec<u64> = lengths().map(|((start, _), block)| start / block).collect();
        let last: Vec<u64> =
            lengths().map(|((start, length), block)| (start + length.saturating_sub(1)) / block).collect();
        let mut at = first.clone();
        loop {
            wanted.extend(blocks.number(&at));
            let Some(axis) = (0..at.len()).rev().find(|axis| at[*axis] < last[*axis]) else { break };
            at[axis] += 1;
            at[axis + 1..].copy_from_slice(&first[axis + 1..]);
        }
    }
}

fn bytes_of(shape: &[u64], element: u64) -> u64 {
    shape.iter().fold(element, |bytes, length| bytes.saturating_mul(*length))
}

/// The shape of a block: it holds whole chunks of both sides where these fit into one another and into memory, and
/// several of them where they are small.
fn block_shape(shape: &[u64], chunks: [&[u64]; 2], element: u64) -> Vec<u64> {
    let clipped = |chunk: &[u64]| -> Vec<u64> {
        chunk.iter().zip(shape).map(|(chunk, length)| (*chunk).min(*length).max(1)).collect()
    };
    let [left, right] = chunks.map(clipped);
    let chunk = bytes_of(&left, element).max(bytes_of(&right, element));
    let most = MOST_BYTES.max(chunk.min(MOST_CHUNK_BYTES));
    let mut block: Vec<u64> = left.iter().zip(&right).map(|(left, right)| *left.max(right)).collect();
    while bytes_of(&block, element) > most {
        // What is in C order stays together as long as it can.
        let Some(longest) = block.iter_mut().rev().max_by_key(|length| **length) else { break };
        *longest = longest.div_ceil(2);
    }
    for axis in (0..block.len()).rev() {
        let more = BLOCK_BYTES / bytes_of(&block, element).max(1);
        block[axis] = block[axis].saturating_mul(more.max(1)).min(shape[axis].max(1));
        if block[axis] < shape[axis] {
            break;
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_whole_chunks_of_both_sides_and_are_of_a_size_that_memory_need_not_fear() {
        for (shape, left, right, block) in [
            (&[][..], &[][..], &[][..], &[][..]),
            (&[10], &[10], &[3], &[10]),
            // Small chunks are gathered.
            (&[1 << 30], &[1000], &[500], &[524_000]),
            (&[1000, 1000], &[1, 1], &[1, 1], &[524, 1000]),
            // Neither a row nor a column can be had alone.
            (&[1 << 20, 1 << 20], &[1, 1 << 20], &[1 << 20, 1], &[2048, 4096]),
            // A chunk is read as a whole.
            (&[1 << 40], &[1 << 40], &[1], &[1 << 27]),
            (&[1 << 30, 2], &[1 << 24, 2], &[1, 2], &[1 << 24, 2]),
        ] {
            assert_eq!(block_shape(shape, [left, right], 8), block, "{shape:?}");
        }
    }

    #[test]
    fn blocks_that_hold_no_chunk_of_either_side_are_left_out() {
        let chunks = ChunkGrid::new(&[100, 100], &[10, 30]).unwrap();
        let blocks = ChunkGrid::new(&[100, 100], &[25, 25]).unwrap();
        let mut wanted = BTreeSet::new();
        // Rows 20 to 30, columns 30 to 60; and the last corner.
        let present = Present { chunks: vec![9, 39, 40], fill_value: FillValue::Bytes(vec![0; 8]) };
        add_touched(&present, &chunks, &blocks, &mut wanted);
        assert_eq!(wanted.into_iter().collect::<Vec<_>>(), [1, 2, 5, 6, 15]);
    }
}
