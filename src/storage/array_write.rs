//! Building an array in the stage: chunk files first, `zarr.json` last.

use std::ops::Range;

use rayon::prelude::*;

use super::array_options::ArrayOptions;
use super::elements;
use super::fork::in_parallel;
use super::store::{INTERNALS, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::values::{ArrayContent, Elements};
use crate::zarr::{ArrayMetadata, ChunkGrid, Codecs, FillValue, METADATA_FILE, Marker, NodeMetadata, Parts};

/// Above so many files one flush of the whole file system is cheaper than one of each.
pub(super) const MANY_FILES: u64 = 64;

/// An array on its way into the stage.
struct Staged<'a> {
    /// Where it is built, relative to the stage.
    path: &'a str,
    content: &'a ArrayContent<'a>,
    metadata: &'a ArrayMetadata,
    grid: ChunkGrid,
    codecs: Codecs,
    fill: FillValue,
    /// The number of chunks along the first axis that come before `content`.
    before: u64,
    /// Whether chunks of nothing but fill value are left out.
    sparse: bool,
}

impl Store {
    /// Writes an array into the stage.
    pub(super) fn stage_array(
        &self,
        path: &str,
        content: &ArrayContent<'_>,
        names: Vec<String>,
        marker: &Marker,
        options: &ArrayOptions,
    ) -> Result<()> {
        let mut metadata = options.metadata(content.data_type, &content.shape, names)?;
        marker.write(&mut metadata.attributes)?;
        let rounded;
        let content = match options.rounded(content)? {
            Some(content) => {
                rounded = content;
                &rounded
            }
            None => content,
        };
        // What makes no sense leaves no directory behind.
        let staged = Staged::new(path, content, &metadata, 0)?;
        self.create_staged_directory(path)?;
        self.stage_chunks(&staged)?;
        let files = staged.grid.len();
        self.stage_array_metadata(path, metadata, files)
    }

    /// Writes the chunks of some rows of an array into the stage, where its directory is; `before` chunks along the first
    /// axis come before them. A sparse array gets no file for a chunk of nothing but fill value.
    pub(super) fn stage_rows(
        &self,
        path: &str,
        (content, before): (&ArrayContent<'_>, u64),
        metadata: &ArrayMetadata,
        sparse: bool,
    ) -> Result<()> {
        let staged = Staged::new(path, content, metadata, before)?;
        self.stage_chunks(&Staged { sparse, ..staged })
    }

    fn stage_chunks(&self, staged: &Staged<'_>) -> Result<()> {
        let write = |n| self.stage_chunk(staged, n);
        match staged.grid.len() {
            0 => Ok(()),
            1 => write(0),
            count => in_parallel(|| (0..count).into_par_iter().try_for_each(write)),
        }
    }

    /// Writes the metadata of an array into the stage, after so many chunk files.
    pub(super) fn stage_array_metadata(&self, path: &str, metadata: ArrayMetadata, files: u64) -> Result<()> {
        let document = NodeMetadata::Array(metadata).to_bytes()?;
        self.create_staged(&format!("{path}/{METADATA_FILE}"), &[&document])?;
        if self.is_power() && files > MANY_FILES {
            self.sync_everything()?;
        }
        self.sync_staged_directory(path)
    }

    fn stage_chunk(&self, staged: &Staged<'_>, n: u64) -> Result<()> {
        let mut index = staged.grid.index(n);
        let is_one_of_many = staged.grid.len() > MANY_FILES;
        let chunk = staged.chunk(&index)?;
        if staged.sparse && staged.is_fill(&chunk) {
            return Ok(());
        }
        if let Some(first) = index.first_mut() {
            *first = first.saturating_add(staged.before);
        }
        let file = format!("{}/{}", staged.path, staged.metadata.chunk_keys.path(&index));
        self.stage_file(&file, &staged.codecs.encode(chunk.borrowed())?, is_one_of_many)
    }

    /// Writes a file of a value into the stage, and flushes it unless that is done for many at once.
    pub(super) fn stage_file(&self, path: &str, parts: &Parts<'_>, is_one_of_many: bool) -> Result<()> {
        let stage = self.writer()?.stage.handle();
        let parts: Vec<&[u8]> = parts.iter().map(|part| &**part).collect();
        let file = self.files.create_file(stage, path, &parts);
        let file = file.map_err(self.failed("cannot write the value", INTERNALS))?;
        if is_one_of_many || !self.is_power() { Ok(()) } else { self.sync_staged(&file) }
    }
}

impl<'a> Staged<'a> {
    fn new(
        path: &'a str,
        content: &'a ArrayContent<'a>,
        metadata: &'a ArrayMetadata,
        before: u64,
    ) -> Result<Self> {
        let grid = ChunkGrid::new(&content.shape, &metadata.chunk_shape)?;
        let (codecs, sparse) = (Codecs::new(metadata)?, false);
        let fill = FillValue::parse(&metadata.fill_value, metadata.data_type)?;
        Ok(Self { path, content, metadata, grid, codecs, fill, before, sparse })
    }

    fn is_fill(&self, chunk: &Elements<'_>) -> bool {
        match chunk {
            Elements::Bytes(bytes) => self.fill.is_all_of(bytes),
            Elements::Strings(texts) => texts.iter().all(|text| text == self.fill.text()),
        }
    }

    /// Where the bytes of a chunk lie in the array, if they are one run of it.
    fn run(&self, index: &[u64]) -> Option<Range<usize>> {
        let size = self.content.data_type.size()?;
        let (start, count) = self.grid.run(&self.grid.region(index))?;
        let start = usize::try_from(start).ok()?.checked_mul(size)?;
        Some(start..start.checked_add(usize::try_from(count).ok()?.checked_mul(size)?)?)
    }

    /// The elements of a chunk, full size: from where they lie, or gathered and filled up.
    fn chunk(&self, index: &[u64]) -> Result<Elements<'_>> {
        let count = elements::count(self.grid.chunk_elements())?;
        let size = self.content.data_type.size().unwrap_or(1);
        if let (Elements::Bytes(bytes), Some(run)) = (&self.content.elements, self.run(index))
            && run.len() == count.saturating_mul(size)
        {
            return Ok(Elements::Bytes(bytes[run].into()));
        }
        let mut chunk = elements::repeated(&self.fill, count)?;
        let region = self.grid.region(index);
        let mut fits = true;
        self.grid.for_each_run(&region, |at, to, count| {
            fits &= elements::copy(&self.content.elements, at, &mut chunk, to, count, size).is_some();
        });
        if fits {
            return Ok(chunk);
        }
        Err(Error::new(ErrorKind::WrongShape, "the elements do not fit the shape"))
    }
}
