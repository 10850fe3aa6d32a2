//! A repair that dies at any call is finished by the next one, and no file is lost on the way.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Watched, access, get, key, put, store};
use crate::error::ErrorKind;
use crate::storage::{Durability, Files, Rename, Store};

/// Everything that is damaged in [`damage`] and can be set aside, with what it is called there.
const DAMAGED: [&str; 6] = ["g/zarr.json", "b/c.0", "b/zarr.json", "g/h/notes.txt", "g/h/c/c.7", "zarr.json"];

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Damages a store that holds `/kept`, `/g/a`, `/g/h/c`, `/b` and `/moved`; gives what the files in [`DAMAGED`] hold.
fn damage(calculation: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let hierarchy = calculation.join("output.zarr");
    fs::rename(hierarchy.join("g/d"), hierarchy.join("moved")).unwrap();
    let dead = calculation.join(".calcstore/stage").join("d".repeat(32));
    write(&dead.join("moved.0"), "moved");
    for path in ["g/zarr.json", "b/c.0", "zarr.json"] {
        write(&hierarchy.join(path), format!("damaged: {path}"));
    }
    write(&hierarchy.join("g/h/notes.txt"), "not ours");
    write(&hierarchy.join("g/h/c/c.7"), "beyond the shape");
    DAMAGED.iter().map(|path| (PathBuf::from(path), fs::read(hierarchy.join(path)).unwrap())).collect()
}

/// Makes a store with damage, and repairs it by calls of which those from the `failing`-th on fail. Tells whether that
/// was reported as done, and how many calls there were.
fn interrupted(
    directory: &Path,
    lacks: &[Rename],
    failing: usize,
) -> (bool, usize, BTreeMap<PathBuf, Vec<u8>>) {
    let files = Arc::new(Watched { for_ever: true, lacks: lacks.to_vec(), ..Watched::default() });
    let durability = if failing.is_multiple_of(2) { Durability::Power } else { Durability::Process };
    let opened = store(Arc::clone(&files), directory, durability).unwrap();
    for name in ["/kept", "/g/a", "/g/h/c", "/g/d", "/b"] {
        put(&opened, name, [1.0, 2.0]).unwrap();
    }
    opened.flush().unwrap();
    let damaged = damage(&directory.join("calc"));
    files.calls.store(0, SeqCst);
    files.fail.store(failing, SeqCst);
    let done = opened.repair(&key("/"), &mut |_| Ok(())).is_ok();
    (done, files.calls.load(SeqCst), damaged)
}

#[test]
fn a_repair_that_dies_at_any_call_is_finished_by_the_next_one() {
    for lacks in [&[][..], &[Rename::Exchange], &[Rename::Exchange, Rename::New]] {
        for failing in 1.. {
            let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let (done, calls, damaged) = interrupted(directory.path(), lacks, failing);
            let path = directory.path().join("calc");
            let files: Arc<dyn Files> = Arc::new(Watched { lacks: lacks.to_vec(), ..Watched::default() });
            let again = Store::open(files, &path, access(Durability::Process)).unwrap();
            again.repair(&key("/"), &mut |_| Ok(())).unwrap();
            let checked = again.check(&key("/"), &mut |_| Ok(())).unwrap();
            assert_eq!(checked.faults, [], "call {failing}");
            for name in ["/kept", "/g/a", "/g/h/c", "/moved"] {
                assert_eq!(get::<Vec<f64>>(&again, name).unwrap(), [1.0, 2.0], "{name}, call {failing}");
            }
            assert_eq!(get::<Vec<f64>>(&again, "/b").unwrap_err().kind(), ErrorKind::NotFound);
            let aside: Vec<PathBuf> = fs::read_dir(path.join(".calcstore/lost"))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            for (file, bytes) in damaged {
                let is_it = |aside: &PathBuf| fs::read(aside.join(&file)).is_ok_and(|found| found == bytes);
                assert!(aside.iter().any(is_it), "{} is lost, call {failing}", file.display());
            }
            if calls < failing && failing.is_multiple_of(2) {
                assert!(done && failing > 20, "{failing}");
                break;
            }
        }
    }
}

#[test]
fn a_repair_leaves_the_older_versions_of_a_value_behind_that_it_sets_aside() {
    let directory = tempfile::tempdir().unwrap();
    let opened = store(Arc::new(Watched::default()), directory.path(), Durability::Process).unwrap();
    put(&opened, "/b", [1.0, 2.0]).unwrap();
    put(&opened, "/b", [3.0, 4.0]).unwrap();
    damage_chunk(&directory.path().join("calc/output.zarr/b/c.0"));
    opened.repair(&key("/"), &mut |_| Ok(())).unwrap();
    let newest = opened.wrappers().unwrap().remove(0);
    assert!(opened.has_older(&newest, &key("/b"), true).unwrap());
    assert_eq!(
        newest.holds,
        super::super::older::Holds::Removed,
        "nothing older may come back under the key"
    );
}

fn damage_chunk(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[0] ^= 1;
    fs::write(path, bytes).unwrap();
}
