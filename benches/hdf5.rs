//! The export to HDF5 and the import from it: many arrays, a wide group, a large array, many chunks, gzip; beside h5py that writes
//! the same, h5py that copies it from one file to another, h5repack, and `cp`, which is the limit.
//!
//! ```text
//! cargo bench --bench hdf5 -- [curves] [datasets] [group] [big] [chunks] [gzip]
//!                             [--scale S] [--rounds N] [--dir DIRECTORY] [--quick]
//! ```
//!
//! Without a name all are measured. `--scale 1`, the default, is 100,000 datasets, 1 GiB, a million chunks; `--quick` is a tenth of
//! that, once. `--dir` lies in the file system to be measured. Every party is a process of its own, and they take turns, so that a
//! machine whose speed drifts treats them alike; ratios are the result. Seconds are those of the work, without the start of the
//! process; memory is the most that the process had. An export is on the disk when it ends; of the others only those that say
//! `fsync` are.
//!
//! `CALCSTORE_ORACLE_PYTHON` names a Python with h5py, `CALCSTORE_ORACLE_H5REPACK` a program (`. target/oracles/env` after
//! `tests/run`); what is not there is left out.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use calcstore::{Compression, DataStore};
use ndarray::{Array1, Array2};

type Outcome<T> = Result<T, Box<dyn Error>>;

const CASES: [&str; 6] = ["curves", "datasets", "group", "big", "chunks", "gzip"];

const EXPORT: &str = "calcstore, export";
const IMPORT: &str = "calcstore, import";

/// Named first is what the others are compared with.
const WRITERS: [&str; 6] = [EXPORT, "h5py, write", "h5py, copy", "h5repack", "cp", "cp, fsync"];
const READERS: [&str; 2] = [IMPORT, "h5py, read"];

struct Settings {
    cases: Vec<String>,
    scale: f64,
    rounds: usize,
    directory: PathBuf,
}

/// The files of one case.
struct Place {
    store: PathBuf,
    /// What h5py wrote.
    peer: PathBuf,
    /// What was exported.
    export: PathBuf,
    target: PathBuf,
}

/// What a party took.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    kib: u64,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, party, from, to] = &arguments[..]
        && flag == "--party"
    {
        return take_part(party, Path::new(from), Path::new(to));
    }
    let settings = settings(arguments)?;
    println!("{:9} {:18} {:>9} {:>7} {:>10}", "", "", "seconds", "ratio", "memory");
    for case in &settings.cases {
        let scratch = tempfile::tempdir_in(&settings.directory)?;
        let at = |name: &str| scratch.path().join(name);
        let place =
            Place { store: at("store"), peer: at("peer.h5"), export: at("export.h5"), target: at("target") };
        run(&["--party", &format!("make {case} {}", settings.scale)], &place.store, &place.store)?;
        let mut measured: BTreeMap<&str, Vec<Took>> = BTreeMap::new();
        for _ in 0..settings.rounds {
            for party in WRITERS.into_iter().chain(READERS) {
                if let Some(took) = turn(party, case, settings.scale, &place)? {
                    measured.entry(party).or_default().push(took);
                }
            }
        }
        report(case, &measured);
    }
    Ok(())
}

fn settings(arguments: Vec<String>) -> Outcome<Settings> {
    let directory = std::env::temp_dir();
    let mut settings = Settings { cases: Vec::new(), scale: 1.0, rounds: 3, directory };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--scale" => settings.scale = value()?.parse()?,
            "--rounds" => settings.rounds = value()?.parse()?,
            "--dir" => settings.directory = value()?.into(),
            "--quick" => (settings.scale, settings.rounds) = (0.1, 1),
            // What `cargo bench` and `cargo test` pass of their own accord.
            "--bench" | "--test" => {}
            name if CASES.contains(&name) => settings.cases.push(argument),
            other => return Err(format!("unknown argument {other}; the cases are {CASES:?}").into()),
        }
    }
    if settings.cases.is_empty() {
        settings.cases = CASES.map(String::from).to_vec();
    }
    Ok(settings)
}

