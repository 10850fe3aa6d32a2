//! The files in a zip file, which are only read.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use super::{AsFd, BorrowedFd, Entry, Extent, FileId, Files, Flock, Handle, Os, Output, Rename, Stat};
use crate::error::{Error, ErrorKind, Result};
use crate::zip;

/// The names that tell which directory is the store.
const SIGNS: [&str; 2] = ["zarr.json", "output.zarr"];

/// A larger deflated file is not inflated to read of it.
const MOST_INFLATED: u64 = 256 << 20;
/// Only one deflated file as large as this is inflated at a time.
const LARGE: u64 = 16 << 20;

/// So many directories need no reason, and beyond them there is one for each few bytes of the directory of the zip file.
/// The chunks of an array of many axes have about that many; names of nothing but slashes have four times as many.
const FREE_DIRECTORIES: u64 = 1024;
const BYTES_OF_A_DIRECTORY: u64 = 8;

/// The files in a zip file. It is open as long as this is, so that what is read is always the same.
#[derive(Debug)]
pub(crate) struct Zipped {
    archive: zip::Archive,
    path: PathBuf,
    /// Directories and files; the first is the directory of all.
    members: Vec<Member>,
    /// The directory that the store is, and its path in the zip file.
    root: u32,
    /// What files are told apart by from those of other zip files.
    device: u64,
    /// The deflated file that was read last.
    inflated: Mutex<Option<(u32, Arc<Vec<u8>>)>>,
    /// Held while a large one is inflated.
    inflating: Mutex<()>,
}

#[derive(Debug)]
enum Member {
    Directory(BTreeMap<Box<str>, u32>),
    /// The number of an entry.
    File(u32),
}

