//! The system fails at every call in turn, or the program is killed there.
//!
//! The unit tests do that to the model of the file system that the store writes through. Here strace does it to the real
//! programs, so that no call is forgotten: a child that uses the library in all its ways, and the command line. Each
//! call that they make after they first name the store is a point; at it one error is returned instead, or the program
//! killed. Afterwards an undisturbed program must find each value old or new, what was acknowledged new, and no damage.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use calcstore::{Continue, DataStore, Durability, ErrorKind, Get, Options, Result, Status, Table};

use crate::child::{child, told};
use crate::scale::scaled;
use crate::strace;

/// The calls that can be met, and what is done at them besides `EIO`. A call that is `?`-marked may be unknown to a
/// machine.
const CALLS: [(&str, &[&str]); 29] = [
    ("openat", &["error=EINTR", "error=EMFILE"]),
    ("openat2", &["error=ENOSPC", "error=EINTR", "error=ENOSYS", "error=EMFILE", "signal=KILL"]),
    ("?mkdir", &["error=ENOSPC", "signal=KILL"]),
    ("mkdirat", &["error=ENOSPC", "signal=KILL"]),
    ("writev", &["error=ENOSPC", "error=EINTR", "signal=KILL"]),
    ("write", &["error=ENOSPC", "error=EINTR", "signal=KILL"]),
    ("pwrite64", &["error=ENOSPC", "error=EINTR", "signal=KILL"]),
    ("fsync", &["error=ENOSPC", "error=EINTR", "signal=KILL"]),
    ("syncfs", &["error=ENOSPC", "signal=KILL"]),
    ("renameat2", &["error=ENOSPC", "error=ENOSYS", "error=EINVAL", "signal=KILL"]),
    ("renameat", &["error=ENOSPC", "signal=KILL"]),
    ("?rename", &["error=ENOSPC", "signal=KILL"]),
    ("linkat", &["error=ENOSPC", "error=EPERM", "signal=KILL"]),
    ("unlinkat", &["signal=KILL"]),
    ("?unlink", &["signal=KILL"]),
    ("?rmdir", &["signal=KILL"]),
    ("flock", &["error=EINTR", "error=ENOLCK", "signal=KILL"]),
    ("fstat", &[]),
    ("newfstatat", &[]),
    ("statx", &[]),
    ("getdents64", &[]),
    ("preadv", &["error=EINTR"]),
    ("pread64", &["error=EINTR"]),
    ("read", &["error=EINTR"]),
    ("close", &["error=EINTR"]),
    ("ftruncate", &["signal=KILL"]),
    ("ioctl", &["error=ENOSYS"]),
    ("lseek", &[]),
    ("copy_file_range", &["error=ENOSYS"]),
];

/// Something done with the library, and how it ended.
struct Step {
    run: fn(&DataStore) -> Result<()>,
    /// Whether it is done; fails where it is neither done nor undone.
    is_done: fn(&DataStore) -> bool,
}

