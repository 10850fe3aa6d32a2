//! Files by their paths: Windows.
//!
//! A directory that has an open file anywhere below it cannot be renamed there. So nothing is held open for longer than
//! it is read or written: a directory is a path, and a file that was made is one too. What others hold open, a virus
//! scanner perhaps, is waited for a little while.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::windows::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use winapi_util::file::information;

use super::{Entry, Extent, FileId, Files, Flock, Output, Rename, Stat};
use crate::system::read_at;

/// An open file, or where a directory is, or a file that was made; or a member of a zip file.
#[derive(Debug)]
pub(crate) enum Handle {
    File(File, PathBuf),
    Path(PathBuf),
    Member(u32),
}

/// The same, borrowed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BorrowedFd<'a> {
    File(&'a File, Option<&'a Path>),
    Path(&'a Path),
    Member(u32),
}

/// What gives its handle away for a while. The names are those that the standard library has elsewhere.
pub(crate) trait AsFd {
    fn as_fd(&self) -> BorrowedFd<'_>;
}

impl Handle {
    /// Opens a member of a zip file.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it takes a descriptor")]
    pub(crate) fn of_member(_: &File, member: u32) -> io::Result<Self> {
        Ok(Self::Member(member))
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::File(file, path) => Ok(Self::File(file.try_clone()?, path.clone())),
            Self::Path(path) => Ok(Self::Path(path.clone())),
            Self::Member(member) => Ok(Self::Member(*member)),
        }
    }
}

impl BorrowedFd<'_> {
    /// Which member of a zip file it is.
    pub(crate) fn member(self) -> Option<u32> {
        if let Self::Member(member) = self { Some(member) } else { None }
    }
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::File(file, path) => BorrowedFd::File(file, Some(path.as_path())),
            Self::Path(path) => BorrowedFd::Path(path),
            Self::Member(member) => BorrowedFd::Member(*member),
        }
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        BorrowedFd::File(self, None)
    }
}

impl AsFd for BorrowedFd<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        *self
    }
}

/// What keeps the identity of a file from passing to another one: nothing, as it has a number that counts up.
#[derive(Debug)]
pub(crate) struct Kept;

pub(crate) fn keep(_: Handle) -> Kept {
    Kept
}

/// Whether what is open goes along when it is renamed. Elsewhere no directory is renamed or removed while a file below it is
/// open, and the handle of a directory is its path, which leads to whatever has that name.
pub(crate) const MOVES_WHAT_IS_OPEN: bool = false;

/// Whether the system can let two names change places; not all its file systems need to.
pub(crate) const EXCHANGES: bool = false;

pub(crate) fn into_file(handle: Handle) -> io::Result<File> {
    match handle {
        Handle::File(file, _) => Ok(file),
        Handle::Path(_) | Handle::Member(_) => Err(io::ErrorKind::IsADirectory.into()),
    }
}

/// Whether a path led through a symbolic link, or what is like one here.
pub(crate) fn is_link(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Link>())
}

/// Whether a file system says that it has no locks.
pub(crate) fn is_lack_of_locks(error: &io::Error) -> bool {
    const INVALID_FUNCTION: i32 = 1;
    const NOT_SUPPORTED: i32 = 50;
    error.kind() == io::ErrorKind::Unsupported
        || matches!(error.raw_os_error(), Some(INVALID_FUNCTION | NOT_SUPPORTED))
}

pub(super) fn attribute(_: BorrowedFd<'_>, _: &str) -> io::Result<Vec<u8>> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn set_attribute(_: BorrowedFd<'_>, _: &str, _: &[u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[derive(Debug)]
struct Link;

impl std::error::Error for Link {}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a symbolic link")
    }
}

/// The operating system's own file system.
#[derive(Debug)]
pub(crate) struct Os;

/// How long to wait for somebody who has open what is to be moved, removed or opened.
const PATIENCE: Duration = Duration::from_secs(5);

const ACCESS_DENIED: i32 = 5;
const SHARING_VIOLATION: i32 = 32;
const LOCK_VIOLATION: i32 = 33;
const INVALID_NAME: i32 = 123;

/// To look at directories and links themselves.
const BACKUP_SEMANTICS: u32 = 0x0200_0000;
const OPEN_REPARSE_POINT: u32 = 0x0020_0000;

/// Others may read it and move it away, and not write.
const SHARE_READ_DELETE: u32 = 1 | 4;

/// The attribute of directories.
const DIRECTORY: u64 = 0x10;

/// So much of a file is copied at once.
const MAX_COPIED: usize = 256 << 10;

