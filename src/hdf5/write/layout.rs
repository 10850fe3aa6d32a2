//! Where the elements of a dataset are, and what stands for those that were never written.

use super::datatype::Datatype;

/// Encodes the data layout of elements in one run of `size` bytes (version 3, IV.A.2.i).
pub(super) fn contiguous(address: u64, size: u64) -> Vec<u8> {
    let mut out = vec![3, 1];
    out.extend_from_slice(&address.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// Encodes the data layout of elements in chunks, whose index is at `address` (version 3, IV.A.2.i).
pub(super) fn chunked(address: u64, chunk: &[u32], element: u32) -> Vec<u8> {
    let mut out = vec![3, 2, (chunk.len() + 1).to_le_bytes()[0]];
    out.extend_from_slice(&address.to_le_bytes());
    chunk.iter().chain([&element]).for_each(|length| out.extend_from_slice(&length.to_le_bytes()));
    out
}

/// When room is taken for elements, which libhdf5 has follow from the layout.
#[derive(Clone, Copy, Debug)]
pub(super) enum Allocation {
    /// With the first element of a dataset in one run.
    Late = 2,
    /// Chunk by chunk.
    Incremental = 3,
}

/// Encodes what stands for elements that were never written: `value`, or zero (version 2, IV.A.2.f).
pub(super) fn fill_value(datatype: &Datatype, allocation: Allocation, value: Option<&[u8]>) -> Vec<u8> {
    const VERSION: u8 = 2;
    const DEFINED: u8 = 1;
    // A reference to a string must never be left as it comes: libhdf5 insists on filling those at allocation
    // (0), others only where the user has set a fill value (2).
    let write_time = if datatype.holds_strings() { 0 } else { 2 };
    let value = value.unwrap_or_default();
    let size = value.len().to_le_bytes();
    [&[VERSION, allocation as u8, write_time, DEFINED][..], &size[..4], value].concat()
}
