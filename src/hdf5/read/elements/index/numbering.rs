//! The places of chunks in arrays, which have room for the largest shape that the dataset may get.

use super::super::grid::{Grid, product};
use crate::error::Result;
use crate::hdf5::read::input::corrupt;

/// The order of chunks in an array.
#[derive(Debug)]
pub(in super::super) struct Numbering {
    /// How many chunks there may be along each axis; what the slowest has does not count.
    counts: Vec<u64>,
    /// The axis that varies slowest; the others follow in their order.
    slowest: usize,
}

impl Numbering {
    /// For datasets whose axes all have an end.
    pub fn fixed(grid: &Grid, maximum: &[Option<u64>]) -> Result<Self> {
        Self::new(grid, maximum, 0)
    }

    /// For datasets with one endless axis.
    pub fn extensible(grid: &Grid, maximum: &[Option<u64>]) -> Result<Self> {
        let slowest = maximum.iter().position(Option::is_none).unwrap_or_default();
        Self::new(grid, maximum, slowest)
    }

    fn new(grid: &Grid, maximum: &[Option<u64>], slowest: usize) -> Result<Self> {
        let mut counts = grid.counts.clone();
        for ((count, side), most) in counts.iter_mut().zip(&grid.chunk).zip(maximum) {
            *count = most.map_or(*count, |most| most.div_ceil(*side)).max(*count);
        }
        let mut others = counts.clone();
        if slowest < others.len() {
            others.remove(slowest);
        }
        if product(&others).is_none() {
            return Err(corrupt(
                "dataset",
                format!("its largest shape {maximum:?} has too many chunks for its index"),
            ));
        }
        Ok(Self { counts, slowest })
    }

    /// The axes but for the slowest, the fastest last.
    fn others(&self) -> impl DoubleEndedIterator<Item = (usize, u64)> {
        self.counts.iter().copied().enumerate().filter(|(axis, _)| *axis != self.slowest)
    }

    /// Where the chunk at `at` is along the axes; `None` where none can be.
    pub fn places(&self, mut at: u64) -> Option<Vec<u64>> {
        let mut places = vec![0; self.counts.len()];
        for (axis, count) in self.others().rev() {
            *places.get_mut(axis)? = at.checked_rem(count)?;
            at = at.checked_div(count)?;
        }
        *places.get_mut(self.slowest)? = at;
        Some(places)
    }

    /// The inverse of `places`.
    pub fn at(&self, places: &[u64]) -> Option<u64> {
        let mut at = *places.get(self.slowest)?;
        for (axis, count) in self.others() {
            at = at.checked_mul(count)?.checked_add(*places.get(axis)?)?;
        }
        Some(at)
    }
}
