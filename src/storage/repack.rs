//! Storing a value anew, with the same elements and another layout.
//!
//! It is staged block by block, and then takes the place of the version that was read, and of no other.

use super::array_options::{ArrayOptions, Shards};
use super::copy::{Copied, Each};
use super::lock::Mode;
use super::read::Snapshot;
use super::store::{Store, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::values::{ArrayContent, Elements, Source};
use crate::zarr::{ArrayMetadata, Compression, Kind, METADATA_FILE, Marker, NodeMetadata, automatic_names};

/// About so many bytes are held in memory at a time, or one row of chunks.
const BLOCK_BYTES: u64 = 16 << 20;

/// How often a value is stored anew that others change meanwhile.
const TRIES: usize = 3;

/// What is to become of the layout; what is `None` stays as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewLayout {
    /// Of a table only its rows are divided: one length.
    pub chunks: Option<Vec<u64>>,
    pub shards: Shards,
    pub compression: Option<Compression>,
}

/// A value on its way into the stage.
struct Repack<'a> {
    store: &'a Store,
    layout: &'a NewLayout,
    done: Copied,
    each: &'a mut Each<'a>,
}

impl Store {
    /// Stores the value under `key` anew.
    pub(crate) fn repack<'a>(
        &'a self,
        key: &Key,
        layout: &'a NewLayout,
        each: &'a mut Each<'a>,
    ) -> Result<Copied> {
        self.writer()?;
        let mut repack = Repack { store: self, layout, done: Copied::default(), each };
        for _ in 0..TRIES {
            repack.done = Copied::default();
            let name = self.writer()?.stage.next_name();
            let staged = self.read_version(key, |snapshot| {
                // What an earlier look has left.
                self.discard(&name);
                repack.node(snapshot, &name)
            });
            let committed = staged.and_then(|((), version)| self.commit_version(key, &name, &version));
            // After the commit there is nothing under that name.
            let committed = committed.inspect_err(|_| self.discard(&name))?;
            if committed {
                return Ok(repack.done);
            }
            self.discard(&name);
        }
        let message = "is being written all the time; try again when its writer has finished";
        Err(Error::new(ErrorKind::Busy, message).with_key(key.to_string()))
    }

    /// Lets what is staged take the place of one version; gives false where there is another by now, or none.
    fn commit_version(&self, key: &Key, name: &str, version: &Snapshot) -> Result<bool> {
        self.sync_staged_tree(name)?;
        self.finish_replacing(Some(key))?;
        let _tree = self.lock_tree(Mode::Exclusive)?;
        let place = self.place(key);
        let document = format!("{place}/{METADATA_FILE}");
        let live = self.files.stat(self.root(), &document);
        let is_that = live.as_ref().is_ok_and(|live| live.id == version.id());
        if !exists(live).map_err(self.failed("cannot look up", &place))? || !is_that {
            return Ok(false);
        }
        let parent = self.group(&key.parent().unwrap_or_else(Key::root))?;
        self.writer()?.groups.forget();
        self.exchange(key, name, &parent).map(|()| true)
    }
}

