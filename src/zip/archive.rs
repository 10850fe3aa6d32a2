//! Reading the entries of a zip file.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::directory::{self, Entry, corrupt, failed};
use super::fields::Fields;
use super::{LOCAL_HEADER, LOCAL_LENGTH};
use crate::error::{Error, ErrorKind, Result};
use crate::system::{read_at, read_exact_at};

/// Up to so many bytes memory is given on the word of a header alone.
const TRUSTED: u64 = 1 << 20;

/// An open zip file. It may come from anybody: nothing in it leads out of it, no two entries share a name or bytes, and
/// none claims to hold more than its bytes can.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("a.zip");
/// use calcstore::zip::{Archive, Writer};
///
/// let mut zip = Writer::new(std::fs::File::create_new(&path)?);
/// zip.add("notes/first.txt", b"one")?;
/// zip.finish()?;
///
/// let archive = Archive::open(&path)?;
/// let entry = &archive.entries()[0];
/// assert_eq!((entry.name(), entry.size()), ("notes/first.txt", 3));
/// assert_eq!(archive.read(entry)?, b"one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Archive {
    file: File,
    entries: Vec<Entry>,
    /// Where the bytes of each begin, once that was looked up; else 0.
    data: Vec<AtomicU64>,
}

impl Archive {
    /// Opens a zip file and reads its directory.
    ///
    /// # Errors
    /// [`InvalidInput`](crate::ErrorKind::InvalidInput) for what is no zip file; [`Corrupt`](crate::ErrorKind::Corrupt)
    /// for one that is damaged or means harm; [`Unsupported`](crate::ErrorKind::Unsupported) for encryption and for
    /// compression other than deflate; and those of reading files.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let cannot_open = |error| Error::io("cannot open", path, error);
        // Opening a pipe would wait for somebody to write into it.
        if !path.metadata().map_err(cannot_open)?.is_file() {
            let message = "not a zip file: a directory, pipe or device is there";
            return Err(Error::new(ErrorKind::InvalidInput, message).with_file(path));
        }
        let file = File::open(path).map_err(cannot_open)?;
        Self::new(file).map_err(|error| error.with_file(path))
    }

    fn new(file: File) -> Result<Self> {
        let entries = directory::read(&file)?;
        let data = entries.iter().map(|_| AtomicU64::new(0)).collect();
        Ok(Self { file, entries, data })
    }

    /// Gives the files in it, in the order of its directory.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Reads a whole entry of this archive, and compares its checksum.
    ///
    /// # Errors
    /// [`Corrupt`](crate::ErrorKind::Corrupt), and those of reading files.
    pub fn read(&self, entry: &Entry) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.read_blocks(entry, &mut |block| {
            bytes.extend_from_slice(block);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Shows all bytes of an entry to `each`, block by block, and compares their checksum behind the last one.
    ///
    /// # Errors
    /// As [`Archive::read`], and what `each` says.
    pub fn read_blocks(&self, entry: &Entry, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
        let stored = Stored { file: &self.file, at: self.locate(entry)?, left: entry.stored_size };
        if entry.is_deflated {
            return show(DeflateDecoder::new(stored), entry, each);
        }
        show(stored, entry, each)
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Fills the buffers with the bytes of an entry from this one on, as far as there are some. What is read as a whole
    /// is compared with its checksum. Nothing is given of a deflated entry.
    pub(crate) fn read_stored(
        &self,
        number: usize,
        start: u64,
        buffers: &mut [&mut [u8]],
    ) -> Result<Option<usize>> {
        let Some(entry) = self.entries.get(number).filter(|entry| !entry.is_deflated) else {
            return Ok(None);
        };
        let data = self.data_of(number, entry)?;
        let (mut at, mut done) = (start, 0usize);
        let mut crc = Crc::new();
        for buffer in buffers {
            let left = entry.size.saturating_sub(at);
            let length = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let Some(wanted) = buffer.get_mut(..length) else { break };
            read_exact_at(&self.file, wanted, data.saturating_add(at)).map_err(failed)?;
            if start == 0 {
                crc.update(wanted);
            }
            (at, done) = (at.saturating_add(length as u64), done.saturating_add(length));
        }
        if start == 0 && done as u64 == entry.size && crc.sum() != entry.checksum {
            return Err(wrong_checksum(entry));
        }
        Ok(Some(done))
    }

    fn data_of(&self, number: usize, entry: &Entry) -> Result<u64> {
        let known = self.data.get(number).map(|known| known.load(Relaxed)).unwrap_or_default();
        if known > 0 {
            return Ok(known);
        }
        let found = self.locate(entry)?;
        if let Some(known) = self.data.get(number) {
            known.store(found, Relaxed);
        }
        Ok(found)
    }

    /// Finds where the bytes of an entry begin: its own header says how long that is.
    fn locate(&self, entry: &Entry) -> Result<u64> {
        let mut header = [0; 30];
        read_exact_at(&self.file, &mut header, entry.range.start).map_err(failed)?;
        let mut fields = Fields(&header);
        let read = (|| {
            let signature = fields.u32()?;
            let _until_lengths = fields.take(22)?;
            Some((signature, fields.u16()?, fields.u16()?))
        })();
        let damaged =
            || corrupt(format!("the entry {:?} has another header than the directory says", entry.name));
        let Some((LOCAL_HEADER, name, extra)) = read else { return Err(damaged()) };
        let mut own = vec![0; name.into()];
        let names = entry.range.start.saturating_add(LOCAL_LENGTH);
        read_exact_at(&self.file, &mut own, names).map_err(failed)?;
        let data = names.saturating_add(name.into()).saturating_add(extra.into());
        if own != entry.name.as_bytes() || data.saturating_add(entry.stored_size) > entry.range.end {
            return Err(damaged());
        }
        Ok(data)
    }
}

/// The bytes of an entry as they lie in the file.
struct Stored<'a> {
    file: &'a File,
    at: u64,
    left: u64,
}

impl Read for Stored<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let most = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let count = read_at(self.file, bytes.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at = self.at.saturating_add(count as u64);
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

fn show(mut from: impl Read, entry: &Entry, each: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let block = entry.size.clamp(1, TRUSTED).min(256 << 10);
    let mut block = vec![0; usize::try_from(block).unwrap_or_default()];
    let (mut crc, mut seen) = (Crc::new(), 0u64);
    loop {
        let count = match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                return Err(corrupt(format!("the entry {:?} cannot be inflated: {error}", entry.name)));
            }
            Err(error) => return Err(failed(error)),
        };
        seen = seen.saturating_add(count as u64);
        if seen > entry.size {
            break;
        }
        let bytes = block.get(..count).unwrap_or_default();
        crc.update(bytes);
        each(bytes)?;
    }
    if seen != entry.size {
        return Err(corrupt(format!(
            "the entry {:?} does not hold the {} bytes that it should",
            entry.name, entry.size
        )));
    }
    if crc.sum() == entry.checksum { Ok(()) } else { Err(wrong_checksum(entry)) }
}

fn wrong_checksum(entry: &Entry) -> Error {
    corrupt(format!("the checksum of the entry {:?} is wrong", entry.name))
}
