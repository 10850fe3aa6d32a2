//! How elements become the bytes of a chunk, and back.

use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::Value as Json;
use zarrs::array::codec::{ArrayToBytesCodecTraits, CodecChain, CodecOptions};
use zarrs::array::{ArrayBytes, ChunkRepresentation, DataType as ZarrsType};
use zarrs::metadata::v3::{FillValueMetadataV3, MetadataV3};

use super::chunks::ChunkGrid;
use super::metadata::ArrayMetadata;
use super::strings;
use crate::error::{Error, ErrorKind, Result};
use crate::values::{AnyArray, DataType, Elements};

/// The bytes of a checksum at the end of a chunk.
pub(crate) const CHECKSUM: usize = 4;

/// The most bytes that a chunk may have once decoded, where its file does not tell.
const MAX_DECODED: u64 = 1 << 30;

/// The codecs of an array, ready for use.
pub(crate) enum Codecs {
    /// The elements as they are in memory (or as `vlen-utf8`), perhaps with a checksum at the end: what we write.
    Plain { checksum: bool },
    /// Anything else that zarrs can decode.
    Chain(Box<Chain>),
}

/// A chain of zarrs' codecs with the chunk that it makes.
pub(crate) struct Chain {
    codecs: CodecChain,
    chunk: ChunkRepresentation,
}

impl Codecs {
    pub(crate) fn new(array: &ArrayMetadata) -> Result<Self> {
        let plain = match array.codecs.as_slice() {
            [elements] if is_plain(elements, array.data_type) => Some(false),
            [elements, last] if is_plain(elements, array.data_type) && name(last) == Some("crc32c") => {
                Some(true)
            }
            _ => None,
        };
        match plain {
            Some(checksum) => Ok(Self::Plain { checksum }),
            None => Chain::new(array).map(Box::new).map(Self::Chain),
        }
    }

    /// The bytes that a chunk file must have, where that follows from the metadata; more than there can be where
    /// they are beyond 64 bits.
    pub(crate) fn chunk_size(&self, elements: u64, data_type: DataType) -> Option<u64> {
        match (self, data_type.size()) {
            (Self::Plain { checksum }, Some(size)) => {
                let checksum = if *checksum { CHECKSUM as u64 } else { 0 };
                Some(elements.saturating_mul(size as u64).saturating_add(checksum))
            }
            _ => None,
        }
    }

    /// Decodes a chunk of numbers to little-endian bytes.
    pub(crate) fn decode(&self, mut bytes: Vec<u8>, grid: &ChunkGrid, size: usize) -> Result<Vec<u8>> {
        let expected = usize::try_from(grid.chunk_elements()).ok().and_then(|count| count.checked_mul(size));
        let decoded = match self {
            Self::Plain { checksum } => {
                strip_checksum(&mut bytes, *checksum)?;
                bytes
            }
            Self::Chain(chain) => match chain.decode(bytes)? {
                ArrayBytes::Fixed(bytes) => bytes.into_owned(),
                ArrayBytes::Variable(..) => return Err(corrupt("it holds text, where numbers belong")),
            },
        };
        if Some(decoded.len()) == expected {
            Ok(decoded)
        } else {
            Err(corrupt(&format!("it decodes to {} bytes, where {expected:?} belong", decoded.len())))
        }
    }

    /// Decodes a chunk of text.
    pub(crate) fn decode_strings(&self, mut bytes: Vec<u8>, grid: &ChunkGrid) -> Result<Vec<String>> {
        let length = usize::try_from(grid.chunk_elements()).map_err(|_| corrupt("it is too large"))?;
        match self {
            Self::Plain { checksum } => {
                strip_checksum(&mut bytes, *checksum)?;
                strings::decode(&bytes, length)
            }
            Self::Chain(chain) => {
                let ArrayBytes::Variable(bytes, offsets) = chain.decode(bytes)? else {
                    return Err(corrupt("it holds numbers, where text belongs"));
                };
                let pieces = offsets.windows(2).map(|pair| bytes.get(pair[0]..pair[1]));
                let texts = pieces.map(|piece| String::from_utf8(piece?.to_vec()).ok());
                let texts: Option<Vec<String>> = texts.collect();
                texts.filter(|texts| texts.len() == length).ok_or_else(|| corrupt("its text makes no sense"))
            }
        }
    }
}

/// Encodes text as one chunk of `length` elements; missing ones are empty.
pub(crate) fn encode_strings<S: std::borrow::Borrow<str>>(text: &[S], length: u64) -> Result<Vec<u8>> {
    let length = usize::try_from(length).map_err(|_| corrupt("it is too large"))?;
    strings::encode(text, length)
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a chunk is damaged: {what}"))
}

/// Compares the checksum of `data` with the one that was stored after it.
pub(crate) fn verify_checksum(data: &[u8], stored: [u8; CHECKSUM]) -> Result<()> {
    if crc32c::crc32c(data) == u32::from_le_bytes(stored) {
        Ok(())
    } else {
        Err(corrupt("its checksum is wrong"))
    }
}

