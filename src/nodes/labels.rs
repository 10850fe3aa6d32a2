//! Labels, as they are asked for.

#![allow(
    clippy::cast_lossless,
    reason = "isize and usize, which are converted as the others are, have no From"
)]

use std::fmt;
use std::ops::RangeInclusive;

use ndarray::{ArrayBase, Data, Ix1};

/// The most characters of a label that an error shows.
const SHOWN_CHARACTERS: usize = 40;

/// One label of a coordinate.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Label {
    /// `true` or `false`.
    Bool(bool),
    /// An integer of any type.
    Integer(i128),
    /// A number of any floating-point type.
    Float(f64),
    /// Text.
    Text(String),
}

/// What [`Dataset::sel`](super::Dataset::sel) takes along a dimension: a label, which drops the dimension, a list of
/// labels, or an inclusive range of them.
///
/// It is made from what one writes anyway: text, an integer, a number or a `bool`; an array, slice, vector or
/// one-dimensional `ndarray` array of these; `"a"..="c"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Labels(pub(super) Asked);

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Asked {
    One(Label),
    List(Vec<Label>),
    Range(Label, Label),
}

macro_rules! labels {
    ($($type:ty, $label:ident => $made:expr;)*) => {$(
        impl From<$type> for Label {
            fn from($label: $type) -> Self {
                $made
            }
        }

        impl From<$type> for Labels {
            fn from(label: $type) -> Self {
                Self(Asked::One(label.into()))
            }
        }

        impl From<RangeInclusive<$type>> for Labels {
            fn from(range: RangeInclusive<$type>) -> Self {
                let (first, last) = range.into_inner();
                Self(Asked::Range(first.into(), last.into()))
            }
        }
    )*};
}

labels! {
    bool, label => Self::Bool(label);
    i8, label => Self::Integer(label as i128);
    i16, label => Self::Integer(label as i128);
    i32, label => Self::Integer(label as i128);
    i64, label => Self::Integer(label as i128);
    isize, label => Self::Integer(label as i128);
    u8, label => Self::Integer(label as i128);
    u16, label => Self::Integer(label as i128);
    u32, label => Self::Integer(label as i128);
    u64, label => Self::Integer(label as i128);
    usize, label => Self::Integer(label as i128);
    f32, label => Self::Float(label as f64);
    f64, label => Self::Float(label);
    &str, label => Self::Text(label.to_owned());
    String, label => Self::Text(label);
    &String, label => Self::Text(label.clone());
}

fn list<T: Clone + Into<Label>>(labels: impl IntoIterator<Item = T>) -> Labels {
    Labels(Asked::List(labels.into_iter().map(Into::into).collect()))
}

impl<T: Clone + Into<Label>> From<&[T]> for Labels {
    fn from(labels: &[T]) -> Self {
        list(labels.iter().cloned())
    }
}

impl<T: Clone + Into<Label>> From<Vec<T>> for Labels {
    fn from(labels: Vec<T>) -> Self {
        list(labels)
    }
}

impl<T: Clone + Into<Label>> From<&Vec<T>> for Labels {
    fn from(labels: &Vec<T>) -> Self {
        list(labels.iter().cloned())
    }
}

impl<T: Clone + Into<Label>, const N: usize> From<[T; N]> for Labels {
    fn from(labels: [T; N]) -> Self {
        list(labels)
    }
}

impl<T: Clone + Into<Label>, const N: usize> From<&[T; N]> for Labels {
    fn from(labels: &[T; N]) -> Self {
        list(labels.iter().cloned())
    }
}

impl<T: Clone + Into<Label>, S: Data<Elem = T>> From<&ArrayBase<S, Ix1>> for Labels {
    fn from(labels: &ArrayBase<S, Ix1>) -> Self {
        list(labels.iter().cloned())
    }
}

/// Text in quotes and not longer than errors bear, numbers so that they say whether they are integers.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(label) => write!(f, "{label}"),
            Self::Integer(label) => write!(f, "{label}"),
            Self::Float(label) => write!(f, "{label:?}"),
            Self::Text(label) => match label.char_indices().nth(SHOWN_CHARACTERS) {
                Some((end, _)) => write!(f, "{:?}…", &label[..end]),
                None => write!(f, "{label:?}"),
            },
        }
    }
}
