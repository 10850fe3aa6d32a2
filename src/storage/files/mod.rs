//! The file system, as far as a store needs it.
//!
//! Everything that a store does to files and directories goes through [`Files`], so that a test can put
//! something else in its place: count the calls, fail the n-th, forget what was not flushed.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::Path;

#[cfg(any(unix, target_os = "wasi"))]
mod beneath;
#[cfg(any(unix, target_os = "wasi"))]
mod descriptor;
#[cfg(any(unix, target_os = "wasi"))]
mod unix;
#[cfg(windows)]
mod windows;
#[cfg(any(unix, target_os = "wasi"))]
mod xattr;
mod zipped;

#[cfg(any(unix, target_os = "wasi"))]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) use system::{
    AsFd, BorrowedFd, EXCHANGES, Handle, Kept, MOVES_WHAT_IS_OPEN, Os, into_file, is_lack_of_locks, is_link,
    keep,
};
pub(crate) use zipped::Zipped;

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
    /// Cuts off what is behind so many bytes.
    fn truncate(&self, length: u64) -> io::Result<()>;
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
    /// Reads as [`Files::read_at`] does, but may do so by one call of the system: fewer bytes are not always the end of the file.
    fn read_once(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        self.read_at(file, start, buffers)
    }
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
        system::attribute(file, name)
    }

    fn set_attribute(&self, file: BorrowedFd<'_>, name: &str, value: &[u8]) -> io::Result<()> {
        system::set_attribute(file, name, value)
    }

    /// Makes a file's content, or a directory's entries, survive a power cut.
    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()>;
    /// Makes everything on the file system survive a power cut.
    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()>;
}

impl Output for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// When a file was last modified, in seconds since 1970.
fn modified(metadata: &std::fs::Metadata) -> i64 {
    let since = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or_default()
}

#[cfg(unix)]
fn flock(file: &File, how: Flock) -> io::Result<()> {
    // By the trait's name: the methods of `File` that share it came later and give other errors.
    match how {
        Flock::Shared => fs2::FileExt::try_lock_shared(file),
        Flock::Exclusive => fs2::FileExt::try_lock_exclusive(file),
        Flock::Unlock => fs2::FileExt::unlock(file),
    }
}

/// The same by the standard library: `fs2` is not made for all other systems, nor says everywhere that a lock is taken.
#[cfg(not(unix))]
fn flock(file: &File, how: Flock) -> io::Result<()> {
    match how {
        Flock::Shared => Ok(file.try_lock_shared()?),
        Flock::Exclusive => Ok(file.try_lock()?),
        Flock::Unlock => file.unlock(),
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
