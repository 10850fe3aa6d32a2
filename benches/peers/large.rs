//! One large array, as it is and compressed.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use calcstore::{Compression, DataStore};
use ndarray::{Array2, s};

use crate::Outcome;
use crate::given;
use crate::party::{Party, Round, Task, python, us};
use crate::slices::Slices;

pub const LEVELS: usize = 1024;

pub const PARTIES: &[Party] = &[
    us("calcstore", |task| calcstore(task, Compression::NONE)),
    us("limit: write, read", bare),
    python("h5py", "h5py"),
    python("zarr", "zarr-python"),
    python("tensorstore", "tensorstore"),
];

/// Those that have no chunks.
pub const WHOLE: &[Party] = &[python("h5py", "h5py, contiguous"), python("numpy", "numpy")];

pub const PACKED: &[Party] = &[
    us("calcstore, blosc 5", |task| calcstore(task, Compression::blosc(5)?)),
    us("calcstore, blosc 3", |task| calcstore(task, Compression::blosc(3)?)),
    us("calcstore, zstd 3", |task| calcstore(task, Compression::zstd(3)?)),
    python("zarr", "zarr-python, blosc 5"),
    python("zarr", "zarr-python, blosc 3"),
    python("zarr", "zarr-python, zstd"),
    python("tensorstore", "tensorstore, blosc 5"),
    python("h5py", "h5py, gzip 4"),
    python("numcodecs", "limit: C library, blosc 5"),
];

pub fn prepare(task: &Task) -> Outcome<f64> {
    let array = given::curves_like(0, task.count, LEVELS)?;
    given::write(&task.given, array.as_slice().unwrap_or_default())?;
    Ok(array.sum())
}

pub fn prepare_slices(task: &Task) -> Outcome<f64> {
    let array = given::curves_like(0, task.count, LEVELS)?;
    given::write(&task.given, array.as_slice().unwrap_or_default())?;
    let slices = Slices::of(&task.workload, task.count);
    Ok(slices.starts().map(|at| array.slice(s![at..at + slices.rows, ..]).sum()).sum())
}

fn calcstore(task: &Task, compression: Compression) -> Outcome<Round> {
    let array = given::read_rows(&task.given, LEVELS)?;
    let rows = if task.workload == "small-chunks" { 8 } else { 128 };
    let mut round = Round::default();
    round.time("write", || {
        let store = DataStore::at(&task.place)?;
        Ok(store.new_dataset("a").chunks([rows, 1024]).compression(compression).insert(&array)?)
    })?;
    let open = || DataStore::options().read_only(true).at(&task.place);
    let mut read: Array2<f64> = round.time("read", || Ok(open()?.get("a")?))?;
    round.sum = Some(read.sum());
    if compression == Compression::NONE {
        read.fill(0.0);
        round.time("into", || Ok(open()?.dataset("a")?.read_into(s![.., ..], read.view_mut())?))?;
        assert!((read.sum() - array.sum()).abs() < 1e-9 * array.sum());
    }
    Ok(round)
}

fn bare(task: &Task) -> Outcome<Round> {
    let elements = given::read(&task.given)?;
    std::fs::create_dir(&task.place)?;
    let (mut round, file) = (Round::default(), task.place.join("a"));
    round.time("write", || Ok(std::fs::write(&file, bytemuck::cast_slice(&elements))?))?;
    let mut read = round.time("read", || {
        let mut read = vec![0.0; elements.len()];
        File::open(&file)?.read_exact_at(bytemuck::cast_slice_mut(&mut read), 0)?;
        Ok(read)
    })?;
    round.sum = Some(read.iter().sum());
    read.fill(1.0);
    round.time("into", || Ok(File::open(&file)?.read_exact_at(bytemuck::cast_slice_mut(&mut read), 0)?))?;
    Ok(round)
}
