//! What a store shows: every value with its attributes.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::key::Key;
use crate::storage::Store;
use crate::values::{Source, Stored};
use crate::zarr::NodeMetadata;

/// A node, as a reader finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// What it is: its kind, type and shape.
    pub what: String,
    /// Its elements; of a table those of each column.
    pub bytes: Vec<u8>,
    pub attributes: String,
    /// The names of its axes.
    pub axes: String,
}

/// All nodes of a store, by key.
pub(super) type State = BTreeMap<String, Seen>;

pub(super) fn see(store: &Store) -> Result<State> {
    let mut state = State::new();
    see_node(store, &Key::root(), &mut state)?;
    Ok(state)
}

fn see_node(store: &Store, key: &Key, state: &mut State) -> Result<()> {
    let (seen, names) = store.read(key, |snapshot| {
        let mut bytes = Vec::new();
        let what = store.with_stored(snapshot, |stored| {
            match stored {
                Stored::Group => {}
                Stored::Array(source) | Stored::Bytes(source) => bytes = bytes_of(*source)?,
                Stored::Table(columns) => {
                    for (_, column) in *columns {
                        bytes.extend(bytes_of(*column)?);
                    }
                }
                Stored::Object(object) => bytes.clone_from(&object.bytes),
            }
            Ok(stored.describe())
        })?;
        let (axes, names) = match &snapshot.metadata {
            NodeMetadata::Array(array) => (format!("{:?}", array.dimension_names), Vec::new()),
            NodeMetadata::Group(_) if what == Stored::Group.describe() => {
                (String::new(), store.names_in(key, snapshot)?)
            }
            NodeMetadata::Group(_) => (String::new(), Vec::new()),
        };
        let mut attributes = snapshot.metadata.attributes().clone();
        // When the store was made.
        attributes.shift_remove("date");
        // Whether chunks may be missing is how it lies there, and not what it is.
        attributes.shift_remove("calcstore");
        let attributes = format!("{attributes:?}");
        Ok((Seen { what, bytes, attributes, axes }, names))
    })?;
    state.insert(key.to_string(), seen);
    names.iter().try_for_each(|name| see_node(store, &key.child(name)?, state))
}

fn bytes_of(source: &dyn Source) -> Result<Vec<u8>> {
    let elements: u64 = source.shape().iter().product();
    let mut bytes = vec![0; usize::try_from(elements).unwrap() * source.data_type().size().unwrap_or(1)];
    source.read_into(&mut bytes)?;
    Ok(bytes)
}
