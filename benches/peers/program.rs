//! The command-line program: starting it, and listing a store.

use std::process::{Command, Stdio};

use crate::Outcome;
use crate::party::{Party, Round, Task, find, us, with};

pub const PARTIES: &[Party] = &[
    us("calcstore", calcstore),
    with("h5ls", "h5ls", h5ls),
    with("true", "limit: true, find", |task| {
        let mut round = Round::default();
        round.time("version", || run(Command::new(find("true").ok_or("no true")?)))?;
        for (phase, flags) in [("names", "-print"), ("shapes", "-ls")] {
            let mut command = Command::new(find("find").ok_or("no find")?);
            command.arg(task.given.join("store")).arg(flags);
            round.time(phase, || run(command))?;
        }
        Ok(round)
    }),
];

fn calcstore(task: &Task) -> Outcome<Round> {
    let (mut round, program) = (Round::default(), env!("CARGO_BIN_EXE_calcstore"));
    let mut version = Command::new(program);
    version.arg("--version");
    round.time("version", || run(version))?;
    for (phase, flags) in [("names", "-r"), ("shapes", "-lr")] {
        let mut command = Command::new(program);
        command.args(["ls", flags, "-c"]).arg(task.given.join("store"));
        round.time(phase, || run(command))?;
    }
    Ok(round.by_others())
}

fn h5ls(task: &Task) -> Outcome<Round> {
    let mut round = Round::default();
    for (phase, flags) in [("version", "--version"), ("shapes", "-r")] {
        let mut command = Command::new(find("h5ls").ok_or("no h5ls")?);
        command.arg(flags);
        if phase == "shapes" {
            command.arg(task.given.join("a.h5"));
        }
        round.time(phase, || run(command))?;
    }
    Ok(round)
}

fn run(mut command: Command) -> Outcome<()> {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    if ended.success() { Ok(()) } else { Err(format!("{command:?} ended with {ended}").into()) }
}
