//! How much an object may ask of its reader. The writer keeps to the same limits, so that whatever was
//! stored can be read back.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// Levels of values within values, counting options, newtypes and the payloads of enum variants.
pub(super) const MAX_DEPTH: usize = 128;

/// The same for JSON text: `serde_json` reads 127 levels of brackets.
pub(super) const MAX_JSON_DEPTH: usize = 127;

/// Nodes of a schema, over all of its types.
pub(super) const MAX_SCHEMA_NODES: usize = 1 << 16;

/// Levels of a schema written in place. A level is up to six levels of JSON brackets, of which readers allow
/// 127 in the metadata of a node, so that what lies deeper becomes a named type.
pub(super) const MAX_INLINE_HEIGHT: usize = 12;

/// Elements and fields that take no bytes at all (units, empty structs) in an object of `length` bytes.
///
/// Everything else is bounded by the bytes it takes; without this limit a length of five bytes could ask for
/// billions of units.
pub(super) const fn max_weightless(length: usize) -> usize {
    length.saturating_mul(4).saturating_add(4096)
}
