//! Which groups were met on a way through files, so that it ends.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::StoredObject;

/// How many objects may be met again: groups of many names that hold such groups would have no end.
const MOST_AGAIN: usize = 2000;

/// What tells one group from another: the number of its file, and its address.
pub(crate) type Identity = (usize, u64);

/// The groups that were met.
#[derive(Debug, Default)]
pub(crate) struct Met {
    /// Their first paths.
    paths: HashMap<Identity, String>,
    /// Those that what is read lies in, the innermost last.
    pub within: Vec<Identity>,
    /// How many objects were met again, since a group has several names.
    again: usize,
}

impl Met {
    /// Enters a group of the file of this number, under one of its names.
    ///
    /// # Errors
    /// `Unsupported` for one that lies in itself, and where too many have several names.
    pub fn enter(&mut self, file: usize, group: &StoredObject<'_>, path: &str) -> Result<()> {
        let identity = (file, group.address());
        if let Some(path) = self.paths.get(&identity) {
            let refuse = |why| {
                let message = format!("it is the group {path:?} once more, {why}");
                Err(Error::new(ErrorKind::Unsupported, message))
            };
            if self.within.contains(&identity) {
                return refuse("which it lies in itself");
            }
            // With what it holds, so that many names of an empty group end, too.
            self.again = self.again.saturating_add(1).saturating_add(group.links().items.len());
            if self.again > MOST_AGAIN {
                return refuse("whose values are there; too many groups have several names");
            }
        } else {
            self.paths.insert(identity, path.to_owned());
        }
        self.within.push(identity);
        Ok(())
    }

    /// Leaves the group that was entered last.
    pub fn leave(&mut self) {
        self.within.pop();
    }
}
