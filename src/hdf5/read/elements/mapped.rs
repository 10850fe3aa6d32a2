//! What the mappings of a virtual dataset say: which of its elements are which of its sources.

use std::borrow::Cow;

use super::grid::product;
use super::region::Region;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::input::corrupt;
use crate::hdf5::read::layout::Mapping;
use crate::hdf5::read::selection::{Axis, Regular, Selection};

const WHAT: &str = "mapping of a virtual dataset";

/// So many sources may one mapping have that numbers them.
const MOST_NUMBERED: u64 = 1 << 16;

/// Gives the shape of a dataset by the names of its file and its own; `None` where it is not there.
pub(super) type ShapeOf<'s> = dyn FnMut(&str, &str) -> Result<Option<Vec<u64>>> + 's;

/// Elements that one source has.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub file: Cow<'a, str>,
    pub dataset: Cow<'a, str>,
    /// The elements of the source; all where there is nothing.
    source: Option<Cow<'a, [Axis]>>,
    target: Cow<'a, [Axis]>,
}

/// The parts of a virtual dataset, and the shape that they give it.
#[derive(Debug)]
pub(super) struct Mapped<'a> {
    pub parts: Vec<Part<'a>>,
    pub shape: Vec<u64>,
}

/// The lengths that mappings ask for.
struct Lengths {
    /// The least, from those that end.
    least: Vec<u64>,
    /// From those that go on as long as their sources do; `None` where there are none.
    endless: Vec<Option<u64>>,
}

impl<'a> Mapped<'a> {
    /// Finds the parts. An axis that is mapped without end becomes as long as the sources are that there are.
    ///
    /// # Errors
    /// `Corrupt`; `Unsupported` for selections that are no hyperslabs, and for mappings that lie over one another.
    pub fn new(
        mappings: &'a [Mapping],
        shape: &[u64],
        maximum: &[Option<u64>],
        shape_of: &mut ShapeOf<'_>,
    ) -> Result<Self> {
        let mut lengths = Lengths { least: vec![0; shape.len()], endless: vec![None; shape.len()] };
        let mut parts = Vec::new();
        for mapping in mappings {
            let Some(target) = axes(&mapping.target, shape)? else { continue };
            let source = match &mapping.source {
                Selection::Nothing => continue,
                Selection::All => None,
                Selection::Hyperslab(axes) => Some(Cow::Borrowed(axes.as_slice())),
                Selection::Irregular => return Err(irregular()),
            };
            lengths.ask(&target);
            let of_source = source.as_deref().map(endless).transpose()?.flatten();
            match (endless(&target)?, of_source) {
                (None, None) => {
                    let (file, dataset) = (named(&mapping.file, None)?, named(&mapping.dataset, None)?);
                    parts.push(Part { file, dataset, source, target });
                }
                (Some(of_target), Some(of_source)) => {
                    let source = source.unwrap_or_default();
                    let ends = (of_target, of_source);
                    parts.extend(as_long_as(mapping, (target, source), ends, shape_of, &mut lengths)?);
                }
                (Some(of_target), None) if is_numbered(mapping) => {
                    numbered(mapping, (&target, &source), of_target, shape_of, &mut lengths, &mut parts)?;
                }
                _ => return Err(corrupt(WHAT, "one side of it has an end and the other has none")),
            }
        }
        let shape = lengths.of(shape, maximum);
        check_overlap(&parts, &shape)?;
        Ok(Self { parts, shape })
    }
}

impl Lengths {
    fn ask(&mut self, target: &[Axis]) {
        for (least, axis) in self.least.iter_mut().zip(target) {
            if axis.unlimited().is_none() {
                *least = axis.end().max(*least);
            }
        }
    }

    fn ask_endless(&mut self, axis: usize, length: u64) {
        if let Some(asked) = self.endless.get_mut(axis) {
            *asked = Some(asked.unwrap_or(0).max(length));
        }
    }

    /// The lengths of the axes: those that the header names, but where there are mappings without end.
    fn of(self, shape: &[u64], maximum: &[Option<u64>]) -> Vec<u64> {
        let asked = self.endless.into_iter().zip(self.least);
        let asked = asked.map(|(endless, least)| endless.map(|length| length.max(least)));
        let known = shape.iter().zip(maximum);
        let lengths = asked.zip(known).map(|(asked, (length, most))| {
            let length = asked.unwrap_or(*length);
            most.map_or(length, |most| length.min(most))
        });
        lengths.collect()
    }
}

