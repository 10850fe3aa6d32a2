//! What the parts of an import share.

use std::collections::HashSet;
use std::sync::Arc;

use super::external::Files;
use super::report::Tally;
use crate::error::Result;
use crate::hdf5::StoredObject;
use crate::hdf5_file::{Described, Found, Place, Reading, recognise};
use crate::key::Key;
use crate::storage::{ArrayOptions, Existing, Store};
use crate::zarr::Compression;

/// The level of zstd for what was compressed in the file.
const LEVEL: u8 = 3;

/// A file that is being read, and the store that it is read into.
pub(super) struct Scope<'a, 't> {
    pub reading: Reading<'a>,
    pub files: &'a Files,
    pub store: &'a Arc<Store>,
    pub tally: &'a mut Tally<'t>,
    pub existing: Existing,
    /// Keys that the import gave to parts of other values.
    pub beside: HashSet<Key>,
}

impl<'a, 't> Scope<'a, 't> {
    pub fn new(
        (reading, files): (Reading<'a>, &'a Files),
        store: &'a Arc<Store>,
        tally: &'a mut Tally<'t>,
        existing: Existing,
    ) -> Self {
        Self { reading, files, store, tally, existing, beside: HashSet::new() }
    }

    /// Finds out what an object is; what was read for that counts.
    pub fn recognise(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<(Found, Described)> {
        let found = recognise(&mut self.reading, object, place);
        self.tally.read(std::mem::take(&mut self.reading.bytes))?;
        found
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
