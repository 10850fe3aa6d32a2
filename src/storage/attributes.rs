//! Changing the metadata of a node in place: its attributes, the status of a calculation.

use super::displaced::Displaced;
use super::files::Handle;
use super::lock::Mode;
use super::read::nothing_at;
use super::store::Store;
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{METADATA_FILE, NodeMetadata};

impl Store {
    /// Changes the metadata of a node by `change`, in one step: a new `zarr.json` takes the place of the old one.
    pub(crate) fn update_metadata(
        &self,
        key: &Key,
        change: impl FnOnce(&mut NodeMetadata) -> Result<()>,
    ) -> Result<()> {
        self.writer()?;
        let _tree = self.lock_tree(Mode::Shared)?;
        let owner = self.owner_of(key)?;
        let _value = self.lock_value(&owner)?;
        let place = self.place(key);
        let directory =
            self.files.open_directory(self.root(), &place).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => nothing_at(key),
                _ => self.failed("cannot open", &place)(error),
            })?;
        let metadata = self.read_metadata(&directory, &place);
        let mut metadata = metadata.map_err(|error| match error.kind() {
            ErrorKind::Conflict => nothing_at(key),
            _ => error,
        })?;
        change(&mut metadata)?;
        self.rewrite_metadata(&directory, &place, &metadata)
    }

    /// The node whose lock guards `key`: the table, for one of its columns.
    pub(super) fn owner_of(&self, key: &Key) -> Result<Key> {
        let Some(parent) = key.parent() else { return Ok(key.clone()) };
        if self.writer().is_ok_and(|writer| self.known_group(writer, &parent).is_some()) {
            return Ok(key.clone());
        }
        let place = self.place(&parent);
        let Ok(directory) = self.files.open_directory(self.root(), &place) else { return Ok(key.clone()) };
        match self.read_metadata(&directory, &place) {
            Ok(metadata) if !super::groups::is_plain_group(&metadata)? => Ok(parent),
            _ => Ok(key.clone()),
        }
    }

    /// Puts a new `zarr.json` over the old one.
    pub(super) fn rewrite_metadata(
        &self,
        directory: &Handle,
        place: &str,
        metadata: &NodeMetadata,
    ) -> Result<()> {
        let root = self.place(&Key::root());
        let key = Key::new(place.strip_prefix(&root).unwrap_or(place))?;
        self.replace_metadata(directory, metadata, &self.keep_displaced(&key)?)
    }

    /// Puts a new `zarr.json` over the old one: the last step of a change.
    pub(super) fn replace_metadata(
        &self,
        directory: &Handle,
        metadata: &NodeMetadata,
        change: &Displaced<'_>,
    ) -> Result<()> {
        let stage = &self.writer()?.stage;
        let name = stage.next_name();
        let written = self
            .create_staged(&name, &[&metadata.to_bytes()?])
            .and_then(|_| change.replace(&name, directory, METADATA_FILE));
        if written.is_err() {
            let _ = self.files.remove_file(stage.handle(), &name);
        }
        written
    }
}
