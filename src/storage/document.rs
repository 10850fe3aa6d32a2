//! What nodes say of themselves, without holding them open.

use super::store::Store;
use crate::error::Result;
use crate::key::Key;
use crate::zarr::{METADATA_FILE, Marker, NodeMetadata};

/// What the `zarr.json` of a node says.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub metadata: NodeMetadata,
    pub marker: Marker,
}

impl Store {
    /// Looks at what a node says as it is now: nothing of it is held open, and a column may say too many rows.
    pub(crate) fn glance(&self, key: &Key) -> Result<Document> {
        let path = format!("{}/{METADATA_FILE}", self.place(key));
        let file = self.files.open_file(self.root(), &path).map_err(self.failed("cannot open", &path))?;
        let (bytes, _) = self.read_small(&file, &path)?;
        let metadata = NodeMetadata::parse(&bytes)?;
        let marker = Marker::read(metadata.attributes())?;
        Ok(Document { metadata, marker })
    }
}
