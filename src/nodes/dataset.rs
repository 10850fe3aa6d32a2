use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use ndarray::{ArrayViewMut, Dimension};

use super::attributes::Attributes;
use super::coordinate::Coordinate;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::selection::{IntoSelection, Selection};
use crate::storage::{Change, OpenNode, Store, Visible};
use crate::values::{ArrayContent, Content, DataType, Get, OwnedElement, Put, Stored};
use crate::zarr::{ArrayMetadata, Kind, NodeMetadata};

/// A stored array that is read, written and made longer in parts: `store.dataset("/curves")`.
///
/// Opening one reads its metadata only. Others may write and append at the same time: a reader always sees rows
/// that were appended whole, and [`shape`](Self::shape) tells how many there were when it last looked. A handle
/// belongs to the array that it was opened for: once another value has its key, everything fails with
/// [`ErrorKind::Changed`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
/// use ndarray::{Array1, Array2, array, s};
///
/// store.insert("/curves", array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]])?;
/// let curves = store.dataset("/curves")?;
/// assert_eq!(curves.shape(), [2, 3]);
///
/// let last: Array1<f64> = curves.read(s![-1, ..])?;
/// let every_other: Array2<f64> = curves.read(":, ::2")?;
/// assert_eq!((last, every_other), (array![0.8, 0.4, 0.2], array![[0.9, 0.1], [0.8, 0.2]]));
///
/// curves.write((0, 1..), &[0.6, 0.3])?;
/// curves.append(array![[0.7, 0.3, 0.1]])?;
/// assert_eq!(curves.shape(), [3, 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Dataset {
    pub(super) node: OpenNode,
    /// Those that were looked up, by their dimension.
    pub(super) coordinates: Mutex<BTreeMap<String, Arc<Coordinate>>>,
    data_type: DataType,
    is_verified: bool,
    is_atomic: bool,
}

impl Dataset {
    pub(crate) fn open(store: Arc<Store>, key: Key) -> Result<Self> {
        let node = OpenNode::new(store, key)?;
        let seen = node.seen();
        let holds = match (&seen.metadata, &seen.marker.kind) {
            (NodeMetadata::Array(array), _) => {
                let (data_type, coordinates) = (array.data_type, Mutex::default());
                return Ok(Self { data_type, node, coordinates, is_verified: true, is_atomic: false });
            }
            (_, Some(Kind::Table { .. })) => "a table, which table() opens",
            _ => "a group",
        };
        let message = format!("holds {holds}, asked for a dataset");
        Err(Error::new(ErrorKind::WrongType, message).with_key(node.key().to_string()))
    }

    /// Has the checksums of chunks compared that are read in part only, which is the default: for that the whole
    /// chunk is read. Without it, no more than the selected rows are.
    pub fn verify(mut self, verify: bool) -> Self {
        self.is_verified = verify;
        self
    }

    /// Has what [`write`](Self::write) writes appear as a whole, instead of chunk by chunk. The array is replaced
    /// for that: other handles of it are [`ErrorKind::Changed`] then.
    pub fn atomic(mut self, atomic: bool) -> Self {
        self.is_atomic = atomic;
        self
    }

    /// Gives the key.
    pub fn key(&self) -> String {
        self.node.key().to_string()
    }

    /// Gives the length of each axis, as of the last look: when it was opened, read, changed or
    /// [refreshed](Self::refresh) by this handle.
    pub fn shape(&self) -> Vec<u64> {
        self.seen(|array| array.shape.clone())
    }

    /// Gives the type of the elements.
    pub fn data_type(&self) -> DataType {
        self.data_type
    }

    /// Gives the length of a chunk along each axis.
    pub fn chunks(&self) -> Vec<u64> {
        self.seen(|array| array.chunks_and_shards().0)
    }

    /// Gives the number of elements along each axis that share a file, where several chunks do.
    pub fn shards(&self) -> Option<Vec<u64>> {
        self.seen(|array| array.chunks_and_shards().1)
    }

    /// Gives the name of each axis. [`sel`](Self::sel) selects by them.
    pub fn dimension_names(&self) -> Vec<Option<String>> {
        self.seen(|array| array.dimension_names.clone().unwrap_or(vec![None; array.shape.len()]))
    }

    /// Looks something up in the metadata as last seen. That they are those of an array was seen to when they were
    /// read.
    fn seen<T: Default>(&self, look_up: impl Fn(&ArrayMetadata) -> T) -> T {
        match &self.node.seen().metadata {
            NodeMetadata::Array(array) => look_up(array),
            NodeMetadata::Group(_) => T::default(),
        }
    }

