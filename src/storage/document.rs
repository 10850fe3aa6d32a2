//! What nodes say of themselves, without holding them open.

use std::sync::Arc;

use super::files::AsFd as _;
use super::store::Store;
use crate::error::Result;
use crate::key::Key;
use crate::zarr::{METADATA_FILE, Marker, NodeMetadata, is_of_array};

/// Few documents have so many bytes.
const USUAL: usize = 2048;

/// What the `zarr.json` of a node says.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub metadata: NodeMetadata,
    pub marker: Arc<Marker>,
}

impl Store {
    /// Looks at what a node says as it is now: nothing of it is held open, and a column may say too many rows.
    pub(crate) fn glance(&self, key: &Key) -> Result<Document> {
        let metadata = self.document(key, NodeMetadata::parse)?;
        let marker = metadata.attributes().marker()?;
        Ok(Document { metadata, marker })
    }

    /// Whether a node says that it is an array, whatever else it says.
    pub(crate) fn says_array(&self, key: &Key) -> Result<bool> {
        self.document(key, |document| Ok(is_of_array(document)))
    }

    /// Shows the document to `read`. One call of the system is nearly always enough to have it to its end.
    fn document<T>(&self, key: &Key, read: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let path = document_of(&self.place(key));
        let file = self.files.open_file(self.root(), &path).map_err(self.failed("cannot open", &path))?;
        let mut bytes = [0; USUAL];
        let count = self.files.read_once(file.as_fd(), 0, &mut [&mut bytes]);
        match bytes.get(..count.map_err(self.failed("cannot read", &path))?) {
            Some(document) if document.len() < USUAL && document.trim_ascii_end().ends_with(b"}") => {
                read(document)
            }
            _ => read(&self.read_small(&file, &path)?.0),
        }
    }
}

/// The path of the document of the node at a place.
pub(super) fn document_of(place: &str) -> String {
    [place, "/", METADATA_FILE].concat()
}
