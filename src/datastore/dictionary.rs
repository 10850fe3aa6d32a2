//! What a dictionary can do.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::DataStore;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Dataset, NewDataset, StoredTable};
use crate::storage::Existing;
use crate::values::{Content, Get, Put, Stored, Table, TableSchema, Value};

impl DataStore {
    /// Stores a value under a key, with the groups above it, in place of the value that was there. A group is never
    /// replaced.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`]; [`ErrorKind::Conflict`] where the key holds a group or stands below a value;
    /// [`ErrorKind::ReadOnly`], [`ErrorKind::Locked`], [`ErrorKind::StorageFull`] and others of the file system.
    pub fn insert(&self, key: &str, value: impl Put) -> Result<()> {
        let key = Key::new(key)?;
        value.content().and_then(|content| self.put(&key, &content, Existing::Replace)).map_err(at(&key))
    }

    /// Stores a value under a key where nothing is yet.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`], and as [`DataStore::insert`].
    pub fn insert_new(&self, key: &str, value: impl Put) -> Result<()> {
        let key = Key::new(key)?;
        value.content().and_then(|content| self.put(&key, &content, Existing::Refuse)).map_err(at(&key))
    }

    /// Stores any `serde` object. It can be read as the same type, as one that gained or reordered fields, and as
    /// JSON without any type.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    /// struct Params { description: String, truncation_level: Option<f64> }
    ///
    /// let params = Params { description: "demo".into(), truncation_level: Some(3.0) };
    /// store.insert_object("/job", &params)?;
    /// assert_eq!(store.object::<Params>("/job")?, params);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a value that cannot be encoded, and as [`DataStore::insert`].
    pub fn insert_object<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let key = Key::new(key)?;
        let content = Content::object(value);
        content.and_then(|content| self.put(&key, &content, Existing::Replace)).map_err(at(&key))
    }

    fn put(&self, key: &Key, content: &Content<'_>, existing: Existing) -> Result<()> {
        self.store.put(key, content, existing)
    }

    /// Plans a dataset that is to be stored in a way of its own: chunks, compression, names of the axes, units; with
    /// its elements, or before there are any.
    pub fn new_dataset(&self, key: &str) -> NewDataset<'_> {
        NewDataset::new(&self.store, key)
    }

    /// Opens a dataset, to read and change parts of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] where the key holds a group or a table.
    pub fn dataset(&self, key: &str) -> Result<Dataset> {
        let key = Key::new(key)?;
        let opened = self.in_chain(&key, |holder| Dataset::open(Arc::clone(&holder.store), key.clone()));
        opened.map_err(|error| self.suggest(&key, error))
    }

    /// Makes an empty group, and those above it. One that is there already is left as it is.
    ///
    /// # Errors
    /// As [`DataStore::insert`].
    pub fn create_group(&self, key: &str) -> Result<()> {
        let key = Key::new(key)?;
        self.store.put_group(&key).map_err(at(&key))
    }

    /// Stores a table without rows, to which rows are then appended.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] where something is there already; [`ErrorKind::WrongShape`] for a schema without
    /// columns; and as [`DataStore::insert`].
    pub fn create_table(&self, key: &str, schema: &TableSchema) -> Result<()> {
        self.insert_new(key, Table::empty(schema)?)
    }

    /// Opens a table, to read parts of it or to append rows.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] for what is no table; and those of reading files.
    pub fn table(&self, key: &str) -> Result<StoredTable> {
        let key = Key::new(key)?;
        let opened = self.in_chain(&key, |holder| StoredTable::open(&holder.store, key.clone()));
        opened.map_err(|error| self.suggest(&key, error))
    }

    /// Gives the value under a key, as the type that was stored. A key that this store lacks is looked for in its
    /// [parent](DataStore::parent), here and in all that reads.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] and [`ErrorKind::WrongShape`] say what is stored and what
    /// was asked for; [`ErrorKind::Corrupt`]; [`ErrorKind::Busy`] where it was replaced a hundred times meanwhile.
    pub fn get<T: Get>(&self, key: &str) -> Result<T> {
        self.read(key, T::get)
    }

    /// Gives whatever is under a key.
    ///
    /// # Errors
    /// As [`DataStore::get`].
    pub fn value(&self, key: &str) -> Result<Value> {
        self.get(key)
    }

    /// Gives a `serde` object.
    ///
    /// # Errors
    /// As [`DataStore::get`]; a [`ErrorKind::WrongType`] names the field that does not fit.
    pub fn object<T: DeserializeOwned>(&self, key: &str) -> Result<T> {
        self.read(key, |stored| Stored::object(stored))
    }

    fn read<T>(&self, key: &str, read: impl FnMut(&Stored<'_>) -> Result<T>) -> Result<T> {
        let key = Key::new(key)?;
        self.find(&key, read).map_err(|error| self.suggest(&key, error))
    }

    /// Reads what may well not be there.
    fn find<T>(&self, key: &Key, mut read: impl FnMut(&Stored<'_>) -> Result<T>) -> Result<T> {
        self.in_chain(key, |DataStore { store, .. }| {
            store.read(key, |snapshot| store.with_stored(snapshot, &mut read))
        })
    }

    /// Gives the value under a key, or `default` where there is none.
    ///
    /// # Errors
    /// As [`DataStore::get`], but for [`ErrorKind::NotFound`].
    pub fn get_or<T: Get>(&self, key: &str, default: T) -> Result<T> {
        match self.find(&Key::new(key)?, T::get) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(default),
            found => found,
        }
    }

    /// Gives the value under a key; where there is none, stores what `make` makes. Whoever is first wins: all get
    /// the same value.
    ///
    /// # Errors
    /// As [`DataStore::get`] and [`DataStore::insert`].
    pub fn or_insert_with<T: Get + Put>(&self, key: &str, make: impl FnOnce() -> T) -> Result<T> {
        match self.find(&Key::new(key)?, T::get) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            found => return found,
        }
        let made = make();
        match self.insert_new(key, &made) {
            Ok(()) => Ok(made),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.get(key),
            Err(error) => Err(error),
        }
    }

    /// Removes a value, or a group with everything in it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] for the root and for a column of a table; and as
    /// [`DataStore::insert`].
    pub fn remove(&self, key: &str) -> Result<()> {
        let key = Key::new(key)?;
        let removed = self.store.remove(&key, None).map(|_| ()).map_err(at(&key));
        removed.map_err(|error| self.store.suggest(&key, error))
    }

    /// Removes a value and gives it. Of several that take the same value, one gets it.
    ///
    /// # Errors
    /// As [`DataStore::get`] and [`DataStore::remove`].
    pub fn take<T: Get>(&self, key: &str) -> Result<T> {
        let key = Key::new(key)?;
        let store = &self.store;
        loop {
            let taken = store.read_version(&key, |snapshot| store.with_stored(snapshot, T::get));
            let (value, version) = taken.map_err(|error| store.suggest(&key, error))?;
            if store.remove(&key, Some(&version)).map_err(at(&key))? {
                return Ok(value);
            }
        }
    }

    /// Moves a value or a group to a key where nothing is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`], [`ErrorKind::AlreadyExists`], and as [`DataStore::insert`].
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let from = Key::new(from)?;
        let renamed = self.store.rename(&from, &Key::new(to)?).map_err(at(&from));
        renamed.map_err(|error| self.store.suggest(&from, error))
    }

    /// Tells whether there is a value or a group under a key, here or in a [parent](DataStore::parent).
    ///
    /// # Errors
    /// Those of [`DataStore::get`], but for [`ErrorKind::NotFound`].
    pub fn contains_key(&self, key: &str) -> Result<bool> {
        match self.holder(&Key::new(key)?) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stores many values, one after the other.
    ///
    /// # Errors
    /// As [`DataStore::insert`]; the values before the one that failed are stored.
    pub fn extend<K: AsRef<str>, V: Put>(&self, values: impl IntoIterator<Item = (K, V)>) -> Result<()> {
        values.into_iter().try_for_each(|(key, value)| self.insert(key.as_ref(), value))
    }

    /// Removes everything in a group, one after the other; the group and its attributes stay.
    ///
    /// # Errors
    /// As [`DataStore::remove`].
    pub fn clear(&self, group: &str) -> Result<()> {
        let key = Key::new(group)?;
        for name in self.store.child_names(&key)? {
            match self.store.remove(&key.child(&name)?, None) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map(|_| ()).map_err(at(&key))?,
            }
        }
        Ok(())
    }
}

/// Names the key in an error that does not yet.
fn at(key: &Key) -> impl Fn(Error) -> Error + '_ {
    move |error| error.with_key(key.to_string())
}
