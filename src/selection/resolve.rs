//! A selection of an array whose shape is known.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt::Display;

use super::along::{Kind, Position, Slice};
use super::select::Selection;
use crate::error::{Error, ErrorKind, Result};

/// The indices taken along one axis, all of which are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// `start`, `start + step` and so on; the step is 1 where there is at most one.
    Range { start: u64, step: i64, count: u64 },
    /// In this order; not evenly spaced.
    List(Vec<u64>),
}

impl Pick {
    fn whole(length: u64) -> Self {
        Self::Range { start: 0, step: 1, count: length }
    }

    /// The number of indices.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Range { count, .. } => *count,
            Self::List(list) => list.len() as u64,
        }
    }

    /// The least and the greatest of the indices, of which there is at least one.
    #[expect(clippy::arithmetic_side_effects, reason = "wide enough for what 64 bits count")]
    pub(super) fn bounds(&self) -> (u64, u64) {
        match self {
            Self::Range { start, step, count } => {
                let last = Position::from(*start) + Position::from(*step) * (Position::from(*count) - 1);
                let last = u64::try_from(last).unwrap_or(*start);
                ((*start).min(last), (*start).max(last))
            }
            Self::List(list) => {
                let ends = list.iter().min().zip(list.iter().max());
                ends.map_or((0, 0), |(least, greatest)| (*least, *greatest))
            }
        }
    }

    /// So many of the indices, from the one of a number on; all of them are there.
    pub(super) fn part(&self, from: u64, count: u64) -> Self {
        match self {
            Self::Range { start, step, .. } => {
                // It lies within the axis, so that wrapping arithmetic comes out right.
                let start = start.wrapping_add(from.wrapping_mul(step.cast_unsigned()));
                Self::Range { start, step: if count > 1 { *step } else { 1 }, count }
            }
            Self::List(list) => {
                let place = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
                Self::of_list(list.iter().copied().skip(place(from)).take(place(count)).collect())
            }
        }
    }

    /// The same indices, counted from `first`, which is none of the greater ones.
    pub(super) fn from(self, first: u64) -> Self {
        match self {
            Self::Range { start, step, count } => {
                Self::Range { start: start.saturating_sub(first), step, count }
            }
            Self::List(list) => {
                Self::List(list.into_iter().map(|index| index.saturating_sub(first)).collect())
            }
        }
    }

    /// A list, or the range that it spells out.
    #[expect(clippy::arithmetic_side_effects, reason = "wide enough for what 64 bits count")]
    fn of_list(list: Vec<u64>) -> Self {
        let count = list.len() as u64;
        let [start, second, ..] = *list else {
            return Self::Range { start: list.first().copied().unwrap_or(0), step: 1, count };
        };
        let step = Position::from(second) - Position::from(start);
        let even = |one: &u64, next: &u64| Position::from(*next) - Position::from(*one) == step;
        match i64::try_from(step) {
            Ok(step) if step != 0 && list.is_sorted_by(even) => Self::Range { start, step, count },
            _ => Self::List(list),
        }
    }
}

/// A selection of an array of a known shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resolved {
    array: Vec<u64>,
    picks: Vec<Pick>,
    dropped: Vec<bool>,
    elements: u64,
}

impl Selection {
    /// Applies the selection to an array of this shape.
    pub(crate) fn resolve(&self, shape: &[u64]) -> Result<Resolved> {
        let asked = Asked { selection: self, shape };
        asked.check_parts()?;
        let named = self.parts().iter().filter(|part| **part != Kind::Ellipsis).count();
        let unnamed = shape.len().saturating_sub(named);
        let (mut picks, mut dropped) = (Vec::with_capacity(shape.len()), Vec::with_capacity(shape.len()));
        for part in self.parts() {
            let axis = picks.len();
            if *part == Kind::Ellipsis {
                picks.extend(shape.iter().skip(axis).take(unnamed).copied().map(Pick::whole));
            } else {
                picks.push(asked.pick(axis, part)?);
            }
            dropped.resize(picks.len(), matches!(part, Kind::Index(_)));
        }
        picks.extend(shape.iter().skip(picks.len()).copied().map(Pick::whole));
        dropped.resize(picks.len(), false);
        let elements = product(picks.iter().map(Pick::count));
        let elements = elements.ok_or_else(|| {
            asked.refuse(ErrorKind::InvalidInput, "it has more elements than 64 bits count, for")
        })?;
        Ok(Resolved { array: shape.to_vec(), picks, dropped, elements })
    }

