//! Deleting a calculation.

use std::path::Path;

use super::{CalculationEntry, Options};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::Allowed;

/// A deletion that is about to be done: see [`Options::delete`].
#[derive(Debug)]
#[must_use = "nothing is deleted before `run`"]
pub struct Deletion<'a> {
    options: &'a Options,
    id: u32,
    allowed: Allowed,
    parents: bool,
    seen: Option<CalculationEntry>,
}

impl<'a> Deletion<'a> {
    pub(super) fn new(options: &'a Options, id: u32) -> Self {
        Self { options, id, allowed: Allowed::default(), parents: false, seen: None }
    }

    /// Deletes also files that calcstore did not put into the directory.
    pub fn all_files(mut self, all_files: bool) -> Self {
        self.allowed.all_files = all_files;
        self
    }

    /// Deletes also a calculation of which nobody can tell whether it is open for writing: one without locks. One that
    /// is known to be open is not deleted in any case.
    pub fn unlocked(mut self, unlocked: bool) -> Self {
        self.allowed.unlocked = unlocked;
        self
    }

    /// Deletes also the parent of other calculations, and what may be the parent of one that cannot be read.
    pub fn parents(mut self, parents: bool) -> Self {
        self.parents = parents;
        self
    }

    /// Sets [`all_files`](Self::all_files), [`unlocked`](Self::unlocked) and [`parents`](Self::parents) at once.
    pub fn force(self, force: bool) -> Self {
        self.all_files(force).unlocked(force).parents(force)
    }

    /// Deletes it only if it is still what a list said: the same calculation, of the same status.
    pub fn unless_changed(mut self, seen: &CalculationEntry) -> Self {
        self.seen = Some(seen.clone());
        self
    }

    /// Does it. The calculation is gone in one step, which survives a power cut; its files follow. Where the program
    /// is killed meanwhile the next deletion removes the rest, as [`DataStore::gc`](crate::DataStore::gc) does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such calculation; [`ErrorKind::Locked`] where it is open for writing, or
    /// may be, unless [`unlocked`](Self::unlocked) is set; [`ErrorKind::Conflict`] where it takes
    /// [`all_files`](Self::all_files); where it takes [`parents`](Self::parents), as it is the
    /// [parent](crate::DataStore::set_parent) of a calculation of the same data directory, or may be, because one of
    /// them cannot be read; [`ErrorKind::Changed`] where it is not what it was: see
    /// [`unless_changed`](Self::unless_changed).
    pub fn run(self) -> Result<()> {
        let directory = self.options.data_directory()?;
        if !self.parents {
            self.check_that_nobody_reads_on(&directory.path().join(format!("calc_{}", self.id)))?;
        }
        directory.delete(self.id, self.allowed, self.options.access()?, || self.check_unchanged())
    }

    fn check_unchanged(&self) -> Result<()> {
        let Some(seen) = &self.seen else { return Ok(()) };
        let now = self.options.calculation(self.id)?;
        if now.is_some_and(|now| (now.status, &now.date) == (seen.status, &seen.date)) {
            return Ok(());
        }
        let message = "is not what it was when it was listed; look again whether it is to be deleted";
        Err(Error::new(ErrorKind::Changed, message).with_file(&seen.calc_dir))
    }

    fn check_that_nobody_reads_on(&self, directory: &Path) -> Result<()> {
        let mut others = self.options.calculations()?;
        others.retain(|entry| entry.calc_id != self.id);
        let is_child = |entry: &&CalculationEntry| entry.is_child_of(directory);
        let children: Vec<String> =
            others.iter().filter(is_child).map(|entry| entry.calc_id.to_string()).collect();
        if children.is_empty() {
            return match others.iter().find_map(|entry| Some((entry.calc_id, entry.unreadable.as_ref()?))) {
                Some((id, why)) => Err(Self::perhaps_parent(id, why).with_file(directory)),
                None => Ok(()),
            };
        }
        let of = if children.len() == 1 { "calculation" } else { "calculations" };
        let message = format!(
            "is the parent of {of} {}, which would lose what they read from it; delete them first",
            children.join(", ")
        );
        Err(Error::new(ErrorKind::Conflict, message).with_file(directory))
    }

    /// The error for what may be the parent of a calculation that cannot be read.
    fn perhaps_parent(child: u32, why: &str) -> Error {
        let message = format!(
            "may be the parent of calculation {child}, which cannot be read ({why}); make that readable, or delete it \
             first, or this one all the same by `parents`"
        );
        Error::new(ErrorKind::Conflict, message)
    }
}
