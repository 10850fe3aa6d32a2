//! Selections of parts of arrays, and where their elements lie in chunks. Pure geometry: no file is touched.

mod along;
mod boxes;
mod chunks;
mod convert;
mod copy;
mod resolve;
mod select;
mod text;

#[cfg(test)]
mod tests;

pub use along::{Along, Ellipsis};
pub use convert::IntoSelection;
pub use select::Selection;

pub(crate) use {
    boxes::Boxed,
    chunks::{Chunks, Part},
    copy::Run,
    resolve::Resolved,
};
