//! The regular chunk grid: which chunks an array has, what they are called, where their elements go.

use crate::error::{Error, ErrorKind, Result};

/// The most bytes of a chunk that we make of our own accord.
const DEFAULT_CHUNK_BYTES: u64 = 4 << 20;

/// The chunk shape for an array that was given none: the whole array, halved along its first axes until a
/// chunk is at most 4 MiB. Such a chunk is one run of the array's elements in C order.
pub(crate) fn default_chunk_shape(shape: &[u64], element: u64) -> Vec<u64> {
    let mut chunk: Vec<u64> = shape.iter().map(|length| (*length).max(1)).collect();
    let mut axes = chunk.as_mut_slice();
    while let Some((length, inner)) = axes.split_first_mut() {
        let step = inner.iter().fold(element.max(1), |bytes, length| bytes.saturating_mul(*length));
        if step.saturating_mul(*length) <= DEFAULT_CHUNK_BYTES {
            break;
        }
        let fit = DEFAULT_CHUNK_BYTES.checked_div(step).unwrap_or(1);
        *length = fit.clamp(1, *length);
        axes = inner;
    }
    chunk
}

/// The shape of the files that hold small chunks together, about 4 MiB each and runs of the array's chunks; `None`
/// where every chunk had better be a file.
pub(crate) fn default_shard_shape(shape: &[u64], chunk: &[u64], element: u64) -> Option<Vec<u64>> {
    let counts: Vec<u64> = shape.iter().zip(chunk).map(|(length, chunk)| length.div_ceil(*chunk)).collect();
    let bytes = chunk.iter().fold(element.max(1), |bytes, length| bytes.saturating_mul(*length));
    let together = default_chunk_shape(&counts, bytes);
    if together.iter().all(|count| *count == 1) {
        return None;
    }
    together.iter().zip(chunk).map(|(count, chunk)| count.checked_mul(*chunk)).collect()
}

/// A shape divided into chunks. The products of the lengths of array, chunk and grid fit into 64 bits, so that all places
/// in an array and in a chunk do.
#[derive(Clone, Debug)]
pub(crate) struct ChunkGrid {
    shape: Vec<u64>,
    chunk: Vec<u64>,
    counts: Vec<u64>,
    total: u64,
}

/// What one chunk holds of the array.
#[derive(Debug, PartialEq)]
pub(crate) struct Region {
    /// The index of the first element along each axis.
    pub start: Vec<u64>,
    /// The number of elements along each axis that lie within the array.
    pub shape: Vec<u64>,
}

impl ChunkGrid {
    pub(crate) fn new(shape: &[u64], chunk: &[u64]) -> Result<Self> {
        let refuse = |why: &str| {
            let message = format!("chunks of shape {chunk:?} for an array of shape {shape:?}: {why}");
            Err(Error::new(ErrorKind::Corrupt, message))
        };
        if shape.len() != chunk.len() {
            return refuse("the ranks differ");
        }
        if chunk.contains(&0) {
            return refuse("a chunk has no elements");
        }
        let counts: Vec<u64> =
            shape.iter().zip(chunk).map(|(length, chunk)| length.div_ceil(*chunk)).collect();
        // Axes of length zero are left out: the products along the others are needed too.
        let product =
            |of: &[u64]| of.iter().try_fold(1u64, |product, length| product.checked_mul((*length).max(1)));
        if product(&counts).is_none() || product(shape).is_none() || product(chunk).is_none() {
            return refuse("the number of elements is beyond 64 bits");
        }
        let total = counts.iter().product();
        Ok(Self { shape: shape.to_vec(), chunk: chunk.to_vec(), counts, total })
    }

    /// The number of chunks.
    pub(crate) fn len(&self) -> u64 {
        self.total
    }

    /// The elements of a chunk along each axis.
    pub(crate) fn chunk_shape(&self) -> &[u64] {
        &self.chunk
    }

    /// The number of elements of a chunk.
    pub(crate) fn chunk_elements(&self) -> u64 {
        self.chunk.iter().product()
    }

    /// The number of elements of the whole.
    pub(crate) fn elements(&self) -> u64 {
        self.shape.iter().product()
    }

