//! The central directory of a zip file: what is in it, and where.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::sync::Arc;

use super::fields::Fields;
use super::{
    CENTRAL_HEADER, CENTRAL_LENGTH, DEFLATED, ENCRYPTED, END, END_64, END_64_LENGTH, END_LENGTH, EXTRA_64,
    LOCAL_LENGTH, LOCATOR_64, LOCATOR_64_LENGTH, MANY, MORE, STORED,
};
use crate::error::{Error, ErrorKind, Result};
use crate::system::{read_at, read_exact_at};

/// No byte of what is deflated makes more than this of it.
const MOST_INFLATED: u64 = 1032;
/// So many components of a name make sense, and so many bytes.
const MOST_LEVELS: usize = 256;
const MOST_NAME: usize = 4096;

/// One file in a zip file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(super) name: Arc<str>,
    /// The bytes that it holds.
    pub(super) size: u64,
    pub(super) checksum: u32,
    pub(super) is_deflated: bool,
    /// Where its header begins, and where that of the next one does: its bytes lie between.
    pub(super) range: Range<u64>,
    /// The bytes that it takes.
    pub(super) stored_size: u64,
}

impl Entry {
    /// Gives its name: components with `/` between them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the number of bytes that it holds.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The bytes that it has in the directory of the zip file, at least.
    pub(crate) fn bytes_of_header(&self) -> u64 {
        CENTRAL_LENGTH.saturating_add(self.name.len() as u64)
    }
}

/// The directory as the end of the file describes it.
struct Extent {
    entries: u64,
    range: Range<u64>,
}

/// Reads the whole directory, and checks that the entries lie in the file, side by side, each under a name of its own
/// that leads nowhere else.
pub(super) fn read(file: &File) -> Result<Vec<Entry>> {
    let length = file.metadata().map_err(failed)?.len();
    let Extent { entries, range } = extent(file, length)?;
    let size = range.end.saturating_sub(range.start);
    if entries > size / CENTRAL_LENGTH {
        return Err(corrupt(format!("{entries} entries do not fit into a directory of {size} bytes")));
    }
    let mut from = BufReader::with_capacity(1 << 16, At { file, at: range.start }).take(size);
    let mut found = Vec::new();
    for _ in 0..entries {
        found.extend(entry(&mut from, range.start)?);
    }
    check_names(&found)?;
    lay_out(&mut found, range.start)?;
    Ok(found)
}

/// Finds the end of the directory, behind which nothing is but a comment.
fn extent(file: &File, length: u64) -> Result<Extent> {
    let no_zip =
        || Error::new(ErrorKind::InvalidInput, "not a zip file: it has no central directory at its end");
    let tail = length.min(END_LENGTH.saturating_add(u64::from(u16::MAX)));
    let start = length.saturating_sub(tail);
    let mut bytes = vec![0; usize::try_from(tail).unwrap_or_default()];
    read_exact_at(file, &mut bytes, start).map_err(failed)?;
    let ends_file = |at: &usize| {
        let mut fields = Fields(bytes.get(*at..).unwrap_or_default());
        let is_end = fields.u32() == Some(END) && fields.take(16).is_some();
        is_end && fields.u16().is_some_and(|comment| usize::from(comment) == fields.0.len())
    };
    let most = bytes.len().checked_sub(usize::try_from(END_LENGTH).unwrap_or_default()).ok_or_else(no_zip)?;
    let at = (0..=most).rev().find(ends_file).ok_or_else(no_zip)?;
    let mut fields = Fields(bytes.get(at..).unwrap_or_default());
    let at = start.saturating_add(at as u64);
    let end = (|| {
        let _signature = fields.u32()?;
        let disks = (fields.u16()?, fields.u16()?);
        let entries = (fields.u16()?, fields.u16()?);
        Some((disks, entries, fields.u32()?, fields.u32()?))
    })();
    let (disks, entries, size, offset) = end.ok_or_else(no_zip)?;
    if let Some(large) = extent_64(file, at)? {
        return Ok(large);
    }
    if disks != (0, 0) || entries.0 != entries.1 {
        return Err(split());
    }
    if entries.0 == MANY || size == MORE || offset == MORE {
        return Err(corrupt("the end of its Zip64 directory is missing"));
    }
    within(u64::from(entries.0), u64::from(size), u64::from(offset), at)
}

