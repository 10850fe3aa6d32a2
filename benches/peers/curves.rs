//! Many small arrays.

use std::path::Path;

use calcstore::DataStore;
use ndarray::Array2;
use rayon::prelude::*;

use crate::Outcome;
use crate::given::{self, DISTINCT, LEVELS, ROWS, key, sum_of};
use crate::party::{Party, Round, Task, python, us};

pub const PARTIES: &[Party] = &[
    us("calcstore, 1 thread", |task| calcstore(task, 1)),
    us("calcstore, all threads", |task| calcstore(task, 0)),
    us("limit: bare calls", bare),
    python("h5py", "h5py"),
    python("zarr", "zarr-python"),
    python("netCDF4", "netCDF4"),
    python("numpy", "numpy files"),
];

pub fn prepare(task: &Task) -> Outcome<f64> {
    let arrays = (0..DISTINCT).map(|n| given::curves_like(n * 7919, ROWS, LEVELS));
    let arrays: Vec<Array2<f64>> = arrays.collect::<Outcome<_>>()?;
    given::write(&task.given, &arrays.iter().flatten().copied().collect::<Vec<_>>())?;
    Ok(sum_of(&arrays, 0, task.count))
}

fn calcstore(task: &Task, threads: usize) -> Outcome<Round> {
    let data = given::read_curves(&task.given)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut round = Round::default();
    round.time("write", || {
        let store = DataStore::at(&task.place)?;
        let write = |n: usize| store.insert(&key(n), &data[n % data.len()]);
        Ok(pool.install(|| (0..task.count).into_par_iter().with_min_len(100).try_for_each(write))?)
    })?;
    let open = || DataStore::options().read_only(true).at(&task.place);
    let names = round.time("names", || Ok(pool.install(|| open()?.walk("/"))?))?;
    assert_eq!(names.count(), task.count + task.count.div_ceil(100));
    let nodes = round.time("shapes", || Ok(pool.install(|| open()?.walk_nodes("/"))?))?;
    let keys: Vec<&str> =
        nodes.iter().filter(|node| node.layout.is_some()).map(|node| node.key.as_str()).collect();
    assert_eq!(keys.len(), task.count);
    let sum = round.time("read", || {
        let store = open()?;
        let read = |key: &&str| store.get::<Array2<f64>>(key).map(|array| array.sum());
        Ok(pool.install(|| keys.par_iter().map(read).sum::<Result<f64, _>>())?)
    })?;
    round.sum = Some(sum);
    Ok(round)
}

/// The same files without a store: a directory and two files for each array.
fn bare(task: &Task) -> Outcome<Round> {
    let mut round = Round::default();
    let data = given::read_curves(&task.given)?;
    round.time("write", || write_bare(&task.place, &data, task.count))?;
    let is_metadata = |entry: &walkdir::DirEntry| entry.file_name() == "zarr.json";
    let entries = || walkdir::WalkDir::new(&task.place).into_iter().filter_map(Result::ok);
    let names = round.time("names", || Ok(entries().filter(|entry| entry.file_type().is_dir()).count()))?;
    assert_eq!(names, task.count + task.count.div_ceil(100) + 1);
    let shapes = round.time("shapes", || {
        let read = |entry: walkdir::DirEntry| std::fs::read(entry.path()).ok();
        Ok(entries().filter(is_metadata).filter_map(read).count())
    })?;
    assert_eq!(shapes, task.count);
    let sum = round.time("read", || {
        let mut sum = 0.0;
        for n in 0..task.count {
            let bytes = std::fs::read(task.place.join(key(n)).join("c.0.0"))?;
            sum += bytemuck::pod_collect_to_vec::<u8, f64>(&bytes).iter().sum::<f64>();
        }
        Ok(sum)
    })?;
    round.sum = Some(sum);
    Ok(round)
}

pub fn write_bare(place: &Path, data: &[Array2<f64>], count: usize) -> Outcome<()> {
    let metadata = [b' '; 400];
    for n in 0..count {
        let directory = place.join(key(n));
        if n % 100 == 0 {
            std::fs::create_dir_all(directory.parent().unwrap_or(place))?;
        }
        std::fs::create_dir(&directory)?;
        let elements = data[n % data.len()].as_slice().unwrap_or_default();
        std::fs::write(directory.join("c.0.0"), bytemuck::cast_slice(elements))?;
        std::fs::write(directory.join("zarr.json"), metadata)?;
    }
    Ok(())
}
