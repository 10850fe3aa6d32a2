//! What stands under a key: kinds, shapes, attributes; and datasets that are read and changed in parts.

mod appender;
mod attributes;
mod coordinate;
mod dataset;
mod keys;
mod label_selection;
mod labels;
mod new_dataset;
mod node;
mod rows_at;
mod size;
mod table;

pub use appender::Appender;
pub use attributes::Attributes;
pub(crate) use attributes::{attribute_name_fault, noted_attribute, typed_attribute};
pub use dataset::Dataset;
pub use keys::Keys;
pub(crate) use keys::literal_group;
pub use label_selection::LabelSelection;
pub use labels::{Label, Labels};
pub use new_dataset::NewDataset;
pub use node::{Layout, Node, NodeKind};
pub(crate) use rows_at::rows_at;
pub use size::Size;
pub use table::{StoredTable, TableAppender, TableBlocks, TableSelection};
