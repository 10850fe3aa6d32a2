//! Records a history: processes that do random calls and note each before and after.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use calcstore::DataStore;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::checker::{Answer, Call, Event};
use crate::child::child;
use crate::random::Random;

/// How many processes take part.
pub const PROCESSES: u64 = 8;
/// How often each calls.
pub const CALLS: u64 = 100;

/// Calls of a real store.
pub trait Real: Call + Serialize + DeserializeOwned {
    /// Makes up a call; what it stores is `unique`.
    fn random(random: &mut Random, unique: u64) -> Self;

    fn perform(self, store: &DataStore) -> Answer;
}

/// A line of the log of one process.
#[derive(Serialize, Deserialize)]
enum Line<C> {
    Begin { call: C, at: u64 },
    End { answer: Answer, at: u64 },
}

/// Nanoseconds of the clock that all processes of the machine have in common.
#[cfg(unix)]
fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// The time of day, which nobody is to change meanwhile.
#[cfg(not(unix))]
fn now() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64
}

/// Where the store of a history is.
pub fn store_of(directory: &Path) -> PathBuf {
    directory.join("store")
}

fn log_of(directory: &Path, process: u64) -> PathBuf {
    directory.join(format!("log_{process}"))
}

/// Takes part, as one of the processes: `number` modulo their count. Each start has another number.
pub fn take_part<C: Real>(directory: &Path, number: u64) {
    let mut random = Random::new(number ^ now());
    let log = log_of(directory, number % PROCESSES);
    let mut log = OpenOptions::new().append(true).create(true).open(log).unwrap();
    let mut note = |line: &Line<C>| {
        let text = serde_json::to_string(line).unwrap() + "\n";
        assert_eq!(log.write(text.as_bytes()).unwrap(), text.len());
    };
    let store = DataStore::at(store_of(directory)).unwrap();
    while !directory.join("begin").exists() {
        std::thread::sleep(Duration::from_micros(200));
    }
    for n in 0..CALLS {
        let call = C::random(&mut random, number << 16 | n);
        note(&Line::Begin { call, at: now() });
        let answer = call.perform(&store);
        note(&Line::End { answer, at: now() });
        if random.once_in(20) {
            // What was displaced goes away while others read it.
            let collected = store.gc().older_than(Duration::ZERO).run().unwrap();
            assert!(collected.failed.is_empty(), "{collected:?}");
        }
    }
}

/// Starts a process whose test `name` takes part.
pub fn start(name: &str, directory: &Path, number: u64) -> Child {
    child(name, directory, number).spawn().unwrap()
}

/// Lets those that were started, and all that are started later, begin.
pub fn begin(directory: &Path) {
    fs::write(directory.join("begin"), "").unwrap();
}

/// Lets all processes take part together, to their end.
pub fn run(name: &str, directory: &Path) {
    let processes: Vec<Child> = (0..PROCESSES).map(|process| start(name, directory, process)).collect();
    begin(directory);
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
}

/// Reads the logs of all processes as one history, with last calls of our own.
pub fn history<C: Real>(directory: &Path, last: impl IntoIterator<Item = C>) -> Vec<Event<C>> {
    let mut history = Vec::new();
    for process in 0..PROCESSES {
        let text = fs::read_to_string(log_of(directory, process)).unwrap_or_default();
        let mut begun: Option<Event<C>> = None;
        for line in text.lines() {
            match serde_json::from_str(line).unwrap() {
                Line::Begin { call, at } => {
                    // The process of the one before was killed, and dead before this one was started.
                    let dead = begun.replace(Event { call, begin: at, end: u64::MAX, answer: None });
                    history.extend(dead.map(|dead| Event { end: at, ..dead }));
                }
                Line::End { answer, at } => {
                    let event = begun.take().unwrap();
                    history.push(Event { end: at, answer: Some(answer), ..event });
                }
            }
        }
        let end = now();
        history.extend(begun.map(|dead| Event { end, ..dead }));
    }
    let store = DataStore::at(store_of(directory)).unwrap();
    for call in last {
        let begin = now();
        let answer = Some(call.perform(&store));
        history.push(Event { call, begin, end: now(), answer });
    }
    history
}
