//! The integration tests, one module for each topic.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::format_collect,
    clippy::needless_pass_by_value,
    reason = "a test that panics is a test that fails, and its numbers are chosen"
)]

mod cli;
mod compare;
mod corpus;
mod damage;
mod datasets;
mod deletion;
mod dictionary;
mod documents;
mod errors;
mod export;
mod foreign;
mod forks;
mod format_spec;
mod fuzz_replay;
mod groups;
mod hostile;
mod import;
mod input_files;
mod labels;
mod layering;
mod main_job;
mod manifest;
mod matrix;
mod oracle;
mod packs;
mod parents;
mod processes;
mod program;
mod repack;
mod sizes;
mod tables;
