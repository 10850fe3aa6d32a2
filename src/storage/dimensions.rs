//! Dimensions that have two lengths where they can have one only.

use std::collections::BTreeMap;

use crate::key::Key;
use crate::zarr::{ArrayMetadata, automatic_prefix};

/// For each group, for each name of a dimension of its arrays, the lengths that it has, each with the first array.
#[derive(Debug, Default)]
pub(super) struct Dimensions(BTreeMap<Key, BTreeMap<String, Vec<(u64, Key)>>>);

impl Dimensions {
    /// Notes the dimensions of an array. Automatic names are its own, or its table's, and need no look.
    pub fn add(&mut self, key: &Key, array: &ArrayMetadata) {
        let (Some(group), Some(names)) = (key.parent(), &array.dimension_names) else { return };
        let automatic = [automatic_prefix(key), automatic_prefix(&group)];
        for (name, length) in names.iter().zip(&array.shape) {
            let Some(name) = name else { continue };
            if automatic.iter().any(|prefix| name.starts_with(prefix)) {
                continue;
            }
            let lengths = self.0.entry(group.clone()).or_default().entry(name.clone()).or_default();
            if lengths.iter().all(|(other, _)| other != length) {
                lengths.push((*length, key.clone()));
            }
        }
    }

    /// Names the arrays with a dimension that has another length in their group or above it, and says which.
    pub fn findings(&self) -> Vec<(Key, String)> {
        let mut findings = Vec::new();
        for (group, names) in &self.0 {
            for (name, lengths) in names {
                let Some(first) = lengths.first() else { continue };
                findings.extend(lengths[1..].iter().map(|other| finding(name, other, first)));
                let above = self.nearest_above(group, name).filter(|above| above.0 != first.0);
                findings.extend(above.map(|above| finding(name, first, above)));
            }
        }
        findings
    }

    fn nearest_above(&self, group: &Key, name: &str) -> Option<&(u64, Key)> {
        let mut ancestors = std::iter::successors(group.parent(), Key::parent);
        ancestors.find_map(|group| self.0.get(&group)?.get(name)?.first())
    }
}

fn finding(name: &str, (length, key): &(u64, Key), (other, first): &(u64, Key)) -> (Key, String) {
    let what = format!("the dimension {name:?} has the length {length}, and {other} in {first}");
    (key.clone(), what)
}
