//! Removing what nobody needs any more: stages of dead writers, and old trash.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::displaced::CHANGES;
use super::files::{AsFd, Entry, Extent, Files, Handle, MOVES_WHAT_IS_OPEN, into_file};
use super::litter::{GRACE, is_older};
use super::lock::Mode;
use super::partial::{abandoned, is_partial};
use super::remove::remove_tree;
use super::stage::OWNER;
use super::store::{INTERNALS, Store, TREE};
use super::trust::{Tried, Trust, is_without_lock};
use crate::error::{Error, Result};

/// How long a sweep of one that is at work waits for the others who are: they all wait behind it.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long without a change a stage is believed to have an owner that lives, where no lock tells.
pub(super) const DAY: Duration = Duration::from_hours(24);

/// What [`Store::collect`] is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Collection {
    pub older_than: Option<Duration>,
    pub dry_run: bool,
}

/// What something was that nobody needs any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftoverKind {
    /// What a writer that is gone had not yet stored.
    Stage,
    /// A value that was replaced or removed.
    Trash,
    /// A calculation whose deletion was interrupted, or its unpacking.
    Calculation,
    /// The beginning of a file that an export which was killed was writing.
    Export,
}

/// Something that nobody needs any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// What it was.
    pub kind: LeftoverKind,
    /// Where it is, or was.
    pub path: PathBuf,
    /// The bytes of all its files.
    pub bytes: u64,
    /// The number of its files.
    pub files: u64,
}

/// Something that is left over in one of two directories.
struct Found {
    kind: LeftoverKind,
    name: OsString,
    /// Stays locked until its stage is gone: a writer that found it free would move in.
    owner: Option<File>,
}

impl Store {
    /// Sweeps, but lets nothing fail because of it: the next one will. Without locks that can be trusted it does
    /// nothing: who could tell whether the owner of a stage is alive? Trash stays where somebody is at work.
    pub(crate) fn sweep_quietly(&self) {
        self.sweep_with_patience(Duration::ZERO);
    }

    /// The same where enough has come together since the last time. The caller holds no lock.
    pub(super) fn sweep_if_due(&self) {
        if !self.is_staged() && self.writer().is_ok_and(|writer| writer.litter.is_due()) {
            self.sweep_with_patience(PATIENCE);
        }
    }

    fn sweep_with_patience(&self, patience: Duration) {
        if let Err(error) = self.sweep(patience) {
            tracing::warn!(%error, "cannot remove what is left over");
        }
    }

    fn sweep(&self, patience: Duration) -> Result<()> {
        if !self.access().sweeps || !self.writer()?.trust.asks() {
            return Ok(());
        }
        let mut found = self.left_over(&self.writer()?.trust, None, false)?;
        if found.is_empty() {
            return Ok(());
        }
        // Whoever holds it is doing the same, or flushing.
        let Ok(_guard) = self.lock("store", Mode::Exclusive, Duration::ZERO) else { return Ok(()) };
        // What a dead writer has moved away and not yet replaced is in both.
        self.finish_replacing(None)?;
        // A wrapper that is found may just be taking a value: where somebody is at work, the next sweep takes the trash.
        if self.lock(TREE, Mode::Exclusive, patience).is_err() {
            found.retain(|found| found.kind == LeftoverKind::Stage);
        }
        self.flush_before(&found)?;
        let count = found.len();
        for found in found {
            if let Err(error) = self.remove_found(found) {
                tracing::warn!(%error, "cannot remove what is left over");
            }
        }
        tracing::debug!(count, "swept");
        Ok(())
    }

    /// Removes what is left over, or only tells what that is; says of each whether it could be removed.
    pub(crate) fn collect(&self, asked: Collection) -> Result<Vec<(Leftover, Result<()>)>> {
        if asked.dry_run {
            let fresh = Trust::new(self.access().locks);
            let trust = self.writer().map_or(&fresh, |writer| &writer.trust);
            let found = self.left_over(trust, Some(asked), true)?;
            let partial = self.partial_files(asked, &Trust::new(self.access().locks), |_| Ok(()))?;
            return Ok(found.iter().map(|found| (self.leftover(found), Ok(()))).chain(partial).collect());
        }
        let writer = self.writer()?;
        let _guard = self.lock("store", Mode::Exclusive, writer.patience)?;
        let found = self.left_over(&writer.trust, Some(asked), false)?;
        // What a dead writer has moved away and not yet replaced is in both.
        self.finish_replacing(None)?;
        // A wrapper that is found may just be taking a value. Who comes later makes one of its own.
        drop(self.lock(TREE, Mode::Exclusive, writer.patience)?);
        self.flush_before(&found)?;
        let remove = |found| (self.leftover(&found), self.remove_found(found));
        let mut collected: Vec<_> = found.into_iter().map(remove).collect();
        collected.extend(self.partial_files(asked, &writer.trust, |name| {
            let removed = self.files.remove_file(self.root(), name);
            removed.map_err(|error| Error::io("cannot remove", self.shown(name), error))
        })?);
        Ok(collected)
    }

