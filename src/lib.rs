//! A store for the results of scientific calculations: a dictionary of arrays, tables and objects in a directory.
//!
//! The values are a plain Zarr v3 hierarchy, which zarr-python, xarray and others read; an export makes one HDF5
//! file of them. Threads and processes may write into one store at the same time. Everything is Rust: neither a C
//! compiler nor a C library is needed.
//!
//! ```
//! use calcstore::DataStore;
//! use ndarray::{Array2, array};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("results");
//! let store = DataStore::at(&path)?;
//! store.insert("/0/SadighEtAl1997", array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]])?;
//! store.attributes("/0/SadighEtAl1997")?.insert("units", "1")?;
//!
//! let curves: Array2<f64> = store.get("/0/SadighEtAl1997")?;
//! assert_eq!(curves[[1, 2]], 0.2);
//! assert_eq!(store.keys("/0")?.collect::<Vec<_>>(), ["SadighEtAl1997"]);
//! store.export_hdf5()?; // results/output.hdf5
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is where
//!
//! | to | see |
//! |---|---|
//! | make or open a store | [`DataStore::create`], [`open`](DataStore::open), [`at`](DataStore::at), [`Options`] |
//! | store and read values | [`insert`](DataStore::insert) takes a [`Put`], [`get`](DataStore::get) gives a [`Get`] |
//! | read what is not known beforehand | [`value`](DataStore::value) gives a [`Value`] |
//! | keep columns together | [`Table`], [`TableSchema`]; rows of one's own type by [`Table::from_rows`] |
//! | read a part of a table | [`table`](DataStore::table), [`TableSelection`], [`Column`] |
//! | keep types of one's own | [`insert_object`](DataStore::insert_object), [`object`](DataStore::object), [`object!`] |
//! | list and find | [`keys`](DataStore::keys), [`walk`](DataStore::walk), [`glob`](DataStore::glob), [`node`](DataStore::node) |
//! | let a whole group appear at once | [`draft`](DataStore::draft) gives a [`Draft`] |
//! | move and copy | [`rename`](DataStore::rename), [`copy`](DataStore::copy), [`copy_from`](DataStore::copy_from) |
//! | read by the labels of dimensions | [`NewDataset::coordinate`], [`Dataset::sel`] |
//! | say more about a value | [`attributes`](DataStore::attributes) |
//! | make an HDF5 file | [`export_hdf5`](DataStore::export_hdf5), [`Hdf5Export`] |
//! | read an HDF5 file into a store | [`hdf5_import`](DataStore::hdf5_import) plans an [`Hdf5Import`] |
//! | read an HDF5 file where it lies | [`Hdf5File::open`] |
//! | make one zip file of a calculation, and back | [`pack`](DataStore::pack), [`Options::unpack`] |
//! | store a value anew in other chunks | [`repack`](DataStore::repack) plans a [`Repack`] |
//! | survive a power cut | [`flush`](DataStore::flush), [`close`](DataStore::close), [`Durability`] |
//! | read on from another calculation | [`set_parent`](DataStore::set_parent), [`Options::parent`] |
//! | keep input files | [`store_files`](DataStore::store_files), [`extract_files`](DataStore::extract_files) |
//! | see what takes space | [`size`](DataStore::size), [`sizes`](DataStore::sizes) |
//! | free the space of what was removed, delete a calculation | [`gc`](DataStore::gc), [`Options::delete`] |
//! | see what differs between two calculations | [`compare`](DataStore::compare) plans a [`Comparison`] |
//! | find damage, and repair it | [`check`](DataStore::check), [`repair`](DataStore::repair) |
//! | make any text a name | [`key::escape_component`] |
//! | decide on an error | [`Error::kind`] |
//!
//! The [guide] translates code that uses h5py or `OpenQuake`'s `DataStore`.
//!
//! # Features
//!
//! `arrow` turns a [`Table`] into an Arrow record batch and back, by `TryFrom`.
//! `cli`, on by default, is the program `calcstore` and what it needs; `view`, also on by default, its viewer. A library
//! does without both:
//! `calcstore = { version = "0.1", default-features = false }`.
//!
//! # Format
//!
//! What is on disk is described in `format-spec/README.md` of the source, with example stores.

#[cfg(feature = "arrow")]
mod arrow;
mod compare;
mod datastore;
mod error;
mod export;
/// The fuzz targets that open no file; `fuzz/README.md` lists them.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
#[path = "../fuzz/formats/mod.rs"]
pub mod fuzzing;
mod hdf5;
mod hdf5_file;
mod import;
pub mod key;
mod nodes;
mod object;
mod progress;
mod selection;
mod storage;
mod system;
mod values;
mod zarr;
pub mod zip;

// The inputs of the fuzz targets are shared with those that use the crate from outside.
#[cfg(any(test, fuzzing))]
extern crate self as calcstore;

pub use compare::{
    Comparison, ComparisonProgress, ComparisonReport, Difference, Differing, ElementDifference,
    FieldDifference, FieldDifferences, Largest, Side, ValueDifferences,
};
pub use datastore::{
    CalculationEntry, CheckReport, CopyFrom, DataStore, Deletion, Draft, Gc, GcReport, Options, Overwrite,
    Pack, PackReport, Parent, Repack, RepairReport, StoredFile, Unpack,
};
pub use error::{Error, ErrorKind, Result};
pub use export::{ExportProgress, ExportReport, Half, Hdf5Compression, Hdf5Export, LeftOut, TablesAs};
pub use hdf5_file::{Hdf5File, NotImported};
pub use import::{Converted, Hdf5Import, ImportProgress, ImportReport, Renamed};
pub use nodes::{
    Appender, Attributes, Dataset, Keys, Label, LabelSelection, Labels, Layout, NewDataset, Node, NodeKind,
    Size, StoredTable, TableAppender, TableBlocks, TableSelection,
};
pub use progress::Continue;
pub use selection::{Along, Ellipsis, IntoSelection, Selection};
pub use storage::{
    Copied, Durability, Finding, FindingKind, Leftover, LeftoverKind, LockPolicy, Outcome, Recovered, Remedy,
    Repaired,
};
pub use values::{
    AnyArray, ArrayContent, Bytes, Column, ColumnSchema, Condition, Content, DataType, Element, Elements,
    Get, Object, OwnedElement, Put, Scalar, Source, Stored, Table, TableSchema, Value,
};
pub use zarr::{Compression, Status};

#[allow(clippy::doc_markdown, reason = "prose, which is read elsewhere too")]
#[doc = include_str!("../docs/for-h5py-and-openquake-users.md")]
pub mod guide {}

/// The code in the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
