//! Groups that are filled before anybody can see them, and appear as a whole.

use std::io;
use std::sync::Arc;

use super::array_options::ArrayOptions;
use super::array_write::MANY_FILES;
use super::commit::Existing;
use super::files::AsFd;
use super::fork::is_ours;
use super::groups::is_plain_group;
use super::lock::Mode;
use super::store::{INTERNALS, Store, Writer, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::system::process_id;
use crate::values::Content;
use crate::zarr::{GroupMetadata, METADATA_FILE, NodeMetadata};

/// A group in the stage that is to stand under a key.
#[derive(Debug)]
pub(crate) struct Draft {
    store: Arc<Store>,
    /// The staged group, under the keys that it will have.
    inside: Arc<Store>,
    key: Key,
    /// Its name in the stage.
    name: String,
    /// The process whose stage that is.
    pid: u32,
}

impl Draft {
    /// Begins with an empty group.
    pub(crate) fn new(store: &Arc<Store>, key: &Key) -> Result<Self> {
        store.check_target(key)?;
        let name = store.stage_group(&NodeMetadata::Group(GroupMetadata::default()))?;
        let inside = store.of_staged(&name, key).inspect_err(|_| store.discard(&name))?;
        Ok(Self {
            store: Arc::clone(store),
            inside: Arc::new(inside),
            key: key.clone(),
            name,
            pid: process_id(),
        })
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// What has been put in so far, as a store.
    ///
    /// A forked child has another stage, where other things have these names.
    pub(crate) fn inside(&self) -> Result<&Arc<Store>> {
        if is_ours(self.pid) {
            return Ok(&self.inside);
        }
        let message = "the draft belongs to the process that this one was forked from; begin another one";
        Err(Error::new(ErrorKind::Conflict, message))
    }

    /// Refuses where something is under the key already: better now than when all is done.
    pub(crate) fn check_vacant(&self) -> Result<()> {
        let place = self.store.place(&self.key);
        let stat = self.store.files.stat(self.store.root(), &format!("{place}/{METADATA_FILE}"));
        if exists(stat).map_err(self.store.failed("cannot look up", &place))? {
            return Err(occupied(&self.key));
        }
        Ok(())
    }

    /// Puts a value in, under the key that it will have.
    pub(crate) fn put(&self, key: &Key, content: &Content<'_>, existing: Existing) -> Result<()> {
        key.check_creatable()?;
        if *key == self.key {
            return Err(Error::new(ErrorKind::Conflict, "the draft itself is a group and cannot be a value"));
        }
        let inside = self.inside()?;
        let options = ArrayOptions { compression: inside.compression(), ..ArrayOptions::default() };
        let name = inside.stage_node(key, content, &options)?;
        let placed = match inside.commit(key, &name, Existing::Refuse) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists && existing == Existing::Replace => {
                self.replace(key, &name)
            }
            placed => placed,
        };
        placed.inspect_err(|_| inside.discard(&name))
    }

    /// Lets a value take the place of one that is in the draft already. Nobody reads that one: it goes at once.
    fn replace(&self, key: &Key, name: &str) -> Result<()> {
        let inside = &self.inside;
        // Here the old value does not stay in the trash for those who are looking at it.
        let _value = inside.lock_value(key)?;
        inside.refuse_group(key)?;
        let place = inside.place(key);
        let Writer { stage, renames, .. } = inside.writer()?;
        let (new, live) = ((stage.handle(), name), (inside.root(), place.as_str()));
        let failed = inside.failed("cannot replace", &place);
        if !renames.exchange(&*inside.files, new, live).map_err(&failed)? {
            let old = stage.next_name();
            renames.to_new(&*inside.files, live, (stage.handle(), &old)).map_err(&failed)?;
            renames.to_new(&*inside.files, new, live).map_err(&failed)?;
            inside.discard(&old);
        }
        inside.discard(name);
        Ok(())
    }

    /// Lets the group appear, with everything in it.
    pub(crate) fn commit(&self, existing: Existing) -> Result<()> {
        self.inside().and_then(|_| self.store.commit_tree(&self.key, &self.name, existing))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After the commit there is nothing, or what was replaced in the very same place.
        if is_ours(self.pid) {
            self.store.discard(&self.name);
        }
    }
}

impl Store {
    /// Checks that a whole group, or whatever is copied, may be put under `key`.
    pub(super) fn check_target(&self, key: &Key) -> Result<()> {
        self.writer()?;
        key.check_creatable()?;
        if key.is_root() {
            return Err(Error::new(ErrorKind::Conflict, "the root is there already, and is never replaced"));
        }
        Ok(())
    }

    /// Lets what is staged as `name`, with everything below it, appear under `key` in one step.
    pub(super) fn commit_tree(&self, key: &Key, name: &str, existing: Existing) -> Result<()> {
        self.sync_staged_tree(name)?;
        match self.commit(key, name, Existing::Refuse) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            Err(_) if existing == Existing::Refuse => return Err(occupied(key)),
            Err(_) => {}
            Ok(()) => return Ok(()),
        }
        // Nobody may be putting anything into a group that is about to leave its place.
        let _tree = self.lock_tree(Mode::Exclusive)?;
        self.finish_all_replacing()?;
        let parent = self.group(&key.parent().unwrap_or_else(Key::root))?;
        let place = self.place(key);
        if !exists(self.files.stat(self.root(), &place)).map_err(self.failed("cannot look up", &place))? {
            // It has been removed meanwhile.
            let stage = self.writer()?.stage.handle();
            if !self.appear(key, (stage, name), &parent, false)? {
                return Err(occupied(key));
            }
            return self.sync_if_power(&parent.handle, &place);
        }
        if !self.is_staged_group(name)? {
            self.refuse_group(key)?;
        }
        self.writer()?.groups.forget();
        self.exchange(key, name, &parent)
    }

    /// Whether what is staged is a group, and not a value.
    fn is_staged_group(&self, name: &str) -> Result<bool> {
        let stage = self.writer()?.stage.handle();
        let staged = self.files.open_directory(stage, name).map_err(self.failed("cannot open", INTERNALS))?;
        is_plain_group(&self.read_metadata(&staged, INTERNALS)?)
    }

    /// Flushes everything that is staged as `name` under `Power`, each directory after what is in it.
    pub(super) fn sync_staged_tree(&self, name: &str) -> Result<()> {
        if !self.is_power() {
            return Ok(());
        }
        let (mut found, mut files) = (Vec::new(), 0);
        let failed = self.failed("cannot flush what was staged", INTERNALS);
        self.list_staged(name, &mut found, &mut files).map_err(&failed)?;
        if files > MANY_FILES {
            return self.sync_everything();
        }
        let stage = self.writer()?.stage.handle();
        for (path, is_directory) in &found {
            let opened = match is_directory {
                true => self.files.open_directory(stage, path),
                false => self.files.open_file(stage, path),
            };
            self.sync(&opened.map_err(&failed)?, INTERNALS)?;
        }
        Ok(())
    }

    /// Lists a staged directory, itself after what is in it, until it is clear that there are many files.
    fn list_staged(&self, path: &str, found: &mut Vec<(String, bool)>, files: &mut u64) -> io::Result<()> {
        let Ok(writer) = self.writer() else { return Ok(()) };
        let directory = self.files.open_directory(writer.stage.handle(), path)?;
        for entry in self.files.list(directory.as_fd())? {
            if *files > MANY_FILES {
                return Ok(());
            }
            let below = format!("{path}/{}", entry.name.to_string_lossy());
            if entry.is_directory {
                self.list_staged(&below, found, files)?;
            } else {
                *files += 1;
                found.push((below, false));
            }
        }
        found.push((path.to_owned(), true));
        Ok(())
    }
}

/// The error for a key where something is, and was not to be replaced.
fn occupied(key: &Key) -> Error {
    let message = "there is a value or a group here already, and it was not asked to replace it";
    Error::new(ErrorKind::AlreadyExists, message).with_key(key.to_string())
}
