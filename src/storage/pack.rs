//! All files of a hierarchy as one zip file, on whose top its root is, so that other programs open it in place.
//!
//! Each value is packed as one version: its chunks are what its `zarr.json` says. Checksums are verified on the way.

use std::io;

use super::chunk_files::Seen;
use super::copy::Copied;
use super::files::{AsFd, BorrowedFd, Handle, Output};
use super::read::Snapshot;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{ArrayMetadata, ChunkGrid, Codecs, Kind, METADATA_FILE, Marker, NodeMetadata};
use crate::zip;

/// So much of a chunk is read at once.
const BLOCK: u64 = 1 << 20;

/// A zip file under way.
pub(crate) type Zip = zip::Writer<io::BufWriter<Box<dyn Output>>>;

struct Pack<'a> {
    store: &'a Store,
    zip: &'a mut Zip,
    copied: Copied,
    buffer: Vec<u8>,
    each: &'a mut dyn FnMut(Copied) -> Result<()>,
}

/// What went wrong with the zip file, or with the store.
enum Failed {
    Zip(io::Error),
    Store(Error),
}

impl Store {
    /// Packs everything; gives how much that was. `each` is called now and then, and its error ends it.
    pub(crate) fn pack(&self, zip: &mut Zip, each: &mut dyn FnMut(Copied) -> Result<()>) -> Result<Copied> {
        let mut pack = Pack { store: self, zip, copied: Copied::default(), buffer: Vec::new(), each };
        pack.node(&Key::root(), "")?;
        Ok(pack.copied)
    }
}