/// The axes of a selection in a dataset; nothing where it selects nothing.
fn axes<'a>(selection: &'a Selection, shape: &[u64]) -> Result<Option<Cow<'a, [Axis]>>> {
    match selection {
        Selection::Nothing => Ok(None),
        Selection::All => Ok(Some(shape.iter().map(|length| Axis::whole(*length)).collect())),
        Selection::Hyperslab(axes) if axes.len() == shape.len() => Ok(Some(Cow::Borrowed(axes))),
        Selection::Hyperslab(axes) => {
            Err(corrupt(WHAT, format!("a selection of {} axes of {}", axes.len(), shape.len())))
        }
        Selection::Irregular => Err(irregular()),
    }
}

fn irregular() -> Error {
    let why =
        "virtual datasets of single points, or of blocks that are no rows and columns, are not read here";
    Error::new(ErrorKind::Unsupported, why)
}

/// The axis without end, of which there is one at most.
fn endless(axes: &[Axis]) -> Result<Option<(usize, Regular)>> {
    let mut found = axes.iter().enumerate().filter_map(|(at, axis)| Some((at, axis.unlimited()?)));
    match (found.next(), found.next()) {
        (first, None) => Ok(first),
        _ => Err(corrupt(WHAT, "a selection without end along two axes")),
    }
}

/// The part of a mapping that is as long as its source.
fn as_long_as<'a>(
    mapping: &'a Mapping,
    (target, source): (Cow<'a, [Axis]>, Cow<'a, [Axis]>),
    ((at, of_target), (source_at, of_source)): ((usize, Regular), (usize, Regular)),
    shape_of: &mut ShapeOf<'_>,
    lengths: &mut Lengths,
) -> Result<Option<Part<'a>>> {
    let (file, dataset) = (named(&mapping.file, None)?, named(&mapping.dataset, None)?);
    let shape = shape_of(&file, &dataset)?;
    let count =
        shape.as_ref().map_or(0, |shape| shape.get(source_at).map_or(0, |length| of_source.before(*length)));
    lengths.ask_endless(at, of_target.extent(count));
    let target = replaced(&target, at, of_target.with(count));
    let source = Some(replaced(&source, source_at, of_source.with(count)));
    Ok(shape.map(|_| Part { file, dataset, source, target }))
}

/// The parts of a mapping each block of which has a source of its own, as far as there are sources.
fn numbered<'a>(
    mapping: &'a Mapping,
    (target, source): (&Cow<'a, [Axis]>, &Option<Cow<'a, [Axis]>>),
    (at, of_target): (usize, Regular),
    shape_of: &mut ShapeOf<'_>,
    lengths: &mut Lengths,
    parts: &mut Vec<Part<'a>>,
) -> Result<()> {
    let mut count = 0_u64;
    while count < MOST_NUMBERED {
        let (file, dataset) = (named(&mapping.file, Some(count))?, named(&mapping.dataset, Some(count))?);
        if shape_of(&file, &dataset)?.is_none() {
            break;
        }
        let block = of_target.nth(count).ok_or_else(|| corrupt(WHAT, "numbered sources of no size"))?;
        parts.push(Part { file, dataset, source: source.clone(), target: replaced(target, at, block) });
        count = count.saturating_add(1);
    }
    lengths.ask_endless(at, of_target.extent(count.saturating_mul(of_target.block())));
    Ok(())
}

fn replaced<'a>(axes: &[Axis], at: usize, axis: Regular) -> Cow<'a, [Axis]> {
    let mut axes = axes.to_vec();
    axes.iter_mut().skip(at).take(1).for_each(|to| *to = Axis::Regular(axis));
    Cow::Owned(axes)
}

fn is_numbered(mapping: &Mapping) -> bool {
    [&mapping.file, &mapping.dataset].iter().any(|name| name.replace("%%", "").contains("%b"))
}