    /// Gives the attributes.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`], and as [`DataStore::attributes`](crate::DataStore::attributes).
    pub fn attributes(&self) -> Result<Attributes<'_>> {
        self.refresh()?;
        Attributes::new(self.node.store(), self.node.key().clone())
    }

    /// Looks how long the array is now.
    ///
    /// # Errors
    /// [`ErrorKind::Changed`], and as [`DataStore::get`](crate::DataStore::get).
    pub fn refresh(&self) -> Result<()> {
        self.node.current().map(|_| ())
    }

    /// Reads the selected elements. An axis of which one index is selected is dropped, as numpy does.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a selection that does not fit the shape, [`ErrorKind::Changed`], and as
    /// [`DataStore::get`](crate::DataStore::get).
    pub fn read<T: Get>(&self, selection: impl IntoSelection) -> Result<T> {
        let selection = self.selection(selection)?;
        self.node.read(|snapshot| {
            self.node.store().with_selected(snapshot, &selection, self.is_verified, |source| {
                T::get(&Stored::Array(source))
            })
        })
    }

    /// Reads the selected elements into an array of their shape. One in C order is read into directly.
    ///
    /// # Errors
    /// [`ErrorKind::WrongShape`] where the array has another shape than the selection; what it holds after an
    /// error is not defined. As [`Dataset::read`].
    pub fn read_into<T: OwnedElement, D: Dimension>(
        &self,
        selection: impl IntoSelection,
        mut into: ArrayViewMut<'_, T, D>,
    ) -> Result<()> {
        let selection = self.selection(selection)?;
        self.node.read(|snapshot| {
            self.node.store().with_selected(snapshot, &selection, self.is_verified, |source| {
                crate::values::read_into(source, into.view_mut())
            })
        })
    }

    /// Writes the selected elements: an array of the selection's shape, or one scalar for all of them. Several
    /// processes may write at the same time, also into one chunk: nothing is lost. A reader sees each chunk as it
    /// was before or after, unless [`atomic`](Self::atomic) was asked for.
    ///
    /// # Errors
    /// [`ErrorKind::WrongShape`] and [`ErrorKind::WrongType`] say what is there and what was given;
    /// [`ErrorKind::InvalidInput`] for a selection that does not fit the shape, or holds an index twice;
    /// [`ErrorKind::Changed`]; and as [`DataStore::insert`](crate::DataStore::insert).
    pub fn write(&self, selection: impl IntoSelection, value: impl Put) -> Result<()> {
        let selection = self.selection(selection)?;
        self.with_elements(&value, |content| {
            let how = if self.is_atomic { Visible::AtOnce } else { Visible::ByChunk };
            self.change(Change::Write(&selection, content, how))
        })
    }

    /// Makes the first axis longer by these rows, or by one row of a rank less; gives its new length. They are
    /// visible at once, all of them. Where rows come one by one, an [`appender`](Self::appender) is faster.
    ///
    /// # Errors
    /// As [`Dataset::write`].
    pub fn append(&self, rows: impl Put) -> Result<u64> {
        self.with_elements(&rows, |content| self.append_content(content))
    }

    /// Makes axes longer or shorter. What is new is fill value; what is beyond the new shape is gone.
    ///
    /// # Errors
    /// As [`Dataset::write`].
    pub fn resize(&self, shape: &[u64]) -> Result<()> {
        self.change(Change::Resize(shape))
    }

    pub(super) fn append_content(&self, content: &ArrayContent<'_>) -> Result<u64> {
        let now = self.node.change(Change::Append(content))?;
        let NodeMetadata::Array(array) = &now.metadata else { return Ok(0) };
        Ok(array.shape.first().copied().unwrap_or_default())
    }

    fn selection(&self, selection: impl IntoSelection) -> Result<Selection> {
        selection.into_selection().map_err(|error| error.with_key(self.key()))
    }

    fn change(&self, change: Change<'_>) -> Result<()> {
        self.node.change(change).map(|_| ())
    }

    pub(super) fn with_elements<T>(
        &self,
        value: &impl Put,
        use_them: impl FnOnce(&ArrayContent<'_>) -> Result<T>,
    ) -> Result<T> {
        let content = value.content().map_err(|error| error.with_key(self.key()))?;
        let Content::Array(content) = content else {
            let message = "only the elements of an array can be put into a dataset";
            return Err(Error::new(ErrorKind::WrongType, message).with_key(self.key()));
        };
        use_them(&content)
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Dataset");
        shown.field("key", &self.key()).field("data_type", &self.data_type).field("shape", &self.shape());
        shown.field("chunks", &self.chunks()).finish_non_exhaustive()
    }
}