const STEPS: [Step; 14] = [
    Step {
        run: |store| store.new_dataset("/new/group/a").chunks([3]).shards([]).insert([1.0; 7]),
        is_done: |store| is_new(store, "/new/group/a", None, Some(vec![1.0; 7])),
    },
    Step {
        run: |store| store.insert("/old/replaced", [2.0, 3.0]),
        is_done: |store| is_new(store, "/old/replaced", Some(vec![1.0; 5]), Some(vec![2.0, 3.0])),
    },
    Step {
        run: |store| store.remove("/old/removed"),
        is_done: |store| is_new(store, "/old/removed", Some(vec![1.0]), None),
    },
    Step {
        run: |store| store.rename("/old/moved", "/new/moved"),
        is_done: |store| {
            let is_there = is_new(store, "/new/moved", None, Some(vec![4.0]));
            assert_eq!(is_new(store, "/old/moved", Some(vec![4.0]), None), is_there, "at one place");
            is_there
        },
    },
    Step {
        run: |store| store.dataset("/old/appended")?.append([8.0, 9.0]).map(drop),
        is_done: |store| {
            is_new(store, "/old/appended", Some(vec![1.0, 2.0, 3.0]), Some(vec![1.0, 2.0, 3.0, 8.0, 9.0]))
        },
    },
    Step {
        run: |store| store.dataset("/old/region")?.atomic(true).write(1..5, 7.0),
        is_done: |store| {
            is_new(store, "/old/region", Some(vec![0.0; 6]), Some(vec![0.0, 7.0, 7.0, 7.0, 7.0, 0.0]))
        },
    },
    Step {
        run: |store| store.table("/old/t")?.append(rows(2)).map(drop),
        is_done: |store| {
            let table = store.table("/old/t").unwrap().read().unwrap();
            assert!(table == rows(2) || table == rows(4), "{table:?}");
            table == rows(4)
        },
    },
    Step {
        run: |store| {
            let draft = store.draft("/drafted")?.replace(true);
            draft.insert("x", [1.0])?;
            draft.insert("deep/y", [2.0])?;
            draft.commit()
        },
        is_done: |store| {
            let is_there = is_new(store, "/drafted/x", None, Some(vec![1.0]));
            assert_eq!(is_new(store, "/drafted/deep/y", None, Some(vec![2.0])), is_there, "as a whole");
            is_new(store, "/drafted/before", Some(vec![0.0]), None) && is_there
        },
    },
    Step {
        run: |store| store.copy("/old/kept", "/copied"),
        is_done: |store| is_new(store, "/copied", None, Some(vec![5.0; 3])),
    },
    Step {
        run: |store| store.attributes("/old/kept")?.insert("note", "new"),
        is_done: |store| {
            let note: String = store.attributes("/old/kept").unwrap().get("note").unwrap();
            assert!(["old", "new"].contains(&note.as_str()), "{note}");
            assert_eq!(store.get::<Vec<f64>>("/old/kept").unwrap(), [5.0; 3]);
            note == "new"
        },
    },
    Step {
        run: |store| store.store_files("/input", [store.calc_dir().join("../../job.ini")]).map(drop),
        is_done: |store| match store.file("/input", "job.ini") {
            Ok(bytes) => bytes == b"[general]",
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
                false
            }
        },
    },
    Step { run: DataStore::flush, is_done: |_| true },
    Step {
        run: |store| store.export_hdf5().map(drop),
        is_done: |store| {
            // The superblock, which comes last, tells how long the file is.
            let Ok(bytes) = fs::read(store.calc_dir().join("output.hdf5")) else { return false };
            let end = u64::from_le_bytes(bytes[40..48].try_into().unwrap());
            assert!(bytes.starts_with(b"\x89HDF") && end == bytes.len() as u64, "half an export");
            true
        },
    },
    Step {
        run: |store| store.set_status(Status::Complete),
        is_done: |store| store.status().unwrap() == Status::Complete,
    },
];

fn rows(count: usize) -> Table {
    let mut table = Table::new();
    table.push("PGA", vec![0.5; count]).unwrap();
    table
}

/// Whether a value is the new one; it must be that or the old one, where nothing stands for one that is not there.
fn is_new(store: &DataStore, key: &str, old: Option<Vec<f64>>, new: Option<Vec<f64>>) -> bool {
    let now = found::<Vec<f64>>(store, key);
    assert!(now == new || now == old, "{key} is {now:?}, neither {old:?} nor {new:?}");
    now == new
}

fn found<T: Get + Debug>(store: &DataStore, key: &str) -> Option<T> {
    match store.get(key) {
        Ok(value) => Some(value),
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => panic!("{error}"),
    }
}

/// A program that is disturbed.
#[derive(Clone, Copy, Debug)]
enum Program {
    Library(Durability),
    Verb(usize),
}

/// The arguments of the program, and whether it has done what they say.
type Verb = (&'static [&'static str], fn(&DataStore) -> bool);

/// Verbs of the command line.
const VERBS: [Verb; 9] = [
    (&["new"], |store| {
        Options::default().data_dir(store.calc_dir().parent().unwrap()).calculations().unwrap().len() == 2
    }),
    (&["put", "/new/a", "values.json"], |store| is_new(store, "/new/a", None, Some(vec![1.5, 2.5]))),
    (&["put", "/old/replaced", "values.json"], |store| {
        is_new(store, "/old/replaced", Some(vec![1.0; 5]), Some(vec![1.5, 2.5]))
    }),
    (&["attrs", "/old/kept", "note=new"], STEPS[9].is_done),
    (&["rm", "-r", "/old"], |store| {
        let is_gone = is_new(store, "/old/kept", Some(vec![5.0; 3]), None);
        assert_eq!(store.contains_key("/old/t").unwrap(), !is_gone);
        is_gone
    }),
    (&["export", "hdf5"], STEPS[12].is_done),
    (&["cat", "--format", "json", "/old/kept"], |_| true),
    (&["ls", "-r"], |_| true),
    (&["check"], |_| true),
];

/// Verbs that only read: what they print when all is well, they print or fail.
const READING: std::ops::Range<usize> = 6..8;

