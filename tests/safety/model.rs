//! Random operations on two open stores in one directory, some of them by a process that is killed, compared with a
//! `BTreeMap` after each step.
//!
//! `CALCSTORE_STEPS` is the most steps of a case, 75 where it is not set.

mod map;
mod steps;

use std::path::Path;
use std::time::Duration;

use calcstore::{Continue, DataStore, Dataset, Durability, ErrorKind, LockPolicy};
use proptest::prelude::*;
use proptest::test_runner::Config;

use self::map::{Map, Node, Thing};
use self::steps::{Edit, Step, steps};
use crate::child::{child, told};
use crate::scale::scaled;

/// Where a child finds what it is to do, and where it says that it begins.
const PROGRAM: &str = "program.json";
const BEGUN: &str = "begun";

fn open(directory: &Path, locks: LockPolicy) -> DataStore {
    let options = DataStore::options().durability(Durability::Process).locks(locks);
    options.at(directory.join("store")).unwrap()
}

fn numbers(map: &Map) -> Vec<String> {
    let is_numbers = |node: &Node| matches!(node.thing, Some(Thing::Numbers(_)));
    map.nodes.iter().filter(|(_, node)| is_numbers(node)).map(|(key, _)| key.clone()).collect()
}

/// The stores, what must be in them, and a dataset that was opened some time ago.
struct Machine<'a> {
    directory: &'a Path,
    handles: [DataStore; 2],
    map: Map,
    held: Option<(String, u64, Dataset)>,
    asks_no_locks: bool,
}

impl Machine<'_> {
    fn step(&mut self, which: usize, step: &Step) {
        let store = &self.handles[which];
        match step {
            Step::Edit(edit) => {
                let found = edit.apply(store).map_err(|error| error.kind());
                assert_eq!(found, self.map.edit(edit), "{edit:?}");
            }
            Step::Grow(pick, by) => self.grow(which, *pick, by),
            Step::Resize(pick, length) => {
                self.change(which, *pick, |dataset, values| {
                    dataset.resize(&[*length as u64]).unwrap();
                    values.resize(*length, 0);
                });
            }
            Step::Write(pick, start, count, is_atomic) => {
                let mut is_replaced = false;
                let key = self.change(which, *pick, |dataset, values| {
                    let (start, end) = ((*start).min(values.len()), (start + count).min(values.len()));
                    dataset.atomic(*is_atomic).write(start..end, -7i64).unwrap();
                    values[start..end].fill(-7);
                    // To write nothing changes nothing.
                    is_replaced = *is_atomic && start < end;
                });
                if let Some(key) = key.filter(|_| is_replaced) {
                    self.map.renew(&key);
                }
            }
            Step::Hold(pick) => {
                self.held = self.pick(*pick).map(|key| {
                    let dataset = store.dataset(&key).unwrap();
                    (key.clone(), self.map.nodes[&key].born, dataset)
                });
            }
            Step::Flush => store.flush().unwrap(),
            // Who asks for no locks takes a stage that rests for a dead one's.
            Step::Gc if self.asks_no_locks => assert!(store.gc().run().unwrap().failed.is_empty()),
            Step::Gc => assert!(store.gc().older_than(Duration::ZERO).run().unwrap().failed.is_empty()),
            Step::Check => assert_clean(store),
            Step::Export => drop(store.hdf5_export().force(true).run().unwrap()),
            Step::ReadOnly => {
                let store = DataStore::options().read_only(true).at(self.directory.join("store")).unwrap();
                self.compare(&store);
                assert_eq!(store.insert("/a", 1).unwrap_err().kind(), ErrorKind::ReadOnly);
            }
            Step::Reopen(locks) => {
                self.handles[which] = open(self.directory, *locks);
                self.asks_no_locks |= *locks == LockPolicy::Off;
            }
            Step::Crash(edits, microseconds) => self.crash(which, edits, *microseconds),
        }
    }

    fn pick(&self, pick: usize) -> Option<String> {
        let mut keys = numbers(&self.map);
        (!keys.is_empty()).then(|| keys.swap_remove(pick % keys.len()))
    }

    /// Changes a dataset and what it must hold, if there is one.
    fn change(
        &mut self,
        which: usize,
        pick: usize,
        change: impl FnOnce(Dataset, &mut Vec<i64>),
    ) -> Option<String> {
        let key = self.pick(pick)?;
        let dataset = self.handles[which].dataset(&key).unwrap();
        if let Some(Thing::Numbers(values)) = &mut self.map.nodes.get_mut(&key)?.thing {
            change(dataset, values);
        }
        Some(key)
    }

    /// Appends to a table or dataset: at once, or one by one.
    fn grow(&mut self, which: usize, pick: usize, by: &[i64]) {
        let grows = |node: &Node| matches!(node.thing, Some(Thing::Numbers(_) | Thing::Table(_)));
        let keys = self.map.nodes.iter_mut().filter(|(_, node)| grows(node)).collect::<Vec<_>>();
        let count = keys.len().max(1);
        let Some((key, node)) = keys.into_iter().nth(pick % count) else { return };
        let store = &self.handles[which];
        match &mut node.thing {
            Some(Thing::Numbers(values)) => {
                let dataset = store.dataset(key).unwrap();
                if by.len().is_multiple_of(2) {
                    assert_eq!(dataset.append(by.to_vec()).unwrap(), (values.len() + by.len()) as u64);
                } else {
                    let mut appender = dataset.appender();
                    for number in by {
                        appender.append(*number).unwrap();
                    }
                    assert_eq!(appender.finish().unwrap(), (values.len() + by.len()) as u64);
                }
                values.extend(by);
            }
            Some(Thing::Table(ids)) => {
                let table = store.table(key).unwrap();
                let rows = map::rows(by);
                if by.len().is_multiple_of(2) {
                    table.append(calcstore::Table::from_rows(&rows).unwrap()).unwrap();
                } else {
                    let mut appender = table.appender();
                    for row in rows {
                        appender.push(row).unwrap();
                    }
                    appender.finish().unwrap();
                }
                ids.extend(by);
            }
            _ => {}
        }
    }

    /// Lets a child do the edits, kills it, and finds out how far it came.
    fn crash(&mut self, which: usize, edits: &[Edit], microseconds: u64) {
        std::fs::write(self.directory.join(PROGRAM), serde_json::to_vec(edits).unwrap()).unwrap();
        let mut killed = child("model::child_does_the_next_steps", self.directory, 0).spawn().unwrap();
        while !self.directory.join(BEGUN).exists() {
            assert!(killed.try_wait().unwrap().is_none(), "the child ended before it began");
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(microseconds));
        killed.kill().unwrap();
        killed.wait().unwrap();
        std::fs::remove_file(self.directory.join(BEGUN)).unwrap();
        self.handles[which] = open(self.directory, LockPolicy::Require);
        let found = Map::found(&self.handles[which]);
        let mut possible = self.map.clone();
        for edit in edits {
            // Groups above a value are made one by one, before it.
            let mut parents = possible.clone();
            for parent in edit.parents() {
                if possible.agrees(&found) || parents.edit(&Edit::CreateGroup(parent)).is_err() {
                    break;
                }
                if parents.agrees(&found) {
                    possible = parents.clone();
                }
            }
            if possible.agrees(&found) {
                break;
            }
            let _ = possible.edit(edit);
        }
        assert!(
            possible.agrees(&found),
            "{:#?}\nis no state on the way of {edits:#?}\nfrom {:#?}",
            found,
            self.map
        );
        self.map = possible;
    }

    fn compare(&self, store: &DataStore) {
        let found = Map::found(store);
        assert!(self.map.agrees(&found), "found {found:#?}\nwhere there should be {:#?}", self.map);
    }

    /// What a handle says that was opened earlier: the values of today, or that its node is gone.
    fn compare_held(&self) {
        let Some((key, born, dataset)) = &self.held else { return };
        let now = self.map.nodes.get(key).filter(|node| node.born == *born);
        match (dataset.read::<Vec<i64>>(..), now.and_then(|node| node.thing.as_ref())) {
            (Ok(values), Some(thing)) => assert_eq!(&Thing::Numbers(values), thing),
            (Err(error), None) => assert_eq!(error.kind(), ErrorKind::Changed, "{error}"),
            (read, thing) => panic!("{key}: {read:?}, where there should be {thing:?}"),
        }
    }
}

