//! How elements become the bytes of a chunk, and back.
//!
//! A chain is any number of codecs that change the array (`transpose`), then the one that makes bytes of it, then any
//! number that change bytes. What is decoded is bounded by what belongs into a chunk: no codec gives more than that,
//! whatever its input claims.

mod blosc;
mod checksum;
mod configuration;
mod gzip;
mod shards;
#[cfg(test)]
mod tests;
mod transpose;
mod utf32;
mod vlen_utf8;
mod zstd;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value as Json;

pub(crate) use checksum::{CHECKSUM, checksum};
use configuration::{Codec, Filter, nonsense};
pub(crate) use shards::{ShardIndex, Shards};

use super::fill_value::FillValue;
use super::metadata::ArrayMetadata;
use crate::error::{Error, ErrorKind, Result};
use crate::values::{DataType, Elements};

/// The most bytes that a chunk may have once decoded, where its file does not tell.
const MAX_DECODED: usize = 1 << 30;

/// The most bytes of text in a compressed chunk: for each element, and beside that.
const MORE_TEXT: u64 = 64;
const SOME_TEXT: u64 = 32 << 20;

/// How deeply shards may lie within shards.
const MAX_NESTED: usize = 4;

/// The bytes of a chunk in the order of its file: pieces of what was encoded, and what was made of it.
pub(crate) type Parts<'a> = Vec<Cow<'a, [u8]>>;

/// The codecs of an array, ready for use.
#[derive(Debug)]
pub(crate) struct Codecs {
    data_type: DataType,
    /// The shape of a chunk.
    shape: Vec<u64>,
    /// The number of elements of a chunk.
    elements: u64,
    /// The order of the axes in the file, where it is another one.
    order: Option<Vec<usize>>,
    serializer: Serializer,
    filters: Vec<Filter>,
}

/// A chunk that was compressed by gzip.
#[derive(Debug)]
pub(crate) struct Deflated {
    /// What came out: all elements, little-endian.
    pub elements: Vec<u8>,
    stored: Vec<u8>,
    body: Option<Range<usize>>,
}

impl Deflated {
    /// The stream of deflate that the elements came out of; `None` where it was not a single one.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        self.stored.get(self.body.clone()?)
    }
}

/// The codec that makes bytes of elements.
#[derive(Debug)]
enum Serializer {
    /// Numbers as in memory, or with the bytes of each reversed.
    Numbers {
        is_big: bool,
    },
    /// Text of a fixed length in bytes.
    Utf32 {
        length: usize,
        is_big: bool,
    },
    VlenUtf8,
    Shards(Box<Shards>),
}

/// What the elements are, whatever the codecs.
struct ElementKind<'a> {
    data_type: DataType,
    /// The bytes of an element of `fixed_length_utf32`.
    utf32: Option<usize>,
    fill: &'a FillValue,
}

impl Codecs {
    /// Makes the codecs of an array. Those that are not known are `Unsupported`, nonsense is `Corrupt`.
    pub(crate) fn new(array: &ArrayMetadata) -> Result<Self> {
        let fill = FillValue::parse(&array.fill_value, array.data_type)?;
        let kind = ElementKind { data_type: array.data_type, utf32: array.utf32_length, fill: &fill };
        Self::chain(&kind, &array.chunk_shape, &array.codecs, MAX_NESTED)
    }

    /// The codecs of the index of a shard.
    fn of_index(shape: &[u64], codecs: &[Json]) -> Result<Self> {
        let fill = FillValue::Bytes(vec![0; 8]);
        let kind = ElementKind { data_type: DataType::UInt64, utf32: None, fill: &fill };
        Self::chain(&kind, shape, codecs, 0)
    }

