//! The walk through a file, group by group.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use super::attributes::{self, Finish, finish};
use super::datasets;
use super::external::{Allowed, open};
use super::names::{Paths, below, component};
use super::objects;
use super::report::Tally;
use super::scope::{Place, Scope};
use super::tables;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, Link, ObjectKind, StoredObject, Target};
use crate::zarr::Kind;

/// How many files may lead to one another.
const MOST_FILES_DEEP: usize = 8;

/// What is known of all files that are read in one import.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub allowed: Option<Allowed>,
    /// The files, in the order in which they were opened.
    pub files: Vec<PathBuf>,
    /// The groups that were met, by file and address, and the paths where.
    pub groups: HashMap<(usize, u64), String>,
}

/// A soft link, which is followed when everything has its place.
#[derive(Debug)]
struct Soft {
    /// The group that it is in.
    group: u64,
    target: String,
    place: Place,
}

pub(super) struct Walk<'a, 't> {
    scope: Scope<'a, 't>,
    known: &'a mut Known,
    /// The number of the file.
    file: usize,
    depth: usize,
    soft: Vec<Soft>,
}

impl<'a, 't> Walk<'a, 't> {
    pub fn new(scope: Scope<'a, 't>, known: &'a mut Known) -> Self {
        Self { scope, known, file: 0, depth: 0, soft: Vec::new() }
    }

    /// Imports an object with everything that it leads to.
    pub fn run(mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        let done = self.object(object, place);
        self.scope.tally.settle(&place.path, done)?;
        for soft in std::mem::take(&mut self.soft) {
            let done = self.follow(&soft);
            self.scope.tally.settle(&soft.place.path, done)?;
        }
        Ok(())
    }

    fn object(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        match object.kind() {
            ObjectKind::Group => self.group(object, place),
            ObjectKind::Dataset => datasets::import(&mut self.scope, object, place),
            // A type has no value: what is of it brings it along.
            ObjectKind::Datatype => Ok(()),
            ObjectKind::Unknown => {
                Err(Error::new(ErrorKind::Unsupported, "it is neither a group nor a dataset"))
            }
        }
    }

    fn group(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        if let Some(path) = self.known.groups.get(&(self.file, object.address())) {
            let message = format!("it is the group {path:?} once more, whose values are there");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        self.known.groups.insert((self.file, object.address()), place.path.clone());
        let mut described = attributes::read(&mut self.scope, object, place)?;
        match described.origin.node.clone() {
            Some(Kind::Table { columns, .. }) => {
                return tables::group(&mut self.scope, object, &columns, (place, &mut described));
            }
            Some(Kind::Object { .. }) => {
                // NeXus has objects as groups.
                let links = object.links().items;
                if let Some(Target::Hard(address)) =
                    links.iter().find(|link| link.name == "data").map(|link| &link.target)
                {
                    let data = self.scope.file.object(*address)?;
                    if objects::import(&mut self.scope, &data, place, &mut described)? {
                        return Ok(());
                    }
                }
            }
            _ => {}
        }
        let kind = match described.origin.node {
            Some(Kind::Root { status, .. }) if place.key.is_root() => {
                Some(Kind::Root { status, parent: None })
            }
            _ => None,
        };
        self.scope.store.put_group(&place.key)?;
        let attributes = std::mem::take(&mut described.attributes);
        finish(&self.scope, &place.key, Finish { attributes, kind, names: Vec::new() })?;
        self.members(object, place)
    }

    fn members(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        let found = object.links();
        for error in &found.errors {
            self.scope.tally.leave_out(&place.path, error.message());
        }
        let mut taken = HashSet::new();
        for link in found.items {
            self.scope.tally.tell()?;
            let path = below(&place.path, &link.name);
            if self.scope.spilled.contains(&path) {
                continue;
            }
            let done = self.place(&link, place, &path, &mut taken);
            let done = done.and_then(|place| self.link(object.address(), link.target, place));
            self.scope.tally.settle(&path, done)?;
        }
        Ok(())
    }

    /// Where a member of a group goes, of which no two go to one place.
    fn place(
        &mut self,
        link: &Link,
        group: &Place,
        path: &str,
        taken: &mut HashSet<String>,
    ) -> Result<Place> {
        let name = component(&link.name)?;
        let key = group.key.child(&name)?;
        key.check_creatable()?;
        if name != link.name {
            self.scope.tally.rename(path, &key);
        }
        if !taken.insert(name) {
            let message = format!("another object of this group has the key {key} already");
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        Ok(Place { path: path.to_owned(), key })
    }

    fn link(&mut self, group: u64, target: Target, place: Place) -> Result<()> {
        match target {
            Target::Hard(address) => {
                let object = self.scope.file.object(address)?;
                self.object(&object, &place)
            }
            Target::Soft(target) => {
                self.soft.push(Soft { group, target, place });
                Ok(())
            }
            Target::External { file, object } => self.external(&file, &object, &place),
            Target::UserDefined(kind) => {
                let message = format!("it is a link of the user-defined type {kind}");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }

    fn follow(&mut self, soft: &Soft) -> Result<()> {
        let object = self.scope.file.find_from(soft.group, &soft.target)?;
        self.object(&object, &soft.place)
    }

    /// Imports what another file has, if that may be read.
    fn external(&mut self, name: &str, path: &str, place: &Place) -> Result<()> {
        let Some(allowed) = &self.known.allowed else {
            let message = format!(
                "it leads to {path:?} in the file {name:?}, and other files are read from an allowed directory only"
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        if self.depth == MOST_FILES_DEEP {
            let message = format!("it leads to the file {name:?}, and files before it led here already");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let found = allowed.find(name)?;
        let source = open(&found)?;
        let number = self.known.files.iter().position(|known| *known == found).unwrap_or_else(|| {
            self.known.files.push(found);
            self.known.files.len().saturating_sub(1)
        });
        let file = File::open(Box::new(source))?;
        self.scope.tally.allow(file.input().size());
        let object = file.find(path)?;
        let scope = Scope {
            file: &file,
            store: self.scope.store,
            tally: &mut *self.scope.tally,
            existing: self.scope.existing,
            paths: Paths::default(),
            spilled: HashSet::new(),
        };
        let walk = Walk {
            scope,
            known: &mut *self.known,
            file: number,
            depth: self.depth.saturating_add(1),
            soft: Vec::new(),
        };
        walk.run(&object, place)
    }
}

/// What an import begins with.
pub(super) fn scope<'a, 't>(
    file: &'a File,
    store: &'a std::sync::Arc<crate::storage::Store>,
    tally: &'a mut Tally<'t>,
    existing: crate::storage::Existing,
) -> Scope<'a, 't> {
    Scope { file, store, tally, existing, paths: Paths::default(), spilled: HashSet::new() }
}
