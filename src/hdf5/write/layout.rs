//! Where the elements of a dataset are, and what stands for those that were never written.

use super::datatype::Datatype;

/// Encodes the data layout of elements in one run of `size` bytes (version 3, IV.A.2.i).
pub(super) fn contiguous(address: u64, size: u64) -> Vec<u8> {
    let mut out = vec![3, 1];
    out.extend_from_slice(&address.to_le_bytes());
    out.extend_from_slice(&size.to_le_bytes());
    out
}

/// Encodes the default fill value, which is zero (version 2, IV.A.2.f).
pub(super) fn fill_value(datatype: &Datatype) -> Vec<u8> {
    const VERSION: u8 = 2;
    const ALLOCATE_LATE: u8 = 2;
    const DEFINED: u8 = 1;
    const NO_VALUE: [u8; 4] = [0; 4]; // the library's own default, zero
    // A reference to a string must never be left as it comes: libhdf5 insists on filling those at allocation
    // (0), others only where the user has set a fill value (2).
    let write_time = if datatype.holds_strings() { 0 } else { 2 };
    [&[VERSION, ALLOCATE_LATE, write_time, DEFINED][..], &NO_VALUE].concat()
}
