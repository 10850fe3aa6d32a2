//! What can be written where a selection is wanted.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use ndarray::{Dimension, SliceInfo, SliceInfoElem};

use super::along::Along;
use super::select::Selection;
use crate::error::Result;

/// What can be written where a [`Selection`] is wanted: text, integers, ranges, lists, masks, tuples of these, and
/// `ndarray`'s `s![..]`.
///
/// ```
/// use calcstore::IntoSelection;
///
/// assert_eq!((0, .., 3..7).into_selection()?, "0, :, 3:7".into_selection()?);
/// assert_eq!((.., [0, 3, 5]).into_selection()?, ":, [0, 3, 5]".into_selection()?);
/// # Ok::<(), calcstore::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` selects no part of an array",
    note = "text as in numpy (`\"0,:,10:20:2\"`), an integer, a range, a list or mask, a tuple of these, or `ndarray::s![..]` does"
)]
pub trait IntoSelection {
    /// Gives the selection.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for text that is no selection.
    fn into_selection(self) -> Result<Selection>;
}

impl<T: Into<Along>> IntoSelection for T {
    fn into_selection(self) -> Result<Selection> {
        Ok([self.into()].into_iter().collect())
    }
}

impl IntoSelection for Selection {
    fn into_selection(self) -> Result<Selection> {
        Ok(self)
    }
}

impl IntoSelection for &Selection {
    fn into_selection(self) -> Result<Selection> {
        Ok(self.clone())
    }
}

impl IntoSelection for &str {
    fn into_selection(self) -> Result<Selection> {
        self.parse()
    }
}

impl IntoSelection for &String {
    fn into_selection(self) -> Result<Selection> {
        self.parse()
    }
}

impl IntoSelection for String {
    fn into_selection(self) -> Result<Selection> {
        self.parse()
    }
}

impl IntoSelection for &[SliceInfoElem] {
    fn into_selection(self) -> Result<Selection> {
        Ok(self.iter().map(|part| Along::from(*part)).collect())
    }
}

impl<T: AsRef<[SliceInfoElem]>, In: Dimension, Out: Dimension> IntoSelection for SliceInfo<T, In, Out> {
    fn into_selection(self) -> Result<Selection> {
        self.as_ref().into_selection()
    }
}

impl<T: AsRef<[SliceInfoElem]>, In: Dimension, Out: Dimension> IntoSelection for &SliceInfo<T, In, Out> {
    fn into_selection(self) -> Result<Selection> {
        self.as_ref().into_selection()
    }
}

impl IntoSelection for () {
    fn into_selection(self) -> Result<Selection> {
        Ok(Selection::all())
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))*) => {$(
        impl<$($part: Into<Along>),+> IntoSelection for ($($part,)+) {
            fn into_selection(self) -> Result<Selection> {
                #[allow(non_snake_case, reason = "the parts are named as their types")]
                let ($($part,)+) = self;
                Ok([$($part.into()),+].into_iter().collect())
            }
        }
    )*};
}

tuples! { (A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
