//! What can be wrong with an object that is read.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::schema::clip;
use crate::error::{Error, ErrorKind};

/// An error while reading, which gathers the path to the place on its way out.
#[derive(Debug)]
pub(super) struct Fault(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: ErrorKind,
    message: String,
    /// The innermost segment first.
    path: Vec<String>,
}

impl Fault {
    /// The bytes are damaged.
    pub(super) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Corrupt, message.into())
    }

    /// What is stored is not what the type asks for.
    pub(super) fn mismatch(stored: impl Display, asked: impl Display) -> Self {
        Self::new(ErrorKind::WrongType, format!("stored {stored}, asked for {asked}"))
    }

    fn new(kind: ErrorKind, message: String) -> Self {
        Self(Box::new(Parts { kind, message, path: Vec::new() }))
    }

    /// Says that the place is within `segment` (`.field`, `[3]`) of an outer value.
    pub(super) fn within(mut self, segment: String) -> Self {
        self.0.path.push(segment);
        self
    }

    pub(super) fn into_error(self) -> Error {
        Error::new(self.0.kind, self.to_string())
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.path.is_empty() {
            f.write_str(" at ")?;
        }
        self.0.path.iter().rev().try_for_each(|segment| f.write_str(segment))
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ErrorKind::WrongType, message.to_string())
    }

    fn invalid_type(stored: Unexpected<'_>, asked: &dyn Expected) -> Self {
        Self::mismatch(stored, asked)
    }

    fn invalid_value(stored: Unexpected<'_>, asked: &dyn Expected) -> Self {
        Self::mismatch(stored, asked)
    }

    fn invalid_length(length: usize, asked: &dyn Expected) -> Self {
        Self::mismatch(format_args!("{length} elements"), asked)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::mismatch(
            format_args!("variant {}", clip(variant)),
            format_args!("one of {}", expected.join(", ")),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom(format_args!("no field {field} was stored (`#[serde(default)]` makes it optional)"))
    }
}
