//! Calculations that many processes make at the same time.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use calcstore::DataStore;

use crate::Outcome;
use crate::party::{Party, Round, Task, us};

pub const PARTIES: &[Party] = &[
    us("calcstore", |task| together(task, "calcstore")),
    us("limit: mkdir", |task| together(task, "mkdir")),
    us("limit: the same files", |task| together(task, "files")),
];

#[expect(clippy::unnecessary_wraps, reason = "others can fail")]
pub fn prepare(_: &Task) -> Outcome<f64> {
    Ok(0.0)
}

fn together(task: &Task, how: &str) -> Outcome<Round> {
    let mut round = Round::default();
    for processes in [1, 8, 64] {
        let directory = task.place.join(processes.to_string());
        std::fs::create_dir_all(&directory)?;
        let mut takers: Vec<Child> = (0..processes)
            .map(|_| {
                Command::new(std::env::current_exe()?)
                    .args(["--take-ids", how, &(task.count / processes).to_string()])
                    .arg(&directory)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
            })
            .collect::<Result<_, _>>()?;
        for taker in &mut takers {
            taker.stdout.as_mut().ok_or("no output")?.read_exact(&mut [0])?;
        }
        round.time(&processes.to_string(), || {
            for taker in &mut takers {
                drop(taker.stdin.take());
            }
            for taker in &mut takers {
                assert!(taker.wait()?.success());
            }
            Ok(())
        })?;
        assert_eq!(std::fs::read_dir(&directory)?.count(), task.count / processes * processes);
    }
    Ok(round.by_others())
}

/// What each of the processes does, once its input ends.
pub fn take(arguments: &[String]) -> Outcome<()> {
    let [how, count, directory] = arguments else {
        return Err("usage: --take-ids HOW COUNT DIRECTORY".into());
    };
    std::io::stdout().write_all(b"!")?;
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let (directory, mut last) = (Path::new(directory), 0);
    for _ in 0..count.parse::<usize>()? {
        if how == "calcstore" {
            DataStore::options().data_dir(directory).create()?;
            continue;
        }
        let made = loop {
            last += 1;
            let path = directory.join(format!("calc_{last}"));
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                made => break made.map(|()| path)?,
            }
        };
        if how == "files" {
            for below in
                ["output.zarr", ".calcstore", ".calcstore/locks", ".calcstore/stage", ".calcstore/trash"]
            {
                std::fs::create_dir(made.join(below))?;
            }
            for file in ["output.zarr/zarr.json", ".calcstore/format.json", ".calcstore/locks/tree"] {
                std::fs::write(made.join(file), [b' '; 100])?;
            }
        }
    }
    Ok(())
}
