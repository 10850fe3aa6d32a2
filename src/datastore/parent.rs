//! The parent: the store in which a key is looked for that this one lacks.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::DataStore;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::storage::{Access, DataDirectory, Os, Store, id_of, is_nothing};
use crate::zarr::{Kind, Marker, NodeMetadata, Status};

/// The most stores that one key is looked for in.
const LONGEST_CHAIN: usize = 64;

/// How a parent is named.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parent {
    /// A calculation of the same data directory: its ID, or counted from the last, which is −1.
    Id(i64),
    /// The directory of a store, or any Zarr v3 hierarchy.
    Path(PathBuf),
}

impl Parent {
    /// Opens it for reading; an ID is one of `directory`.
    pub(super) fn open(&self, directory: &DataDirectory) -> Result<DataStore> {
        match self {
            Self::Id(id) => open(&directory.find(*id)?.path),
            Self::Path(path) => open(path),
        }
    }
}

macro_rules! parent_from {
    ($($named:ty => $variant:ident,)*) => { $(
        impl From<$named> for Parent {
            fn from(named: $named) -> Self {
                Self::$variant(named.into())
            }
        }
    )* };
}

parent_from! {
    i32 => Id,
    u32 => Id,
    i64 => Id,
    &str => Path,
    String => Path,
    &Path => Path,
    PathBuf => Path,
    &PathBuf => Path,
}

impl From<&DataStore> for Parent {
    fn from(store: &DataStore) -> Self {
        Self::Path(store.calc_dir().to_path_buf())
    }
}

/// The parent as it was when it was last needed, with the path that led to it.
#[derive(Debug, Default)]
pub(super) struct OpenParent(Mutex<Option<(String, DataStore)>>);

impl DataStore {
    /// Lets reads fall through to another store: a key that is not in this one is looked for in its parent, in the
    /// parent's parent, and so on.
    ///
    /// The parent is never changed by its children. It is what `get`, `get_or`, `or_insert_with`, `value`,
    /// `object`, `contains_key`, `node`, `attributes`, `size` and `file` look into; what lists, writes, removes,
    /// exports or checks is about this store alone. Only what is *not there* is looked for: a damaged value is an
    /// error and not the parent's. A value here hides what the parent has under its key and below it, the columns
    /// of a table too.
    ///
    /// Two calculations of one data directory may be moved together with it; else the parent must stay in its
    /// place. That it is there is needed when a key is not here, and not before.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use calcstore::DataStore;
    ///
    /// let options = DataStore::options().data_dir(dir.path());
    /// let hazard = options.create()?;
    /// hazard.insert("/sites", [1.0, 2.0])?;
    ///
    /// let risk = options.parent(1).create()?;
    /// risk.insert("/losses", [10.0])?;
    /// assert_eq!(risk.get::<Vec<f64>>("/sites")?, [1.0, 2.0]);
    /// assert_eq!(risk.keys("/")?.collect::<Vec<_>>(), ["losses"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such store; [`ErrorKind::InvalidInput`] for this store itself, for
    /// one whose parents lead back to it, and for a path that is not UTF-8; and as [`DataStore::insert`].
    pub fn set_parent(&self, parent: impl Into<Parent>) -> Result<()> {
        let siblings = self.calc_dir().parent().unwrap_or(Path::new("/"));
        let directory = DataDirectory::locate(Arc::new(Os), Some(siblings))?;
        self.adopt(&parent.into().open(&directory)?)
    }

    /// Lets reads end in this store again.
    ///
    /// # Errors
    /// As [`DataStore::insert`].
    pub fn remove_parent(&self) -> Result<()> {
        self.note_parent(None)
    }

    /// Opens the parent for reading, where there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] where it is not in its place, and as [`DataStore::open`].
    pub fn parent(&self) -> Result<Option<Self>> {
        let Some(noted) = self.noted_parent()? else { return Ok(None) };
        let mut open_parent = self.parent.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((path, parent)) = &*open_parent
            && *path == noted
        {
            return Ok(Some(parent.clone()));
        }
        let path = self.store.follow(&noted);
        let mut parent = open(&path).map_err(|error| self.no_parent(&path, error))?;
        if noted.starts_with("../") {
            parent.calc_id = path.file_name().and_then(|name| id_of(name.to_str()?));
        }
        *open_parent = Some((noted, parent.clone()));
        Ok(Some(parent))
    }

