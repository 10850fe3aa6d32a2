//! What may be chosen for an export.

use std::fmt;
use std::str::FromStr;

use super::elements::{Half, Style};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// What becomes of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TablesAs {
    /// Each becomes one dataset, whose elements are its rows.
    #[default]
    Compound,
    /// Each becomes a group of its columns.
    Groups,
}

/// How the numbers in an HDF5 file are compressed; it has no compression but gzip that every reader knows.
///
/// As text, on the command line: `auto`, `none`, `gzip:6`; `gzip` is `gzip:4`.
///
/// ```
/// use calcstore::Hdf5Compression;
///
/// assert_eq!("gzip".parse::<Hdf5Compression>()?, Hdf5Compression::gzip(4)?);
/// assert_eq!(Hdf5Compression::default(), Hdf5Compression::AUTO);
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hdf5Compression(pub(super) Method);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Method {
    #[default]
    Auto,
    None,
    Gzip(u8),
}

impl Hdf5Compression {
    /// What is compressed in the store is compressed in the file: chunks of `gzip` as they are, all others by byte shuffle
    /// and gzip.
    pub const AUTO: Self = Self(Method::Auto);

    /// Nothing is compressed.
    pub const NONE: Self = Self(Method::None);

    /// All arrays of numbers and all tables are compressed by byte shuffle and gzip, from level 1, which is fast, to 9,
    /// which is small; 4 is the usual one.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for another level.
    pub fn gzip(level: u8) -> Result<Self> {
        if (1..=9).contains(&level) {
            return Ok(Self(Method::Gzip(level)));
        }
        let message = format!("gzip has no level {level}: levels are 1 to 9");
        Err(Error::new(ErrorKind::InvalidInput, message))
    }
}

impl fmt::Display for Hdf5Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Method::Auto => f.pad("auto"),
            Method::None => f.pad("none"),
            Method::Gzip(level) => f.pad(&format!("gzip:{level}")),
        }
    }
}

impl FromStr for Hdf5Compression {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refuse = || {
            let message = format!(
                "{text:?} is no compression of HDF5 files: there are auto, none and gzip, with a level as in gzip:4"
            );
            Error::new(ErrorKind::InvalidInput, message)
        };
        match text.split_once(':') {
            None if text == "auto" => Ok(Self::AUTO),
            None if text == "none" => Ok(Self::NONE),
            None if text == "gzip" => Self::gzip(4),
            Some(("gzip", level)) => Self::gzip(level.parse().map_err(|_| refuse())?),
            _ => Err(refuse()),
        }
    }
}

/// All that was chosen.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the user")]
pub(super) struct Choices {
    pub half: Half,
    pub tables: TablesAs,
    pub compression: Hdf5Compression,
    pub chunked: bool,
    pub fletcher32: bool,
    pub netcdf_safe: bool,
    pub nexus: bool,
    pub only: Only,
}

impl Choices {
    pub fn style(&self) -> Style {
        let half = if self.netcdf_safe { Half::Widen } else { self.half };
        Style { half, bools_as_integers: self.netcdf_safe }
    }
}

/// Which keys are exported.
#[derive(Clone, Debug, Default)]
pub(super) struct Only(Vec<String>);

impl Only {
    pub fn push(&mut self, pattern: &str) {
        self.0.push(format!("/{}", pattern.trim_matches('/')));
    }

    /// Whether everything is exported.
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a key, and with it everything below, is exported.
    pub fn takes(&self, key: &Key) -> bool {
        let key = key.to_string();
        self.is_everything()
            || self.0.iter().any(|pattern| *pattern == key || fast_glob::glob_match(pattern, &key))
    }

    /// The patterns, as errors name them.
    pub fn shown(&self) -> String {
        self.0.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_is_named_by_method_and_level() {
        for text in ["auto", "none", "gzip:1", "gzip:9"] {
            assert_eq!(text.parse::<Hdf5Compression>().unwrap().to_string(), text);
        }
        for (text, reason) in [
            ("gzip:0", "gzip has no level 0: levels are 1 to 9"),
            ("gzip:", "is no compression of HDF5 files"),
            ("zstd", "there are auto, none and gzip"),
        ] {
            let error = text.parse::<Hdf5Compression>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(reason), "{error}");
        }
    }
}
