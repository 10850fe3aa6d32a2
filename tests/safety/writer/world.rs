//! What may be below the group of a writer.

use std::collections::BTreeMap;
use std::fmt;

use calcstore::{DataStore, ErrorKind, Node, NodeKind};
use ndarray::Array2;

use super::operation::{ATTRIBUTE, CHUNK, Operation, Row, WIDTH};

/// What is under a key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    pub content: Content,
    /// The operation that set the attribute.
    pub attribute: Option<u64>,
}

/// A group, or the operation that each row is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Content {
    Group,
    Array(Vec<u64>),
    Table(Vec<u64>),
    /// What no operation has written, and why.
    Torn(String),
}

/// All groups and values of a writer by their keys, its own group among them.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct World(pub BTreeMap<String, Member>);

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.content)?;
        self.attribute.map_or(Ok(()), |attribute| write!(f, " with {attribute}"))
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(key, member)| write!(f, "{key}: {member:?}; "))
    }
}

impl Member {
    fn new(content: Content) -> Self {
        Self { content, attribute: None }
    }
}

impl World {
    /// What readers see one after the other while an operation is done, if it can be; the last is when it is done.
    /// Of a region that is not written at once every chunk may be done, in any order.
    pub fn during(&self, id: u64, operation: &Operation) -> Result<Vec<Self>, ErrorKind> {
        match operation {
            Operation::Put { key, rows, is_table, new } => {
                if *new && self.0.contains_key(key) {
                    return Err(ErrorKind::AlreadyExists);
                }
                let rows = vec![id; *rows as usize];
                let content = if *is_table { Content::Table(rows) } else { Content::Array(rows) };
                Ok(self.after_groups_above(key, |world| {
                    world.0.insert(key.clone(), Member::new(content.clone()));
                }))
            }
            Operation::Append { key, rows, is_table } => {
                let more = vec![id; *rows as usize];
                self.changed(key, |content| {
                    let rows = match content {
                        Content::Table(rows) if *is_table => rows,
                        Content::Array(rows) if !is_table => rows,
                        _ => return Err(ErrorKind::WrongType),
                    };
                    rows.extend(&more);
                    Ok(())
                })
            }
            Operation::Write { key, from, to, is_atomic } => {
                self.during_write(key, id, *from..*to, *is_atomic)
            }
            Operation::Attribute { key } => {
                let mut world = self.clone();
                world.0.get_mut(key).ok_or(ErrorKind::NotFound)?.attribute = Some(id);
                Ok(vec![world])
            }
            Operation::Move { from, to } => self.during_move(from, to),
            Operation::Remove { key } => {
                let mut world = self.clone();
                world.0.remove(key).ok_or(ErrorKind::NotFound)?;
                world.0.retain(|other, _| !is_below(other, key));
                Ok(vec![world])
            }
            Operation::Draft { group, members, replace } => {
                if self.0.contains_key(group) && !replace {
                    return Err(ErrorKind::AlreadyExists);
                }
                Ok(self.after_groups_above(group, |world| {
                    world.0.retain(|other, _| !is_below(other, group));
                    world.0.insert(group.clone(), Member::new(Content::Group));
                    for member in 0..*members {
                        let rows = Content::Array(vec![id; 1 + member as usize]);
                        world.0.insert(format!("{group}/x{member}"), Member::new(rows));
                    }
                }))
            }
            Operation::Flush | Operation::Gc => Ok(vec![self.clone()]),
        }
    }

    /// The groups above a key appear one by one, and then `change` is seen.
    fn after_groups_above(&self, key: &str, change: impl Fn(&mut Self)) -> Vec<Self> {
        let mut steps = Vec::new();
        let mut world = self.clone();
        for (at, _) in key.match_indices('/').skip(1) {
            let group = Member::new(Content::Group);
            if !world.0.contains_key(&key[..at]) {
                world.0.insert(key[..at].to_owned(), group);
                steps.push(world.clone());
            }
        }
        change(&mut world);
        steps.push(world);
        steps
    }

    fn changed(
        &self,
        key: &str,
        change: impl Fn(&mut Content) -> Result<(), ErrorKind>,
    ) -> Result<Vec<Self>, ErrorKind> {
        let mut world = self.clone();
        change(&mut world.0.get_mut(key).ok_or(ErrorKind::NotFound)?.content)?;
        Ok(vec![world])
    }

