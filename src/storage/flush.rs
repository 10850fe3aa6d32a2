//! What makes values survive a power cut, and what is left of that promise when the disk fails.

use std::io;

use super::dirty::{Change, MarkerName};
use super::files::{AsFd, Handle, Rename, into_file};
use super::lock::Mode;
use super::stage::OWNER;
use super::store::{INTERNALS, Store, exists};
use super::trust::{Tried, Trust, is_without_lock};
use crate::error::{Error, ErrorKind, Result};

/// Where the markers are.
pub(super) const DIRTY: &str = "dirty";

impl Store {
    /// Makes everything that was stored so far survive a power cut.
    pub(crate) fn flush(&self) -> Result<()> {
        let writer = self.writer()?;
        let _guard = self.lock("store", Mode::Exclusive, writer.patience)?;
        let settled = writer.dirty.state().settled();
        // What was stored by writers that are dead now is flushed as well.
        let markers = self.markers()?;
        let own = self.own_marker();
        let of_boot = |marker: &&MarkerName| own.as_ref().is_some_and(|own| marker.is_of_boot(own));
        // A marker too many costs time after a power cut, and nothing else.
        let is_dead = |marker: &&MarkerName| self.is_dead(marker).unwrap_or(false);
        let dead: Vec<_> = markers.iter().filter(of_boot).filter(is_dead).collect();
        self.sync_everything()?;
        for marker in dead {
            self.remove_marker(marker);
        }
        // What became visible after the sync had begun may not be durable: then our marker stays.
        let mut state = writer.dirty.state();
        if state.marked && settled.is_some() && state.settled() == settled {
            state.marked = false;
            if let Some(own) = own {
                self.remove_marker(&own);
            }
        }
        Ok(())
    }

