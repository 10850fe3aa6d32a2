use std::fmt;
use std::path::{Path, PathBuf};

use super::describe::{Seen, describe_looked, problem};
use super::elements::{Selected, Written};
use super::found::Found;
use super::links::Alone;
use super::listing::{Visited, visit, walk};
use super::lookup::{key as key_of, look_up};
use super::names::Paths;
use super::open::open;
use super::reading::Reading;
use super::stored::{Parts, with_parts};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, ObjectKind};
use crate::nodes::{Keys, Layout, Node, NodeKind, Size, literal_group, rows_at};
use crate::progress::Continue;
use crate::selection::{IntoSelection, Selection};
use crate::values::{Get, Source, Stored, Table, Value};

/// An HDF5 file that is read where it lies, whoever wrote it: with the methods by which a [`DataStore`](crate::DataStore) is
/// read, and the same keys, kinds, types and attributes that an [import](crate::Hdf5Import) makes.
///
/// Nothing is written, and no more is read than what is asked for: the metadata of what is listed, and of arrays and tables
/// the chunks that hold what is selected. What cannot be read is listed as [`NodeKind::Unreadable`] with the reason, and hides
/// nothing beside it. Nothing is believed that the file says: what is damaged is an error, never a wrong value.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// # store.insert("/curves", ndarray::array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]])?;
/// # let path = store.export_hdf5()?.file;
/// use calcstore::Hdf5File;
///
/// let file = Hdf5File::open(&path)?;
/// assert_eq!(file.keys("/")?.collect::<Vec<_>>(), ["curves"]);
/// let layout = file.node("/curves")?.layout.expect("it is an array");
/// assert_eq!((layout.data_type.name(), layout.shape), ("float64", vec![2, 3]));
/// assert_eq!(file.read::<Vec<f64>>("/curves", "-1, ::2")?, [0.8, 0.2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Hdf5File {
    path: PathBuf,
    file: File,
    paths: Paths,
}

