//! Reading the elements of one version of an array out of its chunk files.

use std::borrow::Cow;
use std::io;
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};

use rayon::prelude::*;

use super::files::Handle;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::values::{DataType, Elements, Source, zeroed};
use crate::zarr::{ArrayMetadata, CHECKSUM, ChunkGrid, Codecs, Region, fill_bytes, verify_checksum};

/// Up to so many bytes memory is given on the word of the metadata alone.
const TRUSTED_BYTES: u64 = 1 << 20;

/// About so many bytes make a block.
const BLOCK_BYTES: u64 = 4 << 20;

/// Reads an array through the open directory of one of its versions.
pub(crate) struct ArrayReader<'a> {
    store: &'a Store,
    directory: BorrowedFd<'a>,
    place: &'a str,
    array: &'a ArrayMetadata,
    grid: ChunkGrid,
    codecs: Codecs,
    /// Chunk files may be missing, and are then fill value.
    sparse: bool,
}

impl<'a> ArrayReader<'a> {
    pub(super) fn new(
        store: &'a Store,
        directory: BorrowedFd<'a>,
        place: &'a str,
        array: &'a ArrayMetadata,
        sparse: bool,
    ) -> Result<Self> {
        let grid = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        let codecs = Codecs::new(array)?;
        Ok(Self { store, directory, place, array, grid, codecs, sparse })
    }

    /// The number of chunks.
    pub(super) fn chunks(&self) -> u64 {
        self.grid.len()
    }

    pub(super) fn chunk_path(&self, n: u64) -> String {
        self.array.chunk_keys.path(&self.grid.index(n))
    }

    /// Reads one chunk only to see whether it is whole.
    pub(super) fn verify_chunk(&self, n: u64) -> Result<()> {
        match self.array.data_type.size() {
            Some(size) => self.decode_chunk(n, size).map(|_| ()),
            None => self.decode_text(n).map(|_| ()),
        }
    }

