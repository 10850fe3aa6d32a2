//! Files below open directories: Linux, macOS, the other systems of that family, and WASI.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut};
#[cfg(unix)]
use std::os::unix::ffi::OsStringExt;
#[cfg(target_os = "wasi")]
use std::os::wasi::ffi::OsStringExt;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::path::Arg;

use super::beneath::{in_directories, in_directory, open_beneath};
pub(crate) use super::descriptor::{AsFd, BorrowedFd, Handle};
pub(super) use super::xattr::{get as attribute, set as set_attribute};
use super::{Entry, Extent, FileId, Files, Flock, Output, Rename, Stat};

/// What keeps the identity of a file from passing to another one: that it stays open.
pub(crate) type Kept = Handle;

pub(crate) fn keep(file: Handle) -> Kept {
    file
}

/// Whether what is open goes along when it is renamed. Elsewhere no directory is renamed or removed while a file below it is
/// open, and the handle of a directory is its path, which leads to whatever has that name.
pub(crate) const MOVES_WHAT_IS_OPEN: bool = true;

/// Whether the system can let two names change places; not all its file systems need to.
pub(crate) const EXCHANGES: bool =
    cfg!(any(target_os = "linux", target_os = "android", target_vendor = "apple"));

#[expect(clippy::unnecessary_wraps, reason = "elsewhere a handle may be no file")]
pub(crate) fn into_file(handle: Handle) -> io::Result<File> {
    Ok(File::from(handle))
}

/// Whether a path led through a symbolic link. The standard library has no stable kind for it.
pub(crate) fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::LOOP.raw_os_error())
}

/// Whether a file system says that it has no locks: NFS without its lock service, Lustre mounted without `flock`,
/// FUSE.
pub(crate) fn is_lack_of_locks(error: &io::Error) -> bool {
    let lacks = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::INVAL, Errno::IO];
    error.kind() == io::ErrorKind::Unsupported
        || lacks.iter().any(|lack| error.raw_os_error() == Some(lack.raw_os_error()))
}

/// The operating system's own file system.
#[derive(Debug)]
pub(crate) struct Os;

/// Opening a FIFO that stands where a file belongs must not wait for somebody to write into it.
const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);
const DIRECTORY: OFlags = READ.union(OFlags::DIRECTORY);
const CREATE: OFlags = OFlags::CREATE.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// The user's umask takes away from these.
const DIRECTORY_MODE: Mode = Mode::from_raw_mode(0o777);
const FILE_MODE: Mode = Mode::from_raw_mode(0o666);

/// One call takes at most this much on Linux.
const MAX_TRANSFER: usize = 1 << 30;

/// So much of a file is copied at once: what fits into the cache of a core.
const MAX_COPIED: usize = 256 << 10;

