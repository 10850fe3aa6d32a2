//! HDF5 files.
//!
//! What is here knows the HDF5 File Format Specification and nothing of Zarr or of the store. The words are those of the
//! specification, and the numbers in the documentation (“IV.A.2.d”) are the sections of its version 3.0.

mod read;
mod write;

pub use read::{
    Attribute as StoredAttribute, Block, CachedFile, DatasetHeader, DatasetReader, Dataspace, Elsewhere,
    File, Layout, Link, MemberType, Neighbours, Object as StoredObject, ObjectKind, ReferenceKind, Source,
    Target, Type, Values, values,
};
pub use write::{
    Attribute, ChunkedWriter, Chunking, Compound, DatasetWriter, Datatype, Described, Filter, Group,
    MAX_MESSAGE, Member, Object, Place, Writer,
};