impl Zipped {
    /// Opens a zip file by its absolute path.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for anything else, [`ErrorKind::Corrupt`] and those of reading files.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        static OPENED: AtomicU64 = AtomicU64::new(0);
        let archive = zip::Archive::open(path)?;
        let mut zipped = Self {
            archive,
            path: path.to_path_buf(),
            members: vec![Member::Directory(BTreeMap::new())],
            root: 0,
            // No device of the system has so high a number.
            device: u64::MAX.wrapping_sub(OPENED.fetch_add(1, Relaxed)),
            inflated: Mutex::default(),
            inflating: Mutex::default(),
        };
        let too_many = |what| {
            let message = format!("the zip file has too many {what}");
            Error::new(ErrorKind::Unsupported, message).with_file(path)
        };
        let mut bytes = 0u64;
        for number in 0..zipped.archive.entries().len() {
            bytes = bytes
                .saturating_add(zipped.archive.entries().get(number).map_or(0, zip::Entry::bytes_of_header));
            zipped.add(number).ok_or_else(|| too_many("entries"))?;
            let directories = (zipped.members.len() as u64).saturating_sub(number as u64);
            if directories > FREE_DIRECTORIES.saturating_add(bytes / BYTES_OF_A_DIRECTORY) {
                return Err(too_many("directories for its size"));
            }
        }
        zipped.root = zipped.store();
        Ok(zipped)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes of all files in it, and those that it takes itself.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        let files = self.archive.entries().iter().map(zip::Entry::size);
        let own = self.archive.file().metadata().map_or(0, |metadata| metadata.len());
        (files.fold(0, u64::saturating_add), own)
    }

    fn add(&mut self, number: usize) -> Option<()> {
        let name = self.archive.entries().get(number)?.name().to_owned();
        let (above, name) = name.rsplit_once('/').unwrap_or(("", &name));
        let mut at = 0;
        for component in above.split('/').filter(|component| !component.is_empty()) {
            at = match self.children(at)?.get(component) {
                Some(child) => *child,
                None => self.insert(at, component, Member::Directory(BTreeMap::new()))?,
            };
        }
        self.insert(at, name, Member::File(u32::try_from(number).ok()?)).map(|_| ())
    }

    fn insert(&mut self, at: u32, name: &str, member: Member) -> Option<u32> {
        let new = u32::try_from(self.members.len()).ok()?;
        self.members.push(member);
        match self.members.get_mut(at as usize)? {
            Member::Directory(children) => children.insert(name.into(), new),
            Member::File(_) => return None,
        };
        Some(new)
    }

    fn children(&self, at: u32) -> Option<&BTreeMap<Box<str>, u32>> {
        match self.members.get(at as usize)? {
            Member::Directory(children) => Some(children),
            Member::File(_) => None,
        }
    }

    /// Where the store is: on top, or in the one directory that all lies in, as where a directory was zipped.
    fn store(&self) -> u32 {
        let mut at = 0;
        while let Some(children) = self.children(at) {
            let is_store = SIGNS.iter().any(|sign| children.contains_key(*sign));
            match children.values().next() {
                Some(only) if !is_store && children.len() == 1 && self.children(*only).is_some() => {
                    at = *only;
                }
                _ if is_store => return at,
                _ => return 0,
            }
        }
        0
    }

    fn find(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<u32> {
        let mut member = at.member().ok_or(io::ErrorKind::Unsupported)?;
        for component in path.split('/').filter(|component| !matches!(*component, "" | ".")) {
            let children = self.children(member).ok_or(io::ErrorKind::NotADirectory)?;
            member = *children.get(component).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(member)
    }

    fn handle(&self, member: u32) -> io::Result<Handle> {
        Handle::of_member(self.archive.file(), member)
    }

    fn entry(&self, member: u32) -> io::Result<(usize, &zip::Entry)> {
        let number = match self.members.get(member as usize) {
            Some(Member::File(number)) => *number as usize,
            _ => return Err(io::ErrorKind::IsADirectory.into()),
        };
        let entry = self.archive.entries().get(number).ok_or(io::ErrorKind::NotFound)?;
        Ok((number, entry))
    }

    fn stat_of(&self, member: u32) -> Stat {
        let entry = self.entry(member);
        Stat {
            id: FileId { device: self.device, inode: member.into() },
            is_special: entry.is_err(),
            bytes: entry.map_or(0, |(_, entry)| entry.size()),
            modified: 0,
            modified_nanos: 0,
            changed: 0,
        }
    }

    /// The bytes of a deflated file. They are kept until another one is asked for: a shard is read in many parts.
    fn inflated(&self, member: u32, entry: &zip::Entry) -> io::Result<Arc<Vec<u8>>> {
        if entry.size() > MOST_INFLATED {
            let message = format!(
                "an entry of {} bytes is deflated, and more than 256 MiB are not inflated in place; unpack the zip file \
                 to read it",
                entry.size()
            );
            return Err(into_io(&Error::new(ErrorKind::Unsupported, message)));
        }
        let last = || self.inflated.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            || last().as_ref().filter(|(known, _)| *known == member).map(|(_, bytes)| Arc::clone(bytes));
        if let Some(bytes) = known() {
            return Ok(bytes);
        }
        let is_large = entry.size() >= LARGE;
        let _alone = is_large.then(|| self.inflating.lock().unwrap_or_else(PoisonError::into_inner));
        // Whoever was first may have inflated it for all.
        if let Some(bytes) = known().filter(|_| is_large) {
            return Ok(bytes);
        }
        let bytes = Arc::new(self.archive.read(entry).map_err(|error| into_io(&error))?);
        *last() = Some((member, Arc::clone(&bytes)));
        Ok(bytes)
    }

    fn extent(&self, member: u32, total: &mut Extent) {
        // Names have no more components than the archive lets them have.
        for child in self.children(member).into_iter().flat_map(BTreeMap::values) {
            self.extent(*child, total);
        }
        if let Ok((_, entry)) = self.entry(member) {
            total.bytes = total.bytes.saturating_add(entry.size());
            total.files = total.files.saturating_add(1);
        }
    }
}

impl Files for Zipped {
    fn open_root(&self, path: &Path) -> io::Result<Handle> {
        if path == self.path { self.handle(self.root) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        let member = self.find(at, path)?;
        self.children(member).ok_or(io::ErrorKind::NotADirectory)?;
        self.handle(member)
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        self.handle(self.find(at, path)?)
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        let member = self.find(file, "")?;
        let (number, entry) = self.entry(member)?;
        if let Some(count) =
            self.archive.read_stored(number, start, buffers).map_err(|error| into_io(&error))?
        {
            return Ok(count);
        }
        let bytes = self.inflated(member, entry)?;
        let mut rest = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default();
        let mut done = 0usize;
        for buffer in buffers {
            let (taken, behind) = rest.split_at(buffer.len().min(rest.len()));
            buffer.iter_mut().zip(taken).for_each(|(to, from)| *to = *from);
            (rest, done) = (behind, done.saturating_add(taken.len()));
        }
        Ok(done)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        self.find(at, path).map(|member| self.stat_of(member))
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        self.stat(file, "")
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        let children = self.children(self.find(directory, "")?).ok_or(io::ErrorKind::NotADirectory)?;
        let mut entries = Vec::with_capacity(children.len());
        for (name, member) in children {
            let is_file = self.entry(*member).is_ok();
            entries.push(Entry { name: name.to_string().into(), is_directory: !is_file, is_file });
        }
        Ok(entries)
    }

    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle> {
        self.open_directory(at, name.to_str().ok_or(io::ErrorKind::NotFound)?)
    }

    fn measure(&self, path: &Path) -> io::Result<Extent> {
        let below =
            path.strip_prefix(&self.path).ok().and_then(Path::to_str).ok_or(io::ErrorKind::NotFound)?;
        let mut total = Extent::default();
        self.extent(self.find(self.handle(self.root)?.as_fd(), below)?, &mut total);
        Ok(total)
    }

    /// Copies out of the zip file, and compares the checksum that it has there.
    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        let (_, entry) = self.entry(self.find(from, "")?)?;
        let mut output = Os.create_output(to.0, to.1)?;
        let copied = self.archive.read_blocks(entry, &mut |bytes| {
            inspect(bytes);
            output.write_all(bytes).map_err(|error| Error::io("cannot write", &self.path, error))
        });
        copied.map_err(|error| into_io(&error))
    }

    fn flock(&self, _: &File, _: Flock) -> io::Result<()> {
        only_read()
    }

    fn open_lock(&self, _: BorrowedFd<'_>, _: &str) -> io::Result<File> {
        only_read()
    }

    fn create_root(&self, _: &Path) -> io::Result<()> {
        only_read()
    }

    fn create_path(&self, _: &Path) -> io::Result<()> {
        only_read()
    }

    fn create_directory(&self, _: BorrowedFd<'_>, _: &str) -> io::Result<()> {
        only_read()
    }

    fn create_file(&self, _: BorrowedFd<'_>, _: &str, _: &[&[u8]]) -> io::Result<Handle> {
        only_read()
    }

    fn create_output(&self, _: BorrowedFd<'_>, _: &str) -> io::Result<Box<dyn Output>> {
        only_read()
    }

    fn rename(&self, _: (BorrowedFd<'_>, &str), _: (BorrowedFd<'_>, &str), _: Rename) -> io::Result<()> {
        only_read()
    }

    fn move_listed(&self, _: BorrowedFd<'_>, _: &OsStr, _: BorrowedFd<'_>) -> io::Result<()> {
        only_read()
    }

    fn link(&self, _: (BorrowedFd<'_>, &str), _: (BorrowedFd<'_>, &str)) -> io::Result<()> {
        only_read()
    }

    fn remove_file(&self, _: BorrowedFd<'_>, _: &str) -> io::Result<()> {
        only_read()
    }

    fn remove_directory(&self, _: BorrowedFd<'_>, _: &str) -> io::Result<()> {
        only_read()
    }

    fn remove_listed(&self, _: BorrowedFd<'_>, _: &Entry) -> io::Result<()> {
        only_read()
    }

    fn sync(&self, _: BorrowedFd<'_>) -> io::Result<()> {
        only_read()
    }

    fn sync_all(&self, _: BorrowedFd<'_>) -> io::Result<()> {
        only_read()
    }
}

fn only_read<T>() -> io::Result<T> {
    Err(io::ErrorKind::ReadOnlyFilesystem.into())
}

/// What is wrong with the zip file, for those who expect what a file system says.
fn into_io(error: &Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::Corrupt => io::ErrorKind::InvalidData,
        ErrorKind::Unsupported => io::ErrorKind::Unsupported,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.message().to_owned())
}
