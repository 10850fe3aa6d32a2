//! Saying how far a comparison has come.

use std::sync::{Mutex, PoisonError};

use super::report::ComparisonProgress;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Continue;

/// What is called with the progress.
pub(super) type Callback<'a> = Box<dyn FnMut(ComparisonProgress) -> Continue + Send + 'a>;

/// Says how far it has come, by one thread at a time, and may stop it.
pub(super) struct Telling<'a>(Mutex<(ComparisonProgress, Callback<'a>)>);

impl<'a> Telling<'a> {
    pub fn new(callback: Callback<'a>) -> Self {
        Self(Mutex::new((ComparisonProgress::default(), callback)))
    }

    /// Adds bytes of elements.
    pub fn add_bytes(&self, bytes: u64) -> Result<()> {
        self.add(|done| done.bytes = done.bytes.saturating_add(bytes))
    }

    /// Adds a pair of nodes.
    pub fn add_node(&self) -> Result<()> {
        self.add(|done| done.nodes = done.nodes.saturating_add(1))
    }

    /// How far it has come.
    pub fn done(&self) -> ComparisonProgress {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    fn add(&self, add: impl FnOnce(&mut ComparisonProgress)) -> Result<()> {
        let (done, callback) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        add(done);
        match callback(*done) {
            Continue::Yes => Ok(()),
            Continue::No => Err(Error::new(ErrorKind::Cancelled, "the comparison was stopped")),
        }
    }
}