    /// Finds what killed exports left in the directory of the store, and does something to each.
    fn partial_files(
        &self,
        asked: Collection,
        trust: &Trust,
        handle: impl Fn(&str) -> Result<()>,
    ) -> Result<Vec<(Leftover, Result<()>)>> {
        let entries = self.files.list(self.root()).map_err(self.failed("cannot list", ""))?;
        let age = asked.older_than.unwrap_or(GRACE);
        let found = entries.iter().filter(|entry| entry.is_file).filter_map(|entry| {
            let name = entry.name.to_str().filter(|name| is_partial(name, None))?;
            let (_lock, bytes) = abandoned(&*self.files, (self.root(), name), age, trust)?;
            let leftover = Leftover { kind: LeftoverKind::Export, path: self.shown(name), bytes, files: 1 };
            Some((leftover, handle(name)))
        });
        Ok(found.collect())
    }

    /// A displaced value may be all that a power cut would leave of its key: its successor goes to the disk first.
    fn flush_before(&self, found: &[Found]) -> Result<()> {
        if found.iter().any(|found| found.kind == LeftoverKind::Trash) {
            self.sync_everything()?;
        }
        Ok(())
    }

    fn remove_found(&self, mut found: Found) -> Result<()> {
        let directory = self.open_internal(found.directory())?;
        if let (LeftoverKind::Stage, Some(name)) = (found.kind, found.name.to_str()) {
            // Its owner may have died before a move was finished. Where that fails, it is left to the next writer.
            self.finish_moves(&directory, name)?;
        }
        found.owner = held_while_removed(found.owner);
        match remove_tree(&*self.files, directory.as_fd(), &found.name) {
            // Somebody else found the stage without an owner, and made it one to remove it.
            Err(error)
                if found.kind == LeftoverKind::Stage && error.kind() == io::ErrorKind::DirectoryNotEmpty =>
            {
                Ok(())
            }
            removed => removed.map_err(|error| Error::io("cannot remove", self.path_of(&found), error)),
        }
    }

    fn path_of(&self, found: &Found) -> PathBuf {
        self.shown(&format!("{INTERNALS}/{}", found.directory())).join(&found.name)
    }

    fn leftover(&self, found: &Found) -> Leftover {
        let path = self.path_of(found);
        let Extent { bytes, files, .. } = self.files.measure(&path).unwrap_or_default();
        Leftover { kind: found.kind, path, bytes, files }
    }

    /// Finds the stages of writers that are dead, and trash that is old enough. Where no lock tells who is dead, only
    /// those that were `asked` for, by their age.
    fn left_over(&self, trust: &Trust, asked: Option<Collection>, only_look: bool) -> Result<Vec<Found>> {
        let older_than = asked.and_then(|asked| asked.older_than);
        let mut found = Vec::new();
        if let Some((stages, entries)) = self.entries("stage", only_look)? {
            for Entry { name, .. } in entries.into_iter().filter(|entry| entry.is_directory) {
                let owner = match self.abandoned(&stages, &name, trust, only_look)? {
                    Some(Claim::Dead(owner)) => owner,
                    Some(Claim::Unknown) if asked.is_some() => {
                        let path = self.shown(&format!("{INTERNALS}/stage")).join(&name);
                        // One that changes while it is measured has an owner.
                        let modified = self.files.measure(&path).map(|extent| extent.modified);
                        if !modified.is_ok_and(|modified| is_older(modified, older_than.unwrap_or(DAY))) {
                            continue;
                        }
                        None
                    }
                    _ => continue,
                };
                found.push(Found { kind: LeftoverKind::Stage, name, owner });
            }
        }
        let grace = |wrapper: &OsStr| match older_than {
            Some(asked) => asked,
            None if !trust.asks() => DAY,
            // Readers have single files open, and never look for them in the trash.
            None if wrapper.as_encoded_bytes().ends_with(CHANGES.as_bytes()) => Duration::ZERO,
            None => GRACE,
        };
        if let Some((trash, entries)) = self.entries("trash", only_look)? {
            for Entry { name, .. } in entries.into_iter().filter(|entry| entry.is_directory) {
                let modified = self.files.open_listed(trash.as_fd(), &name);
                let modified = modified.and_then(|it| Ok(self.files.stat_open(it.as_fd())?.modified));
                if modified.is_ok_and(|modified| is_older(modified, grace(&name))) {
                    found.push(Found { kind: LeftoverKind::Trash, name, owner: None });
                }
            }
        }
        Ok(found)
    }

