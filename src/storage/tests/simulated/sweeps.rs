//! Every call of every operation fails in turn, in every way, or is the last one before a kill or a power cut.
//!
//! What is found afterwards: acknowledged values, whole; of the others the old or the new ones. Nothing is torn, nothing
//! left over, and the next writer goes on.
//!
//! Under `Durability::Process` recovery relies on a file system that keeps the order of its names, as the journals of
//! ext4, xfs and btrfs do. There a cut leaves a prefix of the changes of names, and any part of the bytes. Where names
//! are kept or lost one by one, what an unflushed change touched may be lost as well, but is never torn.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use rustix::io::Errno;

use super::gate::{Family, Fault};
use super::operations::{Begins, OPERATIONS, Operation};
use super::point::{Case, Checked, Cut, OF_CHANGES, Then, Trouble, plan};
use super::scale::{Dice, scaled};
use crate::storage::Durability;

/// All points of all operations.
const POINTS: usize = 20_000;

/// A number for a point, the same in each run.
fn seed_of(case: usize, trouble: usize, round: u64) -> u64 {
    let mut dice = Dice((case as u64) << 32 | (trouble as u64) << 8 | round);
    dice.roll(u64::MAX >> 33);
    dice.roll(1 << 30)
}

fn both() -> impl Iterator<Item = (&'static Operation, Durability)> {
    let only = std::env::var("CALCSTORE_OPERATION").ok();
    let asked = move |operation: &&Operation| only.as_ref().is_none_or(|only| operation.name == only);
    let both = |operation| [Durability::Process, Durability::Power].map(|durability| (operation, durability));
    OPERATIONS.iter().filter(asked).flat_map(both)
}

/// Does so many pieces of work with all cores; fails with what is wrong.
fn all(count: usize, work: impl Fn(usize) -> Checked + Sync) {
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, SeqCst);
                    if at >= count {
                        return;
                    }
                    let done = catch_unwind(AssertUnwindSafe(|| work(at)));
                    let done = done.unwrap_or_else(|_| Err("panics".to_owned()));
                    failures.lock().unwrap().extend(done.err());
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let shown = &failures[..failures.len().min(20)];
    assert!(failures.is_empty(), "{} of {count} points fail: {shown:#?}", failures.len());
}

#[test]
fn whatever_fails_what_was_acknowledged_is_there_and_the_rest_is_old_or_new() {
    let cases: Vec<Case> = both().map(|(operation, durability)| Case::new(operation, durability)).collect();
    let mut points = Vec::new();
    let rounds = scaled(10_000).div_ceil(10_000);
    let mut full = 0;
    for (at, case) in cases.iter().enumerate() {
        for (number, trouble) in case.troubles().into_iter().enumerate() {
            full += 1;
            for round in 0..rounds {
                let seed = seed_of(at, number, round);
                if seed % 10_000 < scaled(10_000) {
                    points.push((case, trouble, seed));
                }
            }
        }
    }
    assert!(full >= POINTS || std::env::var("CALCSTORE_OPERATION").is_ok(), "{full} points");
    let begun = Instant::now();
    all(points.len(), |at| {
        let (case, trouble, seed) = points[at];
        let failed = |what| {
            format!("{}, {:?}, {trouble:?}, seed {seed}: {what}", case.operation.name, case.durability)
        };
        case.run(trouble, None, seed).map(|_| ()).map_err(failed)
    });
    println!("{} of {full} points in {:?}", points.len(), begun.elapsed());
}

/// What can go wrong while a store is repaired, for each call of it.
const OF_RECOVERY: [(Family, Fault, Then); 5] = [
    (Family::All, Fault::Once(Errno::IO), Then::On),
    (Family::Changes, Fault::End, Then::Kill),
    (Family::Changes, Fault::End, Then::Cut(Cut::Ordered)),
    (Family::Changes, Fault::End, Then::Cut(Cut::Random)),
    (Family::Changes, Fault::End, Then::Cut(Cut::Torn)),
];

#[test]
fn whatever_fails_while_a_store_is_repaired_is_repaired_by_the_next_one() {
    let cases: Vec<_> = both().filter(|(operation, _)| operation.begins == Begins::Open).collect();
    let mut firsts = Vec::new();
    for (at, case) in cases.iter().enumerate() {
        // A kill, and a cut of each kind.
        for (way, (fault, then)) in OF_CHANGES[5..].iter().enumerate() {
            let seed = seed_of(at, way, 7);
            if seed % 10_000 < scaled(5_000) {
                firsts.push((*case, *fault, *then, seed));
            }
        }
    }
    let (begun, points) = (Instant::now(), AtomicUsize::new(0));
    all(firsts.len(), |at| {
        let ((operation, durability), fault, then, seed) = firsts[at];
        let case = Case::new(operation, durability);
        let call = usize::try_from(seed).unwrap() % (case.changes() + 1) + 1;
        let first = Trouble { plan: plan(call, Family::Changes, fault), then };
        for (family, fault, then) in OF_RECOVERY {
            for call in 1.. {
                let second = Trouble { plan: plan(call, family, fault), then };
                let failed = |what| {
                    format!("{}, {durability:?}, {first:?}, {second:?}, seed {seed}: {what}", operation.name)
                };
                let calls = case.run(first, Some(second), seed).map_err(failed)?;
                points.fetch_add(1, SeqCst);
                if calls.unwrap_or_default() < call {
                    break;
                }
            }
        }
        Ok(())
    });
    println!("{} points in {:?}", points.into_inner(), begun.elapsed());
}
