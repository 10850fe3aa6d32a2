//! Removing what nobody needs any more: stages of dead writers, and old trash.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::files::Files;
use super::lock::{self, Mode};
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

/// Removes a file, or a directory with everything in it; links are removed, never followed. That something is
/// gone already is as well.
pub(super) fn remove_tree(files: &dyn Files, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    let directory = match files.open_directory(at, path) {
        Ok(directory) => directory,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(_) => return gone(files.remove_file(at, path)),
    };
    for entry in files.list(directory.as_fd())? {
        let Some(name) = entry.name.to_str() else {
            return Err(io::Error::other(format!("{} is no name of ours", entry.name.display())));
        };
        if entry.is_directory {
            remove_tree(files, directory.as_fd(), name)?;
        } else {
            gone(files.remove_file(directory.as_fd(), name))?;
        }
    }
    gone(files.remove_directory(at, path))
}
