//! Where the elements of a dataset are.

use std::sync::Arc;

use super::selection::Selection;

/// The extent of a dataset or attribute (IV.A.2.b).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dataspace {
    /// No element at all.
    Null,
    /// `[]` for a scalar. `maximum` has a `None` for each axis that may grow without end.
    Simple { shape: Vec<u64>, maximum: Vec<Option<u64>> },
}

/// Where elements are (IV.A.2.i).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In the header itself.
    Compact(Vec<u8>),
    /// In one run; nowhere as long as nothing was written.
    Contiguous { address: Option<u64>, size: u64 },
    /// In chunks of one shape, which may reach beyond that of the dataset.
    /// `has_plain_edges` says that chunks which reach beyond the shape were not filtered (version 4, flag 0).
    Chunked { chunk: Vec<u64>, index: ChunkIndex, has_plain_edges: bool },
    /// In other files (IV.A.2.h), one run each.
    External(Vec<ExternalFile>),
    /// In other datasets, mostly of other files.
    Virtual { mappings: Vec<Mapping> },
}

/// How chunks are found (VII.A).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkIndex {
    /// Version 1 B-tree.
    Tree1 {
        address: Option<u64>,
    },
    /// There is one only; where it is filtered, its stored size and the mask of skipped filters.
    Single {
        address: Option<u64>,
        filtered: Option<(u64, u32)>,
    },
    /// All chunks side by side, unfiltered.
    Implicit {
        address: Option<u64>,
    },
    FixedArray {
        address: Option<u64>,
        page_bits: u8,
    },
    ExtensibleArray {
        address: Option<u64>,
        parameters: ExtensibleArray,
    },
    /// Version 2 B-tree.
    Tree2 {
        address: Option<u64>,
    },
}

/// What the layout message says of an extensible array; its header says it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensibleArray {
    pub max_bits: u8,
    pub index_elements: u8,
    pub min_pointers: u8,
    pub min_elements: u8,
    pub page_bits: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalFile {
    pub name: String,
    pub offset: u64,
    /// `None`: as much as there is.
    pub size: Option<u64>,
}

/// Where a virtual dataset has some of its elements from: those that `source` selects, in row-major order, are those that
/// `target` does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The file of the source: `.` for the same. Many mappings may share it.
    pub file: Arc<str>,
    pub dataset: Arc<str>,
    pub source: Selection,
    pub target: Selection,
}

/// One step of the pipeline that chunks go through when they are written (IV.A.2.l).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub id: u16,
    pub name: Option<String>,
    pub is_optional: bool,
    pub parameters: Vec<u32>,
}

/// What elements are that were never written; nothing where that is not defined.
pub type FillValue = Option<Vec<u8>>;
