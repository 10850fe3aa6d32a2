//! What stands under a key, without its elements: kinds, shapes, attributes.

mod attributes;
mod node;

pub use attributes::Attributes;
pub(crate) use attributes::typed_attribute;
pub use node::{Layout, Node, NodeKind};
