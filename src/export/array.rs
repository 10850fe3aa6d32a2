//! Writing arrays: in one run, or chunk by chunk.

use std::borrow::Cow;
use std::io::{Seek, Write};

use rayon::prelude::*;

use super::elements::{self, Style};
use super::layout::Layout;
use super::report::Telling;
use crate::error::Result;
use crate::hdf5::{Attribute, ChunkedWriter, Chunking, Described, Filter, Writer};
use crate::storage::{ArrayReader, in_parallel};
use crate::values::{DataType, Elements, Source};
use crate::zarr::{ChunkGrid, FillValue};

/// So many bytes of elements are filtered at once, by several threads, unless one chunk has more.
const BATCH_BYTES: u64 = 8 << 20;

/// And so many chunks.
const BATCH_CHUNKS: u64 = 1024;

/// Writes the elements of an array.
pub(super) fn write<W: Write + Seek>(
    (writer, telling): (&mut Writer<W>, &mut Telling<'_>),
    (reader, style): (&ArrayReader<'_>, Style),
    layout: Option<&Layout>,
    attributes: &[Attribute],
) -> Result<Described> {
    let data_type = reader.data_type();
    let datatype = elements::datatype(data_type, style);
    let fill_value = match reader.fill_value() {
        FillValue::Bytes(value) if value.iter().any(|byte| *byte != 0) => {
            Some(elements::numbers(data_type, style, value)?)
        }
        _ => None,
    };
    let Some(layout) = layout else {
        let mut dataset = writer.dataset(&datatype, reader.shape(), attributes)?;
        if let Some(value) = &fill_value {
            dataset = dataset.fill_value(value)?;
        }
        reader.read_blocks(&mut |block| {
            let bytes = elements::write(&mut dataset, (data_type, style), &block)?;
            telling.add(bytes)
        })?;
        return dataset.end();
    };
    let chunking = Chunking {
        maximum: &layout.maximum,
        chunk: &layout.chunk,
        filters: &layout.filters,
        fill_value: fill_value.as_deref(),
    };
    let grid = ChunkGrid::new(reader.shape(), &layout.chunk)?;
    let mut dataset = writer.chunked(&datatype, reader.shape(), &chunking, attributes)?;
    let chunks = Chunks { reader, layout, grid, style, size: datatype.size() };
    match &layout.present {
        Some(present) => chunks.write(&mut dataset, present.iter().copied(), telling)?,
        None => chunks.write(&mut dataset, 0..chunks.grid.len(), telling)?,
    }
    dataset.end()
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

impl Chunks<'_> {
    fn write<W: Write + Seek>(
        &self,
        dataset: &mut ChunkedWriter<'_, W>,
        mut numbers: impl Iterator<Item = u64>,
        telling: &mut Telling<'_>,
    ) -> Result<()> {
        let bytes = self.grid.chunk_elements().saturating_mul(self.size);
        if self.reader.data_type() == DataType::String {
            return numbers.try_for_each(|n| {
                let index = self.grid.index(n);
                let references = self.references(dataset, &index)?;
                dataset.chunk(&index, &references)?;
                telling.add(bytes)
            });
        }
        let count = (BATCH_BYTES / bytes.max(1)).clamp(1, BATCH_CHUNKS);
        loop {
            let batch: Vec<u64> = numbers.by_ref().take(usize::try_from(count).unwrap_or(1)).collect();
            let made: Vec<Vec<u8>> = match &batch[..] {
                [] => return Ok(()),
                [only] => vec![self.encode(&self.grid.index(*only))?],
                _ => in_parallel(|| {
                    batch.par_iter().map(|n| self.encode(&self.grid.index(*n))).collect::<Result<_>>()
                })?,
            };
            for (n, chunk) in batch.iter().zip(&made) {
                dataset.chunk(&self.grid.index(*n), chunk)?;
            }
            telling.add(bytes.saturating_mul(batch.len() as u64))?;
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
