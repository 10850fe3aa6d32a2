//! Input files, kept with the results so that a calculation can be repeated.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use serde_json::Value as Json;

use super::DataStore;
use super::gzip::{Inflate, check_is_file, compress};
use crate::error::{Error, ErrorKind, Result};
use crate::key::{Key, escape_component};
use crate::nodes::{Node, NodeKind};
use crate::storage::{ArrayOptions, AsFd, Existing, Files, Handle, Rename, Snapshot, Store, random_id};
use crate::values::{Content, Elements, Stored};

const ENCODING: &str = "encoding";
const GZIP: &str = "gzip";
const NAME: &str = "original_name";
const SIZE: &str = "original_size";

/// A file that was stored whole, as [`DataStore::files`] lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFile {
    /// The key that it is stored under.
    pub key: String,
    /// Its name, relative to the directory that all files had in common: `sources/crustal.xml`.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The bytes that it takes compressed.
    pub stored_bytes: u64,
}

/// Whether files that are there already may be written over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// They are left alone, and nothing is written.
    #[default]
    No,
    /// They are replaced.
    Yes,
}

impl DataStore {
    /// Stores files whole, compressed, in a group: the input of a calculation, so that it can be repeated. They
    /// keep their names relative to the directory that they have in common.
    ///
    /// A file takes as much memory as it has bytes when compressed. One that is stored already is replaced; each
    /// file appears by itself. Other programs find the bytes of a gzip file, with the name in an attribute.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// # let model = dir.path().join("model");
    /// use calcstore::Overwrite;
    ///
    /// std::fs::create_dir_all(model.join("sources"))?;
    /// std::fs::write(model.join("job.ini"), "[general]")?;
    /// std::fs::write(model.join("sources/crustal.xml"), "<nrml/>")?;
    ///
    /// store.store_files("/input", [model.join("job.ini"), model.join("sources/crustal.xml")])?;
    /// let names: Vec<String> = store.files("/input")?.into_iter().map(|file| file.name).collect();
    /// assert_eq!(names, ["job.ini", "sources/crustal.xml"]);
    /// assert_eq!(store.file("/input", "job.ini")?, b"[general]");
    ///
    /// store.extract_files("/input", dir.path().join("again"), Overwrite::No)?;
    /// assert_eq!(std::fs::read_to_string(dir.path().join("again/sources/crustal.xml"))?, "<nrml/>");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a directory and whatever else is no regular file, for a name that is not
    /// UTF-8, and for a file that is named twice; [`ErrorKind::NotFound`]: then nothing is stored.
    /// [`ErrorKind::Busy`] for a file that changes while it is being read; and as [`DataStore::insert`].
    ///
    /// # Format
    /// Section 4 of the specification: bytes with the attributes `encoding`, `original_name`, `original_size`.
    pub fn store_files<P: AsRef<Path>>(
        &self,
        group: &str,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Vec<StoredFile>> {
        let group = Key::new(group)?;
        let paths: Vec<PathBuf> = paths.into_iter().map(|path| path.as_ref().to_path_buf()).collect();
        let mut planned: BTreeMap<Key, (String, &Path)> = BTreeMap::new();
        for (name, path) in relative_names(&paths)?.into_iter().zip(&paths) {
            check_is_file(path)?;
            let key = file_key(&group, &name).map_err(|error| error.with_file(path))?;
            key.check_creatable()?;
            if let Some((_, other)) = planned.insert(key.clone(), (name, path)) {
                let message = format!("two files would be stored here; the other is {}", other.display());
                let error = Error::new(ErrorKind::InvalidInput, message).with_file(path);
                return Err(error.with_key(key.to_string()));
            }
        }
        planned.into_iter().map(|(key, (name, path))| self.store_file(&key, name, path)).collect()
    }

    fn store_file(&self, key: &Key, name: String, path: &Path) -> Result<StoredFile> {
        let (compressed, bytes) = compress(path)?;
        let file = StoredFile { key: key.to_string(), name, bytes, stored_bytes: compressed.len() as u64 };
        let attributes = [
            (ENCODING, Json::from(GZIP)),
            (NAME, Json::from(file.name.as_str())),
            (SIZE, Json::from(file.bytes)),
        ];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into_iter().collect();
        let content = Content::Bytes(compressed.into());
        // It is compressed already.
        let options = ArrayOptions { attributes, ..ArrayOptions::default() };
        let stored = self.store.put_with(key, &content, &options, Existing::Replace);
        stored.map_err(|error| error.with_key(key.to_string())).map(|()| file)
    }

    /// Lists the files in a group and in the groups below it, in the order of their keys.
    ///
    /// # Errors
    /// As [`DataStore::nodes`].
    pub fn files(&self, group: &str) -> Result<Vec<StoredFile>> {
        Ok(self.walk_nodes(group)?.iter().filter_map(stored_file).collect())
    }

    /// Gives what a stored file held.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] for a value that is no stored file;
    /// [`ErrorKind::Corrupt`] where it is damaged; and as [`DataStore::get`].
    pub fn file(&self, group: &str, name: &str) -> Result<Vec<u8>> {
        let key = file_key(&Key::new(group)?, name)?;
        let read = self.in_chain(&key, |DataStore { store, .. }| {
            store.read(&key, |snapshot| {
                let mut bytes = Vec::new();
                let no_failure = |error| Error::io("no memory for the file", "", error);
                inflate(store, snapshot, &mut bytes, &no_failure)?;
                Ok(bytes)
            })
        });
        read.map_err(|error| self.suggest(&key, error))
    }

    /// Writes all files of a group to a directory, under their names, so that the calculation can be repeated;
    /// makes the directories that are missing. Gives the paths.
    ///
    /// Nothing is written outside of `directory`, nor through symbolic links in it. Each file appears whole.
    /// Memory does not grow with them.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] for a file that is there, unless [`Overwrite::Yes`]: then nothing is written.
    /// [`ErrorKind::Corrupt`] for a file that is damaged or whose name leads elsewhere; as [`DataStore::files`] and
    /// those of the file system.
    pub fn extract_files(
        &self,
        group: &str,
        directory: impl AsRef<Path>,
        overwrite: Overwrite,
    ) -> Result<Vec<PathBuf>> {
        let directory = directory.as_ref();
        let stored = self.files(group)?;
        check_names(&stored)?;
        let files = &**self.store.around();
        let failed = |error| Error::io("cannot make the directory", directory, error);
        files.create_path(directory).map_err(failed)?;
        let root = files.open_root(directory).map_err(failed)?;
        for file in &stored {
            if overwrite == Overwrite::No && files.stat(root.as_fd(), &file.name).is_ok() {
                return Err(exists(&directory.join(&file.name)));
            }
        }
        stored.iter().map(|file| self.extract(file, (&root, directory), overwrite)).collect()
    }

    fn extract(
        &self,
        file: &StoredFile,
        (root, directory): (&Handle, &Path),
        overwrite: Overwrite,
    ) -> Result<PathBuf> {
        let path = directory.join(&file.name);
        let failed = |error| Error::io("cannot write", &path, error);
        let files = &**self.store.around();
        let (above, name) = file.name.rsplit_once('/').unwrap_or(("", &file.name));
        let parent = open_below(files, root, above).map_err(failed)?;
        let parent = parent.as_ref().unwrap_or(root).as_fd();
        let partial = format!(".{}.part", random_id());
        let key = Key::new(&file.key)?;
        let written = self.store.read(&key, |snapshot| {
            // What an earlier look wrote was perhaps not one version.
            let _ = files.remove_file(parent, &partial);
            let output = files.create_output(parent, &partial).map_err(failed)?;
            inflate(&self.store, snapshot, output, &failed)
        });
        let how = if overwrite == Overwrite::Yes { Rename::Over } else { Rename::New };
        let renamed = written.and_then(|()| {
            files.rename((parent, &partial), (parent, name), how).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => exists(&path),
                _ => failed(error),
            })
        });
        if renamed.is_err() {
            let _ = files.remove_file(parent, &partial);
        }
        renamed.map(|()| path)
    }
}

