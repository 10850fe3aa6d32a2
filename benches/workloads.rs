//! Large arrays: written and read whole, compressed, made longer, read in slices and row by row; beside h5py, zarr-python,
//! tensorstore, numpy and the limit, which is what the same bytes take without any format.
//!
//! ```text
//! cargo bench --bench workloads -- [big] [small-chunks] [packed] [append] [slices] [rows]
//!                                  [--scale S] [--rounds N] [--dir DIRECTORY]
//! ```
//!
//! Without a name all are measured. `--scale 1`, the default, is 1 GiB; `--dir` lies in the file system to be
//! measured. The parties take turns, so that a machine whose speed drifts treats them alike; ratios are the result.
//! Everyone gets the same elements, and what was read has to have their sum.
//!
//! `CALCSTORE_ORACLE_PYTHON` names a Python with the peers (`. target/oracles/env` after `tests/run`); without it
//! they are left out.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use calcstore::{Compression, DataStore};
use ndarray::{Array2, s};
use rayon::prelude::*;

type Outcome<T> = Result<T, Box<dyn Error>>;

const WORKLOADS: [&str; 6] = ["big", "small-chunks", "packed", "append", "slices", "rows"];

const LEVELS: usize = 1024;

/// Rows of a batch that is appended.
const BATCH: usize = 10_000;

/// So many slices of so many rows each are read, from chunks of so many rows.
#[derive(Clone, Copy)]
struct Slices {
    count: usize,
    rows: usize,
    chunk: usize,
}

const SLICES: Slices = Slices { count: 1000, rows: 100, chunk: 128 };
const ROWS: Slices = Slices { count: 10_000, rows: 1, chunk: 8 };

struct Settings {
    workloads: Vec<String>,
    scale: f64,
    rounds: usize,
    directory: PathBuf,
    python: Option<PathBuf>,
}

/// What a party took for one round, and the sum of what it read.
#[derive(Default)]
struct Round {
    seconds: BTreeMap<String, f64>,
    sum: f64,
    bytes: u64,
    files: usize,
}

/// What everyone is given.
struct Given {
    array: Array2<f64>,
    batch: Array2<f32>,
    batches: usize,
    slices: Slices,
    /// The elements of the workload in a file, for those who are other programs.
    file: PathBuf,
}

type Work = Box<dyn Fn(&Path, &Given) -> Outcome<Round>>;

/// One that is measured.
struct Party {
    name: &'static str,
    work: Work,
}

fn main() -> Outcome<()> {
    let settings = settings()?;
    for workload in &settings.workloads {
        let scratch = tempfile::tempdir_in(&settings.directory)?;
        let given = given(workload, settings.scale, scratch.path())?;
        let expected = match workload.as_str() {
            "append" => given.batch.iter().map(|x| f64::from(*x)).sum::<f64>() * of(given.batches),
            "slices" | "rows" => {
                let slice = |at| given.array.slice(s![at..at + given.slices.rows, ..]).sum();
                starts(&given).map(slice).sum()
            }
            _ => given.array.sum(),
        };
        let parties = parties(workload, settings.python.as_deref());
        let cuts_one_dataset = ["slices", "rows"].contains(&workload.as_str());
        let mut measured: Vec<Vec<Round>> = parties.iter().map(|_| Vec::new()).collect();
        for _ in 0..settings.rounds {
            for (n, party) in parties.iter().enumerate() {
                let place = scratch.path().join(n.to_string());
                let mut round = (party.work)(&place, &given).map_err(|e| format!("{}: {e}", party.name))?;
                let sum = round.sum;
                let is_same = (sum - expected).abs() <= 1e-9 * expected;
                assert!(is_same, "{} read the sum {sum}, where {expected} belongs", party.name);
                (round.bytes, round.files) = size(&place)?;
                measured[n].push(round);
                // So much would not fit into memory several times.
                if !cuts_one_dataset {
                    std::fs::remove_dir_all(&place)?;
                }
            }
        }
        report(workload, &settings, &parties, &measured);
    }
    Ok(())
}

