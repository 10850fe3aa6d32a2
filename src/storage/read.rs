//! Reading without a lock.
//!
//! A reader that opens files by their paths can mix two versions of a value; one that keeps the directory open
//! cannot, but finds chunks missing once the old version is swept away, and a missing chunk means fill value. So:
//! open the directory and its `zarr.json`, read everything through these, and at the end the very same
//! `zarr.json` must still be at its path. It is in one directory only, and open, so that its identity cannot
//! pass to another file: if it is there, then it and its directory were there all the time. If not, look again.

use std::cell::RefCell;
use std::io;
use std::ops::Deref;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::chunk_read::ArrayReader;
use super::document::{Document, document_of};
use super::files::{AsFd, FileId, Handle, Kept, MOVES_WHAT_IS_OPEN, is_link, keep};
use super::intent::Replacing;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::object::{Encoded, Encoding, Schema};
use crate::values::{DataType, Source, Stored};
use crate::zarr::{Kind, METADATA_FILE, Marker, NodeMetadata};

/// How often a reader looks again before it gives up.
pub(super) const LOOKS: u32 = 100;

/// How often in a row nothing is found, and is being replaced neither before nor after the look, until nothing is there.
const QUIET_LOOKS: u32 = 2;

/// What the error for a key under which there is nothing says.
const NOT_FOUND: &str = "not found";

/// The most bytes of one object.
const MOST_OBJECT_BYTES: u64 = 16 << 30;

thread_local! {
    /// The schema of the object that this thread has read last, and the marker that says it.
    static SCHEMA: RefCell<Option<(Weak<Marker>, Arc<Schema>)>> = const { RefCell::new(None) };
}

/// How often in a row a node could not be opened.
#[derive(Default)]
struct Misses {
    all: u32,
    /// How often in a row there was no sign either that it was being replaced.
    quiet: u32,
}

/// One version of a node, held open.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub place: String,
    pub directory: Handle,
    /// Which directory that was when it was opened, where its handle is nothing but a path.
    directory_id: Option<FileId>,
    pub(super) document: Document,
    /// The bytes of the document.
    pub(super) length: u64,
    id: FileId,
    /// Keeps the identity of `zarr.json` from passing to another file.
    _file: Kept,
}

/// A version of a node has what its document says.
impl Deref for Snapshot {
    type Target = Document;

    fn deref(&self) -> &Document {
        &self.document
    }
}

impl Snapshot {
    /// Lets the node go, and keeps what it says.
    pub(crate) fn into_document(self) -> Document {
        self.document
    }

    /// The version of the node.
    pub(super) fn id(&self) -> FileId {
        self.id
    }

