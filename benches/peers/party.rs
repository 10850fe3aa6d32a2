//! One that is measured: a process that does the work of a workload and says how long each phase took.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{Outcome, workloads};

pub struct Party {
    pub name: &'static str,
    pub by: By,
}

/// What a party is.
pub enum By {
    /// This program.
    Us(fn(&Task) -> Outcome<Round>),
    /// This program, which needs another one.
    With(&'static str, fn(&Task) -> Outcome<Round>),
    /// `peers.py`, with a module of Python.
    Python(&'static str),
}

/// What a party is asked to do.
#[derive(Serialize, Deserialize)]
pub struct Task {
    pub workload: String,
    pub party: String,
    /// Where it puts its files: a directory that is not there yet, or that of the round before.
    pub place: PathBuf,
    /// The directory with what everyone gets.
    pub given: PathBuf,
    /// How many arrays, rows, batches, … the workload has.
    pub count: usize,
}

/// What a party took.
#[derive(Default, Serialize, Deserialize)]
pub struct Round {
    pub seconds: BTreeMap<String, f64>,
    /// Of all elements that were read; where nothing is read, nothing.
    pub sum: Option<f64>,
    /// The most memory that the process had.
    #[serde(default)]
    pub mib: Option<f64>,
}

/// What the name of a phase ends with where the time of the processor is meant, of all threads together.
pub const CPU: &str = ", CPU";

impl Round {
    pub fn time<T>(&mut self, phase: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let (start, cpu) = (Instant::now(), processor_time());
        let done = work()?;
        self.seconds.insert(phase.to_owned(), start.elapsed().as_secs_f64());
        self.seconds.insert(format!("{phase}{CPU}"), processor_time() - cpu);
        Ok(done)
    }

    /// Forgets the time of the processor: others did the work.
    pub fn by_others(mut self) -> Self {
        self.seconds.retain(|phase, _| !phase.ends_with(CPU));
        self
    }
}

/// What this process has had of the processors, in seconds.
#[expect(clippy::cast_precision_loss, reason = "the numbers are small")]
fn processor_time() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

pub const fn us(name: &'static str, work: fn(&Task) -> Outcome<Round>) -> Party {
    Party { name, by: By::Us(work) }
}

pub const fn with(program: &'static str, name: &'static str, work: fn(&Task) -> Outcome<Round>) -> Party {
    Party { name, by: By::With(program, work) }
}

pub const fn python(module: &'static str, name: &'static str) -> Party {
    Party { name, by: By::Python(module) }
}

impl Party {
    /// What it lacks here.
    pub fn lacks(&self) -> Option<String> {
        match self.by {
            By::Us(_) => None,
            By::With(program, _) => find(program).is_none().then(|| format!("no program {program}")),
            By::Python(module) => match interpreter() {
                None => Some("CALCSTORE_ORACLE_PYTHON is not set".to_owned()),
                Some(python) => {
                    let asked = Command::new(python).args(["-c", &format!("import {module}")]).output();
                    let is_there = asked.is_ok_and(|output| output.status.success());
                    (!is_there).then(|| format!("no Python module {module}"))
                }
            },
        }
    }

    /// Lets it do its work in a process of its own.
    pub fn run(&self, task: &Task) -> Outcome<Round> {
        let mut command = match self.by {
            By::Us(_) | By::With(..) => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("--party");
                command
            }
            By::Python(_) => {
                let mut command = Command::new(interpreter().ok_or("no Python")?);
                command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/peers.py"));
                command
            }
        };
        command.args([&task.workload, &task.party]).arg(&task.place).arg(&task.given);
        let output = command.arg(task.count.to_string()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// What the process of a party does.
pub fn take_part(arguments: &[String]) -> Outcome<()> {
    let [workload, party, place, given, count] = arguments else {
        return Err("usage: --party WORKLOAD PARTY PLACE GIVEN COUNT".into());
    };
    let task = Task {
        workload: workload.clone(),
        party: party.clone(),
        place: place.into(),
        given: given.into(),
        count: count.parse()?,
    };
    let found = workloads::find(workload).and_then(|workload| {
        workload.parties.iter().flat_map(|parties| *parties).find(|found| found.name == party)
    });
    let mut round = match found.map(|party| &party.by) {
        Some(By::Us(work)) => work(&task)?,
        Some(By::With(_, work)) => work(&task)?.by_others(),
        _ => return Err(format!("{workload} has no party {party} here").into()),
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    round.mib = round.mib.or(most.and_then(|kib| kib.parse::<f64>().ok()).map(|kib| kib / 1024.0));
    println!("{}", serde_json::to_string(&round)?);
    Ok(())
}

fn interpreter() -> Option<PathBuf> {
    std::env::var_os("CALCSTORE_ORACLE_PYTHON").map(PathBuf::from)
}

/// Finds a program; Debian keeps those of the PostgreSQL server out of the path.
pub fn find(program: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.extend(std::env::split_paths(&std::env::var_os("PATH")?));
    places.into_iter().rev().map(|place| place.join(program)).find(|path| path.exists())
}