    /// The index along each axis of the chunk that is number `n` in C order.
    #[expect(clippy::arithmetic_side_effects, reason = "there is a chunk, so that no count is zero")]
    pub(crate) fn index(&self, mut n: u64) -> Vec<u64> {
        let mut index = vec![0; self.counts.len()];
        for (at, count) in index.iter_mut().zip(&self.counts).rev() {
            *at = n % count;
            n /= count;
        }
        index
    }

    /// The number in C order of the chunk at `index`; `None` where there is none.
    #[expect(clippy::arithmetic_side_effects, reason = "below the number of chunks")]
    pub(crate) fn number(&self, index: &[u64]) -> Option<u64> {
        let inside = self.contains(index);
        inside.then(|| index.iter().zip(&self.counts).fold(0, |number, (at, count)| number * count + at))
    }

    /// Whether there is a chunk at `index`.
    pub(crate) fn contains(&self, index: &[u64]) -> bool {
        index.len() == self.counts.len() && index.iter().zip(&self.counts).all(|(at, count)| at < count)
    }

    /// Calls `visit(in the chunk, count)` for every run of elements of the chunk at `index` that lies within an array
    /// of this shape; both count elements.
    pub(crate) fn for_each_visible_run(&self, index: &[u64], shape: &[u64], mut visit: impl FnMut(u64, u64)) {
        let lengths = index.iter().zip(&self.chunk).zip(shape);
        let left = |at: u64, chunk: u64, length: u64| length.saturating_sub(at.saturating_mul(chunk));
        let visible = lengths.map(|((at, chunk), length)| (*chunk).min(left(*at, *chunk, *length)));
        let visible: Vec<u64> = visible.collect();
        if !visible.contains(&0) {
            let region = Region { start: vec![0; visible.len()], shape: visible };
            self.for_each_run(&region, |_, at, count| visit(at, count));
        }
    }

    /// What the chunk at `index` holds of the array.
    #[expect(clippy::arithmetic_side_effects, reason = "a chunk of the grid begins within the array")]
    pub(crate) fn region(&self, index: &[u64]) -> Region {
        let start: Vec<u64> = index.iter().zip(&self.chunk).map(|(at, chunk)| at * chunk).collect();
        let ends = start.iter().zip(&self.chunk).zip(&self.shape);
        let shape = ends.map(|((start, chunk), length)| (*chunk).min(length - start)).collect();
        Region { start, shape }
    }

    /// Where a region's elements lie in the array, as first element and count, if they are one run in C order: in
    /// the array, and from the beginning of the chunk on.
    pub(crate) fn run(&self, region: &Region) -> Option<(u64, u64)> {
        let split = region.shape.iter().take_while(|length| **length == 1).count();
        let differs =
            |of: &[u64]| of.iter().zip(&region.shape).skip(split).skip(1).any(|(whole, part)| whole != part);
        // A chunk may be longer than the array along any axis.
        if differs(&self.shape) || differs(&self.chunk) {
            return None;
        }
        Some((self.offset(&region.start), region.shape.iter().product()))
    }

    /// The number of an element in C order.
    #[expect(clippy::arithmetic_side_effects, reason = "below the number of elements of the array")]
    fn offset(&self, index: &[u64]) -> u64 {
        index.iter().zip(&self.shape).fold(0, |offset, (at, length)| offset * length + at)
    }

