//! Writing arrays: in one run, or chunk by chunk.

use std::borrow::Cow;
use std::io::{Seek, Write};

use rayon::prelude::*;

use super::choices::Choices;
use super::elements::{self, Style};
use super::layout::{Layout, layout};
use super::report::Telling;
use crate::error::Result;
use crate::hdf5::{Attribute, ChunkedWriter, Chunking, Described, Filter, Writer};
use crate::storage::{ArrayReader, beside, in_parallel};
use crate::values::{DataType, Elements, Source};
use crate::zarr::{ChunkGrid, FillValue};

/// So many bytes of elements are filtered at once, by several threads, unless one chunk has more.
const BATCH_BYTES: u64 = 8 << 20;

/// And so many chunks.
const BATCH_CHUNKS: u64 = 1024;

/// How an array is written.
pub(super) struct Outline {
    data_type: DataType,
    style: Style,
    shape: Vec<u64>,
    /// As the file has it; `None` for zero.
    fill_value: Option<Vec<u8>>,
    layout: Option<Layout>,
}

/// The elements of an array that is to be written.
pub(super) enum Content<'a> {
    Stored(&'a ArrayReader<'a>),
    /// All numbers, in one run.
    Run(Vec<u8>),
    /// The chunks that there are, as the file has them.
    Chunks(Vec<Vec<u8>>),
}

impl Content<'_> {
    /// The bytes that it has in memory.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Stored(_) => 0,
            Self::Run(elements) => elements.len() as u64,
            Self::Chunks(chunks) => chunks.iter().map(|chunk| chunk.len() as u64).sum(),
        }
    }
}

impl Outline {
    pub fn new(reader: &ArrayReader<'_>, choices: &Choices, grows: bool) -> Result<Self> {
        let (data_type, style) = (reader.data_type(), choices.style());
        let fill_value = match reader.fill_value() {
            FillValue::Bytes(value) if value.iter().any(|byte| *byte != 0) => {
                Some(elements::numbers(data_type, style, value)?.into_owned())
            }
            _ => None,
        };
        let layout = layout(reader, choices, grows)?;
        Ok(Self { data_type, style, shape: reader.shape().to_vec(), fill_value, layout })
    }

    /// Whether chunks are left out, which stand for fill value.
    pub fn is_sparse(&self) -> bool {
        self.layout.as_ref().is_some_and(Layout::is_sparse)
    }

    /// Reads numbers, and makes of them what is to be written; `None` for text, and where chunks have more than `most` bytes.
    pub fn read(&self, reader: &ArrayReader<'_>, most: u64) -> Result<Option<Content<'static>>> {
        let Some(layout) = &self.layout else {
            let Elements::Bytes(elements) = reader.read_all()? else { return Ok(None) };
            return Ok(Some(Content::Run(elements.into_owned())));
        };
        let chunks = Chunks::new(reader, self, layout)?;
        let count = chunks.numbers().count() as u64;
        if self.data_type == DataType::String || chunks.bytes().saturating_mul(count) > most {
            return Ok(None);
        }
        let chunks = chunks.numbers().map(|n| chunks.encode(&chunks.grid.index(n)));
        chunks.collect::<Result<_>>().map(|chunks| Some(Content::Chunks(chunks)))
    }

    /// Writes the elements of the array.
    pub fn write<W: Write + Seek>(
        &self,
        (writer, telling): (&mut Writer<W>, &mut Telling<'_>),
        content: &Content<'_>,
        attributes: &[Attribute],
    ) -> Result<Described> {
        let datatype = elements::datatype(self.data_type, self.style);
        let Some(layout) = &self.layout else {
            let mut dataset = writer.dataset(&datatype, &self.shape, attributes)?;
            if let Some(value) = &self.fill_value {
                dataset = dataset.fill_value(value)?;
            }
            let mut each = |block: Elements<'_>| {
                let bytes = elements::write(&mut dataset, (self.data_type, self.style), &block)?;
                telling.add(bytes)
            };
            match content {
                Content::Stored(reader) => reader.read_blocks(&mut each)?,
                Content::Run(elements) => each(Elements::Bytes(elements.into()))?,
                Content::Chunks(_) => {}
            }
            return dataset.end();
        };
        let chunking = Chunking {
            maximum: &layout.maximum,
            chunk: &layout.chunk,
            filters: &layout.filters,
            fill_value: self.fill_value.as_deref(),
        };
        let mut dataset = writer.chunked(&datatype, &self.shape, &chunking, attributes)?;
        match content {
            Content::Stored(reader) => Chunks::new(reader, self, layout)?.write(&mut dataset, telling)?,
            Content::Chunks(chunks) => {
                let grid = ChunkGrid::new(&self.shape, &layout.chunk)?;
                for (n, chunk) in layout.numbers(&grid).zip(chunks) {
                    dataset.chunk(&grid.index(n), chunk)?;
                }
                telling.add(content.bytes())?;
            }
            Content::Run(_) => {}
        }
        dataset.end()
    }
}

/// The chunks of an array on their way.
struct Chunks<'a> {
    reader: &'a ArrayReader<'a>,
    layout: &'a Layout,
    grid: ChunkGrid,
    style: Style,
    /// The bytes of an element in the file.
    size: u64,
}

