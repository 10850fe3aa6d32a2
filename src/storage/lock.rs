//! Locks between threads and between processes. Nothing else locks a file.
//!
//! The operating system's lock belongs to the open file, so that two handles of one process would shut each
//! other out. Therefore all handles share one table: the first holder of a lock in this process takes it from
//! the system, the last one gives it back. It is never turned from shared to exclusive, which would give it up in
//! between. Lock files are never removed: whoever held the old file and whoever made a new one would both believe
//! that they have the lock.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::files::{AsFd, FileId, Files, Flock};
use super::fork::{PerProcess, is_ours};
use super::trust::{Tried, Trust, holder, sign};
use crate::error::{Error, ErrorKind, Result};
use crate::system::process_id;

/// Whom a lock keeps out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Those that want it exclusively.
    Shared,
    /// Everybody else.
    Exclusive,
}

/// How long the threads of one process may share a lock in turns before they let others have it. Much longer than a
/// disk needs for a flush, because then all have to come to an end before one can begin again.
const STINT: Duration = Duration::from_secs(1);

/// How often a process that has a lock nearly all the time leaves it to others.
const WINDOW: Duration = Duration::from_millis(50);

/// How long it leaves it to them, who ask for it at least twice as often.
const REST: Duration = Duration::from_millis(1);

type Table = Mutex<HashMap<FileId, Weak<Known>>>;

/// The locks that this process knows, by file.
static TABLE: OnceLock<PerProcess<Table>> = OnceLock::new();

#[derive(Debug)]
struct Known {
    files: Arc<dyn Files>,
    file: File,
    /// The process that opened the file.
    pid: u32,
    /// Whether it is one that many share.
    is_shared: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    writer: bool,
    /// When the system's lock was taken, if it was: there are holders that do without.
    since: Option<Instant>,
    /// When this process began to count how long it has the system's lock, and how long that was.
    window: Option<Instant>,
    busy: Duration,
    /// Who waits in this process, in the order they came. Nobody goes before the first.
    queue: VecDeque<u64>,
    tickets: u64,
}

impl State {
    fn admits(&self, mode: Mode) -> bool {
        let is_over = self.since.is_some_and(|since| since.elapsed() > STINT);
        !self.writer && (self.readers == 0 || mode == Mode::Shared && !is_over)
    }

    /// How long to leave the system's lock to other processes before it is taken again. They can but ask again and
    /// again, and would hardly ever find it free where it is taken as soon as it is given back.
    fn rest(&mut self) -> Duration {
        let now = Instant::now();
        let window = now.duration_since(*self.window.get_or_insert(now));
        if window < WINDOW {
            return Duration::ZERO;
        }
        let is_hogged = self.busy > window.mul_f32(0.8);
        (self.window, self.busy) = (Some(now), Duration::ZERO);
        if is_hogged { REST } else { Duration::ZERO }
    }
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
    /// Finds the lock of an open lock file in the table. It is one that many share, or that each holds alone.
    pub(crate) fn new(files: &Arc<dyn Files>, file: File, is_shared: bool) -> io::Result<Self> {
        let id = files.stat_open(file.as_fd())?.id;
        let table = TABLE.get_or_init(|| PerProcess::new(Table::default()));
        let Ok(table) = table.get_or_make(|| Ok::<_, Infallible>(Table::default()));
        let mut table = held(table);
        if let Some(known) = table.get(&id).and_then(Weak::upgrade) {
            return Ok(Self(known));
        }
        table.retain(|_, lock| lock.strong_count() > 0);
        let known = Known {
            files: Arc::clone(files),
            file,
            pid: process_id(),
            is_shared,
            state: Mutex::default(),
            changed: Condvar::new(),
        };
        let made = Arc::new(known);
        table.insert(id, Arc::downgrade(&made));
        Ok(Self(made))
    }

    /// Waits for the lock, at most so long; `path` is for the message.
    pub(crate) fn acquire(
        &self,
        mode: Mode,
        patience: Duration,
        trust: &Trust,
        path: &Path,
    ) -> Result<Guard> {
        let known = &*self.0;
        // None is for ever.
        let deadline = Instant::now().checked_add(patience);
        let refused = || {
            let by = holder(&known.file).map_or(String::new(), |holder| format!(" by {holder}"));
            Error::new(ErrorKind::Locked, format!("locked{by}; gave up after {patience:?}")).with_file(path)
        };
        let mut state = held(&known.state);
        let ticket = state.tickets;
        state.tickets += 1;
        state.queue.push_back(ticket);
        let (mut state, is_our_turn) = known.wait_for_turn(state, ticket, mode, deadline);
        let mut tried = if is_our_turn { Ok(Tried::Alone) } else { Ok(Tried::Taken) };
        if is_our_turn && state.since.is_none() && trust.asks() {
            let rest = state.rest();
            // Being the first in the queue is enough to be the only one that asks. The others wait, each as long as
            // it likes.
            drop(state);
            if !rest.is_zero() {
                std::thread::sleep(rest);
            }
            let how = if mode == Mode::Shared { Flock::Shared } else { Flock::Exclusive };
            tried = trust.lock(&*known.files, &known.file, how, deadline, path);
            state = held(&known.state);
        }
        state.queue.retain(|other| *other != ticket);
        if !state.queue.is_empty() {
            known.changed.notify_all();
        }
        match tried? {
            Tried::Taken => return Err(refused()),
            Tried::Locked => state.since = Some(Instant::now()),
            Tried::Alone => {}
        }
        match mode {
            Mode::Shared => state.readers += 1,
            Mode::Exclusive => {
                state.writer = true;
                sign(&known.file, trust);
            }
        }
        drop(state);
        Ok(Guard { lock: Arc::clone(&self.0), mode })
    }
}

