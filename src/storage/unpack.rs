//! A store in a directory of its own, made of another one, perhaps in a zip file. It appears whole or not at all.
//!
//! Values are copied as any others are: under valid keys alone, through no link, each chunk compared with its checksum.

use std::path::Path;
use std::sync::Arc;

use super::access::Access;
use super::commit::Existing;
use super::copy::{Copied, Each};
use super::files::{AsFd, Files, Rename};
use super::remove::remove_tree;
use super::stage::random_id;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Kind, Marker};

impl Store {
    /// Makes a store of everything in this one. Nothing may be at `path`, or an empty directory. It has its name once it
    /// is whole and flushed.
    pub(crate) fn unpack(
        &self,
        files: &Arc<dyn Files>,
        path: &Path,
        access: Access,
        each: &mut Each<'_>,
    ) -> Result<Copied> {
        let not_a_name =
            || Error::new(ErrorKind::InvalidInput, "not the name of a directory").with_file(path);
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(not_a_name)?;
        let parent = path.parent().ok_or_else(not_a_name)?;
        let above = files.open_root(parent);
        let above = above.map_err(|error| Error::io("cannot open the directory", parent, error))?;
        if let Ok(directory) = files.open_directory(above.as_fd(), name)
            && files.list(directory.as_fd()).is_ok_and(|entries| entries.is_empty())
        {
            // What others put in meanwhile is not replaced either.
        } else if files.stat(above.as_fd(), name).is_ok() {
            let message = "there is something already; name a directory that is empty, or none yet";
            return Err(Error::new(ErrorKind::AlreadyExists, message).with_file(path));
        }
        let partial = format!(".{name}.{}.part", random_id());
        let failed = |error| Error::io("cannot make the directory", path, error);
        files.create_directory(above.as_fd(), &partial).map_err(failed)?;
        let made = self.fill(files, &parent.join(&partial), access, each).and_then(|copied| {
            let (from, to) = ((above.as_fd(), &*partial), (above.as_fd(), name));
            // Not every system lets a directory take the place of an empty one.
            let _ = files.remove_directory(to.0, to.1);
            files.rename(from, to, Rename::Over).map_err(failed)?;
            files.sync(above.as_fd()).map_err(failed)?;
            Ok(copied)
        });
        made.inspect_err(|_| {
            // The error that led here says more than a second one would.
            let _ = remove_tree(&**files, above.as_fd(), &partial);
        })
    }

    /// Makes the store and copies everything into it.
    fn fill(
        &self,
        files: &Arc<dyn Files>,
        path: &Path,
        access: Access,
        each: &mut Each<'_>,
    ) -> Result<Copied> {
        let target = Self::create(Arc::clone(files), path, access)?;
        let root = Key::root();
        let (names, document) = self.read(&root, |snapshot| {
            Ok((self.names_in(&root, snapshot)?, (snapshot.metadata.clone(), snapshot.marker.clone())))
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
            if matches!(marker.kind, Some(Kind::Root { .. })) {
                *metadata = packed.clone();
                return Ok(());
            }
            let own = Marker::read(metadata.attributes())?;
            for (name, value) in packed.attributes() {
                metadata.attributes_mut().insert(name.clone(), value.clone());
            }
            Marker { kind: own.kind, ..marker.clone() }.write(metadata.attributes_mut())
        })?;
        target.flush()?;
        Ok(all)
    }
}
