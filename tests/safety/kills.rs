//! Writers that are killed at any moment (`kill -9`): nothing that was acknowledged is lost, and nothing is torn.
//!
//! A store lives on over many kills, so that what the dead have left meets later writers.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::thread::sleep;
use std::time::{Duration, Instant};

use calcstore::{Continue, DataStore, ErrorKind};

use crate::child::{child, scratch, told};
use crate::random::Random;
use crate::scale::scaled;
use crate::writer::{Plan, Verifier, left_behind};

const KILLS_OF_A_STORE: u64 = 40;
const PROCESSES: u64 = 8;
/// In microseconds. A writer starts in about 5 ms, and does an operation in about a third of one.
const LONGEST_LIFE: u64 = if cfg!(windows) { 200_000 } else { 20_000 };

/// What was tried, for whoever runs it by hand.
#[derive(Debug, Default)]
struct Tally {
    kills: u64,
    acknowledged: u64,
}

/// Kills a process, which has not ended by itself unless all is well.
fn kill(mut process: Child) {
    process.kill().unwrap();
    let status = process.wait().unwrap();
    // On Windows whoever kills chooses the code, and the standard library takes 1; a panic has 101.
    let is_killed = |code| code == 0 || (cfg!(windows) && code == 1);
    assert!(status.code().is_none_or(is_killed), "it failed before it was killed: {status}");
}

fn live(random: &mut Random, longest: u64) {
    sleep(Duration::from_micros(random.below(longest)));
}

/// Waits until a writer has begun to write, or for quite a while.
fn wait_for_more(log: &Path) {
    let length = || fs::metadata(log).map_or(0, |log| log.len());
    let before = length();
    let is_more = |_: &u32| {
        sleep(Duration::from_micros(300));
        length() > before
    };
    (0..10_000).find(is_more);
}

/// The seed of the n-th start of a writer.
fn seed_of(start: u64, random: &mut Random) -> u64 {
    start << 20 | random.below(1 << 20)
}

/// One writer after the other is killed at random moments; so is sometimes one that only sweeps and collects.
fn kill_one_by_one(kills: u64, seed: u64) -> Tally {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    while tally.kills < kills {
        // The disk now and then, which is slower by far.
        let directory = if random.once_in(16) { tempfile::tempdir().unwrap() } else { scratch() };
        let mut plan = Plan::new(directory.path(), 0, 0);
        let mut verifier = Verifier::of([&plan]);
        let mut acknowledged = 0;
        for start in 0..KILLS_OF_A_STORE.min(kills - tally.kills) {
            plan.seed = seed_of(start, &mut random);
            if random.once_in(6) {
                let collector = child("kills::child_collects", &plan.store, 0).spawn().unwrap();
                live(&mut random, 12_000);
                kill(collector);
            } else {
                let writer = plan.command().spawn().unwrap();
                if !random.once_in(4) {
                    wait_for_more(&plan.log);
                }
                live(&mut random, LONGEST_LIFE);
                kill(writer);
            }
            let verdict = if random.once_in(2) {
                verifier.after_a_kill(&plan.store)
            } else {
                verifier.look_after_a_kill(&plan.store)
            };
            verdict.assert_clean();
            tally.kills += 1;
            acknowledged = verdict.acknowledged;
        }
        tally.acknowledged += acknowledged;
        assert_eq!(left_behind(&plan.store), [""; 0]);
    }
    tally
}

#[test]
fn child_collects() {
    let Some((directory, _)) = told() else { return };
    // Where a writer was killed before it made the store, this makes it.
    let store = DataStore::at(&directory).unwrap();
    loop {
        store.gc().older_than(Duration::ZERO).run().unwrap();
    }
}

#[test]
fn a_writer_that_is_killed_at_any_moment_loses_nothing_and_tears_nothing() {
    let begun = Instant::now();
    let kills = scaled(10_000);
    let drivers: Vec<_> = [(kills / 2, 1), (kills - kills / 2, 2)]
        .map(|(kills, seed)| std::thread::spawn(move || kill_one_by_one(kills, seed)))
        .into();
    let tallies: Vec<Tally> = drivers.into_iter().map(|driver| driver.join().unwrap()).collect();
    let acknowledged: u64 = tallies.iter().map(|tally| tally.acknowledged).sum();
    println!("{kills} kills, {acknowledged} operations acknowledged, {:?}", begun.elapsed());
    assert!(acknowledged >= kills, "they do something before they are killed");
}

