//! Deleting a calculation.

use super::Options;
use crate::error::Result;

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

    /// Deletes also files that calcstore did not put into the directory, and a calculation of which nobody can tell
    /// whether it is open for writing: one without locks. One that is known to be open is not deleted in any case.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Does it. The calculation is gone in one step, which survives a power cut; its files follow. Where the program
    /// is killed meanwhile the next deletion removes the rest, as [`DataStore::gc`](crate::DataStore::gc) does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) where there is no such calculation;
    /// [`ErrorKind::Locked`](crate::ErrorKind::Locked) where it is open for writing;
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) where it takes [`force`](Self::force).
    pub fn run(self) -> Result<()> {
        self.options.data_directory()?.delete(self.id, self.force, self.options.access()?)
    }
}
