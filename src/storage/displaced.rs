//! Replacing files of a live node, such as the last chunk of an array that grows, so that there is a way back.
//!
//! A file that was just written may be torn by a power cut, and with it a value that was flushed long ago. So each
//! file that is replaced is kept in the trash until the next sync: the recovery puts it back. The way there is a
//! second name for the old file, then an exchange. On ext4 that is four times as fast as a plain rename over the old
//! file, which waits for the disk.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::files::{AsFd, Handle, Rename};
use super::renames::is_lacking;
use super::store::{INTERNALS, Store};
use crate::error::Result;
use crate::key::Key;
use crate::zarr::METADATA_FILE;

/// What the name of a wrapper ends with that holds single files of a node.
pub(super) const CHANGES: &str = ".changes";

/// How long a wrapper takes files. It is less than the age at which wrappers are swept: none is emptied by a sync that
/// was there before the file.
const TAKES_FILES: Duration = Duration::from_secs(30);

/// One change of a live node in place: of some of its files, `zarr.json` last.
///
/// The caller holds the tree lock shared and the lock of the value.
pub(super) struct Displaced<'a> {
    store: &'a Store,
    key: Key,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Made when the first file is displaced.
    wrapper: Option<(Arc<Handle>, Instant)>,
    /// Whether names in the node's directory have changed since it was flushed.
    unflushed: bool,
}

impl Store {
    /// Begins to replace files of the node `key`; for a column of a table either it or the table.
    pub(super) fn keep_displaced(&self, key: &Key) -> Result<Displaced<'_>> {
        // What is durable when this returns must not stand on what is not.
        if self.is_power() && !self.markers()?.is_empty() {
            self.sync_everything()?;
        }
        Ok(Displaced { store: self, key: key.clone(), state: Mutex::default() })
    }
}

impl Displaced<'_> {
    /// Puts the staged file in the place of `file` in the live directory of the node, where there may be none yet.
    /// Readers find the old file or the new one there. A `file` like `PGA/c.0` is in a directory of the node.
    ///
    /// Under [`Durability::Power`](super::Durability::Power) the staged file was flushed already; what was put in place
    /// is durable once `zarr.json` is, which comes last.
    pub(super) fn replace(&self, staged: &str, directory: &Handle, file: &str) -> Result<()> {
        let (below, name) = file.rsplit_once('/').map_or(("", file), |(below, name)| (below, name));
        let nested = if below.is_empty() { None } else { Some(self.open_below(directory, below)?) };
        let live = nested.as_ref().unwrap_or(directory);
        if self.store.is_power() {
            return self.replace_flushed(staged, live, name, nested.is_some());
        }
        let stage = self.store.writer()?.stage.handle();
        let (from, to) = ((stage, staged), (live.as_fd(), name));
        let (files, renames) = (&*self.store.files, &self.store.writer()?.renames);
        let failed = |error| self.failed(error);
        // A look takes less than a rename that is refused, and `zarr.json` is nearly always there.
        let is_there = name == METADATA_FILE && files.stat(live.as_fd(), name).is_ok();
        if !is_there {
            match renames.to_new(files, from, to) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => return other.map_err(failed),
            }
        }
        let kept = self.holder(below)?;
        match files.link(to, (kept.as_fd(), name)) {
            Ok(()) => {}
            // This change replaces the file for the second time, and its first version is the one to keep.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) if is_lacking(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
                // There will be no way back, and the metadata may speak of chunks that were put in place unflushed.
                if name == METADATA_FILE {
                    self.store.sync_everything()?;
                } else {
                    self.flush_staged(staged)?;
                }
                return self.replace_flushed(staged, live, name, true);
            }
            Err(error) => return Err(failed(error)),
        }
        if !renames.exchange(files, from, to).map_err(failed)? {
            return files.rename(from, to, Rename::Over).map_err(failed);
        }
        // The old file, which has its other name in the trash.
        let _ = files.remove_file(stage, staged);
        Ok(())
    }

    /// Takes a file out of the live directory of the node. It is kept as one that is replaced: should the power be cut,
    /// the old `zarr.json`, which speaks of it, may be all that is left.
    pub(super) fn remove(&self, directory: &Handle, name: &str) -> Result<()> {
        let files = &*self.store.files;
        let failed = |error| self.failed(error);
        // Under `Power` the new `zarr.json` was flushed before.
        if !self.store.is_power() {
            let kept = self.holder("")?;
            let renames = &self.store.writer()?.renames;
            match renames.to_new(files, (directory.as_fd(), name), (kept.as_fd(), name)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                moved => return moved.map_err(failed),
            }
        }
        files.remove_file(directory.as_fd(), name).map_err(failed)
    }

    /// Puts a file that was flushed over the old one, and flushes the directory: at once, or with `zarr.json`.
    fn replace_flushed(&self, staged: &str, live: &Handle, name: &str, at_once: bool) -> Result<()> {
        let store = self.store;
        let place = store.place(&self.key);
        let stage = store.writer()?.stage.handle();
        let is_last = name == METADATA_FILE;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The metadata speak of the chunks, so that these are there first.
        if is_last && state.unflushed {
            store.sync(live, &place)?;
            state.unflushed = false;
        }
        let renamed = store.files.rename((stage, staged), (live.as_fd(), name), Rename::Over);
        renamed.map_err(|error| self.failed(error))?;
        if is_last || at_once {
            return store.sync(live, &place);
        }
        state.unflushed = true;
        Ok(())
    }

    fn flush_staged(&self, staged: &str) -> Result<()> {
        let stage = self.store.writer()?.stage.handle();
        let file = self.store.files.open_file(stage, staged);
        let file = file.map_err(self.store.failed("cannot open", INTERNALS))?;
        self.store.sync_staged(&file)
    }

    /// Opens a directory below that of the node; makes it where chunks have directories of their own.
    fn open_below(&self, directory: &Handle, below: &str) -> Result<Handle> {
        let files = &*self.store.files;
        for (end, _) in below.match_indices('/').chain([(below.len(), "")]) {
            if files.open_directory(directory.as_fd(), &below[..end]).is_err() {
                let made = files.create_directory(directory.as_fd(), &below[..end]);
                made.or_else(unless_there).map_err(|error| self.failed(error))?;
            }
        }
        files.open_directory(directory.as_fd(), below).map_err(|error| self.failed(error))
    }

    /// The directory in the trash for old files, and `below` in it.
    fn holder(&self, below: &str) -> Result<Arc<Handle>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let wrapper = match &state.wrapper {
            Some((wrapper, made)) if made.elapsed() < TAKES_FILES => Arc::clone(wrapper),
            _ => {
                let made = Instant::now();
                let trash = self.store.make_wrapper(CHANGES, self.key.components())?;
                let wrapper = Arc::new(trash.holder);
                state.wrapper = Some((Arc::clone(&wrapper), made));
                wrapper
            }
        };
        drop(state);
        if below.is_empty() { Ok(wrapper) } else { self.open_below(&wrapper, below).map(Arc::new) }
    }

    fn failed(&self, error: io::Error) -> crate::error::Error {
        self.store.failed("cannot write", &self.store.place(&self.key))(error)
    }
}

fn unless_there(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::AlreadyExists { Ok(()) } else { Err(error) }
}
