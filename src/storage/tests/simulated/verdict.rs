//! What is found after something went wrong, and whether it is what was promised.

use std::collections::BTreeSet;
use std::time::Duration;

use super::operations::{Allowed, Scene};
use super::point::{Case, Checked, Cut, Then, cut_now};
use super::seen::{Seen, State, see};
use crate::error::ErrorKind;
use crate::storage::tests::{key, put};
use crate::storage::{Collection, Durability, LockPolicy, Outcome, Store};

/// What a power cut may have taken of what was acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loss {
    None,
    /// What was not flushed.
    Unflushed,
    /// And names were lost in any order.
    Loose,
}

/// What was promised, and what may have happened since.
pub(super) struct Found<'a> {
    pub case: &'a Case,
    pub acknowledged: bool,
    pub loss: Loss,
    /// A later value was stored, and is to be there.
    pub later: bool,
}

impl Found<'_> {
    /// Lets come what comes after the fault; gives the world after that, without a store.
    pub fn after(&mut self, scene: Scene, then: Then, seed: u64) -> Checked<Scene> {
        let durability = self.case.durability;
        let cut = match then {
            Then::Cut(cut) => Some(cut),
            Then::Kill => None,
            Then::On => self.goes_on(&scene, seed)?,
        };
        if let (Some(cut), false) = (cut, then == Then::On) {
            let is_durable =
                durability == Durability::Power || self.case.operation.flushes && self.acknowledged;
            if !is_durable {
                let loss = if cut == Cut::Random { Loss::Loose } else { Loss::Unflushed };
                self.loss = self.loss.max(loss);
            }
        }
        if then == Then::On && cut.is_none() {
            drop(scene.store);
            return Ok(Scene { store: None, ..scene });
        }
        if cut.is_some() {
            scene.disk.gate.end();
        }
        drop(scene.store);
        scene.disk.gate.mend();
        scene.disk.gate.ignore(&[]);
        match scene.disk.open_files() {
            0 => {}
            open => return Err(format!("{open} files are open after the end")),
        }
        let Some(cut) = cut else { return Ok(Scene { store: None, ..scene }) };
        Ok(Scene::new(cut_now(&scene.disk, cut, seed, durability), durability))
    }

    /// The process goes on, and stores something. Perhaps the power is cut then.
    fn goes_on(&mut self, scene: &Scene, seed: u64) -> Checked<Option<Cut>> {
        scene.disk.gate.mend();
        let Some(store) = &scene.store else { return Ok(None) };
        self.judge(Some(&see(store).map_err(|error| format!("cannot be read: {error}"))?), false)?;
        match put(store, "/later", [7_u8; 8]) {
            Err(error) if error.to_string().contains("a flush failed before") => return Ok(None),
            Err(error) => return Err(format!("the next write fails: {error}")),
            Ok(()) => self.later = true,
        }
        if seed.is_multiple_of(2) {
            return Ok(None);
        }
        if self.case.durability == Durability::Process && store.flush().is_err() {
            return Ok(None);
        }
        Ok(Some(if seed % 4 == 1 { Cut::Random } else { Cut::Torn }))
    }

    /// Opens the store, and looks at everything.
    pub fn verify(&self, scene: &Scene) -> Checked {
        let opened = match scene.open() {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.judge(None, true)?;
                return verify_gone(scene);
            }
            opened => opened.map_err(|error| format!("cannot be opened: {error}"))?,
        };
        let state = see(&opened).map_err(|error| format!("cannot be read: {error}"))?;
        self.judge(Some(&state), true)?;
        self.judge_files(scene)?;
        let losses = |outcome| matches!(outcome, Outcome::Lost | Outcome::ChunkLost);
        let lost = opened.recovered().iter().filter(|found| losses(found.outcome)).count();
        if self.loss == Loss::None && !opened.recovered().is_empty() {
            return Err(format!("nothing was to be repaired: {:?}", opened.recovered()));
        }
        let set_aside = scene.disk.names("data/calc_1/.calcstore/lost");
        if lost > 0 && set_aside.is_empty() {
            return Err(format!("not set aside: {:?}", opened.recovered()));
        }
        let findings = opened.check(&key("/"), &mut |_| Ok(())).unwrap().faults;
        if !findings.is_empty() {
            return Err(format!("check finds {findings:?}"));
        }
        verify_garbage(scene, &opened)?;
        put(&opened, "/next", [6_u8; 8]).map_err(|error| format!("the next write fails: {error}"))?;
        opened.flush().map_err(|error| format!("the next flush fails: {error}"))?;
        drop(opened);
        let third = scene.open().map_err(|error| format!("cannot be opened again: {error}"))?;
        if !third.recovered().is_empty() {
            return Err(format!("once is not enough: {:?}", third.recovered()));
        }
        let mut again = see(&third).map_err(|error| format!("cannot be read again: {error}"))?;
        if again.remove("/next").is_none() || again != state {
            return Err(format!("it is not the same after the next write: {}", difference(&state, &again)));
        }
        drop(third);
        match scene.disk.open_files() {
            0 => Ok(()),
            open => Err(format!("{open} files are open after the end")),
        }
    }

    fn judge_files(&self, scene: &Scene) -> Checked {
        let operation = self.case.operation;
        for (file, whole) in operation.files.iter().zip(&self.case.files) {
            match std::fs::read(scene.disk.path().join(file)) {
                Ok(found) if found == *whole => {}
                // What was written twice, because it had to be looked at again, is in the file twice.
                Ok(found) if found.get(40..48) == Some(&(found.len() as u64).to_le_bytes()[..]) => {}
                Ok(_) if !operation.flushes && scene.disk.boot_number() > 1 => {}
                Ok(found) => return Err(format!("{file} has {} bytes of {}", found.len(), whole.len())),
                Err(_) if self.acknowledged && self.loss == Loss::None && operation.flushes => {
                    return Err(format!("{file} is not there"));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Whether what is found is what was promised.
    fn judge(&self, found: Option<&State>, is_settled: bool) -> Checked {
        let (before, after) = (self.case.before.as_ref(), self.case.after.as_ref());
        if self.acknowledged && self.loss == Loss::None {
            return match (found, after) {
                (None, None) => Ok(()),
                (Some(found), Some(after)) => {
                    let mut found = found.clone();
                    if self.later && is_settled && found.remove("/later").is_none() {
                        return Err("the later value is not there".to_owned());
                    }
                    if is_same(&found, after, is_settled, false) {
                        return Ok(());
                    }
                    Err(format!("acknowledged, but {}", difference(after, &found)))
                }
                _ => Err("acknowledged, but the store is not as it was to be".to_owned()),
            };
        }
        let empty = State::new();
        if found.is_none() && before.is_some() && after.is_some() {
            return Err("the store is gone".to_owned());
        }
        let mut found = found.cloned().unwrap_or_default();
        if self.later && is_settled && found.remove("/later").is_none() {
            return Err("the later value is not there".to_owned());
        }
        let (before, after) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        let axes = is_settled && self.loss == Loss::None;
        let allowed = match self.case.operation.allowed {
            Allowed::Moved if self.loss == Loss::Loose => Allowed::Each,
            Allowed::Together if self.loss > Loss::None => Allowed::Each,
            allowed => allowed,
        };
        if matches!(allowed, Allowed::Together | Allowed::Moved) {
            if is_same(&found, before, axes, true) || is_same(&found, after, axes, true) {
                return Ok(());
            }
            let (one, other) = (difference(before, &found), difference(after, &found));
            return Err(format!("neither old ({one}) nor new ({other})"));
        }
        let keys = || before.keys().chain(after.keys()).chain(found.keys());
        let touched: Vec<_> = keys().filter(|key| before.get(*key) != after.get(*key)).collect();
        keys().try_for_each(|key| {
            let (old, new, seen) = (before.get(key), after.get(key), found.get(key));
            let is_touched = touched.iter().any(|touched| is_at_or_below(touched, key));
            let is_right = seen == old
                || seen == new
                || self.is_between(key, seen)
                || is_touched
                    && (self.loss == Loss::Loose && seen.is_none() || self.is_in_chunks(old, new, seen));
            let is_group = seen.is_some_and(|seen| seen.what == "a group");
            // The groups above are made one by one; attributes of a group that were torn are gone.
            if is_right
                || is_group && (is_touched || self.loss > Loss::None)
                || self.is_renamed(old, new, seen)
            {
                return Ok(());
            }
            Err(format!("{key}: {seen:?} instead of {old:?} or {new:?}"))
        })
    }

    /// Whether a value is one that stood there for a while.
    fn is_between(&self, key: &str, seen: Option<&Seen>) -> bool {
        let between = self.case.operation.between.filter(|(of, _)| *of == key);
        between.zip(seen).is_some_and(|((_, bytes), seen)| bytes.starts_with(&seen.bytes))
    }

    /// Whether each chunk is of one of the two.
    fn is_in_chunks(&self, old: Option<&Seen>, new: Option<&Seen>, seen: Option<&Seen>) -> bool {
        let (Allowed::Chunks(size), Some(old), Some(new), Some(seen)) =
            (self.case.operation.allowed, old, new, seen)
        else {
            return false;
        };
        let mut chunks = old.bytes.chunks(size).zip(new.bytes.chunks(size)).zip(seen.bytes.chunks(size));
        seen.what == old.what && chunks.all(|((old, new), seen)| seen == old || seen == new)
    }

    /// Whether only the names of the axes are others, which a cut may leave as they were.
    fn is_renamed(&self, old: Option<&Seen>, new: Option<&Seen>, seen: Option<&Seen>) -> bool {
        let plain = |seen: &Seen| Seen { axes: String::new(), ..seen.clone() };
        let seen = seen.map(plain);
        self.loss > Loss::None && seen.is_some() && (seen == old.map(plain) || seen == new.map(plain))
    }
}

fn is_at_or_below(key: &str, group: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Nothing is left that nobody needs.
fn verify_garbage(scene: &Scene, opened: &Store) -> Checked {
    let all = Collection { older_than: Some(Duration::ZERO), dry_run: false };
    let collected = opened.collect(all).map_err(|error| format!("gc fails: {error}"))?;
    if let Some((what, Err(error))) = collected.into_iter().find(|(_, removed)| removed.is_err()) {
        return Err(format!("gc cannot remove {what:?}: {error}"));
    }
    let names = |below: &str| scene.disk.names(&format!("data/calc_1/.calcstore/{below}"));
    let stages = names("stage");
    if stages.len() != 1 || !names("trash").is_empty() || !names("intent").is_empty() {
        let (trash, intents) = (names("trash"), names("intent"));
        return Err(format!("left over: stages {stages:?}, trash {trash:?}, intents {intents:?}"));
    }
    Ok(())
}

/// There is no calculation: its name can be had again, and nothing is left of it.
fn verify_gone(scene: &Scene) -> Checked {
    let swept = scene
        .data()
        .remove_leftovers(false, LockPolicy::default())
        .map_err(|error| format!("gc fails: {error}"))?;
    if let Some((what, Err(error))) = swept.into_iter().find(|(_, removed)| removed.is_err()) {
        return Err(format!("gc cannot remove {what:?}: {error}"));
    }
    let left = scene.disk.names("data");
    if left.iter().any(|name| name.starts_with('.')) {
        return Err(format!("left over: {left:?}"));
    }
    scene.create().map_err(|error| format!("cannot be made again: {error}"))
}

/// Whether two states are the same; of groups alone if asked for, and without the names of axes.
fn is_same(one: &State, other: &State, axes: bool, values_only: bool) -> bool {
    let nodes = |state: &State| -> Vec<(String, Seen)> {
        let nodes =
            state.iter().filter(|(key, seen)| *key != "/later" && (!values_only || seen.what != "a group"));
        let plain =
            |seen: &Seen| if axes { seen.clone() } else { Seen { axes: String::new(), ..seen.clone() } };
        nodes.map(|(key, seen)| (key.clone(), plain(seen))).collect()
    };
    nodes(one) == nodes(other)
}

fn difference(expected: &State, found: &State) -> String {
    let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let mut other = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key));
    let first =
        other.next().map(|key| format!("{key} is {:?} and not {:?}", found.get(key), expected.get(key)));
    first.unwrap_or_else(|| "all is the same".to_owned())
}