/// A name with a number for `%b`; `%%` is a percent sign.
fn named(name: &str, number: Option<u64>) -> Result<Cow<'_, str>> {
    if !name.contains('%') {
        return Ok(Cow::Borrowed(name));
    }
    let (mut made, mut rest) = (String::new(), name);
    while let Some((before, after)) = rest.split_once('%') {
        made.push_str(before);
        rest = match (after.strip_prefix('%'), after.strip_prefix('b'), number) {
            (Some(after), ..) => {
                made.push('%');
                after
            }
            (_, Some(after), Some(number)) => {
                made.push_str(&number.to_string());
                after
            }
            _ => {
                return Err(corrupt(
                    WHAT,
                    format!("the name {name:?} has a percent sign that means nothing"),
                ));
            }
        };
    }
    made.push_str(rest);
    Ok(Cow::Owned(made))
}

/// Fails where parts lie over one another again and again: reading them would be more work than there are elements.
fn check_overlap(parts: &[Part<'_>], shape: &[u64]) -> Result<()> {
    let count = |axes: &[Axis]| axes.iter().fold(1_u64, |count, axis| count.saturating_mul(axis.count()));
    let mapped = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(count(&part.target)));
    let most = product(shape).unwrap_or(u64::MAX).saturating_mul(2);
    if mapped <= most {
        return Ok(());
    }
    let why = format!("its mappings lie over one another: {mapped} elements for a shape of {shape:?}");
    Err(Error::new(ErrorKind::Unsupported, why))
}

/// The numbers of the coordinates along each axis that a part has of a box: the first, and the first behind them.
pub(super) type Ranges = Vec<(u64, u64)>;

/// Takes a box of the source and the box of the virtual dataset that it is, of as many elements in the same order.
pub(super) type EachPiece<'p> = dyn FnMut(&Region, &Region) -> Result<()> + 'p;

/// Some coordinates of an axis of the virtual dataset that are those of an axis of the source: either's number and the
/// first coordinate in it by its number, and how many.
type Pair = ((usize, u64), (usize, u64), u64);

impl Part<'_> {
    /// What of it lies in a box.
    pub fn meet(&self, region: &Region) -> Option<Ranges> {
        let sides = region.start.iter().zip(&region.shape);
        let range = |((start, side), axis): ((&u64, &u64), &Axis)| {
            let range = (axis.before(*start), axis.before(start.saturating_add(*side)));
            (range.0 < range.1).then_some(range)
        };
        sides.zip(self.target.iter()).map(range).collect()
    }

    /// Gives the boxes that follow one another without a gap on both sides.
    ///
    /// # Errors
    /// `Unsupported` where the source does not have the elements; whatever `each` gives.
    pub fn pieces(&self, ranges: &Ranges, shape: &[u64], each: &mut EachPiece<'_>) -> Result<()> {
        let whole = || shape.iter().map(|length| Axis::whole(*length)).collect();
        let source: Cow<'_, [Axis]> = self.source.as_deref().map_or_else(whole, Cow::Borrowed);
        let counts = |axes: &[Axis]| axes.iter().map(Axis::count).collect::<Vec<u64>>();
        let (of_target, of_source) = (counts(&self.target), counts(&source));
        let is_inside = source.len() == shape.len()
            && source.iter().zip(shape).all(|(axis, length)| axis.end() <= *length);
        if !is_inside || product(&of_target) != product(&of_source) {
            let count = |counts: &[u64]| counts.iter().fold(1_u64, |all, count| all.saturating_mul(*count));
            let why = format!(
                "{} of its elements are to be {} of {:?} in {:?}, which has the shape {shape:?}",
                count(&of_target),
                count(&of_source),
                self.dataset,
                self.file
            );
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let long = |counts: &[u64]| -> Vec<(usize, u64)> {
            counts.iter().copied().enumerate().filter(|(_, count)| *count != 1).collect()
        };
        let (long_target, long_source) = (long(&of_target), long(&of_source));
        let mut boxes = Boxes::new(&self.target, &source);
        boxes.place(ranges.iter().map(|(start, _)| *start), std::iter::repeat(0));
        if long_target.iter().map(|(_, count)| count).eq(long_source.iter().map(|(_, count)| count)) {
            let pair = |((at, _), (source_at, _)): (&(usize, u64), &(usize, u64))| {
                let (start, end) = ranges.get(*at).copied().unwrap_or_default();
                ((*at, start), (*source_at, start), end.saturating_sub(start))
            };
            let pairs: Vec<Pair> = long_target.iter().zip(&long_source).map(pair).collect();
            return boxes.split(&pairs, each);
        }
        rows(&mut boxes, ranges, (&of_target, &of_source), each)
    }
}

