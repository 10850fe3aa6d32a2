//! The bytes of an object while they are read, and what they may still ask for.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use serde::Deserialize;

use super::fault::Fault;
use super::limits::{MAX_DEPTH, max_weightless};

type Result<T> = std::result::Result<T, Fault>;

/// Takes values from the front of the bytes.
pub(super) struct Reader<'de> {
    bytes: &'de [u8],
    depth: usize,
    /// How many values that take no bytes may follow.
    weightless: usize,
    /// Whether anything was found not to fit.
    failed: bool,
}

impl<'de> Reader<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { bytes, depth: 0, weightless: max_weightless(bytes.len()), failed: false }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'de [u8] {
        self.bytes
    }

    /// Reads what `postcard` reads without a schema: numbers, texts, bytes.
    #[inline]
    pub(super) fn primitive<T: Deserialize<'de>>(&mut self) -> Result<T> {
        match postcard::take_from_bytes(self.bytes) {
            Ok((value, rest)) => {
                self.bytes = rest;
                Ok(value)
            }
            Err(error) => Err(self.damaged(error)),
        }
    }

    /// Reads whether an option holds a value.
    pub(super) fn is_some(&mut self) -> Result<bool> {
        self.primitive()
    }

    /// Reads the number of elements of a sequence or map, which the rest must be long enough for.
    pub(super) fn length(&mut self) -> Result<usize> {
        let length: u64 = self.primitive()?;
        let rest = self.bytes.len();
        match usize::try_from(length) {
            Ok(length) if length <= rest.saturating_add(self.weightless) => Ok(length),
            _ => Err(self.damaged(format_args!("{length} elements in {rest} bytes"))),
        }
    }

    /// Goes into a value, to be left by [`leave`](Self::leave) if it was read well.
    #[expect(clippy::arithmetic_side_effects, reason = "not beyond the deepest level")]
    pub(super) fn enter(&mut self) -> Result<()> {
        if self.depth >= MAX_DEPTH {
            return Err(self.damaged(format_args!("values nested deeper than {MAX_DEPTH} levels")));
        }
        self.depth += 1;
        Ok(())
    }

    /// Leaves a value.
    #[expect(clippy::arithmetic_side_effects, reason = "each value that is left was entered")]
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Leaves an element or field that began when there were `before` bytes.
    #[inline]
    pub(super) fn leave_part(&mut self, before: usize) -> Result<()> {
        self.leave();
        if self.bytes.len() == before {
            let Some(left) = self.weightless.checked_sub(1) else {
                return Err(self.damaged("too many values that take no bytes"));
            };
            self.weightless = left;
        }
        Ok(())
    }

    /// Reports damage.
    #[cold]
    pub(super) fn damaged(&mut self, what: impl std::fmt::Display) -> Fault {
        self.failed = true;
        Fault::corrupt(format!("the bytes of the object are damaged: {what}"))
    }

    /// Reports that something else was asked for than what is stored.
    #[cold]
    pub(super) fn mismatch(
        &mut self,
        stored: impl std::fmt::Display,
        asked: impl std::fmt::Display,
    ) -> Fault {
        self.failed = true;
        Fault::mismatch(stored, asked)
    }

    /// Makes sure that all was read, and read well.
    pub(super) fn finish(&mut self) -> Result<()> {
        if self.failed || self.depth > 0 {
            // After a failure nobody knows where the next value begins: what was read then is anything.
            return Err(Fault::mismatch("something else", "a type that passes over what does not fit"));
        }
        match self.bytes.len() {
            0 => Ok(()),
            rest => Err(self.damaged(format_args!("{rest} more bytes than the value has"))),
        }
    }
}
