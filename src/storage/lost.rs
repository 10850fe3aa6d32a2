//! `.calcstore/lost`: where a recovery or a repair moves what is damaged. Nothing in it is ever removed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::files::{AsFd, Rename};
use super::renames::{Name, is_lacking};
use super::store::{INTERNALS, Store, exists};
use crate::error::Result;
use crate::key::Key;
use crate::zarr::{GroupMetadata, Kind, METADATA_FILE, Marker, NodeMetadata, Status};

impl Store {
    pub(super) fn txid(&self) -> Result<&str> {
        Ok(self.writer()?.stage.txid())
    }

    /// Lets two directories change places. Gives false where the file system cannot do that.
    pub(super) fn exchange_places(&self, a: &str, b: &str) -> Result<bool> {
        let open = |place: &str| {
            let (above, _) = split(place);
            self.files.open_directory(self.root(), above).map_err(self.failed("cannot open", above))
        };
        let (first, second) = (open(a)?, open(b)?);
        let (first, second): (Name<'_>, Name<'_>) =
            ((first.as_fd(), split(a).1), (second.as_fd(), split(b).1));
        let renames = &self.writer()?.renames;
        renames.exchange(&*self.files, first, second).map_err(self.failed("cannot put back", b))
    }

    /// Moves something damaged to `.calcstore/lost/<id>`, under what it was called. Gives its new place.
    pub(super) fn move_to_lost(&self, above: &str, name: &str, (id, path): (&str, &str)) -> Result<PathBuf> {
        let (parents, last) = split(path);
        let place = self.make_lost(id, parents)?;
        let failed = self.failed("cannot move what is damaged", &place);
        let from = self.files.open_directory(self.root(), above).map_err(&failed)?;
        let to = self.files.open_directory(self.root(), &place).map_err(&failed)?;
        let renames = &self.writer()?.renames;
        renames.to_new(&*self.files, (from.as_fd(), name), (to.as_fd(), last)).map_err(&failed)?;
        self.sync_if_power(&to, &place)?;
        self.sync_if_power(&from, above)?;
        Ok(Path::new(&place).join(last))
    }

    /// Moves something foreign out of the directory at `above` to `.calcstore/lost/<id>`, whatever bytes its name is of.
    pub(super) fn move_stranger(
        &self,
        above: &str,
        name: &OsStr,
        (id, parents): (&str, &str),
    ) -> Result<PathBuf> {
        if let Some(name) = name.to_str() {
            let path = format!("{parents}/{name}");
            return self.move_to_lost(above, name, (id, path.trim_start_matches('/')));
        }
        let place = self.make_lost(id, parents)?;
        let failed = self.failed("cannot move what does not belong here", &place);
        let from = self.files.open_directory(self.root(), above).map_err(&failed)?;
        let to = self.files.open_directory(self.root(), &place).map_err(&failed)?;
        self.files.move_listed(from.as_fd(), name, to.as_fd()).map_err(&failed)?;
        Ok(Path::new(&place).join(name))
    }

    /// Gives the group at `place` new metadata, and moves what it had to `.calcstore/lost/<id>` in the same step. Gives
    /// the new place of the old metadata, where there were any.
    pub(super) fn regroup_aside(&self, key: &Key, place: &str, id: &str) -> Result<Option<PathBuf>> {
        let lost = self.make_lost(id, key.as_str())?;
        let failed = self.failed("cannot write the metadata of the group", place);
        let live = self.files.open_directory(self.root(), place).map_err(&failed)?;
        let aside = self.files.open_directory(self.root(), &lost).map_err(&failed)?;
        let bytes = NodeMetadata::Group(empty_group(key)?).to_bytes()?;
        let (stage, renames) = (&self.writer()?.stage, &self.writer()?.renames);
        let staged = stage.next_name();
        self.create_staged(&staged, &[&bytes])?;
        let new = (stage.handle(), staged.as_str());
        let (old, to) = ((aside.as_fd(), METADATA_FILE), (live.as_fd(), METADATA_FILE));
        let is_there = exists(self.files.stat(to.0, to.1)).map_err(&failed)?;
        if is_there {
            renames.to_new(&*self.files, new, old).map_err(&failed)?;
            if !renames.exchange(&*self.files, old, to).map_err(&failed)? {
                self.files.rename(old, new, Rename::Over).map_err(&failed)?;
                self.second_name(to, old, place)?;
                self.files.rename(new, to, Rename::Over).map_err(&failed)?;
            }
        } else {
            renames.to_new(&*self.files, new, to).map_err(&failed)?;
        }
        self.sync_if_power(&aside, &lost)?;
        self.sync_if_power(&live, place)?;
        Ok(is_there.then(|| Path::new(&lost).join(METADATA_FILE)))
    }

    /// Gives a file a second name, or makes a copy of it where there are no second names.
    fn second_name(&self, from: Name<'_>, to: Name<'_>, place: &str) -> Result<()> {
        let failed = self.failed("cannot keep the metadata of the group", place);
        match self.files.link(from, to) {
            Err(error) if is_lacking(&error) || error.kind() == std::io::ErrorKind::PermissionDenied => {
                let file = self.files.open_file(from.0, from.1).map_err(&failed)?;
                self.files.copy_file(file.as_fd(), to, &mut |_| ()).map_err(&failed)
            }
            linked => linked.map_err(&failed),
        }
    }

    /// Makes the directory `.calcstore/lost/<id>`, and in it those of a path; gives its place.
    fn make_lost(&self, id: &str, path: &str) -> Result<String> {
        let mut place = format!("{INTERNALS}/lost");
        self.create_directory_if_missing(&place)?;
        for component in [id].into_iter().chain(path.split('/').filter(|part| !matches!(*part, "" | "."))) {
            place = format!("{place}/{component}");
            self.create_directory_if_missing(&place)?;
        }
        Ok(place)
    }
}

/// The metadata of a group of which nothing is known but its key.
pub(super) fn empty_group(key: &Key) -> Result<GroupMetadata> {
    let mut group = GroupMetadata::default();
    if key.is_root() {
        let kind = Kind::Root { status: Status::Created, parent: None, ended: None };
        Marker::of_kind(kind).write(&mut group.attributes)?;
    }
    Ok(group)
}

/// A place as the directory that it is in, and the name there.
pub(super) fn split(place: &str) -> (&str, &str) {
    place.rsplit_once('/').unwrap_or((".", place))
}
