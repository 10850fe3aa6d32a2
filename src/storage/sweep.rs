//! Removing what nobody needs any more: stages of dead writers, and old trash.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        let stages = self.leftovers("stage", |name| self.is_abandoned(name))?;
        let trash = self.leftovers("trash", |name| Ok(self.is_old(name)))?;
        if stages.is_empty() && trash.is_empty() {
            return Ok(());
        }
        // Whoever holds it is doing the same, or flushing.
        let Ok(_guard) = self.lock("store", Mode::Exclusive, Duration::ZERO) else { return Ok(()) };
        if !trash.is_empty() {
            // A displaced value may be all that a power cut would leave of its key: its successor goes first.
            self.files.sync_all(self.root()).map_err(self.failed("cannot flush", ""))?;
        }
        for place in stages.iter().chain(&trash) {
            let removed = remove_tree(&*self.files, self.root(), place);
            removed.map_err(self.failed("cannot remove", place))?;
        }
        tracing::debug!(stages = stages.len(), trash = trash.len(), "swept");
        Ok(())
    }

    fn leftovers(&self, kind: &str, is_one: impl Fn(&str) -> io::Result<bool>) -> Result<Vec<String>> {
        let place = format!("{INTERNALS}/{kind}");
        let failed = self.failed("cannot list", &place);
        let directory = self.files.open_directory(self.root(), &place).map_err(&failed)?;
        let mut found = Vec::new();
        for entry in self.files.list(directory.as_fd()).map_err(&failed)? {
            let Some(name) = entry.name.to_str() else { continue };
            let place = format!("{place}/{name}");
            if entry.is_directory && is_one(&place).unwrap_or(false) {
                found.push(place);
            }
        }
        Ok(found)
    }

    /// Whether a stage has no owner that lives. A missing owner file is made and locked first: then a writer that
    /// has just made the directory finds that it came too late.
    fn is_abandoned(&self, place: &str) -> io::Result<bool> {
        if self.writer().is_ok_and(|writer| place.ends_with(writer.stage.txid())) {
            return Ok(false);
        }
        let owner = self.files.open_lock(self.root(), &format!("{place}/{OWNER}"))?;
        lock::try_own(&owner)
    }

    fn is_old(&self, place: &str) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        self.files.stat(self.root(), place).is_ok_and(|stat| now.saturating_sub(stat.modified) >= GRACE)
    }
}
