//! Reading no more than a preview needs.

use calcstore::{AnyArray, Get, Result, Source, Stored};

use crate::cli::elements;
use crate::cli::failure::Failure;

/// So many rows are read of the beginning, and of the end.
pub const EDGE: u64 = 12;
/// An array of fewer elements is read whole.
const SMALL: u64 = 10_000;

/// The first and the last rows of an array.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The shape of the whole.
    pub shape: Vec<u64>,
    /// The first rows, or all of them.
    pub first: AnyArray,
    /// The last rows, where `first` is not all.
    pub last: Option<AnyArray>,
}

impl Rows {
    fn read(source: &dyn Source) -> Result<Result<Self, Failure>> {
        let shape = source.shape().to_vec();
        let length = shape.first().copied().unwrap_or(1);
        let elements = shape.iter().fold(1, |product: u64, length| product.saturating_mul(*length));
        if shape.is_empty() || elements < SMALL || length <= 2 * EDGE {
            let all = elements_of(source, None)?;
            return Ok(all.map(|first| Self { shape, first, last: None }));
        }
        let first = elements_of(source, Some((0, EDGE)))?;
        let last = elements_of(source, Some((length - EDGE, EDGE)))?;
        Ok(first.and_then(|first| Ok(Self { shape, first, last: Some(last?) })))
    }

    /// The place of a row among the rows that were read.
    pub fn row(&self, row: u64) -> (&AnyArray, u64) {
        match &self.last {
            Some(last) if row >= EDGE => (last, (row + EDGE).saturating_sub(self.shape[0])),
            _ => (&self.first, row),
        }
    }
}

/// Reads all rows, or `count` from `start`.
fn elements_of(source: &dyn Source, rows: Option<(u64, u64)>) -> Result<Result<AnyArray, Failure>> {
    let Some((start, count)) = rows else {
        return Ok(Ok(AnyArray::get(&Stored::Array(source))?));
    };
    let read = source.read_rows(start, count)?;
    let length = |length: &u64| usize::try_from(*length).unwrap_or(usize::MAX);
    let mut shape: Vec<usize> = source.shape().iter().map(length).collect();
    if let Some(first) = shape.first_mut() {
        *first = length(&count);
    }
    Ok(elements::from_elements(source.data_type(), &shape, read))
}

/// An array, or one text.
#[derive(Debug)]
pub enum Array {
    /// A scalar of text.
    Text(String),
    /// Anything else.
    Elements(Box<Result<Rows, Failure>>),
}

impl Get for Array {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        match stored {
            Stored::Array(source) if source.shape().is_empty() => match AnyArray::get(stored)? {
                AnyArray::String(text) => Ok(Self::Text(text.into_iter().next().unwrap_or_default())),
                first => Ok(Self::Elements(Box::new(Ok(whole(first))))),
            },
            Stored::Array(source) => Ok(Self::Elements(Box::new(Rows::read(*source)?))),
            other => AnyArray::get(other).map(|first| Self::Elements(Box::new(Ok(whole(first))))),
        }
    }
}

fn whole(first: AnyArray) -> Rows {
    Rows { shape: first.shape().iter().map(|length| *length as u64).collect(), first, last: None }
}

/// The first and last rows of each column.
#[derive(Debug)]
pub struct Table(pub Result<Vec<(String, Rows)>, Failure>);

impl Get for Table {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        let Stored::Table(columns) = stored else {
            return calcstore::Table::get(stored).map(|_| Self(Ok(Vec::new())));
        };
        let mut rows = Vec::new();
        for (name, source) in *columns {
            match Rows::read(*source)? {
                Ok(column) => rows.push((name.clone(), column)),
                Err(failure) => return Ok(Self(Err(failure))),
            }
        }
        Ok(Self(Ok(rows)))
    }
}

/// The first bytes.
#[derive(Debug)]
pub struct Beginning(pub Vec<u8>);

impl Beginning {
    /// How many are shown.
    const BYTES: u64 = 1024;
}

impl Get for Beginning {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        let Stored::Bytes(source) = stored else {
            return calcstore::Bytes::get(stored).map(|bytes| Self(bytes.0));
        };
        let length = source.shape().first().copied().unwrap_or_default();
        Ok(match source.read_rows(0, length.min(Self::BYTES))? {
            calcstore::Elements::Bytes(bytes) => Self(bytes.into_owned()),
            calcstore::Elements::Strings(_) => Self(Vec::new()),
        })
    }
}
