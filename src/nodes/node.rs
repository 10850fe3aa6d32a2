use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::storage::Document;
use crate::values::DataType;
use crate::zarr::{Kind, NodeMetadata};

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A group of other nodes.
    Group,
    /// A stored array, scalars and text included.
    Dataset,
    /// Named columns of one length.
    Table,
    /// A `serde` object.
    Object,
    /// Bytes.
    Bytes,
    /// Something that cannot be read; [`Node::problem`] says why.
    Unreadable,
}

impl NodeKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Group, Self::Dataset, Self::Table, Self::Object, Self::Bytes, Self::Unreadable];

    /// Names the kind as `--json` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Dataset => "dataset",
            Self::Table => "table",
            Self::Object => "object",
            Self::Bytes => "bytes",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What is known of a node from its metadata alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Node {
    /// The key, from the root, with its leading `/`.
    pub key: String,
    /// What the node is.
    pub kind: NodeKind,
    /// How the elements are laid out; of datasets, and of the bytes that objects are kept as.
    pub layout: Option<Layout>,
    /// The names of the columns of a table, in their order.
    pub columns: Vec<String>,
    /// The number of rows of a table.
    pub rows: Option<u64>,
    /// The Rust type of an object, as the program that stored it called it.
    pub type_name: Option<String>,
    /// The user's attributes, as JSON.
    pub attributes: serde_json::Map<String, Json>,
    /// Why a node cannot be read: a data type or codec that is not supported, or damage. In an HDF5 file also what of a node
    /// that can be read is left out.
    pub problem: Option<String>,
}

/// Type, shape and storage of an array.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Layout {
    /// The type of the elements.
    pub data_type: DataType,
    /// The length of each axis.
    pub shape: Vec<u64>,
    /// The length of a chunk along each axis.
    pub chunks: Vec<u64>,
    /// The number of elements along each axis that share a file, where several chunks do.
    pub shards: Option<Vec<u64>>,
    /// The name of each axis.
    pub dimension_names: Vec<Option<String>>,
    /// The codecs, as Zarr describes them.
    pub codecs: Vec<Json>,
}

impl Layout {
    /// Gives the bytes of all elements in memory; those of text are not known from the metadata.
    pub fn bytes(&self) -> Option<u64> {
        let size = self.data_type.size()? as u64;
        self.shape.iter().try_fold(size, |bytes, length| bytes.checked_mul(*length))
    }
}

impl Node {
    pub(crate) fn blank(key: &Key, kind: NodeKind) -> Self {
        Self {
            key: key.to_string(),
            kind,
            layout: None,
            columns: Vec::new(),
            rows: None,
            type_name: None,
            attributes: serde_json::Map::new(),
            problem: None,
        }
    }

    /// Describes a node whose metadata cannot be read.
    pub(crate) fn unreadable(key: &Key, error: &Error) -> Self {
        Self { problem: Some(error.message().to_owned()), ..Self::blank(key, NodeKind::Unreadable) }
    }

    pub(crate) fn new(key: &Key, document: Document) -> Result<Self> {
        let mut node = Self::blank(key, NodeKind::Group);
        node.attributes = document.metadata.user_attributes();
        if let NodeMetadata::Array(array) = document.metadata {
            let (chunks, shards) = array.chunks_and_shards();
            node.layout = Some(Layout {
                data_type: array.data_type,
                dimension_names: array.dimension_names.unwrap_or_else(|| vec![None; array.shape.len()]),
                shape: array.shape,
                chunks,
                shards,
                codecs: Arc::unwrap_or_clone(array.codecs),
            });
        }
        node.kind = match (&document.marker.kind, &node.layout) {
            (None | Some(Kind::Root { .. }), None) => NodeKind::Group,
            (None, Some(_)) => NodeKind::Dataset,
            (Some(Kind::Bytes), Some(_)) => NodeKind::Bytes,
            (Some(Kind::Object { type_name, .. }), Some(_)) => {
                node.type_name = Some(type_name.clone());
                NodeKind::Object
            }
            (Some(Kind::Table { columns, rows }), None) => {
                node.columns.clone_from(columns);
                node.rows = Some(*rows);
                NodeKind::Table
            }
            (Some(kind), _) => {
                let message = format!("the node is not what its marker says: {kind:?}");
                return Err(Error::new(ErrorKind::Corrupt, message).with_key(key.to_string()));
            }
        };
        Ok(node)
    }
}
