//! Nodes that stay open while others read and change them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::array_update::{Change, replaced};
use super::fork::PerProcess;
use super::read::{LOOKS, Snapshot, is_passing, pause};
use super::store::Store;
use super::table_update::TableColumn;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// A node that was opened once and is used many times. It stays the same node: once another one has its key, it
/// can no longer be used.
#[derive(Debug)]
pub(crate) struct OpenNode {
    store: Arc<Store>,
    key: Key,
    seen: RwLock<Arc<Snapshot>>,
    /// Held while this handle changes the node: it may put another directory in its place, which the threads that
    /// share the handle must not take for somebody else's.
    changing: PerProcess<Mutex<()>>,
}

impl OpenNode {
    pub(crate) fn new(store: Arc<Store>, key: Key) -> Result<Self> {
        Self::reading(store, key, |_| Ok(())).map(|(node, ())| node)
    }

    /// Opens a node, and gives what `read` has read of that very node; it may be called several times.
    pub(crate) fn reading<T>(
        store: Arc<Store>,
        key: Key,
        read: impl FnMut(&Snapshot) -> Result<T>,
    ) -> Result<(Self, T)> {
        let (found, snapshot) = store.read_version(&key, read)?;
        let (seen, changing) = (RwLock::new(Arc::new(snapshot)), PerProcess::new(Mutex::default()));
        Ok((Self { store, key, seen, changing }, found))
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// The node as it was when it was last looked at.
    pub(crate) fn seen(&self) -> Arc<Snapshot> {
        Arc::clone(&self.seen.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The node as it is now.
    pub(crate) fn current(&self) -> Result<Arc<Snapshot>> {
        loop {
            let seen = self.seen();
            if self.store.is_current(&seen) {
                return Ok(seen);
            }
            let found = self.look_again(&seen);
            if found.as_ref().is_err_and(|error| error.kind() == ErrorKind::Changed) {
                // Perhaps by this very handle.
                drop(self.changing());
                if !Arc::ptr_eq(&self.seen(), &seen) {
                    continue;
                }
            }
            return found;
        }
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        let Ok(changing) = self.changing.get_or_make(|| Ok::<_, Infallible>(Mutex::default()));
        changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_again(&self, seen: &Arc<Snapshot>) -> Result<Arc<Snapshot>> {
        let found = self.store.read_version(&self.key, |_| Ok(()));
        let ((), now) = found.map_err(|error| match error.kind() {
            ErrorKind::NotFound => replaced().with_key(self.key.to_string()),
            _ => error,
        })?;
        self.see(seen, now)
    }

    fn see(&self, before: &Arc<Snapshot>, now: Snapshot) -> Result<Arc<Snapshot>> {
        if !self.store.is_same_directory(before, &now)? {
            return Err(replaced().with_key(self.key.to_string()));
        }
        let now = Arc::new(now);
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        // What another thread has seen meanwhile may be later.
        if Arc::ptr_eq(&seen, before) {
            *seen = Arc::clone(&now);
        }
        Ok(now)
    }

    /// Reads by `read`, which may be called several times, until what it read is one version, or an older one that
    /// was only extended since.
    pub(crate) fn read<T>(&self, mut read: impl FnMut(&Snapshot) -> Result<T>) -> Result<T> {
        // Mostly it is still as it was seen, and then the look at the end tells all.
        let seen = self.seen();
        let found = read(&seen);
        if self.store.is_current(&seen) && !found.as_ref().is_err_and(is_passing) {
            return found.map_err(|error| error.with_key(self.key.to_string()));
        }
        for look in 0..LOOKS {
            let now = self.current()?;
            let found = read(&now);
            if self.store.is_settled(&self.key, &now, &found, look) {
                return found.map_err(|error| error.with_key(self.key.to_string()));
            }
            pause(look);
        }
        let message = format!("changed {LOOKS} times while it was being read");
        Err(Error::new(ErrorKind::Busy, message).with_key(self.key.to_string()))
    }

    /// Whether everything that a snapshot of this node shows is still there.
    pub(crate) fn still_shows(&self, snapshot: &Snapshot) -> bool {
        self.store.is_current(snapshot) || self.store.is_extended(&self.key, snapshot)
    }

    /// Appends rows to the table that this is; gives the number of rows that it has then.
    pub(crate) fn append_rows(&self, rows: &[TableColumn<'_>]) -> Result<u64> {
        let seen = self.seen();
        let appended = self.store.append_rows(&self.key, &seen, rows);
        let (now, count) = appended.map_err(|error| error.with_key(self.key.to_string()))?;
        self.see(&seen, now)?;
        Ok(count)
    }

    /// Changes the array that this is.
    pub(crate) fn change(&self, change: Change<'_>) -> Result<Arc<Snapshot>> {
        let _changing = self.changing();
        let seen = self.seen();
        let changed = self.store.change_array(&self.key, &seen, change);
        let now = Arc::new(changed.map_err(|error| error.with_key(self.key.to_string()))?);
        // It may be in another directory now, by our own doing.
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&now);
        Ok(now)
    }
}
