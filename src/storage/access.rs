//! What a store is opened for.

use std::time::Duration;

use super::trust::LockPolicy;
use crate::zarr::Compression;

/// When a value that was stored survives a power cut. It survives the death of the program in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// After the next `flush` or `close`. Storing a value takes microseconds.
    #[default]
    Process,
    /// As soon as the call that stored it returns. That takes as long as the disk needs: milliseconds.
    Power,
}

/// What a store is opened for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub read_only: bool,
    pub durability: Durability,
    pub patience: Duration,
    pub compression: Compression,
    pub locks: LockPolicy,
    /// Whether what nobody needs any more is removed on the way.
    pub sweeps: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            read_only: false,
            durability: Durability::default(),
            patience: Duration::from_mins(1),
            compression: Compression::default(),
            locks: LockPolicy::default(),
            sweeps: true,
        }
    }
}
