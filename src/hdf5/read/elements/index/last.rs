//! The index that was read last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Places;
use crate::error::Result;
use crate::hdf5::read::layout::ChunkIndex;

/// What an index is read for: what it says depends on all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub index: ChunkIndex,
    pub shape: Vec<u64>,
    pub chunk: Vec<u64>,
    pub maximum: Vec<Option<u64>>,
    pub chunk_bytes: u64,
}

/// The index that was read last, so that whoever reads a dataset part by part reads its index once.
#[derive(Debug, Default)]
pub(in crate::hdf5::read) struct LastIndex(Mutex<Option<(Asked, Arc<Places>)>>);

impl LastIndex {
    pub(super) fn get_or_read(
        &self,
        asked: Asked,
        read: impl FnOnce() -> Result<Places>,
    ) -> Result<Arc<Places>> {
        let mut last = self.lock();
        if let Some((_, places)) = last.as_ref().filter(|(known, _)| *known == asked) {
            return Ok(Arc::clone(places));
        }
        // Two of them need not be in memory, and nobody waits while one is read.
        *last = None;
        drop(last);
        let places = Arc::new(read()?);
        *self.lock() = Some((asked, Arc::clone(&places)));
        Ok(places)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Asked, Arc<Places>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
