//! How values get onto the disk, whole or not at all, and off it again.
//!
//! - `files`: the one interface to the file system; nothing else calls it. In it: `unix` and `windows`, what each does;
//!   `beneath`: paths that lead nowhere else; `descriptor`, `xattr`; `zipped`: the files in a zip file.
//! - `lock`, `trust`, `fork`: the one place that locks; file systems without locks; forked processes.
//! - `stage`, `staging`, `node_write`, `array_write`, `array_options`: where a value is written before anybody can see
//!   it.
//! - `threads`: for what is done while locks are held.
//! - `commit`, `groups`, `known_groups`, `attributes`: the renames that make it visible, replace it, remove it.
//! - `array_update`, `table_update`: changing an array in place: parts, rows at its end, its shape; a table's rows.
//! - `draft`, `copy`, `rename`: whole groups that appear, or change places, in one step; `pack`, `packed`, `unpack`: all of them as one file;
//!   `chunk_files`: what both copy.
//! - `displaced`: replacing files of a live value, with a way back; `renames`: what not every file system can do.
//! - `flush`, `dirty`: what survives a power cut, and the markers of what may not.
//! - `intent`: replacing where two renames are needed.
//! - `recover`, `recovered`, `older`: putting right what a power cut has torn.
//! - `read`, `handle`, `array_read`, `chunk_read`, `chunk_by_chunk`, `table_read`, `columns`, `list`, `size`: reading without
//!   a lock, and noticing that something changed meanwhile; `elements`: what was read.
//! - `sweep`, `litter`, `remove`: removing what is left over; `partial`: files beside a store while they are written.
//! - `check`, `look`, `look_groups`, `internals`, `dimensions`, `finding`: finding what is damaged or does not fit.
//! - `repair`, `lost`: mending that, or setting it aside.
//! - `calculations`, `next_id`, `delete`: the directories `calc_<ID>`; `root`: a store's topmost group; `parent`: the way
//!   from one to another.

mod access;
mod array_options;
mod array_read;
mod array_update;
mod array_write;
mod attributes;
mod calculations;
mod check;
mod chunk_by_chunk;
mod chunk_files;
mod chunk_read;
mod columns;
mod commit;
mod copy;
mod delete;
mod dimensions;
mod dirty;
mod displaced;
mod document;
mod draft;
mod elements;
mod files;
mod finding;
mod flush;
mod fork;
mod groups;
mod handle;
mod intent;
mod internals;
mod known_groups;
mod list;
mod litter;
mod lock;
mod locking;
mod look;
mod look_groups;
mod lost;
mod next_id;
mod node_write;
mod older;
mod pack;
mod packed;
mod parent;
mod partial;
mod read;
mod recover;
mod recovered;
mod remove;
mod rename;
mod renames;
mod repack;
mod repair;
mod root;
mod size;
mod stage;
mod staging;
mod store;
mod sweep;
mod table_read;
mod table_update;
#[cfg(test)]
mod tests;
mod threads;
mod trust;
mod unpack;

pub(crate) use access::Access;
pub use access::Durability;
pub(crate) use array_options::{ArrayOptions, Shards};
pub(crate) use array_update::{Change, Visible, replaced, rows_of};
pub(crate) use calculations::{Calculation, DataDirectory, id_of};
pub(crate) use check::Checked;
pub(crate) use chunk_read::ArrayReader;
pub(crate) use columns::Column;
pub(crate) use commit::Existing;
pub use copy::Copied;
pub(crate) use delete::Allowed;
pub(crate) use document::Document;
pub(crate) use draft::Draft;
pub(crate) use files::{AsFd, Files, Handle, Os, Output, Rename, Zipped};
pub use finding::{Finding, FindingKind, Remedy, Repaired};
pub(crate) use fork::{beside, in_parallel};
pub(crate) use handle::OpenNode;
pub(crate) use pack::Zip;
pub(crate) use partial::Partial;
pub(crate) use read::{Snapshot, is_nothing};
pub use recovered::{Outcome, Recovered};
pub(crate) use repack::NewLayout;
pub(crate) use size::Footprint;
pub(crate) use stage::random_id;
pub(crate) use store::Store;
pub(crate) use sweep::Collection;
pub use sweep::{Leftover, LeftoverKind};
pub(crate) use table_read::TableSnapshot;
pub use trust::LockPolicy;
