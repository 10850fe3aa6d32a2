#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};
use half::f16;
use num_complex::Complex;

use super::content::{Elements, Source, count};
use super::data_type::DataType;
use crate::error::{Error, ErrorKind, Result};
use crate::system::ask_for_huge_pages;

/// A Rust type whose arrays can be stored: `bool`, integers, floats, complex numbers and text.
pub trait Element: Clone + sealed::Sealed {
    /// The data type on disk.
    const DATA_TYPE: DataType;

    /// Views elements as what is stored.
    fn stored(elements: &[Self]) -> Elements<'_>;
}

/// An [`Element`] that arrays can be read into: all but `&str`, which needs somebody to own the text.
pub trait OwnedElement: Element {
    /// Reads all elements of an array of this very data type.
    ///
    /// # Errors
    /// As [`Source::read_into`].
    fn read(source: &dyn Source) -> Result<Vec<Self>>;

    /// Reads all elements of an array of this very data type to where they are wanted: as many as there are.
    ///
    /// # Errors
    /// As [`Source::read_into`].
    fn read_to(source: &dyn Source, elements: &mut [Self]) -> Result<()>;
}

mod sealed {
    pub trait Sealed {}
}

/// Little-endian bytes of plain numbers: a view of them, on a little-endian machine.
fn number_bytes<T: NoUninit>(numbers: &[T], swapped: usize) -> Cow<'_, [u8]> {
    let bytes: &[u8] = bytemuck::cast_slice(numbers);
    if cfg!(target_endian = "little") {
        return Cow::Borrowed(bytes);
    }
    let mut bytes = bytes.to_vec();
    swap_bytes(&mut bytes, swapped);
    Cow::Owned(bytes)
}

/// Reverses each run of `size` bytes.
fn swap_bytes(bytes: &mut [u8], size: usize) {
    for number in bytes.chunks_exact_mut(size) {
        number.reverse();
    }
}

/// Zeroed memory for `length` elements, or an error where there is not so much.
pub(crate) fn zeroed<T: Zeroable>(length: usize) -> Result<Vec<T>> {
    let memory = bytemuck::allocation::try_zeroed_slice_box(length).map_err(|()| {
        let message = format!("no memory for {length} elements of {} bytes", size_of::<T>());
        Error::new(ErrorKind::InvalidInput, message)
    });
    let mut memory: Vec<T> = memory?.into();
    ask_for_huge_pages(&mut memory);
    Ok(memory)
}

fn read_numbers<T: Zeroable + NoUninit + AnyBitPattern>(
    source: &dyn Source,
    swapped: usize,
) -> Result<Vec<T>> {
    source.verify_size()?;
    let mut numbers: Vec<T> = zeroed(count(source.shape())?)?;
    read_numbers_to(source, &mut numbers, swapped)?;
    Ok(numbers)
}

fn read_numbers_to<T: NoUninit + AnyBitPattern>(
    source: &dyn Source,
    numbers: &mut [T],
    swapped: usize,
) -> Result<()> {
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(numbers);
    source.read_into(bytes)?;
    if cfg!(target_endian = "big") {
        swap_bytes(bytes, swapped);
    }
    Ok(())
}

/// `$part` is what the byte order applies to: one number, or one part of a complex one.
macro_rules! numbers {
    ($($rust:ty, $part:ty => $data_type:ident;)*) => { $(
        impl sealed::Sealed for $rust {}

        impl Element for $rust {
            const DATA_TYPE: DataType = DataType::$data_type;

            fn stored(elements: &[Self]) -> Elements<'_> {
                Elements::Bytes(number_bytes(elements, size_of::<$part>()))
            }
        }

        impl OwnedElement for $rust {
            fn read(source: &dyn Source) -> Result<Vec<Self>> {
                read_numbers(source, size_of::<$part>())
            }

            fn read_to(source: &dyn Source, elements: &mut [Self]) -> Result<()> {
                read_numbers_to(source, elements, size_of::<$part>())
            }
        }
    )* };
}

numbers! {
    i8, i8 => Int8;
    i16, i16 => Int16;
    i32, i32 => Int32;
    i64, i64 => Int64;
    u8, u8 => UInt8;
    u16, u16 => UInt16;
    u32, u32 => UInt32;
    u64, u64 => UInt64;
    f16, f16 => Float16;
    f32, f32 => Float32;
    f64, f64 => Float64;
    Complex<f32>, f32 => Complex64;
    Complex<f64>, f64 => Complex128;
}

impl sealed::Sealed for bool {}

impl Element for bool {
    const DATA_TYPE: DataType = DataType::Bool;

    fn stored(elements: &[Self]) -> Elements<'_> {
        Elements::Bytes(number_bytes(elements, 1))
    }
}

impl OwnedElement for bool {
    fn read(source: &dyn Source) -> Result<Vec<Self>> {
        let bytes: Vec<u8> = read_numbers(source, 1)?;
        let checked = bytes.into_iter().map(|byte| match byte {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Error::new(ErrorKind::Corrupt, format!("a bool is stored as {other}"))),
        });
        checked.collect()
    }

    fn read_to(source: &dyn Source, elements: &mut [Self]) -> Result<()> {
        move_to(elements, Self::read(source)?);
        Ok(())
    }
}

impl sealed::Sealed for String {}

impl Element for String {
    const DATA_TYPE: DataType = DataType::String;

    fn stored(elements: &[Self]) -> Elements<'_> {
        Elements::Strings(elements.iter().map(|text| Cow::Borrowed(text.as_str())).collect())
    }
}

impl OwnedElement for String {
    fn read(source: &dyn Source) -> Result<Vec<Self>> {
        source.verify_size()?;
        source.read_strings()
    }

    fn read_to(source: &dyn Source, elements: &mut [Self]) -> Result<()> {
        move_to(elements, Self::read(source)?);
        Ok(())
    }
}

fn move_to<T>(elements: &mut [T], read: Vec<T>) {
    for (place, element) in elements.iter_mut().zip(read) {
        *place = element;
    }
}

impl sealed::Sealed for &str {}

impl Element for &str {
    const DATA_TYPE: DataType = DataType::String;

    fn stored(elements: &[Self]) -> Elements<'_> {
        Elements::Strings(elements.iter().map(|text| Cow::Borrowed(*text)).collect())
    }
}
