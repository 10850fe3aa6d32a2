//! Saving the hazard curves of a calculation: to a store, and to databases, in one run. The OpenQuake engine once kept
//! its curves in PostgreSQL; that a store of arrays saves them a hundred times faster is what it was built for.
//!
//! ```text
//! cargo bench --bench saving -- [--sites N] [--sets N] [--rounds N] [--dir DIRECTORY]
//! ```
//!
//! The store saves a table for each set of curves (a region and a ground-motion model), as the example
//! `classical_psha` does. A database gets a row for each value or for each curve, by single statements or in bulk, in one
//! transaction and without an index, which is its best case. All is on the disk at the end. PostgreSQL (`initdb`, `pg_ctl`,
//! `psql`: Debian's package `postgresql`) is started here and stopped again; it and SQLite (that of `python3`) are named as
//! skipped where they are missing. The parties take turns; the fastest round of each counts.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use calcstore::{DataStore, Table};
use ndarray::Array2;

type Outcome<T> = Result<T, Box<dyn Error>>;

const IMTS: [&str; 3] = ["PGA", "SA(0.2)", "SA(1.0)"];
const LEVELS: usize = 20;

/// The way that others are compared with.
const OURS: &str = "calcstore, a table per set";

/// A way of saving and the program that does it.
type Way<'a> = (&'static str, Box<dyn Fn(usize) -> Outcome<f64> + 'a>);

struct Settings {
    sites: usize,
    sets: usize,
    rounds: usize,
    directory: PathBuf,
}

fn main() -> Outcome<()> {
    let settings = settings()?;
    let scratch = tempfile::tempdir_in(&settings.directory)?;
    let curves = curves(&settings);
    let values = scratch.path().join("values");
    fs::write(&values, bytemuck::cast_slice::<f64, u8>(&curves))?;
    let scripts = scripts(scratch.path(), &curves)?;
    let server = Server::start(scratch.path());
    let save = |name: &'static str, flushed: bool| -> Way<'_> {
        let directory = scratch.path();
        let place = move |round: usize| directory.join(format!("store-{flushed}-{round}"));
        let (curves, sites) = (&curves, settings.sites);
        (name, Box::new(move |round| store(&place(round), curves, sites, flushed)))
    };
    let mut ways = vec![save(OURS, true), save("calcstore, not flushed", false)];
    match &server {
        Ok(server) => ways.extend(
            scripts
                .iter()
                .map(|(name, script)| -> Way<'_> { (*name, Box::new(move |_| server.run(script))) }),
        ),
        Err(why) => println!("skipped: PostgreSQL: {why}"),
    }
    if Command::new("python3").args(["-c", "import sqlite3"]).status().is_ok_and(|status| status.success()) {
        for (name, rows) in [("SQLite, a row per value", "value"), ("SQLite, a row per curve", "curve")] {
            let (values, scratch) = (&values, scratch.path());
            let database = move |round| scratch.join(format!("{rows}-{round}.sqlite"));
            ways.push((name, Box::new(move |round| sqlite(&database(round), values, rows))));
        }
    } else {
        println!("skipped: SQLite: no python3 with sqlite3");
    }
    let mut fastest: BTreeMap<&str, f64> = BTreeMap::new();
    for round in 0..settings.rounds {
        for (name, save) in &ways {
            let seconds = save(round)?;
            fastest.entry(name).and_modify(|least| *least = least.min(seconds)).or_insert(seconds);
        }
    }
    report(&settings, curves.len(), &ways, &fastest);
    Ok(())
}

fn settings() -> Outcome<Settings> {
    let mut settings = Settings { sites: 1000, sets: 6, rounds: 3, directory: std::env::temp_dir() };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--sites" => settings.sites = value()?.parse()?,
            "--sets" => settings.sets = value()?.parse()?,
            "--rounds" => settings.rounds = value()?.parse()?,
            "--dir" => settings.directory = value()?.into(),
            // What `cargo bench` and `cargo test` pass of their own accord.
            "--bench" | "--test" => {}
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    Ok(settings)
}

/// Smooth curves that fall with the level: set by set, measure by measure, site by site.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn curves(settings: &Settings) -> Vec<f64> {
    let (low, high) = (0.005_f64.ln(), 2.13_f64.ln());
    let count = settings.sets * IMTS.len() * settings.sites;
    let curve = |number: usize| {
        let x = number as f64;
        let rate = 1e-3 + (x * 0.618_033_988_749_894_9).fract() * 0.02;
        let slope = 1.0 + (x * 0.754_877_666_246_692_7).fract();
        (0..LEVELS).map(move |level| {
            let iml = (low + (high - low) * level as f64 / (LEVELS - 1) as f64).exp() / 0.1;
            -(-50.0 * rate * iml.powf(-slope)).exp_m1()
        })
    };
    (0..count).flat_map(curve).collect()
}

