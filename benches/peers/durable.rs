//! What is on the disk when it is done, beside others that flush.

use std::fs::File;
use std::io::Write as _;

use calcstore::{DataStore, Durability};

use crate::Outcome;
use crate::curves::write_bare;
use crate::given::{self, key};
use crate::large::LEVELS;
use crate::party::{Party, Round, Task, python, us};

pub const VALUE: &[Party] = &[
    us("calcstore, flush", |task| value(task, Durability::Process)),
    us("calcstore, Power", |task| value(task, Durability::Power)),
    us("limit: write, fsync", |task| {
        let elements = given::read(&task.given)?;
        std::fs::create_dir(&task.place)?;
        let mut round = Round::default();
        round.time("write", || {
            let mut file = File::create(task.place.join("a"))?;
            file.write_all(bytemuck::cast_slice(&elements))?;
            Ok(file.sync_all()?)
        })?;
        Ok(round)
    }),
    python("h5py", "h5py, fsync"),
    python("numpy", "numpy, fsync"),
];

pub const VALUES: &[Party] = &[
    us("calcstore, flush", |task| values(task, false)),
    us("calcstore, a draft, Power", |task| values(task, true)),
    us("limit: bare calls, syncfs", |task| {
        let data = given::read_curves(&task.given)?;
        let mut round = Round::default();
        round.time("write", || {
            write_bare(&task.place, &data, task.count)?;
            Ok(rustix::fs::syncfs(File::open(&task.place)?)?)
        })?;
        Ok(round)
    }),
    python("h5py", "h5py, fsync"),
];

fn value(task: &Task, durability: Durability) -> Outcome<Round> {
    let array = given::read_rows(&task.given, LEVELS)?;
    let mut round = Round::default();
    round.time("write", || {
        let store = DataStore::options().durability(durability).at(&task.place)?;
        store.insert("a", &array)?;
        match durability {
            Durability::Power => Ok(()),
            _ => Ok(store.flush()?),
        }
    })?;
    Ok(round)
}

fn values(task: &Task, at_once: bool) -> Outcome<Round> {
    let data = given::read_curves(&task.given)?;
    let mut round = Round::default();
    round.time("write", || {
        let values = (0..task.count).map(|n| (key(n), &data[n % data.len()]));
        if at_once {
            let store = DataStore::options().durability(Durability::Power).at(&task.place)?;
            let draft = store.draft("/all")?;
            draft.extend(values)?;
            return Ok(draft.commit()?);
        }
        let store = DataStore::at(&task.place)?;
        store.extend(values)?;
        Ok(store.flush()?)
    })?;
    Ok(round)
}