    /// Gives what is selected along each axis of an array of this shape that is kept, with the number of the axis: as a
    /// selection of an array of one axis, such as the labels of that axis.
    ///
    /// ```
    /// let selection: calcstore::Selection = "0,...,2:4".parse()?;
    /// let axes = selection.axes(&[3, 5, 8])?;
    /// let text: Vec<_> = axes.iter().map(|(axis, along)| (*axis, along.to_string())).collect();
    /// assert_eq!(text, [(1, ":".to_owned()), (2, "2:4".to_owned())]);
    /// # Ok::<(), calcstore::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] and [`ErrorKind::WrongShape`] where the selection does not fit the shape.
    pub fn axes(&self, shape: &[u64]) -> Result<Vec<(usize, Self)>> {
        let resolved = self.resolve(shape)?;
        let named = self.parts().iter().filter(|part| **part != Kind::Ellipsis).count();
        let mut parts = Vec::with_capacity(shape.len());
        for part in self.parts() {
            match part {
                Kind::Ellipsis => {
                    let unnamed = shape.len().saturating_sub(named);
                    parts.extend(std::iter::repeat_n(Kind::Slice(Slice::WHOLE), unnamed));
                }
                part => parts.push(part.clone()),
            }
        }
        parts.resize(shape.len(), Kind::Slice(Slice::WHOLE));
        let kept = parts.into_iter().enumerate().zip(&resolved.dropped).filter(|(_, dropped)| !**dropped);
        Ok(kept.map(|((axis, part), _)| (axis, std::iter::once(part).collect())).collect())
    }

    /// Gives the indices that are taken of an array of one axis, in their order.
    ///
    /// ```
    /// let selection: calcstore::Selection = "-1:2:-2".parse()?;
    /// assert_eq!(selection.indices(8)?, [7, 5, 3]);
    /// # Ok::<(), calcstore::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Selection::axes`].
    pub fn indices(&self, length: u64) -> Result<Vec<u64>> {
        Ok(match self.resolve(&[length])?.picks.into_iter().next() {
            Some(Pick::Range { start, step, count }) => {
                let step = step.cast_unsigned();
                // They lie within the axis, so that wrapping arithmetic comes out right.
                (0..count).map(|number| start.wrapping_add(number.wrapping_mul(step))).collect()
            }
            Some(Pick::List(list)) => list,
            None => Vec::new(),
        })
    }

    /// Applies the selection to an array that is to be written to: no element may be named twice.
    pub(crate) fn resolve_for_writing(&self, shape: &[u64]) -> Result<Resolved> {
        let resolved = self.resolve(shape)?;
        for (axis, pick) in resolved.picks.iter().enumerate() {
            let Pick::List(list) = pick else { continue };
            let mut sorted = list.clone();
            sorted.sort_unstable();
            if let Some([twice, _]) =
                sorted.windows(2).find(|pair| matches!(pair, [one, next] if one == next))
            {
                let asked = Asked { selection: self, shape };
                let why = format!(
                    "index {twice} of axis {axis} is named twice, so that it is open what to write there, for"
                );
                return Err(asked.refuse(ErrorKind::InvalidInput, why));
            }
        }
        Ok(resolved)
    }
}

/// What an error is about.
struct Asked<'a> {
    selection: &'a Selection,
    shape: &'a [u64],
}

impl Asked<'_> {
    /// An error whose text goes on with the shape.
    fn refuse(&self, kind: ErrorKind, why: impl Display) -> Error {
        let (selection, shape) = (self.selection.quoted(), self.shape);
        Error::new(kind, format!("the selection {selection}: {why} the shape {shape:?}"))
    }

    /// Checks what needs no look at a single axis.
    fn check_parts(&self) -> Result<()> {
        let refuse = |why: &str| Err(self.refuse(ErrorKind::InvalidInput, why));
        let parts = self.selection.parts();
        let count = |is: fn(&Kind) -> bool| parts.iter().filter(|part| is(part)).count();
        if count(|part| *part == Kind::NewAxis) > 0 {
            return refuse("insert a new axis into what was read; newaxis is no axis of");
        }
        let ellipses = count(|part| *part == Kind::Ellipsis);
        if ellipses > 1 {
            return refuse("only one ellipsis can stand for the other axes of");
        }
        let named = parts.len().saturating_sub(ellipses);
        if named > self.shape.len() {
            let scalar = if self.shape.is_empty() { "() or ... selects a scalar; " } else { "" };
            let why = format!("{scalar}it names too many axes ({named}) for");
            return Err(self.refuse(ErrorKind::WrongShape, why));
        }
        if count(|part| matches!(part, Kind::List(_) | Kind::Mask(_))) > 1 {
            return refuse("a list or a mask can be along only one axis of");
        }
        Ok(())
    }

    #[expect(clippy::indexing_slicing, reason = "no more axes are named than there are")]
    fn pick(&self, axis: usize, part: &Kind) -> Result<Pick> {
        let length = self.shape[axis];
        match part {
            Kind::Index(index) => Ok(Pick::Range { start: self.index(axis, *index)?, step: 1, count: 1 }),
            Kind::Slice(slice) => range(*slice, length).ok_or_else(|| {
                self.refuse(
                    ErrorKind::InvalidInput,
                    format!("the step along axis {axis} must not be zero for"),
                )
            }),
            Kind::List(list) => {
                let list = list.iter().map(|index| self.index(axis, *index));
                Ok(Pick::of_list(list.collect::<Result<_>>()?))
            }
            Kind::Mask(mask) if mask.len() as u64 == length => {
                let taken = (0u64..).zip(mask).filter(|(_, taken)| **taken);
                Ok(Pick::of_list(taken.map(|(index, _)| index).collect()))
            }
            Kind::Mask(mask) => {
                let why =
                    format!("the mask along axis {axis} has {} elements and needs {length} for", mask.len());
                Err(self.refuse(ErrorKind::WrongShape, why))
            }
            Kind::Ellipsis | Kind::NewAxis => Ok(Pick::whole(length)),
        }
    }

    #[expect(clippy::indexing_slicing, reason = "no more axes are named than there are")]
    #[expect(clippy::arithmetic_side_effects, reason = "wide enough for what 64 bits count")]
    fn index(&self, axis: usize, index: Position) -> Result<u64> {
        let length = self.shape[axis];
        let from_start = if index < 0 { index + Position::from(length) } else { index };
        u64::try_from(from_start).ok().filter(|index| *index < length).ok_or_else(|| {
            let why = format!("index {index} of axis {axis} is out of range for");
            self.refuse(ErrorKind::WrongShape, why)
        })
    }
}

