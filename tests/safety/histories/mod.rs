//! Histories of many processes on few keys, and whether they are linearizable: every call returns what it would if all
//! had been done one after the other, in an order that agrees with the clock.

pub mod checker;
pub mod one_key;
pub mod recorder;
mod tests;

use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use crate::child::{scratch, told};
use crate::random::Random;
use crate::scale::scaled;
use checker::{Event, check, overlapping};
use one_key::{KEYS, OnKey, What};
use recorder::{CALLS, PROCESSES, begin, history, run, start, take_part};

const CHILD: &str = "histories::child_takes_part";

#[test]
fn child_takes_part() {
    let Some((directory, number)) = told() else { return };
    take_part::<OnKey>(&directory, number);
}

/// Checks what happened in a directory, key by key, with a last look at what is there. Gives the calls, and the pairs
/// of calls that were under way at once.
fn judge(directory: &Path) -> (usize, usize) {
    let last = (0..KEYS).map(|key| OnKey { key, what: What::Get });
    let all = history(directory, last);
    let mut overlaps = 0;
    for key in 0..KEYS {
        let of_key: Vec<Event<OnKey>> = all.iter().filter(|event| event.call.key == key).cloned().collect();
        check(&of_key).unwrap_or_else(|error| panic!("{error}"));
        overlaps += overlapping(&of_key);
    }
    (all.len(), overlaps)
}

#[test]
fn histories_of_eight_processes_are_linearizable() {
    let begun = Instant::now();
    let (mut calls, mut overlaps) = (0, 0);
    for _ in 0..scaled(200) {
        let directory = scratch();
        run(CHILD, directory.path());
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
        begin(directory.path());
        let mut processes: Vec<Child> =
            (0..PROCESSES).map(|process| start(CHILD, directory.path(), process)).collect();
        for again in 1..=3 * PROCESSES {
            std::thread::sleep(Duration::from_micros(random.below(8_000)));
            let victim = random.below(PROCESSES);
            let process = &mut processes[victim as usize];
            kills += u64::from(process.try_wait().unwrap().is_none());
            process.kill().unwrap();
            process.wait().unwrap();
            *process = start(CHILD, directory.path(), again * PROCESSES + victim);
        }
        for mut process in processes {
            assert!(process.wait().unwrap().success());
        }
        calls += judge(directory.path()).0;
    }
    println!("{calls} calls, {kills} kills, {:?}", begun.elapsed());
}
