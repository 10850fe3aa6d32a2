//! Histories of many processes on few keys, and whether they are linearizable: every call returns what it would if all
//! had been done one after the other, in an order that agrees with the clock.

mod checker;
mod tests;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use calcstore::{DataStore, Error, ErrorKind};
use ndarray::Array2;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::child::{child, scratch, told};
use crate::random::Random;
use crate::scale::scaled;
use checker::{Answer, Call, Event, ROWS, WRITTEN, check, overlapping};

const PROCESSES: u64 = 8;
const KEYS: usize = 3;
const CALLS: u64 = 100;
const WIDTH: usize = 2;

/// A line of the log of one process.
#[derive(Serialize, Deserialize)]
enum Line {
    Begin { key: usize, call: Call, at: u64 },
    End { answer: Answer, at: u64 },
}

/// Nanoseconds of the clock that all processes of the machine have in common.
fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Makes up a call; what it stores is `unique`.
fn random_call(random: &mut Random, unique: u64) -> Call {
    match random.below(100) {
        0..40 => Call::Get,
        40..56 => Call::Insert(unique),
        56..64 => Call::InsertNew(unique),
        64..78 => Call::Append(unique),
        78..88 => Call::Write(unique),
        88..95 => Call::Remove,
        _ => Call::Take,
    }
}

/// Each row is in a chunk of its own, so that a mixture of two values would show.
fn value(version: u64, rows: usize) -> Array2<u64> {
    Array2::from_elem((rows, WIDTH), version)
}

fn do_call(store: &DataStore, key: &str, call: Call) -> Result<Answer, Error> {
    let planned = || store.new_dataset(key).chunks([1, WIDTH as u64]);
    let rows_of = |found: Array2<u64>| {
        let mixed = found.rows().into_iter().any(|row| row.iter().any(|version| *version != row[0]));
        if mixed { Answer::Never(format!("{found:?}")) } else { Answer::Value(found.column(0).to_vec()) }
    };
    Ok(match call {
        Call::Get => rows_of(store.get(key)?),
        Call::Take => rows_of(store.take(key)?),
        Call::Insert(version) => planned().insert(value(version, ROWS)).map(|()| Answer::Done)?,
        Call::InsertNew(version) => {
            planned().only_if_new().insert(value(version, ROWS)).map(|()| Answer::Done)?
        }
        Call::Append(version) => Answer::Rows(store.dataset(key)?.append(value(version, 1))?),
        Call::Write(version) => {
            let dataset = store.dataset(key)?.atomic(true);
            dataset.write(0..WRITTEN, value(version, WRITTEN)).map(|()| Answer::Done)?
        }
        Call::Remove => store.remove(key).map(|()| Answer::Done)?,
    })
}

fn answer(store: &DataStore, key: &str, call: Call) -> Answer {
    do_call(store, key, call).unwrap_or_else(|error| match (error.kind(), call) {
        (ErrorKind::NotFound, _) => Answer::NotFound,
        (ErrorKind::AlreadyExists, Call::InsertNew(_)) => Answer::AlreadyExists,
        (ErrorKind::Changed, Call::Append(_) | Call::Write(_)) => Answer::Changed,
        _ => Answer::Never(format!("{error:?}")),
    })
}

fn key(at: usize) -> String {
    format!("/shared/{at}")
}

fn log_of(directory: &Path, process: u64) -> PathBuf {
    directory.join(format!("log_{process}"))
}

/// Takes part in a history. Its number is that of the process, and for each start another one above that.
#[test]
fn child_takes_part() {
    let Some((directory, number)) = told() else { return };
    let mut random = Random::new(number ^ now());
    let log = log_of(&directory, number % PROCESSES);
    let mut log = OpenOptions::new().append(true).create(true).open(log).unwrap();
    let mut note = |line: &Line| {
        let text = serde_json::to_string(line).unwrap() + "\n";
        assert_eq!(log.write(text.as_bytes()).unwrap(), text.len());
    };
    let store = DataStore::at(directory.join("store")).unwrap();
    // All begin together, once the driver says so.
    while !directory.join("begin").exists() {
        std::thread::sleep(Duration::from_micros(200));
    }
    for n in 0..CALLS {
        let (at, call) = (random.below(KEYS as u64) as usize, random_call(&mut random, number << 16 | n));
        note(&Line::Begin { key: at, call, at: now() });
        let answer = answer(&store, &key(at), call);
        note(&Line::End { answer, at: now() });
    }
}

