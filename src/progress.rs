//! How long work tells how far it is, and is told to stop.

use crate::error::{Error, ErrorKind, Result};

/// What a callback of long work answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continue {
    /// The work goes on.
    Yes,
    /// The work ends with [`ErrorKind::Cancelled`], and leaves nothing behind.
    No,
}

impl Continue {
    /// Turns the answer of somebody who wants no more into the error that ends the work.
    pub(crate) fn unless_stopped(self) -> Result<()> {
        match self {
            Self::Yes => Ok(()),
            Self::No => Err(Error::new(ErrorKind::Cancelled, "stopped")),
        }
    }
}
