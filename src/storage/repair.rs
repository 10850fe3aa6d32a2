//! Mending what is damaged, as far as that needs no guessing, and setting the rest aside.
//!
//! A store is first read as `check` reads it, without a lock. Then each node with something wrong is looked at again
//! while nobody can change it, and each remedy is one rename. So a repair may be killed anywhere, and done again.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::check::Checked;
use super::finding::{Finding, FindingKind, Remedy, Repaired};
use super::intent::INTENTS;
use super::lock::Mode;
use super::look::{Depth, Look};
use super::lost::split;
use super::stage::random_id;
use super::store::{INTERNALS, Store};
use super::sweep::Collection;
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::zarr::METADATA_FILE;

/// How often what a dead writer has left is tried to be swept, and the time between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// One repair.
struct Repair<'a> {
    store: &'a Store,
    /// What the directory in `lost` is called.
    id: String,
    done: Vec<Repaired>,
    /// The findings in `done`.
    noted: HashSet<Finding>,
    /// The places of values that were set aside, and their new ones.
    aside: Vec<(String, PathBuf)>,
    tick: &'a mut dyn FnMut() -> Result<()>,
}

impl Store {
    /// Checks what is at and below `key`, and mends it or sets it aside. Nothing is deleted but what a sweep would
    /// delete as well.
    pub(crate) fn repair(
        &self,
        key: &Key,
        each: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<(Checked, Vec<Repaired>)> {
        self.writer()?;
        let checked = self.check(key, each)?;
        let nodes = checked.nodes;
        let mut tick = || each(nodes);
        let mut repair = Repair {
            store: self,
            id: random_id(),
            done: Vec::new(),
            noted: HashSet::new(),
            aside: Vec::new(),
            tick: &mut tick,
        };
        let found = checked.faults.iter().chain(&checked.leftovers);
        let found: Vec<&Finding> = found.filter(|finding| finding.kind != FindingKind::Lost).collect();
        repair.interrupted(&found)?;
        repair.nodes(&found)?;
        repair.dimension_names(&found)?;
        repair.rest(&found);
        let done = repair.done;
        if !done.is_empty() {
            self.flush()?;
        }
        Ok((checked, done))
    }
}

impl Repair<'_> {
    fn note(&mut self, finding: &Finding, remedy: Remedy) {
        if self.noted.insert(finding.clone()) {
            self.done.push(Repaired { finding: finding.clone(), remedy });
        }
    }

    /// Finishes what dead writers have begun, and sweeps what they have left.
    fn interrupted(&mut self, found: &[&Finding]) -> Result<()> {
        use FindingKind::{Internals, Interrupted, Leftover};
        let ours = |finding: &&&Finding| matches!(finding.kind, Interrupted | Leftover | Internals);
        let ours: Vec<&Finding> = found.iter().filter(ours).copied().collect();
        if ours.is_empty() || ours.iter().any(|finding| is_misplaced(finding)) {
            return Ok(());
        }
        let store = self.store;
        store.finish_replacing(None)?;
        store.recover()?;
        for finding in ours.iter().filter(|finding| finding.kind == Internals) {
            let _tree = store.lock_tree(Mode::Exclusive)?;
            let place = format!("{INTERNALS}/{INTENTS}");
            let Some(name) = finding.file.file_name().and_then(|name| name.to_str()) else { continue };
            let moved = store.move_to_lost(&place, name, (&self.id, name))?;
            self.note(finding, Remedy::SetAside(moved));
        }
        let is_there = |finding: &Finding| store.path().join(&finding.file).symlink_metadata().is_ok();
        let mut tries = 0..TRIES;
        let failed: Vec<String> = loop {
            let collected = store.collect(Collection::default())?.into_iter();
            let failed: Vec<_> = collected.filter_map(|(_, removed)| removed.err()).collect();
            let is_swept = !ours.iter().any(|finding| finding.kind == Leftover && is_there(finding));
            if is_swept || !failed.is_empty() || tries.next().is_none() {
                break failed.iter().map(ToString::to_string).collect();
            }
            // A program that is just being started holds the locks of the one that starts it for a moment.
            std::thread::sleep(PAUSE);
        };
        let left = store.look_at_internals()?;
        for finding in ours {
            let is_found = left.iter().any(|other| other.kind == finding.kind && other.file == finding.file);
            let is_left = is_found || finding.kind == Leftover && is_there(finding);
            let why = || failed.first().cloned().unwrap_or_else(|| "its writer may be alive".to_owned());
            let remedy = if is_left { Remedy::LeftAlone(why()) } else { Remedy::Mended };
            self.note(finding, remedy);
        }
        Ok(())
    }

