//! The operating system's files, with a log of every call that changes or flushes something.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use super::errors;
use crate::storage::files::{BorrowedFd, Entry, Extent, Flock, Handle, Stat};
use crate::storage::{Files, Os, Output, Rename};

/// Something that another thread does.
pub(super) struct Doing(pub Box<dyn Fn() + Send>);

impl std::fmt::Debug for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Doing")
    }
}

/// See [the module](self).
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub log: Mutex<Vec<String>>,
    pub calls: AtomicUsize,
    /// The call that is to fail, counted from one; none for zero.
    pub fail: AtomicUsize,
    /// Whether every later call fails as well.
    pub for_ever: bool,
    /// The renames that this file system does not know.
    pub lacks: Vec<Rename>,
    /// A directory cannot take the place of an empty one.
    pub keeps_directories: bool,
    /// No space is left for new files and directories.
    pub is_full: AtomicBool,
    /// How long nothing happens after something was moved out of the hierarchy.
    pub lull: Duration,
    /// A sweep takes the next new stage for one that nobody owns.
    pub takes_stage: AtomicBool,
    /// What somebody else does while everything is being flushed.
    pub during_sync: Mutex<Option<Doing>>,
    /// Whether the stage was locked, for each file that was removed from one.
    pub locked: Mutex<Vec<bool>>,
    /// The number of the error that the file system answers with where it has no locks.
    pub no_locks: Mutex<Option<i32>>,
    /// How often a lock was asked for.
    pub locks: AtomicUsize,
}

impl Watched {
    fn call(&self, what: impl FnOnce() -> String) -> io::Result<()> {
        let call = self.calls.fetch_add(1, SeqCst) + 1;
        let fail = self.fail.load(SeqCst);
        if fail > 0 && (call == fail || (self.for_ever && call > fail)) {
            return Err(io::Error::from_raw_os_error(errors::IO));
        }
        self.log.lock().unwrap().push(what());
        Ok(())
    }
}

/// Where an open directory is.
#[cfg(unix)]
fn place(of: BorrowedFd<'_>) -> PathBuf {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", of.as_raw_fd())).unwrap()
}

#[cfg(windows)]
fn place(of: BorrowedFd<'_>) -> PathBuf {
    match of {
        BorrowedFd::Path(path) | BorrowedFd::File(_, Some(path)) => path.to_owned(),
        BorrowedFd::File(_, None) | BorrowedFd::Member(_) => PathBuf::new(),
    }
}

/// Whether somebody has locked the stage that an open directory is in.
fn is_stage_locked(directory: BorrowedFd<'_>) -> Option<bool> {
    let path = place(directory);
    let is_stage = |path: &&Path| path.parent().is_some_and(|parent| parent.ends_with(".calcstore/stage"));
    let owner = File::open(path.ancestors().find(is_stage)?.join("owner")).ok()?;
    Some(owner.try_lock().is_err())
}

/// The path of a name in an open directory.
pub(super) fn path_of(at: BorrowedFd<'_>, name: &str) -> String {
    place(at).join(name).display().to_string().replace(std::path::MAIN_SEPARATOR, "/")
}

/// A path with what is random taken out.
pub(super) fn without_ids(path: &str) -> String {
    let hidden = |part: &str| {
        let (id, rest) = part.split_at_checked(32).unwrap_or_default();
        if id.bytes().all(|byte| byte.is_ascii_hexdigit()) && !id.is_empty() {
            // The number of a wrapper is the time.
            let rest: Vec<&str> = rest.split('.').collect();
            let rest = rest.iter().map(|part| if part.len() > 15 { "T" } else { part });
            format!("TX{}", rest.collect::<Vec<_>>().join("."))
        } else {
            part.to_owned()
        }
    };
    path.trim_end_matches('/').split('/').map(hidden).collect::<Vec<_>>().join("/")
}

/// The path of an open file, with what is random taken out.
fn shown(at: BorrowedFd<'_>, name: &str) -> String {
    without_ids(path_of(at, name).split_once("/calc/").map_or("", |(_, inside)| inside))
}

