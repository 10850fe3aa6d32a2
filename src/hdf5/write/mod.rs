//! Encodes structures as the bytes of an HDF5 file.
//!
//! It opens no file: it writes to anything that is [`Write`](std::io::Write) and [`Seek`](std::io::Seek).
//!
//! # Profile
//!
//! Only what HDF5 called *earliest* and every reader opens: superblock version 0, object headers version 1,
//! symbol-table groups, data layout version 3, chunks found by B-trees version 1, strings of variable length in global
//! heaps.
//! Where libhdf5 has a choice in this profile, a structure here is byte for byte the one that it writes.
//!
//! # Order
//!
//! Children first: a structure is encoded once, when every address in it is known.
//!
//! ```text
//! 0        96                                                                                       end
//! | zeros  | data, header of /a/x | data, header of /a/y | links, header of /a | … | links, header of / |
//! |   ^---- the superblock replaces them last of all, so that a file cut short is no HDF5 file
//! ```
//!
//! Some things are filled in later than they are placed: the open collection of the global heap and the references of a
//! dataset of strings, because strings lie between them; the nodes of a chunk index with more than one leaf, because each
//! says where the next is; the headers of dimension scales, which tell who refers to them. Their regions are reserved
//! and written by seeking; everything else is appended without a single seek. In memory are only the names and addresses
//! of open groups, one heap collection of at most 64 KiB, one node for each level of the open chunk index, and what the
//! caller hands over in one call.
//!
//! # Tiers
//!
//! Encoders of one structure each, without state ([`Datatype`], [`Attribute`] and the private modules);
//! [`Writer`] and [`DatasetWriter`], which keep the addresses; whoever maps values onto them.

mod address;
mod attribute;
mod chunk_index;
mod chunked;
mod dataset;
mod dataspace;
mod datatype;
mod filter;
mod global_heap;
mod group;
mod layout;
mod name;
mod object_header;
mod place;
mod sink;
mod superblock;
mod symbol_table;
mod writer;

#[cfg(test)]
mod tests;

pub use attribute::Attribute;
pub use chunked::{ChunkedWriter, Chunking};
pub use dataset::DatasetWriter;
pub use datatype::{Compound, Datatype, Member};
pub use filter::Filter;
pub use group::{Group, Object};
pub use object_header::MAX_MESSAGE;
pub use place::{Described, Place};
pub use writer::Writer;