fn store(place: &Path, curves: &[f64], sites: usize, flushed: bool) -> Outcome<f64> {
    let arrays: Vec<Array2<f64>> = curves
        .chunks_exact(sites * LEVELS)
        .map(|values| Array2::from_shape_vec((sites, LEVELS), values.to_vec()))
        .collect::<Result<_, _>>()?;
    let start = Instant::now();
    let store = DataStore::at(place)?;
    for (set, arrays) in arrays.chunks_exact(IMTS.len()).enumerate() {
        let mut table = Table::new();
        for (imt, array) in IMTS.iter().zip(arrays) {
            table.push(imt, array)?;
        }
        store.insert(&format!("/{}/gsim_{}", set / 2, set % 2), &table)?;
    }
    if flushed {
        store.flush()?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let last: Array2<f64> = store.get("/0/gsim_0/PGA")?;
    assert_eq!(last, arrays[0]);
    Ok(seconds)
}

fn sqlite(database: &Path, values: &Path, rows: &str) -> Outcome<f64> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/saving_sqlite.py");
    let output = Command::new("python3")
        .arg(program)
        .args([database, values])
        .args([&LEVELS.to_string(), rows])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// Writes what psql is to do, beforehand, so that making the text is not measured.
fn scripts(directory: &Path, curves: &[f64]) -> Outcome<Vec<(&'static str, PathBuf)>> {
    let per_value = || {
        curves
            .chunks_exact(LEVELS)
            .enumerate()
            .flat_map(|(curve, poes)| poes.iter().enumerate().map(move |(level, poe)| (curve, level, *poe)))
    };
    let list = |poes: &[f64]| poes.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
    let per_curve = || curves.chunks_exact(LEVELS).enumerate().map(move |(curve, poes)| (curve, list(poes)));
    let values = "DROP TABLE IF EXISTS v; CREATE TABLE v (curve int, level int, poe float8);";
    let arrays = "DROP TABLE IF EXISTS c; CREATE TABLE c (curve int, poes float8[]);";
    let mut texts = [values, arrays, values, arrays].map(|create| format!("BEGIN; {create}\n"));
    let [value_insert, curve_insert, value_copy, curve_copy] = &mut texts;
    value_insert.push_str("PREPARE p (int, int, float8) AS INSERT INTO v VALUES ($1, $2, $3);\n");
    curve_insert.push_str("PREPARE p (int, float8[]) AS INSERT INTO c VALUES ($1, $2);\n");
    value_copy.push_str("COPY v FROM STDIN;\n");
    curve_copy.push_str("COPY c FROM STDIN;\n");
    for (curve, level, poe) in per_value() {
        writeln!(value_insert, "EXECUTE p ({curve}, {level}, {poe});")?;
        writeln!(value_copy, "{curve}\t{level}\t{poe}")?;
    }
    for (curve, poes) in per_curve() {
        writeln!(curve_insert, "EXECUTE p ({curve}, '{{{poes}}}');")?;
        writeln!(curve_copy, "{curve}\t{{{poes}}}")?;
    }
    value_copy.push_str("\\.\n");
    curve_copy.push_str("\\.\n");
    value_insert.push_str("DEALLOCATE p;\n");
    curve_insert.push_str("DEALLOCATE p;\n");
    let names = [
        "PostgreSQL, INSERT a row per value",
        "PostgreSQL, INSERT a row per curve",
        "PostgreSQL, COPY a row per value",
        "PostgreSQL, COPY a row per curve",
    ];
    let mut scripts = Vec::new();
    for (number, (name, text)) in names.into_iter().zip(&texts).enumerate() {
        let script = directory.join(format!("{number}.sql"));
        fs::write(&script, format!("{text}COMMIT;\n"))?;
        scripts.push((name, script));
    }
    Ok(scripts)
}

/// A PostgreSQL server of our own, reached through a socket in its directory.
struct Server {
    directory: PathBuf,
    programs: PathBuf,
}

impl Server {
    fn start(scratch: &Path) -> Outcome<Self> {
        let programs = find_programs().ok_or("initdb is missing; Debian's package postgresql has it")?;
        let server = Self { directory: scratch.join("postgresql"), programs };
        fs::create_dir(&server.directory)?;
        if is_root()? {
            // It refuses to run as root.
            quietly(Command::new("chown").arg("nobody").arg(&server.directory))?;
            quietly(Command::new("chmod").args(["a+x", "--"]).arg(scratch))?;
        }
        let data = server.directory.join("data");
        quietly(server.command("initdb")?.args(["-A", "trust", "-U", "bench", "-D"]).arg(&data))?;
        let options = format!("-k {} -h ''", server.directory.display());
        let log = server.directory.join("log");
        quietly(
            server
                .command("pg_ctl")?
                .arg("-D")
                .arg(&data)
                .args(["-w", "-o", &options, "-l"])
                .arg(log)
                .arg("start"),
        )?;
        Ok(server)
    }

    /// A program of the server, run as a user other than root.
    fn command(&self, program: &str) -> Outcome<Command> {
        let path = self.programs.join(program);
        let mut command = if is_root()? { Command::new("runuser") } else { Command::new(&path) };
        if is_root()? {
            command.args(["-u", "nobody", "--"]).arg(path);
        }
        command.current_dir(&self.directory);
        Ok(command)
    }

    fn run(&self, script: &Path) -> Outcome<f64> {
        let mut psql = Command::new("psql");
        psql.arg("-h").arg(&self.directory).args([
            "-U",
            "bench",
            "-d",
            "postgres",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
        ]);
        let start = Instant::now();
        quietly(psql.arg(script))?;
        Ok(start.elapsed().as_secs_f64())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut command) = self.command("pg_ctl") {
            let _ =
                quietly(command.arg("-D").arg(self.directory.join("data")).args(["-m", "immediate", "stop"]));
        }
    }
}

