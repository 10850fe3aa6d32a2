//! How an array is to be laid out, where that is not left to us.

use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::values::{ArrayContent, DataType, Elements, round_mantissa};
use crate::zarr::{
    ArrayMetadata, Attributes, Compression, automatic_names, default_chunk_shape, default_shard_shape,
};

/// The bytes of a chunk of an array that will grow, as long as nothing tells more.
const GROWING_CHUNK_BYTES: u64 = 64 << 10;

/// How an array is to be stored. What is `None` is chosen by us.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArrayOptions {
    pub chunk_shape: Option<Vec<u64>>,
    pub shards: Shards,
    pub compression: Compression,
    pub kept_bits: Option<u32>,
    /// A scalar of the array's data type.
    pub fill_value: Option<Json>,
    pub dimension_names: Option<Vec<String>>,
    pub attributes: Attributes,
}

/// Whether chunks share files.
#[derive(Clone, Debug, Default)]
pub(crate) enum Shards {
    /// They do where they are small and many.
    #[default]
    Automatic,
    /// Each chunk is a file.
    None,
    /// So many elements along each axis share a file.
    Shape(Vec<u64>),
}

impl ArrayOptions {
    /// The metadata of an array that is to stand under `key`, or of a column, whose names are given.
    pub(super) fn metadata(
        &self,
        data_type: DataType,
        shape: &[u64],
        names: Vec<String>,
    ) -> Result<ArrayMetadata> {
        let element = data_type.expected_size();
        let chunk_shape = match &self.chunk_shape {
            Some(chunks) => {
                check_chunks("chunks", chunks, shape, element)?;
                chunks.clone()
            }
            None => default_chunk_shape(shape, element),
        };
        let shard_shape = match &self.shards {
            Shards::Shape(shards) => {
                check_chunks("shards", shards, shape, element)?;
                if let Some(axis) = (0..shape.len()).find(|axis| shards[*axis] % chunk_shape[*axis] != 0) {
                    let message = format!(
                        "shards of shape {shards:?} are no multiple of the chunks, {chunk_shape:?}, along axis {axis}"
                    );
                    return Err(Error::new(ErrorKind::InvalidInput, message));
                }
                Some(shards.clone())
            }
            Shards::Automatic if self.chunk_shape.is_some() => {
                default_shard_shape(shape, &chunk_shape, element)
            }
            _ => None,
        };
        let metadata = ArrayMetadata::new(data_type, shape.to_vec(), chunk_shape, names);
        let mut metadata = metadata.with_compression(self.compression);
        if let Some(shard_shape) = shard_shape {
            metadata = metadata.with_shards(shard_shape);
        }
        if let Some(fill_value) = &self.fill_value {
            metadata = metadata.with_fill_value(fill_value.clone());
        }
        metadata.attributes.clone_from(&self.attributes);
        Ok(metadata)
    }

    /// The names of the axes: those given, else automatic ones.
    pub(crate) fn names(&self, key: &Key, rank: usize) -> Result<Vec<String>> {
        let Some(names) = &self.dimension_names else { return Ok(automatic_names(key, rank)) };
        let refuse = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
        if names.len() != rank {
            return refuse(format!("{} dimension names {names:?} for an array of rank {rank}", names.len()));
        }
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() || name.contains([':', '/']) || name.chars().any(char::is_control) {
                return refuse(format!(
                    "{name:?} cannot be a dimension name: it is empty or holds `:`, `/` or a control character"
                ));
            }
            if names[..at].contains(name) {
                return refuse(format!("the dimension name {name:?} is given twice"));
            }
        }
        Ok(names.clone())
    }

    /// The elements rounded as they will be stored; `None` where they are stored as they are.
    pub(super) fn rounded(&self, content: &ArrayContent<'_>) -> Result<Option<ArrayContent<'static>>> {
        let Some(bits) = self.kept_bits else { return Ok(None) };
        let mut bytes = match &content.elements {
            Elements::Bytes(bytes) => bytes.to_vec(),
            Elements::Strings(_) => Vec::new(),
        };
        round_mantissa(&mut bytes, content.data_type, bits)?;
        let elements = Elements::Bytes(bytes.into());
        Ok(Some(ArrayContent { data_type: content.data_type, shape: content.shape.clone(), elements }))
    }
}

/// The chunk shape of an array without rows, into which so many rows are put at a time.
pub(super) fn growing_chunk_shape(shape: &[u64], element: u64, rows: u64) -> Vec<u64> {
    let mut chunk: Vec<u64> = shape.iter().map(|length| (*length).max(1)).collect();
    let row = chunk[1..].iter().fold(element.max(1), |bytes, length| bytes.saturating_mul(*length));
    let rows = rows.max(1);
    // Several small batches make a chunk, and of a large one several are made.
    let batches = GROWING_CHUNK_BYTES.div_ceil(row.saturating_mul(rows)).max(1);
    chunk[0] = rows.saturating_mul(batches);
    default_chunk_shape(&chunk, element)
}

/// Checks a shape of chunks or shards; an element takes so many bytes.
fn check_chunks(what: &str, chunks: &[u64], shape: &[u64], element: u64) -> Result<()> {
    let why = if chunks.len() != shape.len() {
        "the ranks differ"
    } else if chunks.contains(&0) {
        "no length may be zero"
    } else if chunks.iter().try_fold(element, |bytes, length| bytes.checked_mul(*length)).is_none() {
        "the bytes of one are beyond 64 bits"
    } else {
        return Ok(());
    };
    let message = format!("{what} of shape {chunks:?} for an array of shape {shape:?}: {why}");
    Err(Error::new(ErrorKind::InvalidInput, message))
}
