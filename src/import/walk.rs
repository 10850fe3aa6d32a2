//! The walk through a file, group by group.

use std::collections::HashSet;

use super::datasets;
use super::finish::{Finish, finish};
use super::lists;
use super::scope::Scope;
use super::tables;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Neighbours, ObjectKind, StoredObject, Target};
use crate::hdf5_file::{
    Described, Found, Identity, Met, Paths, Place, Reading, below, elsewhere, is_taken, member, user_defined,
};
use crate::values::Content;
use crate::zarr::Kind;

/// How many files may lead to one another.
const MOST_FILES_DEEP: usize = 8;

/// A soft link, which is followed when everything has its place.
#[derive(Debug)]
struct Soft {
    /// The group that it is in.
    group: u64,
    target: String,
    place: Place,
    /// The groups that it lies in.
    within: Vec<Identity>,
}

pub(super) struct Walk<'a, 't> {
    scope: Scope<'a, 't>,
    met: &'a mut Met,
    depth: usize,
    soft: Vec<Soft>,
}

impl<'a, 't> Walk<'a, 't> {
    pub fn new(scope: Scope<'a, 't>, met: &'a mut Met) -> Self {
        Self { scope, met, depth: 0, soft: Vec::new() }
    }

    /// Imports an object with everything that it leads to.
    pub fn run(mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        let done = self.object(object, place);
        self.scope.reading.settle(&place.path, done)?;
        // What they lead to may have others.
        while !self.soft.is_empty() {
            for soft in std::mem::take(&mut self.soft) {
                let done = self.follow(&soft);
                self.scope.reading.settle(&soft.place.path, done)?;
            }
        }
        self.note();
        Ok(())
    }

    /// Puts what was left out so far into the report.
    fn note(&mut self) {
        self.scope.tally.report.left_out.append(&mut self.scope.reading.left_out);
    }

    fn object(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        if object.kind() != ObjectKind::Group {
            return self.recognised(object, place);
        }
        self.met.enter(self.scope.reading.number, object, &place.path)?;
        let done = self.recognised(object, place);
        self.met.leave();
        done
    }

    fn recognised(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        let (found, mut described) = self.scope.recognise(object, place)?;
        match found {
            Found::Group => self.group(object, place, described),
            Found::Dataset(opened) => datasets::import(&mut self.scope, opened, (place, &mut described)),
            Found::Lists(opened) => lists::dataset(&mut self.scope, &opened, (place, &mut described)),
            Found::Columns(columns) => tables::group(&mut self.scope, columns, (place, &mut described)),
            Found::Object(object) => self.put(&Content::Object(object), place, described),
            Found::Nothing => Ok(()),
        }
    }

    fn put(&mut self, content: &Content<'_>, place: &Place, described: Described) -> Result<()> {
        let scope = &mut self.scope;
        scope.store.put_with(&place.key, content, &scope.options(false)?, scope.existing)?;
        let attributes = described.attributes;
        finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
        scope.tally.value()
    }

    fn group(&mut self, object: &StoredObject<'_>, place: &Place, described: Described) -> Result<()> {
        let kind = match described.origin.node {
            Some(Kind::Root { status, .. }) if place.key.is_root() => {
                Some(Kind::Root { status, parent: None, ended: None })
            }
            _ => None,
        };
        self.scope.store.put_group(&place.key)?;
        let attributes = described.attributes;
        finish(&self.scope, &place.key, Finish { attributes, kind, names: Vec::new() })?;
        self.members(object, place)
    }

    fn members(&mut self, object: &StoredObject<'_>, place: &Place) -> Result<()> {
        let found = object.links();
        for error in &found.errors {
            self.scope.reading.leave_out(&place.path, error.message());
        }
        let mut taken = HashSet::new();
        for link in found.items {
            self.scope.tally.tell()?;
            let path = below(&place.path, &link.name);
            if self.scope.reading.spilled.contains(&path) {
                continue;
            }
            let done = member(&link.name, place, &mut taken);
            if let Ok(member) = &done
                && member.key.name() != link.name
            {
                self.scope.tally.rename(&path, &member.key);
            }
            let done = done.and_then(|place| {
                if self.scope.beside.contains(&place.key) {
                    return Err(is_taken(&place.key));
                }
                self.link(object.address(), link.target, place)
            });
            self.scope.reading.settle(&path, done)?;
        }
        Ok(())
    }

    fn link(&mut self, group: u64, target: Target, place: Place) -> Result<()> {
        match target {
            Target::Hard(address) => {
                let object = self.scope.reading.file.object(address)?;
                self.object(&object, &place)
            }
            Target::Soft(target) => {
                let within = self.met.within.clone();
                self.soft.push(Soft { group, target, place, within });
                Ok(())
            }
            Target::External { file, object } => self.external(&file, &object, &place),
            Target::UserDefined(kind) => Err(user_defined(kind)),
        }
    }

    fn follow(&mut self, soft: &Soft) -> Result<()> {
        let object = self.scope.reading.file.find_from(soft.group, &soft.target)?;
        let outer = std::mem::replace(&mut self.met.within, soft.within.clone());
        let done = self.object(&object, &soft.place);
        self.met.within = outer;
        done
    }

    /// Imports what another file has, if that may be read.
    fn external(&mut self, name: &str, path: &str, place: &Place) -> Result<()> {
        if !self.scope.files.are_allowed() {
            return Err(elsewhere(name, path));
        }
        if self.depth == MOST_FILES_DEEP {
            let message = format!("it leads to the file {name:?}, and files before it led here already");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let (number, file) = self.scope.files.open(self.scope.reading.number, name)?;
        self.scope.tally.allow(file.input().size());
        let object = file.find(path)?;
        // Before what the other file lacks.
        self.note();
        let paths = Paths::default();
        let scope = Scope::new(
            (Reading::new(&file, &paths, (self.scope.files, number)), self.scope.files),
            self.scope.store,
            &mut *self.scope.tally,
            self.scope.existing,
        );
        let walk = Walk { scope, met: &mut *self.met, depth: self.depth.saturating_add(1), soft: Vec::new() };
        walk.run(&object, place)
    }
}
