//! The elements of datasets.
//!
//! # Tiers
//!
//! `index` finds chunks and `filters` undoes what was done to one; `chunked` puts them where they belong, `region` and
//! `blocks` say where that is; [`DatasetReader`] reads whatever the layout is. What it gives are bytes as the file has
//! them; [`values()`] makes numbers, texts and lists of those.

mod blocks;
mod chunked;
mod convert;
mod filters;
mod floats;
mod grid;
mod index;
mod numbers;
mod reader;
mod region;
mod size;
mod strings;
mod values;

#[cfg(test)]
mod tests;

pub(super) use index::LastIndex;

pub use convert::values;
pub use reader::{Block, DatasetReader, Stored};
pub use values::Values;
#[cfg(test)]
use values::is_bool;
