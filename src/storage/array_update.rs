//! Changing an array where it stands: parts of it, rows at its end, its shape.
//!
//! Each chunk file is replaced by a rename, and `zarr.json` last, so that readers notice. What lies in the files
//! beyond the shape is never trusted: it is what a writer left that died before it could change the shape.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::array_options::growing_chunk_shape;
use super::array_write::MANY_FILES;
use super::chunk_read::ArrayReader;
use super::displaced::Displaced;
use super::document::Document;
use super::elements;
use super::files::AsFd;
use super::lock::Mode;
use super::read::Snapshot;
use super::store::Store;
use super::threads::in_threads;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::selection::{IntoSelection, Part, Resolved, Selection};
use crate::values::{ArrayContent, DataType, Elements};
use crate::zarr::{ArrayMetadata, ChunkGrid, Codecs, FillValue, Marker, NodeMetadata};

/// Less than this is written sooner than other threads have begun to help, where it is stored as it is.
const WORTH_THREADS: u64 = 2 << 20;

/// What is to be changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// The selected elements: to these, or all of them to one scalar.
    Write(&'a Selection, &'a ArrayContent<'a>, Visible),
    /// The first axis: it becomes longer by these rows, or by this one row.
    Append(&'a ArrayContent<'a>),
    /// The shape: what is new is fill value, what is beyond it is gone.
    Resize(&'a [u64]),
}

/// How a write of several chunks appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visible {
    /// Chunk by chunk, each of them whole.
    ByChunk,
    /// All chunks at once: another array takes the place of this one, with the same files but for these.
    AtOnce,
}

/// An array whose lock is held, as it is now.
pub(super) struct Live<'a> {
    pub store: &'a Store,
    pub key: &'a Key,
    pub node: &'a Snapshot,
    pub array: &'a ArrayMetadata,
    pub displaced: &'a Displaced<'a>,
}

impl Store {
    /// Changes the array that was opened as `opened`; gives it as it is afterwards.
    pub(crate) fn change_array(&self, key: &Key, opened: &Snapshot, change: Change<'_>) -> Result<Snapshot> {
        self.writer()?;
        let _tree = self.lock_tree(Mode::Shared)?;
        let _value = self.lock_value(key)?;
        // First whether it is still there: another value may have taken the place of its group.
        let again;
        let node = if self.is_in_place_still(opened) {
            opened
        } else {
            again = self.open_again(key, opened)?;
            &again
        };
        let owner = self.owner_of(key)?;
        if owner != *key {
            let message = format!("is a column of the table {owner}, which is changed as a whole");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let NodeMetadata::Array(array) = &node.metadata else { return Err(replaced()) };
        if let Some(kind) = &node.marker.kind {
            let message = format!("is no plain array, of which parts can be changed, but {}", kind.name());
            return Err(Error::new(ErrorKind::WrongType, message));
        }
        let displaced = self.keep_displaced(key)?;
        let live = Live { store: self, key, node, array, displaced: &displaced };
        let changed = match change {
            Change::Write(selection, content, how) => live.write(selection, content, how)?,
            Change::Append(content) => live.append(content)?,
            Change::Resize(shape) => Some(live.resize(shape)?),
        };
        match changed {
            Some(document) => self.open_changed(node, document),
            None => self.open_node(key),
        }
    }

    /// Opens a node that was opened before as `opened`, as it is now; whoever calls holds its lock.
    pub(super) fn open_again(&self, key: &Key, opened: &Snapshot) -> Result<Snapshot> {
        match self.open_node(key) {
            Err(error) if error.kind() == ErrorKind::NotFound => Err(replaced()),
            Ok(node) if !self.is_same_directory(&node, opened)? => Err(replaced()),
            node => node,
        }
    }
}

/// What the error for a handle of something that was replaced says.
pub(crate) fn replaced() -> Error {
    Error::new(ErrorKind::Changed, "was replaced or removed after this handle was opened; open it again")
}

fn scalar(content: &ArrayContent<'_>) -> FillValue {
    match &content.elements {
        Elements::Bytes(bytes) => FillValue::Bytes(bytes.to_vec()),
        Elements::Strings(text) => FillValue::Text(text.first().map(ToString::to_string).unwrap_or_default()),
    }
}

/// Checks that elements have the type of an array.
fn check_type(content: &ArrayContent<'_>, data_type: DataType) -> Result<()> {
    if content.data_type == data_type {
        return Ok(());
    }
    let message = format!("holds {data_type} elements, not {}", content.data_type);
    Err(Error::new(ErrorKind::WrongType, message))
}

/// Checks rows that are to be appended to an array; gives their number.
pub(crate) fn rows_of(content: &ArrayContent<'_>, data_type: DataType, shape: &[u64]) -> Result<u64> {
    check_type(content, data_type)?;
    let Some((_, row)) = shape.split_first() else {
        return Err(Error::new(ErrorKind::WrongShape, "a scalar has no axis that could grow"));
    };
    match content.shape.split_first() {
        Some((rows, of)) if of == row => Ok(*rows),
        _ if content.shape == row => Ok(1),
        _ => {
            let message = format!(
                "an array of shape {:?} cannot be appended to one of shape {shape:?}: rows have the shape {row:?}",
                content.shape
            );
            Err(Error::new(ErrorKind::WrongShape, message))
        }
    }
}

impl Live<'_> {
    /// Gives what `zarr.json` says afterwards; nothing where it is that of another array, or the same.
    fn write(
        &self,
        selection: &Selection,
        content: &ArrayContent<'_>,
        how: Visible,
    ) -> Result<Option<Document>> {
        check_type(content, self.array.data_type)?;
        let picked = selection.resolve_for_writing(&self.array.shape)?;
        let spread;
        let elements = if content.shape.is_empty() && !picked.shape().is_empty() {
            spread = elements::repeated(&scalar(content), elements::count(picked.elements())?)?;
            &spread
        } else {
            if content.shape != picked.shape() {
                let message = format!(
                    "an array of shape {:?} for a selection of shape {:?}",
                    content.shape,
                    picked.shape()
                );
                return Err(Error::new(ErrorKind::WrongShape, message));
            }
            &content.elements
        };
        if picked.elements() == 0 {
            return Ok(None);
        }
        if how == Visible::AtOnce {
            self.put_elements_at_once(&picked, elements)?;
            return Ok(None);
        }
        self.put_elements(self.array, &picked, elements)?;
        self.put_metadata(self.array.clone(), Marker::clone(&self.node.marker)).map(Some)
    }

