//! Reading the elements of one version of an array: all of them, or a selection.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::borrow::Cow;

use rayon::prelude::*;

use super::chunk_read::ArrayReader;
use super::elements;
use super::files::AsFd as _;
use super::fork::{beside, in_parallel};
use super::read::Snapshot;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::selection::{Chunks, IntoSelection, Resolved, Selection};
use crate::values::{DataType, Elements, Source, count};
use crate::zarr::NodeMetadata;

/// Up to so many bytes memory is given on the word of the metadata alone.
const TRUSTED_BYTES: u64 = 1 << 20;

/// About so many bytes make a block.
const BLOCK_BYTES: u64 = 4 << 20;

/// From so many bytes on several threads read.
const SHARED_BYTES: usize = 1 << 20;

/// What is selected of an array.
pub(crate) struct Selected<'a> {
    reader: &'a ArrayReader<'a>,
    picked: Resolved,
    shape: Vec<u64>,
}

impl Store {
    /// Shows what is selected of an array to `use_it`, so that it can be read as a Rust type.
    pub(crate) fn with_selected<T>(
        &self,
        snapshot: &Snapshot,
        selection: &Selection,
        verify: bool,
        use_it: impl FnOnce(&dyn Source) -> Result<T>,
    ) -> Result<T> {
        let NodeMetadata::Array(array) = &snapshot.metadata else {
            return Err(Error::new(ErrorKind::WrongType, "holds a group, asked for an array"));
        };
        let reader = self.array_reader(snapshot, array)?.verify(verify);
        let selected = reader.select(selection)?;
        use_it(&selected)
    }

    pub(super) fn array_reader<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        array: &'a crate::zarr::ArrayMetadata,
    ) -> Result<ArrayReader<'a>> {
        let sparse = snapshot.marker.sparse || self.may_lack_chunks();
        ArrayReader::new(self, snapshot.directory.as_fd(), &snapshot.place, array, sparse)
    }
}

impl ArrayReader<'_> {
    pub(super) fn select(&self, selection: &Selection) -> Result<Selected<'_>> {
        let picked = selection.resolve(&self.array.shape)?;
        let shape = picked.shape();
        Ok(Selected { reader: self, picked, shape })
    }

    fn all(&self) -> Result<Selected<'_>> {
        self.select(&Selection::all())
    }

    fn rows(&self) -> u64 {
        self.array.shape.first().copied().unwrap_or(1)
    }

    /// Copies what a chunk file holds of the array, as far as the array shows it, into a chunk of fill value; tells
    /// whether there is such a file.
    pub(super) fn copy_visible(&self, index: &[u64], chunk: &mut Elements<'static>) -> Result<bool> {
        if !self.grid.contains(index) {
            return Ok(false);
        }
        let Some(found) = self.file(index)? else { return Ok(false) };
        let size = self.array.data_type.size().unwrap_or(1);
        let mut fits = true;
        self.grid.for_each_visible_run(index, &self.array.shape, |at, count| {
            fits &= elements::copy(&found, at, chunk, at, count, size).is_some();
        });
        if fits { Ok(true) } else { Err(self.damaged("", "a chunk does not fit the array")) }
    }
}

impl Selected<'_> {
    /// Divides the work and the result into pieces that belong together, and reads each by `read`.
    fn read_pieces<T: Send>(
        &self,
        out: &mut [T],
        size: usize,
        read: impl Fn(Chunks, &mut [T]) -> Result<()> + Sync,
    ) -> Result<()> {
        let chunks = self.picked.chunks(self.reader.chunk_shape())?;
        if size_of_val(out) < SHARED_BYTES {
            return read(chunks, out);
        }
        let mut rest = out;
        let mut pieces = Vec::new();
        for chunks in chunks.split() {
            let length = chunks.output().len().saturating_mul(size);
            let (piece, after) = std::mem::take(&mut rest)
                .split_at_mut_checked(length)
                .ok_or_else(|| Error::new(ErrorKind::WrongShape, "the result is too short"))?;
            pieces.push((chunks, piece));
            rest = after;
        }
        match pieces.len() {
            1 => pieces.into_iter().try_for_each(|(chunks, piece)| read(chunks, piece)),
            _ => in_parallel(|| pieces.into_par_iter().try_for_each(|(chunks, piece)| read(chunks, piece))),
        }
    }

    fn read_text(&self) -> Result<Vec<Cow<'static, str>>> {
        let fill = Cow::Owned(self.reader.fill.text().to_owned());
        let total = count(&self.shape)?;
        let mut text = elements::repeated_text(&fill, total)?;
        self.read_pieces(&mut text, 1, |mut chunks, piece| {
            chunks.try_for_each(|part| self.reader.read_text(&part, piece))
        })?;
        Ok(text)
    }

    pub(super) fn read(&self) -> Result<Elements<'static>> {
        let Some(size) = self.reader.array.data_type.size() else {
            return self.read_text().map(Elements::Strings);
        };
        let mut bytes = crate::values::zeroed(count(&self.shape)?.saturating_mul(size))?;
        self.read_into(&mut bytes)?;
        Ok(Elements::Bytes(bytes.into()))
    }
}

