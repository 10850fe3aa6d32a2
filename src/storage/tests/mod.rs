//! The store over a file system that counts its calls, and fails one of them.

mod displaced;
mod errors;
mod faults;
mod flushing;
mod protocol;
mod reading;
mod repairing;
mod replacing;
#[cfg(unix)]
mod simulated;
mod sweeping;
mod trees;
mod trusting;
mod unpacking;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Access, Durability, Existing, Store};
use crate::error::Result;
use crate::key::Key;
use crate::values::{Get, Put};
use crate::zarr::{METADATA_FILE, NodeMetadata, checksum};
use watched::{Doing, Watched};

fn access(durability: Durability) -> Access {
    let patience = Duration::from_secs(10);
    Access { durability, patience, ..Access::default() }
}

/// An empty store in `calc` below `directory`.
fn store(files: Arc<Watched>, directory: &Path, durability: Durability) -> Result<Store> {
    let path = directory.join("calc");
    std::fs::create_dir(&path).unwrap();
    Store::create(files, &path, access(durability))
}

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn put(store: &Store, text: &str, value: impl Put) -> Result<()> {
    store.put(&key(text), &value.content()?, Existing::Replace)
}

fn get<T: Get>(store: &Store, text: &str) -> Result<T> {
    store.read(&key(text), |snapshot| store.with_stored(snapshot, T::get))
}

/// Lets a file or a directory be last modified so many seconds ago.
fn make_old(path: &Path, seconds: u64) {
    #[cfg(unix)]
    let file = std::fs::File::open(path);
    #[cfg(windows)]
    let file = {
        use std::os::windows::fs::OpenOptionsExt;
        const WRITE_ATTRIBUTES: u32 = 0x100;
        const BACKUP_SEMANTICS: u32 = 0x0200_0000;
        std::fs::File::options().access_mode(WRITE_ATTRIBUTES).custom_flags(BACKUP_SEMANTICS).open(path)
    };
    file.unwrap().set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
}

/// Replaces files of an array in place: chunks, then `zarr.json` with what `change` makes of it.
fn change(
    store: &Store,
    name: &str,
    chunks: &[(&str, &[u8])],
    change: impl FnOnce(&mut NodeMetadata),
) -> Result<()> {
    let _tree = store.lock_tree(crate::storage::lock::Mode::Shared)?;
    let _value = store.lock_value(&key(name))?;
    let place = store.place(&key(name));
    let live = store.files.open_directory(store.root(), &place).unwrap();
    let mut metadata = store.read_metadata(&live, &place)?;
    change(&mut metadata);
    let displaced = store.keep_displaced(&key(name))?;
    let replace = |bytes: &[u8], file: &str| {
        let name = store.writer()?.stage.next_name();
        store.create_staged(&name, &[bytes])?;
        displaced.replace(&name, &live, file)
    };
    for (file, data) in chunks {
        replace(&[*data, &checksum(&[data])].concat(), file)?;
    }
    replace(&metadata.to_bytes()?, METADATA_FILE)
}
