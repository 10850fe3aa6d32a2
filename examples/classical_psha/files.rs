//! The input files of a calculation: from the disk at first, and then as the calculation has kept them.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use calcstore::DataStore;

use crate::error::{InputError, Result, decode};

/// The group of the store that keeps them.
const GROUP: &str = "/input";

/// The attributes of the group: which directory the names of the files count from, and which is the job.ini.
const DIRECTORY: &str = "directory";
const JOB_INI: &str = "job_ini";

/// Where input files are read from; what was read is remembered, to be kept with the results.
#[derive(Clone, Debug, Default)]
pub struct InputFiles {
    /// The files of a calculation that goes on, by absolute path; then nothing is read from the disk.
    kept: Option<Arc<BTreeMap<PathBuf, Vec<u8>>>>,
    read: Arc<Mutex<BTreeMap<PathBuf, Vec<u8>>>>,
}

impl InputFiles {
    /// Gives what a file holds.
    fn bytes(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = normal(path)?;
        let bytes = match &self.kept {
            None => fs::read(&path)?,
            Some(kept) => kept.get(&path).cloned().ok_or_else(|| {
                io::Error::new(io::ErrorKind::NotFound, "it is not among the files of the calculation")
            })?,
        };
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(path, bytes.clone());
        Ok(bytes)
    }

    /// Keeps in `store` all files that were read, `job_ini` and those it names.
    ///
    /// # Errors
    /// Those of the store, and one of a file that has changed since it was read.
    pub fn keep(&self, store: &DataStore, job_ini: &Path) -> Result<(), Box<dyn std::error::Error>> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = common_directory(read.keys());
        store.store_files(GROUP, read.keys())?;
        for (path, bytes) in &*read {
            let name = path.strip_prefix(&directory).unwrap_or(path).to_string_lossy();
            if store.file(GROUP, &name)? != *bytes {
                return Err(InputError::of(path, "it changed while it was being read; start again").into());
            }
        }
        let attributes = store.attributes(GROUP)?;
        attributes.insert(DIRECTORY, directory.to_string_lossy().as_ref())?;
        attributes.insert(JOB_INI, normal(job_ini)?.to_string_lossy().as_ref())?;
        Ok(())
    }

    /// Takes the files that a calculation has kept, and gives the path of the job.ini among them.
    ///
    /// # Errors
    /// Those of the store, and that the calculation was stopped before it had kept them.
    pub fn of(store: &DataStore) -> Result<(Self, PathBuf), Box<dyn std::error::Error>> {
        // The name of the job.ini is saved last.
        if !store.contains_key(GROUP)? || !store.attributes(GROUP)?.contains_key(JOB_INI)? {
            let what = "it was stopped before its input was saved; start it anew";
            return Err(format!("{}: {what}", store.calc_dir().display()).into());
        }
        let attributes = store.attributes(GROUP)?;
        let directory = PathBuf::from(attributes.get::<String>(DIRECTORY)?);
        let mut kept = BTreeMap::new();
        for file in store.files(GROUP)? {
            kept.insert(directory.join(&file.name), store.file(GROUP, &file.name)?);
        }
        let files = Self { kept: Some(Arc::new(kept)), read: Arc::default() };
        Ok((files, attributes.get::<String>(JOB_INI)?.into()))
    }
}

/// Gives the directory that all files are in or below, as [`DataStore::store_files`] understands it.
fn common_directory<'a>(files: impl Iterator<Item = &'a PathBuf>) -> PathBuf {
    let mut common: Option<PathBuf> = None;
    for parent in files.filter_map(|file| file.parent()) {
        let mut candidate = common.unwrap_or_else(|| parent.into());
        while !parent.starts_with(&candidate) && candidate.pop() {}
        common = Some(candidate);
    }
    common.unwrap_or_default()
}

/// Makes a path absolute and takes `.` and `..` out of it.
fn normal(path: &Path) -> io::Result<PathBuf> {
    let mut normal = PathBuf::new();
    for component in std::path::absolute(path)?.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    Ok(normal)
}

/// A file that another file names.
#[derive(Clone, Debug)]
pub struct FileReference {
    /// Where it is, relative to the current directory or absolute.
    pub path: PathBuf,
    /// The file that names it.
    pub named_in: PathBuf,
    /// The line that names it.
    pub line: usize,
    files: InputFiles,
}

impl FileReference {
    /// A file named in a line of `named_in`; a relative name counts from the directory of that file.
    pub fn new(name: &str, named_in: &Path, line: usize, files: &InputFiles) -> Self {
        let folder = named_in.parent().unwrap_or(Path::new(""));
        Self { path: folder.join(name), named_in: named_in.into(), line, files: files.clone() }
    }

    /// A file that is named in a line of this one.
    pub fn names(&self, name: &str, line: usize) -> Self {
        Self::new(name, &self.path, line, &self.files)
    }

    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, one that points at the line naming it; when it is not UTF-8, one of the file
    /// itself.
    pub fn read(&self) -> Result<String> {
        let bytes = self.files.bytes(&self.path).map_err(|error| {
            let message = format!("cannot read {}: {error}", self.path.display());
            InputError::at(&self.named_in, self.line, message)
        })?;
        decode(&self.path, bytes)
    }
}

/// Reads the file that the user named on the command line.
///
/// # Errors
/// When it cannot be read or is not UTF-8.
pub fn read_text(path: &Path, files: &InputFiles) -> Result<String> {
    let bytes = files.bytes(path).map_err(|error| InputError::of(path, format!("cannot read: {error}")))?;
    decode(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_files_are_read_in_place_of_those_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let job_ini = folder.path().join("a/job.ini");
        let model = folder.path().join("models/m.xml");
        for (path, text) in [(&job_ini, "job"), (&model, "model")] {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let store = DataStore::at(folder.path().join("store")).unwrap();
        let files = InputFiles::default();
        let named = FileReference::new("../models/m.xml", &job_ini, 1, &files);
        assert_eq!((read_text(&job_ini, &files), named.read()), (Ok("job".into()), Ok("model".into())));
        files.keep(&store, &job_ini).unwrap();
        fs::write(&model, "another").unwrap();

        let (kept, path) = InputFiles::of(&store).unwrap();
        assert_eq!((&path, read_text(&path, &kept)), (&job_ini, Ok("job".into())));
        assert_eq!(FileReference::new("../models/m.xml", &path, 1, &kept).read(), Ok("model".into()));
        let missing = FileReference::new("n.xml", &path, 3, &kept).read().unwrap_err().to_string();
        assert!(missing.ends_with("a/n.xml: it is not among the files of the calculation"), "{missing}");

        let changed = files.keep(&store, &job_ini).unwrap_err().to_string();
        assert!(changed.ends_with("m.xml: it changed while it was being read; start again"), "{changed}");
    }
}