/// The indices of a slice, clipped as Python does; none where the step is zero.
#[expect(clippy::arithmetic_side_effects, reason = "wide enough for what 64 bits count")]
fn range(slice: Slice, length: u64) -> Option<Pick> {
    let (length, step) = (Position::from(length), Position::from(slice.step));
    // A negative step ends before the first element, at -1.
    let (least, most) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let clip = |bound: Position| (if bound < 0 { bound + length } else { bound }).clamp(least, most);
    let (first, last) = if step > 0 { (least, most) } else { (most, least) };
    let (start, stop) = (slice.start.map_or(first, clip), slice.stop.map_or(last, clip));
    let distance = if step > 0 { stop - start } else { start - stop };
    if step == 0 {
        return None;
    }
    let count = if distance > 0 { (distance - 1) / step.abs() + 1 } else { 0 };
    let step = if count > 1 { slice.step } else { 1 };
    // Both lie between 0 and the length.
    let start = if count > 0 { u64::try_from(start).ok()? } else { 0 };
    Some(Pick::Range { start, step, count: u64::try_from(count).ok()? })
}

/// The product, unless it is beyond 64 bits; a zero makes it zero whatever the others are.
pub(super) fn product(mut factors: impl Iterator<Item = u64> + Clone) -> Option<u64> {
    if factors.clone().any(|factor| factor == 0) {
        return Some(0);
    }
    factors.try_fold(1u64, u64::checked_mul)
}

impl Resolved {
    /// What is taken of an array of this shape, of which all indices are there.
    pub(super) fn within(shape: &[u64], picks: Vec<Pick>) -> Self {
        let elements = product(picks.iter().map(Pick::count)).unwrap_or(u64::MAX);
        Self { array: shape.to_vec(), dropped: vec![false; picks.len()], picks, elements }
    }

    /// Whether it takes all elements, in their order.
    pub(super) fn is_whole(&self) -> bool {
        self.picks.iter().zip(&self.array).all(|(pick, length)| *pick == Pick::whole(*length))
    }

    /// The shape of the array.
    pub(crate) fn array_shape(&self) -> &[u64] {
        &self.array
    }

    /// What is taken along each axis of the array.
    pub(crate) fn picks(&self) -> &[Pick] {
        &self.picks
    }

    /// The same of some rows of the result alone: steps along its first axis. `None` where there are not so many.
    pub(crate) fn rows(&self, start: u64, count: u64) -> Option<Self> {
        let end = start.checked_add(count)?;
        let Some(axis) = self.dropped.iter().position(|dropped| !dropped) else {
            return (end <= 1 && count == 1).then(|| self.clone());
        };
        let mut rows = self.clone();
        let pick = rows.picks.get_mut(axis).filter(|pick| end <= pick.count())?;
        *pick = pick.part(start, count);
        rows.elements = product(rows.picks.iter().map(Pick::count))?;
        Some(rows)
    }

    /// The shape of the result, without the axes of indices.
    pub(crate) fn shape(&self) -> Vec<u64> {
        let kept = self.picks.iter().zip(&self.dropped).filter(|(_, dropped)| !**dropped);
        kept.map(|(pick, _)| pick.count()).collect()
    }

    /// The number of elements.
    pub(crate) fn elements(&self) -> u64 {
        self.elements
    }
}
