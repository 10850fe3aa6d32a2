//! Files of other formats as values of a store.
//!
//! # Tiers
//!
//! `datasets` and `tables` put what one object holds into the store; `walk` goes through a file, and [`Hdf5Import`] is what
//! a user plans. What the objects of a file are is `hdf5_file`'s to say.

mod blocks;
mod datasets;
mod external;
mod finish;
mod hdf5;
mod lists;
mod report;
mod scope;
mod tables;
mod walk;

pub use hdf5::Hdf5Import;
pub use report::{Converted, ImportProgress, ImportReport, Renamed};
