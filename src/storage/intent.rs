//! Replacing a value where the file system cannot exchange two directories in one step.
//!
//! Then it takes two renames, the old value away and the new one in its place, and a file says what is going on
//! between them. A reader that finds nothing under a key waits while there is such a file for it; the next writer
//! finishes what a dead one had begun.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::io;

use serde::{Deserialize, Serialize};

use super::files::{AsFd, EXCHANGES};
use super::groups::Trash;
use super::lock::Mode;
use super::renames::Name;
use super::store::{INTERNALS, Store, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;

/// Where the intents are.
pub(super) const INTENTS: &str = "intent";

/// What an intent file says. The places are below `.calcstore`.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Intent {
    key: String,
    new: String,
    old: String,
}

/// The name of an intent file, and what it says; nothing where that makes no sense.
type Found = (String, Option<Intent>);

/// Whether the value of a key is being replaced in two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replacing {
    Now,
    NotNow,
    /// Nothing was ever replaced so in this store.
    Never,
}

impl Store {
    /// Puts a staged node in the place of a live one by two renames. The caller holds the lock of the value, and
    /// removes the intent, whose name this gives, when nothing more can go wrong.
    pub(super) fn replace_in_two_steps(
        &self,
        key: &Key,
        new: Name<'_>,
        live: Name<'_>,
        trash: &Trash,
    ) -> Result<String> {
        let txid = self.writer()?.stage.txid();
        let intent = Intent {
            key: key.as_str().to_owned(),
            new: format!("stage/{txid}/{}", new.1),
            old: format!("trash/{}/{}", trash.wrapper, key.as_str()),
        };
        // For a moment the trash is the only place of the old value, which may have been durable.
        let name = self
            .sync_wrapper(trash, key)
            .and_then(|()| self.write_intent(&intent))
            .inspect_err(|_| self.discard_trash(trash))?;
        let (files, renames) = (&*self.files, &self.writer()?.renames);
        let old = (trash.holder.as_fd(), key.name());
        let taken_away = renames.to_new(files, live, old);
        let done = taken_away.and_then(|()| {
            // Put back where that fails; where that fails too, the intent stays and the next writer finds it.
            renames.to_new(files, new, live).or_else(|error| renames.to_new(files, old, live).and(Err(error)))
        });
        done.map_err(self.failed("cannot replace", &self.place(key))).inspect_err(|_| {
            // Until that is durable, a power cut may leave the old value in the trash.
            if exists(files.stat(live.0, live.1)).unwrap_or(false) && files.sync(live.0).is_ok() {
                let _ = self.remove_intent(&name);
                self.discard_trash(trash);
            }
        })?;
        Ok(name)
    }

