//! The format of the values: Zarr v3 metadata, chunk grids and codecs, as bytes in and bytes out.
//!
//! # Format
//! <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod attributes;
mod chunks;
mod codec;
mod compression;
mod fill_value;
mod json;
mod known;
mod marker;
mod metadata;
mod names;

pub(crate) use attributes::Attributes;
pub(crate) use chunks::{ChunkGrid, Region, default_chunk_shape, default_shard_shape};
pub(crate) use codec::{CHECKSUM, Codecs, Deflated, Parts, ShardIndex, Shards, checksum};
pub use compression::Compression;
pub(crate) use fill_value::FillValue;
pub use marker::Status;
pub(crate) use marker::{Kind, Marker, NAME as MARKER, TypedAttribute};
pub(crate) use metadata::{
    ArrayMetadata, GroupMetadata, MAX_DOCUMENT, METADATA_FILE, NodeMetadata, is_of_array,
};
pub(crate) use names::{
    automatic_names, automatic_prefix, column_names, has_stale_names, is_automatic_name, renew_names,
};
