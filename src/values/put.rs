use std::borrow::Cow;

use half::f16;
use ndarray::{ArrayBase, Data, Dimension};
use num_complex::Complex;

use super::content::{ArrayContent, Content};
use super::element::Element;
use crate::error::Result;

/// A value that [`insert`](crate::DataStore::insert) takes: scalars, text, slices, `Vec`, `ndarray` arrays and
/// views of rank 0 to 6 and dynamic, [`Bytes`], [`Table`](super::Table), [`AnyArray`](super::AnyArray), and
/// references to these. [`object!`](macro@crate::object) adds types of one's own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored by `insert`",
    note = "a `serde` type is stored by `insert_object`, or by `insert` after `calcstore::object!({Self})`",
    note = "bytes go into `Bytes`, `usize` into `u64`, a `Vec` of `Vec`s into an `ndarray::Array2`"
)]
pub trait Put {
    /// Tells what is to be stored.
    ///
    /// # Errors
    /// Where the value cannot be stored, such as an object holding a NaN that can only be kept as JSON.
    fn content(&self) -> Result<Content<'_>>;
}

/// Bytes to be kept as bytes: a plain `[u8]` is an array of numbers.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use calcstore::{Bytes, Value};
///
/// store.insert("/input/job.ini", Bytes(b"[general]"))?;
/// assert_eq!(store.value("/input/job.ini")?, Value::Bytes(b"[general]".to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes<B>(pub B);

impl<V: Put + ?Sized> Put for &V {
    fn content(&self) -> Result<Content<'_>> {
        (**self).content()
    }
}

fn array<'a, T: Element>(shape: &[usize], elements: &'a [T]) -> Result<Content<'a>> {
    Ok(Content::Array(ArrayContent::new(T::DATA_TYPE, shape, T::stored(elements))?))
}

macro_rules! scalars {
    ($($rust:ty)*) => { $(
        impl Put for $rust {
            fn content(&self) -> Result<Content<'_>> {
                array(&[], std::slice::from_ref(self))
            }
        }
    )* };
}

scalars!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);

impl Put for str {
    fn content(&self) -> Result<Content<'_>> {
        let text = super::content::Elements::Strings(vec![Cow::Borrowed(self)]);
        Ok(Content::Array(ArrayContent::new(<&str>::DATA_TYPE, &[], text)?))
    }
}

impl<T: Element> Put for [T] {
    fn content(&self) -> Result<Content<'_>> {
        array(&[self.len()], self)
    }
}

impl<T: Element> Put for Vec<T> {
    fn content(&self) -> Result<Content<'_>> {
        self.as_slice().content()
    }
}

impl<T: Element, const N: usize> Put for [T; N] {
    fn content(&self) -> Result<Content<'_>> {
        self.as_slice().content()
    }
}

impl<B: AsRef<[u8]>> Put for Bytes<B> {
    fn content(&self) -> Result<Content<'_>> {
        Ok(Content::Bytes(Cow::Borrowed(self.0.as_ref())))
    }
}

impl<T: Element, S: Data<Elem = T>, D: Dimension> Put for ArrayBase<S, D> {
    fn content(&self) -> Result<Content<'_>> {
        Ok(Content::Array(array_content(self)?))
    }
}

/// Borrows the elements where they lie in C order, else copies them once into that order.
pub(super) fn array_content<T, S, D>(array: &ArrayBase<S, D>) -> Result<ArrayContent<'_>>
where
    T: Element,
    S: Data<Elem = T>,
    D: Dimension,
{
    if let Some(elements) = array.as_slice() {
        return ArrayContent::new(T::DATA_TYPE, array.shape(), T::stored(elements));
    }
    let ordered: Vec<T> = array.iter().cloned().collect();
    Ok(ArrayContent::new(T::DATA_TYPE, array.shape(), T::stored(&ordered))?.into_owned())
}
