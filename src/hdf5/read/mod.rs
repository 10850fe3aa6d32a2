//! Decodes HDF5 files, whoever wrote them and whatever was done to them since.
//!
//! Nothing in a file is believed: every address and length is held against the size of the file, every count against the
//! bytes that it would take, and whatever refers to itself is met with a bound. What is damaged is `Corrupt`, what is not
//! known here `Unsupported`, and both are errors of one object: its siblings are read.
//!
//! # Tiers
//!
//! [`Input`](input::Input) gives the bytes at an address and [`Cursor`](cursor::Cursor) the fields in them; the decoders
//! of one structure each; [`File`], which finds objects, their links and attributes; what reads the elements of datasets
//! chunk by chunk.
//!
//! ```text
//! File ── object(address) ─▶ Object ─┬─ links() ─────▶ Found<Link> ── Target::Hard(address), Soft(path), …
//!                                    ├─ attributes() ▶ Found<Attribute>   name, type, dataspace, bytes
//!                                    └─ dataset() ───▶ DatasetHeader      type, dataspace, layout, filters, fill value
//! ```
//!
//! Objects are opened by their addresses. So a name need not be UTF-8: what is not is shown as U+FFFD, and the object opens
//! all the same. An object that is met twice has the same address, and whoever walks a file ends its cycles by that.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod budget;
mod cached_file;
mod checksum;
mod cursor;
mod datatype;
mod doubling_table;
mod elements;
mod file;
mod found;
mod fractal_heap;
mod global_heap;
mod input;
mod layout;
mod links;
mod messages;
mod object;
mod object_header;
mod selection;
mod shared_message;
mod superblock;
#[cfg(test)]
mod tests;
mod tree2;

#[cfg(test)]
use self::{
    datatype::{ByteOrder, Float, Padding},
    found::Found,
    input::Input,
    layout::{ExternalFile, Filter},
};

pub use cached_file::CachedFile;
pub use datatype::{MemberType, ReferenceKind, Type};
pub use elements::{Block, DatasetReader, Elsewhere, Neighbours, Values, values};
pub use file::File;
pub use input::Source;
pub use layout::{Dataspace, Layout};
pub use links::{Link, Target};
pub use messages::attribute::Attribute;
pub use object::{DatasetHeader, Object, ObjectKind};
