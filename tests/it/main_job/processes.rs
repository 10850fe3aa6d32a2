//! Many processes: with a calculation each, and with one together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use calcstore::{Continue, DataStore, Status};

use super::{copy_of_demo, program, project};
use crate::program::example;

const PROCESSES: usize = 8;

/// The demo on a grid of so many km, of so many sites that each set of curves has several parts.
pub fn demo_on_a_grid(directory: &Path, spacing: u32) -> PathBuf {
    let grid = format!("region = 9.5 44.5, 11 44.5, 11 45.5, 9.5 45.5\nregion_grid_spacing = {spacing}");
    copy_of_demo(directory, |text| text.replace("sites = 10.1 45.05, 10.4 45.2", &grid))
}

pub fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for a process that succeeds and has nothing to complain about; gives what it said.
pub fn success(process: Child) -> String {
    let output = process.wait_with_output().unwrap();
    let (said, complaint) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success() && complaint.is_empty(), "{}: {said}{complaint}", output.status);
    said
}

/// All files of a calculation's results with their bytes: not those that hold times.
pub fn results(data: &Path, id: usize) -> BTreeMap<String, Vec<u8>> {
    let root = data.join(format!("calc_{id}/output.zarr"));
    let mut files = BTreeMap::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            match (path.is_dir(), name.as_str()) {
                (_, "input" | "performance_data" | "zarr.json") => {}
                (true, _) => directories.push(path),
                (false, _) => drop(files.insert(name, fs::read(path).unwrap())),
            }
        }
    }
    files
}

/// Compares the results of two calculations, byte by byte.
pub fn assert_same_results(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    for (name, bytes) in expected {
        assert!(*bytes == found[name], "{name} is not the same");
    }
}

#[test]
fn eight_processes_with_one_job_make_eight_calculations_that_are_the_same() {
    let data = tempfile::tempdir().unwrap();
    let job_ini = project("examples/classical_psha/demo/job.ini");
    let data = data.path();
    let processes: Vec<_> = (0..PROCESSES).map(|_| start(program(data).arg(&job_ini))).collect();
    let mut said: Vec<_> = processes.into_iter().map(success).collect();
    said.sort();
    for (place, said) in said.iter().enumerate() {
        let last = said.lines().last().unwrap().to_owned();
        assert_eq!(
            last,
            format!("See the results with hdfview {}/calc_{}/output.hdf5", data.display(), place + 1)
        );
    }
    let expected = results(data, 1);
    assert!(expected.len() > 40, "{}", expected.len());
    for id in 1..=PROCESSES {
        assert_same_results(&expected, &results(data, id));
        let store = DataStore::options().data_dir(data).open(id as i64).unwrap();
        assert_eq!(store.status().unwrap(), Status::Complete);
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    }
}

#[test]
fn eight_processes_share_one_calculation_and_the_last_to_end_combines_it() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    let (data, job_ini) = (data.path(), demo_on_a_grid(input.path(), 9));
    success(start(program(data).arg(&job_ini)));
    let said = success(start(program(data).arg("--prepare").arg(&job_ini)));
    assert_eq!(said, "Calculation 2 has 12 parts; compute them with --resume 2 [--share I/N]\n");
    // The calculation has kept all input.
    fs::remove_dir_all(input.path()).unwrap();
    let share = |number: usize| {
        let share = format!("{number}/{PROCESSES}");
        start(program(data).args(["--resume", "2", "--share", &share]))
    };
    let said: Vec<_> = (1..=PROCESSES).map(share).map(success).collect();
    // Two that save the last parts at the same time both combine them, which is the same as once.
    assert!(said.iter().any(|said| said.contains("See the results")), "{said:?}");
    assert!(
        said.iter().any(|said| said.contains("of 12 parts are saved; who saves the last one")),
        "{said:?}"
    );
    assert_same_results(&results(data, 1), &results(data, 2));
    let store = DataStore::options().data_dir(data).open(2).unwrap();
    assert_eq!(store.status().unwrap(), Status::Complete);
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    let shares: Vec<String> = store.get("/performance_data/share").unwrap();
    for number in 1..=PROCESSES {
        assert!(shares.contains(&format!("{number}/{PROCESSES}")), "{shares:?}");
    }
    assert!(data.join("calc_2/output.hdf5").exists());
}

#[test]
fn the_program_needs_nothing_of_the_directory_it_is_started_in() {
    let empty = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(example("classical_psha"));
    command.current_dir(empty.path()).env_clear().env("HOME", home.path());
    let said = success(start(command.arg("--plot").arg(project("examples/classical_psha/demo/job.ini"))));
    let directory = home.path().join("oqdata/calc_1");
    let last = format!("See the curves of PGA in {}/output-PGA.svg", directory.display());
    assert_eq!(said.lines().last(), Some(last.as_str()));
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
    let picture = fs::read_to_string(directory.join("output-PGA.svg")).unwrap();
    let document = roxmltree::Document::parse(&picture).unwrap();
    let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
    for text in ["Hazard curves of PGA: tiny two TRTs", "PGA (g)", "probability of exceedance in 50 years"] {
        assert!(texts.contains(&text), "{texts:?}");
    }
    for text in
        ["site 0: 10.1, 45.05", "site 1: 10.4, 45.2", "mean", "quantile 0.15", "quantile 0.85", "0.01", "1"]
    {
        assert!(texts.contains(&text), "{texts:?}");
    }
    // Two sites with a mean and three quantiles each.
    let is_curve = |node: &roxmltree::Node<'_, '_>| node.tag_name().name() == "polyline";
    assert_eq!(document.descendants().filter(is_curve).count(), 8);
}
