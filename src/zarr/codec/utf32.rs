//! Text of a fixed length: zarr-python's data type `fixed_length_utf32`, which is only read.
//!
//! # Format
//! Each element is `length_bytes / 4` code points of 32 bits; NULs at its end do not count (numpy's `U`).

use std::borrow::Cow;

use super::corrupt;
use crate::error::Result;

pub(super) fn decode(bytes: &[u8], length: usize, is_big: bool) -> Result<Vec<Cow<'static, str>>> {
    if length == 0 {
        return Err(corrupt("its text has no length"));
    }
    let elements = bytes.chunks_exact(length).map(|element| {
        let mut points = element.as_chunks::<4>().0;
        while let [text @ .., [0, 0, 0, 0]] = points {
            points = text;
        }
        let point =
            |bytes: &[u8; 4]| if is_big { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
        let text = points.iter().map(|bytes| char::from_u32(point(bytes))).collect::<Option<String>>();
        text.map(Cow::Owned).ok_or_else(|| corrupt("it is not UTF-32"))
    });
    elements.collect()
}
