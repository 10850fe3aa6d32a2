//! One point: an operation in a world of its own, in which something goes wrong.

use std::sync::Arc;

use rustix::io::Errno;

use super::disk::Disk;
use super::gate::{Family, Fault, Plan};
use super::images::{Left, Torn};
use super::operations::{Begins, Operation, Scene, fill};
use super::scale::Dice;
use super::seen::{State, see};
use super::verdict::{Found, Loss};
use crate::storage::Durability;

/// What is wrong, in a line.
pub(super) type Checked<T = ()> = Result<T, String>;

/// How a power cut leaves what was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// The first steps of all.
    Ordered,
    /// Each step or not.
    Random,
    /// Files are empty, zeros, half or whole.
    Torn,
}

/// What comes after the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// The same process goes on.
    On,
    /// It is killed.
    Kill,
    Cut(Cut),
}

/// A fault, and what comes after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    pub plan: Plan,
    pub then: Then,
}

/// An operation and its world, from which each point starts anew.
pub(super) struct Case {
    pub operation: &'static Operation,
    pub durability: Durability,
    disk: Disk,
    pub before: Option<State>,
    pub after: Option<State>,
    /// The files beside the store, once it is done.
    pub files: Vec<Vec<u8>>,
    /// How many calls it takes, and how many of them change something.
    calls: usize,
    changes: usize,
    ignored: Vec<&'static str>,
    ignored_in_recovery: Vec<&'static str>,
}

/// What can happen at a call that changes something, and at any call.
pub(super) const OF_CHANGES: [(Fault, Then); 9] = [
    (Fault::ForEver(Errno::IO), Then::Kill),
    (Fault::Once(Errno::NOSPC), Then::On),
    (Fault::Once(Errno::XDEV), Then::On),
    (Fault::Once(Errno::OPNOTSUPP), Then::On),
    (Fault::Short, Then::On),
    (Fault::End, Then::Kill),
    (Fault::End, Then::Cut(Cut::Ordered)),
    (Fault::End, Then::Cut(Cut::Random)),
    (Fault::End, Then::Cut(Cut::Torn)),
];
const OF_ALL: [(Fault, Then); 3] = [
    (Fault::Once(Errno::IO), Then::On),
    (Fault::Once(Errno::INTR), Then::On),
    (Fault::Once(Errno::NOSYS), Then::On),
];

pub(super) fn plan(call: usize, family: Family, fault: Fault) -> Plan {
    Plan { call, family, fault }
}

impl Case {
    pub fn new(operation: &'static Operation, durability: Durability) -> Self {
        let mut disk = Disk::new();
        if operation.begins != Begins::Empty {
            let scene = Scene::new(disk, durability);
            scene.create().unwrap();
            let store = Arc::new(scene.open().unwrap());
            fill(&store).unwrap();
            drop(store);
            disk = Arc::into_inner(scene.disk).unwrap();
        }
        disk.lacks = operation.lacks.to_vec();
        disk.no_links = operation.no_links;
        let mut case = Self {
            operation,
            durability,
            disk,
            before: None,
            after: None,
            files: Vec::new(),
            calls: 0,
            changes: 0,
            ignored: Vec::new(),
            ignored_in_recovery: Vec::new(),
        };
        for family in [Family::Changes, Family::All] {
            let scene = case.scene(0);
            case.before = scene.store.as_ref().map(|store| see(store).unwrap());
            if operation.begins == Begins::Closed {
                case.before = Some(see(&scene.open().unwrap()).unwrap());
            }
            scene.disk.gate.plan(plan(usize::MAX, family, Fault::End));
            (operation.run)(&scene).unwrap();
            let calls = scene.disk.gate.calls();
            let count = if family == Family::All { &mut case.calls } else { &mut case.changes };
            *count = calls;
            scene.disk.gate.mend();
            let path = |file: &&str| std::fs::read(scene.disk.path().join(file)).unwrap();
            case.files = operation.files.iter().map(path).collect();
            drop(scene.store);
            let again = Scene { store: None, ..scene };
            case.after = again.path().exists().then(|| see(&again.open().unwrap()).unwrap());
        }
        case
    }

