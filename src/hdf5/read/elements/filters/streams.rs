//! Filters of general compressors: deflate (1), LZ4 (32004) and Zstandard (32015).

use std::panic::{AssertUnwindSafe, catch_unwind};

use flate2::{Decompress, FlushDecompress, Status};
use structured_zstd::decoding::FrameDecoder;

use super::{Result, damaged};

/// One byte of deflate becomes no more.
const DEFLATE_GROWTH: usize = 1032;

/// A zlib stream; its checksum is verified.
pub(super) fn inflate(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    reserve(&mut output, limit.min(bytes.len().saturating_mul(DEFLATE_GROWTH)))?;
    let mut decoder = Decompress::new(true);
    match decoder.decompress_vec(bytes, &mut output, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) => return Ok(output),
        Ok(_) if output.len() >= limit => {}
        Ok(_) => return damaged("its deflate stream ends too early"),
        Err(error) => return damaged(format!("its deflate stream is broken: {error}")),
    }
    // It filled what belongs there: the end of the stream may need no room any more.
    let read = usize::try_from(decoder.total_in()).unwrap_or(usize::MAX);
    let rest = bytes.get(read..).unwrap_or_default();
    let mut beyond = [0; 1];
    match decoder.decompress(rest, &mut beyond, FlushDecompress::Finish) {
        Ok(Status::StreamEnd) if decoder.total_out() == output.len() as u64 => Ok(output),
        Ok(_) if decoder.total_out() == output.len() as u64 => damaged("its deflate stream ends too early"),
        Ok(_) => damaged(format!("its deflate stream holds more than {limit} bytes")),
        Err(error) => damaged(format!("its deflate stream is broken: {error}")),
    }
}

/// Blocks of LZ4, each with its length before it; one that did not get shorter is stored as it is.
pub(super) fn lz4(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let Some((total, rest)) = bytes.split_first_chunk::<8>() else { return broken_lz4() };
    let Some((block, mut rest)) = rest.split_first_chunk::<4>() else { return broken_lz4() };
    let total = usize::try_from(u64::from_be_bytes(*total)).unwrap_or(usize::MAX);
    let block = usize::try_from(u32::from_be_bytes(*block)).unwrap_or(usize::MAX);
    if total > limit || (block == 0 && total > 0) {
        return damaged(format!("its LZ4 stream says that it holds {total} bytes, in blocks of {block}"));
    }
    let mut output = Vec::new();
    while output.len() < total {
        let Some((length, after)) = rest.split_first_chunk::<4>() else { return broken_lz4() };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((stored, after)) = after.split_at_checked(length) else { return broken_lz4() };
        let expected = block.min(total.saturating_sub(output.len()));
        if stored.len() == expected {
            output.extend_from_slice(stored);
        } else {
            if expected > stored.len().saturating_mul(256) {
                return broken_lz4();
            }
            match lz4_flex::block::decompress(stored, expected) {
                Ok(decoded) if decoded.len() == expected => output.extend_from_slice(&decoded),
                _ => return broken_lz4(),
            }
        }
        rest = after;
    }
    Ok(output)
}

fn broken_lz4<T>() -> Result<T> {
    damaged("its LZ4 stream is broken")
}

/// A frame of Zstandard. Only when little input stands for much output it is tried with less memory first.
pub(super) fn zstd(bytes: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut size = limit.min(bytes.len().saturating_mul(64).saturating_add(64 << 10));
    loop {
        let mut output = Vec::new();
        reserve(&mut output, size)?;
        output.resize(size, 0);
        // A foreign decoder of foreign bytes: should it panic, then the bytes are at fault.
        let run = AssertUnwindSafe(|| FrameDecoder::new().decode_all(bytes, &mut output));
        match catch_unwind(run) {
            Ok(Ok(length)) => {
                output.truncate(length);
                return Ok(output);
            }
            Ok(Err(_)) if size < limit => size = limit.min(size.saturating_mul(8)),
            _ => return damaged(format!("its Zstandard frame is broken, or holds more than {limit} bytes")),
        }
    }
}

fn reserve(output: &mut Vec<u8>, size: usize) -> Result<()> {
    output.try_reserve_exact(size).or_else(|_| damaged(format!("its {size} bytes are beyond memory")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZLIB: &[u8] =
        b"\x78\x9c\x4b\x4e\xcc\x49\x2e\x2e\xc9\x2f\x4a\x55\x48\x1e\x65\x11\x60\x01\x00\x7a\x8c\x74\x41";
    const ZSTD: &[u8] =
        b"\x28\xb5\x2f\xfd\x60\x2c\x00\x8d\x00\x00\x50\x63\x61\x6c\x63\x73\x74\x6f\x72\x65\x20\x01\x00\x1f\x55\x0b\x12";
    const LZ4: &[u8] =
        b"\xaf\x63\x61\x6c\x63\x73\x74\x6f\x72\x65\x20\x0a\x00\xff\x0b\x50\x74\x6f\x72\x65\x20";

    type Decode = fn(&[u8], usize) -> Result<Vec<u8>>;

    /// Two blocks, the second one stored as it is.
    fn lz4_stream() -> Vec<u8> {
        let head = [&303_u64.to_be_bytes()[..], &300_u32.to_be_bytes()].concat();
        [&head, &21_u32.to_be_bytes()[..], LZ4, &3_u32.to_be_bytes(), b"end"].concat()
    }

    #[test]
    fn streams_of_other_programs_are_decoded_and_hold_no_more_than_belongs_there() {
        let text = b"calcstore ".repeat(30);
        let longer = [&text[..], b"end"].concat();
        let lz4_stream = lz4_stream();
        let streams: [(&[u8], Decode, &[u8]); 3] =
            [(ZLIB, inflate, &text), (ZSTD, zstd, &text), (&lz4_stream, lz4, &longer)];
        for (stream, decode, expected) in streams {
            assert_eq!(decode(stream, expected.len()).unwrap(), expected);
            assert_eq!(decode(stream, expected.len() + 9).unwrap(), expected);
            assert!(decode(stream, expected.len() - 1).is_err());
            assert!(decode(stream, 0).is_err());
            for end in 0..stream.len() {
                assert_ne!(decode(&stream[..end], 400).unwrap_or_default(), expected, "cut at {end}");
            }
        }
        for bit in 0..ZLIB.len() * 8 {
            let mut stream = ZLIB.to_vec();
            stream[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = inflate(&stream, 300) {
                assert_eq!(found, text, "bit {bit}");
            }
        }
    }

    #[test]
    fn an_lz4_stream_that_claims_more_than_its_bytes_hold_is_refused() {
        let mut stream = lz4_stream();
        stream[8..12].copy_from_slice(&(1_u32 << 30).to_be_bytes());
        stream[..8].copy_from_slice(&(1_u64 << 30).to_be_bytes());
        assert!(lz4(&stream, 1 << 30).is_err());
        stream[8..12].copy_from_slice(&0_u32.to_be_bytes());
        assert!(lz4(&stream, 1 << 30).is_err());
    }
}