    /// Gives what `zarr.json` says afterwards; nothing where it is the same.
    pub(super) fn append(&self, content: &ArrayContent<'_>) -> Result<Option<Document>> {
        let (mut array, mut marker) = (self.array.clone(), Marker::clone(&self.node.marker));
        let rows = rows_of(content, array.data_type, &array.shape)?;
        if rows == 0 {
            return Ok(None);
        }
        if array.shape[0] == 0 {
            Self::begin_rows(&mut array, &mut marker, rows);
        }
        self.extend(&mut array, rows, &content.elements)?;
        self.put_metadata(array, marker).map(Some)
    }

    /// Decides on the chunks of an array without rows, of which so many come now, unless its maker did.
    fn begin_rows(array: &mut ArrayMetadata, marker: &mut Marker, rows: u64) {
        // Chunks of one row are what an array gets that was stored without rows.
        let is_stored = !marker.sparse && array.chunk_shape[0] == 1 && array.chunks_and_shards().1.is_none();
        if marker.provisional_chunks || is_stored {
            let element = array.data_type.expected_size();
            array.chunk_shape = growing_chunk_shape(&array.shape, element, rows);
        }
        // From the first row on all chunks are there.
        (marker.provisional_chunks, marker.sparse) = (false, false);
    }

    /// Writes rows beyond the end of the array, and makes `array` as much longer. They are visible once `array` is.
    pub(super) fn extend(&self, array: &mut ArrayMetadata, rows: u64, elements: &Elements<'_>) -> Result<()> {
        let start = array.shape[0];
        let end = start.checked_add(rows).ok_or_else(|| {
            Error::new(ErrorKind::WrongShape, format!("{rows} rows more than {start} are beyond 64 bits"))
        })?;
        array.shape[0] = end;
        let picked = (start..end).into_selection()?.resolve(&array.shape)?;
        self.put_elements(array, &picked, elements)
    }

    /// Writes the picked elements of `array`, which is this one, longer perhaps.
    fn put_elements(&self, array: &ArrayMetadata, picked: &Resolved, elements: &Elements<'_>) -> Result<()> {
        let parts: Vec<Part> = picked.chunks(&array.chunk_shape)?.collect();
        let chunks = self.changed_chunks(array, elements)?;
        self.replace_chunks(&chunks.codecs, parts.len(), |n| chunks.changed(&parts[n]))
    }

