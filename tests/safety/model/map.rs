//! What must be in a store, as a `BTreeMap` would have it.

use std::collections::BTreeMap;

use calcstore::{DataStore, ErrorKind, NodeKind};
use serde::{Deserialize, Serialize};

use super::steps::Edit;

/// A value of any kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Thing {
    Scalar(i64),
    /// A dataset in chunks of three.
    Numbers(Vec<i64>),
    /// Two rows.
    Grid(Vec<f64>),
    Text(String),
    Bytes(Vec<u8>),
    /// A table, by the IDs of its rows.
    Table(Vec<i64>),
    Object(Pair),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    pub name: String,
    pub numbers: Vec<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    id: i64,
    name: String,
}

pub fn rows(ids: &[i64]) -> Vec<Row> {
    ids.iter().map(|id| Row { id: *id, name: format!("row {id}") }).collect()
}

#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Nothing for a group.
    pub thing: Option<Thing>,
    pub attributes: BTreeMap<String, i64>,
    /// Tells it from whatever else was under its key, earlier or later.
    pub born: u64,
}

/// The root is always there and not counted.
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub nodes: BTreeMap<String, Node>,
    births: u64,
}

type Done = Result<(), ErrorKind>;

fn is_below(key: &str, group: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}

pub fn parents(key: &str) -> impl Iterator<Item = &str> {
    key.match_indices('/').map(|(at, _)| &key[..at]).filter(|parent| !parent.is_empty())
}

impl Map {
    /// What is in a store.
    pub fn found(store: &DataStore) -> Self {
        let nodes = store.walk_nodes("/").unwrap().into_iter().map(|node| {
            let key = &node.key;
            let thing = match node.kind {
                NodeKind::Group => None,
                NodeKind::Table => {
                    let stored = store.table(key).unwrap().read_rows::<Row>().unwrap();
                    let ids: Vec<i64> = stored.iter().map(|row| row.id).collect();
                    assert_eq!(stored, rows(&ids));
                    Some(Thing::Table(ids))
                }
                NodeKind::Bytes => Some(Thing::Bytes(store.get::<calcstore::Bytes<Vec<u8>>>(key).unwrap().0)),
                NodeKind::Object => Some(Thing::Object(store.object(key).unwrap())),
                _ => Some(match store.get::<calcstore::AnyArray>(key).unwrap() {
                    calcstore::AnyArray::Int64(array) if array.ndim() == 0 => Thing::Scalar(array.sum()),
                    calcstore::AnyArray::Int64(array) => Thing::Numbers(array.into_iter().collect()),
                    calcstore::AnyArray::Float64(array) => Thing::Grid(array.into_iter().collect()),
                    calcstore::AnyArray::String(array) => Thing::Text(array.into_iter().collect()),
                    other => panic!("{other:?}"),
                }),
            };
            let attributes = store.attributes(key).unwrap();
            let mine = attributes.names().unwrap().into_iter().filter(|name| name.len() == 1);
            let attributes = mine.map(|name| (name.clone(), attributes.get(&name).unwrap())).collect();
            (node.key, Node { thing, attributes, born: 0 })
        });
        Self { nodes: nodes.collect(), births: 0 }
    }

    /// Whether the same is in both.
    pub fn agrees(&self, other: &Self) -> bool {
        let same = |one: &Node, other: &Node| one.thing == other.thing && one.attributes == other.attributes;
        self.nodes.len() == other.nodes.len()
            && self
                .nodes
                .iter()
                .zip(&other.nodes)
                .all(|(one, other)| one.0 == other.0 && same(one.1, other.1))
    }

    /// Makes a node another one.
    pub fn renew(&mut self, key: &str) {
        self.births += 1;
        if let Some(node) = self.nodes.get_mut(key) {
            node.born = self.births;
        }
    }

    fn put(&mut self, key: &str, thing: Option<Thing>) {
        self.nodes.insert(key.to_owned(), Node { thing, ..Node::default() });
        self.renew(key);
    }

    /// Makes the groups above a key, as far as no value is in the way.
    fn make_parents(&mut self, key: &str) -> Done {
        for parent in parents(key) {
            match self.nodes.get(parent) {
                None => self.put(parent, None),
                Some(Node { thing: None, .. }) => {}
                Some(_) => return Err(ErrorKind::Conflict),
            }
        }
        Ok(())
    }

