//! A store in a directory of its own, made of another one, perhaps in a zip file. It appears whole or not at all.
//!
//! Values are copied as any others are: under valid keys alone, through no link, each chunk compared with its checksum.
//!
//! Until it is whole the store lies in a directory `.unpack.ID` beside its place, with a file that is locked while its owner
//! lives. What killed ones left is removed by the next one there, and by `gc` in a data directory.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::access::Access;
use super::calculations::{Calculation, DataDirectory};
use super::commit::Existing;
use super::copy::{Copied, Each};
use super::files::{AsFd, Files, Handle, Rename};
use super::litter::is_older;
use super::remove::remove_tree;
use super::stage::Stage;
use super::store::{HIERARCHY, INTERNALS, Store};
use super::sweep::{Claim, DAY, claim, held_while_removed};
use super::trust::Trust;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Kind, Marker};

/// What the name of the directory begins with that an unpacking has of its own.
const UNPACKING: &str = ".unpack.";
/// The store in it.
const STORE: &str = "store";

impl Store {
    /// Makes a store of everything in this one. Nothing may be at `path`, or an empty directory. It has its name once it
    /// is whole and flushed.
    pub(crate) fn unpack(
        &self,
        files: &Arc<dyn Files>,
        path: &Path,
        access: Access,
        each: &mut Each<'_>,
    ) -> Result<()> {
        let not_a_name =
            || Error::new(ErrorKind::InvalidInput, "not the name of a directory").with_file(path);
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_name)?;
        let parent = path.parent().ok_or_else(not_a_name)?;
        let above = files.open_root(parent);
        let above = above.map_err(|error| Error::io("cannot open the directory", parent, error))?;
        // What others put into an empty one meanwhile is not replaced either.
        if empty(&**files, &above, name).is_none() && files.stat(above.as_fd(), name).is_ok() {
            let message = "there is something already; name a directory that is empty, or none yet";
            return Err(Error::new(ErrorKind::AlreadyExists, message).with_file(path));
        }
        let unpacking = Unpacking::begin(files, (above, parent), access)?;
        let made = self.fill(files, &unpacking.path, access, each);
        unpacking.end(made.and_then(|()| unpacking.appear(name)))
    }

    /// Makes the store and copies everything into it.
    fn fill(&self, files: &Arc<dyn Files>, path: &Path, access: Access, each: &mut Each<'_>) -> Result<()> {
        let target = Self::create(Arc::clone(files), path, access)?;
        let root = Key::root();
        let (names, document) = self.read(&root, |snapshot| {
            Ok((
                self.names_in(&root, snapshot)?,
                (snapshot.metadata.clone(), Marker::clone(&snapshot.marker)),
            ))
        })?;
        // The root is one.
        let mut all = Copied { nodes: 1, bytes: 0 };
        for name in names {
            let key = root.child(&name)?;
            let before = all;
            let mut each = |copied: Copied| {
                all = Copied { nodes: before.nodes + copied.nodes, bytes: before.bytes + copied.bytes };
                each(all)
            };
            let copied = target.copy((self, &key), &key, Existing::Refuse, &mut each)?;
            all = Copied { nodes: before.nodes + copied.nodes, bytes: before.bytes + copied.bytes };
        }
        target.update_metadata(&root, |metadata| {
            let (packed, marker) = &document;
            if let Some(Kind::Root { status, ended, .. }) = &marker.kind {
                *metadata = packed.clone();
                // From here its path leads to somebody else.
                let kind = Kind::Root { status: *status, parent: None, ended: ended.clone() };
                return Marker { kind: Some(kind), ..marker.clone() }.write(metadata.attributes_mut());
            }
            let own = Marker::read(metadata.attributes())?;
            for (name, value) in packed.attributes().iter() {
                metadata.attributes_mut().insert(name.clone(), value.clone());
            }
            Marker { kind: own.kind, ..marker.clone() }.write(metadata.attributes_mut())
        })?;
        target.flush()
    }
}

impl DataDirectory {
    /// Makes the next calculation of everything in another store. It takes its ID once it is whole: until then there is
    /// nothing under that name, which another one could take for its own.
    pub(crate) fn unpack(&self, packed: &Store, access: Access, each: &mut Each<'_>) -> Result<Calculation> {
        let unpacking = Unpacking::begin(&self.files, (self.open_or_make()?, self.path()), access)?;
        let made = packed.fill(&self.files, &unpacking.path, access, each).and_then(|()| {
            let calculation = self.take_next()?;
            let name = format!("calc_{}", calculation.id);
            unpacking.appear(&name).inspect_err(|_| {
                // Where it has appeared after all it is not empty, and stays.
                let _ = self.files.remove_directory(unpacking.above.as_fd(), &name);
            })?;
            Ok(calculation)
        });
        unpacking.end(made)
    }
}

