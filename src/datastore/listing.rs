//! What is in a store.

use rayon::prelude::*;

use super::DataStore;
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::nodes::{Keys, Node, NodeKind, literal_group};
use crate::storage::{Document, Store, in_parallel};
use crate::values::Value;

/// Fewer nodes are described before threads have begun.
const FEW: usize = 32;

impl DataStore {
    /// Lists the names in a group, sorted by bytes: one level, as `list(ds["/some"])` does.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]; [`ErrorKind::Conflict`] where the key holds a value.
    pub fn keys(&self, group: &str) -> Result<Keys> {
        let group = Key::new(group)?;
        let names = self.store.child_names(&group).map_err(|error| self.store.suggest(&group, error))?;
        Ok(names.into())
    }

    /// Gives the names in a group with what stands under them; groups as [`Value::Group`]. Each is read when it is
    /// its turn.
    ///
    /// # Errors
    /// As [`DataStore::keys`], and for each value as [`DataStore::get`].
    #[expect(clippy::iter_not_returning_iterator, reason = "it is one, where the group can be listed")]
    pub fn iter(&self, group: &str) -> Result<impl Iterator<Item = Result<(String, Value)>> + '_> {
        let group = Key::new(group)?;
        let names = self.keys(&group.to_string())?;
        Ok(names.map(move |name| {
            let key = group.child(&name)?;
            Ok((name, self.value(&key.to_string())?))
        }))
    }

    /// Gives what stands in a group, as [`DataStore::iter`] does.
    ///
    /// # Errors
    /// As there.
    pub fn values(&self, group: &str) -> Result<impl Iterator<Item = Result<Value>> + '_> {
        Ok(self.iter(group)?.map(|entry| entry.map(|(_, value)| value)))
    }

    /// Counts the names in a group.
    ///
    /// # Errors
    /// As [`DataStore::keys`].
    pub fn len(&self, group: &str) -> Result<usize> {
        Ok(self.keys(group)?.len())
    }

    /// Tells whether nothing is in a group.
    ///
    /// # Errors
    /// As [`DataStore::keys`].
    pub fn is_empty(&self, group: &str) -> Result<bool> {
        Ok(self.len(group)? == 0)
    }

    /// Describes one node: its kind, data type, shape, attributes.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] and those of reading files.
    pub fn node(&self, key: &str) -> Result<Node> {
        let key = Key::new(key)?;
        let described = self.in_chain(&key, |holder| describe(&holder.store, &key));
        described.map_err(|error| self.suggest(&key, error))
    }

    /// Describes everything in a group: one level, in the order of [`DataStore::keys`]. What disappears meanwhile
    /// is left out; what is damaged or not supported is described as [`NodeKind::Unreadable`].
    ///
    /// # Errors
    /// As [`DataStore::keys`] and [`DataStore::node`].
    pub fn nodes(&self, group: &str) -> Result<Vec<Node>> {
        self.members(group, member)
    }

    /// Describes everything below a group, each group before what is in it.
    ///
    /// # Errors
    /// As [`DataStore::nodes`].
    pub fn walk_nodes(&self, group: &str) -> Result<Vec<Node>> {
        self.walk_members(group, member, |node| (&node.key, node.kind == NodeKind::Group))
    }

    /// Lists the keys of everything below a group, each group before what is in it. A table is one node.
    ///
    /// # Errors
    /// As [`DataStore::nodes`].
    pub fn walk(&self, group: &str) -> Result<Keys> {
        let found = self.walk_members(group, named, |(key, is_group)| (key, *is_group))?;
        Ok(found.into_iter().map(|(key, _)| key).collect::<Vec<String>>().into())
    }

    /// Lists the keys that match a pattern: `*` and `?` stand for anything within one component, `**` for any
    /// number of components, `[ab]` and `{a,b}` for alternatives. A key that exists is taken literally.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let store = calcstore::DataStore::at(dir.path().join("s"))?;
    /// store.extend([("/0/Sadigh", 1.0), ("/0/[Toro]", 2.0), ("/1/Sadigh", 3.0)])?;
    /// assert_eq!(store.glob("/*/Sadigh")?.collect::<Vec<_>>(), ["/0/Sadigh", "/1/Sadigh"]);
    /// assert_eq!(store.glob("/0/[Toro]")?.collect::<Vec<_>>(), ["/0/[Toro]"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`DataStore::nodes`]; no match is no error.
    pub fn glob(&self, pattern: &str) -> Result<Keys> {
        if let Ok(key) = Key::new(pattern)
            && self.store.has(&key)?
        {
            return Ok(vec![key.to_string()].into());
        }
        let pattern = format!("/{}", pattern.trim_matches('/'));
        let matches = |key: &String| fast_glob::glob_match(&pattern, key);
        let keys: Vec<String> = match self.walk(literal_group(&pattern)) {
            // Nothing is there, or a value, which has nothing below it.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Conflict) => Vec::new(),
            keys => keys?.filter(matches).collect(),
        };
        Ok(keys.into())
    }

    /// Looks at each member of a group in the order of their names; leaves out what is no node.
    fn members<T: Send>(&self, group: &str, look: Look<T>) -> Result<Vec<T>> {
        let group = Key::new(group)?;
        let keys = self.store.possible_children(&group).map_err(|error| self.store.suggest(&group, error))?;
        let look = |key: &Key| look(&self.store, key);
        let seen: Vec<Result<Option<T>>> = match keys.len() {
            0..FEW => keys.iter().map(look).collect(),
            _ => in_parallel(|| keys.par_iter().map(look).collect()),
        };
        seen.into_iter().filter_map(Result::transpose).collect()
    }

    /// Looks at everything below a group, each group before what is in it. `which` tells the key, and whether it is a
    /// group.
    fn walk_members<T: Send>(
        &self,
        group: &str,
        look: Look<T>,
        which: impl Fn(&T) -> (&str, bool),
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut waiting = self.members(group, look)?;
        waiting.reverse();
        while let Some(member) = waiting.pop() {
            if let (key, true) = which(&member) {
                match self.members(key, look) {
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    below => waiting.extend(below?.into_iter().rev()),
                }
            }
            found.push(member);
        }
        Ok(found)
    }
}

/// Looks at a member of a group, if it is a node.
type Look<T> = fn(&Store, &Key) -> Result<Option<T>>;

fn describe(store: &Store, key: &Key) -> Result<Node> {
    store.read(key, |snapshot| Node::new(key, Document::clone(snapshot)))
}

/// Describes a member of a group, if it is a node. One document is one version, and all that is told of it is in there.
fn member(store: &Store, key: &Key) -> Result<Option<Node>> {
    let glanced = store.glance(key).and_then(|document| Node::new(key, document));
    // Whatever went wrong may be because it is just being replaced.
    match glanced.or_else(|_| describe(store, key)) {
        Err(error) => match error.kind() {
            ErrorKind::NotFound => Ok(None),
            ErrorKind::Unsupported | ErrorKind::Corrupt => Ok(Some(Node::unreadable(key, &error))),
            _ => Err(error),
        },
        node => node.map(Some),
    }
}

/// Tells the key of a member of a group, if it is a node, and whether it is a group. What says that it is an array needs
/// no closer look.
fn named(store: &Store, key: &Key) -> Result<Option<(String, bool)>> {
    if let Ok(true) = store.says_array(key) {
        return Ok(Some((key.to_string(), false)));
    }
    Ok(member(store, key)?.map(|node| (node.key, node.kind == NodeKind::Group)))
}