fn exists(path: &Path) -> Error {
    let message = "there is such a file already; name another directory, or ask to overwrite it";
    Error::new(ErrorKind::AlreadyExists, message).with_file(path)
}

/// Makes and opens the directories `path` below `root`, none of which may be a link.
fn open_below(files: &dyn Files, root: &Handle, path: &str) -> io::Result<Option<Handle>> {
    let mut opened: Option<Handle> = None;
    for component in path.split('/').filter(|component| !component.is_empty()) {
        let at = opened.as_ref().unwrap_or(root).as_fd();
        match files.create_directory(at, component) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => opened = Some(files.open_directory(at, component)?),
        }
    }
    Ok(opened)
}

/// The stored file that a node is, if it is one.
fn stored_file(node: &Node) -> Option<StoredFile> {
    if node.kind != NodeKind::Bytes || node.attributes.get(ENCODING)? != GZIP {
        return None;
    }
    Some(StoredFile {
        key: node.key.clone(),
        name: node.attributes.get(NAME)?.as_str()?.to_owned(),
        bytes: node.attributes.get(SIZE)?.as_u64()?,
        stored_bytes: node.layout.as_ref()?.bytes()?,
    })
}

/// Decompresses what a snapshot holds to `target`.
fn inflate(
    store: &Store,
    snapshot: &Snapshot,
    target: impl Write,
    failed: &dyn Fn(io::Error) -> Error,
) -> Result<()> {
    let attributes = snapshot.metadata.attributes();
    let size = attributes.get(SIZE).and_then(Json::as_u64);
    store.with_stored(snapshot, |stored| match (stored, size) {
        (Stored::Bytes(source), Some(size)) if attributes.get(ENCODING) == Some(&Json::from(GZIP)) => {
            let mut inflate = Inflate::new(target, size);
            source.read_blocks(&mut |block| match block {
                Elements::Bytes(bytes) => inflate.push(&bytes, failed),
                Elements::Strings(_) => Ok(()),
            })?;
            inflate.finish(failed)
        }
        (stored, _) => Err(stored.mismatch("a stored file")),
    })
}

