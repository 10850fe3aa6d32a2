//! One module for each verb: what may be typed after it, and what it does.

pub mod attrs;
pub mod calcs;
pub mod cat;
pub mod check;
pub mod completions;
pub mod diff;
pub mod export;
pub mod import;
pub mod ls;
pub mod man;
pub mod new;
pub mod pack;
pub mod path;
pub mod put;
pub mod rm;
pub mod show;
pub mod stat;
pub mod tree;
pub mod unpack;
