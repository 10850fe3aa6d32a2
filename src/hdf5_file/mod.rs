//! HDF5 files as what they are in a store: kinds, types, names, attributes. An import and whoever reads a file where it lies
//! see the same.
//!
//! # Tiers
//!
//! `arrays` makes arrays of what the decoder gives, `types` says of which types it can; `attributes` and `found` say what an
//! object is, `form` what a dataset is as an array and `columns` as a table; [`Hdf5File`] is what a user opens.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

mod arrays;
mod attributes;
mod columns;
mod describe;
mod elements;
mod file;
mod form;
mod found;
mod links;
mod listing;
mod lists;
mod lookup;
mod met;
mod names;
mod objects;
mod open;
mod opened;
mod reading;
mod scales;
mod stored;
mod types;

pub use file::Hdf5File;
pub use reading::NotImported;
pub(crate) use {
    arrays::{Made, restored},
    attributes::{Described, Incoming, members},
    columns::{GroupColumn, Part, attributes_of_columns, extent, parts_of_group, types_of_group},
    elements::Written,
    form::{Form, array_of_values, notes, trimmed},
    found::{Found, recognise},
    links::{elsewhere, is_taken, member, not_allowed, user_defined},
    lists::List,
    met::{Identity, Met},
    names::{Paths, below, component},
    open::open,
    opened::{Opened, element_weight, inner, lengths, weight},
    reading::{Place, Reading},
};
