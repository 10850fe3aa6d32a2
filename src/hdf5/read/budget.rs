//! A bound for what can be read of one thing.

use super::input::{Input, corrupt};
use crate::error::Result;

/// How many bytes may still be read.
///
/// In a file that is whole the structures lie side by side, so that those of one thing have no more bytes together than the
/// file. Where they lie over each other, or are gone through again and again, a few bytes could make for endless work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    rest: u64,
    what: &'static str,
}

impl Budget {
    /// As many bytes as the file has; `what` is the thing, for the message.
    pub fn new(input: &Input, what: &'static str) -> Self {
        Self { rest: input.size(), what }
    }

    /// Takes some of the bytes away.
    ///
    /// # Errors
    /// `Corrupt` where there are not so many left.
    pub fn spend(&mut self, bytes: u64) -> Result<()> {
        let rest = self.rest.checked_sub(bytes);
        self.rest = rest.ok_or_else(|| corrupt(self.what, "its parts have more bytes than the file"))?;
        Ok(())
    }
}
