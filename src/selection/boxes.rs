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
pub(crate) struct Boxes<'a> {
    /// What is still to be read along each axis, the next last.
    waiting: Vec<Vec<Pick>>,
    array: &'a [u64],
    most: u64,
    /// The axes from here on are always whole.
    rank: usize,
    chunk: &'a [u64],
}

impl Resolved {
    /// The boxes that hold what is selected, none of more than `most` elements, in such an order that what is taken of each
    /// follows what was taken of the one before.
    pub(crate) fn boxes(&self, most: u64) -> Boxes<'_> {
        let waiting = if self.elements() == 0 { Vec::new() } else { vec![self.picks().to_vec()] };
        Boxes { waiting, array: self.array_shape(), most: most.max(1), rank: usize::MAX, chunk: &[] }
    }
}

impl<'a> Boxes<'a> {
    /// Has the axes from number `rank` on always whole, however large the boxes become by that.
    pub(crate) fn whole_from(mut self, rank: usize) -> Self {
        self.rank = rank;
        self
    }

    /// Has runs of indices divided where chunks of this shape meet.
    pub(crate) fn between(mut self, chunk: &'a [u64]) -> Self {
        self.chunk = chunk;
        self
    }

    /// The first index and the length along each axis.
    fn bounds(&self, picks: &[Pick]) -> (Vec<u64>, Vec<u64>) {
        let bound = |(axis, (pick, length)): (usize, (&Pick, &u64))| match pick.bounds() {
            _ if axis >= self.rank => (0, *length),
            (first, last) => (first, last.saturating_sub(first).saturating_add(1)),
        };
        picks.iter().zip(self.array).enumerate().map(bound).unzip()
    }

    /// How many of the indices along an axis make the first of two parts.
    fn first_part(&self, axis: usize, pick: &Pick) -> u64 {
        let half = pick.count() / 2;
        let (Pick::Range { start, step: 1, .. }, Some(side)) = (pick, self.chunk.get(axis)) else {
            return half;
        };
        let past = start.saturating_add(half).checked_rem(*side).unwrap_or_default();
        if past < half { half.saturating_sub(past) } else { half }
    }
}

impl Iterator for Boxes<'_> {
    type Item = Boxed;

    fn next(&mut self) -> Option<Boxed> {
        loop {
            let mut picks = self.waiting.pop()?;
            let (start, shape) = self.bounds(&picks);
            let split = picks.iter().take(self.rank).position(|pick| pick.count() > 1);
            let is_large = product(shape.iter().copied()).is_none_or(|elements| elements > self.most);
            if let Some((axis, pick)) = split.and_then(|axis| Some((axis, picks.get(axis)?)))
                && is_large
            {
                let (count, first) = (pick.count(), self.first_part(axis, pick));
                let (one, other) = (pick.part(0, first), pick.part(first, count.saturating_sub(first)));
                let mut before = picks.clone();
                before.iter_mut().skip(axis).take(1).for_each(|pick| *pick = one.clone());
                picks.iter_mut().skip(axis).take(1).for_each(|pick| *pick = other.clone());
                self.waiting.extend([picks, before]);
                continue;
            }
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
            for (most, rank) in [(1, 3), (6, 3), (50, 3), (1000, 3), (6, 2), (40, 1)] {
                let mut taken = Vec::new();
                for found in resolved.boxes(most).whole_from(rank).between(&[3, 2, 3]) {
                    let inner: u64 = shape[rank..].iter().product();
                    assert!(found.shape.iter().product::<u64>() <= most.max(inner), "{text} {most}");
                    assert_eq!(found.shape[rank..], shape[rank..]);
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