    /// Stages an array that shares its files with this one, but for the chunks of the picked elements, and lets the two
    /// change places.
    fn put_elements_at_once(&self, picked: &Resolved, elements: &Elements<'_>) -> Result<()> {
        let (store, array) = (self.store, self.array);
        if array.chunk_keys.are_nested() {
            let message = "an array whose chunks lie in directories of their own is not written all at once";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let parts: Vec<Part> = picked.chunks(&array.chunk_shape)?.collect();
        let chunks = self.changed_chunks(array, elements)?;
        let are_many = parts.len() as u64 > MANY_FILES;
        let stage = &store.writer()?.stage;
        let name = stage.next_name();
        store.clean_up_after(&name, || {
            store.create_staged_directory(&name)?;
            in_threads(parts.len(), |n| {
                let (file, chunk) = chunks.changed(&parts[n])?;
                let pieces = chunks.codecs.encode(chunk.borrowed())?;
                store.stage_file(&format!("{name}/{file}"), &pieces, are_many)
            })?;
            self.link_chunks(&name)?;
            // What was linked may never have been flushed: under `Power` everything is.
            store.stage_array_metadata(&name, array.clone(), u64::MAX)?;
            let parent = store.group(&self.key.parent().unwrap_or_else(Key::root))?;
            store.exchange(self.key, &name, &parent)
        })
    }

    /// Gives the chunk files of this array second names in a staged one, where that has none of its own.
    fn link_chunks(&self, staged: &str) -> Result<()> {
        let (store, live) = (self.store, self.node.directory.as_fd());
        let stage = store.writer()?.stage.handle();
        let failed = store.failed("cannot link a chunk", &self.node.place);
        for entry in store.files.list(live).map_err(&failed)? {
            let name = entry.name.to_string_lossy();
            if self.array.chunk_keys.index(&name, self.array.shape.len()).is_none() {
                continue;
            }
            match store.files.link((live, &name), (stage, &format!("{staged}/{name}"))) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                linked => linked.map_err(&failed)?,
            }
        }
        Ok(())
    }

