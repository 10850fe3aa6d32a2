//! What the locks of a file system are worth, and what is done where it has none.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::files::{Files, Flock, is_lack_of_locks};
use crate::error::{Error, ErrorKind, Result};
use crate::system;

/// What to do where a file system has no locks, as some network file systems have none.
///
/// Locks keep apart the programs that write into one store; the threads of one program are kept apart in any case,
/// and readers need no lock. Without locks two programs that write at the same time can undo each other's changes
/// and lose values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockPolicy {
    /// Refuse to write.
    #[default]
    Require,
    /// Warn, through `tracing`, and write without locks. What is left over is then removed by
    /// [`gc`](crate::DataStore::gc) alone.
    BestEffort,
    /// Ask for no locks anywhere. The same holds for what is left over.
    Off,
}

/// The variable that names the policy where the program does not.
const VARIABLE: &str = "CALCSTORE_LOCKS";

impl LockPolicy {
    /// The policy that the environment asks for.
    pub(crate) fn from_environment() -> Result<Self> {
        let Some(asked) = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
            return Ok(Self::default());
        };
        match asked.to_str() {
            Some("require") => Ok(Self::Require),
            Some("best-effort") => Ok(Self::BestEffort),
            Some("off") => Ok(Self::Off),
            _ => {
                let asked = asked.to_string_lossy();
                let message = format!("{VARIABLE} is {asked:?}; it can be require, best-effort or off");
                Err(Error::new(ErrorKind::InvalidInput, message))
            }
        }
    }
}

/// The longest pause between two questions for a lock: so long it can be free unnoticed.
const LONGEST_PAUSE: Duration = Duration::from_micros(500);

/// How far one that has a store open relies on the file system's locks.
#[derive(Debug)]
pub(super) struct Trust {
    policy: LockPolicy,
    /// Whether the file system has said that it has no locks.
    is_betrayed: AtomicBool,
}

/// What came of asking for a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It is ours.
    Locked,
    /// Somebody else has it, for longer than we can wait.
    Taken,
    /// We do without.
    Alone,
}

impl Trust {
    pub fn new(policy: LockPolicy) -> Self {
        Self { policy, is_betrayed: AtomicBool::new(false) }
    }

    /// Whether the file system is asked for locks at all, and has kept its word so far.
    pub fn asks(&self) -> bool {
        self.policy != LockPolicy::Off && !self.is_betrayed.load(Relaxed)
    }

    /// Locks a file that is not locked through this handle. Asks again and again until time is up: who would wait in
    /// the system could not stop waiting.
    pub fn lock(
        &self,
        files: &dyn Files,
        file: &File,
        how: Flock,
        deadline: Option<Instant>,
        path: &Path,
    ) -> Result<Tried> {
        let mut pause = Duration::from_micros(20);
        while self.asks() {
            match files.flock(file, how) {
                Ok(()) => return Ok(Tried::Locked),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => {
                    self.do_without(error, path)?;
                    break;
                }
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(Tried::Taken);
            }
            std::thread::sleep(left.map_or(pause, |left| left.min(pause)));
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
        Ok(Tried::Alone)
    }

    /// Locks a file that nobody else in this process opens, if it is free.
    pub fn try_own(&self, files: &dyn Files, file: &File, path: &Path) -> Result<Tried> {
        self.lock(files, file, Flock::Exclusive, Some(Instant::now()), path)
    }

    /// Goes on without locks, if that is the policy.
    fn do_without(&self, error: io::Error, path: &Path) -> Result<()> {
        if !is_lack_of_locks(&error) {
            return Err(Error::io("cannot lock", path, error));
        }
        if self.policy == LockPolicy::Require {
            let message = format!(
                "this file system has no locks: {error}; with {VARIABLE}=best-effort calcstore does without, and \
                 then only one program at a time may write"
            );
            return Err(Error::new(ErrorKind::Unsupported, message).with_file(path).with_source(error));
        }
        if !self.is_betrayed.swap(true, Relaxed) {
            tracing::warn!(%error, ?path, "this file system has no locks: only one program at a time may write");
        }
        Ok(())
    }
}

/// What an owner who has no lock writes after its name.
const WITHOUT_LOCK: &str = " unlocked";

/// Tells others who has the lock, as `PID HOST`.
pub(super) fn sign(file: &File, trust: &Trust) {
    let without = if trust.asks() { "" } else { WITHOUT_LOCK };
    let holder = format!("{} {}{without}", system::process_id(), system::host_name());
    // Whoever had it last often has it again.
    if signature(file).as_ref() != Some(&holder) {
        let _ = system::write_at(file, format!("{holder}\n").as_bytes(), 0);
    }
}

/// Who has signed a lock file.
pub(super) fn holder(file: &File) -> Option<String> {
    let line = signature(file)?;
    let (process, host) = line.strip_suffix(WITHOUT_LOCK).unwrap_or(&line).split_once(' ')?;
    // One that was killed could not take its name away, and now others share the lock.
    if system::host_name() == host && system::is_alive(process) == Some(false) {
        return None;
    }
    Some(format!("process {process} on {host}"))
}

/// Whether a lock file was signed by somebody who has no lock.
pub(super) fn is_without_lock(file: &File) -> bool {
    signature(file).is_some_and(|line| line.ends_with(WITHOUT_LOCK))
}

/// The first line of a lock file; after it there may be the rest of a longer one.
fn signature(file: &File) -> Option<String> {
    let mut bytes = [0; 300];
    let count = system::read_at(file, &mut bytes, 0).ok()?;
    let line = bytes.get(..count)?.split(|byte| *byte == b'\n').next()?;
    Some(String::from_utf8_lossy(line).trim_end().to_owned())
}
