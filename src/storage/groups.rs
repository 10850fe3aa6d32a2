//! The groups above a value: found, checked, made where they are missing.

use std::io;
use std::sync::Arc;

use super::files::{AsFd, Handle};
use super::known_groups::Group;
use super::remove::remove_tree;
use super::renames::Name;
use super::store::{INTERNALS, Store, Writer};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{GroupMetadata, METADATA_FILE, Marker, NodeMetadata};

impl Store {
    /// Gives the group `key`; it and those above it are made where they are missing, each of them complete before
    /// it is visible. The caller holds the tree lock, so that the group stays where it is.
    pub(super) fn group(&self, key: &Key) -> Result<Arc<Group>> {
        let writer = self.writer()?;
        if let Some(group) = self.known_group(writer, key) {
            return Ok(group);
        }
        let group = match key.parent().filter(|_| !self.is_top(key)) {
            None => self.find_group(key)?.ok_or_else(|| self.root_is_gone())?,
            Some(parent) => {
                let parent = self.group(&parent)?;
                match self.find_group(key)? {
                    Some(group) => group,
                    None => self.make_group(key, &parent)?,
                }
            }
        };
        if self.is_power() {
            self.make_durable(key, &group)?;
        }
        let group = Arc::new(group);
        writer.groups.remember(key, &group);
        Ok(group)
    }

    /// Gives the group `key` if it was found before and is still there.
    pub(super) fn known_group(&self, writer: &Writer, key: &Key) -> Option<Arc<Group>> {
        let is_there = |group: &Arc<Group>| {
            self.files.stat(self.root(), &self.place(key)).is_ok_and(|stat| stat.id == group.id)
        };
        writer.groups.get(key).filter(is_there)
    }

    fn root_is_gone(&self) -> Error {
        Error::new(ErrorKind::NotFound, "the root group is gone").with_file(self.path())
    }

