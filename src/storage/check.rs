//! Looking at every file of a store for damage.

use super::dimensions::Dimensions;
use super::finding::{Finding, FindingKind};
use super::look::{Depth, Look};
use super::read::{Snapshot, nothing_at};
use super::store::Store;
use crate::error::Result;
use crate::key::Key;
use crate::values::Stored;
use crate::zarr::{METADATA_FILE, NodeMetadata};

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub nodes: u64,
    /// The bytes of their chunk files.
    pub bytes: u64,
    /// What is wrong.
    pub faults: Vec<Finding>,
    /// What takes space and harms nobody.
    pub leftovers: Vec<Finding>,
}

/// A walk over a store.
struct Check<'a> {
    store: &'a Store,
    checked: Checked,
    dimensions: Dimensions,
    each: &'a mut dyn FnMut(u64) -> Result<()>,
}

impl Store {
    /// Reads every node below `key`, and it; calls `each` with the number of nodes so far.
    pub(crate) fn check(&self, key: &Key, each: &mut dyn FnMut(u64) -> Result<()>) -> Result<Checked> {
        let (checked, dimensions) = (Checked::default(), Dimensions::default());
        let mut check = Check { store: self, checked, dimensions, each };
        let owner = self.owner_of(key).unwrap_or_else(|_| key.clone());
        let table = (owner != *key).then_some(&owner);
        let look = check.look(key, table)?;
        if look.is_gone {
            return Err(nothing_at(key));
        }
        check.node(key, table, look)?;
        let lengths = check.dimensions.findings().into_iter().map(|(key, what)| {
            let file = format!("{}/{METADATA_FILE}", self.place(&key)).into();
            Finding { kind: FindingKind::Dimension, key: key.to_string(), file, what }
        });
        let mut checked = check.checked;
        checked.faults.extend(lengths);
        if key.is_root() && self.is_calculation() {
            checked.add(self.look_at_internals()?);
        }
        for found in [&mut checked.faults, &mut checked.leftovers] {
            found.sort_by(|one, other| (&one.key, &one.file).cmp(&(&other.key, &other.file)));
        }
        Ok(checked)
    }

    /// Reads all that a node holds itself.
    pub(super) fn verify(&self, snapshot: &Snapshot) -> Result<()> {
        if let NodeMetadata::Array(array) = &snapshot.metadata {
            let reader = self.array_reader(snapshot, array)?;
            let verify = |index: &[u64]| reader.verify_file(index).map(|_| ());
            if reader.sparse {
                reader.stored_chunks()?.iter().try_for_each(|index| verify(index))?;
            } else {
                (0..reader.grid.len()).try_for_each(|n| verify(&reader.grid.index(n)))?;
            }
        }
        self.verify_meaning(snapshot)
    }

    /// An object must make sense without its type, a table must have all of its columns.
    pub(super) fn verify_meaning(&self, snapshot: &Snapshot) -> Result<()> {
        self.with_stored(snapshot, |stored| match stored {
            Stored::Object(object) => object.json().map(|_| ()),
            _ => Ok(()),
        })
    }
}

impl Checked {
    pub(super) fn add(&mut self, found: Vec<Finding>) {
        for finding in found {
            if finding.kind.is_fault() { &mut self.faults } else { &mut self.leftovers }.push(finding);
        }
    }
}

impl Check<'_> {
    /// Looks at a node, which is a column where a table is given.
    fn look(&mut self, key: &Key, table: Option<&Key>) -> Result<Look> {
        let Self { store, checked, each, .. } = self;
        store.look_at(key, table, Depth::Chunks, &mut || each(checked.nodes))
    }

    fn node(&mut self, key: &Key, table: Option<&Key>, look: Look) -> Result<()> {
        if look.is_node {
            self.checked.nodes += 1;
            (self.each)(self.checked.nodes)?;
        }
        self.checked.bytes += look.bytes;
        self.checked.add(look.findings);
        if let Some(array) = look.array {
            self.dimensions.add(key, &array);
        }
        let table = (look.is_table && table.is_none()).then_some(key);
        for name in look.members {
            let child = key.child(&name)?;
            let look = self.look(&child, table)?;
            self.node(&child, table, look)?;
        }
        Ok(())
    }
}
