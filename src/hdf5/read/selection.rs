//! Which elements of a dataset are meant: all, or along each axis some.

/// What a selection selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    Nothing,
    All,
    /// Every element whose coordinates are selected along each axis.
    Hyperslab(Vec<Axis>),
    /// Points, or a union of blocks that is no product of axes.
    Irregular,
}

/// The coordinates that are selected along one axis, which increase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axis {
    Regular(Regular),
    Spans(Spans),
}

/// Blocks of one length at equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Regular {
    start: u64,
    stride: u64,
    block: u64,
    /// How many coordinates there are in all blocks, of which the last may be cut; `None` without end.
    total: Option<u64>,
}

/// Spans of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spans {
    /// How many coordinates there are before each span, and where it begins.
    spans: Vec<(u64, u64)>,
    total: u64,
}

impl Regular {
    /// Blocks as a file has them, where all ones are no end; `None` where they would overlap or lie nowhere.
    pub fn new(start: u64, stride: u64, count: u64, block: u64) -> Option<Self> {
        const UNLIMITED: u64 = u64::MAX;
        if block == UNLIMITED {
            return Some(Self { start, stride: UNLIMITED, block: UNLIMITED, total: None });
        }
        if count == UNLIMITED {
            let is_sound = block > 0 && stride >= block;
            return is_sound.then_some(Self { start, stride, block, total: None });
        }
        let total = count.checked_mul(block)?;
        let (stride, block) = if count <= 1 || stride == block { (total, total) } else { (stride, block) };
        let last = count.checked_sub(1).and_then(|last| last.checked_mul(stride)).unwrap_or_default();
        let is_inside = start.checked_add(last).and_then(|at| at.checked_add(block)).is_some();
        (is_inside && stride >= block).then_some(Self { start, stride, block, total: Some(total) })
    }

    pub fn is_unlimited(self) -> bool {
        self.total.is_none()
    }

    /// The same with so many coordinates.
    pub fn with(self, total: u64) -> Self {
        // Blocks that touch are one.
        let touch = self.stride == self.block;
        let (stride, block) = if touch { (total, total) } else { (self.stride, self.block) };
        Self { start: self.start, stride, block, total: Some(total) }
    }

    /// The block of that number alone; `None` where there is only one, without end.
    pub fn nth(self, number: u64) -> Option<Self> {
        let start = number.checked_mul(self.stride).and_then(|at| at.checked_add(self.start))?;
        let is_finite = self.block != u64::MAX;
        is_finite.then_some(Self { start, stride: self.block, block: self.block, total: Some(self.block) })
    }

    /// How long a block is.
    pub fn block(self) -> u64 {
        self.block
    }

    /// How many of its coordinates lie before one.
    pub fn before(self, coordinate: u64) -> u64 {
        let Some(distance) = coordinate.checked_sub(self.start) else { return 0 };
        let blocks = distance.checked_div(self.stride).unwrap_or_default();
        let rest = distance.checked_rem(self.stride).unwrap_or_default().min(self.block);
        let before = blocks.saturating_mul(self.block).saturating_add(rest);
        self.total.map_or(before, |total| before.min(total))
    }

    /// How long an axis is that ends behind so many of the coordinates.
    pub fn extent(self, count: u64) -> u64 {
        let Some(last) = count.checked_sub(1) else { return 0 };
        self.at(last).saturating_add(1)
    }

    fn at(self, index: u64) -> u64 {
        let blocks = index.checked_div(self.block).unwrap_or_default();
        let rest = index.checked_rem(self.block).unwrap_or_default();
        self.start.saturating_add(blocks.saturating_mul(self.stride)).saturating_add(rest)
    }
}

impl Spans {
    /// Spans, each with where it begins and how many coordinates it has; `None` where two overlap.
    pub fn new(mut spans: Vec<(u64, u64)>) -> Option<Self> {
        spans.sort_unstable();
        let (mut total, mut end, mut found) = (0_u64, 0_u64, Vec::with_capacity(spans.len()));
        for (start, length) in spans {
            if start < end {
                return None;
            }
            found.push((total, start));
            end = start.checked_add(length)?;
            total = total.checked_add(length)?;
        }
        Some(Self { spans: found, total })
    }
}

impl Axis {
    /// All coordinates of an axis.
    pub fn whole(length: u64) -> Self {
        Self::Regular(Regular { start: 0, stride: length, block: length, total: Some(length) })
    }

    /// The blocks, where there is no end of them.
    pub fn unlimited(&self) -> Option<Regular> {
        match self {
            Self::Regular(regular) if regular.is_unlimited() => Some(*regular),
            _ => None,
        }
    }

