//! Looking at one node: whether its files are there, whole, and all that there is.
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::chunk_read::ArrayReader;
use super::files::{AsFd, BorrowedFd, Entry};
use super::finding::{Finding, FindingKind};
use super::fork::in_parallel;
use super::read::{Snapshot, is_passing};
use super::store::Store;
use super::sweep::has_rested;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{
    ArrayMetadata, ChunkGrid, Kind, METADATA_FILE, NodeMetadata, automatic_names, column_names,
    has_stale_names,
};

/// The most damaged or missing chunks of one node that are named.
const MOST_CHUNKS: usize = 100;

/// So many chunks are verified between two calls of whoever may want to stop.
const BATCH: usize = 64;

/// How much of a node is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Names and metadata. Whoever asks for that keeps all others from changing the node.
    Names,
    /// All bytes.
    Chunks,
    /// All bytes; whoever asks for that keeps all others from changing the node.
    ChunksAtRest,
}

/// What one node is and holds.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub findings: Vec<Finding>,
    /// The names of the directories in it that are to be looked at as well.
    pub members: Vec<String>,
    pub array: Option<ArrayMetadata>,
    pub bytes: u64,
    pub is_node: bool,
    pub is_table: bool,
    /// Nothing is there any more.
    pub is_gone: bool,
}

/// A look that is being taken.
pub(super) struct Looking<'a> {
    pub store: &'a Store,
    pub key: &'a Key,
    table: Option<&'a Key>,
    pub place: &'a str,
    pub depth: Depth,
    pub look: Look,
}

/// What lies in the directory of an array.
#[derive(Default)]
struct Chunks {
    /// Of the array, in C order.
    own: Vec<Vec<u64>>,
    /// Those of them that are no files.
    odd: Vec<Vec<u64>>,
    /// The paths of those beyond its shape, with when they changed.
    beyond: Vec<(String, i64)>,
}

impl Store {
    /// Looks at the node `key`, which is a column where a table is given. `tick` is called now and then; its error
    /// ends the look.
    pub(super) fn look_at(
        &self,
        key: &Key,
        table: Option<&Key>,
        depth: Depth,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Look> {
        let place = self.place(key);
        let begin = || Looking { store: self, key, table, place: &place, depth, look: Look::default() };
        let found = self.read(key, |snapshot| {
            let mut looking = begin();
            looking.node(snapshot, tick)?;
            if !looking.look.findings.is_empty() && !self.is_current(snapshot) {
                return Err(Error::new(ErrorKind::Busy, "it changed while it was read"));
            }
            Ok(looking.look)
        });
        match found {
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                let mut looking = begin();
                looking.unopened(&error)?;
                Ok(looking.look)
            }
            found => found,
        }
    }

    /// Whether something that changed then may be part of a change that is under way.
    pub(super) fn may_be_under_way(&self, changed: i64) -> bool {
        !has_rested(changed) && (self.is_changing() || self.has_other_writers())
    }
}