/// The checksum to be stored after these parts.
pub(crate) fn checksum(parts: &[&[u8]]) -> [u8; CHECKSUM] {
    parts.iter().fold(0, |checksum, part| crc32c::crc32c_append(checksum, part)).to_le_bytes()
}

/// The bytes of the fill value of an array of numbers, little-endian.
pub(crate) fn fill_bytes(array: &ArrayMetadata) -> Result<Vec<u8>> {
    let value = AnyArray::from_typed_json(&array.fill_value, array.data_type, &[]);
    let value = value.map_err(|_| {
        let message = format!("the fill value {} is not supported", array.fill_value);
        Error::new(ErrorKind::Unsupported, message)
    })?;
    match value.stored()?.elements {
        Elements::Bytes(bytes) => Ok(bytes.into_owned()),
        Elements::Strings(_) => Ok(Vec::new()),
    }
}

fn strip_checksum(bytes: &mut Vec<u8>, present: bool) -> Result<()> {
    if present {
        let stored = *bytes.last_chunk::<CHECKSUM>().ok_or_else(|| corrupt("it ends too early"))?;
        bytes.truncate(bytes.len() - CHECKSUM);
        verify_checksum(bytes, stored)?;
    }
    Ok(())
}

fn name(codec: &Json) -> Option<&str> {
    codec.as_str().or_else(|| codec.get("name").and_then(Json::as_str))
}

/// Whether a codec leaves the elements as they are in memory (or is the one for text).
fn is_plain(codec: &Json, data_type: DataType) -> bool {
    let endian = || codec.get("configuration").and_then(|c| c.get("endian")).and_then(Json::as_str);
    match name(codec) {
        Some("bytes") => {
            data_type.size() == Some(1) || (data_type.size().is_some() && endian() == Some("little"))
        }
        Some("vlen-utf8") => data_type == DataType::String,
        _ => false,
    }
}

impl Chain {
    fn new(array: &ArrayMetadata) -> Result<Self> {
        let refuse = |error: &dyn std::fmt::Display| {
            let codecs = Json::from(array.codecs.clone());
            Error::new(ErrorKind::Unsupported, format!("the codecs {codecs} are not supported: {error}"))
        };
        let metadata = array.codecs.iter().map(|codec| serde_json::from_value::<MetadataV3>(codec.clone()));
        let metadata = metadata.collect::<Result<Vec<_>, _>>().map_err(|error| refuse(&error))?;
        let codecs = CodecChain::from_metadata(&metadata).map_err(|error| refuse(&error))?;
        let element = array.data_type.size().unwrap_or(1) as u64;
        let bytes = array.chunk_shape.iter().try_fold(element, |bytes, length| bytes.checked_mul(*length));
        if bytes.is_none_or(|bytes| bytes > MAX_DECODED) {
            return Err(refuse(&format!("chunks of more than {MAX_DECODED} bytes")));
        }
        let data_type = zarrs_type(array.data_type);
        let fill_value: FillValueMetadataV3 =
            serde_json::from_value(array.fill_value.clone()).map_err(|error| refuse(&error))?;
        let fill_value = data_type.fill_value_from_metadata(&fill_value).map_err(|error| refuse(&error))?;
        let shape = array.chunk_shape.iter().map(|length| NonZeroU64::new(*length));
        let shape = shape.collect::<Option<Vec<_>>>().ok_or_else(|| refuse(&"a chunk without elements"))?;
        let chunk = ChunkRepresentation::new(shape, data_type, fill_value).map_err(|error| refuse(&error))?;
        Ok(Self { codecs, chunk })
    }

    fn decode(&self, bytes: Vec<u8>) -> Result<ArrayBytes<'static>> {
        // zarrs 0.22 panics on some damaged shards.
        let decode = || {
            let decoded = self.codecs.decode(bytes.into(), &self.chunk, &CodecOptions::default());
            decoded
                .map(ArrayBytes::into_owned)
                .map_err(|error| corrupt(&error.to_string()).with_source(error))
        };
        catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(corrupt("it cannot be decoded")))
    }
}

fn zarrs_type(data_type: DataType) -> ZarrsType {
    match data_type {
        DataType::Bool => ZarrsType::Bool,
        DataType::Int8 => ZarrsType::Int8,
        DataType::Int16 => ZarrsType::Int16,
        DataType::Int32 => ZarrsType::Int32,
        DataType::Int64 => ZarrsType::Int64,
        DataType::UInt8 => ZarrsType::UInt8,
        DataType::UInt16 => ZarrsType::UInt16,
        DataType::UInt32 => ZarrsType::UInt32,
        DataType::UInt64 => ZarrsType::UInt64,
        DataType::Float16 => ZarrsType::Float16,
        DataType::Float32 => ZarrsType::Float32,
        DataType::Float64 => ZarrsType::Float64,
        DataType::Complex64 => ZarrsType::Complex64,
        DataType::Complex128 => ZarrsType::Complex128,
        DataType::String => ZarrsType::String,
    }
}
