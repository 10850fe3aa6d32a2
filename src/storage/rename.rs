//! Moving: one rename, and then the dimension names that follow from the key.
//!
//! To renew the names below a large group takes long. So it is done after the step, when everybody may go on: node
//! by node, as any change of metadata. Until then a note in the stage says where; if we die, the next writer
//! finds it, and finishes.

use std::io;
use std::path::{Path, PathBuf};

use super::files::{AsFd, Handle};
use super::lock::Mode;
use super::read::nothing_at;
use super::store::{INTERNALS, Store, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{Key, MAX_COMPONENT, MAX_KEY, MAX_LEVELS};
use crate::zarr::{Kind, METADATA_FILE, NodeMetadata, automatic_names, column_names, renew_names};

/// What the name of a note begins with.
const NOTE: &str = "moved.";

impl Store {
    /// Moves a value or a group to a key where nothing is.
    pub(crate) fn rename(&self, from: &Key, to: &Key) -> Result<()> {
        let stage = &self.writer()?.stage;
        to.check_creatable()?;
        let (Some(from_parent), Some(to_parent)) = (from.parent(), to.parent()) else {
            return Err(Error::new(ErrorKind::Conflict, "the root cannot be moved, nor moved over"));
        };
        if to.is_within(from) {
            let message = format!("cannot be moved to {to}, which is itself or below it");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let (bytes, levels) = self.reach(from)?;
        // What is put there meanwhile is hardly longer than that by more than one component.
        let has_room = to.as_str().len() + bytes + MAX_COMPONENT < MAX_KEY
            && to.components().count() + levels + 8 < MAX_LEVELS;
        let note = self.note_move(to)?;
        let forget = || {
            let _ = self.files.remove_file(stage.handle(), &note);
        };
        {
            let _tree = self.lock_tree(Mode::Exclusive)?;
            let has_room = || if has_room { Ok(()) } else { self.check_room(from, to) };
            let moved = self.finish_all_replacing().and_then(|()| has_room());
            let moved = moved.and_then(|()| self.move_node((from, &from_parent), (to, &to_parent)));
            let (source, target) = moved.inspect_err(|_| forget())?;
            self.sync_if_power(&target, &self.place(to))?;
            self.sync_if_power(&source, &self.place(from))?;
        }
        self.renew_names(to)?;
        forget();
        Ok(())
    }

    /// The rename itself; gives the directories that lost and gained a name.
    fn move_node(&self, from: (&Key, &Key), to: (&Key, &Key)) -> Result<(Handle, Handle)> {
        let ((from, from_parent), (to, to_parent)) = (from, to);
        let place = self.place(from);
        let stat = self.files.stat(self.root(), &format!("{place}/{METADATA_FILE}"));
        if !exists(stat).map_err(self.failed("cannot look up", &place))? {
            return Err(nothing_at(from));
        }
        let source = self.group_for_removal(from_parent)?;
        let target = self.group(to_parent)?;
        self.settle_changes(from)?;
        // Before the step, so that nothing after it can fail and leave the names of axes as they were. All that is older
        // is flushed now: should the value stay here, the note hides nothing.
        self.note_moved(from)?;
        let moved = self.writer()?.renames.to_new(
            &*self.files,
            (source.handle.as_fd(), from.name()),
            (target.handle.as_fd(), to.name()),
        );
        moved.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Error::new(ErrorKind::AlreadyExists, "there is a value or a group here already")
                    .with_key(to.to_string())
            }
            _ => self.failed("cannot move", &place)(error),
        })?;
        self.writer()?.groups.forget();
        let again = |handle: &Handle| handle.try_clone().map_err(self.failed("cannot flush", &place));
        Ok((again(&source.handle)?, again(&target.handle)?))
    }

    /// How far the keys below `key` reach beyond it: in bytes, and in levels.
    fn reach(&self, key: &Key) -> Result<(usize, usize)> {
        let names = match self.child_names(key) {
            Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => Vec::new(),
            names => names?,
        };
        names.iter().try_fold((0, 0), |(bytes, levels), name| {
            let below = self.reach(&key.child(name)?)?;
            Ok((bytes.max(name.len() + 1 + below.0), levels.max(1 + below.1)))
        })
    }

    /// Checks that everything below `from` has a valid key below `to`.
    fn check_room(&self, from: &Key, to: &Key) -> Result<()> {
        let names = match self.child_names(from) {
            Err(error) if error.kind() == ErrorKind::Conflict => return Ok(()),
            names => names?,
        };
        names.iter().try_for_each(|name| self.check_room(&from.child(name)?, &to.child(name)?))
    }

    /// Writes down that names below `to` are to be renewed; gives the name of the note in our stage.
    fn note_move(&self, to: &Key) -> Result<String> {
        let stage = &self.writer()?.stage;
        let note = format!("{NOTE}{}", stage.next_name());
        let written = self.create_staged(&note, &[to.as_str().as_bytes()]).and_then(|_| {
            if self.is_power() {
                let synced = self.files.sync(stage.handle());
                synced.map_err(self.failed("cannot flush", INTERNALS))?;
                self.sync(&self.open_internal("stage")?, INTERNALS)?;
            }
            Ok(())
        });
        written.inspect_err(|_| {
            let _ = self.files.remove_file(stage.handle(), &note);
        })?;
        Ok(note)
    }

    /// Finishes the moves of a writer that died, whose stage is `name`.
    pub(super) fn finish_moves(&self, stages: &Handle, name: &str) -> Result<()> {
        let failed = self.failed("cannot read what was being moved", INTERNALS);
        let directory = match self.files.open_directory(stages.as_fd(), name) {
            // Its owner has just removed it, and died in peace.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(&failed)?,
        };
        for entry in self.files.list(directory.as_fd()).map_err(&failed)? {
            let Some(note) = entry.name.to_str().filter(|name| name.starts_with(NOTE)) else { continue };
            let file = self.files.open_file(directory.as_fd(), note).map_err(&failed)?;
            let (bytes, _) = self.read_small(&file, INTERNALS)?;
            if let Some(key) = noted(&bytes) {
                self.renew_names(&key)?;
            }
        }
        Ok(())
    }

    /// The keys that nodes are being moved to by writers that have not come to the end of it, with their notes. The
    /// dimension names at and below them may be old ones.
    pub(super) fn moves(&self) -> Vec<(Key, PathBuf)> {
        let Ok(Some((stages, entries))) = self.entries("stage", true) else { return Vec::new() };
        let mut moves = Vec::new();
        for stage in entries.iter().filter_map(|entry| entry.name.to_str()) {
            let Ok(directory) = self.files.open_directory(stages.as_fd(), stage) else { continue };
            for entry in self.files.list(directory.as_fd()).unwrap_or_default() {
                let Some(note) = entry.name.to_str().filter(|name| name.starts_with(NOTE)) else { continue };
                let Ok(file) = self.files.open_file(directory.as_fd(), note) else { continue };
                let Ok((bytes, _)) = self.read_small(&file, INTERNALS) else { continue };
                if let Some(key) = noted(&bytes) {
                    moves.push((key, Path::new(INTERNALS).join("stage").join(stage).join(note)));
                }
            }
        }
        moves
    }

    pub(super) fn is_being_moved(&self, key: &Key) -> bool {
        self.moves().iter().any(|(moved, _)| key.is_within(moved))
    }

    /// Gives all arrays at and below `key` the automatic names of where they stand. What is damaged stays as it is.
    pub(super) fn renew_names(&self, key: &Key) -> Result<()> {
        self.renew_node(key, None).map_err(|error| error.with_key(key.to_string()))
    }

    fn renew_node(&self, key: &Key, table: Option<&Key>) -> Result<()> {
        let names = |rank| match table {
            Some(table) => column_names(table, key.name(), rank),
            None => automatic_names(key, rank),
        };
        let renew = |metadata: &mut NodeMetadata| match metadata {
            NodeMetadata::Array(array) => renew_names(array, names(array.shape.len())),
            NodeMetadata::Group(_) => false,
        };
        let found = self.read(key, |snapshot| {
            let is_stale = renew(&mut snapshot.metadata.clone());
            Ok(match (&snapshot.metadata, &snapshot.marker.kind) {
                (NodeMetadata::Array(_), _) => (is_stale, Vec::new(), None),
                (_, Some(Kind::Table { columns, .. })) => (is_stale, columns.clone(), Some(key)),
                _ => (is_stale, self.names_in(key, snapshot)?, None),
            })
        });
        // Perhaps it was replaced, removed or moved on meanwhile.
        let passing = |error: &Error| {
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt | ErrorKind::Unsupported)
        };
        let (is_stale, members, table) = match found {
            Err(error) if passing(&error) => return Ok(()),
            found => found?,
        };
        if is_stale {
            let change = |metadata: &mut NodeMetadata| {
                renew(metadata);
                Ok(())
            };
            match self.update_metadata(key, change) {
                // It was understood just now: what is unsupported here are locks.
                Err(error) if passing(&error) && error.kind() != ErrorKind::Unsupported => {}
                done => done?,
            }
        }
        members.iter().try_for_each(|name| self.renew_node(&key.child(name)?, table))
    }
}

/// The key that a note names. One that is not whole names none: either nothing was moved yet, or a power cut took what
/// it said, and whoever recovers from that renews all names.
fn noted(bytes: &[u8]) -> Option<Key> {
    let key = Key::new(std::str::from_utf8(bytes).ok()?).ok()?;
    // An empty note would read as the root, which is never moved.
    (!key.is_root()).then_some(key)
}