    /// The world at the beginning, the same for each seed.
    fn scene(&self, seed: u64) -> Scene {
        let disk = self.disk.copy();
        disk.gate.ignore(&self.ignored);
        // Trash may be old enough to be swept, or not.
        disk.wait(seed % 3 * 3);
        if seed.is_multiple_of(4) {
            disk.images().tick = 0;
        }
        let mut scene = Scene::new(disk, self.durability);
        if self.operation.begins == Begins::Open {
            scene.store = Some(Arc::new(scene.open().unwrap()));
        }
        scene
    }

    /// Lets flushes of these paths do nothing, while it is done or while it is repaired.
    pub fn ignoring(mut self, patterns: &[&'static str], in_recovery: bool) -> Self {
        let ignored = if in_recovery { &mut self.ignored_in_recovery } else { &mut self.ignored };
        *ignored = patterns.to_vec();
        self
    }

    /// How many of the calls change something.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Everything that can go wrong.
    pub fn troubles(&self) -> Vec<Trouble> {
        let all = |calls, family, ways: &'static [(Fault, Then)]| {
            (1..=calls + 1).flat_map(move |call| {
                ways.iter()
                    .map(move |(fault, then)| Trouble { plan: plan(call, family, *fault), then: *then })
            })
        };
        let changes = all(self.changes, Family::Changes, &OF_CHANGES);
        changes.chain(all(self.calls, Family::All, &OF_ALL)).collect()
    }

    /// One point: an operation goes wrong, then perhaps what repairs it, and in the end all is well.
    pub fn run(&self, trouble: Trouble, again: Option<Trouble>, seed: u64) -> Checked<Option<usize>> {
        let scene = self.scene(seed);
        scene.disk.gate.plan(trouble.plan);
        let acknowledged = (self.operation.run)(&scene).is_ok();
        let failed = scene.disk.gate.failed().unwrap_or_default();
        self.run_on(scene, acknowledged, trouble, again, seed).map_err(|what| format!("at {failed}: {what}"))
    }

    fn run_on(
        &self,
        scene: Scene,
        acknowledged: bool,
        trouble: Trouble,
        again: Option<Trouble>,
        seed: u64,
    ) -> Checked<Option<usize>> {
        let mut found = Found { case: self, acknowledged, loss: Loss::None, later: false };
        let mut scene = found.after(scene, trouble.then, seed)?;
        let mut calls = None;
        if let Some(again) = again {
            scene.disk.gate.ignore(&self.ignored_in_recovery);
            scene.disk.gate.plan(again.plan);
            let opened = scene.open().ok().map(Arc::new);
            calls = Some(scene.disk.gate.calls());
            scene.store = opened;
            let failed = scene.disk.gate.failed().unwrap_or_default();
            scene = found
                .after(scene, again.then, seed + 1)
                .map_err(|what| format!("then at {failed}: {what}"))?;
        }
        found.verify(&scene)?;
        Ok(calls)
    }
}

/// Cuts the power; gives what is left.
pub(super) fn cut_now(disk: &Disk, cut: Cut, seed: u64, durability: Durability) -> Disk {
    let (mut names, mut bytes) = (Dice(seed), Dice(seed + 1));
    let pending = disk.images().pending();
    let flushed = disk.images().before_flushed();
    let first = usize::try_from(names.roll(pending as u64 + 1)).unwrap();
    let is_journal = durability == Durability::Process && cut == Cut::Torn || cut == Cut::Ordered;
    // Whoever flushes names flushes those that changed before, where they keep their order.
    let is_ordered = is_journal && durability == Durability::Process;
    let mut keep = |at, is_name: bool| match cut {
        Cut::Torn if !is_name => true,
        _ if is_ordered && is_name && at < flushed => true,
        _ if is_journal => at < first,
        _ => names.roll(2) == 0,
    };
    let mut tear = |_: &str| match (cut, bytes.roll(4)) {
        (Cut::Ordered | Cut::Random, _) => Torn::AsKept,
        (_, 0) => Torn::Empty,
        (_, 1) => Torn::Zeros,
        (_, 2) => Torn::Half,
        _ => Torn::Whole,
    };
    disk.cut(Left { keep: &mut keep, tear: &mut tear })
}
