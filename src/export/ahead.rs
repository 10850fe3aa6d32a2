//! Reading the members of a group before their turn: several at a time, while others are written.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use super::array::{Content, Outline};
use super::choices::Choices;
use super::layout::grows;
use super::scales::Dimensions;
use crate::error::Result;
use crate::key::Key;
use crate::storage::{ArrayReader, Document, Snapshot, Store, in_parallel};
use crate::zarr::{ArrayMetadata, NodeMetadata};

/// So many members are read at a time.
pub(super) const WINDOW: usize = 128;

/// So many members are looked at for the dimensions of a group at a time.
const GLANCES: usize = 1024;

/// The most bytes of elements of an array that is read early.
const MOST_BYTES: u64 = 256 << 10;

/// The most bytes of elements that wait for their turn, those of a few arrays aside.
const MOST_WAITING: u64 = 4 << 20;

/// Reads what is soon to be written. A node is read early as it is read in its turn: as one version, and whole.
pub(super) struct Ahead<'a> {
    store: &'a Store,
    choices: Choices,
    /// The bytes that wait.
    waiting: AtomicU64,
}

/// A node that was read early.
pub(super) struct Early {
    pub document: Document,
    /// What is to be written of an array of few numbers.
    pub array: Option<(Outline, Content<'static>)>,
}

impl<'a> Ahead<'a> {
    pub fn new(store: &'a Store, choices: Choices) -> Self {
        Self { store, choices, waiting: AtomicU64::new(0) }
    }

    /// Reads the members that `takes` chooses; `None` for those that are to be read in their turn, when what is wrong with
    /// them is said.
    pub fn read(
        &self,
        key: &Key,
        names: &[String],
        takes: &(impl Fn(&Key) -> bool + Sync),
    ) -> Vec<Option<Early>> {
        each(key, names, takes, |child| {
            let (array, snapshot) = self.store.read_version(child, |snapshot| self.array(snapshot)).ok()?;
            if let Some((_, content)) = &array {
                self.waiting.fetch_add(content.bytes(), Relaxed);
            }
            Some(Early { document: snapshot.into_document(), array })
        })
    }

    /// Notes that what was read early is written.
    pub fn written(&self, content: &Content<'_>) {
        self.waiting.fetch_sub(content.bytes(), Relaxed);
    }

    /// Collects the dimensions of members that were all read early.
    pub fn dimensions_of(&self, names: &[String], early: &[Option<Early>]) -> Dimensions {
        let mut dimensions = Dimensions::new(self.store.is_calculation());
        for (name, early) in names.iter().zip(early) {
            dimensions.add(name, early.as_ref().map(|early| &early.document));
        }
        dimensions
    }

    /// Collects the dimensions that the members which `takes` chooses have, without their elements.
    pub fn dimensions(
        &self,
        key: &Key,
        names: &[String],
        takes: &(impl Fn(&Key) -> bool + Sync),
    ) -> Dimensions {
        let mut dimensions = Dimensions::new(self.store.is_calculation());
        for names in names.chunks(GLANCES) {
            let glances = each(key, names, takes, |child| self.store.glance(child).ok());
            for (name, document) in names.iter().zip(&glances) {
                dimensions.add(name, document.as_ref());
            }
        }
        dimensions
    }

    /// Says how a plain array is written.
    pub fn outline(
        &self,
        reader: &ArrayReader<'_>,
        document: &Document,
        array: &ArrayMetadata,
    ) -> Result<Outline> {
        let grows = grows(array, document.marker.provisional_chunks) && self.store.is_calculation();
        Outline::new(reader, &self.choices, grows)
    }

    fn array(&self, snapshot: &Snapshot) -> Result<Option<(Outline, Content<'static>)>> {
        let (NodeMetadata::Array(array), None) = (&snapshot.metadata, &snapshot.marker.kind) else {
            return Ok(None);
        };
        let size = array.data_type.size().map_or(u64::MAX, |size| size as u64);
        let bytes = array.shape.iter().fold(size, |bytes, length| bytes.saturating_mul(*length));
        if bytes > MOST_BYTES || self.waiting.load(Relaxed) > MOST_WAITING {
            return Ok(None);
        }
        let reader = self.store.chunk_reader(snapshot, array, false)?;
        let outline = self.outline(&reader, snapshot, array)?;
        let content = outline.read(&reader, MOST_BYTES)?;
        Ok(content.map(|content| (outline, content)))
    }
}

/// Does something to each of the members that `takes` chooses.
fn each<T: Send>(
    key: &Key,
    names: &[String],
    takes: &(impl Fn(&Key) -> bool + Sync),
    act: impl Fn(&Key) -> Option<T> + Sync,
) -> Vec<Option<T>> {
    let act = |name: &String| key.child(name).ok().filter(takes).and_then(|child| act(&child));
    match names {
        [one] => vec![act(one)],
        _ => in_parallel(|| names.par_iter().map(act).collect()),
    }
}