/// Lets a party do its work; `None` where it is not there.
fn turn(party: &str, case: &str, scale: f64, place: &Place) -> Outcome<Option<Took>> {
    let target = &place.target;
    if target.is_dir() {
        std::fs::remove_dir_all(target)?;
    } else if target.exists() {
        std::fs::remove_file(target)?;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/hdf5_h5py.py");
    let python = std::env::var_os("CALCSTORE_ORACLE_PYTHON");
    let scale = scale.to_string();
    let h5py = |work: &str, from: &Path, to: &Path| {
        let Some(python) = &python else { return Ok(None) };
        let mut command = Command::new(python);
        command.arg(&script).args([work, case, &scale]).arg(from).arg(to);
        measure(&mut command).map(Some)
    };
    match party {
        EXPORT => {
            // Where the old file stayed, the memory of its pages would not be free for the new one, as it is for the others.
            if place.export.exists() {
                std::fs::remove_file(&place.export)?;
            }
            run(&["--party", "export"], &place.store, &place.export).map(Some)
        }
        IMPORT => run(&["--party", "import"], &place.export, target).map(Some),
        "h5py, write" => h5py("write", &place.peer, &place.peer),
        "h5py, copy" => h5py("copy", &place.peer, target),
        "h5py, read" => h5py("read", &place.export, target),
        "h5repack" => match std::env::var_os("CALCSTORE_ORACLE_H5REPACK") {
            Some(program) => measure(Command::new(program).arg(&place.export).arg(target)).map(Some),
            None => Ok(None),
        },
        _ => {
            let start = Instant::now();
            let took = measure(Command::new("cp").arg(&place.export).arg(target))?;
            if party.ends_with("fsync") {
                File::open(target)?.sync_all()?;
                return Ok(Some(Took { seconds: start.elapsed().as_secs_f64(), ..took }));
            }
            Ok(Some(took))
        }
    }
}

/// Runs this program once more.
fn run(arguments: &[&str], from: &Path, to: &Path) -> Outcome<Took> {
    measure(Command::new(std::env::current_exe()?).args(arguments).arg(from).arg(to))
}

/// Runs a process; takes the seconds that it prints, else those that it lives.
fn measure(command: &mut Command) -> Outcome<Took> {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut kib = 0;
    let ended = loop {
        if let Ok(status) = std::fs::read_to_string(&status)
            && let Some(most) = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            kib = kib.max(most.split_whitespace().next().unwrap_or_default().parse()?);
        }
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let lived = start.elapsed().as_secs_f64();
    let printed = std::io::read_to_string(child.stdout.take().ok_or("no output")?)?;
    if !ended.success() {
        return Err(format!("{command:?} ended with {ended}").into());
    }
    Ok(Took { seconds: printed.trim().parse().unwrap_or(lived), kib })
}

/// What this program does as a party.
fn take_part(party: &str, from: &Path, to: &Path) -> Outcome<()> {
    let start = Instant::now();
    match party {
        "export" => {
            let store = DataStore::options().read_only(true).at(from)?;
            store.hdf5_export().file(to).force(true).run()?;
        }
        "import" => {
            DataStore::at(to)?.hdf5_import(from).run()?;
        }
        make => {
            let mut words = make.split(' ').skip(1);
            let (case, scale) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            fill(&DataStore::at(from)?, case, scale.parse()?)?;
        }
    }
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers are small")]
fn scaled(whole: usize, scale: f64) -> usize {
    (of(whole) * scale) as usize
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn of(number: usize) -> f64 {
    number as f64
}

/// Puts the values of a case into a store; the peers make the same.
fn fill(store: &DataStore, case: &str, scale: f64) -> Outcome<()> {
    let wave = |n: usize| (of(n) * 0.001).sin();
    match case {
        "curves" => {
            let curves: Vec<Array2<f64>> = (0..16)
                .map(|seed| Array2::from_shape_fn((100, 20), |(row, level)| wave(seed + row * 20 + level)))
                .collect();
            let key = |n: usize| format!("trt_{:03}/gsim_{:02}", n / 100, n % 100);
            store.extend((0..scaled(10_000, scale)).map(|n| (key(n), &curves[n % 16])))?;
        }
        "datasets" => {
            let key = |n: usize| format!("g{:03}/{:03}", n / 1000, n % 1000);
            store.extend((0..scaled(100_000, scale)).map(|n| (key(n), of(n))))?;
        }
        "group" => store.extend((0..scaled(50_000, scale)).map(|n| (format!("wide/{n:05}"), of(n))))?,
        "big" | "gzip" => {
            // In parts, so that whoever fills a store does not need the memory.
            let is_packed = case == "gzip";
            let rows = scaled(if is_packed { 32_768 } else { 131_072 }, scale);
            let packed = if is_packed { Compression::gzip(4)? } else { Compression::NONE };
            let new = store.new_dataset("a").compression(packed).chunks([512, 1024]);
            let dataset = new.create::<f64>(&[rows as u64, 1024])?;
            for start in (0..rows).step_by(4096) {
                let count = 4096.min(rows - start);
                let part = Array2::from_shape_fn((count, 1024), |(row, at)| wave((start + row) * 1031 + at));
                dataset.write(ndarray::s![start..start + count, ..], &part)?;
            }
        }
        _ => {
            let count = scaled(1_000_000, scale) * 8;
            let values = Array1::from_shape_fn(count, wave);
            // What has chunks of its own, and is to grow, has them in the file, too.
            store.new_dataset("a").chunks([8]).insert(&values)?;
        }
    }
    Ok(())
}

fn median(measured: &[Took], of: impl Fn(&Took) -> f64) -> f64 {
    let mut sorted: Vec<f64> = measured.iter().map(of).collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn report(case: &str, measured: &BTreeMap<&str, Vec<Took>>) {
    for parties in [&WRITERS[..], &READERS[..]] {
        let ours = median(&measured[parties[0]], |took| took.seconds);
        for party in parties {
            let Some(took) = measured.get(party) else { continue };
            let seconds = median(took, |took| took.seconds);
            let mib = median(took, |took| of(usize::try_from(took.kib).unwrap_or_default()) / 1024.0);
            println!("{case:9} {party:18} {seconds:>9.3} {:>6.2}x {mib:>6.1} MiB", seconds / ours);
        }
    }
}
