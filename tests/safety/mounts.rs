//! File systems of a test's own, which nobody else sees and which vanish with the process that mounted them.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use crate::child::child;
use crate::oracle;

/// How `unshare` gives a process a name space of mounts; nothing where this machine does not.
fn flags() -> Option<&'static [&'static str]> {
    static FLAGS: OnceLock<Option<&'static [&'static str]>> = OnceLock::new();
    *FLAGS.get_or_init(|| {
        let ways: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
        ways.into_iter().find(|flags| {
            let mut command = Command::new("unshare");
            command.args(*flags).args(["mount", "-t", "tmpfs", "none", "/mnt"]);
            command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
        })
    })
}

/// A command that runs `test` in `directory` where it may mount; nothing, and a loud word, where this cannot be.
pub fn mounting(test: &str, directory: &Path, number: u64) -> Option<Command> {
    let Some(flags) = flags() else {
        assert_eq!(oracle::skip("the right to mount (root, or unshare --user --map-root-user)"), [""; 0]);
        return None;
    };
    let mut command = Command::new("unshare");
    command.args(flags).arg("--");
    Some(wrapped(command, &child(test, directory, number)))
}

/// A command that runs `test` as one whom permissions stop: as ourselves, or where that is root as nobody.
pub fn unprivileged(test: &str, directory: &Path, number: u64) -> Option<Command> {
    let inner = child(test, directory, number);
    if !is_root() {
        return Some(inner);
    }
    let as_nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        command
    };
    // The test program itself may lie where nobody may read.
    let mut probe = as_nobody();
    probe.arg(inner.get_program()).arg("--list").stdout(Stdio::null()).stderr(Stdio::null());
    if probe.status().is_ok_and(|status| status.success()) {
        return Some(wrapped(as_nobody(), &inner));
    }
    let _ = writeln!(std::io::stderr(), "skipped: nobody may not run this program, or setpriv is missing");
    None
}

/// Whether permissions do not stop this process.
pub fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// `inner` as the last arguments of `outer`.
pub fn wrapped(mut outer: Command, inner: &Command) -> Command {
    outer.arg(inner.get_program()).args(inner.get_args()).stdout(Stdio::null());
    for (name, value) in inner.get_envs() {
        outer.env(name, value.unwrap_or_default());
    }
    outer
}

pub fn mount(kind: &str, options: &str, source: &str, at: &Path) -> ExitStatus {
    let mut command = Command::new("mount");
    if !kind.is_empty() {
        command.args(["-t", kind]);
    }
    command.args(["-o", options, source]).arg(at).stderr(Stdio::null()).status().unwrap()
}

pub fn remount(options: &str, at: &Path) {
    let status = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(at).status().unwrap();
    assert!(status.success(), "mount -o remount,{options}");
}
