//! The chunk files of an array as they lie there, for whoever copies them without looking into them.

use std::io;

use super::files::{AsFd, BorrowedFd, is_link};
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::zarr::{ArrayMetadata, CHECKSUM, ChunkGrid};

impl Store {
    /// Finds the chunks that are there, of those that an array can have: their paths, sorted. Some may be missing where
    /// it is `sparse`.
    pub(super) fn chunk_files(
        &self,
        place: &str,
        directory: BorrowedFd<'_>,
        (array, grid): (&ArrayMetadata, &ChunkGrid),
        sparse: bool,
    ) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.find_chunks(place, directory, (array, grid), "", &mut found)?;
        if (found.len() as u64) < grid.len() && !self.may_lack_chunks() && !sparse {
            let missing = Error::new(ErrorKind::Corrupt, "a chunk is missing");
            return Err(missing.with_file(self.shown(place)));
        }
        Ok(found)
    }

    fn find_chunks(
        &self,
        place: &str,
        directory: BorrowedFd<'_>,
        (array, grid): (&ArrayMetadata, &ChunkGrid),
        below: &str,
        found: &mut Vec<String>,
    ) -> Result<()> {
        for entry in self.files.list(directory).map_err(self.failed("cannot list", place))? {
            let Some(name) = entry.name.to_str() else { continue };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            if !entry.is_directory {
                if array.chunk_keys.index(&path, array.shape.len()).is_some_and(|index| grid.contains(&index))
                {
                    found.push(path);
                }
            } else if path.split('/').count() <= array.shape.len() {
                let inner = self.files.open_directory(directory, name);
                let inner = inner.map_err(|error| self.cannot_open(place, error))?;
                self.find_chunks(place, inner.as_fd(), (array, grid), &path, found)?;
            }
        }
        Ok(())
    }

    /// The error where a part of a value cannot be opened.
    pub(super) fn cannot_open(&self, place: &str, error: io::Error) -> Error {
        if is_link(&error) {
            return self.link_at(place);
        }
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        let error = self.failed("cannot open", place)(error);
        // That a part of a value is missing does not mean that the value is.
        if is_missing { error.with_kind(ErrorKind::Corrupt) } else { error }
    }
}

/// What was seen of a chunk on its way: enough to tell whether it is whole.
pub(super) struct Seen {
    /// The bytes before the checksum, as far as one can tell beforehand.
    data: u64,
    length: u64,
    checksum: Option<(u32, Vec<u8>)>,
}

impl Seen {
    pub(super) fn new(length: u64, has_checksum: bool) -> Self {
        let data = length.saturating_sub(CHECKSUM as u64);
        Self { data, length: 0, checksum: has_checksum.then_some((0, Vec::new())) }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        if let Some((sum, stored)) = &mut self.checksum {
            let left = usize::try_from(self.data.saturating_sub(self.length)).unwrap_or(usize::MAX);
            let (data, rest) = bytes.split_at(left.min(bytes.len()));
            *sum = crc32c::crc32c_append(*sum, data);
            stored.extend(rest.iter().take(CHECKSUM + 1));
        }
        self.length += bytes.len() as u64;
    }

    pub(super) fn verify(&self, expected: Option<u64>) -> Result<()> {
        if let Some(expected) = expected.filter(|expected| *expected != self.length) {
            let what = format!("the chunk has {} bytes, where {expected} belong", self.length);
            return Err(Error::new(ErrorKind::Corrupt, what));
        }
        match &self.checksum {
            Some((sum, stored)) if *stored != sum.to_le_bytes() => {
                Err(Error::new(ErrorKind::Corrupt, "a chunk is damaged: its checksum is wrong"))
            }
            _ => Ok(()),
        }
    }
}
