//! What the parts of an import share.

use std::collections::HashSet;
use std::sync::Arc;

use super::names::Paths;
use super::report::Tally;
use crate::error::Result;
use crate::hdf5::{File, Type, Values, values};
use crate::key::Key;
use crate::storage::{ArrayOptions, Existing, Store};
use crate::zarr::Compression;

/// The level of zstd for what was compressed in the file.
const LEVEL: u8 = 3;

/// A file that is being read, and the store that it is read into.
pub(super) struct Scope<'a, 't> {
    pub file: &'a File,
    pub store: &'a Arc<Store>,
    pub tally: &'a mut Tally<'t>,
    pub existing: Existing,
    pub paths: Paths,
    /// The paths of datasets that are attributes of others, and no values by themselves.
    pub spilled: HashSet<String>,
}

/// Where something is in the file, and where it goes.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub path: String,
    pub key: Key,
}

impl Scope<'_, '_> {
    /// Decodes elements.
    pub fn values(&self, data_type: &Type, bytes: &[u8]) -> Result<Values> {
        values(self.file.input(), data_type, bytes)
    }

    /// The options of an array: what was compressed in the file is so in the store.
    pub fn options(&self, was_compressed: bool) -> Result<ArrayOptions> {
        let compression = match self.store.compression() {
            Compression::NONE if was_compressed => Compression::zstd(LEVEL)?,
            asked => asked,
        };
        Ok(ArrayOptions { compression, ..ArrayOptions::default() })
    }
}
