//! The stage: where one writer builds its values before they appear in the hierarchy.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::files::{Files, Handle};
use super::lock;
use super::remove::remove_tree;
use super::store::{INTERNALS, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::zarr::{METADATA_FILE, NodeMetadata};

/// A directory `stage/<txid>` of our own. While its file `owner` is locked, nobody removes it.
#[derive(Debug)]
pub(super) struct Stage {
    files: Arc<dyn Files>,
    /// `.calcstore/stage`, kept open to remove our own directory at the end.
    parent: Handle,
    directory: Handle,
    txid: String,
    next: AtomicU64,
    _owner: File,
}

/// The file in a stage that its owner locks.
pub(super) const OWNER: &str = "owner";

impl Stage {
    /// Makes a stage. A sweep of another process may take the new directory for an abandoned one before it is
    /// locked: then the file locked is no longer at its path, and we start again.
    pub(super) fn open(store: &Store) -> Result<Self> {
        let files = Arc::clone(&store.files);
        let place = format!("{INTERNALS}/stage");
        let failed = store.failed("cannot prepare to write", &place);
        let parent = files.open_directory(store.root(), &place).map_err(&failed)?;
        for _ in 0..100 {
            let txid = random_id().map_err(&failed)?;
            files.create_directory(parent.as_fd(), &txid).map_err(&failed)?;
            let Ok(directory) = files.open_directory(parent.as_fd(), &txid) else { continue };
            let Ok(owner) = files.open_lock(directory.as_fd(), OWNER) else { continue };
            if !lock::try_own(&owner).map_err(&failed)? {
                continue;
            }
            let here = files.stat(parent.as_fd(), &format!("{txid}/{OWNER}")).map(|stat| stat.id);
            let ours = files.stat_open(owner.as_fd()).map_err(&failed)?.id;
            if here.is_ok_and(|id| id == ours) {
                return Ok(Self { files, parent, directory, txid, next: AtomicU64::new(0), _owner: owner });
            }
        }
        Err(Error::new(ErrorKind::Busy, "the stage is removed as soon as it is made")
            .with_file(store.shown(&place)))
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
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What cannot be removed now is swept by the next writer.
        let _ = self.files.remove_file(self.directory.as_fd(), OWNER);
        let _ = self.files.remove_directory(self.parent.as_fd(), &self.txid);
    }
}

impl Store {
    /// Writes a group without members into the stage; gives its name there.
    pub(super) fn stage_group(&self, metadata: &NodeMetadata) -> Result<String> {
        let stage = &self.writer()?.stage;
        let name = stage.next_name();
        self.clean_up_after(&name, || {
            self.create_staged_directory(&name)?;
            self.create_staged(&format!("{name}/{METADATA_FILE}"), &[&metadata.to_bytes()?])?;
            self.sync_staged_directory(&name)
        })?;
        Ok(name)
    }

    /// Removes the staged `name` when `write` fails: a full disk is not to stay full because of us.
    pub(super) fn clean_up_after(&self, name: &str, write: impl FnOnce() -> Result<()>) -> Result<()> {
        write().inspect_err(|_| self.discard(name))
    }

    /// Removes something from the stage, as far as that is possible.
    pub(super) fn discard(&self, name: &str) {
        if let Ok(writer) = self.writer() {
            let _ = remove_tree(&*self.files, writer.stage.handle(), name);
        }
    }

    pub(super) fn create_staged_directory(&self, path: &str) -> Result<()> {
        let stage = &self.writer()?.stage;
        let made = self.files.create_directory(stage.handle(), path);
        made.map_err(self.failed("cannot make a directory in", INTERNALS))
    }

    /// Writes a file into the stage and, under `Power`, flushes it.
    pub(super) fn create_staged(&self, path: &str, parts: &[&[u8]]) -> Result<Handle> {
        let stage = &self.writer()?.stage;
        let failed = self.failed("cannot write to", INTERNALS);
        let file = self.files.create_file(stage.handle(), path, parts).map_err(&failed)?;
        self.sync_if_power(&file, INTERNALS)?;
        Ok(file)
    }

    /// Flushes a staged directory under `Power`.
    pub(super) fn sync_staged_directory(&self, path: &str) -> Result<()> {
        if !self.is_power() {
            return Ok(());
        }
        let stage = &self.writer()?.stage;
        let directory = self.files.open_directory(stage.handle(), path);
        let directory = directory.map_err(self.failed("cannot open", INTERNALS))?;
        self.sync(&directory, INTERNALS)
    }
}

/// 128 random bits, as 32 hexadecimal digits.
pub(crate) fn random_id() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
