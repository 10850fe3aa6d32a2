//! Groups that need not be looked for again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{FileId, Handle};
use crate::key::Key;

/// The most groups whose directories are kept open.
const MOST: usize = 64;

/// Groups that were found to be groups. Each directory is kept open, so that its identity cannot pass to another
/// one; whether it is still at its key is looked up again each time.
#[derive(Debug, Default)]
pub(super) struct KnownGroups(Mutex<HashMap<Key, Arc<Group>>>);

/// A directory that is a group.
#[derive(Debug)]
pub(super) struct Group {
    pub handle: Handle,
    pub id: FileId,
}

impl KnownGroups {
    pub fn get(&self, key: &Key) -> Option<Arc<Group>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub fn remember(&self, key: &Key, group: &Arc<Group>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key.clone(), Arc::clone(group));
    }

    /// Forgets everything: some group is about to leave its place.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
