//! Tells the program what `calcstore --version` says beside the version: commit, target and features.
//!
//! The library needs none of it. Nothing here may fail: a build that knows no commit says so.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// What the program is made of, where this is a clone.
const SOURCES: [&str; 5] = ["src", "viewer/built", "build.rs", "Cargo.toml", "Cargo.lock"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_CLI").is_none() {
        return;
    }
    // Else each commit would compile everything anew while one is working.
    let commit = if env::var("PROFILE").is_ok_and(|profile| profile == "release") { commit() } else { None };
    println!("cargo::rustc-env=CALCSTORE_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=CALCSTORE_TARGET={}", env::var("TARGET").unwrap_or_default());
    println!("cargo::rustc-env=CALCSTORE_FEATURES={}", features().join(", "));
}

/// The commit of a packaged crate, which has a note of it, or of a clone.
fn commit() -> Option<String> {
    // No .git above this directory counts: it would be somebody else's.
    if let Ok(note) = fs::read_to_string(".cargo_vcs_info.json") {
        let (_, hash) = note.split_once("\"sha1\"")?;
        return hash.split('"').nth(1).map(str::to_owned);
    }
    if !Path::new(".git").exists() {
        return None;
    }
    for file in ["HEAD", "logs/HEAD"] {
        // Also right in a worktree, whose .git is a file.
        println!("cargo::rerun-if-changed={}", git(&["rev-parse", "--git-path", file])?);
    }
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
    }
    let commit = git(&["rev-parse", "HEAD"])?;
    let changed = git(&[&["status", "--porcelain", "--"], &SOURCES[..]].concat())?;
    Some(if changed.is_empty() { commit } else { format!("{commit}, changed") })
}

/// What git answers, where there is one.
fn git(arguments: &[&str]) -> Option<String> {
    let answer = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    answer.status.success().then(|| text.trim().to_owned())
}

/// The features that are on, `default` aside.
fn features() -> Vec<String> {
    let on = env::vars()
        .filter_map(|(name, _)| Some(name.strip_prefix("CARGO_FEATURE_")?.to_lowercase().replace('_', "-")));
    let mut features: Vec<String> = on.filter(|feature| feature != "default").collect();
    features.sort();
    features
}
