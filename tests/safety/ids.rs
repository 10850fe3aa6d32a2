//! No two calculations get one ID, however many processes take IDs at once, and whoever deletes or is killed meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use calcstore::{DataStore, ErrorKind, Options};

use crate::child::{child, told};
use crate::scale::scaled;

const PROCESSES: u64 = 64;

/// How many IDs each process takes.
fn share() -> u64 {
    scaled(1_000)
}

fn in_data(directory: &Path) -> Options {
    DataStore::options().data_dir(directory.join("data"))
}

/// Takes IDs, and notes each of them in a file of its own as soon as it has it.
#[test]
fn child_takes_ids() {
    let Some((directory, number)) = told() else { return };
    let mut taken = fs::File::create(directory.join(format!("taken_{number}"))).unwrap();
    for _ in 0..share() {
        let id = in_data(&directory).create().unwrap().calc_id().unwrap();
        writeln!(taken, "{id}").unwrap();
    }
}

/// How far a calculation is behind the last one when it is deleted: nobody is about to take its ID then.
const BEHIND: usize = 4 * PROCESSES as usize;

/// Deletes calculations that are finished, until it is killed.
#[test]
fn child_deletes() {
    let Some((directory, _)) = told() else { return };
    let options = in_data(&directory);
    let mut deleted = fs::File::create(directory.join("deleted")).unwrap();
    loop {
        let ids = directories(&directory);
        let Some(last) = ids.len().checked_sub(BEHIND) else { continue };
        for id in ids[..last].iter().rev().step_by(7) {
            match options.delete(*id).run() {
                Ok(()) => writeln!(deleted, "{id}").unwrap(),
                // Its maker still has it, or was killed before it was made.
                Err(error) => {
                    assert!(matches!(error.kind(), ErrorKind::Locked | ErrorKind::Conflict), "{error}");
                }
            }
        }
    }
}

/// The IDs whose directories are there.
fn directories(directory: &Path) -> Vec<u32> {
    let names = fs::read_dir(directory.join("data")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut ids: Vec<u32> = names.filter_map(|name| name.strip_prefix("calc_")?.parse().ok()).collect();
    ids.sort_unstable();
    ids
}

fn start(directory: &Path, count: u64) -> Vec<Child> {
    fs::create_dir_all(directory.join("data")).unwrap();
    (0..count).map(|number| child("ids::child_takes_ids", directory, number).spawn().unwrap()).collect()
}

/// What the processes have noted, one line each that was finished.
fn noted(directory: &Path, count: u64) -> Vec<u32> {
    (0..count).flat_map(|number| lines(&directory.join(format!("taken_{number}")))).collect()
}

fn lines(file: &Path) -> Vec<u32> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}

fn assert_no_id_twice(taken: &[u32]) {
    let mut seen = BTreeSet::new();
    let twice: Vec<&u32> = taken.iter().filter(|id| !seen.insert(**id)).collect();
    assert!(twice.is_empty(), "{} IDs were given twice: {:?}", twice.len(), &twice[..twice.len().min(9)]);
}

#[test]
fn processes_that_take_ids_at_once_get_each_its_own_and_leave_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let start_time = Instant::now();
    for mut child in start(directory.path(), PROCESSES) {
        assert!(child.wait().unwrap().success());
    }
    let seconds = start_time.elapsed().as_secs_f64();
    let mut taken = noted(directory.path(), PROCESSES);
    taken.sort_unstable();
    let count = u32::try_from(PROCESSES * share()).unwrap();
    eprintln!(
        "{count} IDs by {PROCESSES} processes in {seconds:.1} s, {:.0} a second",
        f64::from(count) / seconds
    );
    assert!(taken.iter().copied().eq(1..=count), "{} IDs, the last is {:?}", taken.len(), taken.last());
    let bare = bare_seconds(directory.path());
    eprintln!("64 threads make as many empty directories in {bare:.1} s");
}

/// How long the disk takes for nothing but as many directories.
fn bare_seconds(directory: &Path) -> f64 {
    let data = directory.join("bare");
    fs::create_dir(&data).unwrap();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..PROCESSES {
            let data = &data;
            let make = move |n| fs::create_dir(data.join(format!("{thread}_{n}"))).unwrap();
            scope.spawn(move || (0..share()).for_each(make));
        }
    });
    start.elapsed().as_secs_f64()
}

#[test]
fn no_id_is_given_twice_while_others_delete() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("data")).unwrap();
    let mut deleter = child("ids::child_deletes", directory.path(), 0).spawn().unwrap();
    let takers = start(directory.path(), PROCESSES);
    for mut taker in takers {
        assert!(taker.wait().unwrap().success());
    }
    assert!(deleter.try_wait().unwrap().is_none(), "nothing was in its way");
    deleter.kill().unwrap();
    deleter.wait().unwrap();
    let taken = noted(directory.path(), PROCESSES);
    let deleted = lines(&directory.path().join("deleted"));
    eprintln!("{} IDs, {} of them deleted meanwhile", taken.len(), deleted.len());
    assert_eq!(taken.len() as u64, PROCESSES * share());
    assert!(!deleted.is_empty());
    assert_no_id_twice(&taken);
    let there = directories(directory.path());
    assert!(deleted.iter().all(|id| there.binary_search(id).is_err()), "what was deleted is not there again");
}

#[test]
fn no_id_is_given_twice_where_processes_are_killed() {
    let directory = tempfile::tempdir().unwrap();
    let mut takers = start(directory.path(), PROCESSES);
    let mut killed = 0;
    for (n, taker) in takers.iter_mut().enumerate().step_by(3) {
        std::thread::sleep(Duration::from_millis(n as u64 % 5 * share() / 20));
        if taker.try_wait().unwrap().is_none() {
            taker.kill().unwrap();
            killed += 1;
        }
    }
    for taker in &mut takers {
        taker.wait().unwrap();
    }
    let taken = noted(directory.path(), PROCESSES);
    eprintln!("{} IDs, {killed} of {PROCESSES} processes killed", taken.len());
    assert!(killed > 0);
    assert_no_id_twice(&taken);
    // Each killed process may have had one that it could not note; nothing else is missing.
    let there = directories(directory.path());
    let last = *there.last().unwrap();
    assert!(there.iter().copied().eq(1..=last), "{} of {last} are there", there.len());
    let unnoted = there.len() - taken.len();
    assert!(unnoted <= killed, "{unnoted} IDs were given to nobody, {killed} processes were killed");
    let next = in_data(directory.path()).create().unwrap();
    assert_eq!(next.calc_id(), Some(last + 1));
}
