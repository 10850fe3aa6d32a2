//! The walk over both sides at once.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::nodes::Nodes;
use super::report::{ComparisonReport, Difference, Differing};
use super::rules::{Rules, Taken};
use super::side::{Hierarchy, Opened};
use super::telling::Telling;
use crate::error::{Error, ErrorKind, Result};
use crate::nodes::{Node, NodeKind};
use crate::storage::in_parallel;

/// So many pairs of nodes are looked at by several threads at once.
const BATCH: usize = 512;

/// Pairs with more bytes come one by one, and the threads share their blocks.
const LARGE: u64 = 8 << 20;

/// Which side has a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Having {
    Both,
    Left,
    Right,
}

/// Two keys that belong together.
#[derive(Clone, Debug)]
struct Keys {
    left: String,
    right: String,
    having: Having,
    are_columns: bool,
}

/// What was found of a pair.
#[derive(Default)]
struct Found {
    differences: Vec<Difference>,
    below: Vec<Keys>,
    /// It is to be compared by all threads.
    is_large: bool,
}

pub(super) struct Walk<'a, 't> {
    pub left: &'a dyn Hierarchy,
    pub right: &'a dyn Hierarchy,
    pub rules: &'a Rules,
    pub telling: &'a Telling<'t>,
}

impl Walk<'_, '_> {
    /// Compares what is under two keys.
    pub fn run(&self, left: &str, right: &str) -> Result<ComparisonReport> {
        // Neither side may lack what was named.
        let left = self.left.open(left)?.node().key.clone();
        let right = self.right.open(right)?.node().key.clone();
        let mut waiting = vec![Keys { left, right, having: Having::Both, are_columns: false }];
        let mut differing = Vec::new();
        while !waiting.is_empty() {
            let batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
            let look = |keys: &Keys| self.look(keys, false);
            let found: Vec<Result<Found>> = match batch.as_slice() {
                [only] => vec![look(only)],
                _ => in_parallel(|| batch.par_iter().map(look).collect()),
            };
            for (keys, found) in batch.into_iter().zip(found) {
                let mut found = found?;
                if found.is_large {
                    found = self.look(&keys, true)?;
                }
                waiting.append(&mut found.below);
                if !found.differences.is_empty() {
                    let Keys { left, right, .. } = keys;
                    differing.push(Differing { left, right, differences: found.differences });
                }
            }
        }
        differing.sort_by(|a, b| a.left.split('/').cmp(b.left.split('/')));
        let done = self.telling.done();
        Ok(ComparisonReport { nodes: done.nodes, bytes: done.bytes, differing })
    }

    /// Looks at a pair; what cannot be read is no reason not to look at others.
    fn look(&self, keys: &Keys, may_be_large: bool) -> Result<Found> {
        match self.compare(keys, may_be_large) {
            Err(error) if error.kind() == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                let differences = vec![Difference::NotCompared { why: said(&error) }];
                Ok(Found { differences, ..Found::default() })
            }
            found => found,
        }
    }

    fn compare(&self, keys: &Keys, may_be_large: bool) -> Result<Found> {
        let is_taken = self.rules.takes([&keys.left, &keys.right]) == Taken::Yes;
        let (left, right) = match keys.having {
            Having::Left => (opened(self.left, &keys.left)?, None),
            Having::Right => (None, opened(self.right, &keys.right)?),
            Having::Both => (opened(self.left, &keys.left)?, opened(self.right, &keys.right)?),
        };
        let (left, right) = match (&left, &right) {
            (Some(left), Some(right)) => (&**left, &**right),
            (Some(left), None) => return self.alone(keys, Having::Left, left.node(), is_taken),
            (None, Some(right)) => return self.alone(keys, Having::Right, right.node(), is_taken),
            // Both were removed meanwhile.
            (None, None) => return Ok(Found::default()),
        };
        let mut found = Found::default();
        if is_taken {
            let Keys { are_columns, .. } = *keys;
            let pair = Nodes { sides: (left, right), are_columns, rules: self.rules, telling: self.telling };
            if pair.bytes() > LARGE && !may_be_large {
                return Ok(Found { is_large: true, ..found });
            }
            found.differences = pair.compare()?;
            self.telling.add_node()?;
        }
        let (left, right) = (left.node(), right.node());
        if left.kind == right.kind {
            let names = (names(self.left, left)?, names(self.right, right)?);
            found.below = self.below(keys, names, left.kind == NodeKind::Table);
        }
        Ok(found)
    }

    /// What to make of a node that only one side has: it differs, or what is in it may.
    fn alone(&self, keys: &Keys, having: Having, node: &Node, is_taken: bool) -> Result<Found> {
        let is_left = having == Having::Left;
        if is_taken {
            let difference = if is_left { Difference::OnlyLeft } else { Difference::OnlyRight };
            return Ok(Found { differences: vec![difference], ..Found::default() });
        }
        let names = names(if is_left { self.left } else { self.right }, node)?;
        let names = if is_left { (names, Vec::new()) } else { (Vec::new(), names) };
        let below = self.below(keys, names, node.kind == NodeKind::Table);
        Ok(Found { below, ..Found::default() })
    }

    /// Brings together what two nodes hold under the same names, as far as it is to be looked at.
    fn below(&self, keys: &Keys, (left, right): (Vec<String>, Vec<String>), are_columns: bool) -> Vec<Keys> {
        let mut names: BTreeMap<String, Having> = left.into_iter().map(|name| (name, Having::Left)).collect();
        for name in right {
            names.entry(name).and_modify(|having| *having = Having::Both).or_insert(Having::Right);
        }
        let keys = names.into_iter().map(|(name, having)| {
            let (left, right) = (child(&keys.left, &name), child(&keys.right, &name));
            Keys { left, right, having, are_columns }
        });
        keys.filter(|keys| self.rules.takes([&keys.left, &keys.right]) != Taken::No).collect()
    }
}

/// The names of what a node holds: members of a group, columns of a table.
fn names(side: &dyn Hierarchy, node: &Node) -> Result<Vec<String>> {
    match node.kind {
        NodeKind::Group => side.names(&node.key),
        NodeKind::Table => Ok(node.columns.clone()),
        _ => Ok(Vec::new()),
    }
}

/// Opens a node; `None` where it was removed meanwhile.
fn opened<'a>(side: &'a dyn Hierarchy, key: &str) -> Result<Option<Box<dyn Opened + 'a>>> {
    match side.open(key) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    }
}

fn child(key: &str, name: &str) -> String {
    format!("{}/{name}", key.trim_end_matches('/'))
}

/// What is wrong, with the file where there is one; the key is known.
fn said(error: &Error) -> String {
    match error.file() {
        Some(file) => format!("{} ({})", error.message(), file.display()),
        None => error.message().to_owned(),
    }
}
