//! Damaged input: each fault is told in one line that names the file and the place.

use std::fs;
use std::path::Path;

use crate::error::{InputError, Result};
use crate::job::Job;
use crate::test_data::package_file;
use crate::{logic_tree, sites};

mod models;
mod parameters;

/// A fault: the calculation, the file, what is replaced by what there, and the line that the user must get.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str);

const DEMO: &str = "examples/classical_psha/demo";
const AREA: &str = "tests/data/psha/inputs/peer_s1c10_d2";
const FAULT: &str = "tests/data/psha/inputs/peer_s1c01";
const CSV: &str = "tests/data/psha/inputs/stable_continental";

/// Reads everything, and gives the warnings.
fn read_everything(job_ini: &Path) -> Result<Vec<InputError>> {
    let job = Job::read(job_ini)?;
    let sites = sites::read(&job)?;
    logic_tree::read_regions(&job, &sites).map(|_| job.warnings)
}

fn told(warnings: &[InputError]) -> String {
    let lines: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    if lines.is_empty() { "all is well".into() } else { lines.join("; ") }
}

/// Copies a calculation, damages it and gives the complaint, with paths relative to the copy.
fn complaint((calculation, file, old, new, _): Fault) -> String {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(package_file(calculation)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = copy.path().join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{file} does not hold {old}");
    fs::write(&path, text.replacen(old, new, 1)).unwrap();
    let told = read_everything(&copy.path().join("job.ini"))
        .map_or_else(|error| error.to_string(), |warnings| told(&warnings));
    told.replace(&format!("{}/", copy.path().display()), "")
}

fn assert_complaints(faults: &[Fault]) {
    let told: Vec<_> = faults.iter().map(|&fault| complaint(fault)).collect();
    let expected: Vec<_> = faults.iter().map(|fault| fault.4).collect();
    assert_eq!(told.join("\n"), expected.join("\n"));
}

#[test]
fn every_spelling_of_good_input_is_read() {
    for (calculation, file, old, new) in [
        (DEMO, "job.ini", "[erf]", "[erf]"),
        (AREA, "job.ini", "[erf]", "[erf]"),
        (CSV, "job.ini", "[erf]", "[erf]"),
        (DEMO, "job.ini", "= 1000", ": {'default': 300, 'Active Shallow Crust': 200}"),
        (DEMO, "job.ini", "truncation_level = 3", ""),
        (DEMO, "job.ini", "{\"PGA\": [0.01", "\n  {'SA(0.2)': logscale(1e-3, 2, 20),\n  # g\n 'PGA': [0.01"),
        (DEMO, "gmmLT.xml", "SadighEtAl1997", "\n [SadighEtAl1997]\n"),
        (
            DEMO,
            "job.ini",
            "sites = 10.1 45.05, 10.4 45.2",
            "region = 10 45, 11 45, 10.5 46\nregion_grid_spacing = 20",
        ),
        (DEMO, "job.ini", "quantiles = 0.15", "minimum_magnitude = 0.0\nquantile_hazard_curves = [0.15],"),
        (DEMO, "job.ini", "mean = true", "mean_hazard_curves = 0\nshift_hypo = false"),
        (DEMO, "ssmLT.xml", "branchSetID", "applyToBranches='ALL' branchSetID"),
        (DEMO, "source_model.xml", "<sourceGroup ", "<sourceGroup rup_interdep='indep' "),
        (AREA, "source_model.xml", "-122.080 38.899", "-122.080 38.899 -122.000 38.901"),
    ] {
        assert_eq!(complaint((calculation, file, old, new, "")), "all is well", "{new}");
    }
}

#[test]
fn a_missing_or_binary_job_ini_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job.ini");
    let told =
        || read_everything(&path).unwrap_err().to_string().replace(&folder.path().display().to_string(), "");
    assert_eq!(told(), "/job.ini: cannot read: No such file or directory (os error 2)");
    fs::write(&path, b"[general]\n\xff\n").unwrap();
    assert_eq!(told(), "/job.ini:2: not UTF-8");
}
