//! A writer that acknowledges what it did, and a verifier of what is there after it was stopped.
//!
//! The writer is a process of its own ([`Plan::command`]). It does random operations below a group of its own, and
//! writes two lines into a log outside of the store: what it is about to do, and then that it is done, or refused.
//! The [`Verifier`] follows the logs in a model of what may be there, and compares.

mod operation;
mod tests;
pub mod verifier;
mod world;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use calcstore::{DataStore, Durability};
use serde::{Deserialize, Serialize};

use crate::child::{child, told};
use crate::random::Random;

pub use operation::Operation;
pub use verifier::{Verifier, left_behind};

const PLAN: &str = "CALCSTORE_TEST_PLAN";

/// What a writer is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// The directory of the store.
    pub store: PathBuf,
    /// The log, to which lines are added.
    pub log: PathBuf,
    /// Which of several writers it is: it works below the group [`Plan::group`].
    pub writer: u64,
    /// Decides on the operations. Each start of one writer needs another, below 2^32.
    pub seed: u64,
    /// Whether it opens the store with [`Durability::Power`].
    pub is_power: bool,
    /// After how many operations it ends; never, if it is not said.
    pub operations: Option<u64>,
}

/// A line of a log. Each is written by one system call.
#[derive(Debug, Serialize, Deserialize)]
pub enum Line {
    /// The operation `id` is about to begin.
    Begin { id: u64, operation: Operation },
    /// It has returned without an error: it is acknowledged.
    Done { id: u64 },
    /// It has returned with an error of this kind.
    Refused { id: u64, kind: String, message: String },
}

impl Plan {
    /// A writer of a new store `store` in `directory`, with its log beside.
    pub fn new(directory: &Path, writer: u64, seed: u64) -> Self {
        let (store, log) = (directory.join("store"), directory.join(format!("log_{writer}")));
        Self { store, log, writer, seed, is_power: false, operations: None }
    }

    /// The group that the writer works below.
    pub fn group(&self) -> String {
        format!("/w{}", self.writer)
    }

    /// The process that does it. It fails only where something happened that must never happen.
    pub fn command(&self) -> Command {
        let mut command = child("writer::child_writes", &self.store, self.writer);
        command.env(PLAN, serde_json::to_string(self).unwrap());
        command
    }

    fn durability(&self) -> Durability {
        if self.is_power { Durability::Power } else { Durability::Process }
    }

    fn run(&self) {
        let log = OpenOptions::new().append(true).create(true).open(&self.log).unwrap();
        // The one before may have been killed in the middle of a line.
        let written = std::fs::read(&self.log).unwrap();
        let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        log.set_len(whole as u64).unwrap();
        let store = DataStore::options().durability(self.durability()).at(&self.store).unwrap();
        let mut random = Random::new(self.seed);
        for n in 0..self.operations.unwrap_or(u64::MAX) {
            let id = self.seed << 32 | n;
            let operation = Operation::random(&mut random, &self.group());
            note(&log, &Line::Begin { id, operation: operation.clone() });
            note(
                &log,
                &match operation.perform(&store, id) {
                    Ok(()) => Line::Done { id },
                    Err(error) => {
                        let (kind, message) = (error.kind().name().to_owned(), error.to_string());
                        Line::Refused { id, kind, message }
                    }
                },
            );
        }
    }
}

fn note(mut log: &File, line: &Line) {
    let text = serde_json::to_string(line).unwrap() + "\n";
    assert_eq!(log.write(text.as_bytes()).unwrap(), text.len());
}

#[test]
fn child_writes() {
    if told().is_none() {
        return;
    }
    let plan: Plan = serde_json::from_str(&std::env::var(PLAN).unwrap()).unwrap();
    plan.run();
}
