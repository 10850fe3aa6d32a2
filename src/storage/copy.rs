//! Copying a value or a group, within a store and from another one.
//!
//! Chunk files are copied as they are, and only their checksums are looked at; `zarr.json` is written anew. Each
//! value is read as one version. All of it is staged, and appears by one rename.

use std::collections::BTreeMap;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use super::chunk_files::Seen;
use super::commit::Existing;
use super::files::{AsFd, BorrowedFd, FileId};
use super::fork::in_parallel;
use super::read::{Snapshot, is_nothing};
use super::remove::remove_tree;
use super::store::{INTERNALS, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{
    ArrayMetadata, ChunkGrid, Codecs, Kind, METADATA_FILE, Marker, NodeMetadata, automatic_names,
    column_names, renew_names,
};

/// How far a copy has come. A value that changes while it is copied counts again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copied {
    /// The number of nodes that are copied: values, groups, and columns of tables.
    pub nodes: u64,
    /// The bytes of their chunks.
    pub bytes: u64,
}

/// Called now and then; its error ends the copy.
pub(crate) type Each<'a> = dyn FnMut(Copied) -> Result<()> + Send + 'a;

/// Which file describes a node. That it has an identity of its own lasts as long as it is open; its time and size tell
/// it from a later one that got the same.
type Version = (FileId, u64, i64, u32);

/// The versions of nodes.
type Versions = BTreeMap<Key, Option<Version>>;

/// A copy under way.
struct Copy<'a> {
    source: &'a Store,
    target: &'a Store,
    nodes: AtomicU64,
    bytes: AtomicU64,
    each: Mutex<&'a mut Each<'a>>,
    /// What was copied, where that is to be removed afterwards.
    versions: Option<Mutex<Versions>>,
}

impl Store {
    /// Copies `from` with everything below it out of `source`, which may be this store, to `to`.
    pub(crate) fn copy<'a>(
        &'a self,
        (source, from): (&'a Store, &Key),
        to: &Key,
        existing: Existing,
        each: &'a mut Each<'a>,
    ) -> Result<Copied> {
        self.copy_versions((source, from), to, existing, each, None).map(|(copied, _)| copied)
    }

