//! What is compared: anything that holds nodes under keys.

use std::fmt;

use serde_json::Value as Json;

use crate::error::Result;
use crate::nodes::Node;
use crate::values::{AnyArray, Elements};
use crate::zarr::{FillValue, Region};

/// One side of a comparison: a store or a file, made by `From` of what is to be compared.
pub struct Side<'a>(pub(crate) Box<dyn Hierarchy + 'a>);

impl fmt::Debug for Side<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Side").finish_non_exhaustive()
    }
}

/// Nodes under keys, as a comparison looks at them. Keys are absolute.
pub(crate) trait Hierarchy: Sync {
    /// Lists the names in a group.
    fn names(&self, group: &str) -> Result<Vec<String>>;

    /// Opens a node, or a column of a table.
    fn open(&self, key: &str) -> Result<Box<dyn Opened + '_>>;
}

/// A node that is open.
pub(crate) trait Opened: Sync {
    fn node(&self) -> &Node;

    /// The user's attributes, by their names.
    fn attributes(&self) -> Result<Vec<(String, AttributeValue)>>;

    /// The JSON of an object.
    fn object(&self) -> Result<Json>;

    /// What is best read at a time, along each axis.
    fn chunks(&self) -> Vec<u64>;

    /// What is stored of an array, where not all of it is.
    fn present(&self) -> Result<Option<Present>>;

    /// Reads a part of an array in place of what `into` holds.
    fn read(&self, region: &Region, into: &mut Elements<'static>) -> Result<()>;
}

/// The chunks that are stored of an array; all others hold the fill value.
pub(crate) struct Present {
    /// Their numbers in C order.
    pub chunks: Vec<u64>,
    pub fill_value: FillValue,
}

/// An attribute: an array, or other JSON.
pub(crate) enum AttributeValue {
    Array(AnyArray),
    Json(Json),
}
