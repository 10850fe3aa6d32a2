//! Finding damage, and repairing it.

use super::DataStore;
use super::open::files;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Error, Result};
use crate::key::Key;
use crate::progress::Continue;
use crate::storage::{Checked, DataDirectory, Finding, FindingKind, Remedy, Repaired};

/// What [`DataStore::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckReport {
    /// The number of nodes that were read.
    pub checked: u64,
    /// The bytes of the chunk files that were read.
    pub bytes: u64,
    /// What is wrong, in the order of the keys.
    pub faults: Vec<Finding>,
    /// What takes space and harms nobody, in the order of the keys.
    pub leftovers: Vec<Finding>,
}

/// What [`DataStore::repair`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairReport {
    /// The number of nodes that were read.
    pub checked: u64,
    /// The bytes of the chunk files that were read.
    pub bytes: u64,
    /// All that was found, with what became of it.
    pub repaired: Vec<Repaired>,
}

impl DataStore {
    /// Reads everything below `key` and looks for damage: wrong checksums, missing chunks, metadata that make no
    /// sense, files that do not belong; and for dimensions of one name that differ in length in a group or above it.
    /// Of `/` also the internals of the store and its parent are looked at. `progress` is called with the number of
    /// nodes so far, for large arrays several times.
    ///
    /// No lock is needed; what others are just writing is no finding. It takes the memory of one chunk for each thread,
    /// or of the largest object. What has no checksum cannot be verified: metadata that were changed into others that
    /// make sense as well, and chunks of other programs without `crc32c`.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use calcstore::{Continue, DataStore, FindingKind};
    ///
    /// let store = DataStore::at(dir.path().join("results"))?;
    /// store.insert("/a", [1.0, 2.0])?;
    /// assert!(store.check("/", |_| Continue::Yes)?.faults.is_empty());
    ///
    /// std::fs::remove_file(store.calc_dir().join("output.zarr/a/c.0"))?;
    /// let fault = &store.check("/", |_| Continue::Yes)?.faults[0];
    /// assert_eq!((fault.kind, fault.key.as_str()), (FindingKind::Value, "/a"));
    /// assert_eq!(fault.to_string(), "/a: the chunk is missing (output.zarr/a/c.0)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Damage is no error but part of the report. [`ErrorKind::Cancelled`] where `progress` said so,
    /// [`ErrorKind::NotFound`] where nothing is at `key`.
    pub fn check(&self, key: &str, mut progress: impl FnMut(u64) -> Continue) -> Result<CheckReport> {
        let key = Key::new(key)?;
        let mut checked = self.store.check(&key, &mut |count| progress(count).unless_stopped())?;
        if key.is_root() {
            self.look_around(&mut checked)?;
        }
        let Checked { nodes, bytes, faults, leftovers } = checked;
        Ok(CheckReport { checked: nodes, bytes, faults, leftovers })
    }

    /// Checks everything below `key`, mends what can be mended without guessing, and moves the rest to
    /// `.calcstore/lost/<id>`, under its key: from there it can be moved back by hand. No value is ever deleted, and what
    /// is not damaged stays as it is.
    ///
    /// - A value that is damaged is set aside as a whole, a table with all of its columns.
    /// - A group without its metadata, or with damaged ones, gets new ones without attributes; the old ones are set
    ///   aside.
    /// - Files and directories that do not belong, and chunks beyond the shape of an array, are set aside.
    /// - What dead writers had begun is finished, and what they have left is removed, as [`gc`](Self::gc) does.
    /// - Automatic names of dimensions are renewed.
    /// - All else is left alone, and the report says why.
    ///
    /// The store may be in use. Others wait while one node is looked at again and moved. A repair that was interrupted
    /// is finished by the next one.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use calcstore::{Continue, DataStore, Remedy};
    ///
    /// let store = DataStore::at(dir.path().join("results"))?;
    /// store.insert("/a", [1.0, 2.0])?;
    /// std::fs::remove_file(store.calc_dir().join("output.zarr/a/c.0"))?;
    ///
    /// let report = store.repair("/", |_| Continue::Yes)?;
    /// let Remedy::SetAside(path) = &report.repaired[0].remedy else { panic!() };
    /// assert!(path.ends_with("a") && store.calc_dir().join(path).join("zarr.json").is_file());
    /// assert!(!store.contains_key("/a")?);
    /// assert!(store.check("/", |_| Continue::Yes)?.faults.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`check`](Self::check) and [`insert`](Self::insert); [`ErrorKind::Locked`] where somebody else has kept the
    /// store for too long. What was done until then stays done.
    pub fn repair(&self, key: &str, mut progress: impl FnMut(u64) -> Continue) -> Result<RepairReport> {
        let key = Key::new(key)?;
        let (mut checked, mut repaired) =
            self.store.repair(&key, &mut |count| progress(count).unless_stopped())?;
        if key.is_root() {
            (checked.faults, checked.leftovers) = (Vec::new(), Vec::new());
            self.look_around(&mut checked)?;
            let parent = checked.faults.into_iter().map(|finding| Repaired {
                finding,
                remedy: Remedy::LeftAlone("only you know which store it should be".to_owned()),
            });
            repaired.extend(parent);
            if !checked.leftovers.is_empty() {
                let removed = self.remove_leftovers(false)?;
                repaired.extend(checked.leftovers.into_iter().zip(removed).map(|(finding, (_, removed))| {
                    let left = |error: Error| Remedy::LeftAlone(error.to_string());
                    Repaired { finding, remedy: removed.map_or_else(left, |()| Remedy::Mended) }
                }));
            }
        }
        Ok(RepairReport { checked: checked.nodes, bytes: checked.bytes, repaired })
    }

    /// Looks at what is outside of the store and belongs to it: its parent, and calculations that were being deleted or
    /// unpacked.
    fn look_around(&self, checked: &mut Checked) -> Result<()> {
        // A root that cannot be read was found already.
        if let Ok(Some(_)) = self.parent_dir()
            && let Err(error) = self.parents()
        {
            let file = self.store.place_of_root().join("zarr.json");
            let what = error.message().to_owned();
            checked.faults.push(Finding { kind: FindingKind::Parent, key: "/".to_owned(), file, what });
        }
        let deleted = self.remove_leftovers(true)?.into_iter();
        checked.leftovers.extend(deleted.map(|(leftover, _)| leftover.finding(self.calc_dir())));
        Ok(())
    }

    fn remove_leftovers(&self, dry_run: bool) -> Result<Vec<(crate::storage::Leftover, Result<()>)>> {
        match self.calc_dir().parent().filter(|_| self.calc_id.is_some()) {
            Some(data) => {
                let locks = self.store.access().locks;
                DataDirectory::locate(files(), Some(data))?.remove_leftovers(dry_run, locks)
            }
            None => Ok(Vec::new()),
        }
    }
}
