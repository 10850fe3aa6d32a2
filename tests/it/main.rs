//! The integration tests, one module for each topic.

mod damage;
mod dictionary;
mod errors;
mod foreign;
mod layering;
mod manifest;
mod matrix;
mod model;
mod oracle;
