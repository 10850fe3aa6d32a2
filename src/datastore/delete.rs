//! Deleting a calculation.

use std::path::Path;

use super::{CalculationEntry, Options};
use crate::error::{Error, ErrorKind, Result};

/// A deletion that is about to be done: see [`Options::delete`].
#[derive(Debug)]
#[must_use = "nothing is deleted before `run`"]
pub struct Deletion<'a> {
    options: &'a Options,
    id: u32,
    force: bool,
}

impl<'a> Deletion<'a> {
    pub(super) fn new(options: &'a Options, id: u32) -> Self {
        Self { options, id, force: false }
    }

    /// Deletes also files that calcstore did not put into the directory, the parent of other calculations, and a
    /// calculation of which nobody can tell whether it is open for writing: one without locks. One that is known to be
    /// open is not deleted in any case.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Does it. The calculation is gone in one step, which survives a power cut; its files follow. Where the program
    /// is killed meanwhile the next deletion removes the rest, as [`DataStore::gc`](crate::DataStore::gc) does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where there is no such calculation; [`ErrorKind::Locked`] where it is open for writing;
    /// [`ErrorKind::Conflict`] where it takes [`force`](Self::force): also for the
    /// [parent](crate::DataStore::set_parent) of a calculation of the same data directory, and where that may be,
    /// because one of them cannot be read.
    pub fn run(self) -> Result<()> {
        let directory = self.options.data_directory()?;
        if !self.force {
            self.check_that_nobody_reads_on(&directory.path().join(format!("calc_{}", self.id)))?;
        }
        directory.delete(self.id, self.force, self.options.access()?)
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
             first"
        );
        Error::new(ErrorKind::Conflict, message)
    }
}
