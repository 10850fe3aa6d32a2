//! The messages of object headers that say what a dataset or an attribute is, one decoder each (IV.A.2).

pub(super) mod attribute;
pub(super) mod data_layout;
pub(super) mod dataspace;
pub(super) mod datatype;
mod external_files;
pub(super) mod fill_value;
pub(super) mod filter_pipeline;
mod selection;
mod virtual_mapping;