impl Hdf5File {
    /// Opens a file. It is closed when it is dropped.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no HDF5 file, [`ErrorKind::Unsupported`] for one that is of several, or newer
    /// than what is known here; [`ErrorKind::Corrupt`] where nothing can be found in it; [`ErrorKind::NotFound`] and others of
    /// the file system.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let source = open(&path)?;
        let here = |error: Error| error.with_file(&path);
        let file = File::open(Box::new(source)).map_err(here)?;
        if file.root().map_err(here)?.kind() != ObjectKind::Group {
            return Err(here(Error::new(ErrorKind::Corrupt, "the root of the file is no group")));
        }
        Ok(Self { path, file, paths: Paths::default() })
    }

    /// Gives the path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn reading(&self) -> Reading<'_> {
        Reading::new(&self.file, &self.paths, (&Alone, 0))
    }

    /// Lists the names in a group, sorted by bytes, as [`DataStore::keys`](crate::DataStore::keys) does.
    ///
    /// # Errors
    /// As [`Hdf5File::nodes`].
    pub fn keys(&self, group: &str) -> Result<Keys> {
        let name = |node: Node| node.key.rsplit('/').next().unwrap_or_default().to_owned();
        Ok(self.nodes(group)?.into_iter().map(name).collect::<Vec<_>>().into())
    }

    /// Describes one node. Links of every kind lead to it that stay in the file, and a path of the file that can be no key
    /// means the key that the object would have.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Unsupported`] and [`ErrorKind::Corrupt`] for what cannot be read.
    pub fn node(&self, key: &str) -> Result<Node> {
        let mut reading = self.reading();
        let key = key_of(key)?;
        let node = look_up(&reading, &key).and_then(|looked| {
            let Seen { mut node, found, .. } = describe_looked(&mut reading, &looked)?;
            if let Found::Group = found {
                if let Some(error) = looked.object.known_links().fault() {
                    reading.leave_out(&looked.place.path, error.message());
                }
                node.problem = node.problem.take().or_else(|| problem(&mut reading, &looked.place));
            }
            Ok(node)
        });
        node.map_err(|error| error.with_key(key.to_string()))
    }

    /// Describes everything in a group: one level, in the order of [`Hdf5File::keys`]. What cannot be read is
    /// [`NodeKind::Unreadable`]; datatypes, and scales that only name a dimension, have no value and are not listed.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where the key holds a value; and those of reading files.
    pub fn nodes(&self, group: &str) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        visit(&mut self.reading(), &key_of(group)?, &mut |visited| {
            nodes.push(visited.node);
            Ok(())
        })?;
        Ok(nodes)
    }

    /// Describes everything below a group, each group before what is in it. A group that has several names is gone through
    /// under each; one that lies in itself, and more than 2,000 objects that were met before, are [`NodeKind::Unreadable`].
    ///
    /// # Errors
    /// As [`Hdf5File::nodes`].
    pub fn walk_nodes(&self, group: &str) -> Result<Vec<Node>> {
        let mut nodes = Vec::new();
        self.walk_with(group, &mut |visited| {
            nodes.push(visited.node);
            Ok(())
        })?;
        Ok(nodes)
    }

    fn walk_with(&self, group: &str, each: &mut dyn FnMut(Visited) -> Result<()>) -> Result<()> {
        walk(&mut self.reading(), &key_of(group)?, each)
    }

    /// Lists the keys that match a pattern, as [`DataStore::glob`](crate::DataStore::glob) does.
    ///
    /// # Errors
    /// As [`Hdf5File::nodes`]; no match is no error.
    pub fn glob(&self, pattern: &str) -> Result<Keys> {
        if let Ok(key) = key_of(pattern)
            && look_up(&self.reading(), &key).is_ok()
        {
            return Ok(vec![key.to_string()].into());
        }
        let pattern = format!("/{}", pattern.trim_matches('/'));
        let mut keys = Vec::new();
        let walked = self.walk_with(literal_group(&pattern), &mut |visited| {
            if fast_glob::glob_match(&pattern, &visited.node.key) {
                keys.push(visited.node.key);
            }
            Ok(())
        });
        match walked {
            // Nothing is there, or a value, which has nothing below it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => {}
            walked => walked?,
        }
        Ok(keys.into())
    }

    /// Gives the value under a key, as the type that it has.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] and [`ErrorKind::WrongShape`] say what is there and what was asked
    /// for; [`ErrorKind::Unsupported`], [`ErrorKind::Corrupt`].
    pub fn get<T: Get>(&self, key: &str) -> Result<T> {
        self.with(key, &mut |parts| match parts {
            Parts::Group => T::get(&Stored::Group),
            Parts::Object(object) => T::get(&Stored::Object(object)),
            Parts::Array(array) => T::get(&Stored::Array(&Selected::all(*array)?)),
            Parts::Bytes(array) => T::get(&Stored::Bytes(&Selected::all(*array)?)),
            Parts::Table(columns) => {
                let all = columns.iter().map(|column| Ok((column.name.clone(), Selected::all(column)?)));
                let all = all.collect::<Result<Vec<_>>>()?;
                let all = all.iter().map(|(name, column)| (name.clone(), column as &dyn Source));
                T::get(&Stored::Table(&all.collect::<Vec<_>>()))
            }
        })
    }

    /// Gives whatever is under a key.
    ///
    /// # Errors
    /// As [`Hdf5File::get`].
    pub fn value(&self, key: &str) -> Result<Value> {
        self.get(key)
    }

    /// Reads the selected elements of an array, as [`Dataset::read`](crate::Dataset::read) does, and no more of the file than
    /// the chunks that hold them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a selection that does not fit the shape, and as [`Hdf5File::get`].
    pub fn read<T: Get>(&self, key: &str, selection: impl IntoSelection) -> Result<T> {
        let selection = selection.into_selection()?;
        self.with(key, &mut |parts| match parts {
            Parts::Array(array) | Parts::Bytes(array) => {
                T::get(&Stored::Array(&Selected::new(*array, &selection)?))
            }
            Parts::Table(_) => Err(wrong_type("a table, whose rows rows_at() reads")),
            Parts::Object(_) => Err(wrong_type("an object")),
            Parts::Group => Err(wrong_type("a group")),
        })
    }

    /// What was written of an array, or of a column by its own key; `None` where that is all.
    ///
    /// # Errors
    /// As [`Hdf5File::get`].
    pub(crate) fn written(&self, key: &str) -> Result<Option<Written>> {
        self.with(key, &mut |parts| match parts {
            Parts::Array(array) | Parts::Bytes(array) => array.written(),
            _ => Ok(None),
        })
    }

    /// Reads rows of a table, as [`StoredTable::rows_at`](crate::StoredTable::rows_at) does.
    ///
    /// # Errors
    /// As [`Hdf5File::read`].
    pub fn rows_at(&self, key: &str, rows: impl IntoSelection) -> Result<Table> {
        let selection: Selection = rows.into_selection()?;
        self.with(key, &mut |parts| {
            let Parts::Table(columns) = parts else { return Err(wrong_type("no table")) };
            let count = columns.first().and_then(|column| column.shape.first().copied()).unwrap_or_default();
            let all = columns.iter().map(|column| Ok((column, Selected::all(column)?)));
            let all = all.collect::<Result<Vec<_>>>()?;
            let all = all.iter().map(|(column, source)| (column.name.as_str(), source as &dyn Source));
            rows_at(all, count, &selection)
        })
    }

    /// Tells what a node takes in memory and in the file with everything in it, and what there is, as
    /// [`DataStore::size`](crate::DataStore::size) does. Of the root it is the whole file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] and those of reading files.
    pub fn size(&self, key: &str) -> Result<Size> {
        self.measure(key, |_| Continue::Yes)
    }

    /// As [`Hdf5File::size`], for what takes long: `progress` is called with the number of nodes so far.
    ///
    /// # Errors
    /// As there; [`ErrorKind::Cancelled`] where `progress` said so.
    pub fn measure(&self, key: &str, mut progress: impl FnMut(u64) -> Continue) -> Result<Size> {
        let mut reading = self.reading();
        let key = key_of(key)?;
        let seen = look_up(&reading, &key).and_then(|looked| describe_looked(&mut reading, &looked));
        let first = match seen {
            Ok(Seen { node, found, .. }) => Visited { node, found: Some(found) },
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported) => {
                Visited { node: Node::unreadable(&key, &error), found: None }
            }
            Err(error) => return Err(error),
        };
        let (mut size, mut count) = (Size::NONE, 0_u64);
        let is_group = first.node.kind == NodeKind::Group;
        let mut add = |visited: Visited| {
            let stored = (stored_bytes(&self.reading(), &visited), 1);
            size.add(Some(visited.node.kind), bytes(&visited), stored);
            count = count.saturating_add(1);
            match progress(count) {
                Continue::Yes => Ok(()),
                Continue::No => Err(Error::new(ErrorKind::Cancelled, "stopped")),
            }
        };
        add(first)?;
        if is_group {
            walk(&mut reading, &key, &mut add)?;
        }
        // They are all in one.
        size.files = 1;
        if key.is_root() {
            size.stored_bytes = std::fs::metadata(&self.path).map_or(size.stored_bytes, |file| file.len());
        }
        Ok(size)
    }

    /// Shows what is under a key to `use_it`, so that it can be read. What is of text of a fixed length is shown once more as
    /// bytes where it was none.
    fn with<T>(&self, key: &str, use_it: &mut dyn FnMut(&Parts<'_>) -> Result<T>) -> Result<T> {
        let mut reading = self.reading();
        let key = key_of(key)?;
        let used = look_up(&reading, &key).and_then(|looked| with_parts(&mut reading, &looked, use_it));
        used.map_err(|error| error.with_key(key.to_string()))
    }
}

