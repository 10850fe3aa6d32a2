//! Locks between threads and between processes. Nothing else locks a file.
//!
//! The operating system's lock belongs to the open file, so that two handles of one process would shut each
//! other out. Therefore all handles share one table: the first holder of a lock in this process takes it from
//! the system, the last one gives it back. Lock files are never removed: whoever held the old file and whoever
//! made a new one would both believe that they have the lock.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use fs2::FileExt;

use super::files::{FileId, Files, Os};
use crate::error::{Error, ErrorKind, Result};

/// Whom a lock keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that want it exclusively.
    Shared,
    /// Everybody else.
    Exclusive,
}

/// The locks that this process knows, by file.
static TABLE: Mutex<Option<HashMap<FileId, Weak<Known>>>> = Mutex::new(None);

#[derive(Debug)]
struct Known {
    file: File,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    writer: bool,
    /// Threads that wait to be the writer: new readers let them pass.
    waiting: usize,
    /// Threads that wait to be anything, and are to be woken.
    sleeping: usize,
}

/// A lock file, open.
#[derive(Clone, Debug)]
pub(crate) struct Lock(Arc<Known>);

/// Holds a lock until it is dropped.
#[derive(Debug)]
pub(crate) struct Guard {
    lock: Arc<Known>,
    mode: Mode,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lock {
    /// Finds the lock of an open lock file in the table.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let id = Os.stat_open(file.as_fd())?.id;
        let mut table = held(&TABLE);
        let table = table.get_or_insert_default();
        if let Some(known) = table.get(&id).and_then(Weak::upgrade) {
            return Ok(Self(known));
        }
        table.retain(|_, lock| lock.strong_count() > 0);
        let made = Arc::new(Known { file, state: Mutex::default(), changed: Condvar::new() });
        table.insert(id, Arc::downgrade(&made));
        Ok(Self(made))
    }

    /// Waits for the lock, at most so long; `path` is for the message.
    pub(crate) fn acquire(&self, mode: Mode, patience: Duration, path: &Path) -> Result<Guard> {
        let deadline = Instant::now() + patience;
        let known = &self.0;
        let mut state = held(&known.state);
        if mode == Mode::Exclusive {
            state.waiting += 1;
        }
        let taken = |state: &mut State| match mode {
            Mode::Shared => state.writer || state.waiting > 0,
            Mode::Exclusive => state.writer || state.readers > 0,
        };
        state.sleeping += 1;
        let waited = known.changed.wait_timeout_while(state, patience, taken);
        let (mut state, wait) = waited.unwrap_or_else(PoisonError::into_inner);
        state.sleeping -= 1;
        if mode == Mode::Exclusive {
            state.waiting -= 1;
        }
        let got = match mode {
            _ if wait.timed_out() => Ok(false),
            Mode::Shared if state.readers > 0 => Ok(true),
            _ => from_system(&known.file, mode, deadline),
        };
        if !matches!(got, Ok(true)) {
            drop(state);
            known.changed.notify_all();
            return Err(refusal(&known.file, path, patience, got.err()));
        }
        match mode {
            Mode::Shared => state.readers += 1,
            Mode::Exclusive => {
                state.writer = true;
                sign(&known.file);
            }
        }
        Ok(Guard { lock: Arc::clone(known), mode })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut state = held(&self.lock.state);
        match self.mode {
            Mode::Shared => state.readers -= 1,
            Mode::Exclusive => {
                state.writer = false;
                // Nobody is misled by a name that stays: it is read only while the lock cannot be had.
                let _ = self.lock.file.set_len(0);
            }
        }
        if state.readers == 0 && !state.writer {
            let _ = FileExt::unlock(&self.lock.file);
        }
        let is_awaited = state.sleeping > 0;
        drop(state);
        if is_awaited {
            self.lock.changed.notify_all();
        }
    }
}

