//! Copies of a store in other formats: the one place where Zarr and HDF5 meet.

mod attributes;
mod elements;
mod hdf5;
mod report;
mod walk;

pub use elements::Half;
pub use hdf5::Hdf5Export;
pub use report::{ExportProgress, ExportReport, LeftOut};
