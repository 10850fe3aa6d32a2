//! Taking the next ID, without a list of a large data directory for each.
//!
//! Making the directory `calc_<ID>` is all that decides; what is remembered here only says where to begin. An ID below
//! one that is there is not given again. Since the list that is remembered the only IDs to become free can be those of
//! calculations that were deleted, and a deletion leaves a trace: then there is a new list.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::calculations::{Calculation, DataDirectory, taken_id};
use super::files::{AsFd, FileId, Handle};
use super::fork::PerProcess;
use super::stage::random_id;
use super::store::exists;
use crate::error::{Error, ErrorKind, Result};

/// The extended attribute of a data directory that each deletion changes.
const DELETION: &str = "user.calcstore.deletion";

/// Listing fewer names takes less than making a calculation.
const WORTH_REMEMBERING: usize = 1_000;

/// A list is believed so many times as long as it took: what others have put in by hand is not overlooked for long.
const BELIEVED: u32 = 20;

/// What is remembered of a data directory.
struct Listed {
    /// An ID at least as high as any that was there.
    last: u32,
    deletion: Vec<u8>,
    until: Instant,
}

type Table = Mutex<HashMap<FileId, Listed>>;

/// What this process remembers, by directory.
static TABLE: OnceLock<PerProcess<Table>> = OnceLock::new();

fn table() -> &'static Table {
    let table = TABLE.get_or_init(|| PerProcess::new(Table::default()));
    let Ok(table) = table.get_or_make(|| Ok::<_, Infallible>(Table::default()));
    table
}

