//! The locks of a store: the tree's, those of values, and that of flushing and sweeping.

use std::sync::PoisonError;
use std::time::Duration;

use super::dirty::Change;
use super::files::{AsFd, Handle};
use super::lock::{Guard, Lock, Mode};
use super::store::{Store, TREE, lock_place};
use crate::error::Result;
use crate::key::Key;

impl Store {
    /// Holds the lock that keeps groups in their places, as everybody does who changes what readers see.
    pub(super) fn lock_tree(&self, mode: Mode) -> Result<(Guard, Change<'_>)> {
        self.sweep_if_due();
        let change = self.begin_change()?;
        let writer = self.writer()?;
        let path = self.shown(&lock_place(TREE));
        let guard = writer.tree.acquire(mode, writer.patience, &writer.trust, &path)?;
        Ok((guard, change))
    }

    /// Holds the lock of one value; a table's columns share the table's.
    pub(super) fn lock_value(&self, key: &Key) -> Result<Guard> {
        let writer = self.writer()?;
        let stripe = crc32c::crc32c(key.as_str().as_bytes()) & 0xff;
        let name = format!("{stripe:02x}");
        let last = || writer.stripe.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last().as_ref().filter(|(of, _)| *of == stripe).map(|(_, lock)| lock.clone());
        let lock = match known {
            Some(lock) => lock,
            None => {
                let lock = self.open_lock(&writer.locks, &name)?;
                *last() = Some((stripe, lock.clone()));
                lock
            }
        };
        lock.acquire(Mode::Exclusive, writer.patience, &writer.trust, &self.shown(&lock_place(&name)))
    }

    pub(super) fn lock(&self, name: &str, mode: Mode, patience: Duration) -> Result<Guard> {
        let writer = self.writer()?;
        let lock = self.open_lock(&writer.locks, name)?;
        lock.acquire(mode, patience, &writer.trust, &self.shown(&lock_place(name)))
    }

    /// Makes the file of a lock, if there is none yet.
    pub(super) fn make_lock(&self, name: &str) -> Result<()> {
        self.open_lock(&self.writer()?.locks, name).map(drop)
    }

    pub(super) fn open_lock(&self, locks: &Handle, name: &str) -> Result<Lock> {
        let file = self.files.open_lock(locks.as_fd(), name);
        file.and_then(|file| Lock::new(&self.files, file, name == TREE))
            .map_err(self.failed("cannot open the lock", &lock_place(name)))
    }
}
