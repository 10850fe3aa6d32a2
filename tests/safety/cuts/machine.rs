//! A machine of its own, whose power can be cut: name spaces of mounts and of processes.
//!
//! What is mounted there, in memory, is gone with its last process, however that ends: nothing is left behind.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::child;

const UNSHARE: [&str; 7] =
    ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
const TOOLS: [&str; 8] =
    ["btrfs", "kill", "mkfs.btrfs", "mkfs.ext4", "mkfs.xfs", "mount", "umount", "xfs_io"];
const BOOT: &str = "/proc/sys/kernel/random/boot_id";

pub struct Machine {
    /// In memory; gone with the machine.
    pub directory: PathBuf,
    boots: u64,
}

/// Runs the rest of `test`, which calls this, in a machine of its own. Says so where there can be none.
pub fn run(test: &str, body: impl FnOnce(&mut Machine)) {
    if let Some((directory, _)) = child::told() {
        return body(&mut Machine::start(directory));
    }
    if let Some(why) = why_not() {
        // Past the test harness, which would keep it to itself.
        let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let program = child::child(test, directory.path(), 0);
    let mut machine = Command::new("unshare");
    machine.args(UNSHARE).arg(program.get_program()).args(program.get_args());
    machine.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = machine.stdin(Stdio::null()).output().unwrap();
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{test}: {}", output.status);
}

/// Why there can be no such machine here. A program that is missing where there could be one is a failure, if all of
/// them are to be there.
fn why_not() -> Option<String> {
    let allowed =
        Command::new("unshare").args(UNSHARE).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        return Some("mounts are not allowed here".to_owned());
    }
    let mut devices = ["/dev/fuse", "/dev/loop-control"].into_iter();
    if let Some(missing) = devices.find(|device| !Path::new(device).exists()) {
        return Some(format!("there is no {missing}"));
    }
    let is_there = |tool: &&str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .any(|path| path.join(tool).exists())
    };
    let missing = TOOLS.iter().find(|tool| !is_there(tool))?;
    let required = std::env::var_os("CALCSTORE_ORACLES").is_some_and(|value| value == "require");
    assert!(!required, "{missing} is missing");
    Some(format!("{missing} is missing"))
}

impl Machine {
    fn start(directory: PathBuf) -> Self {
        succeed(Command::new("mount").args(["-t", "tmpfs", "tmpfs"]).arg(&directory));
        let mut machine = Self { directory, boots: 0 };
        machine.restart();
        succeed(Command::new("mount").arg("--bind").arg(machine.path("boot_id")).arg(BOOT));
        machine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Gives the system another number of the boot, as after a power cut.
    pub fn restart(&mut self) {
        self.boots += 1;
        fs::write(self.path("boot_id"), format!("00000000-0000-4000-8000-{:012x}\n", self.boots)).unwrap();
    }
}

/// Runs a command that has to succeed.
pub fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
