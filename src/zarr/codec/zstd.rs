//! The codec `zstd`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use structured_zstd::decoding::FrameDecoder;
use structured_zstd::encoding::{CompressionLevel, FrameCompressor};

use super::corrupt;
use crate::error::Result;
use crate::values::zeroed;

/// Memory that is given before anything was decoded: so many times the input, and a little.
const FIRST_GUESS: usize = 64;
const LITTLE: usize = 64 << 10;

/// Decodes one or more frames; `limit` is the most bytes that may come out.
///
/// Frames are decoded straight into memory of the size that belongs there, so that what a header claims counts for
/// nothing. Only when little input stands for much output it is tried with less first.
pub(super) fn decode(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut size = limit.min(bytes.len().saturating_mul(FIRST_GUESS).saturating_add(LITTLE));
    loop {
        let mut decoded = zeroed(size)?;
        // A foreign decoder of foreign bytes: should it panic, then the bytes are at fault.
        let run = AssertUnwindSafe(|| FrameDecoder::new().decode_all(bytes, &mut decoded));
        match catch_unwind(run) {
            Ok(Ok(length)) => {
                decoded.truncate(length);
                return Ok(decoded);
            }
            Ok(Err(_)) if size < limit => size = limit.min(size.saturating_mul(8)),
            Ok(Err(error)) => {
                let what = format!(
                    "its zstd frame is broken, or holds more than the {limit} bytes that belong there"
                );
                return Err(corrupt(&what).with_source(error));
            }
            Err(_) => return Err(corrupt("its zstd frame cannot be decoded")),
        }
    }
}

/// Whether a frame is decoded before it is trusted. On big-endian machines structured-zstd 0.2.6 makes some that decode to
/// other bytes, at level 3 at least.
const IS_CHECKED: bool = cfg!(target_endian = "big");

/// Encodes one frame, with a checksum where `checksum` says so.
pub(super) fn encode(bytes: &[u8], level: i32, checksum: bool) -> Vec<u8> {
    let encoded = |level| {
        let mut encoder: FrameCompressor = FrameCompressor::new(level);
        encoder.set_content_checksum(checksum);
        encoder.compress_independent_frame(bytes)
    };
    let frame = encoded(CompressionLevel::from_level(level));
    if !IS_CHECKED || comes_back(&frame, bytes) {
        return frame;
    }
    let frame = encoded(CompressionLevel::Fastest);
    if comes_back(&frame, bytes) { frame } else { encoded(CompressionLevel::Uncompressed) }
}

fn comes_back(frame: &[u8], bytes: &[u8]) -> bool {
    decode(frame, bytes.len()).is_ok_and(|decoded| decoded == bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_none_may_hold_more_than_belongs_there() {
        let smooth: Vec<u8> = (0..300_000u32).flat_map(|n| (f64::from(n)).sin().to_le_bytes()).collect();
        let equal = vec![7; 1 << 20];
        for content in [&b""[..], b"a", &equal, &smooth] {
            for (level, checksum) in [(1, false), (3, true), (19, false)] {
                let content = &content[..content.len().min(if level == 19 { 100_000 } else { usize::MAX })];
                let frame = encode(content, level, checksum);
                assert!(comes_back(&frame, content));
                assert!(content.is_empty() || !comes_back(&frame, &content[1..]));
                assert_eq!(decode(&frame, content.len()).unwrap(), content);
                assert_eq!(decode(&frame, content.len() + 9).unwrap(), content);
                assert!(content.is_empty() || decode(&frame, content.len() - 1).is_err());
            }
        }
        let raw: FrameCompressor = FrameCompressor::new(CompressionLevel::Uncompressed);
        assert!(comes_back(&{ raw }.compress_independent_frame(&smooth), &smooth));
        let two = [encode(b"one", 3, false), encode(b"two", 3, true)].concat();
        assert_eq!(decode(&two, 6).unwrap(), b"onetwo");
        for end in 0..two.len() {
            assert_ne!(decode(&two[..end], 6).unwrap_or_default(), b"onetwo", "cut at {end}");
        }
    }
}