    /// Writes an intent, durably: it is what tells a value that is being replaced from one that was removed.
    fn write_intent(&self, intent: &Intent) -> Result<String> {
        let place = format!("{INTERNALS}/{INTENTS}");
        self.create_directory_if_missing(&place)?;
        self.sync(&self.open_internal("")?, INTERNALS)?;
        let directory = self.open_internal(INTENTS)?;
        let stage = &self.writer()?.stage;
        let staged = stage.next_name();
        let name = format!("{}.{staged}.json", stage.txid());
        let bytes = serde_json::to_vec(intent).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "cannot be written as JSON").with_source(error)
        })?;
        let file = self.create_staged(&staged, &[&bytes])?;
        let written = self.sync_staged(&file).and_then(|()| {
            let renamed = self.writer()?.renames.to_new(
                &*self.files,
                (stage.handle(), &staged),
                (directory.as_fd(), &name),
            );
            renamed.map_err(self.failed("cannot write", &place))
        });
        if let Err(error) = written {
            let _ = self.files.remove_file(stage.handle(), &staged);
            return Err(error);
        }
        self.sync(&directory, &place).inspect_err(|_| drop(self.remove_intent(&name)))?;
        Ok(name)
    }

    pub(super) fn remove_intent(&self, name: &str) -> Result<()> {
        let place = format!("{INTERNALS}/{INTENTS}/{name}");
        self.files.remove_file(self.root(), &place).map_err(self.failed("cannot remove", &place))
    }

    /// The intents that there are: few, and on most file systems not even the directory, where this gives nothing.
    fn intents(&self) -> Result<Option<Vec<Found>>> {
        use io::ErrorKind::{NotADirectory, NotFound};
        let is_missing = |error: &io::Error| matches!(error.kind(), NotFound | NotADirectory);
        let place = format!("{INTERNALS}/{INTENTS}");
        // Each commit asks, and a look takes less than to open what is not there.
        if self.files.stat(self.root(), &place).is_err_and(|error| is_missing(&error)) {
            return Ok(None);
        }
        let directory = match self.files.open_directory(self.root(), &place) {
            Err(error) if is_missing(&error) => return Ok(None),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", &place))?;
        let mut intents = Vec::new();
        let files = entries.into_iter().filter(|entry| entry.is_file);
        for name in files.filter_map(|entry| entry.name.into_string().ok()) {
            let file = match self.files.open_file(directory.as_fd(), &name) {
                Err(error) if error.kind() == NotFound => continue,
                opened => opened.map_err(self.failed("cannot open", &place))?,
            };
            let (bytes, _) = self.read_small(&file, &place)?;
            intents.push((name, serde_json::from_slice(&bytes).ok()));
        }
        Ok(Some(intents))
    }

    /// The names of the intents, and their keys; none where an intent makes no sense.
    pub(super) fn intended(&self) -> Result<Vec<(String, Option<Key>)>> {
        let key = |intent: Option<Intent>| Key::new(&intent?.key).ok();
        Ok(self.intents()?.into_iter().flatten().map(|(name, intent)| (name, key(intent))).collect())
    }

    /// Whether what is at `key`, or above it, is just being replaced.
    pub(super) fn replacing(&self, key: &Key) -> Replacing {
        // In what is staged nothing is replaced in two steps; the intents are about the live values of these keys.
        if self.is_staged() {
            return Replacing::Never;
        }
        let intents = match self.intents() {
            Ok(Some(intents)) => intents,
            Ok(None) if EXCHANGES => return Replacing::Never,
            // What cannot be read tells nothing.
            Ok(None) | Err(_) => return Replacing::NotNow,
        };
        let mut replaced = intents.iter().filter_map(|(_, intent)| Key::new(&intent.as_ref()?.key).ok());
        if replaced.any(|replaced| key.is_within(&replaced)) { Replacing::Now } else { Replacing::NotNow }
    }

    /// Whether a value may be replaced in two steps here: there is nothing under its key for a moment.
    pub(super) fn replaces_in_two_steps(&self) -> bool {
        let place = format!("{INTERNALS}/{INTENTS}");
        !self.is_staged() && (!EXCHANGES || self.files.stat(self.root(), &place).is_ok())
    }

    /// Finishes the replacements that dead writers have left between their two renames: all, or that of one key.
    /// The caller holds no lock. Gives whether values may be replaced in two steps here.
    pub(super) fn finish_replacing(&self, only: Option<&Key>) -> Result<bool> {
        self.each_intent(|name, intent, key| {
            if !only.is_none_or(|only| only.is_within(key)) {
                return Ok(());
            }
            let _tree = self.lock_tree(Mode::Shared)?;
            // A living writer holds it until it has finished by itself.
            let _value = self.lock_value(key)?;
            self.finish(name, intent, key)
        })
    }

    /// The same for one key; the caller holds `tree` and the lock of the value, so that its writer is dead.
    pub(super) fn finish_replacing_value(&self, value: &Key) -> Result<()> {
        self.each_intent(
            |name, intent, key| if key == value { self.finish(name, intent, key) } else { Ok(()) },
        )
        .map(drop)
    }

    /// The same for all keys; the caller holds `tree` exclusively, so that all their writers are dead.
    pub(super) fn finish_all_replacing(&self) -> Result<()> {
        self.each_intent(|name, intent, key| self.finish(name, intent, key)).map(drop)
    }

    /// Does something with each intent that makes sense. Gives whether values may be replaced in two steps here.
    fn each_intent(&self, act: impl Fn(&str, &Intent, &Key) -> Result<()>) -> Result<bool> {
        // In what is staged nothing is replaced in two steps; the intents are about the live values of these keys.
        if self.is_staged() {
            return Ok(false);
        }
        let Some(intents) = self.intents()? else { return Ok(!EXCHANGES) };
        for (name, intent) in intents {
            let named = intent.as_ref().and_then(|intent| Some((intent, Key::new(&intent.key).ok()?)));
            match named {
                Some((intent, key)) => act(&name, intent, &key)?,
                None => tracing::warn!(name, "an intent that makes no sense is left alone"),
            }
        }
        Ok(true)
    }

    /// Finishes one whose writer is dead.
    fn finish(&self, name: &str, intent: &Intent, key: &Key) -> Result<()> {
        let place = format!("{INTERNALS}/{INTENTS}/{name}");
        if !exists(self.files.stat(self.root(), &place)).map_err(self.failed("cannot look up", &place))? {
            return Ok(());
        }
        let live = self.place(key);
        if !exists(self.files.stat(self.root(), &live)).map_err(self.failed("cannot look up", &live))? {
            for from in [&intent.new, &intent.old] {
                if self.bring_back(from, key, true)? {
                    tracing::warn!(%key, from, "finished a replacement that was interrupted");
                    break;
                }
            }
        }
        // Also what its writer has finished by itself may not be durable.
        let parent = self.place(&key.parent().unwrap_or_else(Key::root));
        if let Some(parent_directory) = self.open_if_there(&parent)? {
            self.sync(&parent_directory, &parent)?;
        }
        self.remove_intent(name)
    }

    /// The same after a power cut, when values may be torn: then the old one is put back as it is, for the recovery to
    /// repair. The caller holds all locks, flushes everything, and then removes the intents, whose names this gives.
    pub(super) fn finish_torn_replacing(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for (name, intent) in self.intents()?.into_iter().flatten() {
            let Some((intent, key)) =
                intent.and_then(|intent| Key::new(&intent.key).ok().map(|key| (intent, key)))
            else {
                continue;
            };
            let live = self.place(&key);
            if !exists(self.files.stat(self.root(), &live)).map_err(self.failed("cannot look up", &live))?
                && !self.bring_back(&intent.new, &key, true)?
            {
                self.bring_back(&intent.old, &key, false)?;
            }
            names.push(name);
        }
        Ok(names)
    }

    /// Puts what lies below `.calcstore` under its key: if it is whole, where that is asked for. Gives whether it did.
    pub(super) fn bring_back(&self, from: &str, key: &Key, if_whole: bool) -> Result<bool> {
        let inside = ["stage/", "trash/"].iter().any(|above| from.starts_with(above));
        if !inside || from.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Ok(false);
        }
        let place = format!("{INTERNALS}/{from}");
        if !exists(self.files.stat(self.root(), &place)).map_err(self.failed("cannot look up", &place))?
            || if_whole && self.damage_at(&place, key)?.is_some()
        {
            return Ok(false);
        }
        let above = |place: &str| {
            let (above, name) = place.rsplit_once('/').unwrap_or((".", place));
            let opened = self.files.open_directory(self.root(), above);
            match opened {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                opened => Ok(Some((opened.map_err(self.failed("cannot open", above))?, name.to_owned()))),
            }
        };
        let live = self.place(key);
        let (Some(from), Some(to)) = (above(&place)?, above(&live)?) else { return Ok(false) };
        let (from, to) = ((from.0.as_fd(), &*from.1), (to.0.as_fd(), &*to.1));
        self.writer()?.renames.to_new(&*self.files, from, to).map_err(self.failed("cannot store", &live))?;
        Ok(true)
    }
}
