//! Files of other formats as values of a store.
//!
//! # Tiers
//!
//! `arrays` makes arrays of what the decoder gives, `types` says of which types it can; `attributes`, `datasets` and `tables`
//! put what one object holds into the store; `walk` goes through a file, and [`Hdf5Import`] is what a user plans.

mod arrays;
mod attributes;
mod blocks;
mod datasets;
mod external;
mod hdf5;
mod names;
mod objects;
mod opened;
mod report;
mod scales;
mod scope;
mod tables;
mod types;
mod walk;

pub use hdf5::Hdf5Import;
pub use report::{ImportProgress, ImportReport, NotImported, Renamed};
