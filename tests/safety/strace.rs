//! strace, which shows what a program asks of the system, and answers in the system's place.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::oracle;

/// Longer than any of the programs here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// Finds strace, if it is there and may trace. A machine that does not permit it cannot be asked for more.
pub fn find() -> Option<PathBuf> {
    let Some(strace) = oracle::variable("STRACE") else {
        assert_eq!(oracle::skip("strace"), [""; 0]);
        return None;
    };
    let tried = Command::new(&strace)
        .args(["-f", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"])
        .output();
    if tried.is_ok_and(|output| output.status.success()) {
        return Some(strace);
    }
    eprintln!("skipped: strace may not trace here (ptrace is forbidden)");
    None
}

/// Runs a command under strace with these options; its log goes to `log`. Kills it and fails where it hangs.
pub fn run(strace: &Path, options: &[&str], log: &Path, command: &Command) -> ExitStatus {
    let mut traced = Command::new(strace);
    traced.args(["-f", "-qq", "-o"]).arg(log).args(options);
    traced.arg(command.get_program()).args(command.get_args());
    if let Some(directory) = command.get_current_dir() {
        traced.current_dir(directory);
    }
    for (name, value) in command.get_envs() {
        traced.env(name, value.unwrap());
    }
    let output = |name: &str| fs::File::create(log.with_extension(name)).unwrap();
    let mut child =
        traced.stdout(output("stdout")).stderr(output("stderr")).process_group(0).spawn().unwrap();
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            // All of the group: what is traced too.
            Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status().unwrap();
            child.wait().unwrap();
            panic!("{options:?}: it hangs: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What a program that ran with this log printed to `stdout` or `stderr`.
pub fn printed(log: &Path, what: &str) -> String {
    String::from_utf8_lossy(&fs::read(log.with_extension(what)).unwrap()).into_owned()
}

/// The calls in a log: the thread, the name of the call, and all of the line.
pub fn calls(log: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    log.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        let (name, _) = call.trim_start().split_once('(')?;
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some((thread, name, line))
    })
}