    /// Copies as [`Store::copy`] does, and then removes `from` if it is what was copied; else it stays, and that is the
    /// error.
    pub(crate) fn move_from<'a>(
        &'a self,
        (source, from): (&'a Store, &Key),
        to: &Key,
        existing: Existing,
        each: &'a mut Each<'a>,
    ) -> Result<Copied> {
        source.writer()?;
        let (copied, versions) =
            self.copy_versions((source, from), to, existing, each, Some(Mutex::default()))?;
        // Only what will survive a power cut may be removed where it came from.
        self.flush()?;
        match source.remove_if(from, |_| {
            let now = source.versions(from)?;
            Ok(now == versions && now.values().all(Option::is_some))
        }) {
            Ok(true) => Ok(copied),
            // Somebody else was quicker.
            Err(error) if is_nothing(&error) => Ok(copied),
            Ok(false) => {
                let message = format!(
                    "changed while it was copied to {to}, and so is still here as well; move it again, in place of \
                     that copy"
                );
                Err(Error::new(ErrorKind::Changed, message).with_key(from.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    fn copy_versions<'a>(
        &'a self,
        (source, from): (&'a Store, &Key),
        to: &Key,
        existing: Existing,
        each: &'a mut Each<'a>,
        versions: Option<Mutex<Versions>>,
    ) -> Result<(Copied, Versions)> {
        self.check_target(to)?;
        if to.is_within(from) && self.is_same(source)? {
            let message = format!("cannot be copied to {to}, which is itself or below it");
            return Err(Error::new(ErrorKind::Conflict, message).with_key(from.to_string()));
        }
        let (nodes, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
        let copy = Copy { source, target: self, nodes, bytes, each: Mutex::new(each), versions };
        let name = self.writer()?.stage.next_name();
        let copied = copy.node(from, to, &name).and_then(|()| self.commit_tree(to, &name, existing));
        copied.inspect_err(|_| self.discard(&name))?;
        let versions = copy.versions.as_ref().map(|versions| mem::take(&mut *locked(versions)));
        Ok((copy.so_far(), versions.unwrap_or_default()))
    }

    /// The versions of a node and of everything below it, as they are now.
    fn versions(&self, key: &Key) -> Result<Versions> {
        let (mut versions, mut rest) = (Versions::new(), vec![key.clone()]);
        while let Some(key) = rest.pop() {
            let node = self.open_node(&key)?;
            match (&node.metadata, &node.marker.kind) {
                (NodeMetadata::Array(_), _) => {}
                (NodeMetadata::Group(_), Some(Kind::Table { columns, .. })) => {
                    for name in columns {
                        let version = self.version_at(&format!("{}/{name}", node.place))?;
                        versions.insert(key.child(name)?, version);
                    }
                }
                (NodeMetadata::Group(_), _) => {
                    for name in self.names_in(&key, &node)? {
                        rest.push(key.child(&name)?);
                    }
                }
            }
            versions.insert(key, self.version(&node)?);
        }
        Ok(versions)
    }

    /// Which version a node is; nothing where it is none that will be found again.
    fn version(&self, node: &Snapshot) -> Result<Option<Version>> {
        // It is open, so that no other file can have its identity yet.
        Ok(self.version_at(&node.place)?.filter(|(id, ..)| *id == node.id()))
    }

    /// Which version lies at a place now, if there is one.
    fn version_at(&self, place: &str) -> Result<Option<Version>> {
        let place = format!("{place}/{METADATA_FILE}");
        match self.files.stat(self.root(), &place) {
            Ok(stat) => Ok(Some((stat.id, stat.bytes, stat.modified, stat.modified_nanos))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("cannot look up", &place)(error)),
        }
    }
}

impl Copy<'_> {
    /// Copies a node to `path` in the stage, with everything below it.
    fn node(&self, from: &Key, to: &Key, path: &str) -> Result<()> {
        to.check_creatable()?;
        let members = self.source.read(from, |snapshot| {
            // What an earlier look has left.
            let cleared = remove_tree(&*self.target.files, self.stage()?, path);
            cleared.map_err(self.target.failed("cannot remove", INTERNALS))?;
            self.target.create_staged_directory(path)?;
            if let Some(versions) = &self.versions {
                let version = self.source.version(snapshot)?;
                locked(versions).insert(from.clone(), version);
            }
            match (&snapshot.metadata, &snapshot.marker.kind) {
                (NodeMetadata::Array(array), _) => {
                    let names = automatic_names(to, array.shape.len());
                    self.array(&snapshot.place, snapshot.directory.as_fd(), array, (names, path), false)?;
                    Ok(Vec::new())
                }
                (NodeMetadata::Group(_), Some(Kind::Table { columns, .. })) => {
                    let sparse = self.columns((snapshot, columns), from, to, path)?;
                    self.group(snapshot, sparse, path)?;
                    Ok(Vec::new())
                }
                (NodeMetadata::Group(_), _) => {
                    let names = self.source.names_in(from, snapshot)?;
                    self.group(snapshot, false, path)?;
                    Ok(names)
                }
            }
        })?;
        self.report(1, 0)?;
        let copy = |name: String| {
            let copied = self.node(&from.child(&name)?, &to.child(&name)?, &format!("{path}/{name}"));
            match copied {
                // It was removed while we were on our way: of a group as a whole nobody promises one version.
                Err(error) if error.kind() == ErrorKind::NotFound => self.remove(&format!("{path}/{name}")),
                copied => copied,
            }
        };
        in_parallel(|| members.into_par_iter().try_for_each(copy))
    }

    /// Copies the columns of a table; tells whether some lack chunks.
    fn columns(
        &self,
        (table, columns): (&Snapshot, &[String]),
        from: &Key,
        to: &Key,
        path: &str,
    ) -> Result<bool> {
        let column = |name: &String| {
            // A name that is no component would lead out of the table.
            let key = from.child(name)?;
            let place = format!("{}/{name}", table.place);
            let version = || self.versions.as_ref().map(|_| self.source.version_at(&place)).transpose();
            let before = version()?;
            let directory = self.source.files.open_directory(table.directory.as_fd(), name);
            let directory = directory.map_err(|error| self.source.cannot_open(&place, error))?;
            let NodeMetadata::Array(array) = self.source.read_metadata(&directory, &place)? else {
                let message = format!("the table is damaged: column {name} is a group");
                return Err(Error::new(ErrorKind::Corrupt, message).with_file(self.source.shown(&place)));
            };
            let path = format!("{path}/{name}");
            self.target.create_staged_directory(&path)?;
            let names = column_names(to, name, array.shape.len());
            let sparse = table.marker.sparse;
            let sparse = self.array(&place, directory.as_fd(), &array, (names, &path), sparse)?;
            if let Some(versions) = &self.versions {
                // Its attributes change without the table.
                let version = before.filter(|before| version().is_ok_and(|now| now == Some(*before)));
                locked(versions).insert(key, version.flatten());
            }
            self.report(1, 0)?;
            Ok(sparse)
        };
        in_parallel(|| columns.par_iter().map(column).try_reduce(|| false, |one, other| Ok(one || other)))
    }

    /// Copies an array out of its open directory. It may lack chunks if `sparse` or its own metadata say so; tells
    /// whether it does.
    fn array(
        &self,
        place: &str,
        directory: BorrowedFd<'_>,
        array: &ArrayMetadata,
        (names, path): (Vec<String>, &str),
        sparse: bool,
    ) -> Result<bool> {
        let grid = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        let mut marker = Marker::read(&array.attributes)?;
        let sparse = sparse || marker.sparse;
        let chunks = self.source.chunk_files(place, directory, (array, &grid), sparse)?;
        let lacks_chunks = (chunks.len() as u64) < grid.len();
        marker.sparse |= lacks_chunks;
        let mut metadata = array.clone();
        renew_names(&mut metadata, names);
        marker.write(&mut metadata.attributes)?;
        self.make_directories(path, &chunks)?;
        // What cannot be decoded can be copied all the same.
        let codecs = Codecs::new(array).ok();
        let copy = |chunk: &String| self.chunk(place, directory, codecs.as_ref(), (path, chunk));
        match chunks.as_slice() {
            [chunk] => copy(chunk)?,
            chunks => in_parallel(|| chunks.par_iter().try_for_each(copy))?,
        }
        self.write(&NodeMetadata::Array(metadata), path)?;
        Ok(lacks_chunks)
    }

    /// Makes the directories that chunks lie in whose names hold a `/`.
    fn make_directories(&self, path: &str, chunks: &[String]) -> Result<()> {
        let parents = chunks.iter().flat_map(|chunk| chunk.match_indices('/').map(|(at, _)| &chunk[..at]));
        // In the order of their names each is before those in it.
        let parents: std::collections::BTreeSet<&str> = parents.collect();
        parents
            .into_iter()
            .try_for_each(|parent| self.target.create_staged_directory(&format!("{path}/{parent}")))
    }

    fn chunk(
        &self,
        place: &str,
        directory: BorrowedFd<'_>,
        codecs: Option<&Codecs>,
        (path, chunk): (&str, &str),
    ) -> Result<()> {
        let damaged = |error: Error| error.with_file(self.source.shown(place).join(chunk));
        let place = format!("{place}/{chunk}");
        let opened = self.source.files.open_file(directory, chunk);
        let file = opened.map_err(|error| self.source.cannot_open(&place, error))?;
        let stat = self.source.files.stat_open(file.as_fd());
        let length = stat.map_err(self.source.failed("cannot read", &place))?.bytes;
        let mut seen = Seen::new(length, codecs.is_some_and(Codecs::ends_with_checksum));
        let to = (self.stage()?, &*format!("{path}/{chunk}"));
        let copied = self.source.files.copy_file(file.as_fd(), to, &mut |bytes| seen.add(bytes));
        copied.map_err(|error| damaged(self.target.failed("cannot copy a chunk", INTERNALS)(error)))?;
        seen.verify(codecs.and_then(Codecs::encoded_size)).map_err(damaged)?;
        self.report(0, length)
    }

    /// Writes the metadata of a group or table; the copy of a root is a plain group.
    fn group(&self, snapshot: &Snapshot, sparse: bool, path: &str) -> Result<()> {
        let (mut metadata, mut marker) = (snapshot.metadata.clone(), Marker::clone(&snapshot.marker));
        marker.kind = marker.kind.filter(|kind| !matches!(kind, Kind::Root { .. }));
        marker.sparse |= sparse;
        marker.write(metadata.attributes_mut())?;
        self.write(&metadata, path)
    }

    fn write(&self, metadata: &NodeMetadata, path: &str) -> Result<()> {
        let path = format!("{path}/{METADATA_FILE}");
        let written = self.target.files.create_file(self.stage()?, &path, &[&metadata.to_bytes()?]);
        written.map(|_| ()).map_err(self.target.failed("cannot write the metadata", INTERNALS))
    }

    fn remove(&self, path: &str) -> Result<()> {
        let removed = remove_tree(&*self.target.files, self.stage()?, path);
        removed.map_err(self.target.failed("cannot remove", INTERNALS))
    }

    fn stage(&self) -> Result<BorrowedFd<'_>> {
        Ok(self.target.writer()?.stage.handle())
    }

    fn report(&self, nodes: u64, bytes: u64) -> Result<()> {
        self.nodes.fetch_add(nodes, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        // While somebody is being told nobody waits: a callback may itself be work for all threads.
        match self.each.try_lock() {
            Ok(mut each) => each(self.so_far()),
            Err(_) => Ok(()),
        }
    }

    fn so_far(&self) -> Copied {
        Copied { nodes: self.nodes.load(Relaxed), bytes: self.bytes.load(Relaxed) }
    }
}

fn locked(versions: &Mutex<Versions>) -> MutexGuard<'_, Versions> {
    versions.lock().unwrap_or_else(PoisonError::into_inner)
}
