//! Comparing arrays block by block.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::blocks::{Blocks, MOST_BYTES};
use super::elements::Pair;
use super::report::ValueDifferences;
use super::rules::Rules;
use super::side::Opened;
use super::tally::Tally;
use super::telling::Telling;
use super::tolerance::Tolerance;
use crate::error::Result;
use crate::storage::in_parallel;
use crate::values::{DataType, Elements};
use crate::zarr::Region;

/// Two arrays whose elements can be compared.
pub(super) struct Arrays<'a> {
    pub sides: (&'a dyn Opened, &'a dyn Opened),
    pub types: (DataType, DataType),
    /// What both have.
    pub shape: Vec<u64>,
    pub tolerance: Tolerance,
}

/// What is read of the two sides.
struct Memory(Elements<'static>, Elements<'static>);

impl Memory {
    fn new() -> Self {
        let none = || Elements::Bytes(Vec::new().into());
        Self(none(), none())
    }
}

impl Arrays<'_> {
    /// Finds the elements that differ.
    pub fn compare(&self, rules: &Rules, telling: &Telling<'_>) -> Result<Option<ValueDifferences>> {
        if self.shape.contains(&0) {
            return Ok(None);
        }
        let blocks = Blocks::new(&self.shape, self.sides, self.types, &self.tolerance)?;
        let is_known = AtomicBool::new(false);
        let compare = |memory: &mut Memory, n: u64| {
            let mut tally = Tally::new(rules.most);
            // One difference may be all that is asked for.
            if !(rules.brief && is_known.load(Ordering::Relaxed)) {
                self.block(&blocks.region(n), memory, &mut tally, telling)?;
                is_known.fetch_or(tally.has_any(), Ordering::Relaxed);
            }
            Ok(tally)
        };
        let merge = |one: Tally, other| Ok(one.merge(other));
        let none = || Tally::new(rules.most);
        let tally = if blocks.len() <= 1 || blocks.bytes > MOST_BYTES {
            // Large ones one after the other.
            let mut memory = Memory::new();
            (0..blocks.len()).try_fold(none(), |tally, n| merge(tally, compare(&mut memory, n)?))?
        } else {
            let all = (0..blocks.len()).into_par_iter();
            in_parallel(|| all.map_init(Memory::new, compare).try_reduce(none, merge))?
        };
        Ok(tally.report(self.shape.iter().fold(1, |count, length| count.saturating_mul(*length))))
    }

    fn block(
        &self,
        region: &Region,
        Memory(left, right): &mut Memory,
        tally: &mut Tally,
        telling: &Telling<'_>,
    ) -> Result<()> {
        self.sides.0.read(region, left)?;
        self.sides.1.read(region, right)?;
        let (start, shape) = (&region.start, &region.shape);
        let pair = Pair { left: (self.types.0, left), right: (self.types.1, right), start, shape };
        pair.compare(&self.tolerance, tally);
        let elements: u64 = shape.iter().product();
        telling.add_bytes(elements.saturating_mul(self.types.0.expected_size()))
    }
}
