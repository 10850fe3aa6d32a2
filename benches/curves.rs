//! Many small arrays: 10,000 of 100 × 20 f64 written, listed and read back, beside h5py and the bare system calls
//! that the same files take. The parties take turns, so that a machine whose speed drifts treats them alike;
//! ratios are the result.
//!
//! ```text
//! cargo bench --bench curves -- [--arrays N] [--rounds N] [--dir DIRECTORY]
//! ```
//!
//! `CALCSTORE_ORACLE_PYTHON` names a Python with h5py (`. target/oracles/env` after `tests/run`); without it h5py is
//! left out. Nothing is deleted between the rounds: on ext4 that would slow down whoever comes next.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use calcstore::DataStore;
use ndarray::Array2;
use rayon::prelude::*;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Seconds by phase.
type Seconds = BTreeMap<String, f64>;

const ROWS: usize = 100;
const LEVELS: usize = 20;

struct Settings {
    arrays: usize,
    rounds: usize,
    directory: PathBuf,
}

fn main() -> Outcome<()> {
    let settings = settings()?;
    let scratch = tempfile::tempdir_in(&settings.directory)?;
    let data: Vec<Array2<f64>> = (0..16).map(curves_like).collect();
    let python = std::env::var_os("CALCSTORE_ORACLE_PYTHON");
    let mut measured: BTreeMap<&str, Vec<Seconds>> = BTreeMap::new();
    for round in 0..settings.rounds {
        let place = |name: &str| scratch.path().join(format!("{name}-{round}"));
        let mut note = |name, seconds| measured.entry(name).or_default().push(seconds);
        note("calcstore, 1 thread", calcstore(&place("one"), &data, settings.arrays, 1)?);
        note("calcstore, all threads", calcstore(&place("all"), &data, settings.arrays, 0)?);
        note("bare system calls", bare(&place("bare"), &data, settings.arrays)?);
        if let Some(python) = &python {
            note("h5py", h5py(Path::new(python), &place("h5py"), settings.arrays)?);
        }
    }
    report(&settings, &measured);
    Ok(())
}

fn settings() -> Outcome<Settings> {
    let mut settings = Settings { arrays: 10_000, rounds: 5, directory: std::env::temp_dir() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--arrays" => settings.arrays = value()?.parse()?,
            "--rounds" => settings.rounds = value()?.parse()?,
            "--dir" => settings.directory = value()?.into(),
            // What `cargo bench` and `cargo test` pass of their own accord.
            "--bench" | "--test" => {}
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(settings)
}

/// Smooth, decreasing along a row, different in every row: the numbers that the peers make too.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn curves_like(seed: usize) -> Array2<f64> {
    let (low, high) = (0.005_f64.ln(), 2.13_f64.ln());
    Array2::from_shape_fn((ROWS, LEVELS), |(row, level)| {
        let x = (row + seed * 7919) as f64;
        let rate = 1e-3 + (x * 0.618_033_988_749_894_9).fract() * 0.02;
        let slope = 1.0 + (x * 0.754_877_666_246_692_7).fract();
        let iml = (low + (high - low) * level as f64 / (LEVELS - 1) as f64).exp() / 0.1;
        -(-50.0 * rate * iml.powf(-slope)).exp_m1()
    })
}

fn key(n: usize) -> String {
    format!("trt_{:03}/gsim_{:02}", n / 100, n % 100)
}

fn timed<T>(seconds: &mut Seconds, phase: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let done = work()?;
    seconds.insert(phase.to_owned(), start.elapsed().as_secs_f64());
    Ok(done)
}