impl Repack<'_> {
    fn node(&mut self, snapshot: &Snapshot, path: &str) -> Result<()> {
        let sparse = snapshot.marker.sparse;
        match (&snapshot.metadata, &snapshot.marker.kind) {
            (NodeMetadata::Array(array), _) => {
                let reader = self.store.array_reader(snapshot, array)?;
                self.array(path, &reader, array, (self.layout.chunks.clone(), sparse))
            }
            (NodeMetadata::Group(_), Some(Kind::Table { columns, rows })) => {
                self.store.create_staged_directory(path)?;
                for (name, column) in self.store.open_columns(snapshot, columns, *rows)? {
                    let array = column.metadata().clone();
                    let chunks = self.column_chunks(&array)?;
                    self.array(&format!("{path}/{name}"), &column, &array, (chunks, sparse))?;
                }
                let document = snapshot.metadata.to_bytes()?;
                self.store.create_staged(&format!("{path}/{METADATA_FILE}"), &[&document])?;
                self.store.sync_staged_directory(path)
            }
            (NodeMetadata::Group(_), _) => {
                let message = "is a group; it is its values that are stored in chunks";
                Err(Error::new(ErrorKind::WrongType, message))
            }
        }
    }

    /// The chunks of a column: so many rows, with all that is in them.
    fn column_chunks(&self, array: &ArrayMetadata) -> Result<Option<Vec<u64>>> {
        match self.layout.chunks.as_deref() {
            None => Ok(None),
            Some([rows]) => {
                let inner = array.shape.iter().skip(1).map(|length| (*length).max(1));
                Ok(Some(std::iter::once(*rows).chain(inner).collect()))
            }
            Some(chunks) => {
                let message = format!(
                    "chunks of shape {chunks:?} for a table: only its rows are divided, say one length"
                );
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }

    fn array(
        &mut self,
        path: &str,
        source: &dyn Source,
        array: &ArrayMetadata,
        (chunks, sparse): (Option<Vec<u64>>, bool),
    ) -> Result<()> {
        let mut metadata = self.metadata(array, chunks)?;
        let mut marker = Marker::read(&array.attributes)?;
        marker.provisional_chunks &= self.layout.chunks.is_none();
        let sparse = sparse || marker.sparse;
        marker.write(&mut metadata.attributes)?;
        self.store.create_staged_directory(path)?;
        self.done.nodes += 1;
        let Some(rows) = array.shape.first() else {
            source.read_blocks(&mut |elements| {
                self.block(path, (elements, Vec::new()), &metadata, (0, sparse))
            })?;
            return self.store.stage_array_metadata(path, metadata, 1);
        };
        let inner: u64 = array.shape.iter().skip(1).product();
        let row = array.data_type.expected_size().saturating_mul(inner).max(1);
        let step = metadata.chunk_shape.first().copied().unwrap_or(1).max(1);
        let block = step.saturating_mul((BLOCK_BYTES / row.saturating_mul(step).max(1)).max(1));
        let (mut start, mut files) = (0, 0_u64);
        while start < *rows && inner > 0 {
            let count = block.min(rows - start);
            let mut shape = array.shape.clone();
            shape[0] = count;
            let elements = source.read_rows(start, count)?;
            self.block(path, (elements, shape), &metadata, (start / step, sparse))?;
            start += count;
            files += count.div_ceil(step);
        }
        self.store.stage_array_metadata(path, metadata, files)
    }

    /// Stages the chunks of one block.
    fn block(
        &mut self,
        path: &str,
        (elements, shape): (Elements<'_>, Vec<u64>),
        metadata: &ArrayMetadata,
        (before, sparse): (u64, bool),
    ) -> Result<()> {
        self.done.bytes += match &elements {
            Elements::Bytes(bytes) => bytes.len() as u64,
            Elements::Strings(texts) => texts.iter().map(|text| text.len() as u64).sum(),
        };
        let content = ArrayContent { data_type: metadata.data_type, shape, elements };
        self.store.stage_rows(path, (&content, before), metadata, sparse)?;
        (self.each)(self.done)
    }

    /// The metadata of an array in its new layout.
    fn metadata(&self, array: &ArrayMetadata, chunks: Option<Vec<u64>>) -> Result<ArrayMetadata> {
        let compression = self.layout.compression.or_else(|| Compression::of_codecs(&array.codecs));
        let compression = compression.ok_or_else(|| {
            let message =
                "its codecs are not those that calcstore writes; say which compression it is to have";
            Error::new(ErrorKind::InvalidInput, message)
        })?;
        let (old_chunks, old_shards) = array.chunks_and_shards();
        let shards = match (&self.layout.shards, &chunks, old_shards) {
            (Shards::Automatic, None, Some(shards)) => Shards::Shape(shards),
            (Shards::Automatic, None, None) => Shards::None,
            (shards, ..) => shards.clone(),
        };
        let options = ArrayOptions {
            chunk_shape: Some(chunks.unwrap_or(old_chunks)),
            shards,
            compression,
            fill_value: Some(array.fill_value.clone()),
            attributes: array.attributes.clone(),
            ..ArrayOptions::default()
        };
        let names = automatic_names(&Key::root(), array.shape.len());
        let mut metadata = options.metadata(array.data_type, &array.shape, names)?;
        metadata.dimension_names.clone_from(&array.dimension_names);
        Ok(metadata)
    }
}
