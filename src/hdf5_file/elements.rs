//! The elements of arrays and columns, read where they lie.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::columns::{Part, extent};
use super::form::Form;
use super::opened::{Opened, weight};
use super::reading::Reading;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::DatasetReader;
use crate::selection::{Resolved, Selection};
use crate::values::{AnyArray, DataType, Elements, Source, zeroed};
use crate::zarr::FillValue;

/// About so many bytes are read at once.
const BLOCK: u64 = 16 << 20;

/// As many, where a row of chunks is larger.
const MOST_BLOCK: u64 = 64 << 20;

/// A file of a megabyte holds a gigabyte at most: more than deflate makes of anything.
const MOST_RATIO: u64 = 1024;

/// Whatever has elements, some of which are read at a time.
pub(super) trait Boxes {
    /// The type of the elements.
    fn data_type(&self) -> DataType;

    /// The length of each axis.
    fn shape(&self) -> &[u64];

    /// How many of the axes can be read in part; the others are the axes of one element of the file.
    fn rank(&self) -> usize;

    /// The shape of chunks, where there are any.
    fn chunk(&self) -> &[u64];

    /// How many elements are to be read at once, where so many are selected.
    fn most(&self, selected: u64) -> u64;

    /// Fails where there cannot be so many elements.
    fn verify(&self, elements: u64) -> Result<()>;

    /// What was written; `None` where that is all, or not one value stands for the rest.
    fn written(&self) -> Result<Option<Written>>;

    /// Reads a box.
    fn read(&self, start: &[u64], shape: &[u64]) -> Result<Elements<'static>>;
}

/// The chunks that were written.
#[derive(Debug)]
pub(crate) struct Written {
    /// Their numbers in C order.
    pub chunks: Vec<u64>,
    /// What all elements are that are in no chunk.
    pub fill_value: FillValue,
}

impl Written {
    fn new(
        reader: &DatasetReader<'_>,
        fill_value: impl FnOnce(&[u8]) -> Result<AnyArray>,
    ) -> Result<Option<Self>> {
        let Some(chunks) = reader.stored_chunks() else { return Ok(None) };
        let fill_value = fill_value(reader.fill_value())?;
        let value = match elements(&fill_value)? {
            Elements::Strings(text) => one(&text).map(|text| FillValue::Text(text.to_string())),
            Elements::Bytes(bytes) => {
                let size = fill_value.data_type().size().unwrap_or(1);
                one(&bytes.chunks(size).collect::<Vec<_>>()).map(|value| FillValue::Bytes(value.to_vec()))
            }
        };
        Ok(value.map(|fill_value| Self { chunks, fill_value }))
    }
}

/// The value that all of them are.
fn one<T: PartialEq>(values: &[T]) -> Option<&T> {
    values.first().filter(|first| values.iter().all(|value| value == *first))
}

/// What is selected of elements, as a source.
pub(super) struct Selected<'a> {
    boxes: &'a dyn Boxes,
    picked: Resolved,
    shape: Vec<u64>,
}

impl<'a> Selected<'a> {
    pub fn new(boxes: &'a dyn Boxes, selection: &Selection) -> Result<Self> {
        let picked = selection.resolve(boxes.shape())?;
        Ok(Self { boxes, shape: picked.shape(), picked })
    }

    pub fn all(boxes: &'a dyn Boxes) -> Result<Self> {
        Self::new(boxes, &Selection::all())
    }

    fn each(&self, picked: &Resolved, each: &mut dyn FnMut(Elements<'static>) -> Result<()>) -> Result<()> {
        let size = self.data_type().size().unwrap_or(1);
        let boxes = picked.boxes(self.boxes.most(picked.elements())).whole_from(self.boxes.rank());
        for found in boxes.between(self.boxes.chunk()) {
            each(match self.boxes.read(&found.start, &found.shape)? {
                Elements::Bytes(bytes) => Elements::Bytes(found.take(bytes.into_owned(), size)?.into()),
                Elements::Strings(text) => Elements::Strings(found.take(text, 1)?),
            })?;
        }
        Ok(())
    }

    fn gathered(&self, picked: &Resolved) -> Result<Elements<'static>> {
        self.boxes.verify(picked.elements())?;
        let mut all = none(self.data_type());
        self.each(picked, &mut |elements| append(&mut all, elements))?;
        Ok(all)
    }
}

