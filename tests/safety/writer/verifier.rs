//! Compares what is in a store with what its writers have acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use calcstore::{Continue, DataStore, FindingKind};

use super::world::{Content, World};
use super::{Line, Operation, Plan};

/// Follows the logs of writers; each of them is told to it before it writes.
pub struct Verifier(Vec<Model>);

/// What one writer may have left.
struct Model {
    log: PathBuf,
    /// How far the log was read.
    read: u64,
    group: String,
    /// One of these is there.
    worlds: BTreeSet<World>,
    /// What has been there since the last flush began, and at that time.
    unflushed: BTreeSet<World>,
    pending: Option<(u64, Operation)>,
    acknowledged: u64,
}

/// What was found. Each finding is a line of text.
#[derive(Debug, Default)]
pub struct Verdict {
    /// How many operations were acknowledged so far.
    pub acknowledged: u64,
    /// Acknowledged values that are not there, or older than they may be.
    pub lost: Vec<String>,
    /// Values that cannot be read, or that are a mixture.
    pub torn: Vec<String>,
    /// Whatever else should not be: a store that does not open, a fault that `check` finds, half an operation.
    pub wrong: Vec<String>,
    /// What the store says that it has repaired.
    pub recovered: Vec<String>,
}

impl Verdict {
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.torn.is_empty() && self.wrong.is_empty()
    }

    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.is_clean(), "{self:#?}");
    }
}

impl Verifier {
    pub fn of<'a>(plans: impl IntoIterator<Item = &'a Plan>) -> Self {
        let model = |plan: &Plan| Model::new(plan.log.clone(), plan.group());
        Self(plans.into_iter().map(model).collect())
    }

    /// Opens the store for writing and compares, when all writers are dead or done: everything acknowledged is there;
    /// what was begun has happened, or it has not. After a power cut too, where they wrote with `Durability::Power`.
    pub fn after_a_kill(&mut self, store: &Path) -> Verdict {
        self.verify(store, false, |model, found, _, verdict| model.compare(found, verdict))
    }

    /// As [`after_a_kill`](Self::after_a_kill), but opens for reading only: what the dead have left meets the next writer.
    pub fn look_after_a_kill(&mut self, store: &Path) -> Verdict {
        // Perhaps it was killed before it had made the store. Who reads does not make one.
        let is_there = store.join("output.zarr").exists();
        self.verify(store, is_there, |model, found, _, verdict| model.compare(found, verdict))
    }

    /// As [`after_a_kill`](Self::after_a_kill), after a power cut of writers with `Durability::Process`: everything
    /// flushed is there; what came later is whole, as it was before, absent, or named among the recovered.
    pub fn after_a_power_cut(&mut self, store: &Path) -> Verdict {
        self.verify(store, false, Model::compare_unflushed)
    }

    fn verify(
        &mut self,
        path: &Path,
        read_only: bool,
        compare: impl Fn(&mut Model, World, &BTreeSet<String>, &mut Verdict),
    ) -> Verdict {
        let mut verdict = Verdict::default();
        for model in &mut self.0 {
            model.follow(&mut verdict);
            verdict.acknowledged += model.acknowledged;
        }
        let store = match DataStore::options().read_only(read_only).at(path) {
            Ok(store) => store,
            Err(error) => {
                verdict.wrong.push(format!("the store does not open: {error:?}"));
                return verdict;
            }
        };
        let named = store.recovered().iter().map(|recovered| recovered.key.clone()).collect();
        verdict.recovered = store.recovered().iter().map(ToString::to_string).collect();
        for model in &mut self.0 {
            compare(model, World::found(&store, &model.group), &named, &mut verdict);
        }
        match store.check("/", |_| Continue::Yes) {
            Ok(report) => {
                // What the dead have begun is finished by the next writer, and not by one who reads.
                let is_left_to_do = |kind| {
                    read_only && matches!(kind, FindingKind::Interrupted | FindingKind::DimensionNames)
                };
                let faults = report.faults.iter().filter(|fault| !is_left_to_do(fault.kind));
                verdict.wrong.extend(faults.map(|fault| format!("check: {fault:?}")));
            }
            Err(error) => verdict.wrong.push(format!("check fails: {error:?}")),
        }
        verdict
    }
}