/// The same where it is too large for 32 bits.
fn extent_64(file: &File, end: u64) -> Result<Option<Extent>> {
    let Some(at) = end.checked_sub(LOCATOR_64_LENGTH) else { return Ok(None) };
    let mut locator = [0; 20];
    read_exact_at(file, &mut locator, at).map_err(failed)?;
    let mut fields = Fields(&locator);
    if fields.u32() != Some(LOCATOR_64) {
        return Ok(None);
    }
    let damaged = || corrupt("the end of its Zip64 directory is damaged");
    let (disk, place, disks) = (fields.u32(), fields.u64().ok_or_else(damaged)?, fields.u32());
    if disk != Some(0) || disks.is_none_or(|disks| disks > 1) {
        return Err(split());
    }
    if place.checked_add(END_64_LENGTH).is_none_or(|behind| behind > at) {
        return Err(damaged());
    }
    let mut end = [0; 56];
    read_exact_at(file, &mut end, place).map_err(failed)?;
    let mut fields = Fields(&end);
    let read = (|| {
        let signature = fields.u32()?;
        let _size_and_versions = fields.take(12)?;
        let disks = (fields.u32()?, fields.u32()?);
        Some((signature, disks, (fields.u64()?, fields.u64()?), fields.u64()?, fields.u64()?))
    })();
    match read {
        Some((END_64, (0, 0), (entries, all), size, offset)) if entries == all => {
            within(entries, size, offset, place).map(Some)
        }
        Some((END_64, ..)) => Err(split()),
        _ => Err(damaged()),
    }
}

/// The directory must end before its end begins.
fn within(entries: u64, size: u64, offset: u64, end: u64) -> Result<Extent> {
    match offset.checked_add(size) {
        Some(behind) if behind <= end => Ok(Extent { entries, range: offset..behind }),
        _ => Err(corrupt("its directory lies outside of the file")),
    }
}

/// Reads the next entry; a directory is none. `end` is where all of them must have ended.
fn entry(from: &mut impl Read, end: u64) -> Result<Option<Entry>> {
    let mut header = [0; 46];
    from.read_exact(&mut header).map_err(cut_off)?;
    let mut fields = Fields(&header);
    let read = (|| {
        let signature = fields.u32()?;
        let (made_by, _needed, flags, method) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
        let _time_and_date = fields.u32()?;
        let checksum = fields.u32()?;
        let (stored_size, size) = (fields.u32()?, fields.u32()?);
        let lengths = (fields.u16()?, fields.u16()?, fields.u16()?);
        let (_disk, _internal, external, offset) =
            (fields.u16()?, fields.u16()?, fields.u32()?, fields.u32()?);
        let kind = (made_by, external, flags, method);
        Some((signature, kind, checksum, (size, stored_size, offset), lengths))
    })();
    let Some((CENTRAL_HEADER, kind, checksum, (size, stored_size, offset), lengths)) = read else {
        return Err(corrupt("its directory is damaged"));
    };
    let mut rest =
        vec![0; usize::from(lengths.0).saturating_add(lengths.1.into()).saturating_add(lengths.2.into())];
    from.read_exact(&mut rest).map_err(cut_off)?;
    let mut rest = Fields(&rest);
    let name = rest.take(lengths.0.into()).unwrap_or_default();
    let name = std::str::from_utf8(name).map_err(|_| {
        corrupt(format!("the name of an entry is not UTF-8: {:?}", String::from_utf8_lossy(name)))
    })?;
    let extra = rest.take(lengths.1.into()).unwrap_or_default();
    let sizes = wide(extra, [size, stored_size, offset])
        .ok_or_else(|| corrupt(format!("the entry {name:?} lacks a Zip64 field")))?;
    let is_directory = name.ends_with('/');
    check_name(name.strip_suffix('/').unwrap_or(name))?;
    check_kind(name, kind, is_directory)?;
    let [size, stored_size, offset] = sizes;
    let is_deflated = kind.3 == DEFLATED;
    let most = if is_deflated { stored_size.saturating_mul(MOST_INFLATED) } else { stored_size };
    if size > most || (!is_deflated && size != stored_size) {
        return Err(corrupt(format!("the entry {name:?} cannot hold {size} bytes in {stored_size}")));
    }
    let behind = [LOCAL_LENGTH, name.len() as u64, stored_size]
        .iter()
        .try_fold(offset, |sum, more| sum.checked_add(*more));
    if behind.is_none_or(|behind| behind > end) {
        return Err(corrupt(format!("the entry {name:?} lies outside of the file")));
    }
    if is_directory {
        return Ok(None);
    }
    Ok(Some(Entry { name: name.into(), size, checksum, is_deflated, range: offset..end, stored_size }))
}