/// The key of the file `name` in a group.
fn file_key(group: &Key, name: &str) -> Result<Key> {
    name.split('/').try_fold(group.clone(), |key, component| key.child(&escape_component(component)?))
}

/// Checks that every name leads to a place of its own below any directory.
fn check_names(stored: &[StoredFile]) -> Result<()> {
    let mut names = BTreeMap::new();
    for file in stored {
        let is_plain = |component: &str| !matches!(component, "" | "." | "..") && !component.contains('\0');
        if !file.name.split('/').all(is_plain) {
            let message = format!("the file is named {:?}, which leads out of any directory", file.name);
            return Err(Error::new(ErrorKind::Corrupt, message).with_key(file.key.clone()));
        }
        if let Some(other) = names.insert(&file.name, &file.key) {
            let message = format!("{other} has the name {:?} too; extract the groups one by one", file.name);
            return Err(Error::new(ErrorKind::Conflict, message).with_key(file.key.clone()));
        }
    }
    Ok(())
}

/// The names of files relative to the directory that they have in common.
fn relative_names(paths: &[PathBuf]) -> Result<Vec<String>> {
    let split: Vec<Vec<OsString>> = paths.iter().map(|path| components(path)).collect::<Result<_>>()?;
    let is_common = |at: usize| {
        let first = split.first().and_then(|first| first.get(at));
        split.iter().all(|path| at + 1 < path.len() && path.get(at) == first)
    };
    let shortest = split.iter().map(Vec::len).min().unwrap_or(0);
    let common = (0..shortest).take_while(|at| is_common(*at)).count();
    let name = |(names, path): (&Vec<OsString>, &PathBuf)| {
        let names: Option<Vec<&str>> = names[common..].iter().map(|name| name.to_str()).collect();
        names.map(|names| names.join("/")).ok_or_else(|| {
            let message = "the name is not UTF-8, as keys are; rename the file";
            Error::new(ErrorKind::InvalidInput, message).with_file(path)
        })
    };
    split.iter().zip(paths).map(name).collect()
}

/// The names on the way from the root to a file.
fn components(path: &Path) -> Result<Vec<OsString>> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "an empty path names no file"));
    }
    let absolute = std::path::absolute(path).map_err(|error| Error::io("not a path", path, error))?;
    let mut names = Vec::new();
    for component in absolute.components() {
        match component {
            Component::Normal(name) => names.push(name.to_owned()),
            Component::ParentDir => {
                names.pop();
            }
            _ => {}
        }
    }
    Ok(names)
}
