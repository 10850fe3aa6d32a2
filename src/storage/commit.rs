//! The steps that make values appear, change places and disappear: each of them one rename.
//!
//! Whoever puts something below a group holds the tree lock shared, from finding the group until the value is
//! acknowledged; whoever takes a group away holds it exclusively. Otherwise a value could land in a group that
//! is in the trash already, or below a value that took the group's place.

use std::io;

use super::array_options::ArrayOptions;
use super::files::{AsFd, Stat};
use super::groups::is_plain_group;
use super::known_groups::Group;
use super::lock::Mode;
use super::older::REMOVED;
use super::read::{Snapshot, nothing_at};
use super::store::{Store, Writer};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::values::{Content, DataType};
use crate::zarr::METADATA_FILE;

/// What to do where a value is stored already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Refuse,
    Replace,
}

impl Store {
    /// Stores a value: after this, readers see the whole of it, and never see a part.
    pub(crate) fn put(&self, key: &Key, content: &Content<'_>, existing: Existing) -> Result<()> {
        let options = ArrayOptions { compression: self.compression(), ..ArrayOptions::default() };
        self.put_with(key, content, &options, existing)
    }

    /// Stores a value, laid out as the options say.
    pub(crate) fn put_with(
        &self,
        key: &Key,
        content: &Content<'_>,
        options: &ArrayOptions,
        existing: Existing,
    ) -> Result<()> {
        self.check_value_key(key)?;
        let name = self.stage_node(key, content, options)?;
        self.commit(key, &name, existing).inspect_err(|_| self.discard(&name))
    }

    /// Makes an array before it has any elements.
    pub(crate) fn create_array(
        &self,
        key: &Key,
        data_type: DataType,
        shape: &[u64],
        options: &ArrayOptions,
        existing: Existing,
    ) -> Result<()> {
        self.check_value_key(key)?;
        let name = self.stage_empty_array(key, data_type, shape, options)?;
        self.commit(key, &name, existing).inspect_err(|_| self.discard(&name))
    }

    fn check_value_key(&self, key: &Key) -> Result<()> {
        self.writer()?;
        key.check_creatable()?;
        if key.is_root() {
            return Err(Error::new(ErrorKind::Conflict, "the root is a group and cannot be a value"));
        }
        Ok(())
    }

    /// Makes an empty group; one that is there already is left as it is.
    pub(crate) fn put_group(&self, key: &Key) -> Result<()> {
        self.writer()?;
        key.check_creatable()?;
        let _tree = self.lock_tree(Mode::Shared)?;
        self.group(key).map(|_| ())
    }

    pub(super) fn commit(&self, key: &Key, staged: &str, existing: Existing) -> Result<()> {
        let in_two_steps = self.finish_replacing(Some(key))?;
        let stage = self.writer()?.stage.handle();
        let _tree = self.lock_tree(Mode::Shared)?;
        let parent = self.group(&key.parent().unwrap_or_else(Key::root))?;
        if self.appear(key, (stage, staged), &parent, in_two_steps)? {
            return self.sync_if_power(&parent.handle, &self.place(key));
        }
        if existing == Existing::Refuse {
            return Err(Error::new(ErrorKind::AlreadyExists, "there is a value or a group here already"));
        }
        self.replace(key, staged, &parent, in_two_steps)
    }

    /// Lets the staged node change places with the live one, which so lands in the trash in that very step.
    fn replace(&self, key: &Key, staged: &str, parent: &Group, in_two_steps: bool) -> Result<()> {
        let _value = self.lock_value(key)?;
        if in_two_steps {
            self.finish_replacing_value(key)?;
        }
        self.refuse_group(key)?;
        self.exchange(key, staged, parent)
    }

    /// Refuses to let a value take the place of a group.
    pub(super) fn refuse_group(&self, key: &Key) -> Result<()> {
        let place = self.place(key);
        let live =
            self.files.open_directory(self.root(), &place).map_err(self.failed("cannot open", &place))?;
        if is_plain_group(&self.read_metadata(&live, &place)?)? {
            let message = "holds a group, which a value never replaces; remove the group first";
            return Err(Error::new(ErrorKind::Conflict, message).with_key(key.to_string()));
        }
        Ok(())
    }