    /// Begins a change of what readers see: before that, there is a marker.
    pub(super) fn begin_change(&self) -> Result<Change<'_>> {
        let writer = self.writer()?;
        let is_power = self.is_power();
        loop {
            let mut state = writer.dirty.state();
            if let Some(why) = state.broken.as_ref().filter(|_| is_power || !state.marked) {
                return Err(self.broken(why));
            }
            if is_power || state.marked {
                return Ok(writer.dirty.begin(&mut state));
            }
            drop(state);
            // One thread makes the marker, the others wait.
            let _marking = writer.dirty.marking();
            if !writer.dirty.state().marked {
                self.mark()?;
                writer.dirty.state().marked = true;
            }
        }
    }

    /// Makes our marker, or takes over the oldest of those that dead writers of this boot have left. What the others
    /// say, it says as well, so that they do not pile up. In it are the names of what is in the trash already: what was
    /// displaced before is older than what was flushed.
    fn mark(&self) -> Result<()> {
        // Who collects garbage because there are no inodes left is not to need one.
        self.make_lock("store")?;
        let Some(own) = self.own_marker() else { return Ok(()) };
        let failed = self.failed("cannot mark the store as not flushed", INTERNALS);
        let place = format!("{INTERNALS}/{DIRTY}");
        if self.files.stat(self.root(), &place).is_err() {
            self.create_directory_if_missing(&place)?;
        }
        let directory = self.open_internal(DIRTY)?;
        let at = directory.as_fd();
        let dead = self
            .markers()?
            .into_iter()
            .filter(|marker| marker.is_of_boot(&own) && self.is_dead(marker).unwrap_or(false));
        let made = |marker: &MarkerName| self.files.stat(at, &marker.name).ok().map(|stat| stat.modified);
        let mut dead: Vec<_> = dead.filter_map(|marker| Some((made(&marker)?, marker))).collect();
        dead.sort_by_key(|(made, _)| *made);
        let displaced = self.names_in_trash()?;
        let oldest = dead.first().map(|(_, marker)| (at, marker.name.as_str()));
        let renamed = oldest.map(|oldest| self.files.rename(oldest, (at, &own.name), Rename::Over));
        let file = match renamed {
            Some(Ok(())) => self.files.open_file(at, &own.name),
            _ => self.files.create_file(at, &own.name, &[displaced.as_bytes()]),
        };
        let file = match file {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.files.open_file(at, &own.name),
            file => file,
        };
        self.sync(&file.map_err(&failed)?, INTERNALS)?;
        self.sync(&directory, INTERNALS)?;
        // Whoever made the directory may have died before this. It is last, so that the file's flush finds it all at once.
        self.sync(&self.open_internal("")?, INTERNALS)?;
        if matches!(renamed, Some(Ok(()))) {
            dead.iter().skip(1).for_each(|(_, marker)| self.remove_marker(marker));
        }
        Ok(())
    }

    /// Whether a change by this handle is under way.
    pub(super) fn is_changing(&self) -> bool {
        self.writer().is_ok_and(|writer| writer.dirty.state().settled().is_none())
    }

    /// The markers that there are, by name.
    pub(super) fn markers(&self) -> Result<Vec<MarkerName>> {
        let place = format!("{INTERNALS}/{DIRTY}");
        let directory = match self.files.open_directory(self.root(), &place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", &place))?;
        Ok(entries.iter().filter_map(|entry| MarkerName::parse(entry.name.to_str()?)).collect())
    }

    pub(super) fn own_marker(&self) -> Option<MarkerName> {
        MarkerName::new(&self.files.boot(), self.writer().ok()?.stage.txid())
    }

    /// Whether the writer of a marker is dead: nobody has locked its stage. Where locks tell nothing, it is dead if this
    /// machine was off since.
    pub(super) fn is_dead(&self, marker: &MarkerName) -> Result<bool> {
        if self.writer().is_ok_and(|writer| writer.stage.txid() == marker.txid) {
            return Ok(false);
        }
        let place = format!("{INTERNALS}/stage/{}/{OWNER}", marker.txid);
        if !exists(self.files.stat(self.root(), &place)).map_err(self.failed("cannot look up", &place))? {
            return Ok(true);
        }
        match self.owner_lives(&place) {
            Ok(Some(lives)) => Ok(!lives),
            Ok(None) => {
                let here = MarkerName::new(&self.files.boot(), &marker.txid);
                Ok(here.is_some_and(|here| marker.is_of_earlier_boot(&here)))
            }
            // Somebody else's, who has kept it to himself.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the owner file of a stage is locked; nothing where locks tell nothing.
    fn owner_lives(&self, place: &str) -> Result<Option<bool>> {
        let owner = self.files.open_lock(self.root(), place);
        // Where nothing can be written, a file that can be read is locked as well.
        let owner = owner.or_else(|_| self.files.open_file(self.root(), place).and_then(into_file));
        let owner = owner.map_err(self.failed("cannot open", place))?;
        let fresh = Trust::new(self.access().locks);
        let trust = self.writer().map_or(&fresh, |writer| &writer.trust);
        let tried = trust.try_own(&*self.files, &owner, &self.shown(place))?;
        Ok(match tried {
            Tried::Taken => Some(true),
            Tried::Locked if !is_without_lock(&owner) => Some(false),
            Tried::Locked | Tried::Alone => None,
        })
    }

    /// Removes a marker. One that cannot be removed costs time after a power cut, and nothing else.
    pub(super) fn remove_marker(&self, marker: &MarkerName) {
        let place = format!("{INTERNALS}/{DIRTY}/{}", marker.name);
        if let Err(error) = self.files.remove_file(self.root(), &place) {
            tracing::warn!(%error, place, "cannot remove a marker");
        }
    }

    /// Flushes the whole file system.
    pub(super) fn sync_everything(&self) -> Result<()> {
        let writer = self.writer()?;
        if let Some(why) = &writer.dirty.state().broken {
            return Err(self.broken(why));
        }
        self.files.sync_all(self.root()).map_err(|error| self.break_promise("", error))
    }

    /// Flushes a file or directory of the store.
    pub(super) fn sync(&self, handle: &Handle, place: &str) -> Result<()> {
        self.files.sync(handle.as_fd()).map_err(|error| self.break_promise(place, error))
    }

    /// Flushes something that nobody sees yet. When that fails it is thrown away, and all else is as it was.
    pub(super) fn sync_staged(&self, handle: &Handle) -> Result<()> {
        self.files.sync(handle.as_fd()).map_err(self.failed("cannot flush", INTERNALS))
    }

    /// Remembers that a flush failed. The system reports that once, and takes what it could not write for written:
    /// a second flush would succeed, and mean nothing.
    fn break_promise(&self, place: &str, error: io::Error) -> Error {
        if let Ok(writer) = self.writer() {
            writer.dirty.state().broken.get_or_insert_with(|| error.to_string());
        }
        self.failed("cannot flush", place)(error)
    }

    fn broken(&self, why: &str) -> Error {
        let message = format!(
            "a flush failed before ({why}), so that nothing can be promised to survive a power cut; open the store anew"
        );
        Error::new(ErrorKind::Io, message).with_file(self.path())
    }
}
