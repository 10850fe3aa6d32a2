//! The codec `blosc`: blocks of a chunk with the bytes of their numbers shuffled, then compressed.
//!
//! # Format
//! A frame of c-blosc 1, <https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst>: 16 bytes of header,
//! where each block begins, then the blocks. A block is one stream, or one for each byte of a number; each has its
//! length before it. All numbers are little-endian. A frame says itself how it was made, so that reading needs
//! none of the settings.

mod blosclz;
mod shuffle;

use std::num::NonZero;

use super::{corrupt, gzip, zstd};
use crate::error::{Error, ErrorKind, Result};

/// The version of the format.
const VERSION: u8 = 2;
const HEADER: usize = 16;

/// What the bits of the flags mean; the upper three name the compressor.
const BYTE_SHUFFLE: u8 = 1;
const STORED: u8 = 2;
const BIT_SHUFFLE: u8 = 4;
const NOT_SPLIT: u8 = 16;

/// Zstandard, as the flags and as each stream name it.
const ZSTD: u8 = 4;
const ZSTD_VERSION: u8 = 1;

/// The bytes of a block that we make: what a chunk has. Smaller ones compress less and are no faster; c-blosc would make
/// them to decode one chunk with several threads, where we decode several chunks.
const BLOCK: usize = 4 << 20;

/// A block is split only for numbers up to so many bytes, of which there are at least so many.
const MOST_SPLITS: usize = 16;
const FEWEST_TO_SPLIT: usize = 128;

/// The most bytes of a frame and of what it holds: both are signed numbers of 32 bits.
const MOST: usize = i32::MAX as usize - HEADER;

struct Header {
    flags: u8,
    type_size: NonZero<usize>,
    length: usize,
    block: usize,
}

impl Header {
    /// Parses a header and holds it against the frame and the most bytes that may come out; with it what follows it.
    fn parse(frame: &[u8], limit: usize) -> Result<(Self, &[u8])> {
        let (header, content) = frame.split_at_checked(HEADER).ok_or_else(early)?;
        let &[[version, _, flags, type_size], length, block, all] = header.as_chunks().0 else {
            return Err(early());
        };
        if version != VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("blosc frames of version {version} are not supported"),
            ));
        }
        let (length, block) = (number(length)?, number(block)?);
        if number(all)? != frame.len() {
            return Err(corrupt("its blosc frame has another length than it says"));
        }
        if length > limit {
            return Err(corrupt(&format!(
                "its blosc frame holds {length} bytes, where at most {limit} belong"
            )));
        }
        let type_size = NonZero::new(usize::from(type_size));
        let type_size = type_size.filter(|_| length == 0 || (1..=length).contains(&block));
        let type_size = type_size.ok_or_else(|| corrupt("the header of its blosc frame makes no sense"))?;
        Ok((Self { flags, type_size, length, block }, content))
    }
}

/// Decodes a frame; `limit` is the most bytes that may come out.
pub(super) fn decode(frame: &[u8], limit: usize) -> Result<Vec<u8>> {
    let (header, content) = Header::parse(frame, limit)?;
    if header.flags & STORED != 0 {
        return if content.len() == header.length { Ok(content.to_vec()) } else { Err(early()) };
    }
    if header.length == 0 {
        return Ok(Vec::new());
    }
    let starts = content.as_chunks().0.get(..header.length.div_ceil(header.block)).ok_or_else(early)?;
    let mut decoded = Vec::new();
    let mut left = header.length;
    for start in starts {
        let length = header.block.min(left);
        let streams = frame.get(number(*start)?..).ok_or_else(early)?;
        let block = decode_block(&header, streams, length)?;
        unshuffle(&header, block, &mut decoded);
        left = left.saturating_sub(length);
    }
    Ok(decoded)
}

fn decode_block(header: &Header, mut streams: &[u8], length: usize) -> Result<Vec<u8>> {
    let is_split = header.flags & NOT_SPLIT == 0
        && header.type_size.get() <= MOST_SPLITS
        && header.block / header.type_size >= FEWEST_TO_SPLIT
        && length == header.block;
    let count = if is_split { header.type_size } else { NonZero::<usize>::MIN };
    let each = length / count;
    let mut block = Vec::new();
    for _ in 0..count.get() {
        let (size, rest) = streams.split_first_chunk().ok_or_else(early)?;
        let (stream, rest) = rest.split_at_checked(number(*size)?).ok_or_else(early)?;
        streams = rest;
        if stream.len() == each {
            block.extend_from_slice(stream);
        } else {
            let piece = decompress(header.flags >> 5, stream, each)?;
            if piece.len() != each {
                return Err(corrupt("a blosc block has another length than it should"));
            }
            if !is_split {
                return Ok(piece);
            }
            block.extend(piece);
        }
    }
    if block.len() == length {
        Ok(block)
    } else {
        Err(corrupt("a blosc block has another length than it should"))
    }
}

