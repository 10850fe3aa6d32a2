//! Rows that arrive in batches.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use calcstore::DataStore;
use ndarray::Array2;

use crate::Outcome;
use crate::given::{self, of};
use crate::party::{Party, Round, Task, python, us};

/// Rows of a batch.
const BATCH: usize = 10_000;

pub const PARTIES: &[Party] = &[
    us("calcstore, append", |task| calcstore(task, false)),
    us("calcstore, appender", |task| calcstore(task, true)),
    us("limit: write", bare),
    python("h5py", "h5py"),
    python("zarr", "zarr-python"),
    python("zarr", "zarr-python, a chunk per batch"),
];

pub fn prepare(task: &Task) -> Outcome<f64> {
    let batch = batch()?;
    std::fs::write(
        task.given.join("batch"),
        bytemuck::cast_slice::<f32, u8>(batch.as_slice().unwrap_or_default()),
    )?;
    Ok(batch.iter().map(|x| f64::from(*x)).sum::<f64>() * of(task.count))
}

#[expect(clippy::cast_possible_truncation, reason = "what the workload asks for")]
fn batch() -> Outcome<Array2<f32>> {
    Ok(given::curves_like(0, BATCH, 4)?.mapv(|x| x as f32))
}

fn calcstore(task: &Task, gather: bool) -> Outcome<Round> {
    let (batch, mut round) = (batch()?, Round::default());
    round.time("write", || {
        let store = DataStore::at(&task.place)?;
        let dataset = store.new_dataset("a").create::<f32>(&[0, 4])?;
        if gather {
            let mut appender = dataset.appender();
            (0..task.count).try_for_each(|_| appender.append(&batch))?;
            appender.finish()?;
        } else {
            (0..task.count).try_for_each(|_| dataset.append(&batch).map(|_| ()))?;
        }
        Ok(())
    })?;
    let read: Array2<f32> =
        round.time("read", || Ok(DataStore::options().read_only(true).at(&task.place)?.get("a")?))?;
    round.sum = Some(read.iter().map(|x| f64::from(*x)).sum());
    Ok(round)
}

fn bare(task: &Task) -> Outcome<Round> {
    let (batch, mut round) = (batch()?, Round::default());
    std::fs::create_dir(&task.place)?;
    let path = task.place.join("a");
    let bytes: &[u8] = bytemuck::cast_slice(batch.as_slice().unwrap_or_default());
    round.time("write", || {
        let mut file = File::options().create(true).append(true).open(&path)?;
        Ok((0..task.count).try_for_each(|_| file.write_all(bytes))?)
    })?;
    let read: Vec<f32> = round.time("read", || {
        let mut read = vec![0.0; batch.len() * task.count];
        File::open(&path)?.read_exact_at(bytemuck::cast_slice_mut(&mut read), 0)?;
        Ok(read)
    })?;
    round.sum = Some(read.iter().map(|x| f64::from(*x)).sum());
    Ok(round)
}
