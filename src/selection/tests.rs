//! Selections, compared with ndarray and with numpy.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test that panics is a test that fails, and its numbers are small"
)]

mod errors;
mod geometry;
mod model;
mod numpy;
mod random;
