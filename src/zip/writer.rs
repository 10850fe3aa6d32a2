//! Writing zip files of stored entries.

use std::io::{self, Seek, SeekFrom, Write};

use flate2::Crc;

use super::{CENTRAL_HEADER, END, END_64, EXTRA_64, LOCAL_HEADER, LOCATOR_64, MANY, MORE, STORED, UTF8};

/// Where the checksum is in a local header.
const CHECKSUM_AT: u64 = 14;
/// The first of January 1980, the earliest there is: what was packed when is nobody's business, and two zip files of the
/// same are the same.
const DATE: u16 = 1 << 5 | 1;
/// An ordinary file, as a Unix sees it, that its owner may write.
const MODE: u32 = 0o100_644 << 16;
/// The version that Zip64 needs, and the one for all else.
const VERSION_64: u16 = 45;
const VERSION: u16 = 20;

/// Writes a zip file, entry by entry, none of them compressed. The same entries always give the same bytes.
#[derive(Debug)]
pub struct Writer<W> {
    out: W,
    /// How much was written.
    at: u64,
    entries: Vec<Written>,
    /// From this number on 32 bits are not enough.
    large: u64,
}

/// An entry that was written.
#[derive(Clone, Debug)]
struct Written {
    name: String,
    offset: u64,
    size: u64,
    checksum: u32,
}

/// A state to come back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    at: u64,
    entries: usize,
}

impl<W: Write + Seek> Writer<W> {
    /// Begins a zip file at the beginning of `out`.
    pub fn new(out: W) -> Self {
        Self { out, at: 0, entries: Vec::new(), large: MORE.into() }
    }

    /// The same, with Zip64 from a smaller size on.
    #[cfg(test)]
    pub(super) fn with_large(out: W, large: u64) -> Self {
        Self { large, ..Self::new(out) }
    }