    fn chain(kind: &ElementKind<'_>, shape: &[u64], codecs: &[Json], nested: usize) -> Result<Self> {
        let elements = shape.iter().try_fold(1u64, |product, length| product.checked_mul(*length));
        let elements = elements.ok_or_else(|| nonsense("the elements of a chunk are beyond 64 bits"))?;
        let mut order: Option<Vec<usize>> = None;
        let mut serializer = None;
        let mut filters = Vec::new();
        for json in codecs {
            match (Codec::parse(json)?, &serializer) {
                (Codec::Filter(filter), Some(_)) => filters.push(filter),
                (Codec::Transpose(next), None) => {
                    check_order(&next, shape.len())?;
                    order = Some(match order {
                        Some(order) => transpose::reordered(&order, &next),
                        None => next,
                    });
                }
                (Codec::Transpose(_) | Codec::Filter(_), _) | (_, Some(_)) => {
                    return Err(nonsense(format_args!(
                        "the codecs {} cannot follow each other",
                        Json::from(codecs)
                    )));
                }
                (codec, None) => {
                    let shape = match &order {
                        Some(order) => transpose::reordered(shape, order),
                        None => shape.to_vec(),
                    };
                    serializer = Some(Serializer::new(codec, kind, &shape, nested)?);
                }
            }
        }
        let missing =
            || nonsense(format_args!("the codecs {} make no bytes of elements", Json::from(codecs)));
        Ok(Self {
            data_type: kind.data_type,
            shape: shape.to_vec(),
            elements,
            order: order.filter(|order| !order.is_sorted()),
            serializer: serializer.ok_or_else(missing)?,
            filters,
        })
    }

    /// The level of gzip, where chunks are numbers as in memory and compressed by it alone.
    pub(crate) fn deflate_level(&self) -> Option<u32> {
        match (&self.serializer, &self.order, self.filters.as_slice()) {
            (
                Serializer::Numbers { is_big: false },
                None,
                [Filter::Gzip { level }] | [Filter::Gzip { level }, Filter::Crc32c],
            ) => Some(*level),
            _ => None,
        }
    }

    /// Whether chunks are compressed, by whatever.
    pub(crate) fn compress(&self) -> bool {
        self.filters.iter().any(|filter| *filter != Filter::Crc32c)
    }

    /// Decodes a chunk that has a [`deflate_level`](Self::deflate_level), and keeps what it is decoded from.
    pub(crate) fn decode_deflated(&self, mut stored: Vec<u8>) -> Result<Deflated> {
        if self.ends_with_checksum() {
            checksum::strip(&mut stored)?;
        }
        let (decoded, body) = gzip::decode_member(&stored, self.limit(0, stored.len())?)?;
        match self.deserialize(decoded)? {
            Elements::Bytes(elements) => Ok(Deflated { elements: elements.into_owned(), stored, body }),
            Elements::Strings(_) => Err(corrupt("it holds text, where numbers belong")),
        }
    }

    /// Whether elements lie in the file as they do in memory; then, whether a checksum follows them.
    pub(crate) fn plain(&self) -> Option<bool> {
        match (&self.serializer, &self.order, self.filters.as_slice()) {
            (Serializer::Numbers { is_big: false }, None, []) => Some(false),
            (Serializer::Numbers { is_big: false }, None, [Filter::Crc32c]) => Some(true),
            _ => None,
        }
    }

    /// Whether a chunk file, whatever else is in it, ends with a checksum of all before.
    pub(crate) fn ends_with_checksum(&self) -> bool {
        self.filters.last() == Some(&Filter::Crc32c)
    }

    /// Whether text lies in the file uncompressed; then, whether a checksum follows it.
    pub(crate) fn plain_text(&self) -> Option<bool> {
        match (&self.serializer, &self.order, self.filters.as_slice()) {
            (Serializer::VlenUtf8, None, []) => Some(false),
            (Serializer::VlenUtf8, None, [Filter::Crc32c]) => Some(true),
            _ => None,
        }
    }

    /// The bytes that a chunk file must have, where that follows from the metadata; more than there can be where
    /// they are beyond 64 bits.
    pub(crate) fn encoded_size(&self) -> Option<u64> {
        let checksums =
            self.filters.iter().all(|filter| *filter == Filter::Crc32c).then_some(self.filters.len())?;
        Some(self.serialized_size()?.saturating_add(checksums.saturating_mul(CHECKSUM) as u64))
    }

    /// The bytes of the elements before the codecs that change bytes.
    fn serialized_size(&self) -> Option<u64> {
        let size = match self.serializer {
            Serializer::Numbers { .. } => self.data_type.size()?,
            Serializer::Utf32 { length, .. } => length,
            Serializer::VlenUtf8 | Serializer::Shards(_) => return None,
        };
        Some(self.elements.saturating_mul(size as u64))
    }

    /// The shards, where each chunk file is one that can be read in parts.
    pub(crate) fn shards(&self) -> Option<&Shards> {
        match &self.serializer {
            Serializer::Shards(shards) if self.order.is_none() && self.filters.is_empty() => Some(shards),
            _ => None,
        }
    }

