//! Fuzz targets that open no file, and are a hundred times as fast for it: part of the crate where it is tested or fuzzed.
//!
//! A target panics where a promise is broken.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a target that panics has found something"
)]

#[path = "../inputs/mod.rs"]
mod inputs;

mod chunk;
mod condition;
mod metadata;
mod object;
mod selection;
#[cfg(test)]
mod tests;

pub use chunk::{blosc, chain, shard};
pub use condition::condition;
pub use metadata::metadata;
pub use object::object;
pub use selection::selection;
