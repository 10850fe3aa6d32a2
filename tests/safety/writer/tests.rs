//! The verifier itself: it says nothing of what is right, and finds what is planted.

use std::fs::OpenOptions;
use std::path::Path;

use calcstore::DataStore;

use super::operation::Operation;
use super::verifier::Verdict;
use super::{Line, Plan, Verifier, left_behind, note};
use crate::child::scratch;
use crate::scale::scaled;

#[test]
fn a_writer_that_comes_to_its_end_leaves_what_its_log_says() {
    for is_power in [false, true] {
        let directory = scratch();
        let operations = if is_power { scaled(2000).min(200) } else { 300 };
        let mut plan = Plan { is_power, operations: Some(operations), ..Plan::new(directory.path(), 3, 7) };
        let mut verifier = Verifier::of([&plan]);
        for seed in 1..=2 {
            plan.seed = seed;
            assert!(plan.command().status().unwrap().success());
            let verdict = verifier.after_a_kill(&plan.store);
            verdict.assert_clean();
            assert!(
                verdict.acknowledged >= operations / 2 * seed,
                "most operations are possible: {verdict:?}"
            );
        }
        assert_eq!(left_behind(&plan.store), [""; 0]);
    }
}

fn put(key: &str, rows: u64) -> Operation {
    Operation::Put { key: key.to_owned(), rows, is_table: false, new: false }
}

/// Does operations in this process, all acknowledged but for the last, which is not even begun if it is not to be
/// `done`. Then plants something, and verifies.
fn verdict(operations: &[Operation], done: bool, plant: impl Fn(&Path), is_cut: bool) -> Verdict {
    let directory = scratch();
    let plan = Plan::new(directory.path(), 0, 1);
    let mut verifier = Verifier::of([&plan]);
    let log = OpenOptions::new().append(true).create(true).open(&plan.log).unwrap();
    let store = DataStore::at(&plan.store).unwrap();
    for (operation, id) in operations.iter().zip(1..) {
        note(&log, &Line::Begin { id, operation: operation.clone() });
        if done || id < operations.len() as u64 {
            operation.perform(&store, id).unwrap();
            note(&log, &Line::Done { id });
        }
    }
    drop(store);
    plant(&plan.store);
    if is_cut { verifier.after_a_power_cut(&plan.store) } else { verifier.after_a_kill(&plan.store) }
}

/// What is found of one array that is replaced and one that is there before, after something was planted.
fn planted(plant: impl Fn(&DataStore), is_cut: bool) -> Verdict {
    let operations = [put("/w0/g0/x0", 3), put("/w0/g0/x1", 5), Operation::Flush, put("/w0/g0/x1", 5)];
    verdict(&operations, true, |path| plant(&DataStore::at(path).unwrap()), is_cut)
}

#[test]
fn what_is_planted_is_found() {
    planted(|_| {}, false).assert_clean();
    planted(|_| {}, true).assert_clean();
    for is_cut in [false, true] {
        let lost = planted(|store| store.remove("/w0/g0/x0").unwrap(), is_cut);
        assert_eq!((lost.lost.len(), lost.torn.len()), (1, 0), "{lost:?}");
        let mixed = ndarray::Array2::from_shape_fn((3, 4), |(_, column)| 1 + column as u64 / 3);
        let torn = planted(|store| store.insert("/w0/g0/x0", &mixed).unwrap(), is_cut);
        assert_eq!((torn.lost.len(), torn.torn.len()), (0, 1), "{torn:?}");
        let chunk = |store: &DataStore| {
            let file = store.calc_dir().join("output.zarr/w0/g0/x0/c.0.0");
            std::fs::write(file, [0; 64]).unwrap();
        };
        let unreadable = planted(chunk, is_cut);
        assert_eq!((unreadable.torn.len(), unreadable.wrong.len()), (1, 1), "{unreadable:?}");
        let never_written = planted(|store| store.insert("/w0/g0/x2", &mixed).unwrap(), is_cut);
        assert!(!never_written.is_clean(), "{never_written:?}");
    }
}

#[test]
fn an_older_value_is_lost_after_a_kill_and_allowed_after_a_power_cut_if_the_newer_one_was_not_flushed() {
    let older = |store: &DataStore| put("/w0/g0/x1", 5).perform(store, 2).unwrap();
    assert_eq!(planted(older, false).lost.len(), 1);
    planted(older, true).assert_clean();
    let flushed = [put("/w0/g0/x1", 5), put("/w0/g0/x1", 5), Operation::Flush];
    let older = |path: &Path| put("/w0/g0/x1", 5).perform(&DataStore::at(path).unwrap(), 1).unwrap();
    assert_eq!(verdict(&flushed, true, older, true).lost.len(), 1);
}

#[test]
fn what_was_begun_has_happened_or_not() {
    let two = [put("/w0/g0/x0", 3), put("/w0/g0/x0", 3)];
    verdict(&two, false, |_| {}, false).assert_clean();
    let happened = |path: &Path| put("/w0/g0/x0", 3).perform(&DataStore::at(path).unwrap(), 2).unwrap();
    verdict(&two, false, happened, false).assert_clean();

    // Chunks are of two rows: the first of those written is done here, or half of it.
    let write = Operation::Write { key: "/w0/g0/x0".to_owned(), from: 0, to: 3, is_atomic: false };
    let atomic = Operation::Write { key: "/w0/g0/x0".to_owned(), from: 0, to: 3, is_atomic: true };
    let part = |to| {
        let part = Operation::Write { key: "/w0/g0/x0".to_owned(), from: 0, to, is_atomic: false };
        move |path: &Path| part.perform(&DataStore::at(path).unwrap(), 2).unwrap()
    };
    verdict(&[put("/w0/g0/x0", 3), write.clone()], false, part(2), false).assert_clean();
    assert!(!verdict(&[put("/w0/g0/x0", 3), write], false, part(1), false).is_clean());
    assert!(!verdict(&[put("/w0/g0/x0", 3), atomic], false, part(2), false).is_clean());
}