/// Numbers that 32 bits hold, or else the extra field does.
fn wide(extra: &[u8], narrow: [u32; 3]) -> Option<[u64; 3]> {
    let mut extra = Fields(extra);
    let mut wide = Fields(&[]);
    while let (Some(id), Some(length)) = (extra.u16(), extra.u16()) {
        let field = extra.take(length.into())?;
        if id == EXTRA_64 {
            wide = Fields(field);
        }
    }
    let mut numbers = [0; 3];
    for (number, narrow) in numbers.iter_mut().zip(narrow) {
        *number = if narrow == MORE { wide.u64()? } else { narrow.into() };
    }
    Some(numbers)
}

/// A name leads from the directory where the archive is unpacked to a place below it.
fn check_name(name: &str) -> Result<()> {
    let refuse = |why: &str| Err(corrupt(format!("the entry {name:?} {why}")));
    if name.len() > MOST_NAME || name.split('/').count() > MOST_LEVELS {
        return Err(corrupt("an entry has a name longer than any path"));
    }
    for component in name.split('/') {
        match component {
            "" | "." | ".." => return refuse("leads out of the archive"),
            _ if component.contains(['\\', '\0']) => return refuse("has no name that can be trusted"),
            _ => {}
        }
    }
    Ok(())
}

/// Only files and directories are read, as they are or deflated.
fn check_kind(
    name: &str,
    (made_by, external, flags, method): (u16, u32, u16, u16),
    is_directory: bool,
) -> Result<()> {
    const UNIX: u16 = 3;
    // The kind of file, where a Unix wrote it.
    let mode = if made_by >> 8 == UNIX { external >> 28 } else { 0 };
    let is_known = mode == 0 || mode == if is_directory { 0o04 } else { 0o10 };
    if !is_known {
        return Err(corrupt(format!("the entry {name:?} is a link or a device, and no file")));
    }
    let refuse = |why: &str| Err(Error::new(ErrorKind::Unsupported, format!("the entry {name:?} {why}")));
    match method {
        _ if flags & ENCRYPTED != 0 => refuse("is encrypted"),
        STORED | DEFLATED => Ok(()),
        other => refuse(&format!("is compressed by method {other}, not stored or deflated")),
    }
}

/// No name stands for two files, nor for a file and a directory.
fn check_names(entries: &[Entry]) -> Result<()> {
    let mut names = HashSet::with_capacity(entries.len());
    for entry in entries {
        if !names.insert(&*entry.name) {
            return Err(corrupt(format!("two entries are called {:?}", entry.name)));
        }
    }
    for entry in entries {
        let above = entry.name.match_indices('/').filter_map(|(at, _)| entry.name.get(..at));
        if let Some(file) = above.into_iter().find(|above| names.contains(above)) {
            return Err(corrupt(format!("{file:?} is both a file and a directory")));
        }
    }
    Ok(())
}

/// Sees to it that the entries lie side by side: those that share their bytes make much of little.
fn lay_out(entries: &mut [Entry], end: u64) -> Result<()> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|at| entries.get(*at).map(|entry| entry.range.start));
    let mut next = end;
    for at in order.into_iter().rev() {
        let Some(entry) = entries.get_mut(at) else { continue };
        let least = LOCAL_LENGTH.saturating_add(entry.name.len() as u64).saturating_add(entry.stored_size);
        if entry.range.start.saturating_add(least) > next {
            return Err(corrupt(format!("the entry {:?} shares its bytes with another one", entry.name)));
        }
        entry.range.end = next;
        next = entry.range.start;
    }
    Ok(())
}

/// A file from a place on.
struct At<'a> {
    file: &'a File,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = read_at(self.file, bytes, self.at)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

pub(super) fn corrupt(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the zip file is damaged: {}", what.into()))
}

fn split() -> Error {
    Error::new(ErrorKind::Unsupported, "the zip file is one of several parts")
}

fn cut_off(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        corrupt("its directory is cut off")
    } else {
        failed(error)
    }
}

pub(super) fn failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => corrupt("it is cut off"),
        _ => Error::new(ErrorKind::Io, format!("cannot read: {error}")).with_source(error),
    }
}
