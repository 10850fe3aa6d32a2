//! What nodes say of themselves, without holding them open.

use super::store::Store;
use crate::error::Result;
use crate::key::Key;
use crate::zarr::{METADATA_FILE, Marker, NodeMetadata, is_of_array};

/// What the `zarr.json` of a node says.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub metadata: NodeMetadata,
    pub marker: Marker,
}

impl Store {
    /// Looks at what a node says as it is now: nothing of it is held open, and a column may say too many rows.
    pub(crate) fn glance(&self, key: &Key) -> Result<Document> {
        let metadata = NodeMetadata::parse(&self.document(key)?)?;
        let marker = Marker::read(metadata.attributes())?;
        Ok(Document { metadata, marker })
    }

    /// Whether a node says that it is an array, whatever else it says.
    pub(crate) fn says_array(&self, key: &Key) -> Result<bool> {
        Ok(is_of_array(&self.document(key)?))
    }

    fn document(&self, key: &Key) -> Result<Vec<u8>> {
        let path = format!("{}/{METADATA_FILE}", self.place(key));
        let file = self.files.open_file(self.root(), &path).map_err(self.failed("cannot open", &path))?;
        Ok(self.read_small(&file, &path)?.0)
    }
}
