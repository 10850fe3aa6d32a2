//! Files of a live node are replaced in place, and the old ones are kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use insta::assert_snapshot;

use super::{Watched, get, key, put, store};
use crate::error::Result;
use crate::storage::{Durability, Rename, Store};

/// A store with the value `/g/a`.
fn with_value(files: Watched, directory: &Path, durability: Durability) -> (Arc<Watched>, Store) {
    let files = Arc::new(files);
    let store = store(Arc::clone(&files), directory, durability).unwrap();
    put(&store, "/g/a", [1.0, 2.0]).unwrap();
    files.log.lock().unwrap().clear();
    (files, store)
}

/// Replaces chunk files of `/g/a` and its metadata, as an append does.
fn change(store: &Store, chunks: &[(&str, &str)]) -> Result<()> {
    let place = store.place(&key("/g/a"));
    let live = store.files.open_directory(store.root(), &place).unwrap();
    let displaced = store.keep_displaced(&key("/g/a"))?;
    for (file, text) in chunks {
        let name = store.writer()?.stage.next_name();
        store.create_staged(&name, &[text.as_bytes()])?;
        displaced.replace(&name, &live, file)?;
    }
    Ok(())
}

fn read(directory: &Path, file: &str) -> String {
    String::from_utf8_lossy(&std::fs::read(directory.join("calc/output.zarr/g/a").join(file)).unwrap())
        .into_owned()
}

/// The files in the trash, by their paths without what is random.
fn kept(directory: &Path) -> Vec<(String, PathBuf)> {
    let trash = directory.join("calc/.calcstore/trash");
    let entries =
        walkdir::WalkDir::new(&trash).into_iter().map(Result::unwrap).filter(|e| e.file_type().is_file());
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.path().strip_prefix(&trash).unwrap().to_str().unwrap().replace('\\', "/");
            let (_, rest) = path.split_once('.').unwrap();
            (rest.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned(), entry.into_path())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn a_displaced_file_is_kept_under_its_key_and_a_new_one_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (files, store) = with_value(Watched::default(), directory.path(), Durability::Process);
    let old = std::fs::read(directory.path().join("calc/output.zarr/g/a/c.0")).unwrap();
    change(&store, &[("c.1", "new"), ("c.0", "second"), ("c.0", "third"), ("c/1/2", "deep")]).unwrap();
    assert_eq!(
        (read(directory.path(), "c.0"), read(directory.path(), "c.1")),
        ("third".into(), "new".into())
    );
    assert_eq!(read(directory.path(), "c/1/2"), "deep");
    let kept = kept(directory.path());
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].0, ".changes/g/a/c.0");
    assert_eq!(std::fs::read(&kept[0].1).unwrap(), old, "the first version, not the second");
    if cfg!(unix) {
        let log = files.log.lock().unwrap()[..10].join("\n");
        assert_snapshot!(log, @r"
        write .calcstore/stage/TX/4
        rename New .calcstore/stage/TX/4 -> output.zarr/g/a/c.1
        write .calcstore/stage/TX/5
        rename New .calcstore/stage/TX/5 -> output.zarr/g/a/c.0
        mkdir .calcstore/trash/TX.T.changes
        mkdir .calcstore/trash/TX.T.changes/g
        mkdir .calcstore/trash/TX.T.changes/g/a
        link output.zarr/g/a/c.0 -> .calcstore/trash/TX.T.changes/g/a/c.0
        rename Exchange .calcstore/stage/TX/5 -> output.zarr/g/a/c.0
        unlink .calcstore/stage/TX/5
        ");
    }
    drop(store);
    let stage = directory.path().join("calc/.calcstore/stage");
    assert_eq!(std::fs::read_dir(stage).unwrap().count(), 0, "nothing is left in the stage");
}

#[test]
fn where_files_cannot_be_exchanged_the_old_one_is_kept_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let lacking = Watched { lacks: vec![Rename::Exchange], ..Watched::default() };
    let (_, store) = with_value(lacking, directory.path(), Durability::Process);
    change(&store, &[("c.0", "second"), ("c.1", "new")]).unwrap();
    assert_eq!(
        (read(directory.path(), "c.0"), read(directory.path(), "c.1")),
        ("second".into(), "new".into())
    );
    assert_eq!(kept(directory.path()).len(), 1);
}

#[test]
fn under_power_chunks_are_flushed_before_the_metadata_that_speak_of_them() {
    let directory = tempfile::tempdir().unwrap();
    let (files, store) = with_value(Watched::default(), directory.path(), Durability::Power);
    change(&store, &[("c.0", "second"), ("c.1", "new"), ("zarr.json", "{}")]).unwrap();
    let log = files.log.lock().unwrap().join("\n");
    assert_snapshot!(log, @r"
    write .calcstore/stage/TX/4
    sync .calcstore/stage/TX/4
    rename Over .calcstore/stage/TX/4 -> output.zarr/g/a/c.0
    write .calcstore/stage/TX/5
    sync .calcstore/stage/TX/5
    rename Over .calcstore/stage/TX/5 -> output.zarr/g/a/c.1
    write .calcstore/stage/TX/6
    sync .calcstore/stage/TX/6
    sync output.zarr/g/a
    rename Over .calcstore/stage/TX/6 -> output.zarr/g/a/zarr.json
    sync output.zarr/g/a
    ");
    assert!(kept(directory.path()).is_empty());
}

#[test]
fn after_any_call_that_fails_a_file_is_the_old_or_the_new_one() {
    for lacks in [vec![], vec![Rename::Exchange]] {
        for failing in 1.. {
            let directory = tempfile::tempdir().unwrap();
            let lacking = Watched { lacks: lacks.clone(), ..Watched::default() };
            let (files, store) = with_value(lacking, directory.path(), Durability::Process);
            let old = read(directory.path(), "c.0");
            files.calls.store(0, std::sync::atomic::Ordering::SeqCst);
            files.fail.store(failing, std::sync::atomic::Ordering::SeqCst);
            let done = change(&store, &[("c.0", "second")]);
            let calls = files.calls.load(std::sync::atomic::Ordering::SeqCst);
            files.fail.store(0, std::sync::atomic::Ordering::SeqCst);
            let now = read(directory.path(), "c.0");
            assert!(now == "second" || (done.is_err() && now == old), "call {failing}: {now:?}");
            for (_, path) in kept(directory.path()) {
                assert_eq!(String::from_utf8_lossy(&std::fs::read(path).unwrap()), old, "call {failing}");
            }
            if calls < failing {
                assert!(done.is_ok() && get::<Vec<f64>>(&store, "/g/a").is_err());
                break;
            }
        }
    }
}
