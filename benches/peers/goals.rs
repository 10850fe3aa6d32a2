//! What is to be reached, as ratios of figures in one run: ours to theirs.

use serde::Serialize;

use crate::measured::Measured;
use crate::party::CPU;

/// A figure of a party is at most so many times that of another one.
struct Goal {
    place: &'static str,
    workload: &'static str,
    ours: (&'static str, &'static str),
    /// Nobody: then the figure itself is meant.
    theirs: (&'static str, &'static str),
    at_most: f64,
}

#[derive(Serialize)]
pub struct Judged {
    pub place: &'static str,
    pub workload: &'static str,
    pub ours: String,
    pub theirs: String,
    pub at_most: f64,
    pub figure: f64,
    /// The same by the time of the processors, which others that use the machine lengthen less.
    pub by_processor: Option<f64>,
    pub met: bool,
}

const DISK: &str = "disk";
const MEMORY: &str = "memory";
const BOTH: [&str; 2] = [DISK, MEMORY];

/// `PARTY.PHASE` on both sides.
fn goals() -> Vec<Goal> {
    let mut goals = Vec::new();
    let mut workload = "";
    for line in GOALS.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some(name) = line.strip_suffix(':') {
            workload = name;
            continue;
        }
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [places, at_most, ours, theirs] = fields[..] else { continue };
        let side = |side: &'static str| side.rsplit_once('.').unwrap_or((side, ""));
        for place in BOTH.into_iter().filter(|place| places == "both" || places == *place) {
            let at_most = at_most.parse().unwrap_or(f64::NAN);
            goals.push(Goal { place, workload, ours: side(ours), theirs: side(theirs), at_most });
        }
    }
    goals
}

/// Where | at most | ours: party and phase | theirs. Packed values are compared at the same size or less: our level 3 makes
/// fewer bytes than theirs at 5.
const GOALS: &str = "
curves:
    memory | 0.2  | calcstore, 1 thread.write    | h5py.write
    disk   | 0.55 | calcstore, 1 thread.write    | h5py.write
    disk   | 0.35 | calcstore, all threads.write | h5py.write
    disk   | 1.15 | calcstore, 1 thread.write    | limit: bare calls.write
    memory | 1.3  | calcstore, 1 thread.write    | limit: bare calls.write
    both   | 1    | calcstore, 1 thread.names    | h5py.names
    both   | 0.15 | calcstore, 1 thread.shapes   | h5py.shapes
    both   | 0.25 | calcstore, 1 thread.read     | h5py.read
    both   | 0.6  | calcstore, 1 thread.read     | numpy files.read
saving:
    both   | 0.01 | calcstore, a table per set.write | SQLite, a row per value.write
    both   | 0.01 | calcstore, a table per set.write | PostgreSQL, INSERT a row per value.write
big:
    both   | 0.8  | calcstore.write | limit: write, read.write
    both   | 1    | calcstore.write | h5py, contiguous.write
    both   | 1    | calcstore.write | zarr-python.write
    both   | 1    | calcstore.write | tensorstore.write
    both   | 1    | calcstore.write | numpy.write
    both   | 0.9  | calcstore.into  | limit: write, read.into
    both   | 1    | calcstore.read  | h5py, contiguous.read
    both   | 1    | calcstore.read  | h5py.read
    both   | 1    | calcstore.read  | zarr-python.read
    both   | 1    | calcstore.read  | tensorstore.read
    both   | 1    | calcstore.read  | numpy.read
packed:
    both   | 1    | calcstore, blosc 3.bytes | zarr-python, blosc 5.bytes
    both   | 1    | calcstore, blosc 3.write | zarr-python, blosc 5.write
    both   | 1    | calcstore, blosc 3.read  | zarr-python, blosc 5.read
    both   | 1.2  | calcstore, blosc 3.write | tensorstore, blosc 5.write
    both   | 1.2  | calcstore, blosc 3.read  | tensorstore, blosc 5.read
    both   | 0.33 | calcstore, blosc 3.write | h5py, gzip 4.write
    both   | 0.33 | calcstore, blosc 3.read  | h5py, gzip 4.read
append:
    both   | 1    | calcstore, append.write   | h5py.write
    both   | 0.5  | calcstore, appender.write | h5py.write
    both   | 0.2  | calcstore, append.write   | zarr-python, a chunk per batch.write
    both   | 0.2  | calcstore, appender.write | zarr-python, a chunk per batch.write
tables:
    both   | 1    | calcstore, 1 thread.write | h5py, compounds.write
    both   | 1    | calcstore, 1 thread.read  | h5py, compounds.read
wide-table:
    both   | 1    | calcstore.write | h5py, a compound.write
    both   | 1    | calcstore.read  | h5py, a compound.read
blocks:
    both   | 1.1  | calcstore.read | numpy memmap.read
    both   | 1    | calcstore.read | h5py.read
    both   | 1    | calcstore.read | zarr-python.read
    both   | 1    | calcstore.read | tensorstore.read
rows:
    both   | 1    | calcstore.read                | zarr-python, crc32c.read
    both   | 1    | calcstore.read                | tensorstore, crc32c.read
    both   | 3    | calcstore, verify(false).read | limit: pread.read
objects:
    both   | 3    | calcstore, 1 thread.write | pickle files.write
    both   | 1    | calcstore, 1 thread.read  | pickle files.read
ids:
    both   | 1.5  | calcstore.1  | limit: mkdir.1
    both   | 1.5  | calcstore.8  | limit: mkdir.8
    both   | 1.5  | calcstore.64 | limit: mkdir.64
export-big:
    both   | 1.2  | calcstore.run | limit: cp.run
    disk   | 1.2  | calcstore.run | limit: cp, fsync.run
    both   | 32   | calcstore.MiB |
export-curves:
    both   | 0.2  | calcstore.run | h5py, copy.run
    both   | 32   | calcstore.MiB |
import:
    both   | 1    | calcstore.run | h5py, copy.run
program:
    disk   | 0.005 | calcstore.version |
    disk   | 0.1   | calcstore.names   |
    disk   | 0.25  | calcstore.shapes  |
durable-value:
    disk   | 1.15 | calcstore, flush.write | limit: write, fsync.write
    disk   | 1.15 | calcstore, Power.write | limit: write, fsync.write
durable-values:
    disk   | 1.3  | calcstore, flush.write          | limit: bare calls, syncfs.write
    disk   | 1.3  | calcstore, a draft, Power.write | limit: bare calls, syncfs.write
";

/// Those of which both sides were measured.
pub fn judge(measured: &Measured) -> Vec<Judged> {
    let judged = |goal: Goal| {
        let Goal { place, workload, ours, theirs, at_most } = goal;
        let our_row = measured.row(place, workload, ours.0)?;
        let cpu = |phase| format!("{phase}{CPU}");
        let (figure, by_processor) = match theirs.0 {
            "" => (our_row.median(ours.1)?, None),
            name => {
                let their_row = measured.row(place, workload, name)?;
                let by_processor = our_row.ratio(&cpu(ours.1), their_row, &cpu(theirs.1));
                (our_row.ratio(ours.1, their_row, theirs.1)?, by_processor)
            }
        };
        let shown = |(party, phase): (&str, &str)| format!("{party}: {phase}");
        let theirs = if theirs.0.is_empty() { String::new() } else { shown(theirs) };
        let (ours, met) = (shown(ours), figure <= at_most);
        Some(Judged { place, workload, ours, theirs, at_most, figure, by_processor, met })
    };
    goals().into_iter().filter_map(judged).collect()
}