fn assert_clean(store: &DataStore) {
    let faults = store.check("/", |_| Continue::Yes).unwrap().faults;
    assert!(faults.is_empty(), "{faults:?}");
}

fn most_steps() -> usize {
    std::env::var("CALCSTORE_STEPS").map_or(75, |text| text.parse().expect("CALCSTORE_STEPS is a number"))
}

#[test]
fn child_does_the_next_steps() {
    let Some((directory, _)) = told() else { return };
    let program = std::fs::read(directory.join(PROGRAM)).unwrap();
    let edits: Vec<Edit> = serde_json::from_slice(&program).unwrap();
    let store = open(&directory, LockPolicy::Require);
    std::fs::write(directory.join(BEGUN), "").unwrap();
    for edit in &edits {
        let _ = edit.apply(&store);
    }
    std::thread::sleep(Duration::from_mins(1));
}

proptest! {
    #![proptest_config(Config {
        cases: scaled(200) as u32,
        failure_persistence: None,
        max_shrink_iters: 4000,
        ..Config::default()
    })]

    #[test]
    fn two_handles_and_a_map_agree_after_every_step(
        steps in prop::collection::vec((0..2usize, steps()), 1..=most_steps()),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let store = || open(directory.path(), LockPolicy::Require);
        let handles = [store(), store()];
        let mut machine = Machine { directory: directory.path(), handles, map: Map::default(), held: None, asks_no_locks: false };
        for (which, step) in &steps {
            machine.step(*which, step);
            machine.compare(&machine.handles[1 - which]);
            machine.compare_held();
        }
        let Machine { map, handles, held, .. } = machine;
        drop((handles, held));
        let store = store();
        assert!(map.agrees(&Map::found(&store)));
        assert_clean(&store);
        assert!(store.gc().older_than(Duration::ZERO).run().unwrap().failed.is_empty());
        let left = store.gc().older_than(Duration::ZERO).dry_run(true).run().unwrap().leftovers;
        assert!(left.is_empty(), "{left:?}");
    }
}
