//! Listing groups.

use super::files::{AsFd, Entry};
use super::read::Snapshot;
use super::store::{Store, exists};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Kind, METADATA_FILE, NodeMetadata};

impl Store {
    /// Whether there is a node under a key.
    pub(crate) fn has(&self, key: &Key) -> Result<bool> {
        match self.read(key, |_| Ok(())) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The names of the nodes in the group `key`, sorted by bytes.
    pub(crate) fn child_names(&self, key: &Key) -> Result<Vec<String>> {
        self.read(key, |snapshot| self.names_in(key, snapshot))
    }

    /// The keys in the group `key`, sorted by the bytes of names, of all that may be nodes: whoever opens them will see.
    pub(crate) fn possible_children(&self, key: &Key) -> Result<Vec<Key>> {
        let directories = self.read(key, |snapshot| self.listed_in(snapshot))?;
        Ok(directories.iter().filter_map(|entry| key.child(entry.name.to_str()?).ok()).collect())
    }

    /// The names of the nodes in an open group. Directories without a `zarr.json` are none.
    pub(crate) fn names_in(&self, key: &Key, snapshot: &Snapshot) -> Result<Vec<String>> {
        let directory = snapshot.directory.as_fd();
        let mut nodes = Vec::new();
        for name in self.possible_names_in(key, snapshot)? {
            let stat = self.files.stat(directory, &format!("{name}/{METADATA_FILE}"));
            let place = format!("{}/{name}", snapshot.place);
            if exists(stat).map_err(self.failed("cannot look into", &place))? {
                nodes.push(name);
            }
        }
        Ok(nodes)
    }

    /// The names in an open group, sorted by bytes, of all that may be nodes: whoever opens them will see.
    pub(crate) fn possible_names_in(&self, key: &Key, snapshot: &Snapshot) -> Result<Vec<String>> {
        let directories = self.listed_in(snapshot)?.into_iter();
        let names = directories.filter_map(|entry| entry.name.into_string().ok());
        Ok(names.filter(|name| key.child(name).is_ok()).collect())
    }

    /// The directories in an open group, sorted by the bytes of their names.
    fn listed_in(&self, snapshot: &Snapshot) -> Result<Vec<Entry>> {
        let is_table = matches!(snapshot.marker.kind, Some(Kind::Table { .. }));
        if is_table || matches!(snapshot.metadata, NodeMetadata::Array(_)) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "holds a value, which cannot be listed as a group can",
            ));
        }
        let directory = snapshot.directory.as_fd();
        let entries = self.files.list(directory).map_err(self.failed("cannot list", &snapshot.place))?;
        Ok(entries.into_iter().filter(|entry| entry.is_directory).collect())
    }
}
