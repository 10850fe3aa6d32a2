//! Older versions of nodes, in the trash.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io;

use super::displaced::CHANGES;
use super::files::{AsFd, Handle, Rename};
use super::store::{INTERNALS, Store, exists};
use crate::error::Result;
use crate::key::Key;
use crate::zarr::METADATA_FILE;

/// What the name of a wrapper ends with whose files are being put back: once begun, that is finished.
const UNDO: &str = ".undo";

/// What the name of a wrapper ends with whose node was removed, or moved: then a file stands for it.
pub(super) const REMOVED: &str = ".removed";

/// A wrapper in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrapper {
    /// The name of its directory, without the suffix.
    stem: String,
    pub holds: Holds,
    /// When it was made, then its number among those of one writer.
    order: (i64, u32, u64),
}

/// What a wrapper holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A whole node.
    Node,
    /// A node after which there was none under its key.
    Removed,
    /// Single files of a node.
    Files,
    /// Files some of which are back in their places already.
    FilesInPart,
}

impl Wrapper {
    pub fn name(&self) -> String {
        let suffix = match self.holds {
            Holds::Node => "",
            Holds::Removed => REMOVED,
            Holds::Files => CHANGES,
            Holds::FilesInPart => UNDO,
        };
        format!("{}{suffix}", self.stem)
    }

    /// Where it has what belongs to `key`, relative to the store.
    pub fn place(&self, key: &Key) -> String {
        let place = format!("{INTERNALS}/trash/{}/{}", self.name(), key.as_str());
        place.trim_end_matches('/').to_owned()
    }
}

impl Store {
    /// The wrappers in the trash, the newest first.
    pub(super) fn wrappers(&self) -> Result<Vec<Wrapper>> {
        let trash = &self.writer()?.trash;
        let entries = self.files.list(trash.as_fd()).map_err(self.failed("cannot list", INTERNALS))?;
        let mut wrappers = Vec::new();
        for name in entries.iter().filter_map(|entry| entry.name.to_str()) {
            let suffixed = |suffix, holds| name.strip_suffix(suffix).map(|stem| (stem, holds));
            let (stem, holds) = suffixed(CHANGES, Holds::Files)
                .or_else(|| suffixed(REMOVED, Holds::Removed))
                .or_else(|| suffixed(UNDO, Holds::FilesInPart))
                .unwrap_or((name, Holds::Node));
            let Some((_, number)) = stem.split_once('.') else { continue };
            let Ok(number) = number.parse() else { continue };
            let stat = match self.files.stat(trash.as_fd(), name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                stat => stat.map_err(self.failed("cannot look up", INTERNALS))?,
            };
            let order = (stat.modified, stat.modified_nanos, number);
            wrappers.push(Wrapper { stem: stem.to_owned(), holds, order });
        }
        wrappers.sort_by_key(|wrapper| std::cmp::Reverse(wrapper.order));
        Ok(wrappers)
    }

    /// The names of what is in the trash, a line each.
    pub(super) fn names_in_trash(&self) -> Result<String> {
        let trash = &self.writer()?.trash;
        let entries = self.files.list(trash.as_fd()).map_err(self.failed("cannot list", INTERNALS))?;
        Ok(entries.iter().filter_map(|entry| Some(entry.name.to_str()?.to_owned() + "\n")).collect())
    }

    /// Whether a wrapper has an older version of the node `key`, or older files of it, or says that it was removed.
    pub(super) fn has_older(&self, wrapper: &Wrapper, key: &Key, is_value: bool) -> Result<bool> {
        let place = wrapper.place(key);
        if wrapper.holds == Holds::Removed {
            // What is below something that was moved is below a file here.
            return match self.files.stat(self.root(), &place) {
                Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(true),
                stat => exists(stat).map_err(self.failed("cannot look up", &place)),
            };
        }
        if wrapper.holds == Holds::Node {
            let stat = self.files.stat(self.root(), &format!("{place}/{METADATA_FILE}"));
            return exists(stat).map_err(self.failed("cannot look up", &place));
        }
        let Some(directory) = self.open_if_there(&place)? else { return Ok(false) };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", &place))?;
        // What lies deeper is part of a value: a column, or chunks in directories; of a group it is another node.
        Ok(entries.iter().any(|entry| is_value || !entry.is_directory))
    }

    /// Puts the files of a wrapper back into the directory at `target`, over those that had taken their places.
    pub(super) fn put_files_back(&self, wrapper: &Wrapper, key: &Key, target: &str) -> Result<()> {
        let begun = Wrapper { holds: Holds::FilesInPart, ..wrapper.clone() };
        if wrapper.holds == Holds::Files {
            let trash = self.writer()?.trash.as_fd();
            let renamed = self.files.rename((trash, &wrapper.name()), (trash, &begun.name()), Rename::Over);
            renamed.map_err(self.failed("cannot put back", target))?;
        }
        self.put_back_below(&begun.place(key), target)
    }

    fn put_back_below(&self, from: &str, to: &str) -> Result<()> {
        let failed = self.failed("cannot put back", to);
        let old = self.files.open_directory(self.root(), from).map_err(&failed)?;
        // Where the node is another one by now, the files stay where they are.
        let Some(live) = self.open_if_there(to)? else { return Ok(()) };
        for entry in self.files.list(old.as_fd()).map_err(&failed)? {
            let Some(name) = entry.name.to_str() else { continue };
            if entry.is_directory {
                self.put_back_below(&format!("{from}/{name}"), &format!("{to}/{name}"))?;
                continue;
            }
            let (old, live) = ((old.as_fd(), name), (live.as_fd(), name));
            self.files.rename(old, live, Rename::Over).map_err(&failed)?;
            // A rename does nothing where both names are of one file: it had not been replaced yet.
            match self.files.remove_file(old.0, old.1) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn open_if_there(&self, place: &str) -> Result<Option<Handle>> {
        match self.files.open_directory(self.root(), place) {
            Ok(directory) => Ok(Some(directory)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(self.failed("cannot open", place)(error)),
        }
    }

    /// Makes durable what was changed or replaced at or below `key`: the older versions lie under this key and would
    /// not be found under another one.
    pub(super) fn settle_changes(&self, key: &Key) -> Result<()> {
        if self.is_power() && self.markers()?.is_empty() {
            return Ok(());
        }
        for wrapper in self.wrappers()? {
            if wrapper.holds != Holds::Removed && self.open_if_there(&wrapper.place(key))?.is_some() {
                return self.sync_everything();
            }
        }
        Ok(())
    }

    /// Notes that `key` is moved away, where the trash has older versions: these are not what was there last.
    pub(super) fn note_moved(&self, key: &Key) -> Result<()> {
        let is_there = |wrapper: &Wrapper| Ok(self.open_if_there(&wrapper.place(key))?.is_some());
        if !self.wrappers()?.iter().map(is_there).collect::<Result<Vec<_>>>()?.contains(&true) {
            return Ok(());
        }
        let trash = self.make_wrapper(REMOVED, key.parent().iter().flat_map(Key::components))?;
        let made = self.files.create_file(trash.holder.as_fd(), key.name(), &[]);
        made.map(|_| ()).map_err(self.failed("cannot note a move", INTERNALS))
    }
}