/// Does something that fails while somebody else has the file open, again and again for a while.
fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let start = Instant::now();
    let mut pause = Duration::from_micros(100);
    loop {
        match act() {
            Err(error) if matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION)) => {
                if start.elapsed() > PATIENCE {
                    let message = format!("{error} Perhaps another program has it, or a file in it, open");
                    return Err(io::Error::new(error.kind(), message));
                }
            }
            done => return done,
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// The entries of a directory.
fn listed(path: &Path) -> io::Result<fs::ReadDir> {
    patiently(|| {
        fs::read_dir(path).map_err(|error| match error.raw_os_error() {
            // What Wine says of one that is renamed in that very moment.
            Some(INVALID_NAME) => io::Error::from_raw_os_error(SHARING_VIOLATION),
            _ => error,
        })
    })
}

/// Where a path below a directory is. No component of it leads elsewhere, nor is any but the last a link.
fn below(at: BorrowedFd<'_>, path: &str) -> io::Result<PathBuf> {
    let BorrowedFd::Path(at) = at else { return Err(io::ErrorKind::NotADirectory.into()) };
    let mut whole = at.to_owned();
    let mut components = path.split('/').peekable();
    while let Some(component) = components.next() {
        if component.is_empty() && path.len() > 1 {
            continue;
        }
        if component.is_empty() || component == "." || component == ".." || component.contains(['\\', ':']) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        whole.push(component);
        if components.peek().is_some() && fs::symlink_metadata(&whole)?.is_symlink() {
            return Err(io::Error::other(Link));
        }
    }
    Ok(whole)
}

/// What stands at a path, which must be no link.
fn no_link(path: &Path) -> io::Result<fs::Metadata> {
    let metadata = patiently(|| fs::symlink_metadata(path))?;
    if metadata.is_symlink() { Err(io::Error::other(Link)) } else { Ok(metadata) }
}