    /// Opens the group `key`, if there is anything under it; a value is in the way.
    fn find_group(&self, key: &Key) -> Result<Option<Group>> {
        let place = self.place(key);
        let handle = match self.files.open_directory(self.root(), &place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let metadata = self.read_metadata(&handle, &place)?;
        if !is_plain_group(&metadata)? {
            let message = "holds a value; nothing can be stored below a value";
            return Err(Error::new(ErrorKind::Conflict, message).with_key(key.to_string()));
        }
        let id = self.files.stat_open(handle.as_fd()).map_err(self.failed("cannot open", &place))?.id;
        Ok(Some(Group { handle, id }))
    }

    fn make_group(&self, key: &Key, parent: &Group) -> Result<Group> {
        let name = self.stage_group(&NodeMetadata::Group(GroupMetadata::default()))?;
        let stage = &self.writer()?.stage;
        let appeared = self.appear(key, (stage.handle(), &name), parent, self.replaces_in_two_steps());
        if !matches!(appeared, Ok(true)) {
            self.discard(&name);
        }
        // Otherwise somebody else made it, or something else, meanwhile.
        appeared?;
        self.find_group(key)?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the group vanished while it was made").with_key(key.to_string())
        })
    }

    /// Lets a staged node appear in a group under its key. Gives false where something is there already.
    pub(super) fn appear(
        &self,
        key: &Key,
        staged: Name<'_>,
        parent: &Group,
        in_two_steps: bool,
    ) -> Result<bool> {
        let (files, renames) = (&*self.files, &self.writer()?.renames);
        let to = (parent.handle.as_fd(), key.name());
        let renamed = if in_two_steps {
            // Nobody is to take the place of a value that is away only to be replaced.
            let _value = self.lock_value(key)?;
            self.finish_replacing_value(key)?;
            renames.to_new(files, staged, to)
        } else {
            match renames.refusing(files, staged, to) {
                Ok(false) => {
                    // This lock keeps those out that do the same.
                    let _value = self.lock_value(key)?;
                    renames.to_new(files, staged, to)
                }
                refusing => refusing.map(|_| ()),
            }
        };
        match renamed {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(self.failed("cannot store", &self.place(key))(error)),
        }
    }

    /// Flushes a group that somebody without [`Durability::Power`](super::Durability::Power) may have made: its
    /// metadata, its directory and the name in the directory above, for the root up to the data directory.
    fn make_durable(&self, key: &Key, group: &Group) -> Result<()> {
        let place = self.place(key);
        let document = self.files.open_file(group.handle.as_fd(), METADATA_FILE);
        self.sync(&document.map_err(self.failed("cannot open", &place))?, &place)?;
        self.sync(&group.handle, &place)?;
        if let Some(parent) = key.parent() {
            let place = self.place(&parent);
            let above = self.files.open_directory(self.root(), &place);
            return self.sync(&above.map_err(self.failed("cannot open", &place))?, &place);
        }
        // The directories above may have been made together with this one.
        for (level, path) in self.path().ancestors().enumerate() {
            let directory = match self.files.open_root(path) {
                // Above the data directory not all may be ours to open.
                Err(_) if level >= 2 => continue,
                opened => opened.map_err(|error| Error::io("cannot open", path, error))?,
            };
            match self.files.sync(directory.as_fd()) {
                // Nor can all be flushed; but what can be, and fails, was perhaps just made.
                Err(error) if level < 2 || !cannot_be_flushed(&error) => {
                    return Err(Error::io("cannot flush", path, error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Reads the `zarr.json` of an open directory.
    pub(super) fn read_metadata(&self, directory: &Handle, place: &str) -> Result<NodeMetadata> {
        let shown = || self.shown(place).join(METADATA_FILE);
        let file = match self.files.open_file(directory.as_fd(), METADATA_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = "something that is no node of the store is in the way";
                return Err(Error::new(ErrorKind::Conflict, message).with_file(self.shown(place)));
            }
            opened => opened.map_err(|error| Error::io("cannot open", shown(), error))?,
        };
        let (bytes, _) = self.read_small(&file, place)?;
        NodeMetadata::parse(&bytes).map_err(|error| error.with_file(shown()))
    }

    /// Makes the directory `trash/<txid>.<n>` with the parents of `key` in it; gives the place where the node of
    /// that key belongs.
    pub(super) fn make_trash(&self, key: &Key) -> Result<Trash> {
        let parent = key.parent();
        self.make_wrapper("", parent.iter().flat_map(Key::components))
    }

    /// Makes a new directory in the trash, with `suffix` to its name, and in it the directories of a path.
    pub(super) fn make_wrapper<'k>(
        &self,
        suffix: &str,
        path: impl Iterator<Item = &'k str>,
    ) -> Result<Trash> {
        let writer = self.writer()?;
        let wrapper = format!("{}.{}{suffix}", writer.stage.txid(), writer.stage.next_moment());
        let failed = self.failed("cannot make a directory in the trash", INTERNALS);
        let trash = writer.trash.as_fd();
        let mut place = wrapper.clone();
        let mut made = self.files.create_directory(trash, &place);
        for component in path {
            place = format!("{place}/{component}");
            made = made.and_then(|()| self.files.create_directory(trash, &place));
        }
        if let Err(error) = made {
            let _ = remove_tree(&*self.files, trash, &wrapper);
            return Err(failed(error));
        }
        writer.litter.add();
        let holder = self.files.open_directory(trash, &place).map_err(&failed)?;
        Ok(Trash { wrapper, holder })
    }

    /// Flushes the way to a wrapper and to the place in it of a node, under `Power`.
    pub(super) fn sync_wrapper(&self, trash: &Trash, key: &Key) -> Result<()> {
        if !self.is_power() {
            return Ok(());
        }
        let writer = self.writer()?;
        self.sync_staged(&writer.trash)?;
        let mut place = trash.wrapper.clone();
        for component in key.components() {
            let directory = self.files.open_directory(writer.trash.as_fd(), &place);
            self.sync_staged(&directory.map_err(self.failed("cannot open", INTERNALS))?)?;
            place = format!("{place}/{component}");
        }
        Ok(())
    }

    /// Takes away trash that nothing was put into.
    pub(super) fn discard_trash(&self, trash: &Trash) {
        if let Ok(writer) = self.writer() {
            let _ = remove_tree(&*self.files, writer.trash.as_fd(), &trash.wrapper);
        }
    }
}

/// A wrapper in the trash, ready for one node.
pub(super) struct Trash {
    pub wrapper: String,
    /// The directory in it that the node goes to, under its own name.
    pub holder: Handle,
}

/// Whether an error says that a directory needs no flush: it is on something that can but be read, or is no disk.
fn cannot_be_flushed(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    matches!(error.kind(), InvalidInput | ReadOnlyFilesystem | Unsupported)
}

/// Whether a node is a group that other nodes may be put into: not a table.
pub(super) fn is_plain_group(metadata: &NodeMetadata) -> Result<bool> {
    use crate::zarr::Kind;
    let NodeMetadata::Group(group) = metadata else { return Ok(false) };
    let kind = Marker::read(&group.attributes)?.kind;
    Ok(matches!(kind, None | Some(Kind::Root { .. })))
}