/// Some chunks, and what the file has of them.
type Batch = Vec<(Vec<u64>, Vec<u8>)>;

impl<'a> Chunks<'a> {
    fn new(reader: &'a ArrayReader<'a>, outline: &Outline, layout: &'a Layout) -> Result<Self> {
        let grid = ChunkGrid::new(&outline.shape, &layout.chunk)?;
        let size = elements::datatype(outline.data_type, outline.style).size();
        Ok(Self { reader, layout, grid, style: outline.style, size })
    }

    /// The bytes of a chunk before its filters.
    fn bytes(&self) -> u64 {
        self.grid.chunk_elements().saturating_mul(self.size)
    }

    fn numbers(&self) -> impl Iterator<Item = u64> + Send {
        self.layout.numbers(&self.grid)
    }

    fn write<W: Write + Seek>(
        &self,
        dataset: &mut ChunkedWriter<'_, W>,
        telling: &mut Telling<'_>,
    ) -> Result<()> {
        let bytes = self.bytes();
        if self.reader.data_type() == DataType::String {
            return self.numbers().try_for_each(|n| {
                let index = self.grid.index(n);
                let references = self.references(dataset, &index)?;
                dataset.chunk(&index, &references)?;
                telling.add(bytes)
            });
        }
        let mut numbers = self.numbers();
        let mut batch = self.batch(&mut numbers)?;
        while !batch.is_empty() {
            let (next, written) = beside(
                || Some(self.batch(&mut numbers)),
                || {
                    batch.iter().try_for_each(|(index, chunk)| dataset.chunk(index, chunk))?;
                    telling.add(bytes.saturating_mul(batch.len() as u64))
                },
            );
            written?;
            batch = next.unwrap_or_else(|| Ok(Batch::new()))?;
        }
        Ok(())
    }

    /// Makes the chunks that come next.
    fn batch(&self, numbers: &mut impl Iterator<Item = u64>) -> Result<Batch> {
        let count = (BATCH_BYTES / self.bytes().max(1)).clamp(1, BATCH_CHUNKS);
        let batch: Vec<u64> = numbers.take(usize::try_from(count).unwrap_or(1)).collect();
        let make = |n: &u64| {
            let index = self.grid.index(*n);
            self.encode(&index).map(|chunk| (index, chunk))
        };
        match &batch[..] {
            [] | [_] => batch.iter().map(make).collect(),
            _ => in_parallel(|| batch.par_iter().map(make).collect()),
        }
    }

