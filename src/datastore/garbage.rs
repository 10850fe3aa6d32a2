//! Removing what nobody needs any more.

use std::time::Duration;

use super::DataStore;
use super::open::files;
use crate::error::{Error, Result};
use crate::storage::{Collection, DataDirectory, Leftover};

/// A garbage collection that is about to be done: see [`DataStore::gc`].
#[derive(Debug)]
#[must_use = "nothing is removed before `run`"]
pub struct Gc<'a> {
    store: &'a DataStore,
    asked: Collection,
}

/// What a garbage collection found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct GcReport {
    /// What is left over, and was removed unless it was a dry run.
    pub leftovers: Vec<Leftover>,
    /// What is left over but could not be removed, and why.
    pub failed: Vec<(Leftover, Error)>,
}

impl<'a> Gc<'a> {
    pub(super) fn new(store: &'a DataStore) -> Self {
        Self { store, asked: Collection::default() }
    }

    /// Leaves alone what was displaced within this time, instead of a minute. A shorter time lets reads that are
    /// under way begin again, no more.
    ///
    /// Where locks cannot be trusted ([`LockPolicy`](crate::LockPolicy)) it also says for how long nothing of a stage
    /// may have changed, because there is no other sign that its owner is gone; the default is then a day. Let it be
    /// longer than any program may rest between two values.
    pub fn older_than(mut self, age: Duration) -> Self {
        self.asked.older_than = Some(age);
        self
    }

    /// Removes nothing, and only reports what would be removed; that works for reading only, too.
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.asked.dry_run = dry_run;
        self
    }

    /// Does it. What cannot be removed is part of the report.
    ///
    /// # Errors
    /// [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly) where the store was opened for reading only, unless it is
    /// a dry run; [`ErrorKind::Locked`](crate::ErrorKind::Locked) where somebody else is doing the same, or flushing.
    pub fn run(self) -> Result<GcReport> {
        let mut found = self.store.store.collect(self.asked)?;
        if self.store.calc_id.is_some()
            && let Some(data) = self.store.calc_dir().parent()
        {
            let data = DataDirectory::locate(files(), Some(data))?;
            found.extend(data.remove_leftovers(self.asked.dry_run, self.store.store.access().locks)?);
        }
        let mut report = GcReport::default();
        for (leftover, removed) in found {
            match removed {
                Ok(()) => report.leftovers.push(leftover),
                Err(error) => report.failed.push((leftover, error)),
            }
        }
        Ok(report)
    }
}

impl GcReport {
    /// The bytes of the files that were removed, or would be.
    pub fn bytes(&self) -> u64 {
        self.leftovers.iter().map(|leftover| leftover.bytes).sum()
    }

    /// The number of the files that were removed, or would be.
    pub fn files(&self) -> u64 {
        self.leftovers.iter().map(|leftover| leftover.files).sum()
    }
}
