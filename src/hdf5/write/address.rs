//! Addresses in the file: eight bytes each, counted from its beginning.

/// Stands where there is no address.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// What every structure and every dataset begins at a multiple of.
pub(super) const ALIGNMENT: u64 = 8;

/// Appends zeros up to a multiple of eight bytes.
pub(super) fn pad(block: &mut Vec<u8>) {
    block.resize(block.len().next_multiple_of(8), 0);
}
