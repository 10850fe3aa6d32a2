//! Tables: rows of a Rust type, schemas, selections, conditions, appending.

mod appending;
#[cfg(feature = "arrow")]
mod arrow;
mod rows;
mod selections;