    /// Adds an entry of these bytes. Names have `/` between their components, and each is used once.
    ///
    /// # Errors
    /// Those of `out`; [`io::ErrorKind::InvalidInput`] for a name of more than 65,535 bytes.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut crc = Crc::new();
        crc.update(bytes);
        let entry = self.entry(name, bytes.len() as u64, crc.sum());
        let header = self.local_header(&entry)?;
        self.write(&header)?;
        self.write(bytes)?;
        self.entries.push(entry);
        Ok(())
    }

    /// Adds an entry of `size` bytes, which `fill` writes.
    ///
    /// # Errors
    /// As [`add`](Self::add), and what `fill` says; [`io::ErrorKind::InvalidData`] where it wrote more or less.
    pub fn add_with<E: From<io::Error>>(
        &mut self,
        name: &str,
        size: u64,
        fill: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut entry = self.entry(name, size, 0);
        let header = self.local_header(&entry)?;
        self.write(&header)?;
        let start = self.at;
        let mut crc = Crc::new();
        fill(&mut |bytes| {
            crc.update(bytes);
            self.write(bytes)
        })?;
        if self.at - start != size {
            let message = format!("{} bytes were written where {size} were announced", self.at - start);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
        }
        entry.checksum = crc.sum();
        self.out.seek(SeekFrom::Start(entry.offset + CHECKSUM_AT))?;
        self.out.write_all(&entry.checksum.to_le_bytes())?;
        self.out.seek(SeekFrom::Start(self.at))?;
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the directory, which ends the file; gives back what was written to.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn finish(mut self) -> io::Result<W> {
        let start = self.at;
        for at in 0..self.entries.len() {
            let header = self.central_header(&self.entries[at]);
            self.write(&header)?;
        }
        let end = self.end(start, self.at - start);
        self.write(&end)?;
        self.out.flush()?;
        Ok(self.out)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { at: self.at, entries: self.entries.len() }
    }

    /// Goes back to an earlier state. What was written since is overwritten, or cut off by whoever has `out`.
    pub(crate) fn rewind(&mut self, to: Mark) -> io::Result<()> {
        if self.at != to.at {
            self.out.seek(SeekFrom::Start(to.at))?;
        }
        self.at = to.at;
        self.entries.truncate(to.entries);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn entry(&self, name: &str, size: u64, checksum: u32) -> Written {
        Written { name: name.to_owned(), offset: self.at, size, checksum }
    }

    fn narrow(&self, number: u64) -> u32 {
        if number >= self.large { MORE } else { u32::try_from(number).unwrap_or(MORE) }
    }

    fn local_header(&self, entry: &Written) -> io::Result<Vec<u8>> {
        let length = u16::try_from(entry.name.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "an entry has a name of more than 65,535 bytes")
        })?;
        let extra = if entry.size >= self.large { extra(&[entry.size, entry.size]) } else { Vec::new() };
        let mut header = LOCAL_HEADER.to_le_bytes().to_vec();
        let version = if extra.is_empty() { VERSION } else { VERSION_64 };
        self.common(&mut header, version, entry);
        header.extend(length.to_le_bytes());
        header.extend(u16::try_from(extra.len()).unwrap_or_default().to_le_bytes());
        header.extend(entry.name.as_bytes());
        header.extend(extra);
        Ok(header)
    }

    fn central_header(&self, entry: &Written) -> Vec<u8> {
        let mut wide = Vec::new();
        if entry.size >= self.large {
            wide.extend([entry.size, entry.size]);
        }
        if entry.offset >= self.large {
            wide.push(entry.offset);
        }
        let extra = if wide.is_empty() { Vec::new() } else { extra(&wide) };
        let version = if extra.is_empty() { VERSION } else { VERSION_64 };
        let mut header = CENTRAL_HEADER.to_le_bytes().to_vec();
        // The upper byte says that the mode is that of a Unix.
        header.extend((3 << 8 | version).to_le_bytes());
        self.common(&mut header, version, entry);
        header.extend(u16::try_from(entry.name.len()).unwrap_or_default().to_le_bytes());
        header.extend(u16::try_from(extra.len()).unwrap_or_default().to_le_bytes());
        // No comment, on the first disk, not known to be text.
        header.extend([0; 6]);
        header.extend(MODE.to_le_bytes());
        header.extend(self.narrow(entry.offset).to_le_bytes());
        header.extend(entry.name.as_bytes());
        header.extend(extra);
        header
    }

    /// What both headers say in the same way.
    fn common(&self, header: &mut Vec<u8>, version: u16, entry: &Written) {
        let flags = if entry.name.is_ascii() { 0 } else { UTF8 };
        for field in [version, flags, STORED, 0, DATE] {
            header.extend(field.to_le_bytes());
        }
        for field in [entry.checksum, self.narrow(entry.size), self.narrow(entry.size)] {
            header.extend(field.to_le_bytes());
        }
    }

    /// The end of the file, for a directory of this size that begins there.
    fn end(&self, start: u64, size: u64) -> Vec<u8> {
        let mut end = Vec::new();
        let count = self.entries.len() as u64;
        if count >= u64::from(MANY) || start >= self.large || size >= self.large {
            let place = start + size;
            end.extend(END_64.to_le_bytes());
            // How much follows this field.
            end.extend(44u64.to_le_bytes());
            end.extend((3 << 8 | VERSION_64).to_le_bytes());
            end.extend(VERSION_64.to_le_bytes());
            end.extend([0; 8]);
            for field in [count, count, size, start] {
                end.extend(field.to_le_bytes());
            }
            end.extend(LOCATOR_64.to_le_bytes());
            end.extend(0u32.to_le_bytes());
            end.extend(place.to_le_bytes());
            end.extend(1u32.to_le_bytes());
        }
        end.extend(END.to_le_bytes());
        end.extend([0; 4]);
        let count = u16::try_from(count).unwrap_or(MANY);
        end.extend([count, count].map(u16::to_le_bytes).concat());
        end.extend([self.narrow(size), self.narrow(start)].map(u32::to_le_bytes).concat());
        end.extend(0u16.to_le_bytes());
        end
    }
}

/// The extra field of Zip64.
fn extra(numbers: &[u64]) -> Vec<u8> {
    let length = u16::try_from(size_of_val(numbers)).unwrap_or_default();
    let mut field = [EXTRA_64, length].map(u16::to_le_bytes).concat();
    field.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    field
}
