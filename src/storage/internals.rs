//! Looking at `.calcstore`: what writers that died have left to be finished, to be swept, or to be seen.

use std::io;
use std::path::Path;

use super::dirty::MarkerName;
use super::files::AsFd;
use super::finding::{Finding, FindingKind};
use super::flush::DIRTY;
use super::intent::INTENTS;
use super::store::{INTERNALS, Store};
use super::sweep::{Collection, Leftover, LeftoverKind, has_rested};
use crate::error::Result;
use crate::key::Key;

/// The directories that the format knows, and whether there are only files in them.
const DIRECTORIES: [(&str, bool); 6] =
    [("locks", true), ("stage", false), ("trash", false), (DIRTY, true), (INTENTS, true), ("lost", false)];

impl Store {
    /// What is found in `.calcstore`. Of things that the format does not name nothing is said: a later version may
    /// have put them there.
    pub(super) fn look_at_internals(&self) -> Result<Vec<Finding>> {
        let mut found = self.misplaced()?;
        if !found.is_empty() {
            return Ok(found);
        }
        found.extend(self.cuts()?);
        found.extend(self.unfinished()?);
        let mut collected = self.collect(Collection { dry_run: true, ..Collection::default() })?;
        collected.retain(|(leftover, _)| self.is_left(leftover));
        let is_stage = |leftover: &&Leftover| leftover.kind == LeftoverKind::Stage;
        let dead: Vec<&Path> = collected
            .iter()
            .map(|(leftover, _)| leftover)
            .filter(is_stage)
            .map(|leftover| &*leftover.path)
            .collect();
        for (key, note) in self.moves() {
            if note.parent().is_some_and(|stage| dead.contains(&self.path().join(stage).as_path())) {
                let what =
                    "its writer died before the names of dimensions were renewed that follow from the key";
                found.push(finding(FindingKind::Interrupted, &key.to_string(), note, what));
            }
        }
        found.extend(collected.into_iter().map(|(leftover, _)| leftover.finding(self.path())));
        for name in self.listed("lost")? {
            let place = Path::new(INTERNALS).join("lost").join(name);
            found.push(finding(FindingKind::Lost, "/", place, "holds what was damaged and was set aside"));
        }
        Ok(found)
    }

    /// Whether something is left over, and not of a change that is under way.
    fn is_left(&self, leftover: &Leftover) -> bool {
        let place = leftover.path.strip_prefix(self.path()).ok().and_then(Path::to_str);
        let modified = |place| self.files.stat(self.root(), place).map(|stat| stat.modified);
        leftover.kind != LeftoverKind::Trash
            || place.is_none_or(|place| modified(place).is_ok_and(has_rested))
    }

    /// Whether what must be directories and files are such.
    fn misplaced(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        let Some(internals) = self.open_if_there(INTERNALS)? else { return Ok(found) };
        let entries = self.files.list(internals.as_fd()).map_err(self.failed("cannot list", INTERNALS))?;
        for entry in entries {
            let named = DIRECTORIES.iter().find(|(name, _)| entry.name == *name);
            let Some((name, holds_files)) = named else { continue };
            let place = Path::new(INTERNALS).join(name);
            if !entry.is_directory {
                found.push(finding(FindingKind::Internals, "/", place, "must be a directory, and no link"));
                continue;
            }
            let inner = self.open_internal(name)?;
            let inner = self.files.list(inner.as_fd()).map_err(self.failed("cannot list", INTERNALS))?;
            for entry in inner.iter().filter(|entry| *holds_files && !entry.is_file) {
                let place = place.join(&entry.name);
                found.push(finding(FindingKind::Internals, "/", place, "must be a file, and no link"));
            }
        }
        Ok(found)
    }

    /// Markers of writers that the end of the power ended.
    fn cuts(&self) -> Result<Vec<Finding>> {
        let what = "the power was cut before values were flushed; what was torn is repaired when the store is opened \
                    for writing";
        let of = |marker: MarkerName| {
            let place = Path::new(INTERNALS).join(DIRTY).join(marker.name);
            finding(FindingKind::Interrupted, "/", place, what)
        };
        Ok(self.markers_of_cuts()?.into_iter().map(of).collect())
    }

    /// Replacements in two steps whose writers died between them.
    fn unfinished(&self) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        for (name, key) in self.intended()? {
            let place = Path::new(INTERNALS).join(INTENTS).join(&name);
            let txid = name.split('.').next().unwrap_or_default();
            let Some(writer) = MarkerName::new(&self.files.boot(), txid) else { continue };
            match key {
                _ if !self.is_dead(&writer).unwrap_or(false) => {}
                Some(key) => {
                    let what = "its writer died while the value was replaced";
                    found.push(finding(FindingKind::Interrupted, &key.to_string(), place, what));
                }
                None => {
                    let what = "an intent that makes no sense";
                    found.push(finding(FindingKind::Internals, "/", place, what));
                }
            }
        }
        Ok(found)
    }

    fn listed(&self, name: &str) -> Result<Vec<std::ffi::OsString>> {
        let place = format!("{INTERNALS}/{name}");
        let directory = match self.files.open_directory(self.root(), &place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let entries = self.files.list(directory.as_fd()).map_err(self.failed("cannot list", &place))?;
        Ok(entries.into_iter().map(|entry| entry.name).collect())
    }
}

impl Leftover {
    /// As a finding of the store at `root`.
    pub(crate) fn finding(self, root: &Path) -> Finding {
        let what = match self.kind {
            LeftoverKind::Stage => "a writer that is gone had not yet stored this",
            LeftoverKind::Trash => "a value that was replaced or removed",
            LeftoverKind::Calculation => "a calculation whose deletion or unpacking was interrupted",
            LeftoverKind::Export => "the beginning of a file that an export which is gone was writing",
        };
        let what = format!("{what}: {} bytes in {} files", self.bytes, self.files);
        let file = match (self.path.strip_prefix(root), self.path.file_name()) {
            (Ok(inside), _) => inside.to_path_buf(),
            (_, Some(name)) => Path::new("..").join(name),
            _ => self.path,
        };
        finding(FindingKind::Leftover, &Key::root().to_string(), file, what)
    }
}

fn finding(
    kind: FindingKind,
    key: &str,
    file: impl Into<std::path::PathBuf>,
    what: impl Into<String>,
) -> Finding {
    Finding { kind, key: key.to_owned(), file: file.into(), what: what.into() }
}
