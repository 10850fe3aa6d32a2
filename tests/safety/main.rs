//! What calcstore promises, put to the proof: kills, power cuts, full disks, hostile input, many processes.
//!
//! How often each is tried follows from `CALCSTORE_SCALE`; see [`scale`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::needless_pass_by_value,
    reason = "a test that panics is a test that fails, and its numbers are chosen"
)]

mod ancestors;
mod child;
#[cfg(unix)]
mod cuts;
#[cfg(unix)]
mod damaged;
#[cfg(unix)]
mod full_disk;
mod histories;
mod ids;
#[cfg(unix)]
mod injection;
#[cfg(unix)]
mod keys;
mod kills;
#[cfg(unix)]
mod limits;
#[cfg(unix)]
mod links;
mod model;
#[cfg(unix)]
mod mounts;
#[path = "../it/oracle.rs"]
#[allow(dead_code, reason = "not all oracles are asked here")]
mod oracle;
#[cfg(unix)]
mod places;
mod random;
mod readers;
mod scale;
#[cfg(unix)]
mod strace;
mod writer;