impl Model {
    fn new(log: PathBuf, group: String) -> Self {
        let worlds = BTreeSet::from([World::default()]);
        Self { log, read: 0, group, unflushed: worlds.clone(), worlds, pending: None, acknowledged: 0 }
    }

    /// Reads what was added to the log.
    fn follow(&mut self, verdict: &mut Verdict) {
        let mut text = String::new();
        match File::open(&self.log) {
            Ok(mut log) => {
                log.seek(SeekFrom::Start(self.read)).unwrap();
                log.read_to_string(&mut text).unwrap();
            }
            // It was killed before it began.
            Err(_) => return,
        }
        // A line without its end was not written.
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        self.read += whole as u64;
        for line in text[..whole].lines() {
            match serde_json::from_str(line).unwrap() {
                Line::Begin { id, operation } => {
                    self.abandon();
                    self.pending = Some((id, operation));
                }
                Line::Done { id } => self.settle(id, Ok(()), verdict),
                Line::Refused { id, kind, message } => self.settle(id, Err((kind, message)), verdict),
            }
        }
        self.abandon();
    }

    /// The writer was killed in an operation: it has happened, or not, or in part where that is allowed.
    fn abandon(&mut self) {
        let Some((id, operation)) = self.pending.take() else { return };
        let during = self.worlds.iter().filter_map(|world| world.during(id, &operation).ok());
        let during: Vec<World> = during.flatten().collect();
        self.worlds.extend(during);
        self.unflushed.extend(self.worlds.iter().cloned());
    }

    /// An operation has returned.
    fn settle(&mut self, id: u64, outcome: Result<(), (String, String)>, verdict: &mut Verdict) {
        let (begun, operation) = self.pending.take().expect("an operation begins before it ends");
        assert_eq!(begun, id);
        let mut after = BTreeSet::new();
        for world in &self.worlds {
            match (world.during(id, &operation), &outcome) {
                (Ok(mut during), Ok(())) => {
                    after.extend(during.pop());
                    self.unflushed.extend(during);
                }
                (Err(expected), Err((kind, _))) if expected.name() == kind => {
                    after.insert(world.clone());
                }
                _ => {}
            }
        }
        if after.is_empty() {
            verdict.wrong.push(format!(
                "{operation:?} ended with {outcome:?}, which does not follow from any of {:?}",
                self.worlds
            ));
            return;
        }
        self.acknowledged += u64::from(outcome.is_ok());
        self.worlds = after;
        if matches!(operation, Operation::Flush) && outcome.is_ok() {
            self.unflushed.clear();
        }
        self.unflushed.extend(self.worlds.iter().cloned());
    }

    /// Compares what is there with what may be. From then on that is what there is.
    fn compare(&mut self, found: World, verdict: &mut Verdict) {
        if !self.worlds.contains(&found) {
            let before = verdict.lost.len() + verdict.torn.len();
            let keys: BTreeSet<&String> =
                self.worlds.iter().chain([&found]).flat_map(|world| world.0.keys()).collect();
            for key in keys {
                let there = found.0.get(key);
                let allowed: BTreeSet<_> = self.worlds.iter().map(|world| world.0.get(key)).collect();
                if allowed.contains(&there) {
                    continue;
                }
                let line = format!("{key} is {there:?}, not one of {allowed:?}");
                match there.map(|member| &member.content) {
                    Some(Content::Torn(_)) => verdict.torn.push(line),
                    _ => verdict.lost.push(line),
                }
            }
            if verdict.lost.len() + verdict.torn.len() == before {
                verdict.wrong.push(format!("half an operation: {found:?} is none of {:?}", self.worlds));
            }
        }
        self.unflushed.insert(found.clone());
        self.worlds = BTreeSet::from([found]);
    }

