//! The disk is full, or has no inodes left, or may not be written to: what was acknowledged is there, the error says so,
//! `remove` and `gc` work, and so does the next write once there is room.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use calcstore::{Continue, DataStore, Error, ErrorKind, Table};

use crate::child::{child, told};
use crate::mounts::{mount, mounting, remount, unprivileged, wrapped};
use crate::scale::scaled;

/// The size of a page, by which a file system in memory gives out its room.
const PAGE: u64 = 4096;

/// Different kinds of work, one after the other.
const KINDS: u64 = 9;

fn table(value: f64) -> Table {
    let mut table = Table::new();
    table.push("a", vec![value; 200]).unwrap();
    table.push("b", vec![-value; 200]).unwrap();
    table
}

/// A store, and what was acknowledged of it.
struct Work {
    store: DataStore,
    export: PathBuf,
    arrays: BTreeMap<String, Vec<f64>>,
    objects: BTreeMap<String, Vec<f64>>,
    rows: Vec<f64>,
    exported: Option<u64>,
}

impl Work {
    fn new(directory: &Path) -> Self {
        let store = DataStore::at(directory.join("store")).unwrap();
        store.insert("/old", vec![0.5; 5_000]).unwrap();
        store.new_dataset("/grown").chunks([256]).insert(vec![0.5; 100]).unwrap();
        store.insert("/group/table", table(0.5)).unwrap();
        let arrays = [("/old", vec![0.5; 5_000]), ("/grown", vec![0.5; 100])];
        let arrays = arrays.map(|(key, value)| (key.to_owned(), value)).into();
        let export = directory.join("export.hdf5");
        Self { store, export, arrays, objects: BTreeMap::new(), rows: vec![0.5; 200], exported: None }
    }

    /// The `n`-th piece of work; what it has acknowledged is remembered.
    fn step(&mut self, n: u64) -> Result<(), Error> {
        let value = n as f64 + 1.0;
        let store = &self.store;
        match n % KINDS {
            0 => {
                let key = format!("/new/{n}");
                store.insert(&key, vec![value; 5_000])?;
                self.arrays.insert(key, vec![value; 5_000]);
            }
            1 => {
                store.insert("/replaced", vec![value; 300])?;
                self.arrays.insert("/replaced".to_owned(), vec![value; 300]);
            }
            2 => {
                store.dataset("/grown")?.append(vec![value; 100])?;
                self.arrays.get_mut("/grown").unwrap().extend(vec![value; 100]);
            }
            3 => {
                store.dataset("/grown")?.atomic(true).write(50..100, vec![value; 50])?;
                self.arrays.get_mut("/grown").unwrap()[50..100].fill(value);
            }
            4 => {
                let draft = store.draft(&format!("/draft_{n}"))?;
                draft.insert("a", vec![value; 10])?;
                draft.insert("b", vec![value; 2_000])?;
                draft.commit()?;
                self.arrays.insert(format!("/draft_{n}/a"), vec![value; 10]);
                self.arrays.insert(format!("/draft_{n}/b"), vec![value; 2_000]);
            }
            5 => {
                let key = format!("/object_{n}");
                store.insert_object(&key, &vec![value; 1_000])?;
                self.objects.insert(key, vec![value; 1_000]);
            }
            6 => {
                store.table("/group/table")?.append(table(value))?;
                self.rows.extend(vec![value; 200]);
            }
            7 => {
                store.insert("/large", vec![value; 20_000])?;
                self.arrays.insert("/large".to_owned(), vec![value; 20_000]);
            }
            _ => {
                let report = store.hdf5_export().file(&self.export).force(true).run()?;
                self.exported = Some(report.bytes);
            }
        }
        Ok(())
    }

    /// Works from `n` on until there is no room; gives the step that failed.
    fn until_full(&mut self, n: u64) -> u64 {
        for n in n.. {
            let Err(error) = self.step(n) else { continue };
            assert_eq!(error.kind(), ErrorKind::StorageFull, "step {n}: {error:?}");
            let text = error.to_string();
            assert!(error.file().is_some() && !text.contains('\n'), "{text}");
            assert!(text.contains("make room and try again"), "{text}");
            return n;
        }
        unreachable!("the disk is never full")
    }

