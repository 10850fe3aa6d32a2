//! The file system, as far as a store needs it.
//!
//! Everything that a store does to files and directories goes through [`Files`], so that a test can put
//! something else in its place: count the calls, fail the n-th, forget what was not flushed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::beneath::{in_directories, in_directory, open_beneath};
use super::xattr;

/// An open file or directory.
pub(crate) type Handle = OwnedFd;

/// Which file it is: no two files that exist at one time share it, and none that is open loses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

/// What the file system knows of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stat {
    pub id: FileId,
    /// Whether it is no file and no link: a directory, a device, a pipe.
    pub is_special: bool,
    pub bytes: u64,
    /// Seconds since 1970.
    pub modified: i64,
    /// And so many billionths.
    pub modified_nanos: u32,
    /// When anything of it changed last, its name too; seconds since 1970.
    pub changed: i64,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub name: OsString,
    pub is_directory: bool,
    /// Whether it is a plain file: no link, no FIFO, no device.
    pub is_file: bool,
}

/// What a rename does to something that has the new name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rename {
    /// It is refused with `AlreadyExists`.
    New,
    /// The old file is gone.
    Over,
    /// The two change places.
    Exchange,
}

/// What is found below a directory, itself included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The bytes of all files.
    pub bytes: u64,
    /// The number of files.
    pub files: u64,
    /// When anything of it was last modified, in seconds since 1970.
    pub modified: i64,
}

/// What is asked of the lock of a file. Nobody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flock {
    Shared,
    Exclusive,
    Unlock,
}

/// A file that is written from beginning to end, and patched.
pub(crate) trait Output: Write + Seek + Send {
    fn sync(&self) -> io::Result<()>;
}

/// Paths are relative to the directory `at`, are never followed out of it, nor through symbolic links.
pub(crate) trait Files: fmt::Debug + Send + Sync {
    /// Opens a directory anywhere, following links: what the user named.
    fn open_root(&self, path: &Path) -> io::Result<Handle>;
    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle>;
    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle>;
    /// Opens a file for locking, and makes it where there is none.
    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File>;
    /// Fills the buffers one after the other from this byte of the file on; fewer bytes only at its end.
    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize>;
    /// Tells which file is at a path, and no more of it. This one looks through links in the middle of the path: it is
    /// called most, and whatever follows from the answer goes by the other calls.
    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat>;
    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat>;
    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>>;

    /// Opens a directory by a name that `list` gave, which may be no text.
    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle>;
    /// Measures a directory and everything below it; of a link nothing but itself.
    fn measure(&self, path: &Path) -> io::Result<Extent>;
    /// Locks or unlocks a file; `WouldBlock` where somebody else has the lock.
    fn flock(&self, file: &File, how: Flock) -> io::Result<()>;