impl Source for Selected<'_> {
    fn data_type(&self) -> DataType {
        self.reader.array.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.shape
    }

    fn verify_size(&self) -> Result<()> {
        let size = self.reader.array.data_type.size().unwrap_or(4) as u64;
        let bytes = self.picked.elements().checked_mul(size);
        if self.reader.sparse || bytes.is_some_and(|bytes| bytes <= TRUSTED_BYTES) {
            return Ok(());
        }
        let mut files = self.picked.chunks(&self.reader.array.chunk_shape)?;
        files.try_for_each(|part| self.reader.check_file(part.index()))
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        let Some(size) = self.reader.array.data_type.size() else {
            return Err(Error::new(ErrorKind::WrongType, "holds text, asked for numbers"));
        };
        if self.picked.elements().checked_mul(size as u64) != Some(buffer.len() as u64) {
            let message =
                format!("a buffer of {} bytes for a selection of shape {:?}", buffer.len(), self.shape);
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        self.read_pieces(buffer, size, |mut chunks, piece| {
            chunks.try_for_each(|part| self.reader.read_numbers(&part, piece, size))
        })
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        Ok(self.read_text()?.into_iter().map(Cow::into_owned).collect())
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        elements::rows(&self.read()?, &self.shape, start, count)
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        if self.picked.elements() == 0 { Ok(()) } else { each(self.read()?) }
    }
}

impl Source for ArrayReader<'_> {
    fn data_type(&self) -> DataType {
        self.array.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.array.shape
    }

    fn verify_size(&self) -> Result<()> {
        self.all()?.verify_size()
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        self.all()?.read_into(buffer)
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        self.all()?.read_strings()
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        let end = start.checked_add(count).filter(|end| *end <= self.rows());
        let end = end.ok_or_else(|| Error::new(ErrorKind::WrongShape, "there are not so many rows"))?;
        if self.array.shape.is_empty() {
            return if count == 1 {
                self.all()?.read()
            } else {
                elements::rows(&self.all()?.read()?, &[1], start, count)
            };
        }
        self.select(&(start..end).into_selection()?)?.read()
    }

    #[expect(
        clippy::arithmetic_side_effects,
        reason = "no chunk is empty, and no row beyond the last is read"
    )]
    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        let ([rows, row @ ..], [chunk, ..]) = (&*self.array.shape, self.chunk_shape()) else {
            return each(self.all()?.read()?);
        };
        let row = row.iter().fold(1u64, |product, length| product.saturating_mul(*length));
        let row_bytes = row.saturating_mul(self.array.data_type.expected_size()).max(1);
        // Whole chunks where a block can hold some, else what it can hold.
        let step = match BLOCK_BYTES / row_bytes {
            fit if fit >= *chunk => fit / chunk * chunk,
            _ => *chunk,
        };
        let read = |start: u64| {
            let is_there = start < *rows && row > 0;
            is_there.then(|| self.read_rows(start, step.min(rows - start)))
        };
        let (mut start, mut next) = (0, read(0));
        while let Some(block) = next {
            let block = block?;
            start += step.min(rows - start);
            let done;
            (next, done) =
                if start < *rows { beside(|| read(start), || each(block)) } else { (None, each(block)) };
            done?;
        }
        Ok(())
    }
}