impl DataDirectory {
    /// Takes the next ID by making its directory, which succeeds for one process only.
    pub(crate) fn take_next(&self) -> Result<Calculation> {
        let directory = self.open_or_make()?;
        let data = self.files.stat_open(directory.as_fd()).map_err(self.cannot_look())?.id;
        let mut last = self.last_taken(&directory, data)?;
        loop {
            let next = self.first_free(&directory, last)?;
            let path = self.path().join(format!("calc_{next}"));
            match self.files.create_root(&path) {
                Ok(()) => {
                    if let Some(listed) =
                        table().lock().unwrap_or_else(PoisonError::into_inner).get_mut(&data)
                    {
                        listed.last = listed.last.max(next);
                    }
                    return Ok(Calculation { id: next, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = next,
                Err(error) => return Err(Error::io("cannot make the calculation", path, error)),
            }
        }
    }

    /// Opens the data directory, which need not be there yet.
    pub(super) fn open_or_make(&self) -> Result<Handle> {
        if let Some(directory) = self.open()? {
            return Ok(directory);
        }
        let made = self.files.create_path(self.path());
        made.map_err(|error| Error::io("cannot make the data directory", self.path(), error))?;
        self.open()?.ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the data directory vanished").with_file(self.path())
        })
    }

    /// An ID at least as high as any that was there, when the directory was last listed.
    fn last_taken(&self, directory: &Handle, data: FileId) -> Result<u32> {
        // Looked at before the list: what is deleted meanwhile makes another list necessary, and no more.
        let deletion = self.files.attribute(directory.as_fd(), DELETION).ok();
        let mut table = table().lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(listed) = table.get(&data)
            && listed.until > now
            && deletion.as_ref() == Some(&listed.deletion)
        {
            return Ok(listed.last);
        }
        drop(table);
        let entries = self.entries(directory)?;
        let last = entries.iter().filter_map(|name| taken_id(name)).max().unwrap_or(0);
        if let Some(deletion) = deletion.filter(|_| entries.len() >= WORTH_REMEMBERING)
            && let Some(until) = Instant::now().checked_add(now.elapsed() * BELIEVED)
        {
            table = self::table().lock().unwrap_or_else(PoisonError::into_inner);
            table.retain(|_, listed| listed.until > now);
            table.insert(data, Listed { last, deletion, until });
        }
        Ok(last)
    }

    /// The first ID after `last` that is free. Those that others have taken since are one after the other, so that it
    /// is found by halving.
    fn first_free(&self, directory: &Handle, last: u32) -> Result<u32> {
        let none_left = || Error::new(ErrorKind::InvalidInput, "there is no ID left").with_file(self.path());
        let is_taken = |id: Option<u32>| match id {
            Some(id) => self.is_taken(directory, id),
            None => Ok(false),
        };
        let (mut taken, mut step) = (last, 1u32);
        while is_taken(taken.checked_add(step))? {
            taken += step;
            step = step.saturating_mul(2);
        }
        while step > 1 {
            step /= 2;
            if is_taken(taken.checked_add(step))? {
                taken += step;
            }
        }
        taken.checked_add(1).ok_or_else(none_left)
    }

    fn is_taken(&self, directory: &Handle, id: u32) -> Result<bool> {
        for name in [format!("calc_{id}"), format!("calc_{id}.hdf5"), format!("cache_{id}.hdf5")] {
            if exists(self.files.stat(directory.as_fd(), &name)).map_err(self.cannot_look())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Lets all that remember a list of the directory know that an ID becomes free. Where that cannot be noted nobody
    /// can look it up either, and nothing is remembered.
    pub(super) fn note_deletion(&self, directory: &Handle) {
        let noted = self.files.set_attribute(directory.as_fd(), DELETION, random_id().as_bytes());
        if let Err(error) = noted {
            tracing::debug!(%error, path = ?self.path(), "a deletion is not noted");
        }
    }

    fn cannot_look(&self) -> impl Fn(io::Error) -> Error + '_ {
        move |error| Error::io("cannot look into", self.path(), error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::storage::{Access, Allowed, Os};

    fn data_directory(path: &Path) -> DataDirectory {
        DataDirectory::locate(Arc::new(Os), Some(path)).unwrap()
    }

    /// A data directory that is worth remembering, whose last ID is 7.
    fn large() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("calc_7")).unwrap();
        for n in 0..WORTH_REMEMBERING {
            std::fs::write(directory.path().join(format!("other_{n}")), "").unwrap();
        }
        directory
    }

    /// Whether the file system can note deletions; a list is remembered for long then.
    fn remembers(data: &DataDirectory) -> bool {
        data.take_next().unwrap();
        let mut table = table().lock().unwrap();
        let id = Os.stat_open(data.open().unwrap().unwrap().as_fd()).unwrap().id;
        let Some(listed) = table.get_mut(&id) else { return false };
        listed.until += std::time::Duration::from_mins(1);
        true
    }

    use crate::storage::Files as _;

    #[test]
    fn what_others_have_taken_since_the_list_is_stepped_over() {
        let directory = large();
        let data = data_directory(directory.path());
        remembers(&data);
        for others in [1, 2, 3, 30, 31, 32, 33] {
            let before = data.take_next().unwrap().id;
            for id in before + 1..=before + others {
                let name = if id % 3 == 0 { format!("calc_{id}.hdf5") } else { format!("calc_{id}") };
                std::fs::create_dir(directory.path().join(name)).unwrap();
            }
            assert_eq!(data.take_next().unwrap().id, before + others + 1);
        }
    }

    #[test]
    fn an_id_that_another_process_deletes_is_not_given_while_there_is_a_higher_one() {
        let directory = large();
        let data = data_directory(directory.path());
        let remembers = remembers(&data);
        // Others take 9 to 12 and delete 9 and 10, which this process has never seen.
        for id in 9..=12 {
            let path = directory.path().join(format!("calc_{id}"));
            std::fs::create_dir(&path).unwrap();
            drop(crate::storage::Store::create(Arc::new(Os), &path, Access::default()).unwrap());
        }
        for id in [9, 10] {
            data.delete(id, Allowed::default(), Access::default(), || Ok(())).unwrap();
        }
        assert_eq!(data.take_next().unwrap().id, 13);
        assert!(remembers || !cfg!(unix), "the file system has no extended attributes");
    }
}