    /// Decodes a chunk: all of its elements, little-endian and in C order.
    pub(crate) fn decode(&self, mut bytes: Vec<u8>) -> Result<Elements<'static>> {
        for (at, filter) in self.filters.iter().enumerate().rev() {
            let limit = self.limit(at, bytes.len())?;
            bytes = filter.decode(bytes, limit)?;
        }
        let elements = self.deserialize(bytes)?;
        let Some(order) = &self.order else { return Ok(elements) };
        let (shape, order) = (self.memory_shape(order)?, transpose::inverse(order));
        Ok(self.transposed(&elements, &shape, &order))
    }

    fn deserialize(&self, mut bytes: Vec<u8>) -> Result<Elements<'static>> {
        if let Some(expected) = self.serialized_size()
            && expected != bytes.len() as u64
        {
            return Err(corrupt(&format!("it decodes to {} bytes, where {expected} belong", bytes.len())));
        }
        Ok(match &self.serializer {
            Serializer::Numbers { is_big } => {
                if *is_big {
                    swap(&mut bytes, self.data_type);
                }
                Elements::Bytes(bytes.into())
            }
            Serializer::Utf32 { length, is_big } => {
                Elements::Strings(utf32::decode(&bytes, *length, *is_big)?)
            }
            Serializer::VlenUtf8 => Elements::Strings(vlen_utf8::decode(&bytes, self.count()?)?),
            Serializer::Shards(shards) => shards.decode(&bytes, self.data_type)?,
        })
    }

    /// Encodes a chunk, of which all elements are given, to the parts of its file in their order. What lies there as it
    /// does in memory is not copied. Inner chunks of a shard that are all fill value are left out.
    pub(crate) fn encode<'a>(&self, elements: Elements<'a>) -> Result<Parts<'a>> {
        let found = elements.count(self.data_type).ok_or_else(|| {
            Error::new(ErrorKind::WrongType, "numbers and text cannot stand for each other")
        })?;
        if found as u64 != self.elements {
            let message = format!("{found} elements for a chunk of {}", self.elements);
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        let mut parts = match &self.order {
            Some(order) => {
                let shape = transpose::reordered(&self.memory_shape(order)?, &transpose::inverse(order));
                self.serialize(self.transposed(&elements, &shape, order))?
            }
            None => self.serialize(elements)?,
        };
        for filter in &self.filters {
            parts = filter.encode(parts, self.data_type)?;
        }
        Ok(parts)
    }

    fn serialize<'a>(&self, elements: Elements<'a>) -> Result<Parts<'a>> {
        match (&self.serializer, elements) {
            (Serializer::Numbers { is_big }, Elements::Bytes(mut bytes)) => {
                if *is_big {
                    swap(bytes.to_mut(), self.data_type);
                }
                Ok(vec![bytes])
            }
            (Serializer::VlenUtf8, Elements::Strings(strings)) => {
                vlen_utf8::encode(&strings).map(|bytes| vec![bytes.into()])
            }
            (Serializer::Shards(shards), elements) => shards.encode(&elements, self.data_type),
            _ => Err(Error::new(ErrorKind::Unsupported, "text of a fixed length is not written")),
        }
    }

    /// The number of elements of a chunk that is to be in memory.
    fn count(&self) -> Result<usize> {
        usize::try_from(self.elements).map_err(|_| too_large(self.elements))
    }

    /// The shape of a chunk in the order of its file. Its elements are in memory, or are about to be.
    fn memory_shape(&self, order: &[usize]) -> Result<Vec<usize>> {
        let shape = transpose::reordered(&self.shape, order);
        shape.iter().map(|length| usize::try_from(*length).map_err(|_| too_large(*length))).collect()
    }

    fn transposed(&self, elements: &Elements<'_>, shape: &[usize], order: &[usize]) -> Elements<'static> {
        match elements {
            Elements::Bytes(bytes) => {
                let size = self.data_type.size().unwrap_or(1);
                Elements::Bytes(transpose::transpose_bytes(bytes, size, shape, order).into())
            }
            Elements::Strings(strings) => {
                let strings = transpose::transpose(strings, shape, order).into_iter();
                Elements::Strings(strings.map(|text| Cow::Owned(text.into_owned())).collect())
            }
        }
    }

    /// The most bytes that filter number `at` may give of `input` bytes: what belongs into a chunk, and what the filters
    /// before it could have added.
    fn limit(&self, at: usize, input: usize) -> Result<usize> {
        let size = match self.serialized_size() {
            Some(size) => size,
            // Nobody knows how long text is: so much for each, and more where the file is large.
            None => {
                let text = self.elements.saturating_mul(MORE_TEXT).saturating_add(SOME_TEXT);
                text.saturating_add((input as u64).saturating_mul(1024)).min(MAX_DECODED as u64)
            }
        };
        let in_memory = self.elements.saturating_mul(self.data_type.size().map_or(24, |size| size as u64));
        let most = size.max(in_memory);
        let size = usize::try_from(size)
            .ok()
            .filter(|_| most <= MAX_DECODED as u64)
            .ok_or_else(|| too_large(most))?;
        let framed = (size / 64).saturating_add(1024);
        let added = |filter: &Filter| if *filter == Filter::Crc32c { CHECKSUM } else { framed };
        Ok(self.filters.iter().take(at).map(added).fold(size, usize::saturating_add))
    }
}

