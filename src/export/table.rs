//! Tables as compound datasets, or as groups of their columns.

use std::borrow::Cow;
use std::io::{Seek, Write};

use super::array::{Content, Outline};
use super::choices::TablesAs;
use super::elements::{self, Interleaved, Style};
use super::layout::{filters, grows};
use super::walk::{Exported, Walk};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Chunking, Compound, Datatype, Filter, Group, MAX_MESSAGE, Member, Object};
use crate::key::Key;
use crate::storage::Snapshot;
use crate::values::{Elements, Source};
use crate::zarr::{Codecs, NodeMetadata};

/// About so many bytes of a table are put together at once.
const TABLE_BYTES: u64 = 4 << 20;

/// One column of a table that is being exported.
pub(super) type Column<'a> = (String, &'a dyn Source);

/// What the columns have in common.
#[derive(Default)]
struct Storage {
    /// The rows of a chunk, where the table was made to grow.
    growing_by: Option<u64>,
    is_compressed: bool,
}

impl<W: Write + Seek> Walk<'_, W> {
    /// Writes a table as one compound dataset; one that is too wide as a group of its columns.
    pub(super) fn table(
        &mut self,
        key: &Key,
        (snapshot, columns): (&Snapshot, &[Column<'_>]),
        exported: &mut Exported,
    ) -> Result<Object> {
        let style = self.choices.style();
        let member = |(name, source): &Column<'_>| {
            let inner = source.shape().get(1..).unwrap_or_default();
            Member::new(name.clone(), inner, elements::datatype(source.data_type(), style))
        };
        if self.choices.tables == TablesAs::Groups || self.choices.netcdf_safe {
            return self.group_of_columns(key, (snapshot, columns), exported);
        }
        let members = columns.iter().map(member).collect::<Result<Vec<_>>>();
        let compound = members.and_then(Compound::new).map(Datatype::Compound);
        match compound {
            Ok(compound) if compound.message_size() <= MAX_MESSAGE => {
                self.compound(key, &compound, columns, exported)
            }
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            _ => {
                let group = self.group_of_columns(key, (snapshot, columns), exported)?;
                let key = key.to_string();
                if !self.report.tables_as_groups.contains(&key) {
                    self.report.tables_as_groups.push(key);
                }
                Ok(group)
            }
        }
    }

    fn group_of_columns(
        &mut self,
        key: &Key,
        (table, columns): (&Snapshot, &[Column<'_>]),
        exported: &mut Exported,
    ) -> Result<Object> {
        let store = self.store;
        let mut group = Group::new();
        for (name, source) in columns {
            let key = key.child(name)?;
            let (dataset, own) = store.read(&key, |snapshot| {
                let mut own = self.attributes(&key, snapshot, ("", &[]))?;
                let NodeMetadata::Array(metadata) = &snapshot.metadata else {
                    return Err(Error::new(ErrorKind::Corrupt, "a column is a group"));
                };
                // It may have more rows by now.
                let mut metadata = metadata.clone();
                metadata.shape = source.shape().to_vec();
                let reader = store.chunk_reader(snapshot, &metadata, table.marker.sparse)?;
                let outline = Outline::new(&reader, &self.choices, grows(&metadata, false))?;
                self.mark_bool(metadata.data_type, &mut own)?;
                let described = self.array(&outline, &Content::Stored(&reader), &own.attributes)?;
                Ok((self.writer.describe(&described)?, own))
            })?;
            group.insert(name.clone(), dataset)?;
            for (name, dataset) in own.spilled {
                group.insert(name, dataset)?;
            }
            exported.left_out.extend(own.left_out);
        }
        self.writer.group(group, &exported.attributes)
    }

    /// Adds the attributes of the columns to those of the table, as `COLUMN@NAME`: a member of a compound has none.
    fn attributes_of_columns(
        &mut self,
        key: &Key,
        columns: &[Column<'_>],
        exported: &mut Exported,
    ) -> Result<Storage> {
        let store = self.store;
        let mut storage = Storage::default();
        for (n, (name, source)) in columns.iter().enumerate() {
            let prefix = format!("{name}@");
            let (own, metadata, is_provisional) = store.read(&key.child(name)?, |snapshot| {
                let own = self.attributes(key, snapshot, (&prefix, &[]))?;
                Ok((own, snapshot.metadata.clone(), snapshot.marker.provisional_chunks))
            })?;
            exported.attributes.extend(own.attributes);
            exported.spilled.extend(own.spilled);
            exported.left_out.extend(own.left_out);
            let NodeMetadata::Array(mut metadata) = metadata else { continue };
            storage.is_compressed |= Codecs::new(&metadata)?.compress();
            if n == 0 {
                metadata.shape = source.shape().to_vec();
                let is_growing = grows(&metadata, is_provisional);
                storage.growing_by = metadata.chunk_shape.first().copied().filter(|_| is_growing);
            }
        }
        Ok(storage)
    }

    fn compound(
        &mut self,
        key: &Key,
        compound: &Datatype,
        columns: &[Column<'_>],
        exported: &mut Exported,
    ) -> Result<Object> {
        let storage = self.attributes_of_columns(key, columns, exported)?;
        let rows = columns.first().and_then(|(_, source)| source.shape().first().copied()).unwrap_or(0);
        let most = (TABLE_BYTES / compound.size().max(1)).max(1);
        let filters = filters(&self.choices, compound.size(), storage.is_compressed);
        let is_chunked =
            storage.growing_by.is_some() || (rows > 0 && (self.choices.chunked || !filters.is_empty()));
        let step = match storage.growing_by {
            Some(rows) => rows.clamp(1, most),
            None => most.min(rows).max(1),
        };
        let size = usize::try_from(compound.size())
            .map_err(|_| Error::new(ErrorKind::Unsupported, "a row is larger than memory"))?;
        let rows = Rows { columns, count: rows, step, size, style: self.choices.style() };
        if !is_chunked {
            let mut dataset = self.writer.dataset(compound, &[rows.count], &exported.attributes)?;
            for n in 0..rows.blocks() {
                let block = rows.block(n, &mut |text| dataset.strings(text))?;
                dataset.write(&block)?;
                self.telling.add(block.len() as u64)?;
            }
            return dataset.finish();
        }
        let maximum = [storage.growing_by.map_or(Some(rows.count), |_| None)];
        let chunking = Chunking { maximum: &maximum, chunk: &[step], filters: &filters, fill_value: None };
        let mut dataset = self.writer.chunked(compound, &[rows.count], &chunking, &exported.attributes)?;
        for n in 0..rows.blocks() {
            let mut chunk = rows.block(n, &mut |text| dataset.strings(text))?;
            chunk.resize(size.saturating_mul(usize::try_from(step).unwrap_or(usize::MAX)), 0);
            dataset.chunk(&[n], &Filter::apply(&filters, compound.size(), &chunk)?)?;
            self.telling.add(chunk.len() as u64)?;
        }
        dataset.finish()
    }
}

/// Stores text, and gives what stands for it.
type Strings<'a> = dyn FnMut(&[Cow<'static, str>]) -> Result<Vec<[u8; 16]>> + 'a;

/// The rows of a table, some of them at a time.
struct Rows<'a> {
    columns: &'a [Column<'a>],
    count: u64,
    /// The rows of a block.
    step: u64,
    /// The bytes of a row.
    size: usize,
    style: Style,
}

impl Rows<'_> {
    fn blocks(&self) -> u64 {
        self.count.div_ceil(self.step)
    }

    /// Makes the bytes of a block.
    fn block(&self, n: u64, strings: &mut Strings<'_>) -> Result<Vec<u8>> {
        let start = n * self.step;
        let count = self.step.min(self.count - start);
        let mut block = Interleaved::new(usize::try_from(count).unwrap_or(usize::MAX), self.size);
        for (_, source) in self.columns {
            let read = source.read_rows(start, count)?;
            block.push(&match &read {
                Elements::Bytes(bytes) => elements::numbers(source.data_type(), self.style, bytes)?,
                Elements::Strings(text) => strings(text)?.into_flattened().into(),
            })?;
        }
        Ok(block.into_bytes())
    }
}
