//! Counting what differs, and keeping the first and the largest of it.

use std::cmp::Ordering;

use super::report::{ElementDifference, Largest, ValueDifferences};
use super::tolerance::Gap;

/// What differs between two arrays, as far as they were looked at. Parts may be looked at in any order.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The most single differences that are kept.
    most: usize,
    differing: u64,
    absolute: Option<Largest>,
    relative: Option<Largest>,
    /// The first ones, in C order.
    first: Vec<ElementDifference>,
}

impl Tally {
    pub fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Counts one more, which is after all of those counted so far. What is not kept is not made.
    pub fn count(
        &mut self,
        gap: Option<Gap>,
        index: impl Fn() -> Vec<u64>,
        element: impl Fn() -> Option<ElementDifference>,
    ) {
        self.differing += 1;
        if let Some(gap) = gap {
            raise(&mut self.absolute, gap.absolute, &index);
            raise(&mut self.relative, gap.relative, &index);
        }
        if self.first.len() < self.most {
            self.first.extend(element());
        }
    }

    /// Whether anything differs.
    pub fn has_any(&self) -> bool {
        self.differing > 0
    }

    /// Adds what was found in another part.
    pub fn merge(mut self, other: Self) -> Self {
        self.differing += other.differing;
        self.absolute = larger(self.absolute, other.absolute);
        self.relative = larger(self.relative, other.relative);
        self.most = self.most.max(other.most);
        self.first.extend(other.first);
        self.first.sort_by(|a, b| a.index.cmp(&b.index));
        self.first.truncate(self.most);
        self
    }

    /// What there is to report of `of` elements; `None` where nothing differs.
    pub fn report(self, of: u64) -> Option<ValueDifferences> {
        (self.differing > 0).then_some(ValueDifferences {
            differing: self.differing,
            of,
            largest_absolute: self.absolute,
            largest_relative: self.relative,
            first: self.first,
        })
    }
}

fn raise(largest: &mut Option<Largest>, difference: Option<f64>, index: impl Fn() -> Vec<u64>) {
    if let Some(difference) = difference
        && largest.as_ref().is_none_or(|largest| difference > largest.difference)
    {
        *largest = Some(Largest { difference, index: index() });
    }
}

/// The larger one; of two that are equal the first in the array.
fn larger(one: Option<Largest>, other: Option<Largest>) -> Option<Largest> {
    let (Some(a), Some(b)) = (&one, &other) else { return one.or(other) };
    match a.difference.total_cmp(&b.difference).then_with(|| b.index.cmp(&a.index)) {
        Ordering::Less => other,
        _ => one,
    }
}
