//! The example `classical_psha` as its users run it: from a job.ini to a store and to an HDF5 file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calcstore::{Continue, DataStore, Status, Table};

use crate::oracle::Program;
use crate::program::example;

mod hazard;
mod kills;
mod processes;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program, with the directory of its calculations.
fn program(data: &Path) -> Command {
    let mut program = Command::new(example("classical_psha"));
    program.env("OQ_DATADIR", data);
    program
}

fn run(job: &Path, data: &Path) -> Output {
    program(data).arg(job).output().unwrap()
}

/// Copies the demo to a directory, with its job.ini changed.
fn copy_of_demo(directory: &Path, change: impl Fn(&str) -> String) -> PathBuf {
    for entry in fs::read_dir(project("examples/classical_psha/demo")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
    }
    let job_ini = directory.join("job.ini");
    let text = change(&fs::read_to_string(&job_ini).unwrap());
    fs::write(&job_ini, text).unwrap();
    job_ini
}

/// Runs a job that succeeds; gives its store.
fn results(job: &str, data: &Path) -> DataStore {
    let output = run(&project(job), data);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    DataStore::options().data_dir(data).read_only(true).open(-1).unwrap()
}

/// One row of reference curves.
struct Reference {
    key: String,
    imt: String,
    site: usize,
    level: usize,
    probability: f64,
}

fn references(curves: &str) -> Vec<Reference> {
    let text = fs::read_to_string(project(curves)).unwrap();
    let mut found: Vec<Reference> = Vec::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (key, imt, site) =
            (format!("/{}/{}", cells[0], cells[2]), cells[3].to_owned(), cells[4].parse().unwrap());
        let same = found.last().filter(|last| (&last.key, &last.imt, last.site) == (&key, &imt, site));
        let level = same.map_or(0, |last| last.level + 1);
        found.push(Reference { key, imt, site, level, probability: cells[9].parse().unwrap() });
    }
    found
}

/// Compares stored curves with reference curves; gives the number of values.
fn compare(store: &DataStore, curves: &str) -> usize {
    let references = references(curves);
    for reference in &references {
        let table: Table = store.get(&reference.key).unwrap();
        let Some(calcstore::AnyArray::Float64(found)) = table.column(&reference.imt) else {
            panic!("{} has no column {}", reference.key, reference.imt)
        };
        let (found, expected) = (found[[reference.site, reference.level]], reference.probability);
        // The reference outlines ruptures roughly, which Joyner-Boore distances show; its 1 - exp(-x) rounds.
        let rough = reference.key.contains("BooreAtkinson2008") || reference.key.contains("ToroEtAl2002");
        let allowed = if rough { (1e-2 * expected).max(2e-4) } else { (1e-8 * expected).max(3e-16) };
        assert!(
            (found - expected).abs() <= allowed,
            "{} {} site {} level {}: {found}, not {expected}",
            reference.key,
            reference.imt,
            reference.site,
            reference.level
        );
    }
    references.len()
}

#[test]
fn the_demo_says_what_the_original_routine_says_and_its_curves_are_right() {
    let data = tempfile::tempdir().unwrap();
    let output = run(&project("examples/classical_psha/demo/job.ini"), data.path());
    let directory = data.path().join("calc_1");
    let said = format!(
        "Considering trt_model_id=0, TRT=Active Shallow Crust\n\
         Saving /0/BooreAtkinson2008\n\
         Saving /0/SadighEtAl1997\n\
         Considering trt_model_id=1, TRT=Stable Continental Crust\n\
         Saving /1/Campbell2003\n\
         Saving /1/ToroEtAl2002\n\
         See the results with hdfview {}/output.hdf5\n",
        directory.display()
    );
    assert_eq!(String::from_utf8(output.stdout).unwrap(), said);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));

    let store = DataStore::options().data_dir(data.path()).open(1).unwrap();
    let curves = "tests/data/psha/curves/tiny_two_trt.csv";
    assert_eq!(compare(&store, curves), 80);
    assert_eq!(store.status().unwrap(), Status::Complete);
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);

    let file = directory.join("output.hdf5");
    assert_eq!(Program::Python("curves_read.py").faults(&file, &project(curves)), Vec::<String>::new());
    assert_eq!(Program::Walk.faults(&file, Path::new("")), Vec::<String>::new());
}

#[test]
fn peer_case_10_is_that_of_the_engine_and_of_the_published_table() {
    let data = tempfile::tempdir().unwrap();
    let store = results("tests/data/psha/inputs/peer_s1c10_d2/job.ini", data.path());
    assert_eq!(compare(&store, "tests/data/psha/curves/peer_s1c10_d2.csv"), 72);

    let text = fs::read_to_string(project("tests/data/psha/tables/peer_2010_106_set1.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&text).unwrap();
    let probabilities =
        |site: &str| -> Vec<f64> { serde_json::from_value(published["case10"][site].clone()).unwrap() };
    let curves: ndarray::Array2<f64> = store.get("/0/SadighEtAl1997/PGA").unwrap();
    let mut compared = 0;
    // Sites are stored from south to north: the published ones the other way round.
    for (site, row) in [("site1", 3), ("site2", 2)] {
        for (level, expected) in probabilities(site).into_iter().enumerate().filter(|(_, p)| *p > 2e-5) {
            let found = curves[[row, level]];
            assert!((found / expected - 1.0).abs() < 0.05, "{site} level {level}: {found}, not {expected}");
            compared += 1;
        }
    }
    assert_eq!(compared, 14);
}

#[test]
fn wrong_input_is_one_line_and_makes_no_calculation() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    let job_ini = copy_of_demo(input.path(), str::to_owned);
    let model = input.path().join("source_model.xml");
    let text = fs::read_to_string(&model).unwrap();
    fs::write(&model, text.replace("pointSource", "balloonSource")).unwrap();
    let output = run(&job_ini, &data.path().join("oqdata"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("source_model.xml:6: balloonSource: unknown"), "{said}");
    assert!(!data.path().join("oqdata").exists());
}

#[test]
fn a_calculation_whose_export_fails_is_marked_as_failed() {
    let data = tempfile::tempdir().unwrap();
    // No file may be larger than 100 KiB: the values are smaller, the export is larger.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\""])
        .arg(example("classical_psha"))
        .arg(project("examples/classical_psha/demo/job.ini"))
        .env("OQ_DATADIR", data.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
    assert!(said.contains("output.hdf5"), "{said}");
    let store = DataStore::options().data_dir(data.path()).open(1).unwrap();
    assert_eq!(store.status().unwrap(), Status::Failed);
    let mut left: Vec<_> =
        fs::read_dir(store.calc_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".calcstore", "output.zarr"]);
}