    pub fn edit(&mut self, edit: &Edit) -> Done {
        match edit {
            Edit::Insert(key, thing) => self.insert(key, Some(thing), true),
            Edit::InsertNew(key, thing) => self.insert(key, Some(thing), false),
            Edit::OrInsert(key, n) => match self.nodes.get(key) {
                _ if key.is_empty() => Err(ErrorKind::WrongType),
                None => self.insert(key, Some(&Thing::Scalar(*n)), false),
                Some(Node { thing: None, .. }) => Err(ErrorKind::WrongType),
                Some(_) => Ok(()),
            },
            Edit::CreateGroup(key) => self.insert(key, None, false),
            Edit::Remove(key) => self.remove(key),
            Edit::Take(key) => match self.nodes.get(key) {
                None if !key.is_empty() => Err(ErrorKind::NotFound),
                None | Some(Node { thing: None, .. }) => Err(ErrorKind::WrongType),
                Some(_) => self.remove(key),
            },
            Edit::Rename(from, to) => self.rename(from, to),
            Edit::Copy(from, to) => self.copy(from, to),
            Edit::Clear(key) => match self.nodes.get(key) {
                None if !key.is_empty() => Err(ErrorKind::NotFound),
                Some(Node { thing: Some(_), .. }) => Err(ErrorKind::Conflict),
                _ => {
                    self.nodes.retain(|other, _| !is_below(other, key));
                    Ok(())
                }
            },
            Edit::SetAttribute(key, name, n) => {
                let node = self.nodes.get_mut(key).ok_or(ErrorKind::NotFound)?;
                node.attributes.insert(name.clone(), *n);
                Ok(())
            }
            Edit::RemoveAttribute(key, name) => {
                let node = self.nodes.get_mut(key).ok_or(ErrorKind::NotFound)?;
                node.attributes.remove(name).map(|_| ()).ok_or(ErrorKind::NotFound)
            }
            Edit::Draft { commit: false, .. } => Ok(()),
            Edit::Draft { key, things, replace, .. } => self.draft(key, things, *replace),
        }
    }

    fn insert(&mut self, key: &str, thing: Option<&Thing>, replace: bool) -> Done {
        if key.is_empty() {
            return if thing.is_some() { Err(ErrorKind::Conflict) } else { Ok(()) };
        }
        self.make_parents(key)?;
        match (self.nodes.get(key).map(|node| &node.thing), thing) {
            (Some(None), None) => return Ok(()),
            (Some(_), Some(_)) if !replace => return Err(ErrorKind::AlreadyExists),
            (Some(None), Some(_)) | (Some(Some(_)), None) => return Err(ErrorKind::Conflict),
            (None, _) | (Some(Some(_)), Some(_)) => {}
        }
        self.put(key, thing.cloned());
        Ok(())
    }

    fn remove(&mut self, key: &str) -> Done {
        if key.is_empty() {
            return Err(ErrorKind::Conflict);
        }
        self.nodes.remove(key).ok_or(ErrorKind::NotFound)?;
        self.nodes.retain(|other, _| !is_below(other, key));
        Ok(())
    }

    /// The nodes at and below a key, as they are called below another one.
    fn moved(&self, from: &str, to: &str) -> Vec<(String, Node)> {
        let tree = self.nodes.iter().filter(|(key, _)| *key == from || is_below(key, from));
        tree.map(|(key, node)| (format!("{to}{}", &key[from.len()..]), node.clone())).collect()
    }

    fn vacate(&mut self, from: &str, to: &str) -> Done {
        if from.is_empty() || to.is_empty() || from == to || is_below(to, from) {
            return Err(ErrorKind::Conflict);
        }
        if !self.nodes.contains_key(from) {
            return Err(ErrorKind::NotFound);
        }
        self.make_parents(to)?;
        if self.nodes.contains_key(to) { Err(ErrorKind::AlreadyExists) } else { Ok(()) }
    }

    fn rename(&mut self, from: &str, to: &str) -> Done {
        self.vacate(from, to)?;
        let moved = self.moved(from, to);
        self.remove(from)?;
        self.nodes.extend(moved);
        Ok(())
    }

    fn copy(&mut self, from: &str, to: &str) -> Done {
        self.vacate(from, to)?;
        for (key, node) in self.moved(from, to) {
            self.nodes.insert(key.clone(), node);
            self.renew(&key);
        }
        Ok(())
    }

    fn draft(&mut self, group: &str, things: &[Thing], replace: bool) -> Done {
        if group.is_empty() {
            return Err(ErrorKind::Conflict);
        }
        if self.nodes.contains_key(group) && !replace {
            return Err(ErrorKind::AlreadyExists);
        }
        self.make_parents(group)?;
        let _ = self.remove(group);
        self.put(group, None);
        for (n, thing) in things.iter().enumerate() {
            self.put(&format!("{group}/{n}"), Some(thing.clone()));
        }
        Ok(())
    }
}
