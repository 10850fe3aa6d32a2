//! How much there is of what.

use super::DataStore;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Node, NodeKind, Size};
use crate::progress::Continue;
use crate::storage::{Footprint, is_nothing};

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
    pub fn measure(&self, key: &str, mut progress: impl FnMut(u64) -> Continue) -> Result<Size> {
        let key = Key::new(key)?;
        let first = self.in_chain(&key, |holder| Ok((holder.clone(), holder.measured(&key, None)?)));
        let (holder, first) = first.map_err(|error| self.suggest(&key, error))?;
        let (mut size, mut count) = (Size::NONE, 0);
        let mut waiting = vec![(key, None, Some(first))];
        while let Some((key, rows, measured)) = waiting.pop() {
            let node = match measured.map_or_else(|| holder.measured(&key, rows), Ok) {
                Err(error) if is_nothing(&error) => continue,
                node => node?,
            };
            // A column is a part of its table.
            let Footprint { bytes, stored, .. } = node.footprint;
            size.add(rows.is_none().then_some(node.kind), bytes, stored);
            for name in &node.footprint.members {
                waiting.push((key.child(name)?, node.rows, None));
            }
            count += u64::from(rows.is_none());
            if progress(count) == Continue::No {
                return Err(Error::new(ErrorKind::Cancelled, "stopped"));
            }
        }
        Ok(size)
    }

    fn measured(&self, key: &Key, rows: Option<u64>) -> Result<Measured> {
        let measured = self.store.read(key, |snapshot| {
            let node = Node::new(key, snapshot)?;
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
