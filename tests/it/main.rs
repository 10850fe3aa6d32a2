//! The integration tests, one module for each topic.

mod dictionary;
mod layering;
mod manifest;
mod matrix;
mod model;
mod oracle;
