//! Elements that lie in other files.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::file::File;
use crate::hdf5::read::input::Source;
use crate::hdf5::read::layout::Layout;

/// How many virtual datasets may be put together of one another.
const MOST_DEEP: usize = 4;

/// How much may be looked up for one dataset in sources that are virtual, too, and how much more for so many bytes of it:
/// each of their mappings counts. What refers to itself would go on for long else.
const STEPS: u64 = 1 << 14;
const BYTES_A_STEP: u64 = 256;

/// So many files at most are named where they may not be read.
const MOST_NAMED: usize = 16;

/// Opens the files that others name. This module knows no paths: files have numbers.
pub trait Neighbours: Debug + Sync {
    /// Whether any may be opened.
    fn are_allowed(&self) -> bool;

    /// Opens the file of raw elements that a file names.
    ///
    /// # Errors
    /// `NotFound`, `Unsupported` where it may not be read, `Io`.
    fn raw(&self, from: usize, name: &str) -> Result<Box<dyn Source>>;

    /// Opens the HDF5 file that a file names, and gives its number; `None` where there is none.
    ///
    /// # Errors
    /// `Unsupported` where it may not be read; those of [`File::open`].
    fn file(&self, from: usize, name: &str) -> Result<Option<(usize, Arc<File>)>>;
}

/// How the files are found that a file names.
#[derive(Clone, Debug)]
pub struct Elsewhere<'a> {
    pub(super) neighbours: &'a dyn Neighbours,
    /// The number of the file that names them.
    pub(super) from: usize,
    depth: usize,
    steps: Arc<AtomicU64>,
}

impl<'a> Elsewhere<'a> {
    /// Files that the one of that number names.
    pub fn new(neighbours: &'a dyn Neighbours, from: usize) -> Self {
        Self { neighbours, from, depth: 0, steps: Arc::new(AtomicU64::new(STEPS)) }
    }

    /// The same, of a file that was found.
    pub(super) fn deeper(&self, from: usize) -> Self {
        Self { from, depth: self.depth.saturating_add(1), ..self.clone() }
    }

    /// Goes through so many mappings.
    ///
    /// # Errors
    /// `Unsupported` where virtual datasets are put together of themselves, or of too many.
    pub(super) fn spend(&self, mappings: usize) -> Result<()> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Unsupported, why));
        if self.depth > MOST_DEEP {
            return refuse(format!(
                "virtual datasets are put together of one another more than {MOST_DEEP} times"
            ));
        }
        if self.depth == 0 {
            // The file has earned its own.
            return Ok(());
        }
        let mappings = mappings as u64;
        let taken = |steps: u64| steps.checked_sub(mappings);
        match self.steps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken) {
            Ok(_) => Ok(()),
            Err(_) => refuse("it is put together of more datasets than it has elements for".to_owned()),
        }
    }

    /// Is told how many bytes are read, which earns steps; those of sources were counted already.
    pub(super) fn earn(&self, bytes: usize) {
        if self.depth == 0 {
            self.steps.fetch_add((bytes as u64).div_ceil(BYTES_A_STEP), Ordering::Relaxed);
        }
    }
}

/// The error of elements that are not in this file.
pub(super) fn refused(layout: &Layout) -> Error {
    let (what, all): (_, Vec<&str>) = match layout {
        Layout::External(files) => ("other files", files.iter().map(|file| &*file.name).collect()),
        Layout::Virtual { mappings } => {
            ("other datasets", mappings.iter().map(|mapping| &*mapping.file).collect())
        }
        _ => ("this file", Vec::new()),
    };
    let mut names: Vec<&str> = Vec::new();
    for name in all {
        if names.len() < MOST_NAMED && !names.contains(&name) {
            names.push(name);
        }
    }
    let names =
        names.iter().map(|name| format!("`{}`", name.escape_default())).collect::<Vec<_>>().join(", ");
    let why = format!("its elements are in {what}, which are not read here: {names}");
    Error::new(ErrorKind::Unsupported, why)
}
