//! The blocks in which a dataset is read: as many rows as fit, or parts of a row.

use super::region::Region;

/// No block has more bytes, but for a chunk that is larger and cannot be taken apart.
pub(super) const BLOCK: u64 = 16 << 20;

/// How a dataset is cut: into cells, which hold whole chunks, and those into blocks.
#[derive(Debug)]
pub(super) struct Cut {
    shape: Vec<u64>,
    cell: Vec<u64>,
    block: Vec<u64>,
}

impl Cut {
    /// `unit` is what is best read at once: a chunk, or a single element.
    pub fn new(shape: &[u64], unit: &[u64], element: u64, limit: u64) -> Self {
        let unit: Vec<u64> = unit.iter().zip(shape).map(|(side, length)| *side.min(length)).collect();
        if bytes_of(&unit, element) <= limit {
            let cell = grow(&unit, shape, element, limit);
            return Self { shape: shape.to_vec(), block: cell.clone(), cell };
        }
        let block = grow(&vec![1; unit.len()], &unit, element, limit);
        Self { shape: shape.to_vec(), cell: unit, block }
    }

    /// All cells in row-major order, from the one on that holds an element.
    pub fn cells(&self, from: &[u64]) -> Cells<'_> {
        let first = from.iter().zip(&self.cell).map(|(at, side)| {
            let before = at.checked_rem(*side).unwrap_or_default();
            at.saturating_sub(before)
        });
        let whole = Region::new(vec![0; self.shape.len()], self.shape.clone());
        Cells { next: (!self.shape.contains(&0)).then(|| first.collect()), whole, side: &self.cell }
    }

    /// The blocks of a cell, in row-major order.
    pub fn blocks(&self, cell: Region) -> Cells<'_> {
        Cells { next: Some(cell.start.clone()), whole: cell, side: &self.block }
    }
}

/// The boxes of one shape that cover another; those at its ends may be smaller.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    next: Option<Vec<u64>>,
    whole: Region,
    side: &'a [u64],
}

impl Iterator for Cells<'_> {
    type Item = Region;

    fn next(&mut self) -> Option<Region> {
        let start = self.next.take()?;
        let ends = self
            .whole
            .start
            .iter()
            .zip(&self.whole.shape)
            .map(|(first, length)| first.saturating_add(*length));
        let mut next = start.clone();
        let mut carries = true;
        for (((at, side), end), first) in
            next.iter_mut().zip(self.side).zip(ends).zip(&self.whole.start).rev()
        {
            if carries {
                *at = at.saturating_add(*side);
                carries = *at >= end;
                if carries {
                    *at = *first;
                }
            }
        }
        self.next = (!carries).then_some(next);
        Region::new(start, self.side.to_vec()).meet(&self.whole)
    }
}

/// Makes a box as large as the limit allows: the last axis whole first, then the one before.
fn grow(unit: &[u64], whole: &[u64], element: u64, limit: u64) -> Vec<u64> {
    let mut sides = unit.to_vec();
    for axis in (0..sides.len()).rev() {
        let (Some(side), Some(length)) = (sides.get(axis).copied(), whole.get(axis).copied()) else { break };
        let per_side = bytes_of(&sides, element).checked_div(side).unwrap_or_default().max(1);
        let fits = limit.checked_div(per_side).unwrap_or_default();
        let grown = if fits >= length {
            length
        } else {
            fits.saturating_sub(fits.checked_rem(side).unwrap_or_default()).max(side)
        };
        sides.iter_mut().skip(axis).take(1).for_each(|side| *side = grown);
        if grown < length {
            break;
        }
    }
    sides
}

fn bytes_of(sides: &[u64], element: u64) -> u64 {
    sides.iter().fold(element, |bytes, side| bytes.saturating_mul(*side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_rows_of_whole_chunks_or_parts_of_them_and_cover_everything_once() {
        for (shape, unit, limit, cell, block) in [
            (vec![10, 8], vec![3, 2], 1000, vec![10, 8], vec![10, 8]),
            (vec![10, 8], vec![3, 2], 56, vec![6, 8], vec![6, 8]),
            (vec![10, 8], vec![3, 2], 20, vec![3, 6], vec![3, 6]),
            (vec![10, 8], vec![3, 4], 11, vec![3, 4], vec![2, 4]),
            (vec![10, 8], vec![20, 4], 7, vec![10, 4], vec![1, 4]),
            (vec![10, 8], vec![20, 4], 3, vec![10, 4], vec![1, 3]),
            (vec![7], vec![1], 3, vec![3], vec![3]),
            (vec![], vec![], 8, vec![], vec![]),
        ] {
            let cut = Cut::new(&shape, &unit, 1, limit);
            assert_eq!((&cut.cell, &cut.block), (&cell, &block), "{shape:?} {unit:?} {limit}");
            let mut elements = 0;
            for cell in cut.cells(&vec![0; shape.len()]) {
                for block in cut.blocks(cell) {
                    let bytes: u64 = block.shape.iter().product();
                    assert!(bytes <= limit);
                    elements += bytes;
                }
            }
            assert_eq!(elements, shape.iter().product::<u64>());
        }
        let cut = Cut::new(&[10, 8], &[3, 2], 1, 20);
        let from: Vec<Region> = cut.cells(&[4, 7]).collect();
        assert_eq!(from[0], Region::new(vec![3, 6], vec![3, 2]));
        assert_eq!(from.len(), 5);
        assert_eq!(Cut::new(&[0, 8], &[3, 2], 1, 20).cells(&[0, 0]).count(), 0);
    }
}