    /// Gives the directory of the parent, where there is one, without looking whether it is in its place.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn parent_dir(&self) -> Result<Option<PathBuf>> {
        Ok(self.noted_parent()?.map(|noted| self.store.follow(&noted)))
    }

    /// Makes an open store the parent.
    pub(super) fn adopt(&self, parent: &Self) -> Result<()> {
        let mut chain = vec![self.clone()];
        let mut next = Some(parent.clone());
        while let Some(ancestor) = next {
            check_chain(&chain, &ancestor).map_err(|error| error.with_kind(ErrorKind::InvalidInput))?;
            next = ancestor.parent()?;
            chain.push(ancestor);
        }
        self.note_parent(Some(self.store.path_to(&parent.store)?))
    }

    /// Opens all parents; the first that cannot be opened is the error.
    pub(super) fn parents(&self) -> Result<()> {
        let mut chain = vec![self.clone()];
        while let Some(parent) = chain.last().map_or(Ok(None), Self::parent)? {
            check_chain(&chain, &parent)?;
            chain.push(parent);
        }
        Ok(())
    }

    /// Gives the path that led to the parent where a zip file was packed, relative to the calculation or absolute. The zip
    /// file itself has no parent, and what is unpacked of it has none: elsewhere another store may lie there.
    ///
    /// # Errors
    /// Those of reading files.
    pub fn packed_parent(&self) -> Result<Option<String>> {
        if self.store.is_packed() { self.marked_parent() } else { Ok(None) }
    }

    /// A hierarchy outside of a calculation's directory has none: from there the path leads to somebody else.
    fn noted_parent(&self) -> Result<Option<String>> {
        if self.store.is_packed() || !self.store.is_calculation() {
            return Ok(None);
        }
        self.marked_parent()
    }

    fn marked_parent(&self) -> Result<Option<String>> {
        self.store.read(&Key::root(), |snapshot| {
            Ok(match &snapshot.marker.kind {
                Some(Kind::Root { parent, .. }) => parent.clone(),
                _ => None,
            })
        })
    }

    fn note_parent(&self, noted: Option<String>) -> Result<()> {
        self.store.update_metadata(&Key::root(), |metadata: &mut NodeMetadata| {
            let mut marker = Marker::read(metadata.attributes())?;
            match &mut marker.kind {
                Some(Kind::Root { parent, .. }) => *parent = noted,
                kind => *kind = Some(Kind::Root { status: Status::default(), parent: noted, ended: None }),
            }
            marker.write(metadata.attributes_mut())
        })
    }

    /// Reads by `read` from the first store of the chain that has the key: this one, its parent, and so on.
    pub(super) fn in_chain<T>(&self, key: &Key, mut read: impl FnMut(&Self) -> Result<T>) -> Result<T> {
        let missing = match read(self) {
            Err(error) if is_nothing(&error) => error,
            found => return found,
        };
        let mut chain = vec![self.clone()];
        while let Some(parent) = next(&chain, key).map_err(|error| error.with_key(key.to_string()))? {
            match read(&parent) {
                Err(error) if is_nothing(&error) => chain.push(parent),
                found => return found,
            }
        }
        Err(missing)
    }

    /// The store of the chain that has the key.
    pub(super) fn holder(&self, key: &Key) -> Result<Self> {
        self.in_chain(key, |holder| holder.store.read(key, |_| Ok(holder.clone())))
    }

    /// Names the nearest key that there is in the error for a key that no store of the chain has.
    pub(super) fn suggest(&self, key: &Key, error: Error) -> Error {
        if !is_nothing(&error) || !matches!(self.noted_parent(), Ok(Some(_))) {
            return self.store.suggest(key, error);
        }
        let mut chain = vec![self.clone()];
        let mut near = self.store.nearest(key);
        while near.is_none()
            && let Ok(Some(parent)) = next(&chain, key)
        {
            near = parent.store.nearest(key);
            chain.push(parent);
        }
        let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
        let message = format!("not found, nor in its parents{near}");
        Error::new(ErrorKind::NotFound, message).with_key(key.to_string())
    }

    /// Whether a value of this store stands above `key`, so that nothing can be below it.
    fn hides(&self, key: &Key) -> Result<bool> {
        let mut above = key.parent();
        while let Some(key) = above.filter(|key| !key.is_root()) {
            let read = self.store.read(&key, |snapshot| {
                let is_array = matches!(snapshot.metadata, NodeMetadata::Array(_));
                Ok(is_array || matches!(snapshot.marker.kind, Some(Kind::Table { .. })))
            });
            match read {
                Err(error) if is_nothing(&error) => above = key.parent(),
                is_value => return is_value,
            }
        }
        Ok(false)
    }

    fn no_parent(&self, path: &Path, error: Error) -> Error {
        // That the parent is not there must not look like a key that is not there.
        let kind = if error.kind() == ErrorKind::NotFound { ErrorKind::Io } else { error.kind() };
        let message = format!(
            "the parent of {} is not to be had: {}; put it back, name another one by set_parent, or do without by \
             remove_parent",
            self.calc_dir().display(),
            error.message()
        );
        Error::new(kind, message).with_file(path).with_source(error)
    }
}

fn open(path: &Path) -> Result<DataStore> {
    let access = Access { read_only: true, ..Access::default() };
    Ok(DataStore::over(Store::open(Arc::new(Os), path, access)?, None))
}

/// The store to look for `key` in after all of `chain`.
fn next(chain: &[DataStore], key: &Key) -> Result<Option<DataStore>> {
    let Some(last) = chain.last() else { return Ok(None) };
    let Some(parent) = last.parent()? else { return Ok(None) };
    if last.hides(key)? {
        return Ok(None);
    }
    check_chain(chain, &parent)?;
    Ok(Some(parent))
}

/// Checks that a chain may go on with `next`: it has an end, and comes to it soon.
fn check_chain(chain: &[DataStore], next: &DataStore) -> Result<()> {
    for (at, store) in chain.iter().enumerate() {
        if store.store.is_same(&next.store)? {
            let circle = chain[at..].iter().chain([next]).map(|store| store.calc_dir().display().to_string());
            let circle = circle.collect::<Vec<_>>().join(" → ");
            let message =
                format!("the parents go round in a circle: {circle}; name another one by set_parent");
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
    }
    if chain.len() >= LONGEST_CHAIN {
        let message = format!("more than {LONGEST_CHAIN} stores are one another's parents");
        return Err(Error::new(ErrorKind::Unsupported, message).with_file(next.calc_dir()));
    }
    Ok(())
}