    /// Opens a chunk; `None` where a sparse array has none.
    fn open_chunk(&self, path: &str) -> Result<Option<Handle>> {
        match self.store.files.open_file(self.directory, path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.sparse => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.damaged(path, "the chunk is missing"))
            }
            Err(error) => Err(self.store.failed("cannot open", self.place)(error)),
        }
    }

    fn damaged(&self, path: &str, what: &str) -> Error {
        Error::new(ErrorKind::Corrupt, what).with_file(self.store.shown(self.place).join(path))
    }

    /// Reads the whole chunk file.
    fn chunk_bytes(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let Some(file) = self.open_chunk(path)? else { return Ok(None) };
        let failed = self.store.failed("cannot read", self.place);
        let length = self.store.files.stat_open(file.as_fd()).map_err(&failed)?.bytes;
        self.check_length(path, length)?;
        let mut bytes = self.memory(path, usize::try_from(length).unwrap_or(usize::MAX))?;
        let count = self.store.files.read(file.as_fd(), &mut [&mut bytes]).map_err(&failed)?;
        bytes.truncate(count);
        Ok(Some(bytes))
    }

    fn check_length(&self, path: &str, length: u64) -> Result<()> {
        match self.codecs.chunk_size(self.grid.chunk_elements(), self.array.data_type) {
            Some(expected) if expected != length => {
                let what = format!("the chunk has {length} bytes, where {expected} belong");
                Err(self.damaged(path, &what))
            }
            _ => Ok(()),
        }
    }

    /// Memory that the metadata ask for, if there is so much.
    fn memory(&self, path: &str, length: usize) -> Result<Vec<u8>> {
        zeroed(length).map_err(|_| self.damaged(path, &format!("there is no memory for {length} bytes")))
    }

    /// Decodes a chunk of numbers, the whole of it; `None` where a sparse array has none.
    fn decode_chunk(&self, n: u64, size: usize) -> Result<Option<Vec<u8>>> {
        let path = self.chunk_path(n);
        let Some(bytes) = self.chunk_bytes(&path)? else { return Ok(None) };
        let decoded = self.codecs.decode(bytes, &self.grid, size);
        decoded.map(Some).map_err(|error| self.in_file(&path, error))
    }

    fn in_file(&self, path: &str, error: Error) -> Error {
        error.with_file(self.store.shown(self.place).join(path))
    }

    fn decode_text(&self, n: u64) -> Result<Option<Vec<String>>> {
        let path = self.chunk_path(n);
        let Some(bytes) = self.chunk_bytes(&path)? else { return Ok(None) };
        let decoded = self.codecs.decode_strings(bytes, &self.grid);
        decoded.map(Some).map_err(|error| self.in_file(&path, error))
    }

    /// Fills a buffer of numbers with the fill value.
    fn fill(&self, buffer: &mut [u8]) -> Result<()> {
        let fill = fill_bytes(self.array)?;
        if fill.iter().any(|byte| *byte != 0) {
            for (byte, fill) in buffer.iter_mut().zip(fill.iter().cycle()) {
                *byte = *fill;
            }
        } else {
            buffer.fill(0);
        }
        Ok(())
    }

    fn fill_text(&self) -> String {
        self.array.fill_value.as_str().unwrap_or_default().to_owned()
    }

    /// Reads one chunk into the part of the caller's buffer that is just this chunk.
    fn read_run(&self, n: u64, buffer: &mut [u8], size: usize) -> Result<()> {
        if let Codecs::Plain { checksum } = self.codecs
            && self.grid.chunk_elements().checked_mul(size as u64) == Some(buffer.len() as u64)
        {
            return self.read_plain(&self.chunk_path(n), buffer, checksum);
        }
        let Some(decoded) = self.decode_chunk(n, size)? else { return self.fill(buffer) };
        let length = buffer.len();
        let whole =
            decoded.get(..length).ok_or_else(|| self.damaged(&self.chunk_path(n), "it is too short"))?;
        buffer.copy_from_slice(whole);
        Ok(())
    }

    /// Reads a chunk that is stored as it is in memory, without a copy.
    fn read_plain(&self, path: &str, buffer: &mut [u8], checksum: bool) -> Result<()> {
        let Some(file) = self.open_chunk(path)? else { return self.fill(buffer) };
        // One byte more than belongs there tells a file that is too long.
        let mut trailer = [0; CHECKSUM + 1];
        let expected = buffer.len() + if checksum { CHECKSUM } else { 0 };
        let read = self.store.files.read(file.as_fd(), &mut [&mut *buffer, &mut trailer]);
        let count = read.map_err(self.store.failed("cannot read", self.place))?;
        if count != expected {
            self.check_length(path, self.store.files.stat_open(file.as_fd()).map_or(0, |stat| stat.bytes))?;
            return Err(self.damaged(path, "the chunk changed its length while it was read"));
        }
        if checksum {
            let stored = [trailer[0], trailer[1], trailer[2], trailer[3]];
            verify_checksum(buffer, stored).map_err(|error| self.in_file(path, error))?;
        }
        Ok(())
    }

    /// Copies what `region` holds of a decoded chunk to where it belongs in `target`, which begins with element
    /// `first` of the array; an element is `size` items long.
    fn scatter<T: Clone>(
        &self,
        region: &Region,
        chunk: &[T],
        target: &mut [T],
        (first, size): (u64, usize),
    ) -> Result<()> {
        let mut fits = true;
        self.grid.for_each_run(region, |at, from, count| {
            let range = |start: u64| {
                let start = usize::try_from(start).ok()?.checked_mul(size)?;
                Some(start..start.checked_add(usize::try_from(count).ok()?.checked_mul(size)?)?)
            };
            let target = at.checked_sub(first).and_then(range).and_then(|range| target.get_mut(range));
            match (target, range(from).and_then(|range| chunk.get(range))) {
                (Some(target), Some(source)) => target.clone_from_slice(source),
                _ => fits = false,
            }
        });
        if fits { Ok(()) } else { Err(self.damaged("", "a chunk does not fit the array")) }
    }

    /// The chunks that hold these rows, each with the part of it that does.
    fn chunks_of(&self, rows: Range<u64>) -> impl Iterator<Item = (u64, Region)> {
        self.grid.chunks_of_rows(&rows).map(move |n| (n, self.grid.region(&self.grid.index(n)).clip(&rows)))
    }

    fn gather_numbers(&self, rows: Range<u64>, first: u64, buffer: &mut [u8], size: usize) -> Result<()> {
        if self.sparse {
            self.fill(buffer)?;
        }
        for (n, part) in self.chunks_of(rows) {
            if let Some(chunk) = self.decode_chunk(n, size)? {
                self.scatter(&part, &chunk, buffer, (first, size))?;
            }
        }
        Ok(())
    }

    fn gather_text(&self, rows: Range<u64>, first: u64, total: usize) -> Result<Vec<String>> {
        let mut strings: Vec<String> = Vec::new();
        let reserved = strings.try_reserve_exact(total);
        reserved.map_err(|error| self.damaged("", "too many elements for memory").with_source(error))?;
        strings.resize(total, self.fill_text());
        for (n, part) in self.chunks_of(rows) {
            if let Some(chunk) = self.decode_text(n)? {
                self.scatter(&part, &chunk, &mut strings, (first, 1))?;
            }
        }
        Ok(strings)
    }

    fn rows(&self) -> u64 {
        self.array.shape.first().copied().unwrap_or(1)
    }

    /// The number of elements of one row.
    fn row_elements(&self) -> u64 {
        self.array.shape.iter().skip(1).product()
    }

    fn read_chunk(&self, n: u64) -> Result<Elements<'static>> {
        let run = self.grid.run(&self.grid.region(&self.grid.index(n)));
        let count = run.and_then(|(_, count)| usize::try_from(count).ok());
        let count = count.ok_or_else(|| self.damaged("", "a chunk is not one run of elements"))?;
        let path = self.chunk_path(n);
        Ok(match self.array.data_type.size() {
            Some(size) => {
                let length = count.saturating_mul(size);
                let bytes = match self.decode_chunk(n, size)? {
                    Some(mut bytes) => {
                        bytes.truncate(length);
                        bytes
                    }
                    None => {
                        let mut bytes = self.memory(&path, length)?;
                        self.fill(&mut bytes)?;
                        bytes
                    }
                };
                Elements::Bytes(bytes.into())
            }
            None => {
                let text = match self.decode_text(n)? {
                    Some(text) => text,
                    None => self.gather_text(0..0, 0, count)?,
                };
                Elements::Strings(text.into_iter().take(count).map(Cow::Owned).collect())
            }
        })
    }

    /// Divides the buffer into the parts that are one chunk each; `None` where chunks are not runs of elements.
    fn split<'b>(&self, mut buffer: &'b mut [u8], size: usize) -> Option<Vec<(u64, &'b mut [u8])>> {
        let mut parts = Vec::new();
        for n in 0..self.grid.len() {
            let (_, count) = self.grid.run(&self.grid.region(&self.grid.index(n)))?;
            let length = usize::try_from(count).ok()?.checked_mul(size)?;
            let (part, rest) = buffer.split_at_mut_checked(length)?;
            parts.push((n, part));
            buffer = rest;
        }
        buffer.is_empty().then_some(parts)
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
        let size = self.array.data_type.size().unwrap_or(4) as u64;
        let bytes = self.array.shape.iter().try_fold(size, |bytes, length| bytes.checked_mul(*length));
        if self.sparse || bytes.is_some_and(|bytes| bytes <= TRUSTED_BYTES) {
            return Ok(());
        }
        for n in 0..self.grid.len() {
            let path = self.chunk_path(n);
            match self.store.files.stat(self.directory, &path) {
                Ok(stat) => self.check_length(&path, stat.bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(self.damaged(&path, "the chunk is missing"));
                }
                Err(error) => return Err(self.store.failed("cannot read", self.place)(error)),
            }
        }
        Ok(())
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        let Some(size) = self.array.data_type.size() else {
            return Err(Error::new(ErrorKind::WrongType, "holds text, asked for numbers"));
        };
        if self.grid.len() == 1 && self.grid.run(&self.grid.region(&self.grid.index(0))).is_some() {
            return self.read_run(0, buffer, size);
        }
        if let Some(parts) = self.split(buffer, size) {
            return parts.into_par_iter().try_for_each(|(n, part)| self.read_run(n, part, size));
        }
        self.gather_numbers(0..self.rows(), 0, buffer, size)
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        self.gather_text(0..self.rows(), 0, crate::values::count(&self.array.shape)?)
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        let end = start.checked_add(count).filter(|end| *end <= self.rows());
        let end = end.ok_or_else(|| Error::new(ErrorKind::WrongShape, "there are not so many rows"))?;
        let first = start * self.row_elements();
        let total = crate::values::count(&[count, self.row_elements()])?;
        Ok(match self.array.data_type.size() {
            Some(size) => {
                let mut bytes = self.memory("", total.saturating_mul(size))?;
                self.gather_numbers(start..end, first, &mut bytes, size)?;
                Elements::Bytes(bytes.into())
            }
            None => {
                let text = self.gather_text(start..end, first, total)?;
                Elements::Strings(text.into_iter().map(Cow::Owned).collect())
            }
        })
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        if self.grid.is_runs() {
            return (0..self.grid.len()).try_for_each(|n| each(self.read_chunk(n)?));
        }
        let row_bytes = self.row_elements().saturating_mul(self.array.data_type.size().unwrap_or(16) as u64);
        let chunk = self.grid.chunk_rows();
        let step = (BLOCK_BYTES / row_bytes.max(1) / chunk).max(1) * chunk;
        let mut start = 0;
        while start < self.rows() {
            let count = step.min(self.rows() - start);
            each(self.read_rows(start, count)?)?;
            start += count;
        }
        Ok(())
    }
}
