//! Comparing elements that are in memory.

use serde_json::Value as Json;

use super::report::ElementDifference;
use super::tally::Tally;
use super::tolerance::{Number, Tolerance};
use crate::values::{AnyArray, ArrayContent, DataType, Elements};

/// Bytes are compared as such in runs of this length first. A multiple of the size of every number.
const RUN: usize = 4096;

/// Elements of both sides, of one shape, that lie in a larger array.
pub(super) struct Pair<'a> {
    pub left: (DataType, &'a Elements<'a>),
    pub right: (DataType, &'a Elements<'a>),
    /// Where in the whole array the first of them is.
    pub start: &'a [u64],
    pub shape: &'a [u64],
}

/// Whether elements of these types can be compared one by one.
pub(super) fn are_comparable(left: DataType, right: DataType) -> bool {
    left == right || (left.size().is_some() && right.size().is_some())
}

impl Pair<'_> {
    /// Counts what differs.
    pub fn compare(&self, tolerance: &Tolerance, tally: &mut Tally) {
        match (self.left.1, self.right.1) {
            (Elements::Bytes(left), Elements::Bytes(right)) => self.numbers((left, right), tolerance, tally),
            (Elements::Strings(left), Elements::Strings(right)) => {
                for (place, _) in
                    left.iter().zip(right).enumerate().filter(|(_, (left, right))| left != right)
                {
                    tally.count(None, || self.index(place), || self.element(place));
                }
            }
            _ => {}
        }
    }

    fn numbers(&self, (left, right): (&[u8], &[u8]), tolerance: &Tolerance, tally: &mut Tally) {
        let types = (self.left.0, self.right.0);
        // A tolerance makes no sense where there are but two values.
        let exact = Tolerance { absolute: 0.0, relative: 0.0, ..*tolerance };
        let is_bool = types.0 == DataType::Bool || types.1 == DataType::Bool;
        let tolerance = if is_bool { &exact } else { tolerance };
        let mut judge = |place: usize, a: &[u8], b: &[u8]| {
            let numbers = Number::read(types.0, a).zip(Number::read(types.1, b));
            if let Some(gap) = numbers.and_then(|(a, b)| tolerance.gap(a, b)) {
                tally.count(Some(gap), || self.index(place), || self.element(place));
            }
        };
        if types.0 == types.1 && !(tolerance.nan_differs && types.0.is_float()) {
            return match types.0.size() {
                Some(1) => unequal::<1>(left, right, judge),
                Some(2) => unequal::<2>(left, right, judge),
                Some(4) => unequal::<4>(left, right, judge),
                Some(16) => unequal::<16>(left, right, judge),
                _ => unequal::<8>(left, right, judge),
            };
        }
        let (Some(a), Some(b)) = (types.0.size(), types.1.size()) else { return };
        for (place, (a, b)) in left.chunks_exact(a).zip(right.chunks_exact(b)).enumerate() {
            judge(place, a, b);
        }
    }

    /// The index in the whole array of the element at a place among these.
    fn index(&self, place: usize) -> Vec<u64> {
        let mut rest = place as u64;
        let mut index = self.start.to_vec();
        for (at, length) in index.iter_mut().zip(self.shape).rev() {
            let length = (*length).max(1);
            *at += rest % length;
            rest /= length;
        }
        index
    }

    fn element(&self, place: usize) -> Option<ElementDifference> {
        let left = element_json(self.left, place)?;
        Some(ElementDifference { index: self.index(place), left, right: element_json(self.right, place)? })
    }
}

/// Calls `judge` for each number whose bytes are not the same.
fn unequal<const N: usize>(left: &[u8], right: &[u8], mut judge: impl FnMut(usize, &[u8], &[u8])) {
    for (run, (left, right)) in left.chunks(RUN).zip(right.chunks(RUN)).enumerate() {
        if left == right {
            continue;
        }
        let pairs = left.as_chunks::<N>().0.iter().zip(right.as_chunks::<N>().0);
        for (place, (left, right)) in pairs.enumerate().filter(|(_, (left, right))| left != right) {
            judge(run * (RUN / N) + place, left, right);
        }
    }
}

fn element_json((data_type, elements): (DataType, &Elements<'_>), place: usize) -> Option<Json> {
    let one = match elements {
        Elements::Strings(strings) => return strings.get(place).map(|text| Json::from(&**text)),
        Elements::Bytes(bytes) => {
            let size = data_type.size()?;
            bytes.get(place.checked_mul(size)?..)?.get(..size)?
        }
    };
    let content = ArrayContent::new(data_type, &[], Elements::Bytes(one.into())).ok()?;
    Some(AnyArray::from_content(&content).ok()?.to_json())
}
