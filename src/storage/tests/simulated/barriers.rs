//! Each barrier of the protocol, taken out: then the sweep finds a loss.
//!
//! A barrier that the model cannot tell from a needless one is in the table too, as such.

use super::gate::{Family, Fault};
use super::operations::OPERATIONS;
use super::point::{Case, Cut, Then, Trouble, plan};
use super::scale::scaled;
use crate::storage::Durability::{self, Power, Process};

/// What is flushed in vain, and whether that is noticed.
struct Barrier {
    name: &'static str,
    operation: &'static str,
    durability: Durability,
    /// The paths whose flush does nothing.
    paths: &'static [&'static str],
    /// Whether it is what repairs the store that flushes in vain.
    in_recovery: bool,
    is_noticed: bool,
}

const fn barrier(
    name: &'static str,
    operation: &'static str,
    durability: Durability,
    paths: &'static [&'static str],
    is_noticed: bool,
) -> Barrier {
    Barrier { name, operation, durability, paths, in_recovery: false, is_noticed }
}

/// The name, the operation, its durability, the flushes that are taken out, and whether the sweep notices.
const BARRIERS: &[Barrier] = &[
    barrier("chunks before the rename", "insert an array", Power, &["**/stage/TX/*/c.*"], true),
    barrier("zarr.json before the rename", "insert an array", Power, &["**/stage/TX/*/zarr.json"], true),
    barrier("the staged directory before the rename", "insert an array", Power, &["**/stage/TX/*"], true),
    barrier("columns before the rename", "insert a table", Power, &["**/stage/TX/*/x"], true),
    barrier("all at once for many chunks", "insert many chunks", Power, &["everything"], true),
    barrier("the group after the rename", "insert only if new", Power, &["data/calc_1/output.zarr/g"], true),
    barrier("the directory above a new group", "insert an array", Power, &["data/calc_1/output.zarr"], true),
    barrier("the calculation's directory", "create a store", Power, &["data/calc_1"], true),
    barrier("the data directory", "create a store", Power, &["data"], true),
    barrier("the directory above the data directory", "create a store", Power, &[""], true),
    barrier(
        "both directories after an exchange",
        "replace",
        Power,
        &["data/calc_1/output.zarr/g", "**/trash/**"],
        true,
    ),
    // An exchange is one step: either of the two flushes does.
    barrier("only the group after an exchange", "replace", Power, &["data/calc_1/output.zarr/g"], false),
    barrier("only the trash after an exchange", "replace", Power, &["**/trash/**"], false),
    barrier(
        "the way to the trash before two steps",
        "replace in two steps",
        Power,
        &["**/trash", "**/trash/**"],
        true,
    ),
    barrier("the intent before two steps", "replace in two steps", Power, &["**/stage/TX/1"], true),
    barrier("the directory of intents before two steps", "replace in two steps", Power, &["**/intent"], true),
    barrier("the group after two steps", "replace in two steps", Power, &["data/calc_1/output.zarr/g"], true),
    barrier(
        "the group after removing",
        "remove a value",
        Power,
        &["data/calc_1/output.zarr/g", "**/trash/**"],
        true,
    ),
    // A rename is one step as well: either of the two flushes does.
    barrier("only the group after removing", "remove a value", Power, &["data/calc_1/output.zarr/g"], false),
    barrier("only the trash after removing", "remove a value", Power, &["**/trash/**"], false),
    barrier("both groups of a move", "move a value", Power, &["data/calc_1/output.zarr/{g,h}"], true),
    barrier(
        "the group that a value is moved out of",
        "move a value",
        Power,
        &["data/calc_1/output.zarr/g"],
        false,
    ),
    barrier("the note of a move", "move a group", Power, &["**/stage", "**/stage/TX", "**/stage/TX/0"], true),
    barrier("the file before a change in place", "change an attribute", Power, &["**/stage/TX/*"], true),
    barrier(
        "the node after a change in place",
        "change an attribute",
        Power,
        &["**/output.zarr/g/old"],
        true,
    ),
    barrier("chunks before they are put in place", "append to an array", Power, &["**/stage/TX/*"], true),
    barrier(
        "the array before and after its zarr.json",
        "append to an array",
        Power,
        &["**/output.zarr/many"],
        true,
    ),
    barrier("everything in a draft", "commit a draft", Power, &["**/stage/TX/**"], true),
    barrier("everything in a copy", "copy a group", Power, &["**/stage/TX/**"], true),
    barrier("the export before it has its name", "export", Power, &["output"], true),
    barrier("the directory of an export", "export", Process, &["data/calc_1"], true),
    barrier("the data directory after a deletion", "delete the calculation", Process, &["data"], true),
    barrier("everything in a flush", "insert and flush", Process, &["everything"], true),
    barrier(
        "everything before garbage is removed",
        "replace and collect garbage",
        Process,
        &["everything"],
        true,
    ),
    barrier("the directory of markers before a change", "replace", Process, &["**/dirty"], true),
    // It is empty.
    barrier("the marker itself", "replace", Process, &["**/dirty/*"], false),
    Barrier {
        in_recovery: true,
        ..barrier(
            "the group before an intent is removed",
            "replace in two steps",
            Power,
            &["**/output.zarr/g"],
            true,
        )
    },
];

const CUTS: [Cut; 3] = [Cut::Random, Cut::Torn, Cut::Ordered];

/// What is found first when every call is the last before a cut.
fn find(barrier: &Barrier) -> Option<String> {
    let operation = OPERATIONS.iter().find(|operation| operation.name == barrier.operation).unwrap();
    let case = Case::new(operation, barrier.durability).ignoring(barrier.paths, barrier.in_recovery);
    let end = |call, cut| Trouble { plan: plan(call, Family::Changes, Fault::End), then: Then::Cut(cut) };
    for round in 0..if barrier.is_noticed { 100 } else { scaled(4) } {
        // The last calls first: there is most to lose.
        for call in (1..=case.changes() + 1).rev() {
            for (n, cut) in CUTS.into_iter().enumerate() {
                let seed = round * 100_003 + call as u64;
                let found = if barrier.in_recovery {
                    let again = usize::try_from(seed).unwrap() * 7 % 80 + n + 1;
                    case.run(end(call, Cut::Torn), Some(end(again, cut)), seed)
                } else {
                    case.run(end(call, cut), None, seed)
                };
                if let Err(found) = found {
                    return Some(found);
                }
            }
        }
    }
    None
}

#[test]
fn the_sweep_notices_each_barrier_that_is_taken_out() {
    let mut wrong = Vec::new();
    let count = usize::try_from(scaled(10 * BARRIERS.len() as u64)).unwrap().min(BARRIERS.len());
    for barrier in BARRIERS.iter().step_by(BARRIERS.len() / count) {
        let found = find(barrier);
        println!("{} ({}, {:?}): {found:?}", barrier.name, barrier.operation, barrier.durability);
        if found.is_some() != barrier.is_noticed {
            wrong.push((barrier.name, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
