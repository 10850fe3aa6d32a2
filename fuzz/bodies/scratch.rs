//! Directories that serve for many inputs: making one takes longer than most of what is done in it.

use std::cell::RefCell;
use std::path::Path;
use std::thread::LocalKey;

use tempfile::TempDir;

/// So many inputs share one, so that what is left over from each does not fill the memory.
const INPUTS: u32 = 4096;

/// An empty directory: in memory, where nothing else was asked for, since what is flushed to a disk takes its time.
pub fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let is_open = std::env::var_os("TMPDIR").is_none() && memory.is_dir();
    if is_open { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

/// Something in a directory of its own, made anew now and then.
pub struct Scratch<T> {
    used: u32,
    made: Option<(T, TempDir)>,
}

impl<T> Scratch<T> {
    pub const fn new() -> Self {
        Self { used: 0, made: None }
    }

    /// Uses what `make` has made in an empty directory. What panics meanwhile spoils it, so that it is made anew then.
    pub fn with<R>(
        here: &'static LocalKey<RefCell<Self>>,
        make: impl FnOnce(&TempDir) -> T,
        work: impl FnOnce(&mut T, &TempDir) -> R,
    ) -> R {
        let (used, made) = here.with_borrow_mut(|scratch| (scratch.used, scratch.made.take()));
        let (mut made, directory) = made.filter(|_| used % INPUTS != 0).unwrap_or_else(|| {
            let directory = directory();
            (make(&directory), directory)
        });
        let result = work(&mut made, &directory);
        here.replace(Self { used: used.wrapping_add(1), made: Some((made, directory)) });
        result
    }
}
