//! The program `calcstore`, run as a person or a script runs it.
#![cfg(feature = "cli")]

mod bad_input;
mod completing;
mod diffs;
mod endings;
mod examples;
mod exports;
mod for_people;
mod for_programs;
mod formats;
mod hdf5_files;
mod housekeeping;
mod imports;
mod moving;
mod npy;
mod packs;
mod parents_and_sizes;
mod plots;
#[cfg(feature = "view")]
mod view;
mod watching;
mod ways_out;
mod widths;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// A directory with a data directory in it, where the program is run.
struct Desk {
    directory: TempDir,
}

/// What a run gave.
#[derive(Debug)]
struct Ran {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Desk {
    /// A desk without a calculation.
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    /// A desk with calculation 1, which holds a value of each kind.
    fn with_values() -> Self {
        let desk = Self::new();
        desk.done(&["new"]);
        desk.write("curves.json", r"[[0.25, 0.5, 1.5], [1e-7, 2.0, 123456789.0]]");
        desk.write("sites.csv", "name,lon,depth,count\nRoma,12.5,,1\nPavia,9.25,3,2\n");
        desk.write("job.json", r#"{"description": "demo", "levels": [1, 2], "n": 3}"#);
        for (key, file) in [("/0/curves", "curves.json"), ("/sites", "sites.csv"), ("/job", "job.json")] {
            desk.done(&["put", key, file]);
        }
        desk.done(&["attrs", "/0/curves", "units=g"]);
        let store = desk.store();
        store.insert("/0/name", "Größe\nof two lines").unwrap();
        store.insert("/blob", calcstore::Bytes([0u8, 1, 2, 255])).unwrap();
        let mut table = calcstore::Table::new();
        table.push("PGA", ndarray::arr2(&[[0.5, 0.25], [0.125, 0.0625]])).unwrap();
        table.push("id", [7i32, 8]).unwrap();
        store.insert("/0/Sadigh", &table).unwrap();
        desk
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The last calculation, opened as a program would.
    fn store(&self) -> calcstore::DataStore {
        calcstore::DataStore::options().data_dir(self.path().join("data")).open(-1).unwrap()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_calcstore"));
        command.args(arguments).current_dir(self.path());
        command.env_clear().env("OQ_DATADIR", self.path().join("data")).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// Runs the program with something on its standard input. The path of the desk is printed as DESK.
    fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        let desk = self.path().display().to_string();
        let stdout = match String::from_utf8(output.stdout) {
            Ok(text) => text.replace(&desk, "DESK").into_bytes(),
            Err(binary) => binary.into_bytes(),
        };
        let stderr = String::from_utf8(output.stderr).unwrap().replace(&desk, "DESK");
        Ran { code: output.status.code().unwrap_or(-1), stdout, stderr }
    }

    /// Runs what must go well; gives what it prints.
    fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{arguments:?}");
        ran.text()
    }

    /// Runs what must go well and prints JSON.
    fn json(&self, arguments: &[&str]) -> Json {
        serde_json::from_str(&self.done(&[arguments, &["--json"]].concat())).unwrap()
    }
}

impl Ran {
    fn text(self) -> String {
        String::from_utf8(self.stdout).unwrap()
    }
}