impl Known {
    /// Waits to be the first in the queue and let in by the other threads; says whether it came to that.
    fn wait_for_turn<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        ticket: u64,
        mode: Mode,
        deadline: Option<Instant>,
    ) -> (MutexGuard<'a, State>, bool) {
        loop {
            if state.queue.front() == Some(&ticket) && state.admits(mode) {
                return (state, true);
            }
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return (state, false);
                    }
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // In a forked child it is the parent that holds the lock, and would lose it.
        if !is_ours(self.lock.pid) {
            return;
        }
        let mut state = held(&self.lock.state);
        match self.mode {
            Mode::Shared => state.readers -= 1,
            Mode::Exclusive => {
                state.writer = false;
                // A name that stays would be blamed for those who share the lock, and have none there. Where nobody does, the
                // next who has it puts its own name there.
                if self.lock.is_shared {
                    let _ = self.lock.file.set_len(0);
                }
            }
        }
        if state.readers == 0
            && let Some(since) = state.since.take()
        {
            let _ = self.lock.files.flock(&self.lock.file, Flock::Unlock);
            state.busy += since.elapsed();
        }
        let is_awaited = !state.queue.is_empty();
        drop(state);
        if is_awaited {
            self.lock.changed.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::files::Os;
    use crate::storage::trust::LockPolicy;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

    const NOW: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(20);

    fn open(path: &Path) -> File {
        File::options().read(true).write(true).create(true).truncate(false).open(path).unwrap()
    }

    fn lock(path: &Path) -> Lock {
        let files: Arc<dyn Files> = Arc::new(Os);
        Lock::new(&files, open(path), true).unwrap()
    }

    fn acquire(lock: &Lock, mode: Mode, patience: Duration, path: &Path) -> Result<Guard> {
        lock.acquire(mode, patience, &Trust::new(LockPolicy::Require), path)
    }

    /// Tries to lock what is open elsewhere: for the system another open file is another process.
    fn try_own(file: &File) -> bool {
        Os.flock(file, Flock::Exclusive).is_ok()
    }

    #[test]
    fn two_handles_of_one_process_share_what_can_be_shared() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let (first, second) = (lock(&path), lock(&path));
        let reading = acquire(&first, Mode::Shared, NOW, &path).unwrap();
        let also = acquire(&second, Mode::Shared, NOW, &path).unwrap();
        assert_eq!(acquire(&second, Mode::Exclusive, NOW, &path).unwrap_err().kind(), ErrorKind::Locked);
        drop((reading, also));
        let writing = acquire(&second, Mode::Exclusive, NOW, &path).unwrap();
        let error = acquire(&first, Mode::Shared, NOW, &path).unwrap_err();
        let names_us = error.to_string().contains(&format!("process {}", std::process::id()));
        // Elsewhere nobody reads what is locked.
        assert_eq!((error.kind(), names_us), (ErrorKind::Locked, cfg!(unix)), "{error}");
        drop(writing);
        acquire(&first, Mode::Shared, NOW, &path).unwrap();
    }

    #[test]
    fn an_open_file_of_somebody_else_is_respected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let ours = lock(&path);
        let theirs = open(&path);
        assert!(try_own(&theirs));
        assert_eq!(acquire(&ours, Mode::Shared, NOW, &path).unwrap_err().kind(), ErrorKind::Locked);
        drop(theirs);
        let guard = acquire(&ours, Mode::Shared, NOW, &path).unwrap();
        let theirs = open(&path);
        assert!(!try_own(&theirs));
        drop(guard);
        assert!(try_own(&theirs));
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_somebody_who_was_killed_left_behind_is_not_blamed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let theirs = open(&path);
        assert!(try_own(&theirs));
        let signed = |process: u32| format!("{process} {}\n", crate::system::host_name());
        let refused = || acquire(&lock(&path), Mode::Shared, NOW, &path).unwrap_err().message().to_owned();
        std::fs::write(&path, signed(std::process::id())).unwrap();
        assert!(refused().starts_with(&format!("locked by process {} on ", std::process::id())));
        // No process has an ID above 2²².
        std::fs::write(&path, signed(u32::MAX)).unwrap();
        assert_eq!(refused(), "locked; gave up after 20ms");
    }

    #[cfg(unix)]
    #[test]
    fn a_name_stays_only_where_the_next_holder_puts_its_own_over_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let name_after = |is_shared: bool| {
            std::fs::write(&path, "123456789 a-machine-with-a-name-that-is-longer-than-any-other\n").unwrap();
            let files: Arc<dyn Files> = Arc::new(Os);
            let lock = Lock::new(&files, open(&path), is_shared).unwrap();
            drop(acquire(&lock, Mode::Exclusive, NOW, &path).unwrap());
            drop(acquire(&lock, Mode::Exclusive, NOW, &path).unwrap());
            holder(&open(&path))
        };
        assert!(name_after(false).unwrap().starts_with(&format!("process {} on ", std::process::id())));
        // Who shares it has no name there, and nobody else is to be blamed for it.
        assert_eq!(name_after(true), None);
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
                            let _guard = acquire(&lock, Mode::Exclusive, LONG, path).unwrap();
                            assert_eq!(writers.fetch_add(1, SeqCst), 0);
                            assert_eq!(readers.load(SeqCst), 0);
                            writers.fetch_sub(1, SeqCst);
                        } else {
                            let _guard = acquire(&lock, Mode::Shared, LONG, path).unwrap();
                            readers.fetch_add(1, SeqCst);
                            assert_eq!(writers.load(SeqCst), 0);
                            readers.fetch_sub(1, SeqCst);
                        }
                    }
                });
            }
        });
    }

    #[test]
    fn who_waits_for_another_process_does_not_keep_others_longer_than_they_like() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let ours = lock(&path);
        let theirs = open(&path);
        assert!(try_own(&theirs));
        std::thread::scope(|scope| {
            let patient = scope.spawn(|| acquire(&ours, Mode::Exclusive, LONG, &path).map(drop));
            std::thread::sleep(NOW);
            for mode in [Mode::Shared, Mode::Exclusive] {
                let start = Instant::now();
                assert_eq!(acquire(&ours, mode, NOW, &path).unwrap_err().kind(), ErrorKind::Locked);
                assert!(start.elapsed() < LONG / 10, "{:?}", start.elapsed());
            }
            assert!(!patient.is_finished());
            drop(theirs);
            patient.join().unwrap().unwrap();
        });
        acquire(&ours, Mode::Shared, NOW, &path).unwrap();
    }

    #[test]
    fn one_that_gives_up_lets_those_behind_it_pass() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let ours = lock(&path);
        let reading = acquire(&ours, Mode::Shared, NOW, &path).unwrap();
        std::thread::scope(|scope| {
            let hasty = scope.spawn(|| acquire(&ours, Mode::Exclusive, 5 * NOW, &path).map(drop));
            std::thread::sleep(NOW);
            // It came later, so that it waits until the other has given up.
            let later = scope.spawn(|| acquire(&ours, Mode::Shared, LONG, &path).map(drop));
            assert_eq!(hasty.join().unwrap().unwrap_err().kind(), ErrorKind::Locked);
            later.join().unwrap().unwrap();
        });
        drop(reading);
    }

    #[test]
    fn one_can_wait_for_ever() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        acquire(&lock(&path), Mode::Exclusive, Duration::MAX, &path).unwrap();
    }

    #[test]
    fn threads_that_share_a_lock_without_a_pause_let_another_process_have_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let lock = lock(&path);
                    while !stop.load(SeqCst) {
                        let _guard = acquire(&lock, Mode::Shared, LONG, &path).unwrap();
                        std::thread::sleep(Duration::from_millis(5));
                    }
                });
            }
            std::thread::sleep(NOW);
            let theirs = open(&path);
            let trust = Trust::new(LockPolicy::Require);
            let deadline = Instant::now().checked_add(LONG);
            let tried = trust.lock(&Os, &theirs, Flock::Exclusive, deadline, &path);
            stop.store(true, SeqCst);
            drop(theirs);
            assert_eq!(tried.unwrap(), Tried::Locked);
        });
    }

    #[test]
    fn holders_without_the_systems_lock_do_not_speak_for_those_that_want_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let ours = lock(&path);
        let off = Trust::new(LockPolicy::Off);
        let without = ours.acquire(Mode::Shared, NOW, &off, &path).unwrap();
        let theirs = open(&path);
        assert!(try_own(&theirs), "no lock was asked for");
        drop(theirs);
        let with = acquire(&ours, Mode::Shared, NOW, &path).unwrap();
        let theirs = open(&path);
        assert!(!try_own(&theirs));
        assert_eq!(ours.acquire(Mode::Exclusive, NOW, &off, &path).unwrap_err().kind(), ErrorKind::Locked);
        drop(with);
        assert!(!try_own(&theirs), "given back by the last");
        drop(without);
        assert!(try_own(&theirs));
    }
}