fn calcstore(place: &Path, data: &[Array2<f64>], arrays: usize, threads: usize) -> Outcome<Seconds> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let mut seconds = Seconds::new();
    timed(&mut seconds, "write", || {
        let store = DataStore::at(place)?;
        let write = |n: usize| store.insert(&key(n), &data[n % data.len()]);
        Ok(pool.install(|| (0..arrays).into_par_iter().with_min_len(100).try_for_each(write))?)
    })?;
    let store = DataStore::options().read_only(true).at(place)?;
    let nodes = timed(&mut seconds, "list", || Ok(store.walk_nodes("/")?))?;
    let keys: Vec<&str> =
        nodes.iter().filter(|node| node.layout.is_some()).map(|node| node.key.as_str()).collect();
    assert_eq!(keys.len(), arrays);
    let sum = timed(&mut seconds, "read", || {
        let read = |key: &&str| store.get::<Array2<f64>>(key).map(|array| array.sum());
        Ok(pool.install(|| keys.par_iter().map(read).sum::<Result<f64, _>>())?)
    })?;
    let expected: f64 = (0..arrays).map(|n| data[n % data.len()].sum()).sum();
    assert!((sum - expected).abs() < 1e-6 * expected, "read back {sum}, wrote {expected}");
    Ok(seconds)
}

/// The same files without a store: a directory and two files for each array.
fn bare(place: &Path, data: &[Array2<f64>], arrays: usize) -> Outcome<Seconds> {
    let mut seconds = Seconds::new();
    let bytes: Vec<&[u8]> =
        data.iter().filter_map(|array| array.as_slice().map(bytemuck::cast_slice)).collect();
    let metadata = vec![b' '; 400];
    timed(&mut seconds, "write", || {
        for n in 0..arrays {
            let directory = place.join(key(n));
            if n % 100 == 0 {
                std::fs::create_dir_all(directory.parent().unwrap_or(place))?;
            }
            std::fs::create_dir(&directory)?;
            std::fs::write(directory.join("c.0.0"), bytes[n % bytes.len()])?;
            std::fs::write(directory.join("zarr.json"), &metadata)?;
        }
        Ok(())
    })?;
    timed(&mut seconds, "list", || {
        let seen = walkdir::WalkDir::new(place).into_iter().filter(|entry| {
            entry
                .as_ref()
                .is_ok_and(|entry| entry.file_name() == "zarr.json" && std::fs::read(entry.path()).is_ok())
        });
        assert_eq!(seen.count(), arrays);
        Ok(())
    })?;
    timed(&mut seconds, "read", || {
        for n in 0..arrays {
            std::hint::black_box(std::fs::read(place.join(key(n)).join("c.0.0"))?);
        }
        Ok(())
    })?;
    Ok(seconds)
}

fn h5py(python: &Path, place: &Path, arrays: usize) -> Outcome<Seconds> {
    std::fs::create_dir(place)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/curves_h5py.py");
    let output = Command::new(python)
        .arg(script)
        .arg(place)
        .args(["--arrays", &arrays.to_string(), "--rounds", "1", "--keep"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let phases = ["write", "list", "read"].map(|phase| {
        let seconds = printed.pointer(&format!("/seconds/{phase}")).and_then(serde_json::Value::as_f64);
        seconds.map(|seconds| (phase.to_owned(), seconds))
    });
    phases.into_iter().collect::<Option<_>>().ok_or_else(|| format!("not understood: {printed}").into())
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn report(settings: &Settings, measured: &BTreeMap<&str, Vec<Seconds>>) {
    println!(
        "{} arrays of {ROWS} x {LEVELS} f64 in {}, median of {} rounds, seconds (ratio to calcstore, 1 thread)",
        settings.arrays,
        settings.directory.display(),
        settings.rounds
    );
    let of = |rounds: &[Seconds], phase: &str| median(rounds.iter().map(|seconds| seconds[phase]).collect());
    let ours = &measured["calcstore, 1 thread"];
    println!("{:24} {:>16} {:>16} {:>16}", "", "write", "list", "read");
    for (name, rounds) in measured {
        print!("{name:24}");
        for phase in ["write", "list", "read"] {
            let seconds = of(rounds, phase);
            print!(" {seconds:>8.3} ({:>4.1}x)", seconds / of(ours, phase));
        }
        println!();
    }
}
