//! The elements of datasets.
//!
//! # Tiers
//!
//! `index` finds chunks and `filters` undoes what was done to one; `chunked` puts them where they belong, `region` and
//! `blocks` say where that is; `external`, `mapped` and `sources` find what other files and datasets have.
//! [`DatasetReader`] reads whatever the layout is. What it gives are bytes as the file has them; [`values()`] makes numbers,
//! texts and lists of those.

mod blocks;
mod chunked;
mod convert;
mod elsewhere;
mod external;
mod filters;
mod floats;
mod grid;
mod index;
mod mapped;
mod numbers;
mod reader;
mod region;
mod size;
mod sources;
mod strings;
mod values;

#[cfg(test)]
mod tests;

pub(super) use index::LastIndex;

pub use convert::values;
pub use elsewhere::{Elsewhere, Neighbours};
#[cfg(test)]
use reader::Stored;
pub use reader::{Block, DatasetReader};
pub use values::Values;
#[cfg(test)]
use values::is_bool;
