//! Other people's programs, which read what this crate wrote and compare it with a manifest.
//!
//! `tests/run` sets them up and names them in environment variables. A test whose program is not there says so
//! and passes, unless `CALCSTORE_ORACLES=require`.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;

/// Finds Python with zarr, tensorstore, xarray, h5py and pyfive.
pub fn python() -> Option<PathBuf> {
    variable("PYTHON")
}

/// A program under `tests/oracles`.
#[derive(Clone, Copy, Debug)]
pub enum Program {
    /// One of the Python programs; reads what it is given and a manifest.
    Python(&'static str),
    /// GDAL, from Python. Few machines have one that is new enough, so that it is never required.
    Gdal,
    /// h5dump and h5ls, driven from Python.
    Hdf5Tools,
    /// h5wasm, in node.
    H5wasm,
    /// Another of the programs for node.
    Javascript(&'static str),
    /// libhdf5-java; knows no manifest and only reads everything.
    Walk,
}

/// How much of a manifest a program compared.
#[derive(Debug, PartialEq)]
pub struct Coverage {
    pub checked: u64,
    /// How many it could not read, by the reason.
    pub skipped: BTreeMap<String, u64>,
}

impl Program {
    /// Reads `what` and compares it with `manifest`; gives all that is wrong, nothing where the program is not there.
    pub fn faults(self, what: &Path, manifest: &Path) -> Vec<String> {
        match self.command(what, manifest) {
            Some(mut command) => self.judge(&command.output().unwrap()),
            None => skip(&format!("{self:?}")),
        }
    }

    /// As `faults`, with what was compared; `None` where the program is not there. Only of programs that report.
    pub fn coverage(self, what: &Path, manifest: &Path) -> Option<Coverage> {
        let Some(mut command) = self.command(what, manifest) else {
            let missing = skip(&format!("{self:?}"));
            assert!(missing.is_empty() || matches!(self, Self::Gdal), "{missing:?}");
            return None;
        };
        let output = command.output().unwrap();
        let faults = self.judge(&output);
        assert_none(&faults);
        let report: Json = serde_json::from_slice(&output.stdout).unwrap();
        let mut skipped = BTreeMap::new();
        for node in report["skipped"].as_array().unwrap() {
            *skipped.entry(node["why"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        Some(Coverage { checked: report["checked"].as_u64().unwrap(), skipped })
    }

    fn command(self, what: &Path, manifest: &Path) -> Option<Command> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles");
        let mut command = match self {
            Self::Python(program) => with_script(python()?, here.join(program)),
            Self::Gdal => with_script(variable("GDAL_PYTHON")?, here.join("gdal_read.py")),
            Self::Hdf5Tools => {
                variable("H5DUMP")?;
                with_script(python()?, here.join("hdf5_tools.py"))
            }
            Self::H5wasm => with_script(variable("NODE")?, here.join("h5wasm_read.mjs")),
            Self::Javascript(program) => with_script(variable("NODE")?, here.join(program)),
            Self::Walk => {
                let mut java = Command::new(variable("JAVA")?);
                java.arg("-cp").arg(variable("JAVA_CLASSPATH")?);
                let native = variable("JAVA_LIBRARY_PATH")?;
                java.arg(format!("-Djava.library.path={}", native.display())).arg("Walk").arg(what);
                return Some(java);
            }
        };
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(what).arg(manifest);
        Some(command)
    }

    fn judge(self, output: &Output) -> Vec<String> {
        let printed = String::from_utf8_lossy(&output.stdout);
        let failed = || vec![format!("{self:?}: {}{}", printed, String::from_utf8_lossy(&output.stderr))];
        if matches!(self, Self::Walk) {
            return if output.status.success() { Vec::new() } else { failed() };
        }
        let Ok(report) = serde_json::from_slice::<Json>(&output.stdout) else { return failed() };
        if report["checked"].as_u64().is_none_or(|checked| checked == 0) {
            return vec![format!("{self:?} looked at nothing")];
        }
        let faults = report["faults"].as_array().unwrap();
        assert_eq!(output.status.success(), faults.is_empty(), "{self:?}: {output:?}");
        faults.iter().map(|fault| format!("{self:?}: {fault}")).collect()
    }
}

/// Runs several programs side by side, and fails with all that they find.
pub fn agree(programs: &[Program], what: &Path, manifest: &Path) {
    let faults: Vec<String> = std::thread::scope(|scope| {
        let start = |(n, program): (usize, &Program)| {
            let (mut what, program) = (what.to_owned(), *program);
            if what.is_file() {
                // HDF5 locks its files, and some programs open them for writing.
                let copy = what.with_extension(format!("{n}.hdf5"));
                what = fs::copy(&what, &copy).map(|_| copy).unwrap();
            }
            scope.spawn(move || program.faults(&what, manifest))
        };
        let running: Vec<_> = programs.iter().enumerate().map(start).collect();
        running.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_none(&faults);
}

/// Fails with the first of the faults, each as far as it can be read.
fn assert_none(faults: &[String]) {
    let shown: Vec<String> = faults.iter().take(12).map(|fault| fault.chars().take(600).collect()).collect();
    assert!(faults.is_empty(), "{} faults: {shown:#?}", faults.len());
}

/// Says that something is left untested; a fault where everything must be there.
pub fn skip(what: &str) -> Vec<String> {
    if env::var_os("CALCSTORE_ORACLES").is_some_and(|value| value == "require") {
        return vec![format!("{what} is missing")];
    }
    // Past the test harness, which would keep it to itself.
    let _ = writeln!(std::io::stderr(), "skipped: {what} is missing");
    Vec::new()
}

fn with_script(interpreter: PathBuf, script: PathBuf) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(script);
    command
}

/// What an environment variable of the oracles names.
pub fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(format!("CALCSTORE_ORACLE_{name}")).filter(|value| !value.is_empty()).map(PathBuf::from)
}
