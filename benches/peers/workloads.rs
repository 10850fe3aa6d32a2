//! What is measured, and who takes part.

use crate::party::{Party, Task};
use crate::{Outcome, append, curves, durable, hdf5, ids, large, objects, program, saving, slices, tables};

pub struct Workload {
    pub name: &'static str,
    pub what: &'static str,
    /// How many arrays, rows, … at scale 1, and how many at least.
    pub count: (usize, usize),
    /// Puts what everyone gets into the directory `given`, and says the sum of what is to be read.
    pub prepare: fn(&Task) -> Outcome<f64>,
    /// The first is the one that the others are compared with.
    pub parties: &'static [&'static [Party]],
    pub files: Files,
    pub only_on_disk: bool,
}

/// What becomes of the files of a round.
#[derive(Clone, Copy, PartialEq)]
pub enum Files {
    /// Those on the disk stay as they are until all is measured.
    Kept,
    /// So much would not fit several times. Those on the disk are emptied.
    Removed,
    /// They are made in the first round, and only read from then on.
    Reused,
}

const fn workload(
    name: &'static str,
    what: &'static str,
    count: (usize, usize),
    prepare: fn(&Task) -> Outcome<f64>,
    parties: &'static [&'static [Party]],
    files: Files,
) -> Workload {
    Workload { name, what, count, prepare, parties, files, only_on_disk: false }
}

const fn on_disk(
    name: &'static str,
    what: &'static str,
    count: (usize, usize),
    prepare: fn(&Task) -> Outcome<f64>,
    parties: &'static [&'static [Party]],
    files: Files,
) -> Workload {
    Workload { name, what, count, prepare, parties, files, only_on_disk: true }
}

use Files::{Kept, Removed, Reused};

pub static WORKLOADS: &[Workload] = &[
    workload(
        "curves",
        "arrays of 100 x 20 f64 in groups of 100: written, listed by name and with shape and type, read",
        (10_000, 200),
        curves::prepare,
        &[curves::PARTIES],
        Kept,
    ),
    workload(
        "big",
        "one array of so many rows of 1,024 f64 in chunks of 1 MiB, written and read; `into` memory that is there already",
        (131_072, 2048),
        large::prepare,
        &[large::PARTIES, large::WHOLE],
        Removed,
    ),
    workload(
        "small-chunks",
        "a quarter of that in chunks of 64 KiB",
        (32_768, 2048),
        large::prepare,
        &[large::PARTIES],
        Removed,
    ),
    workload(
        "packed",
        "the same, compressed, in chunks of 1 MiB",
        (32_768, 2048),
        large::prepare,
        &[large::PACKED],
        Removed,
    ),
    workload(
        "append",
        "batches of 10,000 x 4 f32, appended one by one, then read whole",
        (1000, 20),
        append::prepare,
        &[append::PARTIES],
        Removed,
    ),
    workload(
        "tables",
        "tables of 3 columns of 100 x 20 f64: written, read",
        (10_000, 200),
        tables::prepare,
        &[tables::PARTIES],
        Kept,
    ),
    workload(
        "wide-table",
        "one table of 64 columns of so many f64: written, read",
        (131_072, 4096),
        tables::prepare_wide,
        &[tables::WIDE],
        Removed,
    ),
    workload(
        "slices",
        "1,000 blocks of 100 rows anywhere in so many rows of 1,024 f64, in chunks of 128 rows",
        (131_072, 4096),
        large::prepare_slices,
        &[slices::PARTIES, slices::PLAIN],
        Reused,
    ),
    workload(
        "blocks",
        "the same of 512 rows, 4 whole chunks",
        (131_072, 4096),
        large::prepare_slices,
        &[slices::PARTIES, slices::PLAIN],
        Reused,
    ),
    workload(
        "rows",
        "10,000 single rows of the same, in chunks of 8 rows",
        (131_072, 4096),
        large::prepare_slices,
        &[slices::PARTIES, slices::VERIFIED],
        Reused,
    ),
    workload(
        "objects",
        "structs of a dozen fields, one nested and one a list of 20 f64: written, read",
        (10_000, 200),
        objects::prepare,
        &[objects::PARTIES],
        Kept,
    ),
    workload(
        "export-curves",
        "the store of curves to one HDF5 file",
        (10_000, 200),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    on_disk(
        "export-datasets",
        "scalars in groups of 1,000 to one HDF5 file",
        (100_000, 2000),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    on_disk(
        "export-group",
        "scalars in one group to one HDF5 file",
        (50_000, 2000),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    workload(
        "export-big",
        "one array of so many rows of 1,024 f64 to one HDF5 file",
        (131_072, 2048),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    on_disk(
        "export-chunks",
        "one array of so many chunks of 8 f64 to one HDF5 file",
        (1_000_000, 2000),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    on_disk(
        "export-gzip",
        "one array of so many rows of 1,024 f64, in chunks of gzip, to one HDF5 file",
        (32_768, 2048),
        hdf5::prepare,
        &[hdf5::EXPORTS],
        Removed,
    ),
    workload(
        "import",
        "an HDF5 file of a calculation: so many ground-motion values and curves in datasets, compounds and text",
        (1_000_000, 10_000),
        hdf5::prepare,
        &[hdf5::IMPORTS],
        Removed,
    ),
    on_disk(
        "import-curves",
        "an HDF5 file of curves",
        (10_000, 200),
        hdf5::prepare,
        &[hdf5::IMPORTS],
        Removed,
    ),
    workload(
        "ids",
        "so many calculations made by 1, 8 and 64 processes together",
        (1000, 64),
        ids::prepare,
        &[ids::PARTIES],
        Kept,
    ),
    on_disk(
        "program",
        "the program: `--version`, `ls -r` and `ls -lr` of a store of curves",
        (10_000, 200),
        hdf5::prepare,
        &[program::PARTIES],
        Kept,
    ),
    on_disk(
        "durable-value",
        "one value of so many rows of 1,024 f64, on the disk",
        (10_240, 1024),
        large::prepare,
        &[durable::VALUE],
        Kept,
    ),
    on_disk(
        "durable-values",
        "arrays of 100 x 20 f64, on the disk together",
        (10_000, 200),
        curves::prepare,
        &[durable::VALUES],
        Kept,
    ),
    workload(
        "saving",
        "3 measures of 20 levels at so many sites in 6 sets of hazard curves, on the disk",
        (1000, 100),
        saving::prepare,
        &[saving::PARTIES],
        Kept,
    ),
];

pub fn names() -> Vec<&'static str> {
    WORKLOADS.iter().map(|workload| workload.name).collect()
}

pub fn find(name: &str) -> Option<&'static Workload> {
    WORKLOADS.iter().find(|workload| workload.name == name)
}