    /// The same after a power cut, for each key by itself: anything since the last flush may be there, and absent is
    /// also what was named.
    fn compare_unflushed(&mut self, found: World, named: &BTreeSet<String>, verdict: &mut Verdict) {
        let mut allowed: BTreeMap<&String, Vec<_>> = BTreeMap::new();
        let keys: BTreeSet<&String> =
            self.unflushed.iter().chain([&found]).flat_map(|world| world.0.keys()).collect();
        for key in keys {
            allowed.insert(key, self.unflushed.iter().map(|world| world.0.get(key)).collect());
        }
        for (key, allowed) in allowed {
            let there = found.0.get(key);
            let is_named =
                || named.contains(key) || named.iter().any(|name| key.starts_with(&format!("{name}/")));
            let is_allowed = match there {
                None => allowed.contains(&None) || is_named(),
                Some(there) => {
                    let candidates = allowed.iter().copied().flatten();
                    let attributes: BTreeSet<_> = candidates.clone().map(|member| member.attribute).collect();
                    (attributes.contains(&there.attribute) || is_named())
                        && is_made_of(&there.content, candidates.map(|member| &member.content))
                }
            };
            if !is_allowed {
                let line = format!("{key} is {there:?}, not made of {allowed:?}; named are {named:?}");
                match there.map(|member| &member.content) {
                    Some(Content::Torn(_)) => verdict.torn.push(line),
                    _ => verdict.lost.push(line),
                }
            }
        }
        self.worlds = BTreeSet::from([found]);
        self.unflushed = self.worlds.clone();
    }
}

/// Whether some content has as many rows as one of the candidates, and each row is one that a candidate has there:
/// chunks that were written one after the other may be kept each by itself.
fn is_made_of<'a>(content: &Content, candidates: impl Iterator<Item = &'a Content> + Clone) -> bool {
    let rows_of = |candidate: &'a Content| match (content, candidate) {
        (Content::Array(_), Content::Array(rows)) | (Content::Table(_), Content::Table(rows)) => Some(rows),
        _ => None,
    };
    match content {
        Content::Torn(_) => false,
        Content::Group => candidates.into_iter().any(|candidate| *candidate == Content::Group),
        Content::Array(rows) | Content::Table(rows) => {
            let candidates: Vec<&Vec<u64>> = candidates.filter_map(rows_of).collect();
            let has = |at: usize, id: u64| candidates.iter().any(|rows| rows.get(at) == Some(&id));
            candidates.iter().any(|candidate| candidate.len() == rows.len())
                && rows.iter().enumerate().all(|(at, id)| has(at, *id))
        }
    }
}

/// Removes everything that is left over in a store at which nobody works any more, flushes it, and lists what of the
/// internals still remains.
pub fn left_behind(store: &Path) -> Vec<String> {
    // While another thread starts a program, that has a copy of our locks for a moment.
    (0..20)
        .map(|_| {
            let left = left_now(store);
            std::thread::sleep(Duration::from_millis(if left.is_empty() { 0 } else { 50 }));
            left
        })
        .find(Vec::is_empty)
        .unwrap_or_else(|| left_now(store))
}

fn left_now(store: &Path) -> Vec<String> {
    let opened = DataStore::at(store).unwrap();
    let report = opened.gc().older_than(Duration::ZERO).run().unwrap();
    opened.close().unwrap();
    let mut left: Vec<String> =
        report.failed.iter().map(|(found, error)| format!("{found:?}: {error}")).collect();
    for directory in ["stage", "trash", "intent", "dirty", "lost"] {
        let path = store.join(".calcstore").join(directory);
        for entry in fs::read_dir(path).into_iter().flatten() {
            left.push(format!("{directory}/{}", entry.unwrap().file_name().display()));
        }
    }
    left
}
