//! What objects of a file are called: their paths there, and their names here.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::error::Result;
use crate::hdf5::{File, ObjectKind, Target};
use crate::key::{Key, escape_component};

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

/// Where the objects of a file are, by their addresses.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    /// The group that an object is in, and its name there; none before anybody asks.
    known: OnceLock<HashMap<u64, (u64, String)>>,
}

impl Paths {
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
