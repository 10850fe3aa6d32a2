//! A selection as boxes that are read one after the other, for what is not read chunk by chunk.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use super::resolve::{Pick, Resolved, product};
use crate::error::Result;

/// A box of an array, and what is selected of it.
#[derive(Clone, Debug)]
pub(crate) struct Boxed {
    /// Where it begins.
    pub start: Vec<u64>,
    /// The length of each axis.
    pub shape: Vec<u64>,
    selected: Resolved,
}

impl Boxed {
    /// Takes what is selected of the elements of the box, both in C order; an element is `size` of `T`.
    ///
    /// # Errors
    /// `Corrupt` for a box of another length.
    pub(crate) fn take<T: Clone + Default>(&self, elements: Vec<T>, size: usize) -> Result<Vec<T>> {
        if self.selected.is_whole() {
            return Ok(elements);
        }
        let count = usize::try_from(self.selected.elements()).unwrap_or(usize::MAX);
        let mut taken = vec![T::default(); count.saturating_mul(size)];
        for part in self.selected.chunks(&self.shape)? {
            part.gather(&elements, &mut taken, size)?;
        }
        Ok(taken)
    }
}

/// Boxes, made by [`Resolved::boxes`].
#[derive(Debug)]
pub(crate) struct Boxes {
    /// What is still to be read along each axis, the next last.
    waiting: Vec<Vec<Pick>>,
    most: u64,
}

impl Resolved {
    /// The boxes that hold what is selected, none of more than `most` elements, in such an order that what is taken of each
    /// follows what was taken of the one before.
    pub(crate) fn boxes(&self, most: u64) -> Boxes {
        let waiting = if self.elements() == 0 { Vec::new() } else { vec![self.picks().to_vec()] };
        Boxes { waiting, most: most.max(1) }
    }
}

impl Iterator for Boxes {
    type Item = Boxed;

    fn next(&mut self) -> Option<Boxed> {
        loop {
            let picks = self.waiting.pop()?;
            let bounds: Vec<(u64, u64)> = picks.iter().map(Pick::bounds).collect();
            let lengths = bounds.iter().map(|(first, last)| last.saturating_sub(*first).saturating_add(1));
            let shape: Vec<u64> = lengths.collect();
            let split = picks.iter().position(|pick| pick.count() > 1);
            if let Some(axis) = split
                && product(shape.iter().copied()).is_none_or(|elements| elements > self.most)
            {
                let (mut first, mut second) = (picks.clone(), picks);
                if let (Some(one), Some(other)) = (first.get_mut(axis), second.get_mut(axis)) {
                    (*one, *other) = one.halves();
                }
                self.waiting.extend([second, first]);
                continue;
            }
            let start: Vec<u64> = bounds.into_iter().map(|(first, _)| first).collect();
            let picks = picks.into_iter().zip(&start).map(|(pick, first)| pick.from(*first)).collect();
            return Some(Boxed { selected: Resolved::within(&shape, picks), start, shape });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::selection::Selection;

    #[test]
    fn what_is_taken_of_small_boxes_is_what_is_selected() {
        let shape = [7, 5, 4];
        let all: Vec<u32> = (0..140).collect();
        for text in ["...", "1", "::-2, 1:4, -1", "[5,0,5], ::3", "3, [4,1], ::-1", "6:2:-1, 2, 1:3", "7:"] {
            let resolved = text.parse::<Selection>().unwrap().resolve(&shape).unwrap();
            let mut whole = vec![0; resolved.elements().try_into().unwrap()];
            for part in resolved.chunks(&shape).unwrap() {
                part.gather(&all, &mut whole, 1).unwrap();
            }
            for most in [1, 6, 50, 1000] {
                let mut taken = Vec::new();
                for found in resolved.boxes(most) {
                    assert!(found.shape.iter().product::<u64>() <= most, "{text} {most}");
                    let mut elements = Vec::new();
                    for place in 0..140_u64 {
                        let index = [place / 20, place / 4 % 5, place % 4];
                        let bounds = found.start.iter().zip(&found.shape);
                        if index
                            .iter()
                            .zip(bounds)
                            .all(|(at, (start, count))| (*start..start + count).contains(at))
                        {
                            elements.push(all[usize::try_from(place).unwrap()]);
                        }
                    }
                    taken.extend(found.take(elements, 1).unwrap());
                }
                assert_eq!(taken, whole, "{text} {most}");
            }
        }
    }
}
