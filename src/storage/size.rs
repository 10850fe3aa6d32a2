//! What nodes take on disk and in memory.

use super::files::AsFd;
use super::read::Snapshot;
use super::store::{Store, exists};
use crate::error::{Error, Result};
use crate::key::Key;
use crate::zarr::{ArrayMetadata, CHECKSUM, ChunkGrid, Codecs, METADATA_FILE, NodeMetadata};

/// What one node takes, without the nodes in it.
#[derive(Debug, Default)]
pub(crate) struct Footprint {
    /// The bytes of its elements; `None` for text where only reading tells.
    pub bytes: Option<u64>,
    /// The bytes of its files, and their number.
    pub stored: (u64, u64),
    /// The names of the nodes in it.
    pub members: Vec<String>,
}

impl Store {
    /// Measures an open node by its metadata and the sizes of its files. Of a column, as many rows count as its
    /// table has.
    pub(crate) fn footprint(&self, snapshot: &Snapshot, rows: Option<u64>) -> Result<Footprint> {
        let directory = snapshot.directory.as_fd();
        let array = match &snapshot.metadata {
            NodeMetadata::Array(array) => Some(array),
            NodeMetadata::Group(_) => None,
        };
        let failed = self.failed("cannot measure", &snapshot.place);
        let (mut chunks, mut metadata, mut members) = ((0, 0), (0, 0), Vec::new());
        for entry in self.files.list(directory).map_err(&failed)? {
            let name = entry.name.to_string_lossy().into_owned();
            let taken = if name == METADATA_FILE && entry.is_file {
                (snapshot.length, 1)
            } else if !entry.is_directory {
                (self.files.stat(directory, &name).map_err(&failed)?.bytes, 1)
            } else if array.is_none() && self.is_member(snapshot, &name)? {
                members.push(name);
                continue;
            } else {
                self.measure(&format!("{}/{name}", snapshot.place))?
            };
            let sum: &mut (u64, u64) = if name == METADATA_FILE { &mut metadata } else { &mut chunks };
            *sum = (sum.0 + taken.0, sum.1 + taken.1);
        }
        let bytes = array.map_or(Some(0), |array| element_bytes(array, rows, chunks));
        Ok(Footprint { bytes, stored: (chunks.0 + metadata.0, chunks.1 + metadata.1), members })
    }

    /// Measures everything under a key, whatever it is.
    pub(crate) fn footprint_unread(&self, key: &Key) -> Result<Footprint> {
        let place = self.place(key);
        // A link above it leads nowhere.
        if let Some((above, _)) = place.rsplit_once('/') {
            let above = self.files.open_directory(self.root(), above);
            above.map_err(self.failed("cannot measure", &place))?;
        }
        Ok(Footprint { bytes: None, stored: self.measure(&place)?, members: Vec::new() })
    }

    fn is_member(&self, snapshot: &Snapshot, name: &str) -> Result<bool> {
        let stat = self.files.stat(snapshot.directory.as_fd(), &format!("{name}/{METADATA_FILE}"));
        let is_node = exists(stat).map_err(self.failed("cannot look into", &snapshot.place))?;
        Ok(is_node && Key::root().child(name).is_ok())
    }

    fn measure(&self, place: &str) -> Result<(u64, u64)> {
        let path = self.shown(place);
        let extent = self.files.measure(&path).map_err(|error| Error::io("cannot measure", &path, error))?;
        Ok((extent.bytes, extent.files))
    }
}

/// The bytes of the elements of an array, of which so many bytes and files of chunks were found.
fn element_bytes(array: &ArrayMetadata, rows: Option<u64>, chunks: (u64, u64)) -> Option<u64> {
    if let Some(size) = array.data_type.size() {
        let mut shape = array.shape.clone();
        if let (Some(length), Some(rows)) = (shape.first_mut(), rows) {
            *length = rows.min(*length);
        }
        return shape.iter().try_fold(size as u64, |bytes, length| bytes.checked_mul(*length));
    }
    // A chunk of text is the number of elements, the length of each, and the text.
    let grid = ChunkGrid::new(&array.shape, &array.chunk_shape).ok()?;
    let has_checksum = Codecs::new(array).ok()?.plain_text()?;
    if chunks.1 != grid.len() && array.fill_value != "" {
        return None;
    }
    let lengths = grid.chunk_elements().checked_add(1)?.checked_mul(4)?;
    let around = lengths.checked_add(if has_checksum { CHECKSUM as u64 } else { 0 })?;
    chunks.0.checked_sub(around.checked_mul(chunks.1)?)
}
