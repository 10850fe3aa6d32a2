//! Elements as HDF5 has them.

use std::borrow::Cow;
use std::io::{Seek, Write};

use half::f16;

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{DatasetWriter, Datatype};
use crate::values::{DataType, Elements};

/// So many strings are handed over at once.
const STRINGS: usize = 4096;

/// What becomes of `float16`, which HDFView, h5wasm and netCDF4 cannot read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Half {
    /// It becomes `float32`, without loss.
    #[default]
    Widen,
    /// It stays as it is.
    Keep,
}

/// How elements are written where there is a choice.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Style {
    pub half: Half,
    /// `bool` is written as `int8`, since netCDF reads no enumerations.
    pub bools_as_integers: bool,
}

/// Whether the bytes of elements are the same in the file.
pub(super) fn is_kept(data_type: DataType, style: Style) -> bool {
    data_type.size().is_some_and(|size| size as u64 == datatype(data_type, style).size())
}

/// The datatype that an element gets in the file.
pub(super) fn datatype(data_type: DataType, style: Style) -> Datatype {
    match data_type {
        DataType::Float16 if style.half == Half::Keep => Datatype::Float16,
        DataType::Bool if !style.bools_as_integers => Datatype::Bool,
        DataType::Bool | DataType::Int8 => Datatype::Int8,
        DataType::Int16 => Datatype::Int16,
        DataType::Int32 => Datatype::Int32,
        DataType::Int64 => Datatype::Int64,
        DataType::UInt8 => Datatype::Uint8,
        DataType::UInt16 => Datatype::Uint16,
        DataType::UInt32 => Datatype::Uint32,
        DataType::UInt64 => Datatype::Uint64,
        DataType::Float16 | DataType::Float32 => Datatype::Float32,
        DataType::Float64 => Datatype::Float64,
        DataType::Complex64 => Datatype::Complex64,
        DataType::Complex128 => Datatype::Complex128,
        DataType::String => Datatype::String,
    }
}

/// The bytes of numbers as they stand in the file.
pub(super) fn numbers(data_type: DataType, style: Style, bytes: &[u8]) -> Result<Cow<'_, [u8]>> {
    match data_type {
        DataType::Float16 if style.half == Half::Widen => {
            let wide = bytes.as_chunks::<2>().0.iter().map(|half| f16::from_le_bytes(*half).to_f32());
            Ok(wide.flat_map(f32::to_le_bytes).collect::<Vec<u8>>().into())
        }
        DataType::Bool if bytes.iter().any(|byte| *byte > 1) => {
            Err(Error::new(ErrorKind::Corrupt, "a bool is stored as neither 0 nor 1"))
        }
        _ => Ok(Cow::Borrowed(bytes)),
    }
}

/// Writes the elements that come next.
pub(super) fn write<W: Write + Seek>(
    dataset: &mut DatasetWriter<'_, W>,
    (data_type, style): (DataType, Style),
    elements: &Elements<'_>,
) -> Result<u64> {
    match elements {
        Elements::Bytes(bytes) => {
            let bytes = numbers(data_type, style, bytes)?;
            dataset.write(&bytes)?;
            Ok(bytes.len() as u64)
        }
        Elements::Strings(strings) => {
            for batch in strings.chunks(STRINGS) {
                let references = dataset.strings(batch)?;
                dataset.write(references.as_flattened())?;
            }
            Ok(strings.iter().map(|text| text.len() as u64 + 16).sum())
        }
    }
}

/// The rows of a table, as members side by side: what a compound dataset holds.
pub(super) struct Interleaved {
    row: usize,
    bytes: Vec<u8>,
    /// Where the next column begins in a row.
    offset: usize,
}

impl Interleaved {
    /// Room for `rows` rows of `row` bytes.
    pub(super) fn new(rows: usize, row: usize) -> Self {
        Self { row, bytes: vec![0; rows.saturating_mul(row)], offset: 0 }
    }

    /// Adds a column, given as the elements of all these rows.
    pub(super) fn push(&mut self, column: &[u8]) -> Result<()> {
        let rows = self.bytes.len().checked_div(self.row).unwrap_or(0);
        let width = column.len().checked_div(rows).unwrap_or(0);
        let fits = width * rows == column.len() && self.offset + width <= self.row;
        if !fits {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "a column has not as many elements as its shape says",
            ));
        }
        if width > 0 {
            let rows = self.bytes.chunks_exact_mut(self.row).zip(column.chunks_exact(width));
            for (row, element) in rows {
                row[self.offset..self.offset + width].copy_from_slice(element);
            }
        }
        self.offset += width;
        Ok(())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