impl Looking<'_> {
    pub(super) fn add(&mut self, kind: FindingKind, file: impl Into<PathBuf>, what: impl Into<String>) {
        let (key, file, what) = (self.key.to_string(), file.into(), what.into());
        self.look.findings.push(Finding { kind, key, file, what });
    }

    /// Notes what an error says; one that may only mean a change under way is given back.
    pub(super) fn add_error(&mut self, error: Error) -> Result<()> {
        if is_passing(&error) || error.kind() == ErrorKind::Cancelled {
            return Err(error);
        }
        let own = Path::new(self.place).join(METADATA_FILE);
        let finding = Finding::of(&error, self.key, (self.store.path(), own));
        self.look.findings.push(finding);
        Ok(())
    }

    pub(super) fn stranger(&mut self, file: &Path) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.add(FindingKind::Foreign, file, format!("{name:?} does not belong here"));
    }

    pub(super) fn list(&self, directory: BorrowedFd<'_>, place: &str) -> Result<Vec<Entry>> {
        self.store.files.list(directory).map_err(self.store.failed("cannot list", place))
    }

    fn node(&mut self, snapshot: &Snapshot, tick: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        self.look.is_node = true;
        match (&snapshot.metadata, &snapshot.marker.kind) {
            (NodeMetadata::Array(array), _) => self.array(snapshot, array, tick),
            (NodeMetadata::Group(_), Some(Kind::Table { columns, rows })) => {
                self.columns(snapshot, columns, *rows)
            }
            (NodeMetadata::Group(_), None | Some(Kind::Root { .. })) => {
                self.group(snapshot.directory.as_fd())
            }
            _ => self.store.verify_meaning(snapshot).or_else(|error| self.add_error(error)),
        }
    }

    fn array(
        &mut self,
        snapshot: &Snapshot,
        array: &ArrayMetadata,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let reader = match self.store.array_reader(snapshot, array) {
            Ok(reader) => reader,
            Err(error) => return self.add_error(error),
        };
        // A column is longer than its table after an append that was interrupted: then these chunks are its own.
        let whole = self.store.read_metadata(&snapshot.directory, self.place)?;
        let shape = match &whole {
            NodeMetadata::Array(whole) => &whole.shape,
            NodeMetadata::Group(_) => &array.shape,
        };
        let grids = (&reader.grid, &ChunkGrid::new(shape, &array.chunk_shape)?);
        let mut chunks = Chunks::default();
        self.chunks_in(snapshot.directory.as_fd(), (array, grids), "", &mut chunks)?;
        chunks.own.sort();
        if self.depth != Depth::Names {
            self.verify_chunks(&reader, &chunks, tick)?;
            if self.look.findings.iter().all(|finding| finding.kind != FindingKind::Value) {
                self.store.verify_meaning(snapshot).or_else(|error| self.add_error(error))?;
            }
        }
        self.beyond(chunks.beyond);
        let names = match self.table {
            Some(table) => column_names(table, self.key.name(), array.shape.len()),
            None => automatic_names(self.key, array.shape.len()),
        };
        if self.store.is_calculation()
            && has_stale_names(array, &names)
            && !self.store.is_being_moved(self.key)
        {
            let found = array.dimension_names.iter().flatten().flatten().next().cloned().unwrap_or_default();
            let what = format!("the dimension name {found:?} is that of another key");
            self.add(FindingKind::DimensionNames, Path::new(self.place).join(METADATA_FILE), what);
        }
        self.look.array = Some(array.clone());
        Ok(())
    }

    /// Sorts what lies in the directory of an array, or in one of its directories of chunks.
    fn chunks_in(
        &mut self,
        directory: BorrowedFd<'_>,
        (array, (grid, whole)): (&ArrayMetadata, (&ChunkGrid, &ChunkGrid)),
        below: &str,
        chunks: &mut Chunks,
    ) -> Result<()> {
        let rank = array.shape.len();
        for entry in self.list(directory, self.place)? {
            let file = Path::new(self.place).join(below).join(&entry.name);
            let Some(name) = entry.name.to_str() else {
                self.stranger(&file);
                continue;
            };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            match array.chunk_keys.index(&path, rank) {
                _ if path == METADATA_FILE => {}
                Some(index) if grid.contains(&index) => {
                    if !entry.is_file {
                        self.add(FindingKind::Value, file, "a chunk must be a file, and no link");
                        chunks.odd.push(index.clone());
                    }
                    chunks.own.push(index);
                }
                Some(index) if whole.contains(&index) => {}
                Some(_) if entry.is_file => {
                    // One that is not there any more was one of a change that is over.
                    if let Ok(stat) = self.store.files.stat(directory, name) {
                        chunks.beyond.push((path, stat.changed));
                    }
                }
                None if entry.is_directory && array.chunk_keys.is_directory(&path, rank) => {
                    let opened = self.store.files.open_directory(directory, name);
                    match opened.map_err(self.store.failed("cannot open", self.place)) {
                        Ok(inner) => {
                            self.chunks_in(inner.as_fd(), (array, (grid, whole)), &path, chunks)?;
                        }
                        Err(error) => self.add_error(error.with_file(self.store.path().join(&file)))?,
                    }
                }
                _ => self.stranger(&file),
            }
        }
        Ok(())
    }

    /// Names the chunks beyond the shape, unless somebody may just be making the array longer or shorter.
    fn beyond(&mut self, beyond: Vec<(String, i64)>) {
        let newest = beyond.iter().map(|(_, changed)| *changed).max().unwrap_or_default();
        if beyond.is_empty() || (self.depth == Depth::Chunks && self.store.may_be_under_way(newest)) {
            return;
        }
        for (path, _) in beyond {
            let file = Path::new(self.place).join(path);
            self.add(FindingKind::Surplus, file, "a chunk beyond the shape of the array");
        }
    }

    /// Verifies the chunks that are there, and names those that are missing.
    fn verify_chunks(
        &mut self,
        reader: &ArrayReader<'_>,
        Chunks { own, odd, .. }: &Chunks,
        tick: &mut dyn FnMut() -> Result<()>,
    ) -> Result<()> {
        let before = self.look.findings.len();
        for batch in own.chunks(BATCH) {
            tick()?;
            let verify =
                |index: &Vec<u64>| if odd.contains(index) { Ok(0) } else { reader.verify_file(index) };
            let verified: Vec<Result<u64>> = match batch {
                [one] => vec![verify(one)],
                _ => in_parallel(|| batch.par_iter().map(verify).collect()),
            };
            for found in verified {
                match found {
                    Ok(bytes) => self.look.bytes += bytes,
                    Err(error) => self.add_error(error)?,
                }
            }
            if self.look.findings.len() - before >= MOST_CHUNKS {
                return Ok(());
            }
        }
        if reader.sparse || own.len() as u64 == reader.grid.len() {
            return Ok(());
        }
        let indices = (0..reader.grid.len()).map(|n| reader.grid.index(n));
        let missing = indices.filter(|index| own.binary_search(index).is_err());
        for index in missing.take(MOST_CHUNKS) {
            let file = Path::new(self.place).join(reader.array.chunk_keys.path(&index));
            self.add(FindingKind::Value, file, "the chunk is missing");
        }
        Ok(())
    }
}
