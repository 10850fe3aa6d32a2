//! What stands under a key: kinds, shapes, attributes; and datasets that are read and changed in parts.

mod appender;
mod attributes;
mod dataset;
mod new_dataset;
mod node;
mod table;

pub use appender::Appender;
pub use attributes::Attributes;
pub(crate) use attributes::typed_attribute;
pub use dataset::Dataset;
pub use new_dataset::NewDataset;
pub use node::{Layout, Node, NodeKind};
pub use table::{StoredTable, TableAppender, TableBlocks, TableSelection};