impl Program {
    fn all() -> Vec<Self> {
        let library = [Self::Library(Durability::Process), Self::Library(Durability::Power)];
        library.into_iter().chain((0..VERBS.len()).map(Self::Verb)).collect()
    }

    fn command(self, directory: &Path) -> Command {
        match self {
            Self::Library(durability) => child(
                "injection::child_does_everything",
                directory,
                u64::from(durability == Durability::Power),
            ),
            Self::Verb(verb) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_calcstore"));
                command.arg("--datadir").arg(directory.join("data")).args(["-c", "1", "--lock-timeout", "2"]);
                command.args(VERBS[verb].0).current_dir(directory);
                command
            }
        }
    }
}

/// What is there before anything is disturbed.
fn prepare(base: &Path) {
    let store = Options::default().data_dir(base.join("data")).create().unwrap();
    let plain = |key: &str| store.new_dataset(key).chunks([3]).shards([]);
    plain("/old/replaced").insert([1.0; 5]).unwrap();
    store.insert("/old/removed", [1.0]).unwrap();
    store.insert("/old/moved", [4.0]).unwrap();
    plain("/old/appended").insert([1.0, 2.0, 3.0]).unwrap();
    plain("/old/region").insert([0.0; 6]).unwrap();
    store.insert("/old/t", rows(2)).unwrap();
    store.insert("/old/kept", [5.0; 3]).unwrap();
    store.attributes("/old/kept").unwrap().insert("note", "old").unwrap();
    store.insert("/drafted/before", [0.0]).unwrap();
    store.close().unwrap();
    fs::write(base.join("job.ini"), "[general]").unwrap();
    fs::write(base.join("values.json"), "[1.5, 2.5]").unwrap();
}

#[test]
fn child_does_everything() {
    let Some((directory, number)) = told() else { return };
    let durability = if number == 1 { Durability::Power } else { Durability::Process };
    let options = Options::default().data_dir(directory.join("data")).durability(durability);
    let store = options.lock_timeout(Duration::from_secs(2)).open(1);
    let Ok(store) = store else { std::process::exit(3) };
    for (n, step) in STEPS.iter().enumerate() {
        let done = (step.run)(&store);
        let said = done.map_or_else(|error| format!("error {error}"), |()| "done".to_owned());
        // In one call, and it may fail too.
        let _ = std::io::stdout().write_all(format!("\nstep {n} {said}\n").as_bytes());
    }
    let _ = store.gc().older_than(Duration::ZERO).run();
    let _ = store.close();
    // What the test harness does afterwards is not to be disturbed.
    std::process::exit(0);
}

/// One call at which something happens.
#[derive(Clone, Debug)]
struct Point {
    program: Program,
    call: &'static str,
    what: &'static str,
    /// Counted from one, in each thread.
    when: u32,
}

/// All points of a program that ends well.
fn points(strace: &Path, base: &Path, program: Program) -> Vec<Point> {
    let scene = Scene::new(base);
    let log = scene.path().join("log");
    let names: Vec<&str> = CALLS.iter().map(|(name, _)| *name).collect();
    let trace = format!("trace={}", names.join(","));
    let status = strace::run(strace, &["-e", &trace], &log, &program.command(scene.path()));
    assert!(status.success(), "{program:?}: {}", strace::printed(&log, "stderr"));
    scene.check(program, true, &strace::printed(&log, "stdout"));
    let text = fs::read_to_string(&log).unwrap();
    let (mut counts, mut at) = (BTreeMap::<(&str, &str), u32>::new(), BTreeSet::new());
    let (mut has_begun, place) = (false, scene.path().join("data").display().to_string());
    for (thread, name, line) in strace::calls(&text) {
        let count = counts.entry((thread, name)).or_default();
        *count += 1;
        has_begun |= line.contains(&place) && !name.starts_with("exec");
        if has_begun {
            at.insert((name, *count));
        }
    }
    let mut points = Vec::new();
    for (call, others) in CALLS {
        let own = at.iter().filter(|(name, _)| *name == call.trim_start_matches('?'));
        let whens: Vec<u32> = own.map(|(_, when)| *when).collect();
        for what in std::iter::once(&"error=EIO").chain(others) {
            points.extend(whens.iter().map(|when| Point { program, call, what, when: *when }));
        }
    }
    points
}

/// A directory of its own, with what is there before.
struct Scene(tempfile::TempDir);

