//! What is under a key, ready to be read.

use std::collections::BTreeMap;

use super::columns::{Part, parts_of_group, types_of_group};
use super::describe::{Seen, describe_looked};
use super::elements::{Array, Boxes, Column, Rows, Written};
use super::form::{Form, trimmed};
use super::found::Found;
use super::lookup::Looked;
use super::opened::Opened;
use super::reading::Reading;
use crate::error::{Error, ErrorKind, Result};
use crate::object::Encoded;
use crate::values::{AnyArray, DataType, Elements};

/// What is under a key.
pub(super) enum Parts<'a> {
    Group,
    Array(&'a dyn Boxes),
    Bytes(&'a dyn Boxes),
    Table(&'a [Column<'a>]),
    Object(&'a Encoded),
}

type Use<'u, T> = &'u mut dyn FnMut(&Parts<'_>) -> Result<T>;

/// Shows what was looked up to `use_it`; text of a fixed length that is none once more as bytes.
///
/// # Errors
/// Those of describing it, and of `use_it`.
pub(super) fn with_parts<T>(reading: &mut Reading<'_>, looked: &Looked<'_>, use_it: Use<'_, T>) -> Result<T> {
    let seen = describe_looked(reading, looked)?;
    let opened = match &seen.found {
        Found::Object(object) => return use_it(&Parts::Object(object)),
        Found::Group | Found::Nothing | Found::Lists(_) => return use_it(&Parts::Group),
        Found::Columns(columns) => {
            let types = types_of_group(columns);
            let rows = Rows::new(reading, parts_of_group(reading, columns)?, &types)?;
            return use_it(&Parts::Table(&rows.columns()?));
        }
        Found::Dataset(opened) => opened,
    };
    match dataset(reading, looked, (&seen, opened), use_it) {
        Err(error) if error.kind() == ErrorKind::Unsupported => match opened.as_bytes() {
            Some(bytes) => dataset(reading, looked, (&seen, &bytes), use_it).map_err(|_| error),
            None => Err(error),
        },
        used => used,
    }
}

fn dataset<T>(
    reading: &Reading<'_>,
    looked: &Looked<'_>,
    (seen, opened): (&Seen, &Opened),
    use_it: Use<'_, T>,
) -> Result<T> {
    let sample = opened.sample(reading)?;
    if let ([only], None) = (sample.as_slice(), &seen.member)
        && only.name.is_empty()
    {
        let form = Form::new(reading, (opened, only), &looked.place, &seen.described);
        let array = Array::new(reading, opened, &form)?;
        return match form.is_bytes {
            true if opened.was_text() => use_it(&Parts::Bytes(&Held::trimmed(&array)?)),
            true => use_it(&Parts::Bytes(&array)),
            false => use_it(&Parts::Array(&array)),
        };
    }
    let part = Part { opened, reader: opened.reader(reading)?, name: None };
    let types: &BTreeMap<String, DataType> = &seen.described.columns;
    let rows = Rows::new(reading, vec![part], types)?;
    let columns = rows.columns()?;
    let Some(member) = &seen.member else { return use_it(&Parts::Table(&columns)) };
    match columns.iter().find(|column| column.member == *member) {
        Some(column) => use_it(&Parts::Array(column)),
        None => Err(Error::new(ErrorKind::Corrupt, "the column is gone")),
    }
}

/// Bytes that are in memory.
struct Held {
    shape: [u64; 1],
    bytes: Vec<u8>,
}

impl Held {
    /// Bytes that were written as text, without what fills them up.
    fn trimmed(array: &Array<'_>) -> Result<Self> {
        let elements = array.shape().iter().product();
        array.verify(elements)?;
        let bytes = match array.read(&vec![0; array.shape().len()], array.shape())? {
            Elements::Bytes(bytes) => bytes.into_owned(),
            Elements::Strings(_) => Vec::new(),
        };
        let bytes: Vec<u8> = match trimmed(AnyArray::UInt8(ndarray::Array1::from(bytes).into_dyn()))? {
            AnyArray::UInt8(bytes) => bytes.into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Self { shape: [bytes.len() as u64], bytes })
    }
}

impl Boxes for Held {
    fn data_type(&self) -> DataType {
        DataType::UInt8
    }

    fn shape(&self) -> &[u64] {
        &self.shape
    }

    fn rank(&self) -> usize {
        0
    }

    fn chunk(&self) -> &[u64] {
        &[]
    }

    fn most(&self, _selected: u64) -> u64 {
        u64::MAX
    }

    fn verify(&self, _elements: u64) -> Result<()> {
        Ok(())
    }

    fn written(&self) -> Result<Option<Written>> {
        Ok(None)
    }

    fn read(&self, _start: &[u64], _shape: &[u64]) -> Result<Elements<'static>> {
        Ok(Elements::Bytes(self.bytes.clone().into()))
    }
}
