//! The programs of this package, built.

use std::path::{Path, PathBuf};
use std::process::Command;

/// An example's program: made by `cargo test` along with the tests, else now.
pub fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples").join(name);
    if !program.exists() {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args(["build", "--quiet", "--example", name])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
        assert!(cargo.status().unwrap().success());
    }
    program
}
