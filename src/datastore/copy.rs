use std::fmt;

use super::DataStore;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::key::Key;
use crate::progress::Continue;
use crate::storage::{Copied, Existing};

/// A copy of a value, or of a group with everything in it, from one store to another.
///
/// Each value is copied as one version; a group that others write into meanwhile is not held still as a whole.
/// Chunks are copied as they are, and those that carry a checksum are verified. Attributes and dimension names that
/// were given stay; the automatic ones become those of the new key. The copy appears as a whole or not at all.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let last = calcstore::DataStore::at(dir.path().join("calc_11"))?;
/// # let store = calcstore::DataStore::at(dir.path().join("calc_12"))?;
/// last.insert("/0/Sadigh", [0.9, 0.5, 0.1])?;
/// let copied = store.copy_from(&last, "/0", "/before").run()?;
/// assert_eq!((copied.nodes, copied.bytes), (2, 3 * 8 + 4)); // each chunk ends with its checksum
/// assert_eq!(store.get::<Vec<f64>>("/before/Sadigh")?, [0.9, 0.5, 0.1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a copy is made by `run`"]
pub struct CopyFrom<'a> {
    target: &'a DataStore,
    source: &'a DataStore,
    from: String,
    to: String,
    existing: Existing,
    removes_source: bool,
    progress: Box<dyn FnMut(Copied) -> Continue + Send + 'a>,
}

impl DataStore {
    /// Copies a value, or a group with everything in it, to a key where nothing is.
    /// [`copy_from`](Self::copy_from) copies from another store, and has options.
    ///
    /// # Errors
    /// As [`CopyFrom::run`].
    pub fn copy(&self, from: &str, to: &str) -> Result<()> {
        self.copy_from(self, from, to).run().map(|_| ())
    }

    /// Plans a copy of what is under `from` in another store, which may be any Zarr v3 hierarchy that was opened for
    /// reading, to `to` in this one.
    pub fn copy_from<'a>(&'a self, source: &'a DataStore, from: &str, to: &str) -> CopyFrom<'a> {
        CopyFrom {
            target: self,
            source,
            from: from.to_owned(),
            to: to.to_owned(),
            existing: Existing::Refuse,
            removes_source: false,
            progress: Box::new(|_| Continue::Yes),
        }
    }
}

impl<'a> CopyFrom<'a> {
    /// Lets the copy take the place of what is there already. A value still never replaces a group.
    pub fn replace(mut self, replace: bool) -> Self {
        self.existing = if replace { Existing::Replace } else { Existing::Refuse };
        self
    }

    /// Removes what was copied from where it was, once the copy survives a power cut. What has changed meanwhile stays,
    /// and so does the copy.
    pub fn remove_source(mut self, remove_source: bool) -> Self {
        self.removes_source = remove_source;
        self
    }

    /// Sets what is called now and then, by one thread at a time, and may stop the copy.
    pub fn on_progress(mut self, progress: impl FnMut(Copied) -> Continue + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Copies; gives how much that was.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is nothing to copy; [`ErrorKind::AlreadyExists`] where something is under
    /// the new key, unless [`replace`](Self::replace) was asked for; [`ErrorKind::Conflict`] where the new key is the
    /// old one or below it, below a value, or where a value would replace a group; [`ErrorKind::Corrupt`] and
    /// [`ErrorKind::Unsupported`] where a value is damaged or its metadata are not understood; and as
    /// [`DataStore::insert`]. After an error there is no copy. With [`remove_source`](Self::remove_source) also
    /// [`ErrorKind::ReadOnly`] where the source was opened for reading only, and, when there is a copy already, those of
    /// [`DataStore::flush`] and [`DataStore::remove`], and [`ErrorKind::Changed`] where the source changed meanwhile.
    pub fn run(self) -> Result<Copied> {
        let (from, to) = (Key::new(&self.from)?, Key::new(&self.to)?);
        let mut progress = self.progress;
        let mut each = |copied| progress(copied).unless_stopped();
        let source = &self.source.store;
        let target = &self.target.store;
        let copied = if self.removes_source {
            target.move_from((source, &from), &to, self.existing, &mut each)
        } else {
            target.copy((source, &from), &to, self.existing, &mut each)
        };
        copied.map_err(|error| source.suggest(&from, error.with_key(to.to_string())))
    }
}

impl fmt::Debug for CopyFrom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CopyFrom");
        shown.field("from", &self.from).field("to", &self.to).finish_non_exhaustive()
    }
}
