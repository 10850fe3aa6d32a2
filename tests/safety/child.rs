//! Other processes: this test program, started anew with a test named `child_…` as its only one.
//!
//! Such a test does nothing unless it is told a directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const DIRECTORY: &str = "CALCSTORE_TEST_DIRECTORY";
const NUMBER: &str = "CALCSTORE_TEST_NUMBER";

/// A command that runs `test`, such as `kills::child_writes`, in `directory` as the `number`-th of its kind.
pub fn child(test: &str, directory: &Path, number: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        .env(NUMBER, number.to_string())
        .stdout(Stdio::null());
    command
}

/// Where a child works and which one it is; nothing in a run of all tests.
pub fn told() -> Option<(PathBuf, u64)> {
    let directory = std::env::var_os(DIRECTORY)?;
    Some((directory.into(), std::env::var(NUMBER).unwrap().parse().unwrap()))
}

/// A directory for what does not depend on the disk: in memory, where there is such a place.
pub fn scratch() -> TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}