    /// Calls `copy(in the array, in the chunk, count)` for every run of elements of `region` that is whole along
    /// the last axis; all three count elements.
    #[expect(clippy::arithmetic_side_effects, reason = "a region lies within the array and within the chunk")]
    pub(crate) fn for_each_run(&self, region: &Region, mut copy: impl FnMut(u64, u64, u64)) {
        let Some((count, outer)) = region.shape.split_last() else {
            return copy(0, 0, 1);
        };
        if *count == 0 {
            return;
        }
        let rows: u64 = outer.iter().product();
        let mut index = vec![0; region.shape.len()];
        for _ in 0..rows {
            let in_array: Vec<u64> = index.iter().zip(&region.start).map(|(at, start)| at + start).collect();
            let in_chunk = index.iter().zip(&self.chunk).fold(0, |offset, (at, length)| offset * length + at);
            copy(self.offset(&in_array), in_chunk, *count);
            for (at, length) in index.iter_mut().zip(outer).rev() {
                *at += 1;
                if *at < *length {
                    break;
                }
                *at = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_up_to_4_mib_are_one_chunk() {
        assert!(default_chunk_shape(&[], 8).is_empty());
        assert_eq!(default_chunk_shape(&[100, 20], 8), [100, 20]);
        assert_eq!(default_chunk_shape(&[0, 3], 8), [1, 3]);
        assert_eq!(default_chunk_shape(&[1024, 512], 8), [1024, 512]);
    }

    #[test]
    fn larger_ones_are_divided_along_the_first_axes() {
        assert_eq!(default_chunk_shape(&[131_072, 1024], 8), [512, 1024]);
        assert_eq!(default_chunk_shape(&[2, 1 << 20], 8), [1, 1 << 19]);
        assert_eq!(default_chunk_shape(&[3, 7, 1 << 19, 2], 8), [1, 1, 1 << 18, 2]);
        assert_eq!(default_chunk_shape(&[1, 3 << 20], 1), [1, 3 << 20]);
        assert_eq!(default_chunk_shape(&[u64::MAX, u64::MAX], 16), [1, 1 << 18]);
    }

    #[test]
    fn small_chunks_share_files_of_4_mib() {
        assert_eq!(default_shard_shape(&[131_072, 1024], &[8, 1024], 8), Some(vec![512, 1024]));
        assert_eq!(default_shard_shape(&[100, 100], &[10, 7], 8), Some(vec![100, 105]));
        assert_eq!(default_shard_shape(&[1024, 1024], &[1024, 512], 8), None);
        assert_eq!(default_shard_shape(&[10, 10], &[10, 10], 8), None);
        assert_eq!(default_shard_shape(&[0], &[100], 8), None);
        assert_eq!(default_shard_shape(&[], &[], 8), None);
    }

    #[test]
    fn every_element_is_in_exactly_one_run() {
        for (shape, chunk) in [
            (vec![], vec![]),
            (vec![7], vec![3]),
            (vec![5, 4], vec![2, 3]),
            (vec![3, 4, 5], vec![2, 4, 5]),
            (vec![2, 0], vec![1, 4]),
        ] {
            let grid = ChunkGrid::new(&shape, &chunk).unwrap();
            let mut seen = vec![0; usize::try_from(shape.iter().product::<u64>()).unwrap()];
            for n in 0..grid.len() {
                let region = grid.region(&grid.index(n));
                grid.for_each_run(&region, |at, _, count| {
                    for element in
                        &mut seen[usize::try_from(at).unwrap()..][..usize::try_from(count).unwrap()]
                    {
                        *element += 1;
                    }
                });
            }
            assert!(seen.iter().all(|times| *times == 1), "{shape:?} by {chunk:?}: {seen:?}");
        }
    }

    #[test]
    fn default_chunks_are_runs() {
        let shape = [3, 7, 1 << 19, 2];
        let grid = ChunkGrid::new(&shape, &default_chunk_shape(&shape, 8)).unwrap();
        let mut next = 0;
        for n in 0..grid.len() {
            let (start, count) = grid.run(&grid.region(&grid.index(n))).unwrap();
            assert_eq!(start, next);
            next += count;
        }
        assert_eq!(next, shape.iter().product::<u64>());
        let grid = ChunkGrid::new(&[4, 4], &[2, 2]).unwrap();
        assert_eq!(grid.run(&grid.region(&[0, 0])), None);
    }

    #[test]
    fn a_chunk_that_is_wider_than_the_array_is_no_run() {
        let grid = ChunkGrid::new(&[5, 3], &[4, 4]).unwrap();
        assert_eq!(grid.run(&grid.region(&[0, 0])), None);
        let one_row = ChunkGrid::new(&[1, 3], &[4, 4]).unwrap();
        assert_eq!(one_row.run(&one_row.region(&[0, 0])), Some((0, 3)));
    }

    #[test]
    fn impossible_grids_are_refused() {
        assert!(ChunkGrid::new(&[4], &[0]).is_err());
        assert!(ChunkGrid::new(&[4], &[2, 2]).is_err());
        assert!(ChunkGrid::new(&[1 << 40, 1 << 40], &[1, 1]).is_err());
    }
}
