//! How the chunks of an array are to be compressed.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value as Json, json};

use crate::error::{Error, ErrorKind, Result};
use crate::values::DataType;

/// How the chunks of an array are compressed.
///
/// Nothing is compressed by default: numbers with all of their digits, such as hazard curves, hardly shrink. Where
/// much is equal or close to its neighbour, [`Compression::blosc`] is usually the smallest and the fastest to read.
/// Every Zarr v3 program reads all of them.
///
/// As text, on the command line: `none`, `zstd:3`, `gzip:6`, `blosc:5`; without a number the level is the one that is
/// named here.
///
/// ```
/// use calcstore::Compression;
///
/// assert_eq!("zstd".parse::<Compression>()?, Compression::zstd(3)?);
/// assert_eq!(Compression::blosc(5)?.to_string(), "blosc:5");
/// assert_eq!(Compression::default(), Compression::NONE);
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Compression(Method);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Method {
    #[default]
    None,
    Zstd(u8),
    Gzip(u8),
    Blosc(u8),
}

impl Compression {
    /// No compression.
    pub const NONE: Self = Self(Method::None);

    /// Compresses with Zstandard, from level 1, which is fast, to 22, which is small; 3 is the usual one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another level.
    pub fn zstd(level: u8) -> Result<Self> {
        checked("zstd", level, 22).map(|level| Self(Method::Zstd(level)))
    }

    /// Compresses with gzip, from level 1 to 9; 6 is the usual one. Slower and larger than the others, and what the
    /// oldest programs understand.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another level.
    pub fn gzip(level: u8) -> Result<Self> {
        checked("gzip", level, 9).map(|level| Self(Method::Gzip(level)))
    }

    /// Puts the first bytes of all numbers together, then the second ones, and so on (byte shuffle), and compresses
    /// that with Zstandard: the codec `blosc`, from level 1 to 9; 5 is the usual one.
    ///
    /// Elements of one byte and text have nothing to shuffle; they are compressed as they are. Level *n* is level
    /// 2*n* − 1 of Zstandard up to 7, then 20 and 22. A chunk has less than 2 GiB.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another level.
    pub fn blosc(level: u8) -> Result<Self> {
        checked("blosc", level, 9).map(|level| Self(Method::Blosc(level)))
    }

    /// Recognizes the compression that an array's codecs are, those within shards where there are some; nothing where they
    /// are none that we write.
    pub(crate) fn of_codecs(codecs: &[Json]) -> Option<Self> {
        let name = |codec: &Json| codec.get("name").and_then(Json::as_str).map(str::to_owned);
        let (first, rest) = codecs.split_first()?;
        match name(first)?.as_str() {
            "sharding_indexed" if rest.is_empty() => {
                return Self::of_codecs(first.get("configuration")?.get("codecs")?.as_array()?);
            }
            "bytes" | "vlen-utf8" => {}
            _ => return None,
        }
        let rest = match rest.split_last() {
            Some((last, before)) if name(last)? == "crc32c" => before,
            _ => rest,
        };
        let [compressor] = rest else { return rest.is_empty().then_some(Self::NONE) };
        let configuration = compressor.get("configuration")?;
        let level = |field| u8::try_from(configuration.get(field)?.as_u64()?).ok();
        match name(compressor)?.as_str() {
            "zstd" => Self::zstd(level("level")?).ok(),
            "gzip" => Self::gzip(level("level")?).ok(),
            "blosc" if configuration.get("cname")? == "zstd" => Self::blosc(level("clevel")?).ok(),
            _ => None,
        }
    }

    /// The codec of the metadata, where there is one.
    pub(super) fn codec(self, data_type: DataType) -> Option<Json> {
        Some(match self.0 {
            Method::None => return None,
            Method::Zstd(level) => {
                json!({"name": "zstd", "configuration": {"level": level, "checksum": false}})
            }
            Method::Gzip(level) => json!({"name": "gzip", "configuration": {"level": level}}),
            Method::Blosc(level) => {
                let size = data_type.size().unwrap_or(1);
                let shuffle = if size > 1 { "shuffle" } else { "noshuffle" };
                json!({"name": "blosc", "configuration": {
                    "typesize": size, "cname": "zstd", "clevel": level, "shuffle": shuffle, "blocksize": 0,
                }})
            }
        })
    }
}

fn checked(name: &str, level: u8, highest: u8) -> Result<u8> {
    if (1..=highest).contains(&level) {
        return Ok(level);
    }
    let message = format!("{name} has no level {level}: levels are 1 to {highest}");
    Err(Error::new(ErrorKind::InvalidInput, message))
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Method::None => f.pad("none"),
            Method::Zstd(level) => f.pad(&format!("zstd:{level}")),
            Method::Gzip(level) => f.pad(&format!("gzip:{level}")),
            Method::Blosc(level) => f.pad(&format!("blosc:{level}")),
        }
    }
}

impl FromStr for Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let message = format!(
                "{text:?} is no compression: there are none, zstd, gzip and blosc, with a level as in zstd:3"
            );
            Error::new(ErrorKind::InvalidInput, message)
        };
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level.parse::<u8>().map_err(|_| refuse())?)),
            None => (text, None),
        };
        match (name, level) {
            ("none", None) => Ok(Self::NONE),
            ("zstd", level) => Self::zstd(level.unwrap_or(3)),
            ("gzip", level) => Self::gzip(level.unwrap_or(6)),
            ("blosc", level) => Self::blosc(level.unwrap_or(5)),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_is_recognized_by_its_codecs() {
        let bytes = json!({"name": "bytes", "configuration": {"endian": "little"}});
        let checksum = json!({"name": "crc32c"});
        for text in ["none", "zstd:7", "gzip:2", "blosc:9"] {
            let compression: Compression = text.parse().unwrap();
            let codec = compression.codec(DataType::Float64);
            let codecs: Vec<Json> =
                [Some(bytes.clone()), codec, Some(checksum.clone())].into_iter().flatten().collect();
            assert_eq!(Compression::of_codecs(&codecs), Some(compression));
            assert_eq!(Compression::of_codecs(&codecs[..codecs.len() - 1]), Some(compression));
            let shards = json!({"name": "sharding_indexed", "configuration": {"codecs": codecs}});
            assert_eq!(Compression::of_codecs(&[shards]), Some(compression));
        }
        let transpose = json!({"name": "transpose", "configuration": {"order": [1, 0]}});
        assert_eq!(Compression::of_codecs(&[transpose, bytes.clone()]), None);
        let lz4 = json!({"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5}});
        assert_eq!(Compression::of_codecs(&[bytes, lz4]), None);
    }

    #[test]
    fn a_compression_is_named_by_method_and_level() {
        for text in ["none", "zstd:1", "zstd:22", "gzip:9", "blosc:1"] {
            assert_eq!(text.parse::<Compression>().unwrap().to_string(), text);
        }
        for (text, shown) in [("zstd", "zstd:3"), ("gzip", "gzip:6"), ("blosc", "blosc:5")] {
            assert_eq!(text.parse::<Compression>().unwrap().to_string(), shown);
        }
        for (text, reason) in [
            ("zstd:23", "zstd has no level 23: levels are 1 to 22"),
            ("gzip:0", "gzip has no level 0"),
            ("zstd:", "\"zstd:\" is no compression"),
            ("zstd:-1", "is no compression"),
            ("none:1", "is no compression"),
            ("lzma", "there are none, zstd, gzip and blosc"),
            ("", "is no compression"),
        ] {
            let error = text.parse::<Compression>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
