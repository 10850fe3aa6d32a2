//! The integration tests, one module for each topic.

mod dictionary;
mod errors;
mod layering;
mod manifest;
mod matrix;
mod model;
mod oracle;