/// Reads the logs of all processes as one history for each key.
fn histories(directory: &Path) -> [Vec<Event>; KEYS] {
    let mut histories: [Vec<Event>; KEYS] = std::array::from_fn(|_| Vec::new());
    for process in 0..PROCESSES {
        let text = fs::read_to_string(log_of(directory, process)).unwrap_or_default();
        let mut begun: Option<(usize, Event)> = None;
        for line in text.lines() {
            match serde_json::from_str(line).unwrap() {
                Line::Begin { key, call, at } => {
                    // The one before was killed, and dead before this one was started.
                    let event = Event { call, begin: at, end: u64::MAX, answer: None };
                    if let Some((key, dead)) = begun.replace((key, event)) {
                        histories[key].push(Event { end: at, ..dead });
                    }
                }
                Line::End { answer, at } => {
                    let (key, event) = begun.take().unwrap();
                    histories[key].push(Event { end: at, answer: Some(answer), ..event });
                }
            }
        }
        if let Some((key, event)) = begun {
            histories[key].push(event);
        }
    }
    histories
}

/// Checks what happened in a directory, with a last look at what is there. Gives the calls, and the pairs of calls
/// that were under way at once.
fn judge(directory: &Path) -> (usize, usize) {
    let store = DataStore::at(directory.join("store")).unwrap();
    let mut histories = histories(directory);
    for (at, history) in histories.iter_mut().enumerate() {
        let begin = now();
        let answer = Some(answer(&store, &key(at), Call::Get));
        history.push(Event { call: Call::Get, begin, end: now(), answer });
        check(history).unwrap_or_else(|error| panic!("{}: {error}", key(at)));
    }
    let calls = histories.iter().map(Vec::len).sum();
    (calls, histories.iter().map(|history| overlapping(history)).sum())
}

fn start(directory: &Path, number: u64) -> Child {
    child("histories::child_takes_part", directory, number).spawn().unwrap()
}

#[test]
fn histories_of_eight_processes_are_linearizable() {
    let begun = Instant::now();
    let (mut calls, mut overlaps) = (0, 0);
    for _ in 0..scaled(200) {
        let directory = scratch();
        let processes: Vec<Child> = (0..PROCESSES).map(|process| start(directory.path(), process)).collect();
        fs::write(directory.path().join("begin"), "").unwrap();
        for mut process in processes {
            assert!(process.wait().unwrap().success());
        }
        let (more, pairs) = judge(directory.path());
        assert_eq!(more as u64, PROCESSES * CALLS + KEYS as u64);
        (calls, overlaps) = (calls + more, overlaps + pairs);
    }
    println!("{calls} calls, {overlaps} pairs at once, {:?}", begun.elapsed());
    assert!(overlaps > calls / 4, "they really run at the same time");
}

#[test]
fn histories_of_eight_processes_that_are_killed_and_started_again_are_linearizable() {
    let begun = Instant::now();
    let mut random = Random::new(5);
    let (mut calls, mut kills) = (0, 0);
    for _ in 0..scaled(100) {
        let directory = scratch();
        fs::write(directory.path().join("begin"), "").unwrap();
        let mut processes: Vec<Child> =
            (0..PROCESSES).map(|process| start(directory.path(), process)).collect();
        for again in 1..=3 * PROCESSES {
            std::thread::sleep(Duration::from_micros(random.below(8_000)));
            let victim = random.below(PROCESSES);
            let process = &mut processes[victim as usize];
            kills += u64::from(process.try_wait().unwrap().is_none());
            process.kill().unwrap();
            process.wait().unwrap();
            *process = start(directory.path(), again * PROCESSES + victim);
        }
        for mut process in processes {
            assert!(process.wait().unwrap().success());
        }
        calls += judge(directory.path()).0;
    }
    println!("{calls} calls, {kills} kills, {:?}", begun.elapsed());
}