    fn during_write(
        &self,
        key: &str,
        id: u64,
        written: std::ops::Range<u64>,
        is_atomic: bool,
    ) -> Result<Vec<Self>, ErrorKind> {
        let chunks: Vec<u64> = (written.start / CHUNK..=(written.end - 1) / CHUNK).collect();
        let all = (1u32 << chunks.len()) - 1;
        let subsets = if is_atomic { all..=all } else { 0..=all };
        let mut steps = Vec::new();
        for subset in subsets {
            let is_done = |row: u64| subset >> (row / CHUNK - chunks[0]) & 1 == 1;
            steps.extend(self.changed(key, |content| {
                let Content::Array(rows) = content else { return Err(ErrorKind::WrongType) };
                if written.end > rows.len() as u64 {
                    return Err(ErrorKind::WrongShape);
                }
                written.clone().filter(|row| is_done(*row)).for_each(|row| rows[row as usize] = id);
                Ok(())
            })?);
        }
        Ok(steps)
    }

    fn during_move(&self, from: &str, to: &str) -> Result<Vec<Self>, ErrorKind> {
        if from == to {
            return Err(ErrorKind::Conflict);
        }
        if !self.0.contains_key(from) {
            return Err(ErrorKind::NotFound);
        }
        if self.0.contains_key(to) {
            return Err(ErrorKind::AlreadyExists);
        }
        Ok(self.after_groups_above(to, |world| {
            let moved = |key: &String| key == from || is_below(key, from);
            let keys: Vec<String> = world.0.keys().filter(|key| moved(key)).cloned().collect();
            for key in keys {
                let member = world.0.remove(&key).unwrap();
                world.0.insert(format!("{to}{}", &key[from.len()..]), member);
            }
        }))
    }

    /// Reads all that is below a group of a store.
    pub fn found(store: &DataStore, group: &str) -> Self {
        let mut found = BTreeMap::new();
        if let Err(error) = store.node(group) {
            if error.kind() != ErrorKind::NotFound {
                found.insert(group.to_owned(), Member::new(Content::Torn(error.to_string())));
            }
            return Self(found);
        }
        found.insert(group.to_owned(), Member::new(Content::Group));
        match store.walk_nodes(group) {
            Ok(nodes) => {
                for node in nodes {
                    let content = read(store, &node).unwrap_or_else(Content::Torn);
                    let (content, attribute) = match attribute(&node) {
                        Ok(attribute) => (content, attribute),
                        Err(torn) => (Content::Torn(torn), None),
                    };
                    found.insert(node.key, Member { content, attribute });
                }
            }
            Err(error) => {
                found.insert(group.to_owned(), Member::new(Content::Torn(error.to_string())));
            }
        }
        Self(found)
    }
}

fn is_below(key: &str, group: &str) -> bool {
    key.strip_prefix(group).is_some_and(|rest| rest.starts_with('/'))
}

/// What a node holds, if every row is of one operation.
fn read(store: &DataStore, node: &Node) -> Result<Content, String> {
    let failed = |error: calcstore::Error| format!("{error:?}");
    match node.kind {
        NodeKind::Group => Ok(Content::Group),
        NodeKind::Dataset => {
            let rows: Array2<u64> = store.get(&node.key).map_err(failed)?;
            let is_whole = rows.ncols() == WIDTH
                && rows.rows().into_iter().all(|row| row.iter().all(|id| *id == row[0]));
            if !is_whole {
                return Err(format!("mixed rows: {rows:?}"));
            }
            Ok(Content::Array(rows.column(0).to_vec()))
        }
        NodeKind::Table => {
            let rows: Vec<Row> =
                store.table(&node.key).and_then(|table| table.read_rows()).map_err(failed)?;
            if rows.iter().any(|row| *row != Row::of(row.version)) {
                return Err(format!("mixed rows: {rows:?}"));
            }
            Ok(Content::Table(rows.iter().map(|row| row.version).collect()))
        }
        kind => Err(format!("a node of kind {kind}: {:?}", node.problem)),
    }
}

fn attribute(node: &Node) -> Result<Option<u64>, String> {
    let Some(json) = node.attributes.get(ATTRIBUTE) else { return Ok(None) };
    let ids: Vec<u64> = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    match ids[..] {
        [first, second, third] if first == second && second == third => Ok(Some(first)),
        _ => Err(format!("a mixed attribute: {json}")),
    }
}
