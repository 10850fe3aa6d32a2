//! HDF5 files.
//!
//! What is here knows the HDF5 File Format Specification and nothing of Zarr or of the store. The words are those of the
//! specification, and the numbers in the documentation (“IV.A.2.d”) are the sections of its version 3.0.

#[expect(dead_code, unused_imports, reason = "the import reads files by it")]
pub mod read;
mod write;

pub use write::{
    Attribute, ChunkedWriter, Chunking, Compound, DatasetWriter, Datatype, Described, Filter, Group,
    MAX_MESSAGE, Member, Object, Place, Writer,
};
