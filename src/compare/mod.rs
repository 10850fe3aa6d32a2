//! Comparing what two sides hold under their keys: stores, and whatever else can be a [`Side`].
//!
//! | module | holds |
//! |---|---|
//! | `comparison`, `rules`, `report`, `telling` | what is asked for, and what is told |
//! | `side`, `hdf5` | what is compared, as this module looks at it; files as that |
//! | `walk`, `nodes` | which nodes belong together, and what of them is compared |
//! | `attributes`, `fields` | attributes, objects |
//! | `arrays`, `blocks` | arrays in parts, by several threads |
//! | `elements`, `tally`, `tolerance` | elements in memory |

mod arrays;
mod attributes;
mod blocks;
mod comparison;
mod elements;
mod fields;
mod hdf5;
mod nodes;
mod report;
mod rules;
mod side;
mod tally;
mod telling;
mod tolerance;
mod walk;

pub use comparison::Comparison;
pub use report::{
    ComparisonProgress, ComparisonReport, Difference, Differing, ElementDifference, FieldDifference,
    FieldDifferences, Largest, ValueDifferences,
};
pub use side::Side;
pub(crate) use side::{AttributeValue, Hierarchy, Opened, Present};