impl Scene {
    fn new(base: &Path) -> Self {
        let directory = tempfile::tempdir_in(base).unwrap();
        let template = base.join("template");
        for entry in walkdir::WalkDir::new(&template).min_depth(1) {
            let entry = entry.unwrap();
            let to = directory.path().join(entry.path().strip_prefix(&template).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir(to)
            } else {
                fs::copy(entry.path(), to).map(drop)
            }
            .unwrap();
        }
        Self(directory)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// What must hold however the program ended.
    fn check(&self, program: Program, succeeded: bool, stdout: &str) {
        let options = Options::default().data_dir(self.path().join("data"));
        let store = options.open(1).unwrap();
        match program {
            Program::Library(_) => {
                for (n, step) in STEPS.iter().enumerate() {
                    let acknowledged = stdout.lines().any(|line| line == format!("step {n} done"));
                    assert!((step.is_done)(&store) || !acknowledged, "step {n} was acknowledged");
                }
            }
            Program::Verb(verb) => {
                assert!(
                    VERBS[verb].1(&store) || !succeeded,
                    "{:?} succeeded, and is not done",
                    VERBS[verb].0
                );
            }
        }
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        store.gc().older_than(Duration::ZERO).run().unwrap();
        let left: Vec<PathBuf> =
            ["stage", "trash", "intent"].iter().flat_map(|name| self.internals(name)).collect();
        // Our own stage.
        assert_eq!(left.len(), 1, "{left:?}");
        drop(store);
        assert_eq!(self.internals("stage"), [""; 0].map(PathBuf::from));
    }

    fn internals(&self, name: &str) -> Vec<PathBuf> {
        let directory = self.path().join("data/calc_1/.calcstore").join(name);
        fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

/// Disturbs a program at one point; gives whether it had to say that something was not done.
fn disturb(strace: &Path, base: &Path, point: &Point, expected: &BTreeMap<usize, String>) -> bool {
    let scene = Scene::new(base);
    let log = scene.path().join("log");
    let Point { program, call, what, when } = point;
    // What a system does not know it does not know later either.
    let lasting = if what.ends_with("ENOSYS") || what.ends_with("EINVAL") { "+" } else { "" };
    let inject = format!("inject={call}:{what}:when={when}{lasting}");
    let trace = format!("trace={call}");
    let status = strace::run(strace, &["-e", &trace, "-e", &inject], &log, &program.command(scene.path()));
    let (stdout, stderr) = (strace::printed(&log, "stdout"), strace::printed(&log, "stderr"));
    // The standard library panics where a directory that was listed cannot be closed; no file system does that.
    let is_of_closing = *call == "close" && stderr.contains("unexpected error during closedir");
    assert!(
        is_of_closing || !(stderr.contains("panicked") || stdout.contains("panicked")),
        "{stderr}{stdout}"
    );
    if let Program::Verb(verb) = program {
        if let Some(expected) = expected.get(verb) {
            assert!(!status.success() || stdout == *expected, "it succeeded and printed {stdout}");
        }
        assert!(
            status.success() || what.starts_with("signal") || *call == "write" || !stderr.is_empty(),
            "no word of it"
        );
    }
    scene.check(*program, status.success(), &stdout);
    !status.success() || stdout.lines().any(|line| line.starts_with("step ") && !line.ends_with(" done"))
}

#[test]
fn whatever_call_fails_or_kills_every_value_is_old_or_new_and_nothing_is_left_over() {
    let Some(strace) = strace::find() else { return };
    let base = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let base = base.path();
    fs::create_dir(base.join("template")).unwrap();
    prepare(&base.join("template"));
    let all: Vec<Point> =
        Program::all().into_iter().flat_map(|program| points(&strace, base, program)).collect();
    let mut expected = BTreeMap::new();
    for verb in READING {
        let scene = Scene::new(base);
        let output = Program::Verb(verb).command(scene.path()).output().unwrap();
        expected.insert(verb, String::from_utf8(output.stdout).unwrap());
    }
    let count = usize::try_from(scaled(1500)).unwrap().min(all.len());
    let chosen: Vec<&Point> = (0..count).map(|n| &all[n * all.len() / count]).collect();
    let (next, results) = (Mutex::new(chosen.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(point) = next.lock().unwrap().next() else { return };
                    let ended = std::panic::catch_unwind(|| disturb(&strace, base, point, &expected));
                    results.lock().unwrap().push((point, ended.is_ok(), ended.unwrap_or(true)));
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    let failed = results.iter().filter(|(_, _, failed)| *failed).count();
    eprintln!("injection: {count} of {} points, at {failed} of them something was not done", all.len());
    assert!(failed * 4 > count, "the faults were not felt");
    let bad: Vec<_> = results.iter().filter(|(_, fine, _)| !fine).map(|(point, ..)| point).collect();
    assert!(bad.is_empty(), "{} of {count} points: {bad:#?}", bad.len());
}
