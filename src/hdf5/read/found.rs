//! What a search gives that damage does not end.

use crate::error::{Error, Result};

/// What could be found, in order, and what stood in the way of the rest.
#[derive(Debug)]
pub struct Found<T> {
    pub items: Vec<T>,
    /// One error for each thing that is not among the items, as far as they can be told; the first
    /// [`MOST_ERRORS`](Self::MOST_ERRORS) of them.
    pub errors: Vec<Error>,
}

impl<T> Found<T> {
    /// A list of more errors helps nobody, and a file can make as many as it has bytes.
    pub const MOST_ERRORS: usize = 100;

    pub(super) fn new() -> Self {
        Self { items: Vec::new(), errors: Vec::new() }
    }

    pub(super) fn push(&mut self, item: Result<T>) {
        match item {
            Ok(item) => self.items.push(item),
            Err(error) => self.fail(error),
        }
    }

    pub(super) fn fail(&mut self, error: Error) {
        if self.errors.len() < Self::MOST_ERRORS {
            self.errors.push(error);
        }
    }
}