#[test]
fn eight_writers_at_one_store_killed_at_any_moment_lose_nothing_and_tear_nothing() {
    let begun = Instant::now();
    let mut random = Random::new(3);
    let mut tally = Tally::default();
    for _ in 0..scaled(40) {
        let directory = scratch();
        let mut plans: Vec<Plan> = (0..PROCESSES).map(|n| Plan::new(directory.path(), n, 0)).collect();
        let mut verifier = Verifier::of(&plans);
        let mut starts = 0;
        for _ in 0..5 {
            let mut writers: Vec<Option<Child>> = (0..PROCESSES).map(|_| None).collect();
            for _ in 0..4 * PROCESSES {
                let victim = random.below(PROCESSES) as usize;
                tally.kills += u64::from(writers[victim].is_some());
                if let Some(writer) = writers[victim].take() {
                    kill(writer);
                }
                starts += 1;
                plans[victim].seed = seed_of(starts, &mut random);
                writers[victim] = Some(plans[victim].command().spawn().unwrap());
                live(&mut random, LONGEST_LIFE);
            }
            tally.kills += PROCESSES;
            writers.into_iter().flatten().for_each(kill);
            let verdict = verifier.after_a_kill(&plans[0].store);
            verdict.assert_clean();
            tally.acknowledged += verdict.acknowledged;
        }
        assert_eq!(left_behind(&plans[0].store), [""; 0]);
    }
    println!("{tally:?}, {:?}", begun.elapsed());
}

const VALUES: u64 = 24;

fn version(n: u64) -> Vec<u64> {
    vec![n; 100]
}

/// Makes a store as a power cut might leave it: of the values that were replaced after the flush every other one is
/// torn, and of those that were new.
fn cut(directory: &Path) {
    let store = DataStore::at(directory).unwrap();
    (0..VALUES).for_each(|n| store.insert(&format!("/kept/{n}"), version(1)).unwrap());
    store.flush().unwrap();
    (0..VALUES).for_each(|n| store.insert(&format!("/kept/{n}"), version(2)).unwrap());
    (0..VALUES).for_each(|n| store.insert(&format!("/new/{n}"), version(2)).unwrap());
    let chunk = |key: String| directory.join("output.zarr").join(key).join("c.0");
    for n in (0..VALUES).step_by(2) {
        fs::write(chunk(format!("kept/{n}")), [0; 100]).unwrap();
        fs::write(chunk(format!("new/{n}")), []).unwrap();
    }
    // A marker of another boot says that the power was cut.
    let markers: Vec<_> = fs::read_dir(directory.join(".calcstore/dirty")).unwrap().collect();
    assert_eq!(markers.len(), 1);
    for marker in markers {
        let path = marker.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let [machine, _, txid] = name.split('-').collect::<Vec<_>>()[..] else { panic!("{name}") };
        fs::rename(&path, path.with_file_name(format!("{machine}-{}-{txid}", "1".repeat(32)))).unwrap();
    }
}

#[test]
fn child_opens() {
    let Some((directory, _)) = told() else { return };
    DataStore::at(&directory).unwrap();
}

#[test]
fn a_writer_that_is_killed_while_it_repairs_after_a_power_cut_leaves_that_to_the_next() {
    let mut random = Random::new(4);
    let mut kills = 0;
    for _ in 0..scaled(100) {
        let directory = scratch();
        cut(directory.path());
        for _ in 0..20 {
            let mut opens = child("kills::child_opens", directory.path(), 0).spawn().unwrap();
            live(&mut random, LONGEST_LIFE);
            kills += u64::from(opens.try_wait().unwrap().is_none());
            kill(opens);
        }
        let store = DataStore::at(directory.path()).unwrap();
        for n in 0..VALUES {
            let (is_torn, key) = (n % 2 == 0, format!("/kept/{n}"));
            assert_eq!(store.get::<Vec<u64>>(&key).unwrap(), version(if is_torn { 1 } else { 2 }), "{key}");
            let key = format!("/new/{n}");
            match store.get::<Vec<u64>>(&key) {
                Ok(found) => assert!(!is_torn && found == version(2), "{key}: {found:?}"),
                Err(error) => assert!(is_torn && error.kind() == ErrorKind::NotFound, "{error:?}"),
            }
        }
        let report = store.check("/", |_| Continue::Yes).unwrap();
        assert_eq!(report.faults, []);
    }
    println!("{kills} kills while opening");
}
