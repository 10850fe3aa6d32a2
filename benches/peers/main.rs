//! Every workload for calcstore, for the programs that one would use instead, and for the limit: what the same bytes take
//! without any format. The parties take turns, on a disk and in memory; medians and ratios are the result.
//!
//! ```text
//! cargo bench --bench peers -- [WORKLOAD…] [--quick] [--scale S] [--rounds N] [--disk DIRECTORY] [--memory DIRECTORY]
//!                              [--json FILE] [--svg FILE] [--document FILE]
//! ```
//!
//! Without a name all workloads are measured; those are named where one is not known. `--scale 1`, the default, is 10,000 arrays and
//! 1 GiB, and wants 40 GB on the disk and 4 GB in memory; `--quick` is a twentieth of it in three rounds. A directory that is called
//! `none` is left out. At the end stands each goal of [`goals`] with its figure. `--document docs/performance.md` puts the tables and the
//! goals into that document.
//!
//! Every party is a process of its own that gets its elements from a file and says the seconds of each phase; starting it is not
//! timed. Who takes more than ten seconds for a phase takes part in two rounds only. Everyone gets the same elements, and what was read has to have their sum. No file on the disk is removed before all is
//! measured, large ones are emptied: for minutes after many were removed, ext4 is slower for everybody. Nothing is flushed, but by the
//! parties that say so, and by an export, which is on the disk when it ends.
//!
//! `CALCSTORE_ORACLE_PYTHON` names a Python with h5py, zarr, tensorstore, netCDF4 and numpy (`. target/oracles/env` after
//! `tests/run`). Who is not there is named at the beginning.

use std::error::Error;

mod append;
mod bars;
mod curves;
#[path = "../common/document.rs"]
mod document;
mod durable;
mod given;
mod goals;
mod hdf5;
mod ids;
mod large;
mod markdown;
mod measured;
mod objects;
mod party;
#[path = "../common/picture.rs"]
mod picture;
mod postgresql;
mod program;
mod report;
mod run;
mod saving;
#[path = "../common/settings.rs"]
mod settings;
mod slices;
mod tables;
mod workloads;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((first, task)) if first == "--party" => party::take_part(task),
        Some((first, task)) if first == "--take-ids" => ids::take(task),
        _ => run::all(&settings::Settings::parse(arguments, &workloads::names())?),
    }
}
