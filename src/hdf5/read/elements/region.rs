//! Boxes of elements within larger ones, in row-major order.

use crate::error::Result;
use crate::hdf5::read::input::corrupt;

/// Where a box lies: its first element along each axis, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub start: Vec<u64>,
    pub shape: Vec<u64>,
}

impl Region {
    pub fn new(start: Vec<u64>, shape: Vec<u64>) -> Self {
        Self { start, shape }
    }

    /// What two boxes of one rank have in common; nothing where a side of it is zero.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let mut common = Self { start: Vec::new(), shape: Vec::new() };
        let axes = self.start.iter().zip(&self.shape).zip(other.start.iter().zip(&other.shape));
        for ((a, a_side), (b, b_side)) in axes {
            let start = *a.max(b);
            let end = a.saturating_add(*a_side).min(b.saturating_add(*b_side));
            common.start.push(start);
            common.shape.push(end.checked_sub(start).filter(|side| *side > 0)?);
        }
        Some(common)
    }

    /// Where it begins, seen from a box that it lies in.
    pub fn within(&self, outer: &Self) -> Vec<u64> {
        self.start.iter().zip(&outer.start).map(|(a, b)| a.saturating_sub(*b)).collect()
    }
}

/// A box in an array of bytes.
#[derive(Debug)]
pub(super) struct Side<'a> {
    /// The shape of the whole array.
    pub shape: &'a [u64],
    /// Where the box begins in it.
    pub start: Vec<u64>,
}

/// The runs of bytes of a box of `shape` that lie side by side in both of two arrays: for each the first byte in the one
/// and in the other. Whatever there is of them is given at once, so that all have one length.
#[derive(Debug)]
pub(super) struct Runs {
    /// The bytes of each run.
    pub length: u64,
    /// How often each of the outer axes is stepped along, and by how many bytes in either array.
    steps: Vec<(u64, u64, u64)>,
    first: (u64, u64),
}

impl Runs {
    pub fn new(shape: &[u64], a: &Side, b: &Side, element: u64) -> Self {
        let (mut length, mut steps) = (element, Vec::new());
        let (mut stride_a, mut stride_b) = (element, element);
        let (mut first_a, mut first_b) = (0_u64, 0_u64);
        let mut is_run = true;
        let axes = shape.iter().zip(a.shape.iter().zip(&a.start)).zip(b.shape.iter().zip(&b.start));
        for ((side, (side_a, start_a)), (side_b, start_b)) in axes.rev() {
            first_a = first_a.saturating_add(start_a.saturating_mul(stride_a));
            first_b = first_b.saturating_add(start_b.saturating_mul(stride_b));
            if is_run {
                length = length.saturating_mul(*side);
                is_run = side == side_a && side == side_b;
            } else if *side != 1 {
                steps.push((*side, stride_a, stride_b));
            }
            stride_a = stride_a.saturating_mul(*side_a);
            stride_b = stride_b.saturating_mul(*side_b);
        }
        steps.reverse();
        Self { length, steps, first: (first_a, first_b) }
    }

    /// Gives each run in row-major order.
    pub fn each(&self, run: &mut dyn FnMut(u64, u64) -> Result<()>) -> Result<()> {
        walk(&self.steps, self.first, run)
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.steps.iter().fold(1, |count, (side, ..)| count.saturating_mul(*side))
    }
}

fn walk(
    steps: &[(u64, u64, u64)],
    (mut a, mut b): (u64, u64),
    run: &mut dyn FnMut(u64, u64) -> Result<()>,
) -> Result<()> {
    let Some(((side, stride_a, stride_b), inner)) = steps.split_first() else { return run(a, b) };
    for _ in 0..*side {
        walk(inner, (a, b), run)?;
        (a, b) = (a.saturating_add(*stride_a), b.saturating_add(*stride_b));
    }
    Ok(())
}

/// The bytes of a run; an error where they are not there, which would be a fault of ours or of the file.
pub(super) fn part(bytes: &[u8], at: u64, length: u64) -> Result<&[u8]> {
    let range = range(at, length);
    range
        .and_then(|range| bytes.get(range))
        .ok_or_else(|| corrupt("dataset", "an element lies outside of its chunk"))
}

pub(super) fn part_mut(bytes: &mut [u8], at: u64, length: u64) -> Result<&mut [u8]> {
    let range = range(at, length);
    range
        .and_then(|range| bytes.get_mut(range))
        .ok_or_else(|| corrupt("dataset", "an element lies outside of it"))
}

fn range(at: u64, length: u64) -> Option<std::ops::Range<usize>> {
    let start = usize::try_from(at).ok()?;
    Some(start..start.checked_add(usize::try_from(length).ok()?)?)
}

/// Fills bytes with elements that are all the same.
pub(super) fn fill(bytes: &mut [u8], element: &[u8]) {
    match element.first() {
        Some(first) if element.iter().all(|byte| byte == first) => bytes.fill(*first),
        _ => bytes.chunks_exact_mut(element.len().max(1)).for_each(|to| to.copy_from_slice(element)),
    }
}
