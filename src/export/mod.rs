//! Copies of a store in other formats: the one place where Zarr and HDF5 meet.

mod attributes;
mod elements;
mod hdf5;
mod walk;

pub use elements::Half;
pub use hdf5::{ExportProgress, ExportReport, Hdf5Export, LeftOut};