    fn create_root(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory and those above it, where they are missing.
    fn create_path(&self, path: &Path) -> io::Result<()>;
    fn create_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()>;
    /// Makes a new file of these parts.
    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle>;
    /// Makes a new file of all bytes of another one, and shows them to `inspect` in their order. The two share
    /// their blocks where the file system can do that.
    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()>;
    fn create_output(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Box<dyn Output>>;
    fn rename(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str), how: Rename)
    -> io::Result<()>;
    /// Moves something by a name that `list` gave to another directory, where nothing has that name.
    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()>;
    /// Gives a file a second name, which nothing has yet.
    fn link(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str)) -> io::Result<()>;
    fn remove_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()>;
    fn remove_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()>;
    /// Removes a file, or an empty directory, by a name that `list` gave.
    fn remove_listed(&self, at: BorrowedFd<'_>, entry: &Entry) -> io::Result<()>;

    /// Which boot of which machine this is: two times 32 hexadecimal digits with a `-` between; zeros for what cannot
    /// be read.
    fn boot(&self) -> String {
        let machine = id_in(&["/etc/machine-id", "/var/lib/dbus/machine-id"]);
        format!("{machine}-{}", id_in(&["/proc/sys/kernel/random/boot_id"]))
    }

    /// The extended attribute of an open file, at most 64 bytes of it; empty where there is none.
    fn attribute(&self, file: BorrowedFd<'_>, name: &str) -> io::Result<Vec<u8>> {
        xattr::get(file, name)
    }

    fn set_attribute(&self, file: BorrowedFd<'_>, name: &str, value: &[u8]) -> io::Result<()> {
        xattr::set(file, name, value)
    }

    /// Makes a file's content, or a directory's entries, survive a power cut.
    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()>;
    /// Makes everything on the file system survive a power cut.
    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()>;
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
        Ok(rustix::fs::open(path, flags, Mode::empty())?)
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Ok(open_beneath(at, path, DIRECTORY, Mode::empty())?)
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Ok(open_beneath(at, path, READ, Mode::empty())?)
    }

    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File> {
        Ok(File::from(open_beneath(at, path, CREATE | OFlags::RDWR, FILE_MODE)?))
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        let wanted: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut done = 0;
        while done < wanted {
            match rustix::io::preadv(file, &mut unfilled(buffers, done), start.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(done)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        Ok(rustix::fs::statat(at, path, AtFlags::SYMLINK_NOFOLLOW)?.into())
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        Ok(rustix::fs::fstat(file)?.into())
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        use std::os::unix::ffi::OsStringExt;
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
        Ok(rustix::fs::openat(at, name, DIRECTORY, Mode::empty())?)
    }

    fn measure(&self, path: &Path) -> io::Result<Extent> {
        use std::os::unix::fs::MetadataExt;
        let mut total = Extent::default();
        for entry in walkdir::WalkDir::new(path).follow_links(false).follow_root_links(false) {
            let metadata = entry?.metadata()?;
            total.modified = total.modified.max(metadata.mtime());
            if metadata.is_file() {
                total.bytes += metadata.len();
                total.files += 1;
            }
        }
        Ok(total)
    }

    fn flock(&self, file: &File, how: Flock) -> io::Result<()> {
        // By the trait's name: the methods of `File` that share it came later and give other errors.
        match how {
            Flock::Shared => fs2::FileExt::try_lock_shared(file),
            Flock::Exclusive => fs2::FileExt::try_lock_exclusive(file),
            Flock::Unlock => fs2::FileExt::unlock(file),
        }
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
        Ok(file)
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
        let flags = match how {
            Rename::New => RenameFlags::NOREPLACE,
            Rename::Over => {
                let renamed =
                    in_directories(from, to, |from, to| rustix::fs::renameat(from.0, from.1, to.0, to.1));
                return Ok(renamed?);
            }
            Rename::Exchange => RenameFlags::EXCHANGE,
        };
        let renamed =
            in_directories(from, to, |from, to| rustix::fs::renameat_with(from.0, from.1, to.0, to.1, flags));
        renamed.map_err(|error| match error {
            // What xfs says where others say that it exists.
            Errno::NOTEMPTY => Errno::EXIST.into(),
            error => error.into(),
        })
    }

    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()> {
        Ok(rustix::fs::renameat_with(from, name, to, name, RenameFlags::NOREPLACE)?)
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
        Ok(rustix::fs::fsync(file)?)
    }

    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        rustix::fs::syncfs(any)?;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            rustix::fs::sync();
            rustix::fs::fsync(any)?;
        }
        Ok(())
    }
}

impl Output for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
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
        Self {
            id: FileId { device: stat.st_dev as u64, inode: stat.st_ino as u64 },
            is_special: !matches!(
                FileType::from_raw_mode(stat.st_mode as _),
                FileType::RegularFile | FileType::Symlink
            ),
            bytes: stat.st_size as u64,
            modified: stat.st_mtime as i64,
            modified_nanos: stat.st_mtime_nsec as u32,
            changed: stat.st_ctime as i64,
        }
    }
}

/// The first of these files that holds 32 hexadecimal digits, hyphens aside.
fn id_in(paths: &[&str]) -> String {
    let read = |path: &&str| {
        let id = std::fs::read_to_string(path).ok()?.trim().replace('-', "").to_ascii_lowercase();
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
    };
    paths.iter().find_map(read).unwrap_or_else(|| "0".repeat(32))
}

/// Lets a new file share the blocks of another one, if the file system can do that.
fn shares_blocks(file: BorrowedFd<'_>, from: BorrowedFd<'_>) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return rustix::fs::ioctl_ficlone(file, from).is_ok();
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    return false;
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
