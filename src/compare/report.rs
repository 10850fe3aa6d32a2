//! What a comparison tells, while it goes on and at its end.

use serde_json::Value as Json;

use crate::nodes::NodeKind;

/// How far a comparison has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComparisonProgress {
    /// The pairs of nodes that were compared.
    pub nodes: u64,
    /// The bytes of elements that were compared, of the left side.
    pub bytes: u64,
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ComparisonReport {
    /// The pairs of nodes that were compared; each column of a table is one too.
    pub nodes: u64,
    /// The bytes of elements that were compared, of the left side.
    pub bytes: u64,
    /// What differs, in the order of the keys, each group before what is in it.
    pub differing: Vec<Differing>,
}

impl ComparisonReport {
    /// Tells whether nothing differs. What could not be compared is not equal.
    pub fn is_equal(&self) -> bool {
        self.differing.is_empty()
    }

    /// Tells whether everything could be compared.
    pub fn is_complete(&self) -> bool {
        let mut all = self.differing.iter().flat_map(|differing| &differing.differences);
        !all.any(|difference| matches!(difference, Difference::NotCompared { .. }))
    }
}

/// A pair of nodes that differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Differing {
    /// The key on the left side, from the root. A column of a table has a key of its own, below the table's.
    pub left: String,
    /// The key on the right side.
    pub right: String,
    /// How they differ.
    pub differences: Vec<Difference>,
}

/// One way in which two nodes differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Difference {
    /// Only the left side has it.
    OnlyLeft,
    /// Only the right side has it.
    OnlyRight,
    /// One is a group, the other a dataset, or the like.
    Kind {
        /// The kind on the left.
        left: NodeKind,
        /// The kind on the right.
        right: NodeKind,
    },
    /// The types of the elements differ, or the names of the Rust types of two objects.
    Type {
        /// The type on the left.
        left: String,
        /// The type on the right.
        right: String,
    },
    /// The shapes differ. Then the elements are not compared.
    Shape {
        /// The shape on the left.
        left: Vec<u64>,
        /// The shape on the right.
        right: Vec<u64>,
    },
    /// Two tables have not as many rows. Those that both have are compared.
    Rows {
        /// The number of rows on the left.
        left: u64,
        /// The number of rows on the right.
        right: u64,
    },
    /// The names of the axes differ.
    DimensionNames {
        /// The names on the left.
        left: Vec<Option<String>>,
        /// The names on the right.
        right: Vec<Option<String>>,
    },
    /// An attribute differs, or only one of the two has it.
    Attribute {
        /// Its name.
        name: String,
        /// What it is on the left.
        left: Option<Json>,
        /// What it is on the right.
        right: Option<Json>,
    },
    /// An attribute has another type, whatever its value is.
    AttributeType {
        /// Its name.
        name: String,
        /// The type on the left, with its shape.
        left: String,
        /// The type on the right.
        right: String,
    },
    /// Elements differ.
    Values(ValueDifferences),
    /// Fields of an object differ.
    Fields(FieldDifferences),
    /// The two could not be compared, because one of them cannot be read.
    NotCompared {
        /// Why.
        why: String,
    },
}

/// The elements in which two arrays differ.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ValueDifferences {
    /// How many differ.
    pub differing: u64,
    /// How many were compared.
    pub of: u64,
    /// The largest `|a − b|` of those that differ and whose difference is finite.
    pub largest_absolute: Option<Largest>,
    /// The largest `|a − b| / |b|` of those that differ, where that is finite.
    pub largest_relative: Option<Largest>,
    /// The first of them in C order, as many as were asked for.
    pub first: Vec<ElementDifference>,
}

/// The largest difference, and where it is.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Largest {
    /// How large it is.
    pub difference: f64,
    /// The index of the element along each axis; of several the first in C order.
    pub index: Vec<u64>,
}

/// An element that differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ElementDifference {
    /// Its index along each axis.
    pub index: Vec<u64>,
    /// The element on the left, as [`AnyArray::to_json`](crate::AnyArray::to_json) writes it.
    pub left: Json,
    /// The element on the right.
    pub right: Json,
}

/// The fields in which two objects differ.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FieldDifferences {
    /// How many differ.
    pub differing: u64,
    /// The first of them, as many as were asked for, and one at least.
    pub first: Vec<FieldDifference>,
}

/// A field of an object that differs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// The way to it, as `jq` writes it: `.sites[3].lon`; `.` is the whole object.
    pub path: String,
    /// What it is on the left.
    pub left: Option<Json>,
    /// What it is on the right.
    pub right: Option<Json>,
}