impl Serializer {
    fn new(codec: Codec, kind: &ElementKind<'_>, shape: &[u64], nested: usize) -> Result<Self> {
        let size = kind.utf32.map_or(kind.data_type.size(), |_| Some(4));
        match (codec, size) {
            (Codec::Bytes(endian), Some(size)) => {
                if endian.is_none() && size > 1 {
                    return Err(nonsense(
                        "the codec \"bytes\" does not say which byte of a number comes first",
                    ));
                }
                let is_big = endian == Some(true) && size > 1;
                Ok(match kind.utf32 {
                    Some(length) => Self::Utf32 { length, is_big },
                    None => Self::Numbers { is_big },
                })
            }
            (Codec::VlenUtf8, None) => Ok(Self::VlenUtf8),
            (Codec::Sharding(settings), _) => {
                let nested = nested.checked_sub(1).ok_or_else(|| {
                    let message =
                        format!("shards within shards, more than {MAX_NESTED} deep, are not supported");
                    Error::new(ErrorKind::Unsupported, message)
                })?;
                let inner = |shape: &[u64], codecs: &[Json]| Codecs::chain(kind, shape, codecs, nested);
                Ok(Self::Shards(Box::new(Shards::new(&settings, shape, kind.fill, inner)?)))
            }
            _ => Err(nonsense(format_args!(
                "a codec for text and the data type {} do not go together",
                kind.data_type
            ))),
        }
    }
}

impl Filter {
    /// Decodes to at most `limit` bytes.
    fn decode(&self, mut bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>> {
        match self {
            Self::Crc32c => checksum::strip(&mut bytes).map(|()| bytes),
            Self::Gzip { .. } => gzip::decode(&bytes, limit),
            Self::Zstd { .. } => zstd::decode(&bytes, limit),
            Self::Blosc { .. } => blosc::decode(&bytes, limit),
        }
    }

    fn encode<'a>(&self, mut parts: Parts<'a>, data_type: DataType) -> Result<Parts<'a>> {
        if *self == Self::Crc32c {
            parts.push(checksum(&parts).to_vec().into());
            return Ok(parts);
        }
        let joined;
        let bytes = match &parts[..] {
            [only] => &**only,
            several => {
                joined = several.concat();
                &joined
            }
        };
        let encoded = match self {
            Self::Crc32c => return Ok(parts),
            Self::Gzip { level } => gzip::encode(bytes, *level)?,
            Self::Zstd { level, checksum } => zstd::encode(bytes, *level, *checksum),
            Self::Blosc { level, shuffle, type_size } => {
                let type_size = type_size.or(data_type.size()).unwrap_or(1);
                blosc::encode(bytes, *level, if *shuffle { type_size } else { 1 })?
            }
        };
        Ok(vec![encoded.into()])
    }
}

fn check_order(order: &[usize], rank: usize) -> Result<()> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..rank) {
        Ok(())
    } else {
        Err(nonsense(format_args!("{order:?} is no order of {rank} axes")))
    }
}

/// Reverses the bytes of each number, or of each part of a complex one.
fn swap(bytes: &mut [u8], data_type: DataType) {
    match data_type.part_size() {
        Some(2) => bytes.as_chunks_mut::<2>().0.iter_mut().for_each(|number| number.reverse()),
        Some(4) => bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|number| number.reverse()),
        Some(8) => bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|number| number.reverse()),
        _ => {}
    }
}

fn too_large(size: u64) -> Error {
    let message = format!("a compressed chunk of {size} bytes is not supported: at most {MAX_DECODED} are");
    Error::new(ErrorKind::Unsupported, message)
}

fn corrupt(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("a chunk is damaged: {what}"))
}
