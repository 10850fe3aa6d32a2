//! Repairing a store after a power cut.
//!
//! Values that had not been flushed may be torn then: files too short, empty, or full of zeros. Whatever has changed
//! since the oldest marker is read; what is not whole becomes the version before it, from the trash, or is moved to
//! `.calcstore/lost`, and is named. So a value is there, or the one before it, or it is absent; it is never zeros.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::chunk_read::ArrayReader;
use super::dirty::MarkerName;
use super::files::AsFd;
use super::flush::DIRTY;
use super::groups::is_plain_group;
use super::lock::Mode;
use super::lost::{empty_group, split};
use super::older::{Holds, Wrapper};
use super::recovered::{Outcome, Recovered};
use super::store::{INTERNALS, Store, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Kind, METADATA_FILE, NodeMetadata};

/// Clocks are set while programs run: so many seconds before a marker was made, changes count as later.
const MARGIN: i64 = 3600;

struct Recovery<'a> {
    store: &'a Store,
    /// Only what has changed since then can be torn.
    since: i64,
    wrappers: Vec<Wrapper>,
    found: BTreeMap<String, Recovered>,
}

impl Store {
    /// The markers that say that the power was cut: their writers are dead, and lived in another boot.
    pub(super) fn markers_of_cuts(&self) -> Result<Vec<MarkerName>> {
        let markers = self.markers()?;
        if markers.is_empty() {
            return Ok(markers);
        }
        let here = MarkerName::new(&self.files.boot(), &"0".repeat(32));
        let is_here = |marker: &MarkerName| here.as_ref().is_some_and(|here| marker.is_of_boot(here));
        let mut of_cuts = Vec::new();
        for marker in markers.into_iter().filter(|marker| !is_here(marker)) {
            // Where that cannot be told, nothing is read as if all were well.
            if self.is_dead(&marker)? {
                of_cuts.push(marker);
            }
        }
        Ok(of_cuts)
    }

    /// Repairs what a power cut has torn, if there was one; tells what became of it.
    pub(super) fn recover(&self) -> Result<Vec<Recovered>> {
        if self.markers_of_cuts()?.is_empty() {
            return Ok(Vec::new());
        }
        let _store = self.lock("store", Mode::Exclusive, self.writer()?.patience)?;
        // Whoever had the lock may have done it already.
        let markers = self.markers_of_cuts()?;
        let made = |marker: &MarkerName| {
            let place = format!("{INTERNALS}/{DIRTY}/{}", marker.name);
            self.files.stat(self.root(), &place).map(|stat| stat.modified).unwrap_or_default()
        };
        let Some(oldest) = markers.iter().map(made).min() else { return Ok(Vec::new()) };
        let tree = self.lock_tree(Mode::Exclusive)?;
        tracing::warn!("the power was cut while values were not flushed; looking for torn ones");
        let since = oldest.saturating_sub(MARGIN);
        let intents = self.finish_torn_replacing()?;
        let flushed = self.displaced_before(&markers);
        let mut wrappers = self.wrappers()?;
        wrappers.retain(|wrapper| !flushed.contains(&wrapper.name()));
        let mut recovery = Recovery { store: self, since, wrappers, found: BTreeMap::new() };
        recovery.node(&Key::root())?;
        let found: Vec<_> = recovery.found.into_values().collect();
        for recovered in &found {
            tracing::warn!("{recovered}");
        }
        self.sync_everything()?;
        intents.iter().try_for_each(|intent| self.remove_intent(intent))?;
        drop(tree);
        // What was put back may be older than a move, and the note of a move may be lost.
        self.renew_names(&Key::root())?;
        for marker in &markers {
            self.remove_marker(marker);
        }
        Ok(found)
    }

    /// The names of the wrappers that were in the trash before each of the markers was made. What they hold is older than
    /// the last flush, which may have found nothing under its key.
    fn displaced_before(&self, markers: &[MarkerName]) -> BTreeSet<String> {
        let mut common: Option<BTreeSet<String>> = None;
        for marker in markers {
            let place = format!("{INTERNALS}/{DIRTY}/{}", marker.name);
            let file = self.files.open_file(self.root(), &place).map_err(self.failed("cannot open", &place));
            // One that cannot be read names nothing.
            let read = file.and_then(|file| self.read_small(&file, &place));
            let bytes = read.map(|(bytes, _)| bytes).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let names = text.lines().map(str::to_owned);
            common = Some(match common {
                Some(common) => names.filter(|name| common.contains(name)).collect(),
                None => names.collect(),
            });
        }
        common.unwrap_or_default()
    }

