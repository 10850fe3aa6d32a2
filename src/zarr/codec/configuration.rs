//! The codecs of a `zarr.json`: which there are, and with which settings.

use serde::Deserialize;
use serde_json::Value as Json;

use crate::error::{Error, ErrorKind, Result};

/// A codec as its metadata name it.
#[derive(Debug, PartialEq)]
pub(super) enum Codec {
    /// Axis `order[i]` becomes axis `i`.
    Transpose(Vec<usize>),
    /// Whether numbers are big-endian; `None` where that is not said.
    Bytes(Option<bool>),
    VlenUtf8,
    Sharding(Sharding),
    Filter(Filter),
}

/// A codec that takes bytes and gives bytes.
#[derive(Debug, PartialEq)]
pub(super) enum Filter {
    Crc32c,
    Gzip { level: u32 },
    Zstd { level: i32, checksum: bool },
    Blosc { level: u8, shuffle: bool, type_size: Option<usize> },
}

/// The settings of `sharding_indexed`.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(super) struct Sharding {
    pub chunk_shape: Vec<u64>,
    pub codecs: Vec<Json>,
    pub index_codecs: Vec<Json>,
    #[serde(default)]
    pub index_location: IndexLocation,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum IndexLocation {
    Start,
    #[default]
    End,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoSettings {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BytesSettings {
    endian: Option<Endian>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Endian {
    Little,
    Big,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TransposeSettings {
    order: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GzipSettings {
    level: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ZstdSettings {
    level: i32,
    #[serde(default)]
    checksum: bool,
}

/// How blosc is to write. A frame says itself how it was written, so that reading needs none of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BloscSettings {
    typesize: Option<usize>,
    #[serde(rename = "cname")]
    _compressor: BloscCompressor,
    clevel: u8,
    shuffle: BloscShuffle,
    #[serde(rename = "blocksize", default)]
    _block_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum BloscCompressor {
    Blosclz,
    Lz4,
    Lz4hc,
    Snappy,
    Zlib,
    Zstd,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum BloscShuffle {
    NoShuffle,
    Shuffle,
    BitShuffle,
}

impl Codec {
    /// Parses an entry of a list of codecs: a name, or an object with a name and settings.
    pub(super) fn parse(json: &Json) -> Result<Self> {
        let (name, settings) = named(json)?;
        Ok(match name {
            "bytes" => {
                let BytesSettings { endian } = parse(name, settings)?;
                Self::Bytes(endian.map(|endian| endian == Endian::Big))
            }
            "vlen-utf8" => parse(name, settings).map(|NoSettings {}| Self::VlenUtf8)?,
            "transpose" => Self::Transpose(parse::<TransposeSettings>(name, settings)?.order),
            "sharding_indexed" => Self::Sharding(parse(name, settings)?),
            _ => Self::Filter(Filter::parse(name, settings)?),
        })
    }
}

impl Filter {
    fn parse(name: &str, settings: Option<&Json>) -> Result<Self> {
        Ok(match name {
            "crc32c" => parse(name, settings).map(|NoSettings {}| Self::Crc32c)?,
            "gzip" => match parse(name, settings)? {
                GzipSettings { level: level @ 0..=9 } => Self::Gzip { level },
                GzipSettings { level } => return Err(beyond(name, level)),
            },
            "zstd" => match parse(name, settings)? {
                ZstdSettings { level: level @ -131_072..=22, checksum } => Self::Zstd { level, checksum },
                ZstdSettings { level, .. } => return Err(beyond(name, level)),
            },
            "blosc" => match parse(name, settings)? {
                BloscSettings { clevel: level @ 0..=9, shuffle, typesize: type_size, .. } => {
                    Self::Blosc { level, shuffle: shuffle != BloscShuffle::NoShuffle, type_size }
                }
                BloscSettings { clevel, .. } => return Err(beyond(name, clevel)),
            },
            _ => {
                let message = format!("the codec {name:?} is not supported");
                return Err(Error::new(ErrorKind::Unsupported, message));
            }
        })
    }
}

/// The name of a codec, and its settings where it has some.
pub(super) fn named(json: &Json) -> Result<(&str, Option<&Json>)> {
    let refuse = || nonsense(format!("the codec {json} has no name, or more than a name and settings"));
    let Some(fields) = json.as_object() else { return Ok((json.as_str().ok_or_else(refuse)?, None)) };
    let known = ["name", "configuration", "must_understand"];
    let name = fields.get("name").and_then(Json::as_str);
    let name = name.filter(|_| fields.keys().all(|field| known.contains(&field.as_str())));
    Ok((name.ok_or_else(refuse)?, fields.get("configuration")))
}

fn parse<'a, T: Deserialize<'a>>(name: &str, settings: Option<&'a Json>) -> Result<T> {
    let parsed = match settings {
        Some(settings) => T::deserialize(settings),
        None => T::deserialize(Json::Object(serde_json::Map::new())),
    };
    parsed.map_err(|error| nonsense(format!("the settings of the codec {name:?}: {error}")))
}

fn beyond(name: &str, level: impl std::fmt::Display) -> Error {
    nonsense(format!("the codec {name:?} has no level {level}"))
}

/// An error about metadata that contradict themselves.
pub(super) fn nonsense(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("zarr.json makes no sense: {what}"))
}
