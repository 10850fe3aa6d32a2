//! Copies of a store in other formats: the one place where Zarr and HDF5 meet.

mod ahead;
mod array;
mod attributes;
mod choices;
mod elements;
mod hdf5;
mod layout;
mod nexus;
mod origin;
mod report;
mod scales;
mod table;
mod target;
mod walk;

pub use choices::{Hdf5Compression, TablesAs};
pub use elements::Half;
pub use hdf5::Hdf5Export;
pub(crate) use origin::{OBJECT_BYTES, Origin};
pub use report::{ExportProgress, ExportReport, LeftOut};
pub(crate) use target::Target;