    /// The exchange itself, whatever the two nodes are. The caller holds what keeps others from the live one.
    pub(super) fn exchange(&self, key: &Key, staged: &str, parent: &Group) -> Result<()> {
        let place = self.place(key);
        let Writer { stage, renames, .. } = self.writer()?;
        let trash = self.make_trash(key)?;
        let (new, old) = ((stage.handle(), staged), (trash.holder.as_fd(), key.name()));
        let live = (parent.handle.as_fd(), key.name());
        let exchanged = renames.to_new(&*self.files, new, old).and_then(|()| {
            let exchanged = renames.exchange(&*self.files, old, live)?;
            if !exchanged {
                renames.to_new(&*self.files, old, new)?;
            }
            Ok(exchanged)
        });
        let exchanged = exchanged.map_err(self.failed("cannot replace", &place)).inspect_err(|_| {
            // What is in there is still our own value.
            self.discard_trash(&trash);
        })?;
        let intent = if exchanged { None } else { Some(self.replace_in_two_steps(key, new, live, &trash)?) };
        self.sync_if_power(&parent.handle, &place)?;
        self.sync_if_power(&trash.holder, &place)?;
        intent.map_or(Ok(()), |intent| self.remove_intent(&intent))
    }

    /// Removes a value, or a group with all that is in it. If a version is given, only that one.
    ///
    /// Gives false where the value is not that version any more.
    pub(crate) fn remove(&self, key: &Key, version: Option<&Snapshot>) -> Result<bool> {
        self.remove_if(key, |live| Ok(version.is_none_or(|version| live.id == version.id())))
    }

    /// Removes what is under a key if it `is_meant`, which is asked when nobody can change anything any more.
    pub(super) fn remove_if(&self, key: &Key, is_meant: impl FnOnce(&Stat) -> Result<bool>) -> Result<bool> {
        self.writer()?;
        let Some(parent) = key.parent() else {
            return Err(Error::new(ErrorKind::Conflict, "the root cannot be removed; clear() empties it"));
        };
        let place = self.place(key);
        let _tree = self.lock_tree(Mode::Exclusive)?;
        self.finish_all_replacing()?;
        let live = self.files.stat(self.root(), &format!("{place}/{METADATA_FILE}"));
        match live {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(nothing_at(key)),
            Err(error) => return Err(self.failed("cannot look up", &place)(error)),
            Ok(live) if !is_meant(&live)? => return Ok(false),
            Ok(_) => {}
        }
        let holder = self.group_for_removal(&parent)?;
        self.writer()?.groups.forget();
        // Its time of grace begins now.
        let trash = match self.make_wrapper(REMOVED, parent.components()) {
            Err(error) if error.kind() == ErrorKind::StorageFull => return self.remove_at_once(key, &holder),
            made => made?,
        };
        let to = (trash.holder.as_fd(), key.name());
        let from = (holder.handle.as_fd(), key.name());
        let removed = self.writer()?.renames.to_new(&*self.files, from, to);
        if let Err(error) = removed {
            self.discard_trash(&trash);
            return Err(self.failed("cannot remove", &place)(error));
        }
        self.sync_if_power(&holder.handle, &place)?;
        self.sync_if_power(&trash.holder, &place)?;
        Ok(true)
    }

    /// Removes a node where there is no room for the trash: who must make room is not to need some. Who is reading it
    /// looks again, and finds nothing. Its files go when the power can be cut without bringing back half of them.
    fn remove_at_once(&self, key: &Key, holder: &Group) -> Result<bool> {
        let Writer { stage, renames, .. } = self.writer()?;
        let name = stage.next_name();
        let (from, to) = ((holder.handle.as_fd(), key.name()), (stage.handle(), name.as_str()));
        let removed = renames.to_new(&*self.files, from, to);
        removed.map_err(self.failed("cannot remove", &self.place(key)))?;
        self.sync_everything()?;
        self.discard(&name);
        Ok(true)
    }

    /// The group that something is taken out of: columns are not taken out of their table.
    pub(super) fn group_for_removal(&self, parent: &Key) -> Result<std::sync::Arc<Group>> {
        self.group(parent).map_err(|error| match error.kind() {
            ErrorKind::Conflict => Error::new(
                ErrorKind::Conflict,
                "a column cannot be taken out of its table; replace the table",
            ),
            _ => error,
        })
    }
}
