//! The codec `crc32c`: four bytes at the end.

use super::corrupt;
use crate::error::Result;

/// The bytes of a checksum at the end of a chunk.
pub(crate) const CHECKSUM: usize = 4;

/// Compares the checksum of `data` with the one that was stored after it.
pub(crate) fn verify_checksum(data: &[u8], stored: [u8; CHECKSUM]) -> Result<()> {
    if crc32c::crc32c(data) == u32::from_le_bytes(stored) {
        Ok(())
    } else {
        Err(corrupt("its checksum is wrong"))
    }
}

/// The checksum to be stored after these parts.
pub(crate) fn checksum<B: AsRef<[u8]>>(parts: &[B]) -> [u8; CHECKSUM] {
    parts.iter().fold(0, |checksum, part| crc32c::crc32c_append(checksum, part.as_ref())).to_le_bytes()
}

/// Takes the checksum off the end.
pub(super) fn strip(bytes: &mut Vec<u8>) -> Result<()> {
    let (data, stored) = bytes.split_last_chunk().ok_or_else(|| corrupt("it ends too early"))?;
    verify_checksum(data, *stored)?;
    bytes.truncate(data.len());
    Ok(())
}
