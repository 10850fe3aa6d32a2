//! Many small structs.

use calcstore::DataStore;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::given::{self, key, of};
use crate::party::{Party, Round, Task, python, us};

pub const PARTIES: &[Party] = &[
    us("calcstore, 1 thread", |task| calcstore(task, 1)),
    us("calcstore, all threads", |task| calcstore(task, 0)),
    us("limit: bare files", bare),
    python("pickle", "pickle files"),
    python("h5py", "h5py, opaque"),
    python("sqlite3", "SQLite, blobs"),
];

#[derive(Serialize, Deserialize)]
struct Rupture {
    id: u64,
    source: String,
    trt: String,
    magnitude: f64,
    rake: f64,
    occurrence_rate: Option<f64>,
    time_span: f64,
    events: u32,
    serial: u64,
    multiplicity: u16,
    is_characteristic: bool,
    hypocenter: Point,
    rates: Vec<f64>,
}

#[derive(Serialize, Deserialize)]
struct Point {
    lon: f64,
    lat: f64,
    depth: f64,
}

fn rupture(n: usize) -> Rupture {
    let x = of(n);
    Rupture {
        id: n as u64,
        source: format!("source_{n:05}"),
        trt: "Active Shallow Crust".into(),
        magnitude: magnitude(n),
        rake: -90.0,
        occurrence_rate: Some(1e-3 / (1.0 + x)),
        time_span: 50.0,
        events: 7,
        serial: 42 + n as u64,
        multiplicity: 3,
        is_characteristic: false,
        hypocenter: Point { lon: 9.0 + x * 1e-4, lat: 45.0, depth: 10.0 },
        rates: (0..20).map(|level| (x + of(level)) * 1e-3).collect(),
    }
}

fn magnitude(n: usize) -> f64 {
    5.0 + of(n) * 1e-4
}

pub fn prepare(task: &Task) -> Outcome<f64> {
    // What one of them takes, for those who only write files.
    std::fs::write(task.given.join("object"), serde_json::to_vec(&rupture(0))?)?;
    given::write(&task.given, &[])?;
    Ok((0..task.count).map(magnitude).sum())
}

fn calcstore(task: &Task, threads: usize) -> Outcome<Round> {
    let ruptures: Vec<Rupture> = (0..task.count).map(rupture).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut round = Round::default();
    round.time("write", || {
        let store = DataStore::at(&task.place)?;
        let write = |(n, rupture)| store.insert_object(&key(n), rupture);
        Ok(pool.install(|| ruptures.par_iter().enumerate().with_min_len(100).try_for_each(write))?)
    })?;
    let sum = round.time("read", || {
        let store = DataStore::options().read_only(true).at(&task.place)?;
        let read = |n: usize| store.object::<Rupture>(&key(n)).map(|rupture| rupture.magnitude);
        Ok(pool.install(|| (0..task.count).into_par_iter().map(read).sum::<Result<f64, _>>())?)
    })?;
    round.sum = Some(sum);
    Ok(round)
}

/// A file for each.
fn bare(task: &Task) -> Outcome<Round> {
    let bytes = std::fs::read(task.given.join("object"))?;
    let mut round = Round::default();
    round.time("write", || {
        for n in 0..task.count {
            let file = task.place.join(key(n));
            if n % 100 == 0 {
                std::fs::create_dir_all(file.parent().unwrap_or(&task.place))?;
            }
            std::fs::write(file, &bytes)?;
        }
        Ok(())
    })?;
    round.time("read", || {
        for n in 0..task.count {
            std::hint::black_box(std::fs::read(task.place.join(key(n)))?);
        }
        Ok(())
    })?;
    Ok(round)
}
