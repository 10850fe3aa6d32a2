//! Reading single chunks of one version of an array: whole files, and the inner chunks of shards.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{AsFd, BorrowedFd, Handle};
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::selection::{Part, Run};
use crate::values::{DataType, Elements, zeroed};
use crate::zarr::{ArrayMetadata, CHECKSUM, ChunkGrid, Codecs, FillValue, ShardIndex, Shards, checksum};

/// The most shards that one read keeps open.
const MOST_SHARDS: usize = 32;

/// The most bytes of their indices that it keeps, the last one aside.
const MOST_INDICES: usize = 8 << 20;

/// The most chunks with directories of their own that are looked for.
const MOST_NESTED: u64 = 1 << 20;

/// The most memory that a thread keeps for the chunks it reads.
const MOST_SCRATCH: usize = 8 << 20;

thread_local! {
    /// Memory for what is read of a chunk and not wanted: fresh memory would cost more than the reading.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Reads an array through the open directory of one of its versions.
pub(crate) struct ArrayReader<'a> {
    pub(super) store: &'a Store,
    pub(super) directory: BorrowedFd<'a>,
    pub(super) place: &'a str,
    pub(super) array: &'a ArrayMetadata,
    /// The chunk files.
    pub(super) grid: ChunkGrid,
    pub(super) codecs: Codecs,
    pub(super) fill: FillValue,
    /// Chunk files may be missing, and are then fill value.
    pub(super) sparse: bool,
    /// Chunks that are wanted in part are read whole, to compare their checksums.
    verify: bool,
    shards: Mutex<HashMap<Vec<u64>, Arc<OpenShard>>>,
}

/// A chunk file that holds several chunks.
pub(super) struct OpenShard {
    file: Arc<Handle>,
    pub(super) index: ShardIndex,
}

/// The bytes of one chunk: a file, or a part of one.
pub(super) struct Stored {
    file: Arc<Handle>,
    pub(super) path: String,
    start: u64,
    /// The whole file where it is not known.
    length: Option<u64>,
}

impl<'a> ArrayReader<'a> {
    pub(super) fn new(
        store: &'a Store,
        directory: BorrowedFd<'a>,
        place: &'a str,
        array: &'a ArrayMetadata,
        sparse: bool,
    ) -> Result<Self> {
        let grid = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        let codecs = Codecs::new(array)?;
        let fill = FillValue::parse(&array.fill_value, array.data_type)?;
        let shards = Mutex::default();
        Ok(Self { store, directory, place, array, grid, codecs, fill, sparse, verify: true, shards })
    }

    /// Has no more read of a chunk than is wanted, where it is stored as it is in memory.
    pub(super) fn verify(mut self, verify: bool) -> Self {
        self.verify = verify;
        self
    }

    /// The indices of the chunk files that there may be; of those that lie in one directory, that there are.
    pub(super) fn stored_chunks(&self) -> Result<Vec<Vec<u64>>> {
        if self.array.chunk_keys.are_nested() {
            return Ok((0..self.grid.len().min(MOST_NESTED)).map(|n| self.grid.index(n)).collect());
        }
        let listed = self.store.files.list(self.directory);
        let listed = listed.map_err(self.store.failed("cannot list", self.place))?;
        let rank = self.array.shape.len();
        let index = |name: &str| self.array.chunk_keys.index(name, rank).filter(|at| self.grid.contains(at));
        Ok(listed.iter().filter_map(|entry| index(entry.name.to_str()?)).collect())
    }

    /// The shape of what is read at a time: a chunk, within a shard or not.
    pub(super) fn chunk_shape(&self) -> &[u64] {
        self.codecs.shards().map_or(&self.array.chunk_shape, Shards::inner_shape)
    }

    pub(super) fn chunk_codecs(&self) -> &Codecs {
        self.codecs.shards().map_or(&self.codecs, Shards::inner)
    }

    pub(super) fn damaged(&self, path: &str, what: &str) -> Error {
        Error::new(ErrorKind::Corrupt, what).with_file(self.store.shown(self.place).join(path))
    }

    pub(super) fn in_file(&self, path: &str, error: Error) -> Error {
        error.with_file(self.store.shown(self.place).join(path))
    }

