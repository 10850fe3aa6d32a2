//! Removing what nobody needs any more: stages of dead writers, and old trash.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::files::Handle;
use super::lock::{self, Mode};
use super::remove::remove_tree;
use super::stage::OWNER;
use super::store::{INTERNALS, Store};
use crate::error::Result;

/// How long a displaced value stays readable for those that had just opened it.
const GRACE: i64 = 60;

impl Store {
    /// Sweeps, but lets nothing fail because of it: the next one will.
    pub(crate) fn sweep_quietly(&self) {
        if let Err(error) = self.sweep() {
            tracing::warn!(%error, "cannot remove what is left over");
        }
    }

    /// Removes the stages of writers that are dead, and trash that is older than the time of grace.
    fn sweep(&self) -> Result<()> {
        let writer = self.writer()?;
        let stages = self.open_internal("stage")?;
        // Each owner file stays locked until its stage is gone: a writer that finds it free would move in.
        let abandoned = self.leftovers(&stages, |name| self.lock_abandoned(&stages, name))?;
        let trash = self.leftovers(&writer.trash, |name| self.is_old(name).then_some(()))?;
        if abandoned.is_empty() && trash.is_empty() {
            return Ok(());
        }
        // Whoever holds it is doing the same, or flushing.
        let Ok(_guard) = self.lock("store", Mode::Exclusive, Duration::ZERO) else { return Ok(()) };
        if !trash.is_empty() {
            // A displaced value may be all that a power cut would leave of its key: its successor goes first.
            self.sync_everything()?;
        }
        let stages = abandoned.iter().map(|(name, _)| (&stages, name));
        for (directory, name) in stages.chain(trash.iter().map(|(name, ())| (&writer.trash, name))) {
            if let Err(error) = remove_tree(&*self.files, directory.as_fd(), name) {
                tracing::warn!(%error, name, "cannot remove what is left over");
            }
        }
        tracing::debug!(stages = abandoned.len(), trash = trash.len(), "swept");
        Ok(())
    }

    /// The directories in `directory` that `is_one` finds to be left over, with what it keeps of them.
    fn leftovers<T>(
        &self,
        directory: &Handle,
        is_one: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<(String, T)>> {
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", INTERNALS))?;
        let names = entries.into_iter().filter(|entry| entry.is_directory);
        let names = names.filter_map(|entry| entry.name.into_string().ok());
        Ok(names.filter_map(|name| is_one(&name).map(|kept| (name, kept))).collect())
    }

    /// Locks the owner file of a stage without an owner that lives. A missing file is made first: then a writer that
    /// has just made the directory finds that it came too late.
    fn lock_abandoned(&self, stages: &Handle, name: &str) -> Option<File> {
        if self.writer().is_ok_and(|writer| writer.stage.txid() == name) {
            return None;
        }
        let owner = self.files.open_lock(stages.as_fd(), &format!("{name}/{OWNER}")).ok()?;
        lock::try_own(&owner).ok()?.then_some(owner)
    }

    fn is_old(&self, name: &str) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let stat = self.writer().ok().and_then(|writer| self.files.stat(writer.trash.as_fd(), name).ok());
        stat.is_some_and(|stat| now.saturating_sub(stat.modified) >= GRACE)
    }
}
