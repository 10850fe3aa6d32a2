use serde::Serialize;

use super::DataStore;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Attributes, NewDataset};
use crate::storage::{self, Existing};
use crate::values::{Content, Put};

/// A group that is filled before anybody can see it, and then appears as a whole, in one step.
///
/// Its keys are relative to the group. Threads may fill one draft at the same time. A draft that is dropped
/// leaves nothing, nor does one whose program is killed.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use rayon::prelude::*;
///
/// let draft = store.draft("/0")?;
/// ["Sadigh", "Toro", "Campbell"].par_iter().try_for_each(|model| draft.insert(model, [0.5, 0.1]))?;
/// draft.insert("levels/PGA", [0.01, 0.1])?;
/// draft.attributes("levels/PGA")?.insert("units", "g")?;
/// assert!(!store.contains_key("/0")?);
///
/// draft.commit()?;
/// assert_eq!(store.keys("/0")?.collect::<Vec<_>>(), ["Campbell", "Sadigh", "Toro", "levels"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "nobody sees what is in a draft before `commit`"]
pub struct Draft {
    draft: storage::Draft,
    existing: Existing,
}

impl DataStore {
    /// Begins a group that appears under `key` as a whole, once it is committed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`]; [`ErrorKind::Conflict`] for the root; [`ErrorKind::ReadOnly`] and others of the
    /// file system.
    pub fn draft(&self, key: &str) -> Result<Draft> {
        let key = Key::new(key)?;
        let draft = storage::Draft::new(&self.store, &key);
        let draft = draft.map_err(|error| error.with_key(key.to_string()))?;
        Ok(Draft { draft, existing: Existing::Refuse })
    }
}

impl Draft {
    /// Lets the group take the place of whatever is under its key, group or value. Without this it is refused.
    pub fn replace(mut self, replace: bool) -> Self {
        self.existing = if replace { Existing::Replace } else { Existing::Refuse };
        self
    }

    /// Gives the key that the group will have.
    pub fn key(&self) -> String {
        self.draft.key().to_string()
    }

    /// Puts a value into the draft, with the groups above it, in place of the value that is there already.
    ///
    /// # Errors
    /// As [`DataStore::insert`]; [`ErrorKind::InvalidKey`] also for a key with a leading `/`: here keys are
    /// relative; [`ErrorKind::AlreadyExists`] where the group could not be committed any more.
    pub fn insert(&self, key: &str, value: impl Put) -> Result<()> {
        let key = self.inner_key(key)?;
        value.content().and_then(|content| self.put(&key, &content, Existing::Replace)).map_err(at(&key))
    }

    /// Puts a value into the draft where nothing is yet.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`], and as [`Draft::insert`].
    pub fn insert_new(&self, key: &str, value: impl Put) -> Result<()> {
        let key = self.inner_key(key)?;
        value.content().and_then(|content| self.put(&key, &content, Existing::Refuse)).map_err(at(&key))
    }

    /// Puts any `serde` object into the draft.
    ///
    /// # Errors
    /// As [`DataStore::insert_object`] and [`Draft::insert`].
    pub fn insert_object<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let key = self.inner_key(key)?;
        let content = Content::object(value);
        content.and_then(|content| self.put(&key, &content, Existing::Replace)).map_err(at(&key))
    }

    /// Puts many values into the draft, one after the other.
    ///
    /// # Errors
    /// As [`Draft::insert`].
    pub fn extend<K: AsRef<str>, V: Put>(&self, values: impl IntoIterator<Item = (K, V)>) -> Result<()> {
        values.into_iter().try_for_each(|(key, value)| self.insert(key.as_ref(), value))
    }

    /// Plans a dataset of the draft that is to be stored in a way of its own, as [`DataStore::new_dataset`] does. A
    /// handle of it can be used until the draft is committed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] and [`ErrorKind::AlreadyExists`] as [`Draft::insert`].
    pub fn new_dataset(&self, key: &str) -> Result<NewDataset<'_>> {
        let key = self.inner_key(key)?;
        Ok(NewDataset::new(self.draft.inside()?, &key.to_string()))
    }

    /// Makes an empty group in the draft. One that is there already is left as it is.
    ///
    /// # Errors
    /// As [`Draft::insert`].
    pub fn create_group(&self, key: &str) -> Result<()> {
        let key = self.inner_key(key)?;
        self.draft.inside().and_then(|inside| inside.put_group(&key)).map_err(at(&key))
    }

    /// Gives the attributes of what is in the draft; those of `""` are the group's own.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such node in the draft.
    pub fn attributes(&self, key: &str) -> Result<Attributes<'_>> {
        Attributes::new(self.draft.inside()?, self.inner_key(key)?)
    }

    /// Lets the group appear with everything in it. Whoever reads sees nothing of it before, and all of it after;
    /// where something is replaced, all of the old or all of the new.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] where something is under the key, unless [`replace`](Draft::replace) was
    /// asked for; [`ErrorKind::Conflict`] below a value; and as [`DataStore::insert`]. The draft is gone then.
    pub fn commit(self) -> Result<()> {
        self.draft.commit(self.existing).map_err(at(self.draft.key()))
    }

    fn put(&self, key: &Key, content: &Content<'_>, existing: Existing) -> Result<()> {
        if self.existing == Existing::Refuse {
            self.draft.check_vacant()?;
        }
        self.draft.put(key, content, existing)
    }

    /// The key that something in the draft will have.
    fn inner_key(&self, key: &str) -> Result<Key> {
        let group = self.draft.key();
        if key.starts_with('/') {
            let message = format!("in a draft keys are relative to {group}; leave out the leading `/`");
            return Err(Error::new(ErrorKind::InvalidKey, message).with_key(key));
        }
        Key::new(&format!("{group}/{key}"))
    }
}

/// Names the key in an error that does not yet.
fn at(key: &Key) -> impl Fn(Error) -> Error + '_ {
    move |error| error.with_key(key.to_string())
}