    /// How many coordinates there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Regular(regular) => regular.total.unwrap_or(u64::MAX),
            Self::Spans(spans) => spans.total,
        }
    }

    /// Where an axis must end at least that has all of them.
    pub fn end(&self) -> u64 {
        let Some(last) = self.count().checked_sub(1) else { return 0 };
        self.run(last).0.saturating_add(1)
    }

    /// How many of the coordinates lie before one.
    pub fn before(&self, coordinate: u64) -> u64 {
        match self {
            Self::Regular(regular) => regular.before(coordinate),
            Self::Spans(Spans { spans, total }) => {
                let next = spans.partition_point(|(_, start)| *start <= coordinate);
                let span = next.checked_sub(1).and_then(|at| spans.get(at));
                let end = spans.get(next).map_or(*total, |(count, _)| *count);
                span.map_or(0, |(count, start)| {
                    count.saturating_add(coordinate.saturating_sub(*start)).min(end)
                })
            }
        }
    }

    /// The coordinate of that number, and how many follow one another from it on.
    pub fn run(&self, index: u64) -> (u64, u64) {
        let rest = self.count().saturating_sub(index);
        match self {
            Self::Regular(regular) => {
                let within = index.checked_rem(regular.block).unwrap_or_default();
                (regular.at(index), regular.block.saturating_sub(within).min(rest))
            }
            Self::Spans(Spans { spans, total }) => {
                let next = spans.partition_point(|(count, _)| *count <= index);
                let span = next.checked_sub(1).and_then(|at| spans.get(at)).copied();
                let (count, start) = span.unwrap_or_default();
                let end = spans.get(next).map_or(*total, |(count, _)| *count);
                (start.saturating_add(index.saturating_sub(count)), end.saturating_sub(index))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_and_their_numbers_are_those_of_a_list_of_all() {
        let spans = |spans: &[(u64, u64)]| Axis::Spans(Spans::new(spans.to_vec()).unwrap());
        let regular =
            |start, stride, count, block| Axis::Regular(Regular::new(start, stride, count, block).unwrap());
        let cut = Regular::new(2, 5, u64::MAX, 3).unwrap().with(7);
        for (axis, all) in [
            (regular(1, 3, 3, 2), vec![1, 2, 4, 5, 7, 8]),
            (regular(4, 2, 2, 2), vec![4, 5, 6, 7]),
            (regular(4, 1, 0, 1), vec![]),
            (Axis::Regular(Regular::new(3, 2, u64::MAX, 2).unwrap().with(3)), vec![3, 4, 5]),
            (Axis::Regular(cut), vec![2, 3, 4, 7, 8, 9, 12]),
            (spans(&[(8, 1), (0, 2), (3, 3)]), vec![0, 1, 3, 4, 5, 8]),
            (Axis::whole(3), vec![0, 1, 2]),
        ] {
            assert_eq!(axis.count(), all.len() as u64);
            assert_eq!(axis.end(), all.last().map_or(0, |last| last + 1));
            for coordinate in 0..20 {
                let before = all.iter().filter(|at| **at < coordinate).count() as u64;
                assert_eq!(axis.before(coordinate), before, "{axis:?} {coordinate}");
            }
            for (index, coordinate) in all.iter().enumerate() {
                let (at, run) = axis.run(index as u64);
                assert_eq!(at, *coordinate, "{axis:?} {index}");
                let follows = |n: &usize| all.get(index + n) == Some(&(coordinate + *n as u64));
                let follow = (0..all.len()).take_while(follows).count() as u64;
                assert!(run > 0 && run <= follow, "{axis:?} {index}: {run} of {follow}");
            }
        }
    }

    #[test]
    fn selections_without_end_are_as_long_as_what_there_is_of_the_other_side() {
        let endless = Regular::new(0, u64::MAX, 1, u64::MAX).unwrap();
        let frames = Regular::new(1, 4, u64::MAX, 2).unwrap();
        assert!(endless.is_unlimited() && frames.is_unlimited());
        assert_eq!([1, 2, 3, 5, 6, 7].map(|length| frames.before(length)), [0, 1, 2, 2, 3, 4]);
        assert_eq!([0, 1, 2, 3, 4].map(|count| frames.extent(count)), [0, 2, 3, 6, 7]);
        assert_eq!((endless.before(9), endless.extent(9)), (9, 9));
        assert_eq!(frames.nth(2), Regular::new(9, 2, 1, 2));
        assert_eq!((endless.nth(1), Regular::new(0, 1, 3, 2)), (None, None));
        assert_eq!(Regular::new(u64::MAX - 2, 4, 3, 2), None);
        assert_eq!(Spans::new(vec![(0, 3), (2, 1)]), None);
    }
}
