//! The reference data of the tests.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Gives the path of a file of this package.
pub fn package_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Reads comma-separated values with a header: one map from column to value for each line.
pub fn reference(name: &str) -> Vec<HashMap<String, String>> {
    let text = fs::read_to_string(package_file("tests/data/psha").join(name)).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned));
    let header: Vec<_> = lines.next().unwrap().collect();
    lines.map(|values| header.iter().cloned().zip(values).collect()).collect()
}
