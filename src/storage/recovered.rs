//! What became of values that a power cut had torn.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt;

/// A node that a power cut had damaged, and what was done about it when the store was opened for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// The key of the node.
    pub key: String,
    /// What was wrong.
    pub damage: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a node that a power cut had damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The node is as it was before the last changes, which were not flushed.
    PutBack,
    /// There was no older version: what is left of it is in `.calcstore/lost`, and the key is free.
    Lost,
    /// A chunk of a sparse array that had no older version is in `.calcstore/lost`, and reads as fill value.
    ChunkLost,
    /// The group is there with its members, but without its attributes.
    AttributesLost,
}

impl fmt::Display for Recovered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::PutBack => "the version before it was put back",
            Outcome::Lost => "moved to .calcstore/lost",
            Outcome::ChunkLost => "the chunk was moved to .calcstore/lost",
            Outcome::AttributesLost => "its attributes are lost",
        };
        write!(f, "{}: {}; {outcome}", self.key, self.damage)
    }
}