impl Files for Os {
    fn open_root(&self, path: &Path) -> io::Result<Handle> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::DIRECTORY;
        Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Ok(open_beneath(at, path, DIRECTORY, Mode::empty())?.into())
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Ok(open_beneath(at, path, READ, Mode::empty())?.into())
    }

    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File> {
        Ok(File::from(open_beneath(at, path, CREATE | OFlags::RDWR, FILE_MODE)?))
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        let wanted: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut done = 0;
        while done < wanted {
            match read_some(file, start.saturating_add(done as u64), buffers, done)? {
                0 => break,
                count => done += count,
            }
        }
        Ok(done)
    }

    fn read_once(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        Ok(read_some(file, start, buffers, 0)?)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        Ok(rustix::fs::statat(at, path, AtFlags::SYMLINK_NOFOLLOW)?.into())
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        Ok(rustix::fs::fstat(file)?.into())
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in rustix::fs::Dir::read_from(directory)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => {
                    let stat = rustix::fs::statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
                    FileType::from_raw_mode(stat.st_mode)
                }
                kind => kind,
            };
            let (is_directory, is_file) = (kind == FileType::Directory, kind == FileType::RegularFile);
            entries.push(Entry { name: OsString::from_vec(name.to_vec()), is_directory, is_file });
        }
        entries.sort();
        Ok(entries)
    }

    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle> {
        Ok(rustix::fs::openat(at, name, DIRECTORY, Mode::empty())?.into())
    }

    fn measure(&self, path: &Path) -> io::Result<Extent> {
        let mut total = Extent::default();
        for entry in walkdir::WalkDir::new(path).follow_links(false).follow_root_links(false) {
            let metadata = entry?.metadata()?;
            total.modified = total.modified.max(super::modified(&metadata));
            if metadata.is_file() {
                total.bytes += metadata.len();
                total.files += 1;
            }
        }
        Ok(total)
    }

    fn flock(&self, file: &File, how: Flock) -> io::Result<()> {
        super::flock(file, how)
    }

    fn create_root(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    fn create_path(&self, path: &Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn create_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        Ok(in_directory(at, path, |at, name| rustix::fs::mkdirat(at, name, DIRECTORY_MODE))?)
    }

    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle> {
        let flags = CREATE | OFlags::EXCL | OFlags::WRONLY;
        let file = open_beneath(at, path, flags, FILE_MODE)?;
        write_parts(file.as_fd(), parts)?;
        Ok(file.into())
    }

    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        let flags = CREATE | OFlags::EXCL | OFlags::WRONLY;
        let file = open_beneath(to.0, to.1, flags, FILE_MODE)?;
        let is_clone = shares_blocks(file.as_fd(), from);
        let length = usize::try_from(self.stat_open(from)?.bytes).unwrap_or(usize::MAX);
        // One byte more than there is tells a file that has grown.
        let mut buffer = vec![0; length.saturating_add(1).min(MAX_COPIED)];
        let mut done = 0;
        loop {
            let count = match rustix::io::pread(from, &mut buffer, done) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            };
            inspect(&buffer[..count]);
            if !is_clone {
                write_parts(file.as_fd(), &[&buffer[..count]])?;
            }
            done += count as u64;
        }
    }

    fn create_output(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Box<dyn Output>> {
        let flags = CREATE | OFlags::EXCL | OFlags::RDWR;
        Ok(Box::new(File::from(open_beneath(at, path, flags, FILE_MODE)?)))
    }

    fn rename(
        &self,
        from: (BorrowedFd<'_>, &str),
        to: (BorrowedFd<'_>, &str),
        how: Rename,
    ) -> io::Result<()> {
        let renamed = in_directories(from, to, |from, to| match how {
            Rename::Over => rustix::fs::renameat(from.0, from.1, to.0, to.1),
            Rename::New | Rename::Exchange => rename_with(from, to, how),
        });
        renamed.map_err(|error| match error {
            // What xfs says where others say that it exists.
            Errno::NOTEMPTY if how != Rename::Over => Errno::EXIST.into(),
            error => error.into(),
        })
    }

    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()> {
        Ok(rename_with((from, name), (to, name), Rename::New)?)
    }

    fn link(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str)) -> io::Result<()> {
        Ok(in_directories(from, to, |from, to| {
            rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty())
        })?)
    }

    fn remove_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        Ok(in_directory(at, path, |at, name| rustix::fs::unlinkat(at, name, AtFlags::empty()))?)
    }

    fn remove_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        Ok(in_directory(at, path, |at, name| rustix::fs::unlinkat(at, name, AtFlags::REMOVEDIR))?)
    }

    fn remove_listed(&self, at: BorrowedFd<'_>, entry: &Entry) -> io::Result<()> {
        let flags = if entry.is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        Ok(rustix::fs::unlinkat(at, entry.name.as_os_str(), flags)?)
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        // There fsync leaves what it wrote in the cache of the disk.
        #[cfg(target_vendor = "apple")]
        if rustix::fs::fcntl_fullfsync(file).is_ok() {
            return Ok(());
        }
        match rustix::fs::fsync(file) {
            // There only what is open for writing can be flushed, which no directory is.
            Err(Errno::BADF) if cfg!(target_os = "wasi") => Ok(()),
            flushed => Ok(flushed?),
        }
    }

    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        rustix::fs::syncfs(any)?;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            #[cfg(not(target_os = "wasi"))]
            rustix::fs::sync();
            self.sync(any)?;
        }
        Ok(())
    }
}

/// A path below an open directory.
type Place<'a, P> = (BorrowedFd<'a>, P);

/// Renames what must not take the place of another, or changes places with it.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_with<P: Arg>(from: Place<'_, P>, to: Place<'_, P>, how: Rename) -> rustix::io::Result<()> {
    use rustix::fs::RenameFlags;
    let flags = if how == Rename::Exchange { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    rustix::fs::renameat_with(from.0, from.1, to.0, to.1, flags)
}