    /// Reads one chunk file only to see whether it is whole; gives its bytes, 0 where a sparse array has none.
    pub(super) fn verify_file(&self, index: &[u64]) -> Result<u64> {
        let path = self.array.chunk_keys.path(index);
        let Some(file) = self.open_file(&path)? else { return Ok(0) };
        let length = self.store.files.stat_open(file.as_fd());
        let length = length.map_err(self.store.failed("cannot read", self.place))?.bytes;
        let stored = Stored { file: Arc::new(file), path, start: 0, length: None };
        let decoded = self.decode(&stored, &self.codecs)?;
        let Elements::Bytes(bytes) = decoded else { return Ok(length) };
        if self.array.data_type != DataType::Bool {
            return Ok(length);
        }
        // What fills up a chunk at the edge of the array is never read.
        let mut are_bools = true;
        self.grid.for_each_visible_run(index, &self.array.shape, |start, count| {
            let run = bytes.iter().skip(usize::try_from(start).unwrap_or(usize::MAX));
            are_bools &= run.take(usize::try_from(count).unwrap_or(usize::MAX)).all(|byte| *byte <= 1);
        });
        if are_bools {
            return Ok(length);
        }
        Err(self.damaged(&stored.path, "a bool is stored as neither 0 nor 1"))
    }