impl Source for Selected<'_> {
    fn data_type(&self) -> DataType {
        self.boxes.data_type()
    }

    fn shape(&self) -> &[u64] {
        &self.shape
    }

    fn verify_size(&self) -> Result<()> {
        self.boxes.verify(self.picked.elements())
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        let mut rest = buffer;
        let wrong = || Error::new(ErrorKind::WrongShape, "the elements do not fit the buffer");
        self.each(&self.picked, &mut |elements| {
            let Elements::Bytes(bytes) = elements else { return Err(wrong()) };
            let (part, after) =
                std::mem::take(&mut rest).split_at_mut_checked(bytes.len()).ok_or_else(wrong)?;
            part.copy_from_slice(&bytes);
            rest = after;
            Ok(())
        })?;
        if rest.is_empty() { Ok(()) } else { Err(wrong()) }
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        match self.gathered(&self.picked)? {
            Elements::Strings(text) => Ok(text.into_iter().map(std::borrow::Cow::into_owned).collect()),
            Elements::Bytes(_) => Err(Error::new(ErrorKind::WrongType, "holds numbers, asked for text")),
        }
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        let rows = self.picked.rows(start, count);
        let rows = rows.ok_or_else(|| Error::new(ErrorKind::WrongShape, "there are not so many rows"))?;
        self.gathered(&rows)
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        self.each(&self.picked, &mut |elements| each(elements))
    }
}

/// A dataset that is one array.
pub(super) struct Array<'a> {
    reading: &'a Reading<'a>,
    opened: &'a Opened,
    reader: DatasetReader<'a>,
    form: &'a Form,
    weight: u64,
}

impl<'a> Array<'a> {
    pub fn new(reading: &'a Reading<'a>, opened: &'a Opened, form: &'a Form) -> Result<Self> {
        let reader = opened.reader(reading)?;
        let weight = weight(reader.element_size(), &opened.sample(reading)?);
        Ok(Self { reading, opened, reader, form, weight })
    }
}

impl Boxes for Array<'_> {
    fn data_type(&self) -> DataType {
        self.form.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.form.shape
    }

    fn rank(&self) -> usize {
        self.form.rank
    }

    fn chunk(&self) -> &[u64] {
        self.reader.chunk_shape().unwrap_or_default()
    }

    fn most(&self, _selected: u64) -> u64 {
        let outer = self.reader.shape().iter().skip(1);
        let row = outer.fold(self.weight, |bytes, length| bytes.saturating_mul(*length));
        let chunks = row.saturating_mul(self.chunk().first().copied().unwrap_or(1));
        let inner = self.form.shape.iter().skip(self.form.rank);
        let elements = inner.fold(1_u64, |count, length| count.saturating_mul(*length));
        let bytes = chunks.clamp(BLOCK, MOST_BLOCK).checked_div(self.weight).unwrap_or(1).max(1);
        bytes.saturating_mul(elements)
    }

    fn verify(&self, elements: u64) -> Result<()> {
        verify(self.reading, elements.saturating_mul(self.data_type().expected_size()))
    }

    fn written(&self) -> Result<Option<Written>> {
        Written::new(&self.reader, |fill| self.form.decode(self.reading, self.opened, fill, &[]))
    }

    fn read(&self, start: &[u64], shape: &[u64]) -> Result<Elements<'static>> {
        let rank = self.form.rank;
        let (start, shape) = (start.get(..rank).unwrap_or_default(), shape.get(..rank).unwrap_or_default());
        let size = shape.iter().fold(self.reader.element_size(), |size, length| size.saturating_mul(*length));
        let mut bytes = zeroed(usize::try_from(size).unwrap_or(usize::MAX))?;
        self.reader.read(start, shape, &mut bytes)?;
        elements(&self.form.decode(self.reading, self.opened, &bytes, shape)?)
    }
}

/// Rows that were read, of all columns.
type Read = ((u64, u64), Arc<Vec<Elements<'static>>>);

/// The rows of a table, of which all columns are decoded together.
pub(super) struct Rows<'a> {
    reading: &'a Reading<'a>,
    parts: Vec<Part<'a>>,
    types: &'a BTreeMap<String, DataType>,
    pub count: u64,
    weight: u64,
    /// What was read last: whoever reads rows of one column then reads those of the next.
    last: Mutex<VecDeque<Read>>,
}

/// A column of a table.
pub(super) struct Column<'a> {
    rows: &'a Rows<'a>,
    at: usize,
    /// Its name in the file, and here.
    pub member: String,
    pub name: String,
    pub data_type: DataType,
    pub shape: Vec<u64>,
}

impl<'a> Rows<'a> {
    pub fn new(
        reading: &'a Reading<'a>,
        parts: Vec<Part<'a>>,
        types: &'a BTreeMap<String, DataType>,
    ) -> Result<Self> {
        let (count, weight) = extent(reading, parts.iter().map(|part| part.opened))?;
        Ok(Self { reading, parts, types, count, weight, last: Mutex::default() })
    }

