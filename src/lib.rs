//! A store for the results of scientific calculations.

mod datastore;
mod error;
mod export;
mod hdf5;
pub mod key;
mod nodes;
mod object;
mod progress;
mod storage;
mod values;
mod zarr;

pub use datastore::{CalculationEntry, CheckReport, DataStore, Fault, Keys, Options, StoredSize};
pub use error::{Error, ErrorKind, Result};
pub use export::{ExportProgress, ExportReport, Half, Hdf5Export, LeftOut};
pub use nodes::{Attributes, Layout, Node, NodeKind};
pub use progress::Continue;
pub use storage::Durability;
pub use values::{
    AnyArray, ArrayContent, Bytes, Content, DataType, Element, Elements, Get, Object, OwnedElement, Put,
    Source, Stored, Table, Value,
};
pub use zarr::Status;
