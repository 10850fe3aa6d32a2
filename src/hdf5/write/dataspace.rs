//! Dataspaces: the shape of a dataset or attribute (IV.A.2.b).

use crate::error::{Error, ErrorKind, Result};

/// The most axes that HDF5 knows.
pub(super) const MAX_RANK: usize = 32;

/// An axis of this length would mean “unlimited”.
const UNLIMITED: u64 = u64::MAX;

/// Encodes a shape that stays as it is; that of a scalar is `[]`.
///
/// # Errors
/// `Unsupported` for more than 32 axes, or an axis of 2⁶⁴ − 1.
pub(super) fn encode(shape: &[u64]) -> Result<Vec<u8>> {
    encode_within(shape, &shape.iter().copied().map(Some).collect::<Vec<_>>())
}

/// Encodes a shape, and how long each axis may become; `None` for any length.
///
/// # Errors
/// As [`encode`].
pub(super) fn encode_within(shape: &[u64], maximum: &[Option<u64>]) -> Result<Vec<u8>> {
    if shape.len() > MAX_RANK || shape.contains(&UNLIMITED) {
        let message = format!("HDF5 has no shape of {} axes such as {shape:?}", shape.len());
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let rank = shape.len().to_le_bytes()[0];
    let has_maximum = u8::from(!shape.is_empty());
    let mut out = vec![1, rank, has_maximum, 0, 0, 0, 0, 0];
    let maximum = maximum.iter().map(|length| length.unwrap_or(UNLIMITED));
    shape.iter().copied().chain(maximum).for_each(|length| out.extend_from_slice(&length.to_le_bytes()));
    Ok(out)
}

/// Gives the bytes that all elements of a shape take, of `element` bytes each.
///
/// # Errors
/// `Unsupported` when they are more than 2⁶⁴ − 1.
pub(super) fn data_size(shape: &[u64], element: u64) -> Result<u64> {
    if shape.contains(&0) {
        return Ok(0);
    }
    let size = shape.iter().try_fold(element, |size, &length| size.checked_mul(length));
    size.ok_or_else(|| {
        let message = format!("shape {shape:?} of {element} bytes each is more than a file holds");
        Error::new(ErrorKind::Unsupported, message)
    })
}
