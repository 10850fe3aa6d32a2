//! Several processes at one store, and some of them killed.
//!
//! The other processes are this test program, started anew with one of the `child_…` functions as its only test,
//! which does nothing unless it is told a directory.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use calcstore::{Continue, DataStore, ErrorKind};

/// Tells a child where to work.
const DIRECTORY: &str = "CALCSTORE_TEST_DIRECTORY";

pub fn told_directory() -> Option<PathBuf> {
    std::env::var_os(DIRECTORY).map(PathBuf::from)
}

/// Tells a child which one of several it is.
const NUMBER: &str = "CALCSTORE_TEST_NUMBER";

fn start(child: &str, directory: &Path) -> Child {
    start_numbered("processes", child, directory, 0)
}

/// Starts a process that runs one test of a module.
pub fn start_in(module: &str, child: &str, directory: &Path) -> Child {
    start_numbered(module, child, directory, 0)
}

fn start_numbered(module: &str, child: &str, directory: &Path, number: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([&format!("{module}::{child}"), "--exact", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A value all of whose elements say which version it is; large enough for several chunks.
fn version(n: u32) -> Vec<f64> {
    vec![f64::from(n); 600_000]
}

fn assert_whole(values: &[f64]) {
    let first = values[0];
    assert!(
        values.len() == 600_000 && values.iter().all(|value| *value == first),
        "two versions in one value"
    );
}

#[test]
fn child_takes_ids() {
    let Some(directory) = told_directory() else { return };
    for _ in 0..25 {
        DataStore::options().data_dir(&directory).create().unwrap();
    }
}

#[test]
fn processes_that_take_ids_at_once_get_each_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let children: Vec<Child> = (0..8).map(|_| start("child_takes_ids", directory.path())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let calculations = DataStore::options().data_dir(directory.path()).calculations().unwrap();
    let ids: Vec<u32> = calculations.iter().map(|calculation| calculation.calc_id).collect();
    assert_eq!(ids, (1..=200).collect::<Vec<_>>());
}

#[test]
fn child_inserts_values_of_its_own() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    let me = std::process::id();
    for n in 0..50 {
        store
            .insert_new(&format!("/shared/group_{}/{me}_{n}", n % 7), [f64::from(me), f64::from(n)])
            .unwrap();
    }
}

#[test]
fn many_writers_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let children: Vec<Child> =
        (0..6).map(|_| start("child_inserts_values_of_its_own", directory.path())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = DataStore::at(directory.path()).unwrap();
    let values = store.glob("/shared/*/*").unwrap();
    let mut count = 0;
    for key in values {
        let (process, n) = key.rsplit('/').next().unwrap().split_once('_').unwrap();
        assert_eq!(
            store.get::<Vec<f64>>(&key).unwrap(),
            [process.parse::<f64>().unwrap(), n.parse().unwrap()]
        );
        count += 1;
    }
    assert_eq!(count, 6 * 50);
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}

#[test]
fn child_replaces_until_it_is_killed() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    for n in 0.. {
        store.insert("/replaced", version(n)).unwrap();
        store.insert(&format!("/new/{n}"), version(n)).unwrap();
        if n % 3 == 0 {
            store.remove(&format!("/new/{n}")).unwrap();
        }
        // An acknowledgement that outlives this process.
        std::fs::write(directory.join(format!("acknowledged_{}", n % 2)), n.to_string()).unwrap();
    }
}

#[test]
fn a_writer_killed_at_any_moment_leaves_whole_values_and_all_that_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    for kill in 0..12u64 {
        let mut child = start("child_replaces_until_it_is_killed", directory.path());
        std::thread::sleep(Duration::from_millis(150 + kill * 37));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = DataStore::at(directory.path()).unwrap();
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        let acknowledged = ["acknowledged_0", "acknowledged_1"]
            .iter()
            .filter_map(|name| std::fs::read_to_string(directory.path().join(name)).ok()?.parse::<u32>().ok())
            .max();
        if let Some(last) = acknowledged {
            let found: Vec<f64> = store.get("/replaced").unwrap();
            assert_whole(&found);
            assert!(found[0] >= f64::from(last), "{} was acknowledged, {} is there", last, found[0]);
            for n in (0..=last).filter(|n| n % 3 != 0) {
                let found: Vec<f64> = store.get(&format!("/new/{n}")).unwrap();
                assert_eq!(found, version(n));
            }
            for n in (0..=last).filter(|n| n % 3 == 0) {
                assert!(!store.contains_key(&format!("/new/{n}")).unwrap());
            }
        }
        let stages = directory.path().join(".calcstore/stage");
        assert_eq!(std::fs::read_dir(stages).unwrap().count(), 1, "the stage of the dead writer is swept");
        store.clear("/").unwrap();
        for name in ["acknowledged_0", "acknowledged_1"] {
            let _ = std::fs::remove_file(directory.path().join(name));
        }
    }
}

