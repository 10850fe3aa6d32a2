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
