//! Comparing stores.

use std::sync::Arc;

use serde_json::Value as Json;

use super::DataStore;
use crate::compare::{AttributeValue, Comparison, Hierarchy, Opened, Present, Side};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Node, typed_attribute};
use crate::storage::{Document, OpenNode, Snapshot};
use crate::values::{Elements, Stored};
use crate::zarr::{ArrayMetadata, MARKER, NodeMetadata, Region};

impl DataStore {
    /// Plans to compare this store with another one, or parts of the two: which keys differ, in what, and by how much.
    /// The other one is the reference for relative tolerances.
    pub fn compare<'a>(&'a self, with: impl Into<Side<'a>>) -> Comparison<'a> {
        Comparison::new(self, with)
    }
}

impl<'a> From<&'a DataStore> for Side<'a> {
    fn from(store: &'a DataStore) -> Self {
        Self(Box::new(store))
    }
}

impl Hierarchy for &DataStore {
    fn names(&self, group: &str) -> Result<Vec<String>> {
        let key = Key::new(group)?;
        self.in_chain(&key, |holder| holder.store.child_names(&key))
    }

    fn open(&self, key: &str) -> Result<Box<dyn Opened + '_>> {
        let key = Key::new(key)?;
        let open = |holder: &DataStore| OpenNode::new(Arc::clone(&holder.store), key.clone());
        let open = self.in_chain(&key, open).map_err(|error| self.suggest(&key, error))?;
        let node = Node::new(&key, Document::clone(&open.seen()))?;
        Ok(Box::new(InStore { node, open }))
    }
}

/// A node of a store.
struct InStore {
    node: Node,
    open: OpenNode,
}

impl InStore {
    fn with_array<T>(&self, mut read: impl FnMut(&Snapshot, &ArrayMetadata) -> Result<T>) -> Result<T> {
        self.open.read(|snapshot| match &snapshot.metadata {
            NodeMetadata::Array(array) => read(snapshot, array),
            NodeMetadata::Group(_) => Err(Error::new(ErrorKind::WrongType, "holds a group")),
        })
    }
}

impl Opened for InStore {
    fn node(&self) -> &Node {
        &self.node
    }

    fn attributes(&self) -> Result<Vec<(String, AttributeValue)>> {
        let snapshot = self.open.seen();
        let all = snapshot.metadata.attributes().iter().filter(|(name, _)| *name != MARKER);
        let typed = |(name, json): (&String, &Json)| {
            let value = match typed_attribute(json, snapshot.marker.attributes.get(name)) {
                Ok(array) => AttributeValue::Array(array),
                Err(error) if error.kind() == ErrorKind::WrongType => AttributeValue::Json(json.clone()),
                Err(error) => return Err(error),
            };
            Ok((name.clone(), value))
        };
        all.map(typed).collect()
    }

    fn object(&self) -> Result<Json> {
        self.open.read(|snapshot| {
            self.open.store().with_stored(snapshot, |stored| match stored {
                Stored::Object(object) => object.json(),
                other => Err(other.mismatch("an object")),
            })
        })
    }

    fn chunks(&self) -> Vec<u64> {
        self.node.layout.as_ref().map(|layout| layout.chunks.clone()).unwrap_or_default()
    }

    fn present(&self) -> Result<Option<Present>> {
        self.with_array(|snapshot, array| {
            let reader = self.open.store().chunk_reader(snapshot, array, false)?;
            let fill_value = reader.fill_value().clone();
            Ok(reader.present()?.map(|chunks| Present { chunks, fill_value }))
        })
    }

    fn read(&self, region: &Region, into: &mut Elements<'static>) -> Result<()> {
        self.with_array(|snapshot, array| {
            let reader = self.open.store().chunk_reader(snapshot, array, false)?;
            reader.read_region_into(&region.start, &region.shape, into)
        })
    }
}
