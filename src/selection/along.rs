//! What is taken along one axis.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
#![allow(
    clippy::cast_lossless,
    reason = "isize and usize, which are converted as the others are, have no From"
)]

use std::fmt;
use std::ops::{Range, RangeFrom, RangeFull, RangeInclusive, RangeTo, RangeToInclusive};

use ndarray::{ArrayBase, Data, Ix1, Slice as NdSlice, SliceInfoElem};

/// An index as it was given, negative from the end. Wide enough for every `i64` and every `u64`, and for sums of them.
pub(super) type Position = i128;

/// What a [`Selection`](super::Selection) takes along one axis.
///
/// It is made from what one writes anyway: an integer, a Rust range, a list of integers, a mask of `bool`
/// (arrays, slices, vectors, one-dimensional `ndarray` arrays), an [`ndarray::Slice`] for steps, or [`Ellipsis`].
///
/// ```
/// use calcstore::{Along, Ellipsis, Selection};
///
/// let selection: Selection = [Along::from(3), Along::from(2..), Along::from([0, 3, 5])].into_iter().collect();
/// assert_eq!(selection.to_string(), "3,2:,[0,3,5]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Along(pub(super) Kind);

/// All axes that the other parts of a [`Selection`](super::Selection) leave over, whole: numpy's `...`.
///
/// ```
/// use calcstore::{Ellipsis, IntoSelection};
///
/// assert_eq!((Ellipsis, -1).into_selection()?, "...,-1".parse()?);
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ellipsis;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Drops the axis.
    Index(Position),
    Slice(Slice),
    List(Vec<Position>),
    Mask(Vec<bool>),
    Ellipsis,
    /// Kept until it can be refused with the shape.
    NewAxis,
}

/// `start:stop:step` as Python means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub start: Option<Position>,
    pub stop: Option<Position>,
    pub step: i64,
}

impl Slice {
    pub(super) const WHOLE: Self = Self { start: None, stop: None, step: 1 };

    /// A slice of ndarray, which for a negative step takes the elements from `start` to `end` and turns them round.
    #[expect(clippy::arithmetic_side_effects, reason = "wide enough for what 64 bits count")]
    fn of_ndarray(start: isize, end: Option<isize>, step: isize) -> Self {
        let (start, end) = (start as Position, end.map(|end| end as Position));
        let step = step as i64;
        if step >= 0 {
            return Self { start: Some(start), stop: end, step };
        }
        match end {
            Some(0) => Self { start: Some(0), stop: Some(0), step },
            _ => Self { start: end.map(|end| end - 1), stop: before(start), step },
        }
    }
}

/// An integer that is an index, or the `bool` of a mask.
pub trait ListItem: sealed::Sealed + Copy {}

mod sealed {
    use super::Along;

    pub trait Sealed: Sized {
        fn collect(items: impl Iterator<Item = Self>) -> Along;
    }
}

impl ListItem for bool {}

impl sealed::Sealed for bool {
    fn collect(items: impl Iterator<Item = Self>) -> Along {
        Along(Kind::Mask(items.collect()))
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl ListItem for $integer {}

        impl sealed::Sealed for $integer {
            fn collect(items: impl Iterator<Item = Self>) -> Along {
                Along(Kind::List(items.map(|item| item as Position).collect()))
            }
        }

        impl From<$integer> for Along {
            fn from(index: $integer) -> Self {
                Self(Kind::Index(index as Position))
            }
        }

        impl From<Range<$integer>> for Along {
            fn from(range: Range<$integer>) -> Self {
                slice(Some(range.start as Position), Some(range.end as Position))
            }
        }

        impl From<RangeInclusive<$integer>> for Along {
            fn from(range: RangeInclusive<$integer>) -> Self {
                slice(Some(*range.start() as Position), after(*range.end() as Position))
            }
        }

        impl From<RangeFrom<$integer>> for Along {
            fn from(range: RangeFrom<$integer>) -> Self {
                slice(Some(range.start as Position), None)
            }
        }

        impl From<RangeTo<$integer>> for Along {
            fn from(range: RangeTo<$integer>) -> Self {
                slice(None, Some(range.end as Position))
            }
        }

        impl From<RangeToInclusive<$integer>> for Along {
            fn from(range: RangeToInclusive<$integer>) -> Self {
                slice(None, after(range.end as Position))
            }
        }
    )*};
}

integers!(i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

fn slice(start: Option<Position>, stop: Option<Position>) -> Along {
    Along(Kind::Slice(Slice { start, stop, step: 1 }))
}

/// The stop of a slice that goes down to `start`: none where that is the first element.
fn before(start: Position) -> Option<Position> {
    (start != 0 && start > Position::from(i64::MIN)).then(|| start.saturating_sub(1))
}

/// The stop of a range that includes `end`: none where that is the last element, since 0 would be the first, nor where
/// no axis goes further.
fn after(end: Position) -> Option<Position> {
    (end != -1 && end < Position::from(u64::MAX)).then(|| end.saturating_add(1))
}

impl From<RangeFull> for Along {
    fn from(_: RangeFull) -> Self {
        slice(None, None)
    }
}

impl From<Ellipsis> for Along {
    fn from(_: Ellipsis) -> Self {
        Self(Kind::Ellipsis)
    }
}

impl<T: ListItem> From<&[T]> for Along {
    fn from(items: &[T]) -> Self {
        T::collect(items.iter().copied())
    }
}

impl<T: ListItem> From<Vec<T>> for Along {
    fn from(items: Vec<T>) -> Self {
        items.as_slice().into()
    }
}

impl<T: ListItem> From<&Vec<T>> for Along {
    fn from(items: &Vec<T>) -> Self {
        items.as_slice().into()
    }
}

impl<T: ListItem, const N: usize> From<[T; N]> for Along {
    fn from(items: [T; N]) -> Self {
        items.as_slice().into()
    }
}

impl<T: ListItem, const N: usize> From<&[T; N]> for Along {
    fn from(items: &[T; N]) -> Self {
        items.as_slice().into()
    }
}

impl<T: ListItem, S: Data<Elem = T>> From<&ArrayBase<S, Ix1>> for Along {
    fn from(items: &ArrayBase<S, Ix1>) -> Self {
        T::collect(items.iter().copied())
    }
}

impl From<NdSlice> for Along {
    fn from(slice: NdSlice) -> Self {
        Self(Kind::Slice(Slice::of_ndarray(slice.start, slice.end, slice.step)))
    }
}

impl From<SliceInfoElem> for Along {
    fn from(element: SliceInfoElem) -> Self {
        Self(match element {
            SliceInfoElem::Slice { start, end, step } => Kind::Slice(Slice::of_ndarray(start, end, step)),
            SliceInfoElem::Index(index) => Kind::Index(index as Position),
            SliceInfoElem::NewAxis => Kind::NewAxis,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "{index}"),
            Self::Slice(slice) => {
                let bound = |bound: Option<Position>| bound.map(|at| at.to_string()).unwrap_or_default();
                write!(f, "{}:{}", bound(slice.start), bound(slice.stop))?;
                if slice.step == 1 { Ok(()) } else { write!(f, ":{}", slice.step) }
            }
            Self::List(list) => bracketed(f, list),
            Self::Mask(mask) => bracketed(f, mask),
            Self::Ellipsis => f.write_str("..."),
            Self::NewAxis => f.write_str("newaxis"),
        }
    }
}

fn bracketed<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T]) -> fmt::Result {
    f.write_str("[")?;
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_str(",")?;
        }
        write!(f, "{item}")?;
    }
    f.write_str("]")
}