    /// Describes the columns.
    pub fn columns(&'a self) -> Result<Vec<Column<'a>>> {
        let mut columns = Vec::new();
        for part in &self.parts {
            for column in part.read(self.reading, self.types, (0, 0))? {
                let mut shape: Vec<u64> = column.array.shape().iter().map(|length| *length as u64).collect();
                shape.iter_mut().take(1).for_each(|length| *length = self.count);
                let data_type = column.array.data_type();
                let (rows, at) = (self, columns.len());
                columns.push(Column { rows, at, member: column.member, name: column.name, data_type, shape });
            }
        }
        Ok(columns)
    }

    fn read(&self, start: u64, count: u64) -> Result<Arc<Vec<Elements<'static>>>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = last.iter().find(|(rows, _)| *rows == (start, count)) {
            return Ok(Arc::clone(known));
        }
        let mut all: Vec<Elements<'static>> = Vec::new();
        let step = BLOCK.checked_div(self.weight).unwrap_or(1).max(1);
        let mut done = 0;
        while done < count {
            let now = step.min(count.saturating_sub(done));
            let mut next = Vec::new();
            for part in &self.parts {
                for column in part.read(self.reading, self.types, (start.saturating_add(done), now))? {
                    next.push(elements(&column.array)?);
                }
            }
            if all.is_empty() {
                all = next;
            } else {
                all.iter_mut().zip(next).try_for_each(|(all, next)| append(all, next))?;
            }
            done = done.saturating_add(now);
        }
        let all = Arc::new(all);
        last.push_back(((start, count), Arc::clone(&all)));
        if last.len() > 2 {
            last.pop_front();
        }
        Ok(all)
    }
}

impl Boxes for Column<'_> {
    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.shape
    }

    fn rank(&self) -> usize {
        1
    }

    fn chunk(&self) -> &[u64] {
        &[]
    }

    fn most(&self, selected: u64) -> u64 {
        // A run of rows at once: so the other columns are decoded only once, too. What lies between rows far apart is not read.
        BLOCK.checked_div(self.rows.weight).unwrap_or(1).max(selected)
    }

    fn verify(&self, elements: u64) -> Result<()> {
        verify(self.rows.reading, elements.saturating_mul(self.data_type.expected_size()))
    }

    fn written(&self) -> Result<Option<Written>> {
        let [part] = self.rows.parts.as_slice() else { return Ok(None) };
        Written::new(&part.reader, |fill| {
            let columns = part.decode(self.rows.reading, self.rows.types, fill, &[1])?;
            let column = columns.into_iter().nth(self.at).map(|column| column.array);
            column.ok_or_else(|| Error::new(ErrorKind::Corrupt, "the column is gone"))
        })
    }

    fn read(&self, start: &[u64], shape: &[u64]) -> Result<Elements<'static>> {
        let at = |of: &[u64]| of.first().copied().unwrap_or_default();
        let rows = self.rows.read(at(start), at(shape))?;
        match rows.get(self.at) {
            Some(Elements::Bytes(bytes)) => Ok(Elements::Bytes(bytes.to_vec().into())),
            Some(Elements::Strings(text)) => Ok(Elements::Strings(text.clone())),
            None => Ok(none(self.data_type)),
        }
    }
}

/// Fails where no file of this size has so many bytes.
fn verify(reading: &Reading<'_>, bytes: u64) -> Result<()> {
    let there = reading.file.input().size();
    if bytes <= BLOCK || bytes <= there.saturating_mul(MOST_RATIO) {
        return Ok(());
    }
    let message =
        format!("its {bytes} bytes cannot all have been written to a file of {there}; read a part of it");
    Err(Error::new(ErrorKind::Unsupported, message))
}

/// The elements of an array, of its own.
fn elements(array: &AnyArray) -> Result<Elements<'static>> {
    Ok(array.stored()?.into_owned().elements)
}

fn none(data_type: DataType) -> Elements<'static> {
    match data_type.size() {
        Some(_) => Elements::Bytes(Vec::new().into()),
        None => Elements::Strings(Vec::new()),
    }
}

fn append(all: &mut Elements<'static>, new: Elements<'static>) -> Result<()> {
    match (all, new) {
        (Elements::Bytes(all), Elements::Bytes(new)) if all.is_empty() => *all = new,
        (Elements::Bytes(all), Elements::Bytes(new)) => all.to_mut().extend_from_slice(&new),
        (Elements::Strings(all), Elements::Strings(mut new)) => all.append(&mut new),
        _ => return Err(Error::new(ErrorKind::Corrupt, "numbers and text cannot stand for each other")),
    }
    Ok(())
}