    /// Whether this is the very version of the node that another snapshot is.
    pub(crate) fn is_same_version(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// Whether everything that could be read of `before` can be read of this one: only rows were added.
    fn extends(&self, before: &Self) -> bool {
        match (&self.metadata, &before.metadata) {
            (NodeMetadata::Array(now), NodeMetadata::Array(then)) => {
                let is_longer = now.shape.iter().zip(&then.shape).all(|(now, then)| now >= then);
                is_longer
                    && now.shape.len() == then.shape.len()
                    && now.data_type == then.data_type
                    && now.chunk_shape == then.chunk_shape
                    && now.codecs == then.codecs
            }
            (NodeMetadata::Group(_), NodeMetadata::Group(_)) => {
                match (&self.marker.kind, &before.marker.kind) {
                    (
                        Some(Kind::Table { columns: now, rows: longer }),
                        Some(Kind::Table { columns: then, rows: shorter }),
                    ) => now == then && longer >= shorter,
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

impl Store {
    /// Reads the node `key` by `read`, which may be called several times, until what it read is one version.
    pub(crate) fn read<T>(&self, key: &Key, read: impl FnMut(&Snapshot) -> Result<T>) -> Result<T> {
        self.read_version(key, read).map(|(found, _)| found)
    }

    /// Reads the node `key`, and gives the version that was read.
    pub(crate) fn read_version<T>(
        &self,
        key: &Key,
        mut read: impl FnMut(&Snapshot) -> Result<T>,
    ) -> Result<(T, Snapshot)> {
        let mut misses = Misses::default();
        for look in 0..LOOKS {
            match self.open_node(key) {
                Ok(snapshot) => {
                    let found = read(&snapshot);
                    // Nothing changed meanwhile: then what was read, or the error, is this version's.
                    if self.is_settled(key, &snapshot, &found, look) {
                        return Ok((found.map_err(|error| error.with_key(key.to_string()))?, snapshot));
                    }
                    misses = Misses::default();
                }
                Err(error) if self.is_definite(key, &error, &mut misses) => {
                    return Err(self.unless_gone(error).with_key(key.to_string()));
                }
                // Perhaps it was being replaced.
                Err(_) => {}
            }
            tracing::debug!(%key, look, "looking again");
            pause(look);
        }
        let message = if self.replacing(key) == Replacing::Now {
            "is being replaced; should that writer be dead, opening the store for writing finishes it"
                .to_owned()
        } else {
            format!("changed {LOOKS} times while it was being read")
        };
        Err(Error::new(ErrorKind::Busy, message).with_key(key.to_string()))
    }

    /// Whether a node that could not be opened once more cannot be opened at all.
    fn is_definite(&self, key: &Key, error: &Error, misses: &mut Misses) -> bool {
        misses.all += 1;
        if is_passing(error) {
            misses.quiet = 0;
            return false;
        }
        if misses.all == 1 {
            return false;
        }
        if error.kind() != ErrorKind::NotFound {
            return true;
        }
        match self.replacing(key) {
            Replacing::Never => true,
            Replacing::Now => {
                misses.quiet = 0;
                false
            }
            // A replacement may have ended before this was asked, but hardly one after the other, each within one look.
            Replacing::NotNow => {
                misses.quiet += 1;
                misses.quiet > QUIET_LOOKS
            }
        }
    }

    /// Tells a key that is not there from a store that is not there any more.
    fn unless_gone(&self, error: Error) -> Error {
        let root = format!("{}/{METADATA_FILE}", self.place(&Key::root()));
        if error.kind() == ErrorKind::NotFound && self.files.stat(self.root(), &root).is_err() {
            return Error::new(ErrorKind::Io, "the store is gone").with_file(self.path());
        }
        error
    }

    /// Opens a node as it is now.
    pub(super) fn open_node(&self, key: &Key) -> Result<Snapshot> {
        self.open_place(self.place(key), key)
    }

    /// Opens the node at a place that may be outside of the hierarchy; `key` is for messages.
    pub(super) fn open_place(&self, place: String, key: &Key) -> Result<Snapshot> {
        let directory =
            self.files.open_directory(self.root(), &place).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => nothing_at(key),
                _ if is_link(&error) => self.link_at(&place),
                _ => self.failed("cannot open", &place)(error),
            })?;
        let file =
            self.files.open_file(directory.as_fd(), METADATA_FILE).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => nothing_at(key),
                _ if is_link(&error) => self.link_at(&place),
                _ => self.failed("cannot open", &place)(error),
            })?;
        // Only now: while a file of it is open no other directory can take its place there.
        let directory_id = self.remembered(&directory, key, &place)?;
        let (bytes, id) = self.read_small(&file, &place)?;
        let shown = |error: Error| error.with_file(self.shown(&place).join(METADATA_FILE));
        let mut metadata = NodeMetadata::parse(&bytes).map_err(shown)?;
        self.clip_to_table(&place, key, &mut metadata)?;
        let marker = metadata.attributes().marker().map_err(shown)?;
        let (document, length) = (Document { metadata, marker }, bytes.len() as u64);
        Ok(Snapshot { place, directory, directory_id, document, length, id, _file: keep(file) })
    }

    /// Opens a node whose `zarr.json` was just replaced, by whoever still holds its lock: it says this now.
    pub(super) fn open_changed(&self, node: &Snapshot, document: Document) -> Result<Snapshot> {
        let failed = self.failed("cannot open", &node.place);
        let directory = node.directory.try_clone().map_err(&failed)?;
        let file = self.files.open_file(directory.as_fd(), METADATA_FILE).map_err(&failed)?;
        let stat = self.files.stat_open(file.as_fd()).map_err(&failed)?;
        let (place, directory_id, length) = (node.place.clone(), node.directory_id, stat.bytes);
        Ok(Snapshot { place, directory, directory_id, document, length, id: stat.id, _file: keep(file) })
    }

    /// Which directory has just been opened, where that cannot be told later.
    fn remembered(&self, directory: &Handle, key: &Key, place: &str) -> Result<Option<FileId>> {
        if MOVES_WHAT_IS_OPEN {
            return Ok(None);
        }
        match self.files.stat_open(directory.as_fd()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(nothing_at(key)),
            stat => Ok(Some(stat.map_err(self.failed("cannot look into", place))?.id)),
        }
    }

    fn id_of(&self, directory: &Handle, place: &str) -> Result<FileId> {
        let stat = self.files.stat_open(directory.as_fd());
        stat.map(|stat| stat.id).map_err(self.failed("cannot look into", place))
    }

    pub(super) fn link_at(&self, place: &str) -> Error {
        let message = "there is a symbolic link; links are never followed inside a store";
        Error::new(ErrorKind::Corrupt, message).with_file(self.shown(place))
    }

    /// As [`Store::is_current`], for who is going to change it: no link in the middle of the path leads there.
    pub(super) fn is_in_place_still(&self, snapshot: &Snapshot) -> bool {
        let Ok(directory) = self.files.open_directory(self.root(), &snapshot.place) else { return false };
        self.files.stat(directory.as_fd(), METADATA_FILE).is_ok_and(|stat| stat.id == snapshot.id)
    }

    /// Whether a snapshot is still what is found under its key.
    pub(super) fn is_current(&self, snapshot: &Snapshot) -> bool {
        let path = document_of(&snapshot.place);
        self.files.stat(self.root(), &path).is_ok_and(|stat| stat.id == snapshot.id)
    }

    /// Whether what was read of a snapshot is to be given to whoever asked for it, be it an error. One that a file brings
    /// which is just being replaced is not: such a file has left its directory while it was being opened.
    pub(super) fn is_settled<T>(&self, key: &Key, snapshot: &Snapshot, found: &Result<T>, look: u32) -> bool {
        match found {
            Ok(_) => self.is_current(snapshot) || self.is_extended(key, snapshot),
            Err(error) => self.is_current(snapshot) && (!is_passing(error) || look + 1 == LOOKS),
        }
    }

    /// Whether what a snapshot shows is still there under its key, and something more perhaps: then what was read
    /// of it is what it was.
    pub(super) fn is_extended(&self, key: &Key, snapshot: &Snapshot) -> bool {
        let now = self.open_node(key);
        now.is_ok_and(|now| now.extends(snapshot) && self.is_same_directory(&now, snapshot).unwrap_or(false))
    }

    /// Whether two snapshots are of one node.
    pub(super) fn is_same_directory(&self, one: &Snapshot, other: &Snapshot) -> Result<bool> {
        let id = |of: &Snapshot| of.directory_id.map_or_else(|| self.id_of(&of.directory, &of.place), Ok);
        Ok(id(one)? == id(other)?)
    }

    /// Names the nearest key that there is in the error for a key under which there is nothing. This lists a whole
    /// group, and is for errors that people will see.
    pub(crate) fn suggest(&self, key: &Key, error: Error) -> Error {
        if !is_nothing(&error) {
            return error;
        }
        let Some(near) = self.nearest(key) else { return error };
        let message = format!("{NOT_FOUND}; did you mean {near}?");
        Error::new(ErrorKind::NotFound, message).with_key(key.to_string())
    }

    /// A sibling whose name is much like that of `key`.
    pub(crate) fn nearest(&self, key: &Key) -> Option<Key> {
        let directory = self.files.open_directory(self.root(), &self.place(&key.parent()?)).ok()?;
        let entries = self.files.list(directory.as_fd()).ok()?;
        let names = entries.iter().filter(|entry| entry.is_directory).filter_map(|entry| entry.name.to_str());
        key.nearest(names)
    }

    /// Shows what a snapshot holds to `use_it`, so that it can be read as a Rust type.
    pub(crate) fn with_stored<T>(
        &self,
        snapshot: &Snapshot,
        use_it: impl FnOnce(&Stored<'_>) -> Result<T>,
    ) -> Result<T> {
        match (&snapshot.metadata, &snapshot.marker.kind) {
            (NodeMetadata::Group(_), Some(Kind::Table { columns, rows })) => {
                let readers = self.open_columns(snapshot, columns, *rows)?;
                let sources = readers.iter().map(|(name, reader)| (name.clone(), reader as &dyn Source));
                use_it(&Stored::Table(&sources.collect::<Vec<_>>()))
            }
            (NodeMetadata::Group(_), None | Some(Kind::Root { .. })) => use_it(&Stored::Group),
            (NodeMetadata::Array(array), None) => {
                use_it(&Stored::Array(&self.array_reader(snapshot, array)?))
            }
            (NodeMetadata::Array(array), Some(Kind::Bytes)) => {
                let reader = self.array_reader(snapshot, array)?;
                check_bytes(&reader)?;
                use_it(&Stored::Bytes(&reader))
            }
            (NodeMetadata::Array(array), Some(Kind::Object { encoding, type_name, schema })) => {
                let reader = self.array_reader(snapshot, array)?;
                let schema = schema.as_ref().map(|json| schema_of(&snapshot.marker, json)).transpose();
                use_it(&Stored::Object(&read_object(&reader, encoding, type_name, schema)?))
            }
            (_, Some(kind)) => {
                Err(Error::new(ErrorKind::Corrupt, format!("the node is not what its marker says: {kind:?}")))
            }
        }
    }
}

/// Whether an error says that there is nothing under a key, and not that something is wrong.
pub(crate) fn is_nothing(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound && error.message() == NOT_FOUND
}

/// The error for a key under which there is nothing.
pub(super) fn nothing_at(key: &Key) -> Error {
    Error::new(ErrorKind::NotFound, NOT_FOUND).with_key(key.to_string())
}

fn check_bytes(reader: &ArrayReader<'_>) -> Result<()> {
    if reader.data_type() == DataType::UInt8 && reader.shape().len() == 1 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Corrupt, "bytes are not stored as a one-dimensional array of uint8"))
}

fn read_object(
    reader: &ArrayReader<'_>,
    encoding: &str,
    type_name: &str,
    schema: Result<Option<Arc<Schema>>>,
) -> Result<Encoded> {
    check_bytes(reader)?;
    reader.verify_size()?;
    let length = reader.shape().first().copied().unwrap_or_default();
    if length > MOST_OBJECT_BYTES {
        return Err(Error::new(ErrorKind::Corrupt, format!("an object of {length} bytes makes no sense")));
    }
    let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
    reader.read_into(&mut bytes)?;
    let encoding = Encoding::from_name(encoding).ok_or_else(|| {
        Error::new(ErrorKind::Unsupported, format!("an object encoded as {encoding:?} is not supported"))
    })?;
    Ok(Encoded { type_name: type_name.to_owned(), encoding, schema: schema?, bytes })
}

/// Parses the schema of an object. Objects that share their marker share it too, as long as they are read in a row.
fn schema_of(marker: &Arc<Marker>, json: &serde_json::Value) -> Result<Arc<Schema>> {
    SCHEMA.with(|last| {
        if let Some((of, schema)) = &*last.borrow()
            && of.as_ptr() == Arc::as_ptr(marker)
        {
            return Ok(Arc::clone(schema));
        }
        let schema = Arc::new(Schema::from_json(json)?);
        last.replace(Some((Arc::downgrade(marker), Arc::clone(&schema))));
        Ok(schema)
    })
}

/// Whether an error can only mean that something is changing: the directory left the store in mid-lookup, or was
/// swept away on a network file system.
pub(super) fn is_passing(error: &Error) -> bool {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some_and(|source| {
        matches!(
            source.kind(),
            io::ErrorKind::CrossesDevices | io::ErrorKind::StaleNetworkFileHandle | io::ErrorKind::WouldBlock
        )
    })
}

pub(super) fn pause(look: u32) {
    if look < 10 {
        std::thread::yield_now();
    } else {
        std::thread::sleep(Duration::from_micros(u64::from(look) * 50));
    }
}
