#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use half::f16;
use ndarray::{Array, ArrayD, ArrayViewMut, Dimension, Ix0, Ix1, IxDyn};
use num_complex::Complex;

use super::content::{Source, Stored};
use super::element::OwnedElement;
use super::put::Bytes;
use crate::error::{Error, ErrorKind, Result};

/// A value that [`get`](crate::DataStore::get) gives: scalars, `String`, `Vec`, owned `ndarray` arrays of rank
/// 0 to 6 and dynamic, [`Bytes`], [`Table`](super::Table), [`AnyArray`](super::AnyArray) and
/// [`Value`](super::Value). [`object!`](macro@crate::object) adds types of one's own.
///
/// Data type and rank must be those that were stored: nothing is ever converted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be had by `get`",
    note = "a `serde` type is had by `object`, or by `get` after `calcstore::object!({Self})`",
    note = "text is had as `String`, an array as an owned one such as `ndarray::Array2<f64>`"
)]
pub trait Get: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`ErrorKind::WrongType`] and [`ErrorKind::WrongShape`] say what is stored and what was asked for; besides,
    /// whatever reading files brings.
    fn get(stored: &Stored<'_>) -> Result<Self>;
}

/// Reads an array whose data type is `T`'s, whatever its rank.
pub(super) fn typed<T: OwnedElement>(source: &dyn Source) -> Result<ArrayD<T>> {
    check_type::<T>(source)?;
    let shape: Vec<usize> = source
        .shape()
        .iter()
        .map(|length| usize::try_from(*length))
        .collect::<Result<_, _>>()
        .map_err(|_| Error::new(ErrorKind::Corrupt, "an axis is longer than any memory"))?;
    Array::from_shape_vec(IxDyn(&shape), T::read(source)?).map_err(|error| {
        Error::new(ErrorKind::Corrupt, "the shape does not fit the elements").with_source(error)
    })
}

/// Reads into an array of the same type and shape.
pub(crate) fn read_into<T: OwnedElement, D: Dimension>(
    source: &dyn Source,
    mut into: ArrayViewMut<'_, T, D>,
) -> Result<()> {
    check_type::<T>(source)?;
    if !into.shape().iter().map(|length| *length as u64).eq(source.shape().iter().copied()) {
        let message = format!("holds the shape {:?}, to be read into {:?}", source.shape(), into.shape());
        return Err(Error::new(ErrorKind::WrongShape, message));
    }
    if let Some(elements) = into.as_slice_mut() {
        return T::read_to(source, elements);
    }
    for (place, element) in into.iter_mut().zip(T::read(source)?) {
        *place = element;
    }
    Ok(())
}

fn check_type<T: OwnedElement>(source: &dyn Source) -> Result<()> {
    if source.data_type() == T::DATA_TYPE {
        return Ok(());
    }
    let message = format!("holds {} elements, asked for {}", source.data_type(), T::DATA_TYPE);
    Err(Error::new(ErrorKind::WrongType, message))
}

fn array_of<'a>(stored: &'a Stored<'a>, asked: &str) -> Result<&'a dyn Source> {
    match stored {
        Stored::Array(source) | Stored::Bytes(source) => Ok(*source),
        other => Err(other.mismatch(asked)),
    }
}

fn ranked<T: OwnedElement, D: Dimension>(stored: &Stored<'_>) -> Result<Array<T, D>> {
    let source = array_of(stored, &format!("a {} array", T::DATA_TYPE))?;
    let rank = source.shape().len();
    if D::NDIM.is_some_and(|asked| asked != rank) {
        let asked = D::NDIM.unwrap_or_default();
        let message = format!("holds an array of shape {:?}, asked for rank {asked}", source.shape());
        return Err(Error::new(ErrorKind::WrongShape, message));
    }
    typed(source)?.into_dimensionality().map_err(|error| {
        Error::new(ErrorKind::WrongShape, format!("cannot be had with rank {:?}", D::NDIM)).with_source(error)
    })
}

impl<T: OwnedElement, D: Dimension> Get for Array<T, D> {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        ranked(stored)
    }
}

impl<T: OwnedElement> Get for Vec<T> {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        Ok(ranked::<T, Ix1>(stored)?.into_raw_vec_and_offset().0)
    }
}

impl Get for Bytes<Vec<u8>> {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        match stored {
            Stored::Bytes(_) => Vec::get(stored).map(Self),
            other => Err(other.mismatch("bytes")),
        }
    }
}

macro_rules! scalars {
    ($($rust:ty)*) => { $(
        impl Get for $rust {
            fn get(stored: &Stored<'_>) -> Result<Self> {
                Ok(ranked::<$rust, Ix0>(stored)?.into_scalar())
            }
        }
    )* };
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);
