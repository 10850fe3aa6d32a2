//! The export to HDF5 and the import from it.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use calcstore::{Compression, DataStore, Table};
use ndarray::{Array1, Array2, Array4};

use crate::Outcome;
use crate::given::{curves_like, key, of};
use crate::party::{Party, Round, Task, find, python, us, with};

pub const EXPORTS: &[Party] = &[
    us("calcstore", export),
    with("cp", "limit: cp", |task| copy(task, "cp", false)),
    with("cp", "limit: cp, fsync", |task| copy(task, "cp", true)),
    python("h5py", "h5py, write the same"),
    python("h5py", "h5py, copy"),
    with("h5repack", "h5repack", |task| copy(task, "h5repack", false)),
    with("nccopy", "nccopy", |task| copy(task, "nccopy", false)),
];

pub const IMPORTS: &[Party] = &[
    us("calcstore", import),
    with("cp", "limit: cp", |task| copy(task, "cp", false)),
    python("h5py", "h5py, copy"),
    python("h5py", "h5py, read"),
];

/// The store that is exported, and the file that it makes.
pub fn prepare(task: &Task) -> Outcome<f64> {
    let store = DataStore::at(task.given.join("store"))?;
    fill(&store, &task.workload, task.count)?;
    store.hdf5_export().file(task.given.join("a.h5")).run()?;
    Ok(0.0)
}

/// Puts the values of a workload into a store; `peers.py` makes the same.
fn fill(store: &DataStore, workload: &str, count: usize) -> Outcome<()> {
    match workload {
        "export-curves" | "import-curves" | "program" => {
            let curves: Vec<Array2<f64>> =
                (0..16).map(|n| curves_like(n * 7919, 100, 20)).collect::<Outcome<_>>()?;
            store.extend((0..count).map(|n| (key(n), &curves[n % 16])))?;
        }
        "export-datasets" => {
            let key = |n: usize| format!("g{:03}/{:03}", n / 1000, n % 1000);
            store.extend((0..count).map(|n| (key(n), of(n))))?;
        }
        "export-group" => store.extend((0..count).map(|n| (format!("wide/{n:05}"), of(n))))?,
        "export-big" | "export-gzip" => {
            // In parts, so that whoever fills a store does not need the memory.
            let packed = if workload == "export-gzip" { Compression::gzip(4)? } else { Compression::NONE };
            let new = store.new_dataset("a").compression(packed).chunks([512, 1024]);
            let dataset = new.create::<f64>(&[count as u64, 1024])?;
            for start in (0..count).step_by(4096) {
                let rows = 4096.min(count - start);
                dataset.write(ndarray::s![start..start + rows, ..], curves_like(start, rows, 1024)?)?;
            }
        }
        "export-chunks" => {
            let values = Array1::from_shape_fn(count * 8, of);
            // What has chunks of its own, and is to grow, has them in the file, too.
            store.new_dataset("a").chunks([8]).insert(&values)?;
        }
        _ => calculation(store, count)?,
    }
    Ok(())
}

/// What a calculation of the `OpenQuake` engine keeps: compounds, columns of one axis, statistics of four, text.
fn calculation(store: &DataStore, count: usize) -> Outcome<()> {
    let sites = count / 100;
    let column = |scale: f64| (0..sites).map(|n| of(n) * scale).collect::<Vec<f64>>();
    let mut mesh = Table::new();
    for (name, scale) in [("lon", 1e-4), ("lat", 2e-4), ("depth", 0.0), ("vs30", 0.1)] {
        mesh.push(name, column(scale))?;
    }
    mesh.push("custom_site_id", (0..sites).map(|n| format!("site{n:06}")).collect::<Vec<_>>())?;
    store.insert("/sitecol", mesh)?;
    for name in ["eid", "sid"] {
        store.insert(
            &format!("/gmf_data/{name}"),
            Array1::from_shape_fn(count, |n| u32::try_from(n % sites).unwrap_or(0)),
        )?;
    }
    for name in ["gmv_0", "gmv_1", "gmv_2"] {
        #[expect(clippy::cast_possible_truncation, reason = "what the engine stores")]
        store.insert(
            &format!("/gmf_data/{name}"),
            Array1::from_shape_fn(count, |n| (of(n) * 1e-3).sin() as f32),
        )?;
    }
    let curves = curves_like(0, sites * 2 * 3, 20)?.into_raw_vec_and_offset().0;
    store.insert("/hcurves-stats", Array4::from_shape_vec((sites, 2, 3, 20), curves)?)?;
    store.insert("/oqparam", r#"{"calculation_mode": "event_based"}"#)?;
    for n in 0..200 {
        store.insert(&format!("/_poes/{n:03}"), curves_like(n, 100, 60)?)?;
    }
    Ok(())
}

fn export(task: &Task) -> Outcome<Round> {
    std::fs::create_dir(&task.place)?;
    let mut round = Round::default();
    round.time("run", || {
        let store = DataStore::options().read_only(true).at(task.given.join("store"))?;
        Ok(store.hdf5_export().file(task.place.join("a.h5")).run()?)
    })?;
    Ok(round)
}

fn import(task: &Task) -> Outcome<Round> {
    let mut round = Round::default();
    round.time("run", || Ok(DataStore::at(&task.place)?.hdf5_import(task.given.join("a.h5")).run()?))?;
    Ok(round)
}

/// Copies the file by another program.
fn copy(task: &Task, program: &str, flush: bool) -> Outcome<Round> {
    std::fs::create_dir(&task.place)?;
    let (from, to) = (task.given.join("a.h5"), task.place.join("a.h5"));
    let mut round = Round::default();
    let most = round.time("run", || {
        let most = run(program, &from, &to)?;
        if flush {
            File::open(&to)?.sync_all()?;
        }
        Ok(most)
    })?;
    round.mib = Some(most);
    Ok(round)
}

/// Runs a program and gives the most memory that it had, in MiB.
fn run(program: &str, from: &Path, to: &Path) -> Outcome<f64> {
    let mut command = Command::new(find(program).ok_or("no program")?);
    let mut child = command.args([from, to]).stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut most: f64 = 0.0;
    loop {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
        most = most.max(kib.and_then(|kib| kib.parse().ok()).unwrap_or(0.0) / 1024.0);
        match child.try_wait()? {
            Some(ended) if ended.success() => return Ok(most),
            Some(ended) => return Err(format!("{program} ended with {ended}").into()),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
