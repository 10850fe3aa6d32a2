//! What is in groups.

use std::collections::HashSet;

use super::describe::{Seen, describe, describe_looked, problem};
use super::found::Found;
use super::links::member;
use super::lookup::{follow, look_up};
use super::met::Met;
use super::names::below;
use super::reading::{Place, Reading, is_of_the_object};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Link, ObjectKind, StoredObject};
use crate::key::Key;
use crate::nodes::{Node, NodeKind};

/// A node, and what it is; that is not known of one that cannot be read.
#[derive(Debug)]
pub(super) struct Visited {
    pub node: Node,
    pub found: Option<Found>,
}

/// What a link of a group leads to.
struct Entry {
    visited: Visited,
    place: Place,
    /// The address of a group, to be gone through.
    group: Option<u64>,
}

type Each<'e> = &'e mut dyn FnMut(Visited) -> Result<()>;

/// Opens the group under a key.
fn group<'f>(reading: &mut Reading<'f>, key: &Key) -> Result<(StoredObject<'f>, Place)> {
    let looked = look_up(reading, key)?;
    match describe_looked(reading, &looked) {
        Ok(Seen { found: Found::Group, .. }) => Ok((looked.object, looked.place)),
        Err(error) => Err(error.with_key(key.to_string())),
        _ => {
            let message = "holds a value, which cannot be listed as a group can";
            Err(Error::new(ErrorKind::Conflict, message).with_key(key.to_string()))
        }
    }
}

/// Visits what is in a group: one level.
pub(super) fn visit(reading: &mut Reading<'_>, key: &Key, each: Each<'_>) -> Result<()> {
    let (object, place) = group(reading, key)?;
    let mut taken = HashSet::new();
    for link in object.links().items {
        if let Some(entry) = entry(reading, object.address(), &place, &link, &mut taken)? {
            each(entry.visited)?;
        }
    }
    Ok(())
}

/// Visits everything below a group, each group before what is in it.
pub(super) fn walk(reading: &mut Reading<'_>, key: &Key, each: Each<'_>) -> Result<()> {
    let (object, place) = group(reading, key)?;
    let mut met = Met::default();
    met.enter(reading.number, &object, &place.path)?;
    let mut levels = vec![Level::new(reading, &object, place)];
    while let Some(level) = levels.last_mut() {
        let Some(link) = level.links.next() else {
            levels.pop();
            met.leave();
            continue;
        };
        let Some(mut entry) = entry(reading, level.group, &level.place, &link, &mut level.taken)? else {
            continue;
        };
        let Some(address) = entry.group else {
            each(entry.visited)?;
            continue;
        };
        let object = reading.file.object(address)?;
        if let Err(error) = met.enter(reading.number, &object, &entry.place.path) {
            each(Visited { node: Node::unreadable(&entry.place.key, &error), found: None })?;
            continue;
        }
        let level = Level::new(reading, &object, entry.place);
        let node = &mut entry.visited.node;
        node.problem = node.problem.take().or_else(|| problem(reading, &level.place));
        each(entry.visited)?;
        levels.push(level);
    }
    Ok(())
}

/// A group that is being gone through.
struct Level {
    group: u64,
    place: Place,
    links: std::vec::IntoIter<Link>,
    taken: HashSet<String>,
}

impl Level {
    fn new(reading: &mut Reading<'_>, object: &StoredObject<'_>, place: Place) -> Self {
        let found = object.links();
        for error in found.errors {
            reading.leave_out(&place.path, error.message());
        }
        Self { group: object.address(), place, links: found.items.into_iter(), taken: HashSet::new() }
    }
}

/// Describes what a link leads to; `None` where that has no value of its own.
fn entry(
    reading: &mut Reading<'_>,
    group: u64,
    above: &Place,
    link: &Link,
    taken: &mut HashSet<String>,
) -> Result<Option<Entry>> {
    let path = below(&above.path, &link.name);
    if reading.spilled.contains(&path) {
        return Ok(None);
    }
    let place = match member(&link.name, above, taken) {
        Ok(place) => place,
        Err(error) if is_of_the_object(&error) => {
            let mut node = Node::unreadable(&above.key, &error);
            node.key.clone_from(&path);
            let place = Place { path, key: above.key.clone() };
            return Ok(Some(Entry { visited: Visited { node, found: None }, place, group: None }));
        }
        Err(error) => return Err(error),
    };
    let described = follow(reading, group, &link.target).and_then(|object| {
        let group = (object.kind() == ObjectKind::Group).then(|| object.address());
        Ok((describe(reading, &object, &place)?, group))
    });
    match described {
        Ok((Some(Seen { node, found, .. }), group)) => {
            let group = group.filter(|_| node.kind == NodeKind::Group);
            Ok(Some(Entry { visited: Visited { node, found: Some(found) }, place, group }))
        }
        Ok((None, _)) => Ok(None),
        Err(error) if is_of_the_object(&error) => {
            let node = Node::unreadable(&place.key, &error);
            Ok(Some(Entry { visited: Visited { node, found: None }, place, group: None }))
        }
        Err(error) => Err(error),
    }
}
