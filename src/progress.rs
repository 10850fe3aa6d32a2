//! How long work tells how far it is, and is told to stop.

/// What a callback of long work answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continue {
    /// The work goes on.
    Yes,
    /// The work ends with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and leaves nothing behind.
    No,
}
