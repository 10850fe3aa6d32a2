//! Saving the hazard curves of a calculation: to a store, and to databases. The OpenQuake engine once kept its curves in
//! PostgreSQL; that a store of arrays saves them a hundred times faster is what it was built for.
//!
//! The store saves a table for each set of curves (a region and a ground-motion model), as the example `classical_psha` does. A
//! database gets a row for each value or for each curve, by single statements or in bulk, in one transaction and without an
//! index, which is its best case.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use calcstore::{DataStore, Table};
use ndarray::Array2;

use crate::Outcome;
use crate::given;
use crate::party::{Party, Round, Task, us, with};
use crate::postgresql::Server;
use crate::tables::sum_of_columns;

const IMTS: [&str; 3] = ["PGA", "SA(0.2)", "SA(1.0)"];
const SETS: usize = 6;
const LEVELS: usize = 20;

pub const PARTIES: &[Party] = &[
    us("calcstore, a table per set", |task| store(task, true)),
    us("calcstore, not flushed", |task| store(task, false)),
    with("initdb", "PostgreSQL, INSERT a row per value", |task| postgresql(task, "value_insert")),
    with("initdb", "PostgreSQL, INSERT a row per curve", |task| postgresql(task, "curve_insert")),
    with("initdb", "PostgreSQL, COPY a row per value", |task| postgresql(task, "value_copy")),
    with("initdb", "PostgreSQL, COPY a row per curve", |task| postgresql(task, "curve_copy")),
    with("python3", "SQLite, a row per value", |task| sqlite(task, "value")),
    with("python3", "SQLite, a row per curve", |task| sqlite(task, "curve")),
];

/// Set by set, measure by measure, site by site; and what psql is to do, so that making the text is not measured.
pub fn prepare(task: &Task) -> Outcome<f64> {
    let curves = given::curves_like(0, SETS * IMTS.len() * task.count, LEVELS)?.into_raw_vec_and_offset().0;
    given::write(&task.given, &curves)?;
    let values = "BEGIN; DROP TABLE IF EXISTS v; CREATE TABLE v (curve int, level int, poe float8);\n";
    let arrays = "BEGIN; DROP TABLE IF EXISTS c; CREATE TABLE c (curve int, poes float8[]);\n";
    let mut value_insert =
        format!("{values}PREPARE p (int, int, float8) AS INSERT INTO v VALUES ($1, $2, $3);\n");
    let mut curve_insert = format!("{arrays}PREPARE p (int, float8[]) AS INSERT INTO c VALUES ($1, $2);\n");
    let mut value_copy = format!("{values}COPY v FROM STDIN;\n");
    let mut curve_copy = format!("{arrays}COPY c FROM STDIN;\n");
    for (curve, poes) in curves.chunks_exact(LEVELS).enumerate() {
        for (level, poe) in poes.iter().enumerate() {
            writeln!(value_insert, "EXECUTE p ({curve}, {level}, {poe});")?;
            writeln!(value_copy, "{curve}\t{level}\t{poe}")?;
        }
        let poes = poes.iter().map(f64::to_string).collect::<Vec<_>>().join(",");
        writeln!(curve_insert, "EXECUTE p ({curve}, '{{{poes}}}');")?;
        writeln!(curve_copy, "{curve}\t{{{poes}}}")?;
    }
    for (name, text, end) in [
        ("value_insert", value_insert, "DEALLOCATE p;"),
        ("curve_insert", curve_insert, "DEALLOCATE p;"),
        ("value_copy", value_copy, "\\."),
        ("curve_copy", curve_copy, "\\."),
    ] {
        fs::write(task.given.join(name).with_extension("sql"), format!("{text}{end}\nCOMMIT;\n"))?;
    }
    Ok(curves.iter().sum())
}

fn store(task: &Task, flushed: bool) -> Outcome<Round> {
    let curves = given::read(&task.given)?;
    let arrays: Vec<Array2<f64>> = curves
        .chunks_exact(task.count * LEVELS)
        .map(|values| Array2::from_shape_vec((task.count, LEVELS), values.to_vec()))
        .collect::<Result<_, _>>()?;
    let mut round = Round::default();
    let key = |set: usize| format!("/{}/gsim_{}", set / 2, set % 2);
    let store = round.time("write", || {
        let store = DataStore::at(&task.place)?;
        for (set, arrays) in arrays.chunks_exact(IMTS.len()).enumerate() {
            let mut table = Table::new();
            for (imt, array) in IMTS.iter().zip(arrays) {
                table.push(imt, array)?;
            }
            store.insert(&key(set), &table)?;
        }
        if flushed {
            store.flush()?;
        }
        Ok(store)
    })?;
    let tables = (0..SETS).map(|set| store.get::<Table>(&key(set)));
    let sum = tables.map(|table| table.map(|table| sum_of_columns(&table))).sum::<Result<f64, _>>()?;
    round.sum = Some(sum);
    Ok(round)
}

fn postgresql(task: &Task, script: &str) -> Outcome<Round> {
    fs::create_dir_all(&task.place)?;
    let server = Server::start(&task.place)?;
    let script = task.given.join(script).with_extension("sql");
    let mut round = Round::default();
    round.time("write", || server.run(&script))?;
    Ok(round)
}

fn sqlite(task: &Task, rows: &str) -> Outcome<Round> {
    fs::create_dir_all(&task.place)?;
    let program = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/saving_sqlite.py");
    let output = Command::new("python3")
        .arg(program)
        .args([task.place.join("a.sqlite"), task.given.join("elements")])
        .args([&LEVELS.to_string(), rows])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let seconds = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Round { seconds: [("write".to_owned(), seconds)].into(), ..Round::default() })
}
