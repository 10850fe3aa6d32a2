//! What the fuzz targets do with an input: plain functions, which `tests/it/fuzz_replay.rs` runs too, without a fuzzer.
//!
//! A body panics where a promise is broken. Files are made in the directory for temporary ones, which `fuzz/run` puts
//! into memory.

mod archive;
#[path = "../inputs/mod.rs"]
mod inputs;
mod scratch;

pub mod chunk;
pub mod condition;
pub mod export;
mod hdf5;
pub mod import;
pub mod internals;
pub mod key;
pub mod metadata;
pub mod object;
pub mod selection;
pub mod store;
pub mod zip;