    /// Compares everything that was acknowledged with what others read.
    fn compare(&self) {
        let store = DataStore::options().read_only(true).at(self.store.calc_dir()).unwrap();
        for (key, value) in &self.arrays {
            assert_eq!(store.get::<Vec<f64>>(key).unwrap(), *value, "{key}");
        }
        for (key, value) in &self.objects {
            assert_eq!(store.object::<Vec<f64>>(key).unwrap(), *value, "{key}");
        }
        let table = store.table("/group/table").unwrap();
        assert_eq!(table.column::<Vec<f64>>("a").unwrap(), self.rows);
        assert!(table.column::<Vec<f64>>("b").unwrap().iter().map(|b| -b).eq(self.rows.iter().copied()));
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        assert_eq!(fs::metadata(&self.export).ok().map(|file| file.len()), self.exported);
    }

    /// Nothing of what failed takes up room.
    fn assert_nothing_is_staged(&self) {
        let stages = fs::read_dir(self.store.calc_dir().join(".calcstore/stage")).unwrap();
        for stage in stages.map(|stage| stage.unwrap().path()) {
            let names = fs::read_dir(stage).unwrap().map(|entry| entry.unwrap().file_name());
            assert_eq!(names.collect::<Vec<_>>(), ["owner"]);
        }
        let parts =
            fs::read_dir(self.export.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(parts.map(|name| name.to_string_lossy().into_owned()).all(|name| !name.contains(".part")));
    }

    /// All of it: work until the disk is full, look, make room from within, make more, go on.
    fn run(&mut self, first: u64, make_room: impl FnOnce()) -> u64 {
        let failed = self.until_full(first);
        self.compare();
        self.assert_nothing_is_staged();
        self.store.remove("/old").unwrap();
        self.arrays.remove("/old");
        let report = self.store.gc().older_than(Duration::ZERO).run().unwrap();
        assert!(report.failed.is_empty(), "{:?}", report.failed);
        self.compare();
        self.step(10 * KINDS * failed + 1).unwrap_or_else(|error| {
            // What was removed may have been smaller than what is now stored.
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        });
        make_room();
        for n in failed..failed + KINDS {
            self.step(n).unwrap();
        }
        self.compare();
        failed
    }
}

fn room(at: &Path) -> rustix::fs::StatVfs {
    rustix::fs::statvfs(at).unwrap()
}

/// Fills the file system until so many pages are left; gives what takes up the room.
fn ballast(at: &Path, pages: u64) -> PathBuf {
    let path = at.join("ballast");
    let file = fs::File::create(&path).unwrap();
    let length = (room(at).f_bavail - pages) * PAGE;
    if length > 0 {
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, length).unwrap();
    }
    path
}

fn passes(test: &str, number: u64) {
    let directory = tempfile::tempdir().unwrap();
    let Some(mut command) = mounting(test, directory.path(), number) else { return };
    assert!(command.status().unwrap().success(), "{test} says why");
}

/// At how many amounts of free room one and the same piece of work comes first.
const AMOUNTS: u64 = 2_000 / KINDS;