impl Pack<'_> {
    /// Packs a node, whose path in the zip file ends with a slash unless it is the root, with all below it.
    fn node(&mut self, key: &Key, path: &str) -> Result<()> {
        let (mark, before) = (self.zip.mark(), self.copied);
        let store = self.store;
        let members = store.read(key, |snapshot| {
            // What an earlier look has left.
            self.copied = before;
            self.zip.rewind(mark).map_err(|error| cannot_write(path, error))?;
            match (&snapshot.metadata, &snapshot.marker.kind) {
                (NodeMetadata::Array(array), _) => {
                    self.array(&snapshot.place, snapshot.directory.as_fd(), (array, false), path)?;
                    Ok(Vec::new())
                }
                (NodeMetadata::Group(_), Some(Kind::Table { columns, .. })) => {
                    self.document(&snapshot.metadata, path)?;
                    columns.iter().try_for_each(|name| self.column(snapshot, name, path))?;
                    Ok(Vec::new())
                }
                (NodeMetadata::Group(_), _) => {
                    self.document(&snapshot.metadata, path)?;
                    store.names_in(key, snapshot)
                }
            }
        })?;
        self.report(1, 0)?;
        for name in members {
            let (mark, before) = (self.zip.mark(), self.copied);
            match self.node(&key.child(&name)?, &format!("{path}{name}/")) {
                // It was removed while we were on our way: of a group as a whole nobody promises one version. Nor is
                // what we had of it anything.
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    self.zip.rewind(mark).map_err(|error| cannot_write(path, error))?;
                    self.copied = before;
                }
                packed => packed?,
            }
        }
        Ok(())
    }

    fn column(&mut self, table: &Snapshot, name: &str, path: &str) -> Result<()> {
        // A name that is no component would lead out of the table.
        Key::root().child(name)?;
        let place = format!("{}/{name}", table.place);
        let directory = self.store.files.open_directory(table.directory.as_fd(), name);
        let directory = directory.map_err(|error| self.store.cannot_open(&place, error))?;
        let NodeMetadata::Array(array) = self.store.read_metadata(&directory, &place)? else {
            let message = format!("the table is damaged: column {name} is a group");
            return Err(Error::new(ErrorKind::Corrupt, message).with_file(self.store.shown(&place)));
        };
        self.array(&place, directory.as_fd(), (&array, table.marker.sparse), &format!("{path}{name}/"))?;
        self.report(1, 0)
    }

    fn document(&mut self, metadata: &NodeMetadata, path: &str) -> Result<()> {
        let path = format!("{path}{METADATA_FILE}");
        self.zip.add(&path, &metadata.to_bytes()?).map_err(|error| cannot_write(&path, error))
    }

    fn array(
        &mut self,
        place: &str,
        directory: BorrowedFd<'_>,
        (array, sparse): (&ArrayMetadata, bool),
        path: &str,
    ) -> Result<()> {
        let grid = ChunkGrid::new(&array.shape, &array.chunk_shape)?;
        let sparse = sparse || Marker::read(&array.attributes)?.sparse;
        let chunks = self.store.chunk_files(place, directory, (array, &grid), sparse)?;
        self.document(&NodeMetadata::Array(array.clone()), path)?;
        // What cannot be decoded can be packed all the same.
        let codecs = Codecs::new(array).ok();
        for chunk in chunks {
            self.chunk((place, directory), codecs.as_ref(), &chunk, &format!("{path}{chunk}"))?;
        }
        Ok(())
    }

    fn chunk(
        &mut self,
        (place, directory): (&str, BorrowedFd<'_>),
        codecs: Option<&Codecs>,
        chunk: &str,
        path: &str,
    ) -> Result<()> {
        let place = format!("{place}/{chunk}");
        let file = self.store.files.open_file(directory, chunk);
        let file = file.map_err(|error| self.store.cannot_open(&place, error))?;
        let stat = self.store.files.stat_open(file.as_fd());
        let length = stat.map_err(self.store.failed("cannot read", &place))?.bytes;
        let seen = Seen::new(length, codecs.is_some_and(Codecs::ends_with_checksum));
        let mut from = Reading { store: self.store, file, place: &place, at: 0, length, seen };
        self.buffer.resize(usize::try_from(length.min(BLOCK)).unwrap_or_default(), 0);
        let (zip, buffer) = (&mut *self.zip, &mut self.buffer);
        let added = if length <= BLOCK {
            from.fill(buffer).map_err(Failed::Store).and_then(|()| zip.add(path, buffer).map_err(Failed::Zip))
        } else {
            zip.add_with(path, length, |write| {
                while from.at < length {
                    let wanted = (length - from.at).min(BLOCK);
                    buffer.truncate(usize::try_from(wanted).unwrap_or_default());
                    from.fill(buffer).map_err(Failed::Store)?;
                    write(buffer).map_err(Failed::Zip)?;
                }
                Ok(())
            })
        };
        added.map_err(|failed| match failed {
            Failed::Zip(error) => cannot_write(path, error),
            Failed::Store(error) => error,
        })?;
        let verified = from.seen.verify(codecs.and_then(Codecs::encoded_size));
        verified.map_err(|error| error.with_file(self.store.shown(&place)))?;
        self.report(0, length)
    }

    fn report(&mut self, nodes: u64, bytes: u64) -> Result<()> {
        self.copied.nodes += nodes;
        self.copied.bytes += bytes;
        (self.each)(self.copied)
    }
}

/// A chunk that is being read.
struct Reading<'a> {
    store: &'a Store,
    file: Handle,
    place: &'a str,
    at: u64,
    length: u64,
    seen: Seen,
}

impl Reading<'_> {
    /// Reads the next bytes, as many as fit.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        let read = self.store.files.read_at(self.file.as_fd(), self.at, &mut [buffer]);
        let count = read.map_err(self.store.failed("cannot read", self.place))?;
        if count < buffer.len() {
            let message = format!("the chunk has no longer {} bytes", self.length);
            return Err(Error::new(ErrorKind::Corrupt, message).with_file(self.store.shown(self.place)));
        }
        self.seen.add(buffer);
        self.at += count as u64;
        Ok(())
    }
}

fn cannot_write(path: &str, error: io::Error) -> Error {
    Error::io("cannot write the zip file", path, error)
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Zip(error)
    }
}
