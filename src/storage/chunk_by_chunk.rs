//! Reading an array chunk by chunk, as it is copied into another format.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io;

use super::chunk_read::ArrayReader;
use super::files::{AsFd, BorrowedFd};
use super::read::Snapshot;
use super::store::Store;
use crate::error::Result;
use crate::selection::{Along, Selection};
use crate::values::{Elements, Source, count, zeroed};
use crate::zarr::{ArrayMetadata, ChunkGrid, Codecs, Deflated, FillValue};

impl Store {
    /// Opens the array that a snapshot holds, with metadata that may show fewer rows; chunk files may be missing where it
    /// is sparse.
    pub(crate) fn chunk_reader<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        array: &'a ArrayMetadata,
        sparse: bool,
    ) -> Result<ArrayReader<'a>> {
        let sparse = sparse || snapshot.marker.sparse || self.may_lack_chunks();
        ArrayReader::new(self, snapshot.directory.as_fd(), &snapshot.place, array, sparse)
    }
}

impl ArrayReader<'_> {
    pub(crate) fn metadata(&self) -> &ArrayMetadata {
        self.array
    }

    pub(crate) fn fill_value(&self) -> &FillValue {
        &self.fill
    }

    /// How the chunks are stored.
    pub(crate) fn codecs(&self) -> &Codecs {
        self.chunk_codecs()
    }

    /// The chunks, be they files or parts of them.
    pub(crate) fn chunks(&self) -> Result<ChunkGrid> {
        ChunkGrid::new(&self.array.shape, self.chunk_shape())
    }

    /// Reads all elements, in C order.
    pub(crate) fn read_all(&self) -> Result<Elements<'static>> {
        self.select(&Selection::all())?.read()
    }

    /// Reads the elements of a region that lies within the array, in C order.
    pub(crate) fn read_region(&self, start: &[u64], shape: &[u64]) -> Result<Elements<'static>> {
        self.select(&region(start, shape))?.read()
    }

    /// Reads the elements of a region in place of what `into` holds, whose memory is used again.
    pub(crate) fn read_region_into(
        &self,
        start: &[u64],
        shape: &[u64],
        into: &mut Elements<'static>,
    ) -> Result<()> {
        let selected = self.select(&region(start, shape))?;
        let (Elements::Bytes(bytes), Some(size)) = (&mut *into, self.array.data_type.size()) else {
            *into = selected.read()?;
            return Ok(());
        };
        let length = count(shape)?.saturating_mul(size);
        let bytes = bytes.to_mut();
        if length > bytes.capacity() {
            selected.verify_size()?;
            *bytes = zeroed(length)?;
        }
        bytes.resize(length, 0);
        selected.read_into(bytes)
    }

    /// Decodes the chunk at `index` among all, and tells how it was compressed by gzip; `None` where it was not, or is not
    /// there.
    pub(crate) fn deflated(&self, index: &[u64]) -> Result<Option<Deflated>> {
        let codecs = self.chunk_codecs();
        if codecs.deflate_level().is_none() {
            return Ok(None);
        }
        let Some(stored) = self.find(index)? else { return Ok(None) };
        let bytes = self.bytes_of(&stored, codecs)?;
        codecs.decode_deflated(bytes).map(Some).map_err(|error| self.in_file(&stored.path, error))
    }

    /// The numbers in C order of the chunks that are stored; `None` where all are.
    pub(crate) fn present(&self) -> Result<Option<Vec<u64>>> {
        if !self.sparse || self.array.shape.contains(&0) {
            return Ok(None);
        }
        let mut files = Vec::new();
        self.list_chunks(&mut files)?;
        let total = self.chunks()?.len();
        let mut count = 0_u64;
        self.each_chunk(&files, |_| count = count.saturating_add(1))?;
        if count == total {
            return Ok(None);
        }
        // Where all are there, which is the rule, memory is not taken for their numbers.
        let mut present = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        self.each_chunk(&files, |number| present.push(number))?;
        present.sort_unstable();
        Ok(Some(present))
    }

    /// Gives the numbers of the chunks in these files.
    fn each_chunk(&self, files: &[Vec<u64>], mut each: impl FnMut(u64)) -> Result<()> {
        let chunks = self.chunks()?;
        for file in files {
            let Some(shards) = self.codecs.shards() else {
                chunks.number(file).into_iter().for_each(&mut each);
                continue;
            };
            let Some(shard) = self.shard(file, shards)? else { continue };
            let first = shards.first_chunk(file, &self.array.chunk_shape);
            for at in shards.present(&shard.index) {
                let index = first.iter().zip(&at).map(|(first, at)| first.checked_add(*at));
                let index = index.collect::<Option<Vec<u64>>>();
                index.and_then(|index| chunks.number(&index)).into_iter().for_each(&mut each);
            }
        }
        Ok(())
    }

    /// Finds all chunk files.
    fn list_chunks(&self, found: &mut Vec<Vec<u64>>) -> Result<()> {
        if !self.array.chunk_keys.are_nested() || self.array.shape.is_empty() {
            found.extend(self.stored_chunks()?);
            return Ok(());
        }
        let top = self.array.chunk_keys.directory();
        if top.is_empty() {
            return self.list_nested(self.directory, &mut Vec::new(), found);
        }
        match self.store.files.open_directory(self.directory, top) {
            Ok(directory) => self.list_nested(directory.as_fd(), &mut Vec::new(), found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(self.store.failed("cannot open", self.place)(error)),
        }
    }

    /// Finds the chunk files below a directory: each level is one axis.
    fn list_nested(
        &self,
        directory: BorrowedFd<'_>,
        index: &mut Vec<u64>,
        found: &mut Vec<Vec<u64>>,
    ) -> Result<()> {
        let is_last = index.len().saturating_add(1) == self.array.shape.len();
        let entries =
            self.store.files.list(directory).map_err(self.store.failed("cannot list", self.place))?;
        for entry in entries {
            let at = entry.name.to_str().and_then(|name| Some((name, name.parse::<u64>().ok()?)));
            let Some((name, at)) = at.filter(|(name, at)| at.to_string() == **name) else { continue };
            index.push(at);
            if is_last && entry.is_file && self.grid.contains(index) {
                found.push(index.clone());
            } else if !is_last && entry.is_directory {
                let below = self.store.files.open_directory(directory, name);
                let below = below.map_err(self.store.failed("cannot open", self.place))?;
                self.list_nested(below.as_fd(), index, found)?;
            }
            index.pop();
        }
        Ok(())
    }
}

fn region(start: &[u64], shape: &[u64]) -> Selection {
    let ends = start.iter().zip(shape).enumerate();
    ends.fold(Selection::all(), |selection, (axis, (start, length))| {
        selection.along(axis, Along::from(*start..start.saturating_add(*length)))
    })
}
