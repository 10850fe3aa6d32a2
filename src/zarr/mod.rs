//! The format of the values: Zarr v3 metadata, chunk grids and codecs, as bytes in and bytes out.
//!
//! # Format
//! <https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html>

mod chunks;
mod codec;
mod marker;
mod metadata;
mod names;
mod strings;

pub(crate) use chunks::{ChunkGrid, Region, default_chunk_shape};
pub(crate) use codec::{CHECKSUM, Codecs, checksum, encode_strings, fill_bytes, verify_checksum};
pub use marker::Status;
pub(crate) use marker::{Kind, Marker, NAME as MARKER, TypedAttribute};
pub(crate) use metadata::{ArrayMetadata, GroupMetadata, MAX_DOCUMENT, METADATA_FILE, NodeMetadata};
pub(crate) use names::{automatic_names, automatic_prefix, column_names};