fn settings() -> Outcome<Settings> {
    let python = std::env::var_os("CALCSTORE_ORACLE_PYTHON").map(PathBuf::from);
    let directory = std::env::temp_dir();
    let mut settings = Settings { workloads: Vec::new(), scale: 1.0, rounds: 5, directory, python };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--scale" => settings.scale = value()?.parse()?,
            "--rounds" => settings.rounds = value()?.parse()?,
            "--dir" => settings.directory = value()?.into(),
            // What `cargo bench` and `cargo test` pass of their own accord.
            "--bench" | "--test" => {}
            name if WORKLOADS.contains(&name) => settings.workloads.push(argument),
            other => return Err(format!("unknown argument {other}; the workloads are {WORKLOADS:?}").into()),
        }
    }
    if settings.workloads.is_empty() {
        settings.workloads = WORKLOADS.map(String::from).to_vec();
    }
    Ok(settings)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers are small")]
fn given(workload: &str, scale: f64, scratch: &Path) -> Outcome<Given> {
    let scaled = |whole: usize, least: usize| ((of(whole) * scale) as usize).max(least);
    let rows = match workload {
        "append" => 0,
        "packed" => scaled(32_768, 256),
        _ => scaled(131_072, 2000),
    };
    let array = curves_like(rows, LEVELS)?;
    let batch = curves_like(BATCH, 4)?.mapv(|x| x as f32);
    let file = scratch.join("elements");
    let bytes: Option<&[u8]> = match workload {
        "append" => batch.as_slice().map(bytemuck::cast_slice),
        _ => array.as_slice().map(bytemuck::cast_slice),
    };
    std::fs::write(&file, bytes.unwrap_or_default())?;
    let slices = if workload == "rows" { ROWS } else { SLICES };
    Ok(Given { array, batch, batches: scaled(1000, 1), slices, file })
}