/// Asks the system until it gives the lock or time is up.
fn from_system(file: &File, mode: Mode, deadline: Instant) -> io::Result<bool> {
    let mut pause = Duration::from_micros(50);
    loop {
        let asked = match mode {
            Mode::Shared => FileExt::try_lock_shared(file),
            Mode::Exclusive => FileExt::try_lock_exclusive(file),
        };
        match asked {
            Ok(()) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// Tells others who has the lock, as `PID HOST`.
fn sign(file: &File) {
    let host = rustix::system::uname();
    let holder = format!("{} {}\n", std::process::id(), host.nodename().to_string_lossy());
    let _ = file.write_all_at(holder.as_bytes(), 0);
}

fn holder(file: &File) -> Option<String> {
    let mut bytes = [0; 300];
    let count = file.read_at(&mut bytes, 0).ok()?;
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    let (process, host) = text.trim_end().split_once(' ')?;
    Some(format!("process {process} on {host}"))
}

fn refusal(file: &File, path: &Path, patience: Duration, error: Option<io::Error>) -> Error {
    if let Some(error) = error {
        return Error::io("cannot lock; does this file system have locks?", path, error);
    }
    let by = holder(file).map_or(String::new(), |holder| format!(" by {holder}"));
    let message = format!("locked{by}; gave up after {patience:?}");
    Error::new(ErrorKind::Locked, message).with_file(path)
}

/// Takes the lock of a file that nobody else in this process opens, if it is free.
pub(crate) fn try_own(file: &File) -> io::Result<bool> {
    from_system(file, Mode::Exclusive, Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    const NOW: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);

    fn lock(path: &Path) -> Lock {
        let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
        Lock::new(options.unwrap()).unwrap()
    }

    #[test]
    fn two_handles_of_one_process_share_what_can_be_shared() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (first, second) = (lock(&path), lock(&path));
        let reading = first.acquire(Mode::Shared, NOW, &path).unwrap();
        let also = second.acquire(Mode::Shared, NOW, &path).unwrap();
        assert_eq!(second.acquire(Mode::Exclusive, NOW, &path).unwrap_err().kind(), ErrorKind::Locked);
        drop((reading, also));
        let writing = second.acquire(Mode::Exclusive, NOW, &path).unwrap();
        let error = first.acquire(Mode::Shared, NOW, &path).unwrap_err();
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        drop(writing);
        first.acquire(Mode::Shared, NOW, &path).unwrap();
    }

    #[test]
    fn an_open_file_of_somebody_else_is_respected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let ours = lock(&path);
        // Another open file is, for the system, another process.
        let theirs = File::options().read(true).write(true).open(&path).unwrap();
        assert!(try_own(&theirs).unwrap());
        assert_eq!(ours.acquire(Mode::Shared, NOW, &path).unwrap_err().kind(), ErrorKind::Locked);
        drop(theirs);
        let guard = ours.acquire(Mode::Shared, NOW, &path).unwrap();
        let theirs = File::options().read(true).write(true).open(&path).unwrap();
        assert!(!try_own(&theirs).unwrap());
        drop(guard);
        assert!(try_own(&theirs).unwrap());
    }

    #[test]
    fn no_two_threads_write_at_once_and_writers_get_their_turn() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (readers, writers) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let (path, readers, writers) = (&path, &readers, &writers);
                scope.spawn(move || {
                    for turn in 0..300 {
                        let lock = lock(path);
                        if (thread + turn) % 3 == 0 {
                            let _guard = lock.acquire(Mode::Exclusive, LONG, path).unwrap();
                            assert_eq!(writers.fetch_add(1, SeqCst), 0);
                            assert_eq!(readers.load(SeqCst), 0);
                            writers.fetch_sub(1, SeqCst);
                        } else {
                            let _guard = lock.acquire(Mode::Shared, LONG, path).unwrap();
                            readers.fetch_add(1, SeqCst);
                            assert_eq!(writers.load(SeqCst), 0);
                            readers.fetch_sub(1, SeqCst);
                        }
                    }
                });
            }
        });
    }
}
