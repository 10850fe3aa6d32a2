//! Stores in zip files.

use super::read::Snapshot;
use super::store::Store;
use crate::key::Key;
use crate::zarr::Kind;

impl Store {
    /// Whether it lies in a zip file.
    pub(crate) fn is_packed(&self) -> bool {
        self.root().member().is_some()
    }

    /// Whether this is what packing made of a calculation, which lacks nothing.
    pub(super) fn is_packed_calculation(&self) -> bool {
        let is_root = |root: Snapshot| matches!(root.marker.kind, Some(Kind::Root { .. }));
        self.is_packed() && self.open_node(&Key::root()).is_ok_and(is_root)
    }

    /// Whether an array may lack chunks that does not say so: they are fill value then.
    pub(super) fn may_lack_chunks(&self) -> bool {
        self.lenient
    }
}