/// Smooth, decreasing along a row, different in every row.
fn curves_like(rows: usize, levels: usize) -> Outcome<Array2<f64>> {
    let (low, high) = (0.005_f64.ln(), 2.13_f64.ln());
    let imls: Vec<f64> =
        (0..levels).map(|n| (low + (high - low) * of(n) / of(levels - 1)).exp() / 0.1).collect();
    let mut values = vec![0.0; rows * levels];
    values.par_chunks_mut(levels).enumerate().for_each(|(row, values)| {
        let rate = 1e-3 + (of(row) * 0.618_033_988_749_894_9).fract() * 0.02;
        let slope = 1.0 + (of(row) * 0.754_877_666_246_692_7).fract();
        for (value, iml) in values.iter_mut().zip(&imls) {
            *value = -(-50.0 * rate * iml.powf(-slope)).exp_m1();
        }
    });
    Ok(Array2::from_shape_vec((rows, levels), values)?)
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn of(number: usize) -> f64 {
    number as f64
}

fn starts(given: &Given) -> impl Iterator<Item = usize> + use<> {
    let last = given.array.nrows() - given.slices.rows;
    (0..given.slices.count).map(move |n| n * 7919 % last)
}

fn parties(workload: &str, python: Option<&Path>) -> Vec<Party> {
    let (mut parties, peers): (_, &[&'static str]) = match workload {
        "append" => (appenders(), &["h5py", "zarr-python"]),
        "slices" | "rows" => (slicers(), &["h5py", "zarr-python", "tensorstore", "numpy"]),
        "packed" => (
            packers(),
            &[
                "zarr-python, blosc 5",
                "zarr-python, blosc 3",
                "zarr-python, zstd",
                "tensorstore, blosc 5",
                "h5py, gzip 4",
                "C library, blosc 5",
            ],
        ),
        _ => {
            let rows = if workload == "big" { 128 } else { 8 };
            let work = move |place: &Path, given: &Given| whole(place, given, rows, Compression::NONE);
            (
                vec![party("calcstore", work), party("limit: write, read", whole_bare)],
                &["h5py", "h5py, contiguous", "zarr-python", "tensorstore", "numpy"],
            )
        }
    };
    if let Some(python) = python {
        parties.extend(peers.iter().map(|name| peer(workload, name, python)));
    }
    parties
}

fn party(name: &'static str, work: impl Fn(&Path, &Given) -> Outcome<Round> + 'static) -> Party {
    Party { name, work: Box::new(work) }
}

fn appenders() -> Vec<Party> {
    vec![
        party("calcstore, append", |place, given| append(place, given, false)),
        party("calcstore, appender", |place, given| append(place, given, true)),
        party("limit: write", append_bare),
    ]
}

fn slicers() -> Vec<Party> {
    vec![
        party("calcstore", |place, given| slices(place, given, true)),
        party("calcstore, verify(false)", |place, given| slices(place, given, false)),
        party("calcstore, read_into", slices_into),
        party("limit: pread", |place, given| slices_bare(place, given, false)),
        party("limit: pread, crc32c", |place, given| slices_bare(place, given, true)),
    ]
}

fn packers() -> Vec<Party> {
    vec![
        party("calcstore, blosc 5", |place, given| whole(place, given, 128, Compression::blosc(5)?)),
        party("calcstore, blosc 3", |place, given| whole(place, given, 128, Compression::blosc(3)?)),
        party("calcstore, zstd 3", |place, given| whole(place, given, 128, Compression::zstd(3)?)),
    ]
}

fn timed<T>(round: &mut Round, phase: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let done = work()?;
    round.seconds.insert(phase.to_owned(), start.elapsed().as_secs_f64());
    Ok(done)
}

fn whole(place: &Path, given: &Given, rows: u64, compression: Compression) -> Outcome<Round> {
    let mut round = Round::default();
    timed(&mut round, "write", || {
        let store = DataStore::at(place)?;
        Ok(store.new_dataset("a").chunks([rows, 1024]).compression(compression).insert(&given.array)?)
    })?;
    let array: Array2<f64> =
        timed(&mut round, "read", || Ok(DataStore::options().read_only(true).at(place)?.get("a")?))?;
    round.sum = array.sum();
    Ok(round)
}

fn whole_bare(place: &Path, given: &Given) -> Outcome<Round> {
    std::fs::create_dir(place)?;
    let (mut round, file) = (Round::default(), place.join("a"));
    let bytes = bytemuck::cast_slice(given.array.as_slice().unwrap_or_default());
    timed(&mut round, "write", || Ok(std::fs::write(&file, bytes)?))?;
    let array: Vec<f64> = timed(&mut round, "read", || {
        let mut array = vec![0.0; given.array.len()];
        File::open(&file)?.read_exact_at(bytemuck::cast_slice_mut(&mut array), 0)?;
        Ok(array)
    })?;
    round.sum = array.iter().sum();
    Ok(round)
}

fn append(place: &Path, given: &Given, gather: bool) -> Outcome<Round> {
    let mut round = Round::default();
    timed(&mut round, "write", || {
        let store = DataStore::at(place)?;
        let dataset = store.new_dataset("a").create::<f32>(&[0, 4])?;
        if gather {
            let mut appender = dataset.appender();
            (0..given.batches).try_for_each(|_| appender.append(&given.batch))?;
            appender.finish()?;
        } else {
            (0..given.batches).try_for_each(|_| dataset.append(&given.batch).map(|_| ()))?;
        }
        Ok(())
    })?;
    let array: Array2<f32> =
        timed(&mut round, "read", || Ok(DataStore::options().read_only(true).at(place)?.get("a")?))?;
    round.sum = array.iter().map(|x| f64::from(*x)).sum();
    Ok(round)
}

fn append_bare(place: &Path, given: &Given) -> Outcome<Round> {
    std::fs::create_dir(place)?;
    let (mut round, path) = (Round::default(), place.join("a"));
    let batch: &[u8] = bytemuck::cast_slice(given.batch.as_slice().unwrap_or_default());
    timed(&mut round, "write", || {
        let mut file = File::options().create(true).append(true).open(&path)?;
        Ok((0..given.batches).try_for_each(|_| file.write_all(batch))?)
    })?;
    let array: Vec<f32> = timed(&mut round, "read", || {
        let mut array = vec![0.0; given.batch.len() * given.batches];
        File::open(&path)?.read_exact_at(bytemuck::cast_slice_mut(&mut array), 0)?;
        Ok(array)
    })?;
    round.sum = array.iter().map(|x| f64::from(*x)).sum();
    Ok(round)
}

/// Makes the dataset in the first round.
fn sliced(place: &Path, given: &Given) -> Outcome<DataStore> {
    if !place.exists() {
        DataStore::at(place)?
            .new_dataset("a")
            .chunks([given.slices.chunk as u64, 1024])
            .insert(&given.array)?;
    }
    Ok(DataStore::options().read_only(true).at(place)?)
}

fn slices(place: &Path, given: &Given, verify: bool) -> Outcome<Round> {
    let (store, mut round) = (sliced(place, given)?, Round::default());
    let blocks: Vec<Array2<f64>> = timed(&mut round, "read", || {
        let dataset = store.dataset("a")?.verify(verify);
        Ok(starts(given)
            .map(|at| dataset.read(s![at..at + given.slices.rows, ..]))
            .collect::<Result<_, _>>()?)
    })?;
    round.sum = blocks.iter().map(|block| block.sum()).sum();
    Ok(round)
}

/// Into memory that is there already.
fn slices_into(place: &Path, given: &Given) -> Outcome<Round> {
    let (store, mut round) = (sliced(place, given)?, Round::default());
    let mut blocks = vec![Array2::from_elem((given.slices.rows, LEVELS), -1.0); given.slices.count];
    timed(&mut round, "read", || {
        let dataset = store.dataset("a")?;
        for (at, block) in starts(given).zip(&mut blocks) {
            dataset.read_into(s![at..at + given.slices.rows, ..], block.view_mut())?;
        }
        Ok(())
    })?;
    round.sum = blocks.iter().map(|block| block.sum()).sum();
    Ok(round)
}

/// The same bytes from one file: those of the slices, or the whole chunks that they lie in with a checksum of each.
fn slices_bare(place: &Path, given: &Given, verify: bool) -> Outcome<Round> {
    const ROW: usize = LEVELS * 8;
    if !place.exists() {
        std::fs::create_dir(place)?;
        std::fs::write(place.join("a"), bytemuck::cast_slice(given.array.as_slice().unwrap_or_default()))?;
    }
    let (file, mut round) = (File::open(place.join("a"))?, Round::default());
    let Slices { rows, chunk: chunk_rows, .. } = given.slices;
    let mut chunk = vec![0; chunk_rows * ROW];
    let blocks: Vec<Vec<f64>> = timed(&mut round, "read", || {
        let read = |at: usize| {
            let mut block = vec![0.0; rows * LEVELS];
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut block);
            if !verify {
                file.read_exact_at(bytes, (at * ROW) as u64)?;
                return Ok(block);
            }
            for start in (at / chunk_rows * chunk_rows..at + rows).step_by(chunk_rows) {
                let chunk = &mut chunk[..chunk_rows.min(given.array.nrows() - start) * ROW];
                file.read_exact_at(chunk, (start * ROW) as u64)?;
                std::hint::black_box(crc32c::crc32c(chunk));
                let (from, to) = (at.max(start), (at + rows).min(start + chunk_rows));
                let wanted = &chunk[(from - start) * ROW..(to - start) * ROW];
                bytes[(from - at) * ROW..(to - at) * ROW].copy_from_slice(wanted);
            }
            Ok(block)
        };
        starts(given).map(read).collect()
    })?;
    round.sum = blocks.iter().flatten().sum();
    Ok(round)
}

/// Another program.
fn peer(workload: &str, name: &'static str, python: &Path) -> Party {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py");
    let (workload, python) = (workload.to_owned(), python.to_owned());
    let work = move |place: &Path, given: &Given| {
        let mut command = Command::new(&python);
        command.arg(&script).args([&workload, name]).arg(&given.file).arg(place);
        let output = command.args(["--batches", &given.batches.to_string()]).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let seconds = serde_json::from_value(printed["seconds"].clone())?;
        Ok(Round { seconds, sum: printed["sum"].as_f64().unwrap_or(f64::NAN), ..Round::default() })
    };
    party(name, work)
}

/// The bytes and the number of the files below a directory.
fn size(place: &Path) -> Outcome<(u64, usize)> {
    let (mut bytes, mut files) = (0, 0);
    for entry in walkdir::WalkDir::new(place) {
        let metadata = entry?.metadata()?;
        if metadata.is_file() {
            (bytes, files) = (bytes + metadata.len(), files + 1);
        }
    }
    Ok((bytes, files))
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

fn report(workload: &str, settings: &Settings, parties: &[Party], measured: &[Vec<Round>]) {
    let (rounds, scale, directory) = (settings.rounds, settings.scale, settings.directory.display());
    println!(
        "\n{workload}, scale {scale}, in {directory}: median of {rounds} rounds, seconds (ratio to calcstore)"
    );
    let seconds =
        |n: usize, phase: &str| median(measured[n].iter().map(|round| round.seconds[phase]).collect());
    for (n, party) in parties.iter().enumerate() {
        print!("{:26}", party.name);
        for phase in ["write", "read"].iter().filter(|phase| measured[0][0].seconds.contains_key(**phase)) {
            let (took, ours) = (seconds(n, phase), seconds(0, phase));
            print!(" {phase} {took:>8.3} ({:>5.2}x)", took / ours);
        }
        let last = &measured[n][rounds - 1];
        println!("  {:>11} bytes in {} files", last.bytes, last.files);
    }
}
