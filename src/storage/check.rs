//! Looking at every file of a store for damage.

use std::os::fd::AsFd;

use super::dimensions::Dimensions;
use super::read::Snapshot;
use super::store::{Store, exists};
use crate::error::{ErrorKind, Result};
use crate::key::Key;
use crate::values::Stored;
use crate::zarr::{Kind, METADATA_FILE, NodeMetadata};

/// Something that is wrong with a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub key: String,
    pub what: String,
}

/// What a walk over a store found.
struct Check<'a> {
    store: &'a Store,
    checked: u64,
    findings: Vec<Finding>,
    dimensions: Dimensions,
    each: &'a mut dyn FnMut(u64) -> Result<()>,
}

impl Store {
    /// Reads every node below `key`, and it; calls `each` with the number of nodes so far. Gives that number, and
    /// what is wrong.
    pub(crate) fn check(
        &self,
        key: &Key,
        each: &mut dyn FnMut(u64) -> Result<()>,
    ) -> Result<(u64, Vec<Finding>)> {
        let mut check =
            Check { store: self, checked: 0, findings: Vec::new(), dimensions: Dimensions::default(), each };
        check.node(key)?;
        let lengths = check.dimensions.findings().into_iter();
        check.findings.extend(lengths.map(|(key, what)| Finding { key: key.to_string(), what }));
        check.findings.sort_by(|one, other| one.key.cmp(&other.key));
        let cuts = self.unrecovered()?.into_iter();
        check.findings.extend(cuts.map(|(key, what)| Finding { key, what }));
        Ok((check.checked, check.findings))
    }

    /// Reads all that a node holds itself.
    pub(super) fn verify(&self, snapshot: &Snapshot) -> Result<()> {
        let store = self;
        if let NodeMetadata::Array(array) = &snapshot.metadata {
            let reader = store.array_reader(snapshot, array)?;
            if reader.sparse {
                reader.stored_chunks()?.iter().try_for_each(|index| reader.verify_file(index))?;
            } else {
                (0..reader.grid.len()).try_for_each(|n| reader.verify_file(&reader.grid.index(n)))?;
            }
        }
        // An object must make sense without its type, a table must have all of its columns.
        store.with_stored(snapshot, |stored| match stored {
            Stored::Object(object) => object.json().map(|_| ()),
            _ => Ok(()),
        })
    }
}

impl Check<'_> {
    fn node(&mut self, key: &Key) -> Result<()> {
        let store = self.store;
        self.checked += 1;
        (self.each)(self.checked)?;
        let children = store.read(key, |snapshot| {
            store.verify(snapshot)?;
            let array = match &snapshot.metadata {
                NodeMetadata::Array(array) => Some(array.clone()),
                NodeMetadata::Group(_) => None,
            };
            self.entries(key, snapshot).map(|entries| (entries, array))
        });
        let (children, strangers) = match children {
            Ok((entries, array)) => {
                if let Some(array) = array {
                    self.dimensions.add(key, &array);
                }
                entries
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => return Err(error),
            Err(error) => {
                let what = error.file().map_or(error.message().to_owned(), |file| {
                    format!("{} ({})", error.message(), file.display())
                });
                self.findings.push(Finding { key: key.to_string(), what });
                return Ok(());
            }
        };
        for what in strangers {
            self.findings.push(Finding { key: key.to_string(), what });
        }
        for name in children {
            self.node(&key.child(&name)?)?;
        }
        Ok(())
    }

    /// The members of a group or table, and what is in the directory without belonging there.
    fn entries(&self, key: &Key, snapshot: &Snapshot) -> Result<(Vec<String>, Vec<String>)> {
        let store = self.store;
        let directory = snapshot.directory.as_fd();
        let (mut members, mut strangers) = (Vec::new(), Vec::new());
        let failed = store.failed("cannot list", &snapshot.place);
        for entry in store.files.list(directory).map_err(&failed)? {
            let name = entry.name.to_string_lossy().into_owned();
            if name == METADATA_FILE {
                continue;
            }
            match (&snapshot.metadata, &snapshot.marker.kind) {
                (NodeMetadata::Array(array), _) if is_chunk(&name, array.shape.len()) => {}
                (NodeMetadata::Group(_), Some(Kind::Table { columns, .. })) if columns.contains(&name) => {
                    members.push(name);
                }
                (NodeMetadata::Group(_), None | Some(Kind::Root { .. }))
                    if entry.is_directory && key.child(&name).is_ok() =>
                {
                    match self.is_node(snapshot, &name) {
                        Ok(true) => members.push(name),
                        Ok(false) => strangers.push(stranger(&name)),
                        Err(error) => strangers.push(error.to_string()),
                    }
                }
                _ => strangers.push(stranger(&name)),
            }
        }
        strangers.extend(names_alike(&members));
        Ok((members, strangers))
    }

    fn is_node(&self, snapshot: &Snapshot, name: &str) -> Result<bool> {
        let path = format!("{name}/{METADATA_FILE}");
        let stat = self.store.files.stat(snapshot.directory.as_fd(), &path);
        let place = format!("{}/{name}", snapshot.place);
        exists(stat).map_err(self.store.failed("cannot look into", &place))
    }
}

fn stranger(name: &str) -> String {
    format!("{name:?} does not belong here")
}

/// Whether a file or directory of an array can hold chunks.
fn is_chunk(name: &str, rank: usize) -> bool {
    let indices = name.strip_prefix("c.").unwrap_or(name);
    name == "c"
        || (rank > 0
            && indices.split('.').all(|index| !index.is_empty() && index.bytes().all(|b| b.is_ascii_digit())))
        || name == "0"
}

/// Members that a file system which ignores case would take for one.
fn names_alike(members: &[String]) -> Vec<String> {
    let mut folded: Vec<(String, &String)> = members.iter().map(|name| (name.to_lowercase(), name)).collect();
    folded.sort();
    let pairs = folded.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    pairs.map(|pair| format!("{:?} and {:?} differ only by case", pair[0].1, pair[1].1)).collect()
}