    /// Makes the stored bytes of a chunk of numbers.
    fn encode(&self, index: &[u64]) -> Result<Vec<u8>> {
        let data_type = self.reader.data_type();
        if self.layout.rewraps
            && let Some(deflated) = self.reader.deflated(index)?
        {
            elements::numbers(data_type, self.style, &deflated.elements)?;
            let elements = self.cleaned(index, &deflated.elements);
            if let (Cow::Borrowed(_), Some(body)) = (&elements, deflated.body()) {
                let stored = Filter::rewrap(body, &deflated.elements);
                let rest: Vec<Filter> = self
                    .layout
                    .filters
                    .iter()
                    .copied()
                    .filter(|filter| *filter == Filter::Fletcher32)
                    .collect();
                return Ok(Filter::apply(&rest, self.size, &stored)?.into_owned());
            }
            return Ok(Filter::apply(&self.layout.filters, self.size, &elements)?.into_owned());
        }
        let region = self.grid.region(index);
        let Elements::Bytes(elements) = self.reader.read_region(&region.start, &region.shape)? else {
            return Ok(Vec::new());
        };
        let elements = self.spread(index, &elements);
        let elements = elements::numbers(data_type, self.style, &elements)?;
        let stored = Filter::apply(&self.layout.filters, self.size, &elements)?;
        Ok(stored.into_owned())
    }

    /// Puts the elements that a chunk shows to their places in a whole one; what is beyond the shape is fill value, so that
    /// a dataset that becomes longer shows nothing else there.
    fn spread<'e>(&self, index: &[u64], shown: &'e [u8]) -> Cow<'e, [u8]> {
        let (mut chunk, size) = (Vec::new(), self.element());
        if shown.len() as u64 == self.grid.chunk_elements().saturating_mul(size as u64) {
            return Cow::Borrowed(shown);
        }
        let whole = self.grid.chunk_elements().saturating_mul(size as u64);
        chunk.resize(usize::try_from(whole).unwrap_or(usize::MAX), 0);
        self.reader.fill_value().fill(&mut chunk);
        let mut rest = shown;
        self.grid.for_each_visible_run(index, self.reader.shape(), |at, count| {
            let (at, count) = (place(at, size), place(count, size).min(rest.len()));
            let (run, after) = rest.split_at(count);
            if let Some(to) = chunk.get_mut(at..at + count) {
                to.copy_from_slice(run);
            }
            rest = after;
        });
        chunk.into()
    }

    /// A whole chunk with fill value beyond the shape, where something else may lie in the store.
    fn cleaned<'e>(&self, index: &[u64], whole: &'e [u8]) -> Cow<'e, [u8]> {
        let (mut shown, size) = (Vec::new(), self.element());
        self.grid.for_each_visible_run(index, self.reader.shape(), |at, count| {
            let at = place(at, size);
            shown.extend_from_slice(whole.get(at..at + place(count, size)).unwrap_or_default());
        });
        if shown.len() == whole.len() {
            return Cow::Borrowed(whole);
        }
        let clean = self.spread(index, &shown).into_owned();
        if clean == whole { Cow::Borrowed(whole) } else { clean.into() }
    }

    /// The references to the text of a chunk; those beyond the shape are to no text at all.
    fn references<W: Write + Seek>(
        &self,
        dataset: &mut ChunkedWriter<'_, W>,
        index: &[u64],
    ) -> Result<Vec<u8>> {
        const SIZE: usize = 16;
        let region = self.grid.region(index);
        let Elements::Strings(text) = self.reader.read_region(&region.start, &region.shape)? else {
            return Ok(Vec::new());
        };
        let mut references = dataset.strings(&text)?.into_iter();
        let mut chunk = vec![0; place(self.grid.chunk_elements(), SIZE)];
        self.grid.for_each_visible_run(index, self.reader.shape(), |at, count| {
            let run = references.by_ref().take(place(count, 1));
            let to = chunk.iter_mut().skip(place(at, SIZE));
            to.zip(run.flatten()).for_each(|(to, byte)| *to = byte);
        });
        Ok(chunk)
    }

    /// The bytes of an element in the store.
    fn element(&self) -> usize {
        self.reader.data_type().size().unwrap_or(1)
    }
}

/// A place in memory, of elements that are there.
fn place(elements: u64, size: usize) -> usize {
    usize::try_from(elements).unwrap_or(usize::MAX).saturating_mul(size)
}
