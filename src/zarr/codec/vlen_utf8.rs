//! The codec `vlen-utf8`: text of any length in one chunk.
//!
//! # Format
//! The number of elements, then each as its length in bytes and these bytes; all numbers are 32 bits wide,
//! unsigned, little-endian (Zarr extension `vlen-utf8`, as numcodecs' `VLenUTF8`).

use std::borrow::Cow;

use crate::error::{Error, ErrorKind, Result};

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a chunk of text is damaged: {what}"))
}

fn number(length: usize) -> Result<[u8; 4]> {
    let number = u32::try_from(length).map_err(|_| {
        Error::new(ErrorKind::Unsupported, "text of 4 GiB or more in one chunk is beyond the format")
    })?;
    Ok(number.to_le_bytes())
}

pub(super) fn encode(strings: &[Cow<'_, str>]) -> Result<Vec<u8>> {
    let length = |sum: usize, text: &Cow<'_, str>| sum.saturating_add(4).saturating_add(text.len());
    let mut bytes = Vec::with_capacity(strings.iter().fold(4, length));
    bytes.extend(number(strings.len())?);
    for text in strings {
        bytes.extend(number(text.len())?);
        bytes.extend(text.as_bytes());
    }
    Ok(bytes)
}

/// Decodes exactly `length` strings.
pub(super) fn decode(bytes: &[u8], length: usize) -> Result<Vec<Cow<'static, str>>> {
    let (declared, mut rest) = take_number(bytes)?;
    if declared != length || rest.len() / 4 < length {
        return Err(corrupt(&format!("it declares {declared} elements, where {length} belong")));
    }
    let mut strings = Vec::with_capacity(length);
    for _ in 0..length {
        let (size, after) = take_number(rest)?;
        let (text, after) = after.split_at_checked(size).ok_or_else(|| corrupt("it ends too early"))?;
        let text = std::str::from_utf8(text).map_err(|_| corrupt("it is not UTF-8"))?;
        strings.push(Cow::Owned(text.to_owned()));
        rest = after;
    }
    if rest.is_empty() { Ok(strings) } else { Err(corrupt("bytes are left over")) }
}

fn take_number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or_else(|| corrupt("it ends too early"))?;
    let number = usize::try_from(u32::from_le_bytes(*number)).map_err(|_| corrupt("it is too long"))?;
    Ok((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_bytes_that_numcodecs_writes() {
        // numcodecs.VLenUTF8().encode(np.array(["é", ""], dtype=object)).hex()
        assert_eq!(encode(&["é".into(), "".into()]).unwrap(), b"\x02\0\0\0\x02\0\0\0\xc3\xa9\0\0\0\0");
    }

    #[test]
    fn every_truncation_and_every_changed_length_is_an_error() {
        let bytes = encode(&["one".into(), "".into(), "dritt".into()]).unwrap();
        assert_eq!(decode(&bytes, 3).unwrap(), ["one", "", "dritt"]);
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end], 3).unwrap_err().kind(), ErrorKind::Corrupt, "cut at {end}");
        }
        for at in [0, 4, 11, 15] {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            assert!(decode(&changed, 3).is_err(), "changed at {at}");
        }
        assert!(decode(b"\xff\xff\xff\xff", u32::MAX as usize).is_err(), "no memory for what is not there");
        assert!(decode(b"\x01\0\0\0\x01\0\0\0\xff", 1).is_err(), "not UTF-8");
    }
}
