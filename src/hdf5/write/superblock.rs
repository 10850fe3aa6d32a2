//! The superblock version 0 (II.A): the beginning of the file, and the end of writing it.

use super::address::UNDEFINED;
use super::group::Object;
use super::symbol_table::{INTERNAL_K, LEAF_K, encode_entry};

/// The bytes that the superblock takes.
pub(super) const SIZE: usize = 96;

/// Encodes the superblock of a file of `end` bytes.
pub(super) fn encode(root: &Object, end: u64) -> Vec<u8> {
    const BYTES_OF_ADDRESS: u8 = 8;
    const BYTES_OF_LENGTH: u8 = 8;
    const BASE: u64 = 0;
    let mut out = b"\x89HDF\r\n\x1a\n".to_vec();
    out.extend_from_slice(&[0, 0, 0, 0, 0, BYTES_OF_ADDRESS, BYTES_OF_LENGTH, 0]);
    out.extend_from_slice(&LEAF_K.to_le_bytes());
    out.extend_from_slice(&INTERNAL_K.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    // Neither free space nor driver information is kept.
    for field in [BASE, UNDEFINED, end, UNDEFINED] {
        out.extend_from_slice(&field.to_le_bytes());
    }
    encode_entry(0, root, &mut out);
    out
}
