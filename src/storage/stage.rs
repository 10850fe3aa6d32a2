//! The stage: where one writer builds its values before they appear in the hierarchy.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::SystemTime;

use super::files::{AsFd, BorrowedFd, Files, Handle, MOVES_WHAT_IS_OPEN};
use super::fork::is_ours;
use super::trust::{Tried, Trust, sign};
use crate::error::{Error, ErrorKind, Result};
use crate::system::process_id;

/// A directory `stage/<txid>` of our own. While its file `owner` is locked, nobody removes it.
#[derive(Debug)]
pub(super) struct Stage {
    files: Arc<dyn Files>,
    /// `.calcstore/stage`, kept open to remove our own directory at the end.
    parent: Handle,
    directory: Handle,
    txid: String,
    next: AtomicU64,
    /// The last of [`Stage::next_moment`].
    moment: AtomicU64,
    /// The process that made it.
    pid: u32,
    owner: Option<File>,
}

/// The file in a stage that its owner locks.
pub(super) const OWNER: &str = "owner";

impl Stage {
    /// Makes a stage in the directory `parent`, whose path is for messages. A sweep of another process may take the
    /// new directory for an abandoned one before it is locked: then the file locked is no longer at its path, and we
    /// start again.
    pub(super) fn open(files: Arc<dyn Files>, parent: Handle, trust: &Trust, path: &Path) -> Result<Self> {
        Self::named(files, parent, trust, (path, ""))
    }

    /// The same with a name that begins with `prefix`.
    pub(super) fn named(
        files: Arc<dyn Files>,
        parent: Handle,
        trust: &Trust,
        (path, prefix): (&Path, &str),
    ) -> Result<Self> {
        let failed = |error| Error::io("cannot prepare to write", path, error);
        for _ in 0..100 {
            let txid = format!("{prefix}{}", random_id());
            files.create_directory(parent.as_fd(), &txid).map_err(failed)?;
            let Ok(directory) = files.open_directory(parent.as_fd(), &txid) else { continue };
            let Ok(owner) = files.open_lock(directory.as_fd(), OWNER) else { continue };
            let tried = trust.try_own(&*files, &owner, path).inspect_err(|_| {
                let _ = files.remove_file(directory.as_fd(), OWNER);
                let _ = files.remove_directory(parent.as_fd(), &txid);
            })?;
            // What is signed already is somebody's who is going to remove it.
            if tried == Tried::Taken || owner.metadata().is_ok_and(|metadata| metadata.len() > 0) {
                continue;
            }
            sign(&owner, trust);
            let here = files.stat(parent.as_fd(), &format!("{txid}/{OWNER}")).map(|stat| stat.id);
            let ours = files.stat_open(owner.as_fd()).map_err(failed)?.id;
            if here.is_ok_and(|id| id == ours) {
                let (next, pid) = (AtomicU64::new(0), process_id());
                let moment = AtomicU64::new(0);
                return Ok(Self { files, parent, directory, txid, next, moment, pid, owner: Some(owner) });
            }
        }
        Err(Error::new(ErrorKind::Busy, "the stage is removed as soon as it is made").with_file(path))
    }

    pub(super) fn handle(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }

    pub(super) fn txid(&self) -> &str {
        &self.txid
    }

    /// A name that was not used in this stage before.
    pub(super) fn next_name(&self) -> String {
        self.next.fetch_add(1, Relaxed).to_string()
    }

    /// A number that was not given before, and is higher than those given earlier by any process of this machine: the
    /// time in nanoseconds. Times of files stand still for milliseconds.
    pub(super) fn next_moment(&self) -> u64 {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let next = |last: u64| Some(now.max(last + 1));
        let last = self.moment.fetch_update(Relaxed, Relaxed, next).unwrap_or_default();
        now.max(last + 1)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // In a forked child it is the parent's.
        if !is_ours(self.pid) {
            return;
        }
        if !MOVES_WHAT_IS_OPEN {
            self.owner = None;
        }
        // What cannot be removed now is swept by the next writer.
        let _ = self.files.remove_file(self.directory.as_fd(), OWNER);
        let _ = self.files.remove_directory(self.parent.as_fd(), &self.txid);
    }
}

/// 128 random bits, as 32 hexadecimal digits. They come from the keys of a hash map, which the standard library has
/// from the operating system, also where there is no `/dev`; a forked child inherits the keys, so that process and time
/// go in too.
pub(crate) fn random_id() -> String {
    let (keys, now) = (RandomState::new(), SystemTime::now());
    let half = |n: u8| keys.hash_one((n, process_id(), now));
    format!("{:016x}{:016x}", half(0), half(1))
}