/// Finds the directory of the server's programs: Debian keeps them out of the path.
fn find_programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.extend(std::env::split_paths(&std::env::var_os("PATH")?));
    places.into_iter().rev().find(|place| place.join("initdb").exists())
}

fn is_root() -> Outcome<bool> {
    Ok(String::from_utf8(Command::new("id").arg("-u").output()?.stdout)?.trim() == "0")
}

/// Runs a program that is to say nothing.
fn quietly(command: &mut Command) -> Outcome<()> {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?
        .wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Err(format!("{}: {said}", command.get_program().display()).into())
}

#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn report(settings: &Settings, values: usize, ways: &[Way<'_>], fastest: &BTreeMap<&str, f64>) {
    let Settings { sites, sets, rounds, .. } = settings;
    println!(
        "{sets} sets of curves, {sites} sites, {} measures of {LEVELS} levels: {values} values, {} curves; best of {rounds}",
        IMTS.len(),
        values / LEVELS
    );
    let ours = fastest[OURS];
    println!("{:<36} {:>10} {:>12} {:>10}", "", "seconds", "values/s", "× calcstore");
    for (name, _) in ways {
        let seconds = fastest[name];
        println!("{name:<36} {seconds:>10.4} {:>12.0} {:>10.1}", values as f64 / seconds, seconds / ours);
    }
}