    /// Checks that the file of a chunk is there, with the length that it must have.
    pub(super) fn check_file(&self, index: &[u64]) -> Result<()> {
        let path = self.array.chunk_keys.path(index);
        match self.store.files.stat(self.directory, &path) {
            Ok(stat) => self.check_length(&path, stat.bytes, &self.codecs),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.damaged(&path, "the chunk is missing"))
            }
            Err(error) => Err(self.store.failed("cannot read", self.place)(error)),
        }
    }

    fn check_length(&self, path: &str, length: u64, codecs: &Codecs) -> Result<()> {
        match codecs.encoded_size() {
            Some(expected) if expected != length => {
                let what = format!("the chunk has {length} bytes, where {expected} belong");
                Err(self.damaged(path, &what))
            }
            _ => Ok(()),
        }
    }

    /// Opens a chunk file; `None` where a sparse array has none.
    fn open_file(&self, path: &str) -> Result<Option<Handle>> {
        match self.store.files.open_file(self.directory, path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.sparse => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self.damaged(path, "the chunk is missing"))
            }
            Err(error) => Err(Error::io("cannot open", self.store.shown(self.place).join(path), error)),
        }
    }

    /// Reads and decodes a whole chunk file, shards too; `None` where a sparse array has none.
    pub(super) fn file(&self, index: &[u64]) -> Result<Option<Elements<'static>>> {
        let path = self.array.chunk_keys.path(index);
        let Some(file) = self.open_file(&path)? else { return Ok(None) };
        let stored = Stored { file: Arc::new(file), path, start: 0, length: None };
        self.decode(&stored, &self.codecs).map(Some)
    }

    /// Finds a chunk by its index among all chunks; `None` where it is fill value.
    #[expect(clippy::arithmetic_side_effects, reason = "a shard holds a chunk at least, along each axis")]
    pub(super) fn find(&self, index: &[u64]) -> Result<Option<Stored>> {
        let Some(shards) = self.codecs.shards() else {
            let path = self.array.chunk_keys.path(index);
            let file = self.open_file(&path)?;
            return Ok(file.map(|file| Stored { file: Arc::new(file), path, start: 0, length: None }));
        };
        let per_shard = self.array.chunk_shape.iter().zip(shards.inner_shape());
        let per_shard: Vec<u64> = per_shard.map(|(shard, inner)| shard / inner).collect();
        let shard: Vec<u64> = index.iter().zip(&per_shard).map(|(at, count)| at / count).collect();
        let Some(open) = self.shard(&shard, shards)? else { return Ok(None) };
        let within = index.iter().zip(&per_shard).fold(0, |n, (at, count)| n * count + at % count);
        let path = self.array.chunk_keys.path(&shard);
        Ok(open.index.entry(within).map(|range| Stored {
            file: Arc::clone(&open.file),
            path,
            start: range.start,
            length: Some(range.end.saturating_sub(range.start)),
        }))
    }

    pub(super) fn shard(&self, at: &[u64], shards: &Shards) -> Result<Option<Arc<OpenShard>>> {
        let known = || self.shards.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = known().get(at) {
            return Ok(Some(Arc::clone(open)));
        }
        let path = self.array.chunk_keys.path(at);
        let Some(file) = self.open_file(&path)? else { return Ok(None) };
        let failed = self.store.failed("cannot read", self.place);
        let length = self.store.files.stat_open(file.as_fd()).map_err(&failed)?.bytes;
        let range = shards.index_range(length).map_err(|error| self.in_file(&path, error))?;
        let mut bytes = self.memory(&path, range.end.saturating_sub(range.start))?;
        self.store.files.read_at(file.as_fd(), range.start, &mut [&mut bytes]).map_err(&failed)?;
        let index = shards.index(bytes, length).map_err(|error| self.in_file(&path, error))?;
        let open = Arc::new(OpenShard { file: Arc::new(file), index });
        let mut known = known();
        let taken: usize = known.values().map(|open| open.index.size()).sum();
        if known.len() >= MOST_SHARDS || taken >= MOST_INDICES {
            known.clear();
        }
        known.insert(at.to_vec(), Arc::clone(&open));
        Ok(Some(open))
    }

    /// Memory that a file asks for, if there is so much.
    fn memory(&self, path: &str, length: u64) -> Result<Vec<u8>> {
        let memory = usize::try_from(length).ok().and_then(|length| zeroed(length).ok());
        memory.ok_or_else(|| self.damaged(path, &format!("there is no memory for {length} bytes")))
    }

    fn decode(&self, stored: &Stored, codecs: &Codecs) -> Result<Elements<'static>> {
        let bytes = self.bytes_of(stored, codecs)?;
        codecs.decode(bytes).map_err(|error| self.in_file(&stored.path, error))
    }

    /// Reads the bytes of a chunk as they are stored.
    pub(super) fn bytes_of(&self, stored: &Stored, codecs: &Codecs) -> Result<Vec<u8>> {
        let failed = self.store.failed("cannot read", self.place);
        let length = match stored.length {
            Some(length) => length,
            None => self.store.files.stat_open(stored.file.as_fd()).map_err(&failed)?.bytes,
        };
        self.check_length(&stored.path, length, codecs)?;
        let mut bytes = self.memory(&stored.path, length)?;
        let read = self.store.files.read_at(stored.file.as_fd(), stored.start, &mut [&mut bytes]);
        bytes.truncate(read.map_err(&failed)?);
        Ok(bytes)
    }

    /// Reads what `part` takes of a chunk of numbers to where it belongs in `out`.
    #[expect(clippy::indexing_slicing, reason = "a part's runs lie within the result that it is of")]
    pub(super) fn read_numbers(&self, part: &Part, out: &mut [u8], size: usize) -> Result<()> {
        let codecs = self.chunk_codecs();
        let Some(stored) = self.find(part.index())? else {
            part.runs(size).for_each(|run| self.fill.fill(&mut out[run.in_result()]));
            return Ok(());
        };
        if let Some(has_checksum) = codecs.plain() {
            let mut runs = part.runs(size);
            match (runs.next(), runs.next()) {
                (Some(run), None) if self.verify => {
                    return self.read_run(&stored, run, &mut out[run.in_result()], has_checksum);
                }
                _ if !self.verify => return self.read_runs(&stored, part, out, size),
                _ => {}
            }
        }
        match self.decode(&stored, codecs)? {
            Elements::Bytes(chunk) => part.gather(&chunk, out, size),
            Elements::Strings(_) => Err(self.damaged(&stored.path, "it holds text, where numbers belong")),
        }
    }

    /// Reads a chunk that is stored as it is in memory: one run of it straight to where it belongs, and the rest for the
    /// checksum.
    fn read_run(&self, stored: &Stored, run: Run, out: &mut [u8], has_checksum: bool) -> Result<()> {
        let trailer_length = if has_checksum { CHECKSUM } else { 0 };
        let whole = self.chunk_codecs().encoded_size().and_then(|size| usize::try_from(size).ok());
        let whole = whole.ok_or_else(|| self.damaged(&stored.path, "a chunk is beyond any memory"))?;
        if let Some(length) = stored.length {
            self.check_length(&stored.path, length, self.chunk_codecs())?;
        }
        let in_chunk = run.chunk.checked_add(run.length).and_then(|end| end.checked_add(trailer_length));
        let after = in_chunk.and_then(|end| whole.checked_sub(end));
        let rest = after.and_then(|after| after.checked_add(run.chunk));
        let rest = rest.ok_or_else(|| self.damaged(&stored.path, "the chunk ends too early"))?;
        // One byte more than belongs there tells a file that is too long.
        let mut trailer = [0; CHECKSUM + 1];
        let (trailer, more) = trailer.split_at_mut(trailer_length);
        let more = if stored.length.is_none() { more.split_at_mut(1).0 } else { &mut [] };
        with_scratch(rest, |rest| {
            let (before, after) = rest.split_at_mut(run.chunk);
            let buffers = &mut [&mut *before, &mut *out, &mut *after, &mut *trailer, more];
            let (files, file) = (&self.store.files, stored.file.as_fd());
            // A file that ends where it must has been read.
            let read = match files.read_once(file, stored.start, buffers) {
                Ok(count) if count < whole => files.read_at(file, stored.start, buffers),
                read => read,
            };
            let count = read.map_err(self.store.failed("cannot read", self.place))?;
            if count != whole {
                let length = self.store.files.stat_open(stored.file.as_fd()).map_or(0, |stat| stat.bytes);
                if stored.length.is_none() {
                    self.check_length(&stored.path, length, self.chunk_codecs())?;
                }
                let what = "the chunk changed its length while it was read";
                return Err(self.damaged(&stored.path, what));
            }
            if has_checksum && checksum(&[before, out, after]) != *trailer {
                return Err(self.damaged(&stored.path, "a chunk is damaged: its checksum is wrong"));
            }
            Ok(())
        })?
    }

    /// Reads only what is wanted of a chunk that is stored as it is in memory.
    #[expect(clippy::indexing_slicing, reason = "a part's runs lie within the result that it is of")]
    fn read_runs(&self, stored: &Stored, part: &Part, out: &mut [u8], size: usize) -> Result<()> {
        for run in part.runs(size) {
            let early = || self.damaged(&stored.path, "the chunk ends too early");
            let end = run.chunk.checked_add(run.length).ok_or_else(early)?;
            let start = stored.start.checked_add(run.chunk as u64).ok_or_else(early)?;
            let piece = &mut out[run.in_result()];
            let read = self.store.files.read_at(stored.file.as_fd(), start, &mut [piece]);
            let count = read.map_err(self.store.failed("cannot read", self.place))?;
            if count != run.length || stored.length.is_some_and(|length| end as u64 > length) {
                return Err(early());
            }
        }
        Ok(())
    }

    /// Reads what `part` takes of a chunk of text.
    pub(super) fn read_text(&self, part: &Part, out: &mut [std::borrow::Cow<'static, str>]) -> Result<()> {
        // What is missing is fill value, which is there already.
        let Some(stored) = self.find(part.index())? else { return Ok(()) };
        match self.decode(&stored, self.chunk_codecs())? {
            Elements::Strings(chunk) => part.gather(&chunk, out, 1),
            Elements::Bytes(_) => Err(self.damaged(&stored.path, "it holds numbers, where text belongs")),
        }
    }
}

/// Lends memory of this thread, whatever is in it.
#[expect(clippy::indexing_slicing, reason = "there is as much memory by then")]
fn with_scratch<T>(length: usize, use_it: impl FnOnce(&mut [u8]) -> T) -> Result<T> {
    if length > MOST_SCRATCH {
        return Ok(use_it(&mut zeroed(length)?));
    }
    SCRATCH.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut memory) => {
            if memory.len() < length {
                *memory = zeroed(length)?;
            }
            Ok(use_it(&mut memory[..length]))
        }
        Err(_) => Ok(use_it(&mut zeroed(length)?)),
    })
}