#[test]
fn child_commits_groups_until_it_is_killed() {
    let Some(directory) = told_directory() else { return };
    let store = DataStore::at(&directory).unwrap();
    for n in 0.. {
        for key in [format!("/new/{n}"), "/current".to_owned()] {
            let draft = store.draft(&key).unwrap().replace(true);
            (0..20).for_each(|value| draft.insert(&format!("h/{value}"), [n]).unwrap());
            draft.commit().unwrap();
        }
        store.copy("/current", &format!("/copy/{n}")).unwrap();
        store.rename(&format!("/new/{n}"), &format!("/moved/{n}")).unwrap();
    }
}

#[test]
fn whoever_is_killed_while_committing_copying_or_moving_groups_leaves_whole_ones() {
    let directory = tempfile::tempdir().unwrap();
    let mut groups = 0;
    for kill in 0..12u64 {
        let mut child = start("child_commits_groups_until_it_is_killed", directory.path());
        let begun = directory.path().join("output.zarr/moved");
        while !begun.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(kill * 17));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = DataStore::at(directory.path()).unwrap();
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        for group in store.glob("/*/*/h").unwrap().chain(store.glob("/current/h").unwrap()) {
            let values: Vec<Vec<i32>> =
                (0..20).map(|n| store.get(&format!("{group}/{n}")).unwrap()).collect();
            assert!(store.len(&group).unwrap() == 20 && values.iter().all(|value| *value == values[0]));
            let name = format!("{}:7:0", group.trim_start_matches('/').replace('/', ":"));
            let layout = store.node(&format!("{group}/7")).unwrap().layout.unwrap();
            assert_eq!(layout.dimension_names, [Some(name)]);
            groups += 1;
        }
        let stages = directory.path().join(".calcstore/stage");
        assert_eq!(std::fs::read_dir(stages).unwrap().count(), 1, "the stage of the dead writer is swept");
        store.clear("/").unwrap();
    }
    assert!(groups > 12, "{groups} groups");
}

#[test]
fn readers_never_see_two_versions_of_a_value() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    store.insert("/replaced", version(0)).unwrap();
    store.insert("/small", [0.0; 100]).unwrap();
    let stop = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 1..400 {
                store.insert("/replaced", version(n)).unwrap();
                for small in 0..10 {
                    store.insert("/small", [f64::from(n * 10 + small); 100]).unwrap();
                }
                store.attributes("/replaced").unwrap().insert("n", i64::from(n)).unwrap();
            }
            stop.store(true, Relaxed);
        });
        let reader = scope.spawn(|| {
            let reading = DataStore::options().read_only(true).at(directory.path()).unwrap();
            let mut reads = 0;
            while !stop.load(Relaxed) {
                assert_whole(&reading.get::<Vec<f64>>("/replaced").unwrap());
                for _ in 0..20 {
                    let small: Vec<f64> = reading.get("/small").unwrap();
                    assert!(small.len() == 100 && small.iter().all(|value| *value == small[0]));
                }
                reads += 21;
            }
            reads
        });
        writer.join().unwrap();
        reader.join().unwrap()
    });
    assert!(reads > 100, "{reads} reads");
}

#[test]
fn a_group_removed_while_values_are_put_into_it_loses_none_that_came_after() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    std::thread::scope(|scope| {
        let remover = scope.spawn(|| {
            let other = DataStore::at(directory.path()).unwrap();
            for _ in 0..200 {
                match other.remove("/g") {
                    Ok(()) => {}
                    Err(error) => assert_eq!(error.kind(), ErrorKind::NotFound),
                }
            }
        });
        let store = &store;
        scope.spawn(move || {
            let mut n = 0;
            while !remover.is_finished() {
                store.insert(&format!("/g/h/{n}"), n).unwrap();
                n += 1;
            }
            store.insert("/g/h/last", n).unwrap();
            assert_eq!(store.get::<i32>("/g/h/last").unwrap(), n);
        });
    });
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}