    /// What is wrong with the value at a place; nothing where it is whole, or cannot be checked.
    pub(super) fn damage_at(&self, place: &str, key: &Key) -> Result<Option<String>> {
        let read = self.open_place(place.to_owned(), key).and_then(|snapshot| {
            self.verify(&snapshot)?;
            let Some(Kind::Table { columns, .. }) = &snapshot.marker.kind else { return Ok(()) };
            columns.iter().try_for_each(|column| {
                self.verify(&self.open_place(format!("{place}/{column}"), &key.child(column)?)?)
            })
        });
        match read {
            Ok(()) => Ok(None),
            Err(error) => damage(error),
        }
    }
}

/// Tells damage from what says nothing about the value.
pub(super) fn damage(error: Error) -> Result<Option<String>> {
    match error.kind() {
        // Nobody can tell.
        ErrorKind::Unsupported => Ok(None),
        kind if is_damage(kind) => Ok(Some(error.message().to_owned())),
        _ => Err(error),
    }
}

/// Whether an error of a value says that it is damaged, and not that it cannot be read here and now.
pub(super) fn is_damage(kind: ErrorKind) -> bool {
    use ErrorKind::{Busy, Io, Locked, PermissionDenied, StorageFull, Unsupported};
    !matches!(kind, Io | PermissionDenied | Busy | Locked | StorageFull | Unsupported)
}

