//! What objects of a file are called: their paths there, and their names here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, Link, ObjectKind, StoredObject, Target};
use crate::key::{Key, escape_component};

/// Of so many groups the links are kept.
const MOST_GROUPS: usize = 16;

/// The most names that a path is made of; a key has fewer.
const MOST_LEVELS: usize = 1024;

/// The name that something gets in the store: its own where that can be part of a key, else the percent form.
pub(crate) fn component(name: &str) -> Result<String> {
    let is_fit = Key::root().child(name).and_then(|key| key.check_creatable()).is_ok();
    if is_fit { Ok(name.to_owned()) } else { escape_component(name) }
}

/// The path of a member of a group.
pub(crate) fn below(group: &str, name: &str) -> String {
    format!("{}/{name}", group.trim_end_matches('/'))
}

/// The links of a group.
#[derive(Debug)]
pub(crate) struct GroupLinks {
    group: u64,
    /// In the order of their names.
    pub links: Vec<Link>,
    /// Why some of them could not be read.
    fault: Option<(ErrorKind, String)>,
}

impl GroupLinks {
    /// Finds the link of a name.
    pub fn of(&self, name: &str) -> Option<&Link> {
        let at = self.links.binary_search_by(|link| link.name.as_str().cmp(name)).ok()?;
        self.links.get(at)
    }

    /// Why some of them could not be read.
    pub fn fault(&self) -> Option<Error> {
        self.fault.as_ref().map(|(kind, message)| Error::new(*kind, message.clone()))
    }
}

/// Where the objects of a file are, by their addresses and by their names.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    /// The links that were read last, of a group and those above it: whoever looks up a key then looks up the next one.
    last: Mutex<VecDeque<Arc<GroupLinks>>>,
    /// The group that an object is in, and its name there; none before anybody asks.
    known: OnceLock<HashMap<u64, (u64, String)>>,
}

impl Paths {
    /// Reads the links of a group.
    pub fn links(&self, group: &StoredObject<'_>) -> Arc<GroupLinks> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.iter().find(|known| known.group == group.address()) {
            return Arc::clone(known);
        }
        let found = group.links();
        let fault = found.errors.first().map(|error| (error.kind(), error.message().to_owned()));
        let read = Arc::new(GroupLinks { group: group.address(), links: found.items, fault });
        last.push_front(Arc::clone(&read));
        last.truncate(MOST_GROUPS);
        read
    }

    /// The first path that leads to an object; where none does, its address behind a `#`.
    pub fn of(&self, file: &File, address: u64) -> String {
        let known = self.known.get_or_init(|| found(file));
        let (mut names, mut at) = (Vec::new(), address);
        while let Some((group, name)) = known.get(&at) {
            if name.is_empty() || names.len() == MOST_LEVELS {
                break;
            }
            names.push(name.as_str());
            at = *group;
        }
        if names.is_empty() && known.get(&address).is_none_or(|(_, name)| !name.is_empty()) {
            return format!("#{address}");
        }
        names.push("");
        names.reverse();
        if names.len() == 1 { "/".to_owned() } else { names.join("/") }
    }
}

/// Finds everything that hard links lead to, what is nearest to the root first.
fn found(file: &File) -> HashMap<u64, (u64, String)> {
    let mut known = HashMap::new();
    let Ok(root) = file.root() else { return known };
    known.insert(root.address(), (root.address(), String::new()));
    let mut waiting = vec![root.address()];
    while !waiting.is_empty() {
        let mut next = Vec::new();
        for group in waiting {
            let Ok(object) = file.object(group) else { continue };
            if object.kind() != ObjectKind::Group {
                continue;
            }
            for link in object.links().items {
                let Target::Hard(address) = link.target else { continue };
                if let std::collections::hash_map::Entry::Vacant(place) = known.entry(address) {
                    place.insert((group, link.name));
                    next.push(address);
                }
            }
        }
        waiting = next;
    }
    known
}