/// The same where the system has no call for it: nothing changes places, and a file gets its new name before it loses the old
/// one. The system itself refuses to put a directory in the place of one that is not empty.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_with<P: Arg + Copy>(from: Place<'_, P>, to: Place<'_, P>, how: Rename) -> rustix::io::Result<()> {
    use rustix::fs::{linkat, renameat, statat, unlinkat};
    if how == Rename::Exchange {
        return Err(Errno::INVAL);
    }
    let stat = statat(from.0, from.1, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(stat.st_mode as _) != FileType::Directory {
        linkat(from.0, from.1, to.0, to.1, AtFlags::empty())?;
        return unlinkat(from.0, from.1, AtFlags::empty());
    }
    match statat(to.0, to.1, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => renameat(from.0, from.1, to.0, to.1),
        Err(error) => Err(error),
    }
}

impl From<rustix::fs::Stat> for Stat {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "the types differ between systems"
    )]
    fn from(stat: rustix::fs::Stat) -> Self {
        #[cfg(not(target_os = "wasi"))]
        let (modified, modified_nanos, changed) = (stat.st_mtime, stat.st_mtime_nsec, stat.st_ctime);
        #[cfg(target_os = "wasi")]
        let (modified, modified_nanos, changed) =
            (stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec, stat.st_ctim.tv_sec);
        Self {
            id: FileId { device: stat.st_dev as u64, inode: stat.st_ino as u64 },
            is_special: !matches!(
                FileType::from_raw_mode(stat.st_mode as _),
                FileType::RegularFile | FileType::Symlink
            ),
            bytes: stat.st_size as u64,
            modified: modified as i64,
            modified_nanos: modified_nanos as u32,
            changed: changed as i64,
        }
    }
}

/// Lets a new file share the blocks of another one, if the file system can do that.
fn shares_blocks(file: BorrowedFd<'_>, from: BorrowedFd<'_>) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return rustix::fs::ioctl_ficlone(file, from).is_ok();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    {
        let _ = (file, from);
        false
    }
}

fn write_parts(file: BorrowedFd<'_>, parts: &[&[u8]]) -> rustix::io::Result<()> {
    let wanted: usize = parts.iter().map(|part| part.len()).sum();
    let mut done = 0;
    while done < wanted {
        match rustix::io::writev(file, &remaining(parts, done)) {
            Ok(0) => return Err(Errno::IO),
            Ok(count) => done += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What is left of the parts after `done` bytes, as much of it as one call takes.
fn remaining<'a>(parts: &[&'a [u8]], mut done: usize) -> Vec<IoSlice<'a>> {
    let mut slices = Vec::with_capacity(parts.len());
    for part in parts {
        let skipped = done.min(part.len());
        done -= skipped;
        let part = &part[skipped..];
        if !part.is_empty() {
            slices.push(IoSlice::new(&part[..part.len().min(MAX_TRANSFER)]));
            if part.len() > MAX_TRANSFER {
                break;
            }
        }
    }
    slices
}

/// Reads into what is left of the buffers after `done` bytes.
fn read_some(
    file: BorrowedFd<'_>,
    start: u64,
    buffers: &mut [&mut [u8]],
    done: usize,
) -> rustix::io::Result<usize> {
    retry_on_intr(|| match buffers {
        [only] => {
            let end = only.len().min(done.saturating_add(MAX_TRANSFER));
            rustix::io::pread(file, &mut only[done..end], start)
        }
        _ => rustix::io::preadv(file, &mut unfilled(buffers, done), start),
    })
}

/// What is left of the buffers after `done` bytes, as much of it as one call takes.
fn unfilled<'a>(buffers: &'a mut [&mut [u8]], mut done: usize) -> Vec<IoSliceMut<'a>> {
    let mut slices = Vec::with_capacity(buffers.len());
    for buffer in buffers {
        let skipped = done.min(buffer.len());
        done -= skipped;
        let rest = &mut buffer[skipped..];
        let length = rest.len().min(MAX_TRANSFER);
        let cut = length < rest.len();
        if length > 0 {
            slices.push(IoSliceMut::new(&mut rest[..length]));
        }
        if cut {
            break;
        }
    }
    slices
}