/// Gives the boxes where the two sides have other axes: row by row, each as it lies in the rows of the source.
fn rows(
    boxes: &mut Boxes<'_>,
    ranges: &Ranges,
    (of_target, of_source): (&[u64], &[u64]),
    each: &mut EachPiece<'_>,
) -> Result<()> {
    let (Some(last), Some(source_last)) = (of_target.len().checked_sub(1), of_source.len().checked_sub(1))
    else {
        return Ok(());
    };
    let mut at: Vec<u64> = ranges.iter().map(|(start, _)| *start).collect();
    let (first, end) = ranges.last().copied().unwrap_or_default();
    let width = of_source.last().copied().unwrap_or(1);
    loop {
        let mut index = first;
        while index < end {
            at.iter_mut().skip(last).for_each(|to| *to = index);
            let ordinal = at
                .iter()
                .zip(of_target)
                .fold(0_u64, |sum, (at, count)| sum.saturating_mul(*count).saturating_add(*at));
            let (mut source, mut rest) = (vec![0; of_source.len()], ordinal);
            for (to, count) in source.iter_mut().zip(of_source).rev() {
                *to = rest.checked_rem(*count).unwrap_or_default();
                rest = rest.checked_div(*count).unwrap_or_default();
            }
            let column = source.last().copied().unwrap_or_default();
            let count = end.saturating_sub(index).min(width.saturating_sub(column)).max(1);
            boxes.place(at.iter().copied(), source.iter().copied());
            boxes.split(&[((last, index), (source_last, column), count)], each)?;
            index = index.saturating_add(count);
        }
        let mut carries = true;
        for (at, (start, end)) in at.iter_mut().zip(ranges).take(last).rev() {
            if carries {
                *at = at.saturating_add(1);
                carries = *at >= *end;
                if carries {
                    *at = *start;
                }
            }
        }
        if carries {
            return Ok(());
        }
    }
}

/// Two boxes of as many elements, one on either side.
struct Boxes<'a> {
    target: &'a [Axis],
    source: &'a [Axis],
    of_target: Region,
    of_source: Region,
}

impl<'a> Boxes<'a> {
    fn new(target: &'a [Axis], source: &'a [Axis]) -> Self {
        let one = |rank| Region::new(vec![0; rank], vec![1; rank]);
        Self { target, source, of_target: one(target.len()), of_source: one(source.len()) }
    }

    /// Makes both one element, by the numbers of its coordinates.
    fn place(&mut self, target: impl Iterator<Item = u64>, source: impl Iterator<Item = u64>) {
        fn place(region: &mut Region, axes: &[Axis], at: impl Iterator<Item = u64>) {
            region.shape.fill(1);
            for ((to, axis), at) in region.start.iter_mut().zip(axes).zip(at) {
                *to = axis.run(at).0;
            }
        }
        place(&mut self.of_target, self.target, target);
        place(&mut self.of_source, self.source, source);
    }

    /// Gives boxes along pairs of axes, each as long as there is no gap on either side.
    fn split(&mut self, pairs: &[Pair], each: &mut EachPiece<'_>) -> Result<()> {
        let Some((pair, rest)) = pairs.split_first() else { return each(&self.of_source, &self.of_target) };
        let ((at, mut index), (source_at, mut source_index), mut count) = *pair;
        while count > 0 {
            let run = |axes: &[Axis], at: usize, index| axes.get(at).map_or((0, 1), |axis| axis.run(index));
            let (start, length) = run(self.target, at, index);
            let (source_start, source_length) = run(self.source, source_at, source_index);
            let step = length.min(source_length).clamp(1, count);
            set(&mut self.of_target, at, (start, step));
            set(&mut self.of_source, source_at, (source_start, step));
            self.split(rest, each)?;
            count = count.saturating_sub(step);
            index = index.saturating_add(step);
            source_index = source_index.saturating_add(step);
        }
        Ok(())
    }
}

fn set(region: &mut Region, axis: usize, (start, side): (u64, u64)) {
    region.start.iter_mut().skip(axis).take(1).for_each(|to| *to = start);
    region.shape.iter_mut().skip(axis).take(1).for_each(|to| *to = side);
}