    /// Whether somebody else may have the store open for writing.
    pub(super) fn has_other_writers(&self) -> bool {
        let fresh = Trust::new(self.access().locks);
        let (trust, own) = match self.writer() {
            Ok(writer) => (&writer.trust, Some(writer.stage.txid().as_bytes())),
            Err(_) => (&fresh, None),
        };
        let Ok(Some((stages, entries))) = self.entries("stage", true) else { return false };
        let may_live =
            |name: &OsStr| !matches!(self.abandoned(&stages, name, trust, true), Ok(Some(Claim::Dead(_))));
        entries.iter().any(|entry| Some(entry.name.as_encoded_bytes()) != own && may_live(&entry.name))
    }

    /// The names in a directory of the internals, which one that was never written to lacks.
    pub(super) fn entries(&self, name: &str, may_lack: bool) -> Result<Option<(Handle, Vec<Entry>)>> {
        let place = format!("{INTERNALS}/{name}");
        let directory = match self.files.open_directory(self.root(), &place) {
            Err(error) if may_lack && error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", &place))?;
        Ok(Some((directory, entries)))
    }

    /// What is known of the owner of a stage that is not our own.
    fn abandoned(
        &self,
        stages: &Handle,
        name: &OsStr,
        trust: &Trust,
        only_look: bool,
    ) -> Result<Option<Claim>> {
        let is_own = |stage: &super::stage::Stage| stage.txid().as_bytes() == name.as_encoded_bytes();
        if !self.is_read_only() && is_own(&self.writer()?.stage) {
            return Ok(None);
        }
        claim(&*self.files, (stages, name), trust, only_look)
    }
}

/// What is known of the owner of a stage that is not known to live.
pub(super) enum Claim {
    Dead(Option<File>),
    Unknown,
}

/// Whether the owner of a stage is dead: then its file can be locked. A missing file is made first: then a writer
/// that has just made the directory finds that it came too late.
pub(super) fn claim(
    files: &dyn Files,
    (stages, name): (&Handle, &OsStr),
    trust: &Trust,
    only_look: bool,
) -> Result<Option<Claim>> {
    // Names of ours are text; whatever else is there has no owner that could tell.
    let name = name.to_str().filter(|_| trust.asks()).map(|name| format!("{name}/{OWNER}"));
    let Some(name) = name else { return Ok(Some(Claim::Unknown)) };
    let opened = if only_look {
        files.open_file(stages.as_fd(), &name).and_then(into_file)
    } else {
        files.open_lock(stages.as_fd(), &name)
    };
    let owner = match opened {
        Ok(owner) => owner,
        Err(error) if only_look && error.kind() == io::ErrorKind::NotFound => {
            return Ok(Some(Claim::Dead(None)));
        }
        Err(_) => return Ok(None),
    };
    if is_without_lock(&owner) {
        return Ok(Some(Claim::Unknown));
    }
    Ok(match trust.try_own(files, &owner, Path::new(&name))? {
        Tried::Taken => None,
        Tried::Locked => Some(Claim::Dead(Some(owner))),
        Tried::Alone => Some(Claim::Unknown),
    })
}

/// The lock of a stage that is going to be removed, where a file in it may stay open meanwhile. Elsewhere the file is closed,
/// and says that nobody is to move in.
pub(super) fn held_while_removed(owner: Option<File>) -> Option<File> {
    if MOVES_WHAT_IS_OPEN {
        return owner;
    }
    if let Some(mut owner) = owner {
        // Where that fails nothing but a removal fails, or the begin of a writer.
        let _ = owner.write_all(b"removed\n");
    }
    None
}

impl Found {
    fn directory(&self) -> &'static str {
        if self.kind == LeftoverKind::Stage { "stage" } else { "trash" }
    }
}

/// Whether something changed so long ago that it is no part of a change that is under way.
pub(super) fn has_rested(changed: i64) -> bool {
    is_older(changed, GRACE)
}