/// A store that is being unpacked.
struct Unpacking {
    files: Arc<dyn Files>,
    /// The directory in which it will appear.
    above: Handle,
    own: Stage,
    /// Where the store is made.
    path: PathBuf,
}

impl Unpacking {
    fn begin(files: &Arc<dyn Files>, (above, path): (Handle, &Path), access: Access) -> Result<Self> {
        let failed = |error| Error::io("cannot make a directory in", path, error);
        let trust = Trust::new(access.locks);
        for (name, owner) in abandoned(&**files, (&above, path), &trust, false) {
            let _owner = held_while_removed(owner);
            if let Err(error) = remove_tree(&**files, above.as_fd(), &name) {
                tracing::warn!(%error, name, "cannot remove what an unpacking left behind");
            }
        }
        let again = files.open_root(path).map_err(failed)?;
        let own = Stage::named(Arc::clone(files), again, &trust, (path, UNPACKING))?;
        files.create_directory(own.handle(), STORE).map_err(failed)?;
        let path = path.join(own.txid()).join(STORE);
        Ok(Self { files: Arc::clone(files), above, own, path })
    }

    /// Lets the store appear under its name, in the place of nothing or of an empty directory.
    fn appear(&self, name: &str) -> Result<()> {
        let failed = |error| Error::io("cannot make the directory", &self.path, error);
        let renamed = self.files.rename((self.own.handle(), STORE), (self.above.as_fd(), name), Rename::Over);
        if let Err(error) = renamed {
            // Not every system lets a directory take the place of an empty one, whose name must not become free.
            let Some(into) = empty(&*self.files, &self.above, name) else { return Err(failed(error)) };
            self.move_into(&into).map_err(failed)?;
        }
        self.files.sync(self.above.as_fd()).map_err(failed)
    }

    /// The same in two steps; the second makes a store of the directory.
    fn move_into(&self, into: &Handle) -> io::Result<()> {
        let store = self.files.open_directory(self.own.handle(), STORE)?;
        let moved = [INTERNALS, HIERARCHY].iter().try_for_each(|name| {
            self.files.rename((store.as_fd(), name), (into.as_fd(), name), Rename::Over)
        });
        if moved.is_err() {
            let _ = remove_tree(&*self.files, into.as_fd(), INTERNALS);
        }
        moved?;
        self.files.sync(into.as_fd())?;
        self.files.remove_directory(self.own.handle(), STORE)
    }

    /// Leaves nothing but the store, or where that was not made nothing at all.
    fn end<T>(&self, made: Result<T>) -> Result<T> {
        made.inspect_err(|_| {
            // The error that led here says more than a second one would.
            let _ = remove_tree(&*self.files, self.own.handle(), STORE);
        })
    }
}

/// The directory of a name, where it is empty.
fn empty(files: &dyn Files, above: &Handle, name: &str) -> Option<Handle> {
    let directory = files.open_directory(above.as_fd(), name).ok()?;
    files.list(directory.as_fd()).is_ok_and(|entries| entries.is_empty()).then_some(directory)
}

/// What unpackings left in a directory whose owners are dead, by name. They stay locked until they are removed.
pub(super) fn abandoned(
    files: &dyn Files,
    (above, path): (&Handle, &Path),
    trust: &Trust,
    only_look: bool,
) -> Vec<(String, Option<File>)> {
    let entries = files.list(above.as_fd()).unwrap_or_default().into_iter();
    let found = entries.filter(|entry| entry.is_directory).filter_map(|entry| {
        let name = entry.name.into_string().ok().filter(|name| is_unpacking(name))?;
        match claim(files, (above, name.as_ref()), trust, only_look) {
            Ok(Some(Claim::Dead(owner))) => Some((name, owner)),
            Ok(Some(Claim::Unknown)) => {
                let rests =
                    files.measure(&path.join(&name)).is_ok_and(|extent| is_older(extent.modified, DAY));
                rests.then_some((name, None))
            }
            _ => None,
        }
    });
    found.collect()
}

fn is_unpacking(name: &str) -> bool {
    let id = name.strip_prefix(UNPACKING).unwrap_or_default();
    id.len() == 32 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
