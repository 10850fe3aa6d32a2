//! HDF5 files as a side of a comparison.

use serde_json::Value as Json;

use super::side::{AttributeValue, Hierarchy, Opened, Present, Side};
use crate::error::Result;
use crate::hdf5_file::{Hdf5File, Written};
use crate::nodes::{Layout, Node};
use crate::selection::{Along, Selection};
use crate::values::{Elements, Get, Source, Stored, count, zeroed};
use crate::zarr::Region;

impl<'a> From<&'a Hdf5File> for Side<'a> {
    fn from(file: &'a Hdf5File) -> Self {
        Self(Box::new(file))
    }
}

impl Hierarchy for &Hdf5File {
    fn names(&self, group: &str) -> Result<Vec<String>> {
        Ok(self.keys(group)?.collect())
    }

    fn open(&self, key: &str) -> Result<Box<dyn Opened + '_>> {
        Ok(Box::new(InFile { file: self, node: self.node(key)? }))
    }
}

/// A node of a file.
struct InFile<'a> {
    file: &'a Hdf5File,
    node: Node,
}

impl Opened for InFile<'_> {
    fn node(&self) -> &Node {
        &self.node
    }

    fn attributes(&self) -> Result<Vec<(String, AttributeValue)>> {
        let all = self.node.attributes.iter();
        Ok(all.map(|(name, json)| (name.clone(), AttributeValue::Json(json.clone()))).collect())
    }

    fn object(&self) -> Result<Json> {
        Ok(self.file.get::<Object>(&self.node.key)?.0)
    }

    fn chunks(&self) -> Vec<u64> {
        match &self.node.layout {
            // Of that any parts can be read.
            Some(layout) if is_one_run(layout) => vec![1; layout.shape.len()],
            Some(layout) => layout.chunks.clone(),
            None => Vec::new(),
        }
    }

    fn present(&self) -> Result<Option<Present>> {
        let Some(layout) = &self.node.layout else { return Ok(None) };
        let written = self.file.written(&self.node.key)?;
        // Where chunks are told that are none, nothing can be told of them.
        let written = written.filter(|written| written.chunks.is_empty() || !is_one_run(layout));
        Ok(written.map(|Written { chunks, fill_value }| Present { chunks, fill_value }))
    }

    fn read(&self, region: &Region, into: &mut Elements<'static>) -> Result<()> {
        let ends = region.start.iter().zip(&region.shape).enumerate();
        let selection = ends.fold(Selection::all(), |selection, (axis, (start, length))| {
            selection.along(axis, Along::from(*start..start.saturating_add(*length)))
        });
        *into = self.file.read::<Read>(&self.node.key, selection)?.0;
        Ok(())
    }
}

/// Whether elements are in no chunks and not compressed, or may as well be.
fn is_one_run(layout: &Layout) -> bool {
    layout.codecs.is_empty() && layout.chunks == layout.shape
}

/// Elements as they are stored.
struct Read(Elements<'static>);

impl Get for Read {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        let (Stored::Array(source) | Stored::Bytes(source)) = stored else {
            return Err(stored.mismatch("an array"));
        };
        let source: &dyn Source = *source;
        let Some(size) = source.data_type().size() else {
            let text = source.read_strings()?;
            return Ok(Self(Elements::Strings(text.into_iter().map(Into::into).collect())));
        };
        source.verify_size()?;
        let mut bytes = zeroed(count(source.shape())?.saturating_mul(size))?;
        source.read_into(&mut bytes)?;
        Ok(Self(Elements::Bytes(bytes.into())))
    }
}

/// The JSON of an object.
struct Object(Json);

impl Get for Object {
    fn get(stored: &Stored<'_>) -> Result<Self> {
        match stored {
            Stored::Object(object) => object.json().map(Self),
            other => Err(other.mismatch("an object")),
        }
    }
}
