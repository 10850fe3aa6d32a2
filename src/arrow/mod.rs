//! Tables from and to Arrow.

mod from_batch;
mod into_batch;

/// The key in a field's metadata that says which data type a column has, where Arrow has none for it.
const DATA_TYPE: &str = "calcstore:data_type";
