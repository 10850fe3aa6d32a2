//! Parts of a large array.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use calcstore::DataStore;
use ndarray::{Array2, s};

use crate::Outcome;
use crate::given;
use crate::large::LEVELS;
use crate::party::{Party, Round, Task, python, us};

pub const PARTIES: &[Party] = &[
    us("calcstore", |task| calcstore(task, true)),
    us("calcstore, verify(false)", |task| calcstore(task, false)),
    us("calcstore, read_into", into),
    us("limit: pread", |task| bare(task, false)),
    us("limit: pread, crc32c", |task| bare(task, true)),
    python("h5py", "h5py"),
    python("numpy", "numpy memmap"),
];

pub const PLAIN: &[Party] = &[python("zarr", "zarr-python"), python("tensorstore", "tensorstore")];

/// With checksums, as ours.
pub const VERIFIED: &[Party] =
    &[python("zarr", "zarr-python, crc32c"), python("tensorstore", "tensorstore, crc32c")];

/// Of an array with fewer rows, fewer slices are read.
const ALL_ROWS: usize = 131_072;

/// So many slices of so many rows each are read, from chunks of so many rows.
#[derive(Clone, Copy)]
pub struct Slices {
    pub count: usize,
    pub rows: usize,
    pub chunk: usize,
    /// They begin at multiples of this.
    step: usize,
    last: usize,
}

impl Slices {
    pub fn of(workload: &str, rows_of_array: usize) -> Self {
        let (count, rows, chunk, step) = match workload {
            "rows" => (10_000, 1, 8, 1),
            "blocks" => (250, 512, 128, 128),
            _ => (1000, 100, 128, 1),
        };
        let count = (count * rows_of_array / ALL_ROWS).max(50);
        Self { count, rows, chunk, step, last: (rows_of_array - rows) / step }
    }

    pub fn starts(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |n| n * 7919 % self.last * self.step)
    }
}

/// Makes the dataset in the first round.
fn made(task: &Task, slices: Slices) -> Outcome<DataStore> {
    if !task.place.exists() {
        let array = given::read_rows(&task.given, LEVELS)?;
        DataStore::at(&task.place)?.new_dataset("a").chunks([slices.chunk as u64, 1024]).insert(&array)?;
    }
    Ok(DataStore::options().read_only(true).at(&task.place)?)
}

fn calcstore(task: &Task, verify: bool) -> Outcome<Round> {
    let slices = Slices::of(&task.workload, task.count);
    let (store, mut round) = (made(task, slices)?, Round::default());
    let blocks: Vec<Array2<f64>> = round.time("read", || {
        let dataset = store.dataset("a")?.verify(verify);
        Ok(slices.starts().map(|at| dataset.read(s![at..at + slices.rows, ..])).collect::<Result<_, _>>()?)
    })?;
    round.sum = Some(blocks.iter().map(|block| block.sum()).sum());
    Ok(round)
}

/// Into memory that is there already.
fn into(task: &Task) -> Outcome<Round> {
    let slices = Slices::of(&task.workload, task.count);
    let (store, mut round) = (made(task, slices)?, Round::default());
    let mut blocks = vec![Array2::from_elem((slices.rows, LEVELS), -1.0); slices.count];
    round.time("read", || {
        let dataset = store.dataset("a")?;
        for (at, block) in slices.starts().zip(&mut blocks) {
            dataset.read_into(s![at..at + slices.rows, ..], block.view_mut())?;
        }
        Ok(())
    })?;
    round.sum = Some(blocks.iter().map(|block| block.sum()).sum());
    Ok(round)
}

/// The same bytes from one file: those of the slices, or the whole chunks that they lie in with a checksum of each.
fn bare(task: &Task, verify: bool) -> Outcome<Round> {
    const ROW: usize = LEVELS * 8;
    let Slices { rows, chunk: chunk_rows, .. } = Slices::of(&task.workload, task.count);
    let (file, mut round) = (File::open(task.given.join("elements"))?, Round::default());
    let mut chunk = vec![0; chunk_rows * ROW];
    let blocks: Vec<Vec<f64>> = round.time("read", || {
        let read = |at: usize| {
            let mut block = vec![0.0; rows * LEVELS];
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut block);
            if !verify {
                file.read_exact_at(bytes, (at * ROW) as u64)?;
                return Ok(block);
            }
            for start in (at / chunk_rows * chunk_rows..at + rows).step_by(chunk_rows) {
                let chunk = &mut chunk[..chunk_rows.min(task.count - start) * ROW];
                file.read_exact_at(chunk, (start * ROW) as u64)?;
                std::hint::black_box(crc32c::crc32c(chunk));
                let (from, to) = (at.max(start), (at + rows).min(start + chunk_rows));
                let wanted = &chunk[(from - start) * ROW..(to - start) * ROW];
                bytes[(from - at) * ROW..(to - at) * ROW].copy_from_slice(wanted);
            }
            Ok(block)
        };
        Slices::of(&task.workload, task.count).starts().map(read).collect()
    })?;
    round.sum = Some(blocks.iter().flatten().sum());
    Ok(round)
}
