//! How much there is of what.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::DataStore;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Node, NodeKind, Size};
use crate::progress::Continue;
use crate::storage::{Document, Footprint, in_parallel, is_nothing};

/// Fewer nodes are measured before threads have begun.
const FEW: usize = 8;

/// So many are measured at a time: as many groups have their members named at once.
const BATCH: usize = 32;

/// A node that was measured.
struct Measured {
    kind: NodeKind,
    /// The rows of a table.
    rows: Option<u64>,
    footprint: Footprint,
}

impl DataStore {
    /// Tells what a node takes in memory and on disk with everything in it, and what there is. Only metadata are
    /// read, no values.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use calcstore::NodeKind;
    ///
    /// store.insert("/a/curves", [[0.5; 4]; 8].concat())?;
    /// store.insert("/a/name", "Größe")?;
    /// let size = store.size("/a")?;
    /// assert_eq!(size.bytes, Some(8 * 4 * 8 + 7));
    /// assert_eq!((size.nodes(NodeKind::Group), size.nodes(NodeKind::Dataset), size.files), (1, 2, 5));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] and those of reading files. What is damaged or not supported is no error: it is
    /// counted as [`NodeKind::Unreadable`].
    pub fn size(&self, key: &str) -> Result<Size> {
        self.measure(key, |_| Continue::Yes)
    }

    /// As [`DataStore::size`], for what takes long: `progress` is called with the number of nodes so far.
    ///
    /// # Errors
    /// As there; [`ErrorKind::Cancelled`] where `progress` said so.
    pub fn measure(&self, key: &str, progress: impl FnMut(u64) -> Continue) -> Result<Size> {
        let mut size = Size::NONE;
        self.visit(&Key::new(key)?, progress, |_, kind, footprint| {
            size.add(kind, footprint.bytes, footprint.stored);
        })?;
        Ok(size)
    }

    /// Measures each node from `key` on; the columns of tables are of no kind.
    fn visit(
        &self,
        key: &Key,
        mut progress: impl FnMut(u64) -> Continue,
        mut each: impl FnMut(&Key, Option<NodeKind>, &Footprint),
    ) -> Result<()> {
        let first = self.in_chain(key, |holder| Ok((holder.clone(), holder.measured(key, None)?)));
        let (holder, first) = first.map_err(|error| self.suggest(key, error))?;
        let mut count = 0;
        let (mut batch, mut measured, mut waiting) = (vec![(key.clone(), None)], vec![Ok(first)], Vec::new());
        while !batch.is_empty() {
            for ((key, rows), node) in batch.into_iter().zip(measured) {
                let node = match node {
                    Err(error) if is_nothing(&error) => continue,
                    node => node?,
                };
                // A column is a part of its table.
                each(&key, rows.is_none().then_some(node.kind), &node.footprint);
                for name in &node.footprint.members {
                    waiting.push((key.child(name)?, node.rows));
                }
                count += u64::from(rows.is_none());
                if progress(count) == Continue::No {
                    return Err(Error::new(ErrorKind::Cancelled, "stopped"));
                }
            }
            batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
            let measure = |(key, rows): &(Key, _)| holder.measured(key, *rows);
            measured = match batch.len() {
                0..FEW => batch.iter().map(measure).collect(),
                _ => in_parallel(|| batch.par_iter().map(measure).collect()),
            };
        }
        Ok(())
    }

    /// Tells what each node below a group takes, down to `depth` levels: each group with everything in it, the group
    /// itself first, all by their keys. `progress` is called with the number of nodes so far.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// use calcstore::Continue;
    ///
    /// store.insert("/a/b/c", [0.5; 4])?;
    /// store.insert("/d", [1.0])?;
    /// let sizes = store.sizes("/", 1, |_| Continue::Yes)?;
    /// let bytes: Vec<_> = sizes.iter().map(|(key, size)| (key.as_str(), size.bytes)).collect();
    /// assert_eq!(bytes, [("/", Some(40)), ("/a", Some(32)), ("/d", Some(8))]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`DataStore::measure`].
    pub fn sizes(
        &self,
        key: &str,
        depth: usize,
        progress: impl FnMut(u64) -> Continue,
    ) -> Result<Vec<(String, Size)>> {
        let key = Key::new(key)?;
        let levels = key.components().count();
        let mut sizes: BTreeMap<Key, Size> = BTreeMap::new();
        self.visit(&key, progress, |visited, kind, footprint| {
            let mut above = visited.clone();
            loop {
                let level = above.components().count();
                // The columns of a table are no nodes of their own.
                if level <= levels.saturating_add(depth) && (kind.is_some() || above != *visited) {
                    sizes.entry(above.clone()).or_insert(Size::NONE).add(
                        kind,
                        footprint.bytes,
                        footprint.stored,
                    );
                }
                match above.parent() {
                    Some(parent) if level > levels => above = parent,
                    _ => break,
                }
            }
        })?;
        Ok(sizes.into_iter().map(|(key, size)| (key.to_string(), size)).collect())
    }

    fn measured(&self, key: &Key, rows: Option<u64>) -> Result<Measured> {
        let measured = self.store.read(key, |snapshot| {
            let node = Node::new(key, Document::clone(snapshot))?;
            let footprint = self.store.footprint(snapshot, rows)?;
            Ok(Measured { kind: node.kind, rows: node.rows, footprint })
        });
        match measured {
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported) => {
                let footprint = self.store.footprint_unread(key)?;
                Ok(Measured { kind: NodeKind::Unreadable, rows: None, footprint })
            }
            measured => measured,
        }
    }
}
