//! The store over a file system that counts its calls, and fails one of them.

mod barriers;
mod disk;
mod displaced;
mod faults;
mod flushing;
mod gate;
mod images;
mod operations;
mod point;
mod power;
mod power_in_place;
mod protocol;
mod reading;
mod repairing;
mod replacing;
mod scale;
mod seen;
mod sweeping;
mod sweeps;
mod trees;
mod trusting;
mod unpacking;
mod verdict;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::io::Errno;

use super::files::{BorrowedFd, Entry, Extent, Flock, Handle, Stat};
use super::{Access, Durability, Existing, Files, Os, Output, Rename, Store};
use crate::error::Result;
use crate::key::Key;
use crate::values::{Get, Put};

/// Something that another thread does.
struct Doing(Box<dyn Fn() + Send>);

impl std::fmt::Debug for Doing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Doing")
    }
}

/// The operating system's files, with a log of every call that changes or flushes something.
#[derive(Debug, Default)]
struct Watched {
    log: Mutex<Vec<String>>,
    calls: AtomicUsize,
    /// The call that is to fail, counted from one; none for zero.
    fail: AtomicUsize,
    /// Whether every later call fails as well.
    for_ever: bool,
    /// The renames that this file system does not know.
    lacks: Vec<Rename>,
    /// A directory cannot take the place of an empty one.
    keeps_directories: bool,
    /// No space is left for new files and directories.
    is_full: AtomicBool,
    /// What somebody else does while everything is being flushed.
    during_sync: Mutex<Option<Doing>>,
    /// Whether the stage was locked, for each file that was removed from one.
    locked: Mutex<Vec<bool>>,
    /// What the file system answers where it has no locks.
    no_locks: Mutex<Option<Errno>>,
    /// How often a lock was asked for.
    locks: AtomicUsize,
}

impl Watched {
    fn call(&self, what: impl FnOnce() -> String) -> io::Result<()> {
        let call = self.calls.fetch_add(1, SeqCst) + 1;
        let fail = self.fail.load(SeqCst);
        if fail > 0 && (call == fail || (self.for_ever && call > fail)) {
            return Err(io::Error::from_raw_os_error(Errno::IO.raw_os_error()));
        }
        self.log.lock().unwrap().push(what());
        Ok(())
    }
}

/// Whether somebody has locked the stage that an open directory is in.
fn is_stage_locked(directory: BorrowedFd<'_>) -> Option<bool> {
    use std::os::fd::AsRawFd;
    let path = std::fs::read_link(format!("/proc/self/fd/{}", directory.as_raw_fd())).unwrap();
    let is_stage = |path: &&Path| path.parent().is_some_and(|parent| parent.ends_with(".calcstore/stage"));
    let owner = File::open(path.ancestors().find(is_stage)?.join("owner")).ok()?;
    Some(owner.try_lock().is_err())
}

/// The path of a name in an open directory.
fn path_of(at: BorrowedFd<'_>, name: &str) -> String {
    use std::os::fd::AsRawFd;
    let link = std::fs::read_link(format!("/proc/self/fd/{}", at.as_raw_fd())).unwrap();
    link.join(name).display().to_string()
}

/// A path with what is random taken out.
fn without_ids(path: &str) -> String {
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
                return Err(error.into());
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
        Os.create_directory(at, path)
    }

    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle> {
        self.call(|| format!("write {}", shown(at, path)))?;
        if self.is_full.load(SeqCst) {
            // As much as there was room for.
            Os.create_file(at, path, &[])?;
            return Err(rustix::io::Errno::NOSPC.into());
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
            return Err(rustix::io::Errno::INVAL.into());
        }
        if self.keeps_directories && Os.open_directory(to.0, to.1).is_ok() {
            return Err(rustix::io::Errno::EXIST.into());
        }
        self.call(|| format!("rename {how:?} {} -> {}", shown(from.0, from.1), shown(to.0, to.1)))?;
        Os.rename(from, to, how)
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

fn access(durability: Durability) -> Access {
    let patience = Duration::from_secs(10);
    Access { durability, patience, ..Access::default() }
}

/// An empty store in `calc` below `directory`.
fn store(files: Arc<Watched>, directory: &Path, durability: Durability) -> Result<Store> {
    let path = directory.join("calc");
    std::fs::create_dir(&path).unwrap();
    Store::create(files, &path, access(durability))
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn put(store: &Store, text: &str, value: impl Put) -> Result<()> {
    store.put(&key(text), &value.content()?, Existing::Replace)
}

fn get<T: Get>(store: &Store, text: &str) -> Result<T> {
    store.read(&key(text), |snapshot| store.with_stored(snapshot, T::get))
}