fn directory(path: PathBuf) -> io::Result<Handle> {
    if no_link(&path)?.is_dir() { Ok(Handle::Path(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

fn create(path: &Path) -> io::Result<File> {
    patiently(|| OpenOptions::new().write(true).create_new(true).open(path))
}

/// Renames to a name that nothing has.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let is_directory = fs::symlink_metadata(from)?.is_dir();
    patiently(|| {
        // Asked each time: what appears there meanwhile is answered with a refusal that a later try would not mend.
        if fs::symlink_metadata(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // The system refuses to put a directory in the place of one that is not empty, and of a file.
        if is_directory { fs::rename(from, to) } else { fs::hard_link(from, to) }
    })?;
    if is_directory { Ok(()) } else { patiently(|| fs::remove_file(from)) }
}

fn stat(file: &File) -> io::Result<Stat> {
    let known = information(file)?;
    // Billionths of a second times 100, since 1601.
    let ticks = known.last_write_time().unwrap_or_default();
    let modified = i64::try_from(ticks / 10_000_000).unwrap_or_default() - 11_644_473_600;
    Ok(Stat {
        id: FileId { device: known.volume_serial_number(), inode: known.file_index() },
        is_special: known.file_attributes() & DIRECTORY != 0,
        bytes: known.file_size(),
        modified,
        modified_nanos: u32::try_from(ticks % 10_000_000 * 100).unwrap_or_default(),
        changed: modified,
    })
}

fn stat_at(path: &Path) -> io::Result<Stat> {
    let mut look = OpenOptions::new();
    look.access_mode(0).custom_flags(BACKUP_SEMANTICS | OPEN_REPARSE_POINT);
    stat(&patiently(|| look.open(path))?)
}

impl Files for Os {
    fn open_root(&self, path: &Path) -> io::Result<Handle> {
        // In this form no name has a meaning of its own, nor is a path too long.
        let path = fs::canonicalize(path)?;
        if fs::metadata(&path)?.is_dir() {
            Ok(Handle::Path(path))
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        directory(below(at, path)?)
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        let path = below(at, path)?;
        if no_link(&path)?.is_dir() {
            return Ok(Handle::Path(path));
        }
        Ok(Handle::File(patiently(|| File::open(&path))?, path))
    }

    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File> {
        let path = below(at, path)?;
        match no_link(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        let BorrowedFd::File(file, _) = file else { return Err(io::ErrorKind::IsADirectory.into()) };
        let mut done = 0;
        for buffer in buffers {
            let mut rest: &mut [u8] = buffer;
            while !rest.is_empty() {
                match read_at(file, rest, start.saturating_add(done as u64)) {
                    Ok(0) => return Ok(done),
                    Ok(count) => {
                        done += count;
                        rest = &mut rest[count..];
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.raw_os_error() == Some(LOCK_VIOLATION) => {
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(done)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        stat_at(&below(at, path)?)
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        match file {
            BorrowedFd::File(file, _) => stat(file),
            BorrowedFd::Path(path) => stat_at(path),
            BorrowedFd::Member(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        let BorrowedFd::Path(path) = directory else { return Err(io::ErrorKind::NotADirectory.into()) };
        let mut entries = Vec::new();
        for entry in listed(path)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            entries.push(Entry {
                name: entry.file_name(),
                is_directory: kind.is_dir(),
                is_file: kind.is_file(),
            });
        }
        entries.sort();
        Ok(entries)
    }

    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle> {
        let BorrowedFd::Path(at) = at else { return Err(io::ErrorKind::NotADirectory.into()) };
        directory(at.join(name))
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
        fs::create_dir(path)
    }

    fn create_path(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        let path = below(at, path)?;
        patiently(|| fs::create_dir(&path))
    }

    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle> {
        let path = below(at, path)?;
        let mut file = create(&path)?;
        for part in parts {
            file.write_all(part)?;
        }
        Ok(Handle::Path(path))
    }

    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        let BorrowedFd::File(from, _) = from else { return Err(io::ErrorKind::IsADirectory.into()) };
        let mut file = create(&below(to.0, to.1)?)?;
        let mut buffer = vec![0; MAX_COPIED];
        let mut done = 0;
        loop {
            let count = read_at(from, &mut buffer, done)?;
            if count == 0 {
                return Ok(());
            }
            inspect(&buffer[..count]);
            file.write_all(&buffer[..count])?;
            done += count as u64;
        }
    }

    fn create_output(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Box<dyn Output>> {
        let path = below(at, path)?;
        let mut options = OpenOptions::new();
        // A lock would keep its own writer out, who has another handle. That it cannot be opened says the same.
        options.read(true).write(true).create_new(true).share_mode(SHARE_READ_DELETE);
        Ok(Box::new(options.open(path)?))
    }

    fn rename(
        &self,
        from: (BorrowedFd<'_>, &str),
        to: (BorrowedFd<'_>, &str),
        how: Rename,
    ) -> io::Result<()> {
        let (old, new) = (below(from.0, from.1)?, below(to.0, to.1)?);
        match how {
            Rename::New => rename_new(&old, &new),
            Rename::Over => patiently(|| fs::rename(&old, &new)),
            Rename::Exchange => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()> {
        match (from, to) {
            (BorrowedFd::Path(from), BorrowedFd::Path(to)) => rename_new(&from.join(name), &to.join(name)),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn link(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str)) -> io::Result<()> {
        let (old, new) = (below(from.0, from.1)?, below(to.0, to.1)?);
        patiently(|| fs::hard_link(&old, &new))
    }

    fn remove_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        let path = below(at, path)?;
        patiently(|| fs::remove_file(&path))
    }

    fn remove_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        let path = below(at, path)?;
        patiently(|| fs::remove_dir(&path))
    }

    fn remove_listed(&self, at: BorrowedFd<'_>, entry: &Entry) -> io::Result<()> {
        let BorrowedFd::Path(at) = at else { return Err(io::ErrorKind::NotADirectory.into()) };
        let path = at.join(&entry.name);
        if entry.is_directory {
            return patiently(|| fs::remove_dir(&path));
        }
        // A link to a directory is removed as a directory is.
        match fs::remove_file(&path) {
            Err(error) if error.raw_os_error() == Some(ACCESS_DENIED) && fs::remove_dir(&path).is_ok() => {
                Ok(())
            }
            Err(error) if error.raw_os_error() == Some(ACCESS_DENIED) => patiently(|| fs::remove_file(&path)),
            removed => removed,
        }
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        match file {
            BorrowedFd::File(file, None) => file.sync_all(),
            // Directories cannot be flushed here: the file system's own journal sees to their entries.
            BorrowedFd::Path(path) if patiently(|| fs::metadata(path))?.is_dir() => Ok(()),
            BorrowedFd::Member(_) => Err(io::ErrorKind::Unsupported.into()),
            // Who flushes a file must be allowed to write it.
            BorrowedFd::File(_, Some(path)) | BorrowedFd::Path(path) => {
                patiently(|| OpenOptions::new().write(true).open(path))?.sync_all()
            }
        }
    }

    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()> {
        let BorrowedFd::Path(directory) = any else { return self.sync(any) };
        // Nothing flushes a whole file system here: it takes a call for each file.
        self.sync_below(directory)
    }
}

impl Os {
    /// Flushes all files below a directory. What is taken away meanwhile need not be.
    fn sync_below(&self, directory: &Path) -> io::Result<()> {
        let entries = match listed(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let synced = if kind.is_dir() {
                self.sync_below(&path)
            } else if kind.is_file() {
                self.sync(BorrowedFd::Path(&path))
            } else {
                Ok(())
            };
            match synced {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