fn decompress(compressor: u8, stream: &[u8], length: usize) -> Result<Vec<u8>> {
    let broken = |name: &str| corrupt(&format!("its {name} stream is broken"));
    match compressor {
        0 => blosclz::decode(stream, length).ok_or_else(|| broken("blosclz")),
        1 => {
            // A stream cannot stand for more than 255 times its own length.
            if length / 255 > stream.len() {
                return Err(broken("lz4"));
            }
            lz4_flex::block::decompress(stream, length).map_err(|error| broken("lz4").with_source(error))
        }
        2 => {
            let declared = snap::raw::decompress_len(stream).ok().filter(|declared| *declared == length);
            // No element of a stream stands for more than 64 bytes, and none is shorter than 2.
            declared.filter(|length| length / 64 <= stream.len()).ok_or_else(|| broken("snappy"))?;
            snap::raw::Decoder::new()
                .decompress_vec(stream)
                .map_err(|error| broken("snappy").with_source(error))
        }
        3 => gzip::decode_zlib(stream, length),
        ZSTD => zstd::decode(stream, length),
        other => Err(Error::new(
            ErrorKind::Unsupported,
            format!("the blosc compressor number {other} is not supported"),
        )),
    }
}

/// Puts the bytes of a block back where they belong, at the end of what was decoded before.
fn unshuffle(header: &Header, block: Vec<u8>, decoded: &mut Vec<u8>) {
    let type_size = header.type_size.get();
    if header.flags & BYTE_SHUFFLE != 0 && type_size > 1 {
        shuffle::unshuffle(&block, type_size, decoded);
    } else if header.flags & BIT_SHUFFLE != 0 && block.len() >= type_size {
        shuffle::unshuffle_bits(&block, type_size, decoded);
    } else if decoded.is_empty() {
        *decoded = block;
    } else {
        decoded.extend(block);
    }
}

/// Encodes a frame with Zstandard; numbers of more than one byte are shuffled.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "the frame is being made here")]
pub(super) fn encode(bytes: &[u8], level: u8, type_size: usize) -> Result<Vec<u8>> {
    if bytes.len() > MOST {
        let message = format!(
            "a chunk of {} bytes is too large for blosc: smaller chunks have to be asked for",
            bytes.len()
        );
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    // Larger types than a byte can tell count as bytes, as in c-blosc.
    let type_size = u8::try_from(type_size).unwrap_or(1).max(1);
    let block = BLOCK.next_multiple_of(usize::from(type_size)).min(bytes.len());
    let blocks = bytes.chunks(block.max(1));
    let shuffled = if type_size > 1 { BYTE_SHUFFLE } else { 0 };
    let mut frame = vec![VERSION, ZSTD_VERSION, ZSTD << 5 | NOT_SPLIT | shuffled, type_size];
    frame.extend(as_number(bytes.len()));
    frame.extend(as_number(block));
    frame.resize(HEADER + 4 * blocks.len(), 0);
    for (n, block) in blocks.enumerate() {
        let start = as_number(frame.len());
        frame[HEADER + 4 * n..][..4].copy_from_slice(&start);
        let mut shuffled = Vec::new();
        let content = if type_size > 1 {
            shuffle::shuffle(block, usize::from(type_size), &mut shuffled);
            &shuffled[..]
        } else {
            block
        };
        let stream = zstd::encode(content, zstd_level(level), false);
        // A stream that is as long as its content is the content.
        let stream = if stream.len() < content.len() { &stream[..] } else { content };
        frame.extend(as_number(stream.len()));
        frame.extend_from_slice(stream);
        if frame.len() >= bytes.len() + HEADER {
            return Ok(stored(frame, bytes));
        }
    }
    if bytes.is_empty() {
        return Ok(stored(frame, bytes));
    }
    let length = as_number(frame.len());
    frame[12..HEADER].copy_from_slice(&length);
    Ok(frame)
}

/// What does not shrink is kept as it is, after the header.
#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the frame begins with a header"
)]
fn stored(mut frame: Vec<u8>, bytes: &[u8]) -> Vec<u8> {
    frame.truncate(HEADER);
    frame[2] |= STORED;
    frame[12..].copy_from_slice(&as_number(bytes.len() + HEADER));
    frame.extend_from_slice(bytes);
    frame
}

/// Levels as c-blosc translates them.
fn zstd_level(level: u8) -> i32 {
    match level {
        0 | 1 => 1,
        2 => 3,
        3 => 5,
        4 => 7,
        5 => 9,
        6 => 11,
        7 => 13,
        8 => 20,
        9.. => 22,
    }
}

/// A length or a place: a signed number of 32 bits that is not negative.
fn number(bytes: [u8; 4]) -> Result<usize> {
    usize::try_from(i32::from_le_bytes(bytes)).map_err(|_| corrupt("a length in its blosc frame is negative"))
}

/// The same, of what is known to be at most [`MOST`].
#[expect(clippy::cast_possible_truncation, reason = "a frame has less than 2 GiB")]
fn as_number(number: usize) -> [u8; 4] {
    (number as u32).to_le_bytes()
}

fn early() -> Error {
    corrupt("its blosc frame ends too early")
}

#[cfg(test)]
mod tests;
