//! Looking at groups and tables, and at directories that cannot be opened as nodes.

use std::ffi::OsStr;
use std::path::Path;

use super::files::{AsFd, BorrowedFd, Entry};
use super::finding::{Finding, FindingKind};
use super::look::{Depth, Looking};
use super::read::{Snapshot, is_nothing};
use super::recover::damage;
use super::store::Store;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::zarr::{METADATA_FILE, NodeMetadata, column_names};

impl Store {
    /// Whether there are nodes at or below a directory that are no columns of the table `key`.
    pub(super) fn holds_nodes(&self, key: &Key, place: &str) -> Result<bool> {
        let row = column_names(key, "", 1).pop();
        for name in self.directories_in(place)? {
            let Ok(child) = key.child(&name) else { continue };
            let inner = format!("{place}/{name}");
            let is_column = match self.open_place(inner.clone(), &child) {
                Ok(node) => match node.into_document().metadata {
                    NodeMetadata::Array(array) => array
                        .dimension_names
                        .is_some_and(|names| names.first().is_some_and(|name| *name == row)),
                    NodeMetadata::Group(_) => false,
                },
                Err(error) => damage(error)?.is_some() && !self.holds_nodes(&child, &inner)?,
            };
            if !is_column {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The names of the directories in a directory.
    pub(super) fn directories_in(&self, place: &str) -> Result<Vec<String>> {
        let Some(directory) = self.open_if_there(place)? else { return Ok(Vec::new()) };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", place))?;
        let names = entries.into_iter().filter(|entry| entry.is_directory);
        Ok(names.filter_map(|entry| entry.name.into_string().ok()).collect())
    }
}

impl Looking<'_> {
    /// Looks at what lies in the directory of a table, and at how its columns fit together.
    pub(super) fn columns(&mut self, snapshot: &Snapshot, columns: &[String], rows: u64) -> Result<()> {
        self.look.is_table = true;
        let own = Path::new(self.place).join(METADATA_FILE);
        if columns.is_empty() {
            self.add(FindingKind::Value, &own, "the table is damaged: it has no column");
        }
        for (at, name) in columns.iter().enumerate() {
            if columns[..at].contains(name) {
                self.add(
                    FindingKind::Value,
                    &own,
                    format!("the table is damaged: two columns are called {name}"),
                );
                continue;
            }
            if let Err(error) = self.store.open_columns(snapshot, std::slice::from_ref(name), rows) {
                self.add_error(error)?;
                continue;
            }
            self.longer_column(snapshot, name, rows)?;
            self.look.members.push(name.clone());
        }
        for entry in self.list(snapshot.directory.as_fd(), self.place)? {
            let is_own = |name: &str| name == METADATA_FILE || columns.iter().any(|column| column == name);
            if !entry.name.to_str().is_some_and(is_own) {
                self.stranger(&Path::new(self.place).join(&entry.name));
            }
        }
        Ok(())
    }

    /// Names a column that is longer than its table, unless rows may just be being appended.
    fn longer_column(&mut self, snapshot: &Snapshot, name: &str, rows: u64) -> Result<()> {
        let place = format!("{}/{name}", self.place);
        let opened = self.store.files.open_directory(snapshot.directory.as_fd(), name);
        let directory = opened.map_err(self.store.failed("cannot open", &place))?;
        let NodeMetadata::Array(array) = self.store.read_metadata(&directory, &place)? else { return Ok(()) };
        let length = array.shape.first().copied().unwrap_or_default();
        let stat = self.store.files.stat(directory.as_fd(), METADATA_FILE);
        let changed = stat.map(|stat| stat.changed).unwrap_or_default();
        if length > rows && (self.depth != Depth::Chunks || !self.store.may_be_under_way(changed)) {
            let what = format!("column {name} has {length} rows, the table {rows}");
            self.add(FindingKind::Surplus, format!("{place}/{METADATA_FILE}"), what);
        }
        Ok(())
    }

    /// Looks at what lies in the directory of a group.
    pub(super) fn group(&mut self, directory: BorrowedFd<'_>) -> Result<()> {
        for entry in self.list(directory, self.place)? {
            match entry.name.to_str() {
                Some(METADATA_FILE) => {}
                Some(name) if entry.is_directory && self.key.child(name).is_ok() => {
                    self.look.members.push(name.to_owned());
                }
                _ => self.stranger(&Path::new(self.place).join(&entry.name)),
            }
        }
        self.names();
        Ok(())
    }

    /// Names the members that another system would refuse, or take for each other.
    fn names(&mut self) {
        let members = &self.look.members;
        let mut found = Vec::new();
        for name in members {
            if let Err(error) = Key::root().child(name).and_then(|key| key.check_creatable()) {
                let why =
                    error.message().strip_prefix("not a valid key: ").unwrap_or(error.message()).to_owned();
                found.push((name.clone(), format!("{name:?} cannot be copied to every system: {why}")));
            }
        }
        let mut folded: Vec<_> = members.iter().map(|name| (name.to_lowercase(), name)).collect();
        folded.sort();
        for pair in folded.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let what = format!("{:?} and {:?} differ only by case", pair[0].1, pair[1].1);
            found.push((pair[1].1.clone(), what));
        }
        for (name, what) in found {
            self.add(FindingKind::Name, Path::new(self.place).join(name), what);
        }
    }

    /// Looks at what could not be opened as a node.
    pub(super) fn unopened(&mut self, error: &Error) -> Result<()> {
        let own = Path::new(self.place).join(METADATA_FILE);
        let Ok(directory) = self.store.files.open_directory(self.store.root(), self.place) else {
            let is_there = self.store.files.stat(self.store.root(), self.place).is_ok();
            self.look.is_gone = !is_there;
            self.look.is_node = is_there;
            if is_there {
                let finding = Finding::of(error, self.key, (self.store.path(), self.place.into()));
                self.look.findings.push(finding);
            }
            return Ok(());
        };
        let entries = match self.list(directory.as_fd(), self.place) {
            Ok(entries) => entries,
            Err(error) => return self.add_error(error),
        };
        let document = entries.iter().find(|entry| entry.name == METADATA_FILE);
        let (kind, what) = match document {
            None => (FindingKind::Value, "zarr.json is missing".to_owned()),
            Some(entry) if !entry.is_file => {
                (FindingKind::Value, "zarr.json must be a file, and no link".to_owned())
            }
            Some(_) => {
                let Finding { kind, what, .. } =
                    Finding::of(error, self.key, (self.store.path(), own.clone()));
                (kind, what)
            }
        };
        self.look.is_node = document.is_some() || !is_nothing(error);
        if kind != FindingKind::Value {
            self.add(kind, own, what);
        } else if self.key.is_root() || self.store.holds_nodes(self.key, self.place).unwrap_or(true) {
            self.look.is_node = true;
            self.add(FindingKind::Group, own, what);
            self.group(directory.as_fd())?;
        } else if document.is_some() || self.has_left_chunks(&entries) {
            self.look.is_node = true;
            self.add(FindingKind::Value, own, what);
        } else {
            self.outsider();
        }
        Ok(())
    }

    /// Whether a directory without a `zarr.json` holds chunks, or columns.
    fn has_left_chunks(&self, entries: &[Entry]) -> bool {
        let is_chunk = |name: &OsStr| {
            let name = name.to_string_lossy();
            let index = name.strip_prefix('c').unwrap_or(&name);
            let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            name == "c" || index.trim_start_matches('.').split('.').all(is_number)
        };
        let is_column = |name: &String| {
            let place = format!("{}/{name}", self.place);
            self.store.open_place(place, self.key).is_ok()
        };
        let has_columns =
            self.store.directories_in(self.place).is_ok_and(|names| names.iter().any(is_column));
        has_columns || entries.iter().any(|entry| is_chunk(&entry.name))
    }

    /// A directory that is no node is named by the group that it lies in.
    fn outsider(&mut self) {
        let key = self.key.parent().unwrap_or_else(Key::root).to_string();
        let what = format!("{:?} does not belong here", self.key.name());
        let file = self.place.into();
        self.look.findings.push(Finding { kind: FindingKind::Foreign, key, file, what });
    }
}
