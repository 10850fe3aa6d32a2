//! Many small tables.

use calcstore::{AnyArray, DataStore, Table};
use rayon::prelude::*;

use crate::Outcome;
use crate::given::{self, key, sum_of};
use crate::party::{Party, Round, Task, python, us};

pub const PARTIES: &[Party] = &[
    us("calcstore, 1 thread", |task| calcstore(task, 1)),
    us("calcstore, all threads", |task| calcstore(task, 0)),
    us("limit: bare calls", bare),
    python("h5py", "h5py, compounds"),
];

pub const WIDE: &[Party] = &[
    us("calcstore", wide),
    us("limit: write", |task| {
        let (elements, mut round) = (given::read(&task.given)?, Round::default());
        std::fs::create_dir(&task.place)?;
        round.time("write", || Ok(std::fs::write(task.place.join("a"), bytemuck::cast_slice(&elements))?))?;
        Ok(round)
    }),
    python("h5py", "h5py, a compound"),
];

/// Columns of the wide table.
const WIDTH: usize = 64;

const COLUMNS: [&str; 3] = ["PGA", "SA(0.2)", "SA(1.0)"];

pub fn prepare(task: &Task) -> Outcome<f64> {
    crate::curves::prepare(task)?;
    let arrays = given::read_curves(&task.given)?;
    Ok((0..COLUMNS.len()).map(|column| sum_of(&arrays, column, task.count)).sum())
}

pub fn prepare_wide(task: &Task) -> Outcome<f64> {
    let columns = given::curves_like(0, WIDTH, task.count)?;
    given::write(&task.given, columns.as_slice().unwrap_or_default())?;
    Ok(columns.sum())
}

fn wide(task: &Task) -> Outcome<Round> {
    let elements = given::read(&task.given)?;
    let (mut table, mut round) = (Table::new(), Round::default());
    for (n, column) in elements.chunks_exact(task.count).enumerate() {
        table.push(&format!("c{n:02}"), column)?;
    }
    round.time("write", || Ok(DataStore::at(&task.place)?.insert("/a", &table)?))?;
    let read: Table =
        round.time("read", || Ok(DataStore::options().read_only(true).at(&task.place)?.get("/a")?))?;
    round.sum = Some(sum_of_columns(&read));
    Ok(round)
}

fn calcstore(task: &Task, threads: usize) -> Outcome<Round> {
    let data = given::read_curves(&task.given)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut round = Round::default();
    round.time("write", || {
        let store = DataStore::at(&task.place)?;
        let write = |n: usize| {
            let mut table = Table::new();
            for (column, name) in COLUMNS.iter().enumerate() {
                table.push(name, &data[(n + column) % data.len()])?;
            }
            store.insert(&key(n), table)
        };
        Ok(pool.install(|| (0..task.count).into_par_iter().with_min_len(100).try_for_each(write))?)
    })?;
    let sum = round.time("read", || {
        let store = DataStore::options().read_only(true).at(&task.place)?;
        let read = |n: usize| store.get::<Table>(&key(n)).map(|table| sum_of_columns(&table));
        Ok(pool.install(|| (0..task.count).into_par_iter().map(read).sum::<Result<f64, _>>())?)
    })?;
    round.sum = Some(sum);
    Ok(round)
}

pub fn sum_of_columns(table: &Table) -> f64 {
    let sum = |(_, column): (_, &AnyArray)| match column {
        AnyArray::Float64(column) => column.sum(),
        _ => f64::NAN,
    };
    table.columns().map(sum).sum()
}

/// The same files without a store: two for the table and each of its columns, in a directory of its own.
fn bare(task: &Task) -> Outcome<Round> {
    let (data, mut round) = (given::read_curves(&task.given)?, Round::default());
    let metadata = [b' '; 400];
    round.time("write", || {
        for n in 0..task.count {
            let table = task.place.join(key(n));
            std::fs::create_dir_all(&table)?;
            for (at, column) in COLUMNS.iter().enumerate() {
                let column = table.join(column);
                std::fs::create_dir(&column)?;
                let elements = data[(n + at) % data.len()].as_slice().unwrap_or_default();
                std::fs::write(column.join("c.0.0"), bytemuck::cast_slice(elements))?;
                std::fs::write(column.join("zarr.json"), metadata)?;
            }
            std::fs::write(table.join("zarr.json"), metadata)?;
        }
        Ok(())
    })?;
    let sum = round.time("read", || {
        let mut sum = 0.0;
        for n in 0..task.count {
            for column in COLUMNS {
                let bytes = std::fs::read(task.place.join(key(n)).join(column).join("c.0.0"))?;
                sum += bytemuck::pod_collect_to_vec::<u8, f64>(&bytes).iter().sum::<f64>();
            }
        }
        Ok(sum)
    })?;
    round.sum = Some(sum);
    Ok(round)
}
