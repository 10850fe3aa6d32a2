//! What inputs are taken for, by the targets that open no file and by those that do.

pub mod chains;
pub mod conditions;
pub mod document;
pub mod input;
pub mod schema;
pub mod taken;

pub use input::Input;