    /// Repairs each node with something wrong in its files, while nobody can change it: values before what lies in
    /// them.
    fn nodes(&mut self, found: &[&Finding]) -> Result<()> {
        use FindingKind::{Foreign, Group, Surplus, Value};
        for kinds in [&[Value][..], &[Group, Foreign, Surplus]] {
            let mut of_keys: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
            for finding in found.iter().filter(|finding| kinds.contains(&finding.kind)) {
                of_keys.entry(&finding.key).or_default().push(finding);
            }
            for (key, of_key) in of_keys {
                (self.tick)()?;
                match self.node(&Key::new(key)?, &of_key, kinds[0] == Value) {
                    Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                        for finding in of_key {
                            self.note(finding, Remedy::LeftAlone(error.to_string()));
                        }
                    }
                    done => done?,
                }
            }
        }
        Ok(())
    }

    fn node(&mut self, key: &Key, found: &[&Finding], is_value: bool) -> Result<()> {
        let store = self.store;
        let _tree = store.lock_tree(Mode::Exclusive)?;
        let owner = store.owner_of(key).unwrap_or_else(|_| key.clone());
        let table = (owner != *key).then_some(&owner);
        let is_table = table.is_some();
        let depth = if is_value { Depth::ChunksAtRest } else { Depth::Names };
        let look = store.look_at(key, table, depth, self.tick)?;
        let is_table = is_table || look.is_table;
        let now = self.with_outsiders(key, look, found)?;
        let is_still =
            |finding: &Finding| now.iter().any(|it| it.kind == finding.kind && it.file == finding.file);
        let (still, over): (Vec<&Finding>, Vec<&Finding>) =
            found.iter().copied().partition(|it| is_still(it));
        for finding in over {
            self.note_over(finding);
        }
        if still.is_empty() {
            return Ok(());
        }
        if is_value {
            return self.value(&owner, is_table, &still);
        }
        for finding in still {
            let remedy = match finding.kind {
                FindingKind::Group => self.regroup(key)?,
                FindingKind::Surplus if finding.file.ends_with(METADATA_FILE) => Remedy::LeftAlone(
                    "these rows are not the table's, and the next append replaces them".to_owned(),
                ),
                _ => self.stranger(finding)?,
            };
            self.note(finding, remedy);
        }
        Ok(())
    }

    /// What is found now, also in the directories that were found to be no nodes.
    fn with_outsiders(&mut self, key: &Key, look: Look, found: &[&Finding]) -> Result<Vec<Finding>> {
        let mut now = look.findings;
        for finding in found {
            let name = finding.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if look.members.iter().any(|member| member == name) {
                now.extend(self.store.look_at(&key.child(name)?, None, Depth::Names, self.tick)?.findings);
            }
        }
        Ok(now)
    }

    /// Notes that something was not found again: it went with something else, or somebody has seen to it.
    fn note_over(&mut self, finding: &Finding) {
        let went_with = self.aside.iter().find(|(place, _)| finding.file.starts_with(place));
        let remedy = went_with.map_or(Remedy::Mended, |(_, to)| Remedy::SetAside(to.clone()));
        self.note(finding, remedy);
    }

    /// Sets a whole value aside; what has nodes in it is made a group.
    fn value(&mut self, key: &Key, is_table: bool, found: &[&Finding]) -> Result<()> {
        let store = self.store;
        let place = store.place(key);
        let remedy = if key.is_root() || !is_table && store.holds_nodes(key, &place)? {
            self.regroup(key)?
        } else {
            store.writer()?.groups.forget();
            let (above, name) = split(&place);
            let moved = store.move_to_lost(above, name, (&self.id, key.as_str()))?;
            store.note_moved(key)?;
            self.aside.push((place, moved.clone()));
            Remedy::SetAside(moved)
        };
        for finding in found {
            self.note(finding, remedy.clone());
        }
        Ok(())
    }

    fn regroup(&self, key: &Key) -> Result<Remedy> {
        self.store.writer()?.groups.forget();
        let aside = self.store.regroup_aside(key, &self.store.place(key), &self.id)?;
        Ok(aside.map_or(Remedy::Mended, Remedy::SetAside))
    }

    /// Sets aside a file or directory that does not belong where it is.
    fn stranger(&self, finding: &Finding) -> Result<Remedy> {
        let store = self.store;
        let above = finding.file.parent().and_then(Path::to_str);
        let (Some(above), Some(name)) = (above, finding.file.file_name()) else {
            return Ok(Remedy::LeftAlone("its path is no text".to_owned()));
        };
        let parents = above.strip_prefix(&store.place(&Key::root())).unwrap_or(above).trim_start_matches('/');
        let moved = store.move_stranger(above, name, (&self.id, parents))?;
        Ok(Remedy::SetAside(moved))
    }

    /// Gives arrays the names of dimensions that follow from where they stand.
    fn dimension_names(&mut self, found: &[&Finding]) -> Result<()> {
        for finding in found.iter().filter(|finding| finding.kind == FindingKind::DimensionNames) {
            let key = Key::new(&finding.key)?;
            let owner = self.store.owner_of(&key).unwrap_or(key);
            self.store.renew_names(&owner)?;
            self.note(finding, Remedy::Mended);
        }
        Ok(())
    }

    /// Says of what is left why nothing is done about it.
    fn rest(&mut self, found: &[&Finding]) {
        for finding in found {
            let why = match finding.kind {
                FindingKind::Name => "only you know which other name it should have",
                FindingKind::Dimension => "only you know which of the lengths is right",
                FindingKind::Parent => "only you know which store it should be",
                FindingKind::Unsupported => "another version of calcstore may be able to read it",
                FindingKind::Unreadable => "what cannot be read may be whole",
                FindingKind::Internals => "what stands there is not ours; move it away by hand",
                _ => "it could not be finished",
            };
            self.note(finding, Remedy::LeftAlone(why.to_owned()));
        }
    }
}

/// Whether something stands where only a directory or file of ours may stand.
fn is_misplaced(finding: &Finding) -> bool {
    finding.kind == FindingKind::Internals
        && finding.file.parent() != Some(&*Path::new(INTERNALS).join(INTENTS))
}
