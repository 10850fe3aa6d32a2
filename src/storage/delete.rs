//! Deleting a calculation.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::access::Access;
use super::calculations::{DataDirectory, parse_id};
use super::files::{AsFd, Entry, Extent, Handle, MOVES_WHAT_IS_OPEN, Rename, into_file, is_link};
use super::lock::{Guard, Lock, Mode};
use super::remove::remove_tree;
use super::stage::{OWNER, random_id};
use super::store::{HIERARCHY, INTERNALS, TREE, lock_place};
use super::sweep::{Leftover, LeftoverKind, held_while_removed};
use super::trust::{LockPolicy, Tried, Trust, holder, is_without_lock};
use super::unpack::abandoned;
use crate::error::{Error, ErrorKind, Result};

/// What a calculation's directory holds that is ours, besides exports that were interrupted.
const OURS: [&str; 3] = [HIERARCHY, INTERNALS, "output.hdf5"];

/// What else is deleted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowed {
    /// Files that are not ours.
    pub all_files: bool,
    /// What nobody can tell of whether it is open for writing.
    pub unlocked: bool,
}

/// The most names that a message lists.
const MOST_NAMES: usize = 5;

impl DataDirectory {
    /// Deletes a calculation that nobody has open for writing. It is gone in one step; what an earlier deletion could
    /// not finish is removed as well.
    ///
    /// `last_look` is taken when nobody can open it for writing any more, and its error keeps the calculation.
    pub(crate) fn delete(
        &self,
        id: u32,
        allowed: Allowed,
        access: Access,
        last_look: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let data = self.open()?.ok_or_else(|| self.no_calculation(id))?;
        let name = format!("calc_{id}");
        let path = self.path().join(&name);
        let calculation = match self.files.open_listed(data.as_fd(), name.as_ref()) {
            Ok(calculation) => calculation,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.no_calculation(id)),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory || is_link(&error) => {
                let message = "is no directory, and no link is followed to delete something";
                return Err(Error::new(ErrorKind::Conflict, message).with_file(path));
            }
            Err(error) => return Err(Error::io("cannot open", path, error)),
        };
        let open = Open { data: self, calculation, path, access };
        if !allowed.all_files {
            open.check_that_all_is_ours()?;
        }
        let mut guard = open.keep_writers_out(allowed.unlocked)?;
        last_look()?;
        if !MOVES_WHAT_IS_OPEN {
            // There the rename fails while somebody has it open, which is all that the lock is for.
            guard = None;
        }
        let gone = format!(".calc_{id}.{}", random_id());
        self.note_deletion(&data);
        let renamed = self.files.rename((data.as_fd(), &name), (data.as_fd(), &gone), Rename::New);
        renamed.map_err(|error| Error::io("cannot delete", &open.path, error))?;
        drop(guard);
        // Else a power cut could bring back the name, with half of what it stood for.
        let synced = self.files.sync(data.as_fd());
        synced.map_err(|error| Error::io("cannot flush", self.path(), error))?;
        for (_, removed) in self.remove_leftovers(false, access.locks)? {
            removed?;
        }
        Ok(())
    }

    fn no_calculation(&self, id: u32) -> Error {
        let message = format!("there is no calculation {id}{}", self.those_there_are());
        Error::new(ErrorKind::NotFound, message).with_file(self.path())
    }

    /// Removes what deletions have renamed and what killed unpackings left, or only tells what that is.
    pub(crate) fn remove_leftovers(
        &self,
        dry_run: bool,
        locks: LockPolicy,
    ) -> Result<Vec<(Leftover, Result<()>)>> {
        let Some(data) = self.open()? else { return Ok(Vec::new()) };
        let deleted = self.entries(&data)?.into_iter().filter(|name| is_deleted(name));
        let unpacked = abandoned(&*self.files, (&data, self.path()), &Trust::new(locks), dry_run);
        let each = |(name, owner): (String, Option<File>)| {
            let _owner = if dry_run { owner } else { held_while_removed(owner) };
            let path = self.path().join(&name);
            let Extent { bytes, files, .. } = self.files.measure(&path).unwrap_or_default();
            let remove = || if dry_run { Ok(()) } else { remove_tree(&*self.files, data.as_fd(), &name) };
            // A writer that came too late may have put something in meanwhile.
            let removed =
                remove().or_else(|_| remove()).map_err(|error| Error::io("cannot remove", &path, error));
            (Leftover { kind: LeftoverKind::Calculation, path, bytes, files }, removed)
        };
        Ok(deleted.map(|name| (name, None)).chain(unpacked).map(each).collect())
    }
}