#[test]
fn child_fills_the_disk() {
    let Some((at, positions)) = told() else { return };
    assert!(mount("tmpfs", "size=16m", "none", &at).success());
    let (start, mut steps) = (Instant::now(), 0);
    for position in 0..positions {
        // Evenly over all that there are, whatever part of them is tried.
        let position = position * 2_000 / positions.min(2_000) + position / 2_000;
        let (first, pages) = (position / AMOUNTS % KINDS, position % AMOUNTS);
        let mut work = Work::new(&at);
        let ballast = ballast(&at, pages);
        steps += work.run(first, || fs::remove_file(ballast).unwrap()) - first;
        drop(work);
        fs::remove_dir_all(at.join("store")).unwrap();
        let _ = fs::remove_file(at.join("export.hdf5"));
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("the disk was full at {positions} positions, after {steps} steps, in {seconds:.1} s");
    assert!(steps > positions / 2, "the steps succeed as long as there is room");
}

#[test]
fn a_full_disk_costs_nothing_that_was_acknowledged_and_room_can_be_made() {
    passes("full_disk::child_fills_the_disk", scaled(2_000));
}

#[test]
fn child_uses_up_the_inodes() {
    let Some((at, positions)) = told() else { return };
    assert!(mount("tmpfs", "size=64m,nr_inodes=400", "none", &at).success());
    let mut steps = 0;
    for position in 0..positions {
        let (first, inodes) = (position / 100 % KINDS, (position * 7) % 100);
        let mut work = Work::new(&at);
        let ballast = at.join("ballast");
        fs::create_dir(&ballast).unwrap();
        for n in 0..room(&at).f_ffree.saturating_sub(inodes) {
            fs::File::create(ballast.join(n.to_string())).unwrap();
        }
        steps += work.run(first, || fs::remove_dir_all(ballast).unwrap()) - first;
        drop(work);
        fs::remove_dir_all(at.join("store")).unwrap();
        let _ = fs::remove_file(at.join("export.hdf5"));
    }
    eprintln!("there were no inodes at {positions} positions, after {steps} steps");
    assert!(steps > positions / 2);
}

#[test]
fn out_of_inodes_is_a_full_disk_too() {
    passes("full_disk::child_uses_up_the_inodes", scaled(500));
}

#[test]
fn child_writes_more_than_it_may() {
    let Some((directory, _)) = told() else { return };
    let store = DataStore::at(directory.join("store")).unwrap();
    store.insert("/small", 1.0).unwrap();
    let error = store.insert("/a", vec![2.0; 100_000]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert!(error.to_string().contains("ulimit -f"), "{error}");
    store.insert("/after", 1.0).unwrap();
}

#[test]
fn a_limit_of_the_size_of_files_leaves_whole_values_whether_its_signal_kills_or_is_ignored() {
    const SIGXFSZ: i32 = 25;
    for (ignored, shell) in [(false, "ulimit -c 0; ulimit -f 200"), (true, "trap '' XFSZ; ulimit -f 200")] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let before = vec![1.0; 100_000];
        DataStore::at(&path).unwrap().insert("/a", &before[..]).unwrap();
        let mut limited = Command::new("sh");
        limited.args(["-c", &format!("{shell}; exec \"$0\" \"$@\"")]);
        let inner = child("full_disk::child_writes_more_than_it_may", directory.path(), 0);
        let status = wrapped(limited, &inner).status().unwrap();
        if ignored {
            assert!(status.success(), "{status}");
        } else {
            assert_eq!(status.signal(), Some(SIGXFSZ), "the system kills it, which is no silence: {status}");
        }
        let store = DataStore::at(&path).unwrap();
        assert_eq!(store.get::<Vec<f64>>("/a").unwrap(), before);
        assert_eq!(store.get::<f64>("/small").unwrap(), 1.0);
        assert_eq!(store.contains_key("/after").unwrap(), ignored);
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        let stages = fs::read_dir(path.join(".calcstore/stage")).unwrap().count();
        assert_eq!(stages, 1, "that of the dead writer is swept");
    }
}

/// No export, whatever is asked for, takes the place of what is no file.
#[test]
fn an_export_replaces_no_device_pipe_or_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    store.insert("/a", 1.0).unwrap();
    let (pipe, plain) = (directory.path().join("pipe"), directory.path().join("directory"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(&plain).unwrap();
    let mut special = vec![pipe, plain];
    let device = directory.path().join("full");
    let made = Command::new("mknod").arg(&device).args(["c", "1", "7"]).output().unwrap();
    if made.status.success() {
        special.push(device);
    }
    for path in special {
        let kind = || fs::symlink_metadata(&path).unwrap().file_type();
        let before = kind();
        for force in [false, true] {
            let error = store.hdf5_export().file(&path).force(force).run().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            assert_eq!(error.file(), Some(&*path));
        }
        assert_eq!(kind(), before);
        assert!(before.is_fifo() || before.is_dir() || before.is_char_device());
    }
    let left = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(left.into_iter().all(|name| !name.to_string_lossy().contains("part")));
}

#[test]
fn child_reads_what_cannot_be_written() {
    let Some((at, _)) = told() else { return };
    assert!(mount("tmpfs", "size=16m", "none", &at).success());
    let options = DataStore::options().data_dir(&at);
    let store = options.create().unwrap();
    store.insert("/a", vec![1.0; 1_000]).unwrap();
    store.insert("/t", table(2.0)).unwrap();
    store.insert_object("/o", &vec![3.0; 10]).unwrap();
    drop(store);
    remount("ro", &at);
    let reading = options.clone().read_only(true).open(-1).unwrap();
    assert_eq!(reading.get::<Vec<f64>>("/a").unwrap(), vec![1.0; 1_000]);
    assert_eq!(reading.table("/t").unwrap().rows().unwrap(), 200);
    assert_eq!(reading.object::<Vec<f64>>("/o").unwrap(), vec![3.0; 10]);
    assert_eq!(reading.check("/", |_| Continue::Yes).unwrap().checked, 6);
    assert_eq!(options.calculations().unwrap().len(), 1);
    let refused = [
        options.open(-1).map(drop).unwrap_err(),
        options.create().map(drop).unwrap_err(),
        reading.export_hdf5().map(drop).unwrap_err(),
        reading.insert("/b", 1.0).unwrap_err(),
    ];
    for error in refused {
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
        assert!(error.file().is_some() && !error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn a_read_only_mount_is_read_and_says_that_it_is_one() {
    passes("full_disk::child_reads_what_cannot_be_written", 0);
}

/// What is closed to the reader, below the data directory, with the permissions that it gets.
const CLOSED: [(&str, u32); 5] = [
    ("data", 0o000),
    ("data/calc_1", 0o000),
    ("data/calc_1/.calcstore", 0o000),
    ("data/calc_1/output.zarr/closed", 0o000),
    ("data/calc_1/.calcstore", 0o555),
];

#[test]
fn child_is_not_permitted() {
    let Some((directory, number)) = told() else { return };
    let options = DataStore::options().data_dir(directory.join("data"));
    let denied = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        let shown = error.file().unwrap().starts_with(&directory);
        assert!(shown && !error.to_string().contains('\n'), "{error}");
    };
    let reading = options.clone().read_only(true);
    match number {
        0 => {
            denied(reading.open(1).unwrap_err());
            denied(reading.calculations().unwrap_err());
            denied(options.create().unwrap_err());
        }
        1 | 2 => {
            denied(reading.open(1).unwrap_err());
            denied(options.open(1).unwrap_err());
            denied(options.delete(1).run().unwrap_err());
            let listed: Vec<u32> =
                reading.calculations().unwrap().iter().map(|entry| entry.calc_id).collect();
            assert_eq!(listed, [1], "it is there all the same");
        }
        3 => {
            let store = reading.open(1).unwrap();
            assert_eq!(store.get::<f64>("/open").unwrap(), 1.0);
            denied(store.get::<f64>("/closed/a").unwrap_err());
            denied(store.keys("/closed").map(drop).unwrap_err());
        }
        _ => {
            let store = reading.open(1).unwrap();
            assert_eq!(store.get::<f64>("/open").unwrap(), 1.0);
            assert_eq!(store.get::<f64>("/closed/a").unwrap(), 2.0);
            denied(options.open(1).unwrap_err());
        }
    }
}

#[test]
fn what_is_not_permitted_is_said_with_its_path_and_what_may_be_read_is_read() {
    for (number, (closed, mode)) in CLOSED.into_iter().enumerate() {
        let directory = tempfile::tempdir().unwrap();
        let permit = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        permit(directory.path(), 0o755);
        let store = DataStore::options().data_dir(directory.path().join("data")).create().unwrap();
        store.insert("/open", 1.0).unwrap();
        store.insert("/closed/a", 2.0).unwrap();
        drop(store);
        let closed = directory.path().join(closed);
        permit(&closed, mode);
        if mode == 0o555 {
            permit(&closed.join("stage"), mode);
        }
        let command = unprivileged("full_disk::child_is_not_permitted", directory.path(), number as u64);
        let status = command.map(|mut command| command.status().unwrap());
        permit(&closed, 0o755);
        if mode == 0o555 {
            permit(&closed.join("stage"), 0o755);
        }
        assert!(status.is_none_or(|status| status.success()), "{}", closed.display());
    }
}