fn wrong_type(holds: &str) -> Error {
    Error::new(ErrorKind::WrongType, format!("holds {holds}, asked for a part of an array"))
}

/// The bytes of a value in memory, where they are known.
fn bytes(visited: &Visited) -> Option<u64> {
    match (&visited.found, visited.node.kind) {
        (_, NodeKind::Unreadable) => None,
        (Some(Found::Object(object)), _) => Some(object.bytes.len() as u64),
        (Some(Found::Dataset(opened)), NodeKind::Table) => Some(opened.size()),
        (Some(Found::Columns(columns)), _) => {
            Some(columns.iter().fold(0, |sum, column| column.opened.size().saturating_add(sum)))
        }
        _ => visited.node.layout.as_ref().map_or(Some(0), Layout::bytes),
    }
}

/// The bytes that its elements take in the file; what is damaged counts nothing.
fn stored_bytes(reading: &Reading<'_>, visited: &Visited) -> u64 {
    let of = |opened: &super::Opened| opened.reader(reading).map_or(0, |reader| reader.stored_size());
    match &visited.found {
        Some(Found::Dataset(opened)) => of(opened),
        Some(Found::Columns(columns)) => {
            columns.iter().fold(0, |sum, column| of(&column.opened).saturating_add(sum))
        }
        Some(Found::Object(object)) => object.bytes.len() as u64,
        _ => 0,
    }
}

impl fmt::Debug for Hdf5File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hdf5File").field("path", &self.path).finish_non_exhaustive()
    }
}