impl Recovery<'_> {
    fn node(&mut self, key: &Key) -> Result<()> {
        let store = self.store;
        let place = store.place(key);
        let stat = match store.files.stat(store.root(), &place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            stat => stat.map_err(store.failed("cannot look up", &place))?,
        };
        let changed = stat.changed.max(stat.modified) >= self.since;
        let opened = store.open_place(place.clone(), key);
        let snapshot = match opened {
            Ok(snapshot) => snapshot,
            Err(error) => match damage(error)? {
                Some(damage) if changed => return self.nameless(key, &place, damage),
                Some(_) if store.holds_nodes(key, &place)? => return self.members(key, &place),
                _ => return Ok(()),
            },
        };
        if is_plain_group(&snapshot.metadata)? {
            return self.members(key, &place);
        }
        // A change that was interrupted shows in the directories of columns and chunks alone.
        let has_directories = match &snapshot.metadata {
            NodeMetadata::Array(array) => array.chunk_keys.are_nested(),
            NodeMetadata::Group(_) => true,
        };
        let changed = changed || has_directories && self.has_changed_below(&place)?;
        if changed && !self.repair(key, true)? {
            self.lose(key)?;
        }
        Ok(())
    }

    fn members(&mut self, key: &Key, place: &str) -> Result<()> {
        self.store.directories_in(place)?.iter().try_for_each(|name| match key.child(name) {
            Ok(child) => self.node(&child),
            Err(_) => Ok(()),
        })
    }

    fn has_changed_below(&self, place: &str) -> Result<bool> {
        for name in self.store.directories_in(place)? {
            let below = format!("{place}/{name}");
            let stat = self.store.files.stat(self.store.root(), &below);
            let stat = stat.map_err(self.store.failed("cannot look into", &below))?;
            if stat.changed.max(stat.modified) >= self.since || self.has_changed_below(&below)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Repairs a directory whose `zarr.json` is torn, so that only what is in it tells whether it was a group.
    fn nameless(&mut self, key: &Key, place: &str, damage: String) -> Result<()> {
        let is_group = key.is_root() || self.store.holds_nodes(key, place)?;
        if self.repair(key, !is_group)? {
            return self.node_again(key, place);
        }
        if !is_group {
            return if self.is_stranger(place)? { Ok(()) } else { self.lose(key) };
        }
        self.regroup(key, place)?;
        self.note(key, damage, Outcome::AttributesLost);
        self.members(key, place)
    }

    /// Whether a directory holds what no node has left there: a file that is neither metadata nor a chunk.
    fn is_stranger(&self, place: &str) -> Result<bool> {
        let store = self.store;
        let Some(directory) = store.open_if_there(place)? else { return Ok(true) };
        let entries = store.files.list(directory.as_fd()).map_err(store.failed("cannot list", place))?;
        let names = entries.iter().map(|entry| (entry.name.to_string_lossy(), entry.is_directory));
        let mut others = names.clone().filter(|(name, _)| name != "c" && !name.starts_with("c."));
        if names.clone().any(|(name, _)| name == METADATA_FILE) {
            return Ok(false);
        }
        others.try_fold(false, |found, (name, is_directory)| {
            Ok(found || !is_directory || self.is_stranger(&format!("{place}/{name}"))?)
        })
    }

    fn node_again(&mut self, key: &Key, place: &str) -> Result<()> {
        let snapshot = self.store.open_place(place.to_owned(), key)?;
        if is_plain_group(&snapshot.metadata)? { self.members(key, place) } else { Ok(()) }
    }

    /// Gives a group new metadata.
    fn regroup(&self, key: &Key, place: &str) -> Result<()> {
        let store = self.store;
        let directory = store.files.open_directory(store.root(), place);
        let directory = directory.map_err(store.failed("cannot open", place))?;
        store.rewrite_metadata(&directory, place, &NodeMetadata::Group(empty_group(key)?))
    }

    /// Makes a value whole, or the metadata of a group, from the newest older version backwards. Gives whether it is. A
    /// group never becomes what it was as a whole: it may have new members.
    fn repair(&mut self, key: &Key, is_value: bool) -> Result<bool> {
        let store = self.store;
        let live = store.place(key);
        let mut older = Vec::new();
        for wrapper in &self.wrappers {
            if store.has_older(wrapper, key, is_value)? {
                older.push(wrapper.clone());
            }
        }
        let mut current = live.clone();
        let mut damage = self.damage(key, &current, &older)?;
        let mut first = damage.clone();
        let mut last = None;
        let mut older = older.iter();
        while let Some(wrapper) = older.next() {
            if damage.is_none() && wrapper.holds != Holds::FilesInPart {
                break;
            }
            match wrapper.holds {
                Holds::Removed => break,
                Holds::Node if !is_value => break,
                Holds::Node => {
                    current = wrapper.place(key);
                    last = Some(wrapper);
                }
                Holds::FilesInPart => {
                    first.get_or_insert_with(|| "half put back when the power was cut again".to_owned());
                    store.put_files_back(wrapper, key, &current)?;
                }
                Holds::Files => store.put_files_back(wrapper, key, &current)?,
            }
            damage = self.damage(key, &current, older.as_slice())?;
        }
        if damage.is_some() {
            return Ok(false);
        }
        if last.is_some() {
            self.swap_back(key, &current)?;
        }
        if let Some(damage) = first {
            self.note(key, damage, Outcome::PutBack);
        }
        Ok(true)
    }

    /// What is wrong with a version of a node. Torn chunks of a sparse array that have no older version in `older`
    /// are moved away: they are fill value then, as they were before.
    fn damage(&mut self, key: &Key, place: &str, older: &[Wrapper]) -> Result<Option<String>> {
        let store = self.store;
        let Ok(snapshot) = store.open_place(place.to_owned(), key) else {
            return store.damage_at(place, key);
        };
        let NodeMetadata::Array(array) = &snapshot.metadata else { return store.damage_at(place, key) };
        if !snapshot.marker.sparse {
            return store.damage_at(place, key);
        }
        let reader = match ArrayReader::new(store, snapshot.directory.as_fd(), place, array, true) {
            Ok(reader) => reader,
            Err(error) => return self::damage(error),
        };
        for index in reader.stored_chunks()? {
            let Err(error) = reader.verify_file(&index) else { continue };
            let Some(what) = damage(error)? else { continue };
            let file = array.chunk_keys.path(&index);
            let has_files = |wrapper: &&Wrapper| matches!(wrapper.holds, Holds::Files | Holds::FilesInPart);
            for wrapper in older.iter().take_while(has_files) {
                let kept = format!("{}/{file}", wrapper.place(key));
                let stat = store.files.stat(store.root(), &kept);
                if exists(stat).map_err(store.failed("cannot look up", &kept))? {
                    return Ok(Some(what));
                }
            }
            store.move_to_lost(place, &file, (store.txid()?, &format!("{}/{file}", key.as_str())))?;
            self.found.insert(
                format!("{key}/{file}"),
                Recovered {
                    key: key.to_string(),
                    damage: format!("{file}: {what}"),
                    outcome: Outcome::ChunkLost,
                },
            );
        }
        Ok(None)
    }

    /// Puts an older version of a node, which lies in the trash, in the place of the torn one.
    fn swap_back(&self, key: &Key, older: &str) -> Result<()> {
        let store = self.store;
        let live = store.place(key);
        if store.exchange_places(older, &live)? {
            return Ok(());
        }
        let (above, name) = split(&live);
        store.move_to_lost(above, name, (store.txid()?, key.as_str()))?;
        let from = older.strip_prefix(INTERNALS).unwrap_or(older).trim_start_matches('/');
        store.bring_back(from, key, true).map(|_| ())
    }

    fn lose(&mut self, key: &Key) -> Result<()> {
        let place = self.store.place(key);
        let damage = self.store.damage_at(&place, key)?.unwrap_or_default();
        let (above, name) = split(&place);
        self.store.move_to_lost(above, name, (self.store.txid()?, key.as_str()))?;
        self.note(key, damage, Outcome::Lost);
        Ok(())
    }

    fn note(&mut self, key: &Key, damage: String, outcome: Outcome) {
        self.found.insert(key.to_string(), Recovered { key: key.to_string(), damage, outcome });
    }
}