impl Files for Watched {
    fn open_root(&self, path: &Path) -> io::Result<Handle> {
        Os.open_root(path)
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Os.open_directory(at, path)
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        Os.open_file(at, path)
    }

    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File> {
        Os.open_lock(at, path)
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        Os.read_at(file, start, buffers)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        Os.stat(at, path)
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        Os.stat_open(file)
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        Os.list(directory)
    }

    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle> {
        Os.open_listed(at, name)
    }

    fn measure(&self, path: &Path) -> io::Result<Extent> {
        Os.measure(path)
    }

    fn flock(&self, file: &File, how: Flock) -> io::Result<()> {
        if how != Flock::Unlock {
            self.locks.fetch_add(1, SeqCst);
            if let Some(error) = *self.no_locks.lock().unwrap() {
                return Err(io::Error::from_raw_os_error(error));
            }
        }
        Os.flock(file, how)
    }

    fn create_root(&self, path: &Path) -> io::Result<()> {
        Os.create_root(path)
    }

    fn create_path(&self, path: &Path) -> io::Result<()> {
        Os.create_path(path)
    }

    fn create_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.call(|| format!("mkdir {}", shown(at, path)))?;
        Os.create_directory(at, path)?;
        if place(at).ends_with("stage") && self.takes_stage.swap(false, SeqCst) {
            Os.create_file(at, &format!("{path}/owner"), &[b"removed\n"])?;
        }
        Ok(())
    }

    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle> {
        self.call(|| format!("write {}", shown(at, path)))?;
        if self.is_full.load(SeqCst) {
            // As much as there was room for.
            Os.create_file(at, path, &[])?;
            return Err(io::Error::from_raw_os_error(errors::FULL));
        }
        Os.create_file(at, path, parts)
    }

    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        self.call(|| format!("copy {} -> {}", shown(from, ""), shown(to.0, to.1)))?;
        Os.copy_file(from, to, inspect)
    }

    fn create_output(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Box<dyn Output>> {
        self.call(|| format!("output {}", shown(at, path)))?;
        Os.create_output(at, path)
    }

    fn rename(
        &self,
        from: (BorrowedFd<'_>, &str),
        to: (BorrowedFd<'_>, &str),
        how: Rename,
    ) -> io::Result<()> {
        if self.lacks.contains(&how) {
            return Err(io::Error::from_raw_os_error(errors::INVALID));
        }
        if self.keeps_directories && Os.open_directory(to.0, to.1).is_ok() {
            return Err(io::Error::from_raw_os_error(errors::EXISTS));
        }
        self.call(|| format!("rename {how:?} {} -> {}", shown(from.0, from.1), shown(to.0, to.1)))?;
        Os.rename(from, to, how)?;
        if shown(from.0, from.1).starts_with("output.zarr") {
            std::thread::sleep(self.lull);
        }
        Ok(())
    }

    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()> {
        self.call(|| format!("move {}", shown(from, &name.to_string_lossy())))?;
        Os.move_listed(from, name, to)
    }

    fn link(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str)) -> io::Result<()> {
        self.call(|| format!("link {} -> {}", shown(from.0, from.1), shown(to.0, to.1)))?;
        Os.link(from, to)
    }

    fn remove_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.call(|| format!("unlink {}", shown(at, path)))?;
        self.locked.lock().unwrap().extend(is_stage_locked(at));
        Os.remove_file(at, path)
    }

    fn remove_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.call(|| format!("rmdir {}", shown(at, path)))?;
        Os.remove_directory(at, path)
    }

    fn remove_listed(&self, at: BorrowedFd<'_>, entry: &Entry) -> io::Result<()> {
        let call = if entry.is_directory { "rmdir" } else { "unlink" };
        self.call(|| format!("{call} {}", shown(at, &entry.name.to_string_lossy())))?;
        self.locked.lock().unwrap().extend(is_stage_locked(at));
        Os.remove_listed(at, entry)
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        // The disk itself need not turn for that.
        self.call(|| format!("sync {}", shown(file, "")))
    }

    fn sync_all(&self, _any: BorrowedFd<'_>) -> io::Result<()> {
        self.call(|| "sync everything".to_owned())?;
        if let Some(Doing(work)) = self.during_sync.lock().unwrap().take() {
            work();
        }
        Ok(())
    }
}