/// A calculation that is to be deleted.
struct Open<'a> {
    data: &'a DataDirectory,
    calculation: Handle,
    path: PathBuf,
    access: Access,
}

impl Open<'_> {
    fn refusal(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message).with_file(&self.path)
    }

    fn list(&self, directory: &Handle) -> Result<Vec<Entry>> {
        let entries = self.data.files.list(directory.as_fd());
        entries.map_err(|error| Error::io("cannot list", &self.path, error))
    }

    fn check_that_all_is_ours(&self) -> Result<()> {
        let mut others: Vec<String> = self.list(&self.calculation)?.iter().filter_map(foreign).collect();
        if others.is_empty() {
            return Ok(());
        }
        let count = others.len();
        others.truncate(MOST_NAMES);
        let more =
            if count > MOST_NAMES { format!(" and {} more", count - MOST_NAMES) } else { String::new() };
        let message = format!(
            "holds what calcstore did not put there: {}{more}; move that away, or delete it too by `all_files`",
            others.join(", ")
        );
        Err(self.refusal(ErrorKind::Conflict, message))
    }

    /// Makes sure that nobody has it open for writing, and nobody opens it until the guard is dropped.
    fn keep_writers_out(&self, unlocked: bool) -> Result<Option<Guard>> {
        let files = &self.data.files;
        let failed = |what: &'static str| move |error| Error::io(what, self.path.clone(), error);
        let locks = files.open_directory(self.calculation.as_fd(), &format!("{INTERNALS}/locks"));
        let locks = match locks {
            Ok(locks) => locks,
            Err(error) if error.kind() == io::ErrorKind::NotFound && unlocked => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let message = "has no locks, so that nobody can tell whether it is open for writing; it can be \
                               deleted by `unlocked`";
                return Err(self.refusal(ErrorKind::Conflict, message.to_owned()));
            }
            Err(error) => return Err(failed("cannot open")(error)),
        };
        let tree = files.open_lock(locks.as_fd(), TREE).and_then(|file| Lock::new(files, file, true));
        let tree = tree.map_err(failed("cannot open the lock"))?;
        let trust = Trust::new(self.access.locks);
        let place = self.path.join(lock_place(TREE));
        let guard = tree.acquire(Mode::Exclusive, self.access.patience, &trust, &place)?;
        let stages = files.open_directory(self.calculation.as_fd(), &format!("{INTERNALS}/stage"));
        match stages {
            Ok(stages) => self.check_stages(&stages, &trust, unlocked)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("cannot open")(error)),
        }
        if !trust.asks() && !unlocked {
            let message = "cannot be locked, so that nobody can tell whether it is open for writing; it can be \
                           deleted by `unlocked`";
            return Err(self.refusal(ErrorKind::Locked, message.to_owned()));
        }
        Ok(Some(guard))
    }

    /// Refuses where a stage has an owner that lives, or without `unlocked` one that may.
    fn check_stages(&self, stages: &Handle, trust: &Trust, unlocked: bool) -> Result<()> {
        for entry in self.list(stages)? {
            let Some(name) = entry.name.to_str() else { continue };
            let owner = self.data.files.open_file(stages.as_fd(), &format!("{name}/{OWNER}"));
            let Ok(owner) = owner.and_then(into_file) else { continue };
            let may_live = is_without_lock(&owner) && !unlocked;
            if may_live || trust.try_own(&*self.data.files, &owner, &self.path)? == Tried::Taken {
                let by = holder(&owner).map_or(String::new(), |holder| format!(" by {holder}"));
                let message = if may_live {
                    format!("may be open for writing{by}, without a lock; it can be deleted by `unlocked`")
                } else {
                    format!("open for writing{by}")
                };
                return Err(self.refusal(ErrorKind::Locked, message));
            }
        }
        Ok(())
    }
}

/// The name of something that a user put into a calculation's directory.
fn foreign(entry: &Entry) -> Option<String> {
    let name = entry.name.to_string_lossy();
    let is_partial =
        name.starts_with(".output.hdf5.") && Path::new(&entry.name).extension() == Some("part".as_ref());
    if OURS.contains(&&*name) || is_partial { None } else { Some(name.into_owned()) }
}

/// Whether a name in the data directory is `.calc_<ID>.<txid>`.
fn is_deleted(name: &str) -> bool {
    let parts = name.strip_prefix(".calc_").and_then(|rest| rest.split_once('.'));
    parts.is_some_and(|(id, txid)| {
        parse_id(id).is_some() && txid.len() == 32 && txid.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
