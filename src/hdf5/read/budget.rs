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
    whole: u64,
    what: &'static str,
}

impl Budget {
    /// As many bytes as the file has; `what` is the thing, for the message.
    pub fn new(input: &Input, what: &'static str) -> Self {
        Self { rest: input.size(), whole: input.size(), what }
    }

    /// The same, but no more than so many: a file may be long and have nothing but holes.
    pub fn at_most(self, most: u64) -> Self {
        let whole = self.whole.min(most);
        Self { rest: whole, whole, what: self.what }
    }

    /// Takes some of the bytes away.
    ///
    /// # Errors
    /// `Corrupt` where there are not so many left.
    pub fn spend(&mut self, bytes: u64) -> Result<()> {
        let rest = self.rest.checked_sub(bytes);
        self.rest = rest.ok_or_else(|| {
            corrupt(self.what, format!("its parts would have more than {} bytes", self.whole))
        })?;
        Ok(())
    }
}
