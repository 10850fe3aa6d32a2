//! The codec `gzip`, and bare zlib streams as blosc holds them.

use std::io::{Read, Write};
use std::ops::Range;

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;

use super::corrupt;
use crate::error::{Error, ErrorKind, Result};

/// The checksum and the length at the end of a member.
const TRAILER: usize = 8;

/// Decodes one or more members; `limit` is the most bytes that may come out.
pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    read_bounded(MultiGzDecoder::new(bytes), bytes.len(), limit, "gzip")
}

/// Decodes as [`decode`] does, and tells where in `bytes` the stream of deflate lies, if there is one member only.
pub(super) fn decode_member(bytes: &[u8], limit: usize) -> Result<(Vec<u8>, Option<Range<usize>>)> {
    let mut member = GzDecoder::new(bytes);
    let decoded = read_bounded(&mut member, bytes.len(), limit, "gzip")?;
    if !member.into_inner().is_empty() {
        return Ok((decode(bytes, limit)?, None));
    }
    let end = bytes.len().saturating_sub(TRAILER);
    let start = head_length(bytes).filter(|start| *start <= end);
    Ok((decoded, start.map(|start| start..end)))
}

/// The bytes before the stream of deflate (RFC 1952, 2.3).
fn head_length(bytes: &[u8]) -> Option<usize> {
    const FIXED: usize = 10;
    let flags = *bytes.get(3)?;
    let mut at = FIXED;
    if flags & 4 != 0 {
        let length = [*bytes.get(at)?, *bytes.get(at.checked_add(1)?)?];
        at = at.checked_add(2)?.checked_add(usize::from(u16::from_le_bytes(length)))?;
    }
    for text in [8, 16] {
        if flags & text != 0 {
            at = at.checked_add(bytes.get(at..)?.iter().position(|byte| *byte == 0)?)?.checked_add(1)?;
        }
    }
    if flags & 2 == 0 { Some(at) } else { at.checked_add(2) }
}

/// Decodes a zlib stream to at most `limit` bytes.
pub(super) fn decode_zlib(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    read_bounded(ZlibDecoder::new(bytes), bytes.len(), limit, "zlib")
}

pub(super) fn encode(bytes: &[u8], level: u32) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.map_err(|error| Error::new(ErrorKind::Io, "gzip cannot compress").with_source(error))
}

/// Reads what a decoder gives, as long as it is not more than `limit`; memory grows with what came.
fn read_bounded(decoder: impl Read, input: usize, limit: usize, name: &str) -> Result<Vec<u8>> {
    let mut decoded = Vec::new();
    let likely = limit.min(input.saturating_mul(8));
    decoded.try_reserve_exact(likely).map_err(|error| corrupt("it is beyond memory").with_source(error))?;
    // One byte more than may come tells that there is more.
    let most = (limit as u64).saturating_add(1);
    let read = decoder.take(most).read_to_end(&mut decoded);
    read.map_err(|error| corrupt(&format!("its {name} stream is broken")).with_source(error))?;
    if decoded.len() > limit {
        return Err(corrupt(&format!(
            "its {name} stream holds more than the {limit} bytes that belong there"
        )));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_stream_is_found_behind_any_head() {
        let plain = encode(b"calcstore", 6).unwrap();
        let (head, rest) = plain.split_at(10);
        let flags = [&head[..3], &[4 | 8 | 16], &head[4..]].concat();
        let fields = [&flags[..], &[2, 0, b'x', b'y'], b"name\0", b"comment\0", rest].concat();
        for bytes in [&plain, &fields] {
            let (decoded, body) = decode_member(bytes, 9).unwrap();
            assert_eq!(decoded, b"calcstore");
            assert_eq!(&bytes[body.unwrap()], &rest[..rest.len() - TRAILER]);
        }
        let (decoded, body) = decode_member(&[&plain[..], &plain].concat(), 18).unwrap();
        assert_eq!((decoded.len(), body), (18, None));
        assert!(decode_member(&plain, 8).is_err());
    }

    #[test]
    fn several_members_are_one_stream_and_none_may_hold_more_than_belongs_there() {
        let members = [encode(b"one", 6).unwrap(), encode(b"two", 1).unwrap()].concat();
        assert_eq!(decode(&members, 6).unwrap(), b"onetwo");
        assert_eq!(decode(&members, 5).unwrap_err().kind(), ErrorKind::Corrupt);
        for end in 0..members.len() {
            assert_ne!(decode(&members[..end], 6).unwrap_or_default(), b"onetwo", "cut at {end}");
        }
        assert!(decode(&[&members[..], b"x"].concat(), 6).is_err(), "a byte too many");
        let bomb = encode(&vec![0; 1 << 20], 9).unwrap();
        assert!(decode(&bomb, 8).is_err());
    }
}