    fn changed_chunks<'c>(
        &'c self,
        array: &'c ArrayMetadata,
        elements: &'c Elements<'c>,
    ) -> Result<ChangedChunks<'c>> {
        Ok(ChangedChunks {
            array,
            elements,
            codecs: Codecs::new(array)?,
            length: elements::count(ChunkGrid::new(&array.shape, &array.chunk_shape)?.chunk_elements())?,
            fill: FillValue::parse(&array.fill_value, array.data_type)?,
            reader: self.store.array_reader(self.node, self.array)?,
        })
    }

    /// Changes the shape: first to what both shapes show, then to the new one. What files hold beyond that is gone
    /// before it could be seen. Gives what `zarr.json` says afterwards.
    fn resize(&self, shape: &[u64]) -> Result<Document> {
        let old = &self.array.shape;
        let refuse = |kind, why: &str| {
            Err(Error::new(kind, format!("an array of shape {old:?} cannot be resized to {shape:?}: {why}")))
        };
        if shape.len() != old.len() {
            return refuse(ErrorKind::WrongShape, "the ranks differ");
        }
        if self.array.chunk_keys.are_nested() {
            return refuse(ErrorKind::Unsupported, "its chunks lie in directories of their own");
        }
        let Ok(grid) = ChunkGrid::new(shape, &self.array.chunk_shape) else {
            return refuse(ErrorKind::InvalidInput, "the number of elements is beyond 64 bits");
        };
        let (mut array, mut marker) = (self.array.clone(), Marker::clone(&self.node.marker));
        marker.provisional_chunks = false;
        array.shape = old.iter().zip(shape).map(|(old, new)| *old.min(new)).collect();
        if array.shape != *old {
            self.put_metadata(array.clone(), marker.clone())?;
        }
        self.clear_hidden(&array, shape)?;
        let shared = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        marker.sparse |= grid.len() > shared.len();
        array.shape = shape.to_vec();
        self.put_metadata(array, marker)
    }

    /// Removes the chunk files beyond the shape of `array`, and fills what those at its edge hold beyond it, where
    /// `shape` is going to show it.
    fn clear_hidden(&self, array: &ArrayMetadata, shape: &[u64]) -> Result<()> {
        let grid = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        let (store, directory) = (self.store, self.node.directory.as_fd());
        let failed = store.failed("cannot look into", &self.node.place);
        let mut edge = Vec::new();
        for entry in store.files.list(directory).map_err(&failed)? {
            let name = entry.name.to_string_lossy();
            let Some(index) = array.chunk_keys.index(&name, shape.len()) else { continue };
            if !grid.contains(&index) {
                self.displaced.remove(&self.node.directory, &name)?;
            } else if (0..shape.len()).any(|axis| {
                let end = (index[axis] + 1).saturating_mul(array.chunk_shape[axis]);
                array.shape[axis] < end.min(shape[axis])
            }) {
                edge.push(index);
            }
        }
        let codecs = Codecs::new(array)?;
        let fill = FillValue::parse(&array.fill_value, array.data_type)?;
        let reader = store.array_reader(self.node, array)?;
        self.replace_chunks(&codecs, edge.len(), |n| {
            let mut chunk = elements::repeated(&fill, elements::count(grid.chunk_elements())?)?;
            reader.copy_visible(&edge[n], &mut chunk)?;
            Ok((array.chunk_keys.path(&edge[n]), chunk))
        })
    }

    /// Puts `count` chunk files in place, each of which `make` gives with its name.
    fn replace_chunks<'c>(
        &self,
        codecs: &Codecs,
        count: usize,
        make: impl Fn(usize) -> Result<(String, Elements<'c>)> + Sync,
    ) -> Result<()> {
        let store = self.store;
        let stage = &store.writer()?.stage;
        let staged = Mutex::new(Vec::new());
        let are_many = count as u64 > MANY_FILES;
        let stage_one = |n| {
            let (file, chunk) = make(n)?;
            let parts = codecs.encode(chunk.borrowed())?;
            let name = stage.next_name();
            staged.lock().unwrap_or_else(PoisonError::into_inner).push((name.clone(), file));
            store.stage_file(&name, &parts, are_many)
        };
        let is_little =
            codecs.encoded_size().is_some_and(|size| size.saturating_mul(count as u64) < WORTH_THREADS);
        let written =
            if is_little { (0..count).try_for_each(stage_one) } else { in_threads(count, stage_one) };
        let staged = staged.into_inner().unwrap_or_else(PoisonError::into_inner);
        let put = written.and_then(|()| self.rename_chunks(&staged, are_many));
        if put.is_err() {
            for (name, _) in &staged {
                store.discard(name);
            }
        }
        put
    }

    fn rename_chunks(&self, staged: &[(String, String)], are_many: bool) -> Result<()> {
        if are_many && self.store.is_power() {
            self.store.sync_everything()?;
        }
        staged.iter().try_for_each(|(name, file)| self.displaced.replace(name, &self.node.directory, file))
    }

    /// Makes the change visible; gives what `zarr.json` says now.
    fn put_metadata(&self, mut array: ArrayMetadata, marker: Marker) -> Result<Document> {
        marker.write(&mut array.attributes)?;
        let metadata = NodeMetadata::Array(array);
        self.store.replace_metadata(&self.node.directory, &metadata, self.displaced)?;
        Ok(Document { metadata, marker: Arc::new(marker) })
    }
}

/// The chunks of an array once they hold some new elements.
struct ChangedChunks<'a> {
    array: &'a ArrayMetadata,
    elements: &'a Elements<'a>,
    codecs: Codecs,
    /// The number of elements of a chunk.
    length: usize,
    fill: FillValue,
    /// Reads what they hold now.
    reader: ArrayReader<'a>,
}

impl ChangedChunks<'_> {
    /// The name of a chunk file, and the elements that are to be in it.
    fn changed(&self, part: &Part) -> Result<(String, Elements<'_>)> {
        let size = self.array.data_type.size().unwrap_or(1);
        let file = self.array.chunk_keys.path(part.index());
        if let Elements::Bytes(bytes) = self.elements
            && let Some(run) = part.runs(size).next()
            && run.length == self.length.saturating_mul(size)
        {
            // All of the chunk, as it lies there.
            return Ok((file, Elements::Bytes(bytes[run.in_result()].into())));
        }
        let mut chunk = elements::repeated(&self.fill, self.length)?;
        if !part.covers_chunk() {
            self.reader.copy_visible(part.index(), &mut chunk)?;
        }
        let mut chunk: Elements<'_> = chunk;
        elements::scatter(part, self.elements, &mut chunk, size)?;
        Ok((file, chunk))
    }
}