#[test]
fn of_several_that_take_one_value_one_gets_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    for round in 0..30 {
        store.insert("/token", round).unwrap();
        let taken: usize = std::thread::scope(|scope| {
            let takers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| match store.take::<i32>("/token") {
                        Ok(found) => {
                            assert_eq!(found, round);
                            1
                        }
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::NotFound);
                            0
                        }
                    })
                })
                .collect();
            takers.into_iter().map(|taker| taker.join().unwrap()).sum()
        });
        assert_eq!(taken, 1);
    }
}

/// Rows of three, so that nothing is aligned with chunks of eight.
const ROWS: std::ops::Range<u64> = 0..240;

#[test]
fn child_writes_its_rows() {
    let Some(directory) = told_directory() else { return };
    let number: u64 = std::env::var(NUMBER).unwrap().parse().unwrap();
    let store = DataStore::at(&directory).unwrap();
    for key in ["/plain", "/shards", "/compressed"] {
        let dataset = store.dataset(key).unwrap();
        for start in ROWS.step_by(24) {
            let start = start + 3 * number;
            let rows: Vec<f64> = (start * 2..(start + 3) * 2).map(|at| at as f64).collect();
            dataset.write(start..start + 3, ndarray::Array2::from_shape_vec((3, 2), rows).unwrap()).unwrap();
        }
    }
}

#[test]
fn eight_processes_that_write_parts_of_one_chunk_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let store = DataStore::at(&path).unwrap();
    let shape = [ROWS.end, 2];
    store.new_dataset("/plain").chunks([8, 2]).shards([]).create::<f64>(&shape).unwrap();
    store.new_dataset("/shards").chunks([8, 1]).shards([40, 2]).create::<f64>(&shape).unwrap();
    let compression = calcstore::Compression::zstd(1).unwrap();
    store
        .new_dataset("/compressed")
        .chunks([7, 2])
        .shards([])
        .compression(compression)
        .create::<f64>(&shape)
        .unwrap();
    let children: Vec<Child> =
        (0..8).map(|n| start_numbered("processes", "child_writes_its_rows", &path, n)).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let expected: Vec<f64> = (0..ROWS.end * 2).map(|at| at as f64).collect();
    for key in ["/plain", "/shards", "/compressed"] {
        let found: ndarray::Array2<f64> = store.get(key).unwrap();
        assert_eq!(found.into_raw_vec_and_offset().0, expected, "{key}");
    }
    assert!(store.check("/", |_| Continue::Yes).unwrap().faults.is_empty());
}

#[test]
fn child_appends() {
    let Some(directory) = told_directory() else { return };
    let number: u64 = std::env::var(NUMBER).unwrap().parse().unwrap();
    let store = DataStore::at(&directory).unwrap();
    let dataset = store.dataset("/log").unwrap();
    for turn in 0..200 {
        dataset.append(vec![(number * 1000 + turn) as i64; 3]).unwrap();
    }
    let mut appender = dataset.appender();
    for turn in 200..400 {
        appender.append(vec![(number * 1000 + turn) as i64; 3]).unwrap();
    }
    appender.finish().unwrap();
}

#[test]
fn processes_that_append_to_one_array_lose_nothing_and_readers_see_whole_batches() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let store = DataStore::at(&path).unwrap();
    let log = store.new_dataset("/log").chunks([7]).shards([]).create::<i64>(&[0]).unwrap();
    let mut children: Vec<Child> =
        (0..2).map(|n| start_numbered("processes", "child_appends", &path, n)).collect();
    let mut longest = 0;
    let mut seen: Vec<i64> = Vec::new();
    while children.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        let found: Vec<i64> = store.get("/log").unwrap();
        assert!(found.len() >= longest && found.len().is_multiple_of(3), "{} after {longest}", found.len());
        assert!(found.starts_with(&seen), "what was committed changed");
        assert_eq!(log.read::<Vec<i64>>(..found.len() as u64).unwrap(), found);
        longest = found.len();
        seen = found;
    }
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    let mut found: Vec<i64> = store.get("/log").unwrap();
    found.sort_unstable();
    let expected: Vec<i64> =
        (0..2).flat_map(|n| (0..400).flat_map(move |turn| [n * 1000 + turn; 3])).collect();
    assert_eq!(found, expected);
}
