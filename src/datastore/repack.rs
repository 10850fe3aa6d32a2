use std::fmt;

use super::DataStore;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::Result;
use crate::key::Key;
use crate::progress::Continue;
use crate::storage::{Copied, NewLayout, Shards};
use crate::zarr::Compression;

/// A value that is to be stored anew, with the same elements in other chunks or compressed in another way: see
/// [`DataStore::repack`].
#[must_use = "nothing is stored before `run`"]
pub struct Repack<'a> {
    store: &'a DataStore,
    key: String,
    layout: NewLayout,
    progress: Box<dyn FnMut(Copied) -> Continue + Send + 'a>,
}

impl DataStore {
    /// Plans to store a value anew with another layout. What is not said stays as it is; attributes, labels and names of
    /// axes stay in any case.
    ///
    /// Whoever reads sees the value before and after, and it is the same. Some 16 MiB are held in memory at a time, or one
    /// row of chunks along the first axis where that is more.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use calcstore::Compression;
    ///
    /// store.insert("/curves", ndarray::Array2::<f64>::zeros((1000, 20)))?;
    /// let before = store.size("/curves")?.stored_bytes;
    /// store.repack("/curves").chunks([100, 20]).compression(Compression::zstd(3)?).run()?;
    ///
    /// assert_eq!(store.dataset("/curves")?.chunks(), [100, 20]);
    /// assert!(store.size("/curves")?.stored_bytes < before / 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn repack(&self, key: &str) -> Repack<'_> {
        let (layout, progress) = (NewLayout::default(), Box::new(|_| Continue::Yes));
        Repack { store: self, key: key.to_owned(), layout, progress }
    }
}

impl<'a> Repack<'a> {
    /// Sets the length of a chunk along each axis; of a table one length, the rows of a chunk. Small chunks share files,
    /// unless [`shards`](Self::shards) says otherwise.
    pub fn chunks(mut self, shape: impl AsRef<[u64]>) -> Self {
        self.layout.chunks = Some(shape.as_ref().to_vec());
        self
    }

    /// Sets how many elements along each axis share a file: a multiple of the chunks. An empty shape makes each chunk a
    /// file.
    pub fn shards(mut self, shape: impl AsRef<[u64]>) -> Self {
        let shape = shape.as_ref();
        self.layout.shards = if shape.is_empty() { Shards::None } else { Shards::Shape(shape.to_vec()) };
        self
    }

    /// Sets how the elements are compressed.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.layout.compression = Some(compression);
        self
    }

    /// Sets what is called after each block, and may stop it.
    pub fn on_progress(mut self, progress: impl FnMut(Copied) -> Continue + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Does it; gives how many arrays these were, and the bytes of their elements. What is displaced is in the trash for a
    /// minute, as whenever a value is replaced.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::WrongType`] for a group; [`ErrorKind::InvalidInput`] for chunks or shards that
    /// do not fit, and for codecs that calcstore does not write where no compression is set; [`ErrorKind::Busy`] where it is
    /// written all the time; [`ErrorKind::Corrupt`] where it is damaged; and as [`DataStore::insert`]. After an error the
    /// value is as it was.
    pub fn run(self) -> Result<Copied> {
        let key = Key::new(&self.key)?;
        let mut progress = self.progress;
        let mut each = |done| progress(done).unless_stopped();
        let store = &self.store.store;
        let repacked = store.repack(&key, &self.layout, &mut each);
        repacked.map_err(|error| store.suggest(&key, error.with_key(key.to_string())))
    }
}

impl fmt::Debug for Repack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repack").field("key", &self.key).field("layout", &self.layout).finish_non_exhaustive()
    }
}
