//! A PostgreSQL server of our own, reached through a socket in its directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Outcome;
use crate::party::find;

pub struct Server {
    directory: PathBuf,
}

impl Server {
    pub fn start(place: &Path) -> Outcome<Self> {
        let server = Self { directory: place.join("postgresql") };
        fs::create_dir(&server.directory)?;
        if is_root()? {
            // It refuses to run as root.
            quietly(Command::new("chown").arg("nobody").arg(&server.directory))?;
        }
        let data = server.directory.join("data");
        quietly(server.command("initdb")?.args(["-A", "trust", "-U", "bench", "-D"]).arg(&data))?;
        let options = format!("-k {} -h ''", server.directory.display());
        let mut start = server.command("pg_ctl")?;
        start.arg("-D").arg(&data).args(["-w", "-o", &options, "-l"]).arg(server.directory.join("log"));
        quietly(start.arg("start"))?;
        Ok(server)
    }

    /// A program of the server, run as a user other than root.
    fn command(&self, program: &str) -> Outcome<Command> {
        let path = find(program).ok_or_else(|| format!("no program {program}"))?;
        let mut command = if is_root()? { Command::new("runuser") } else { Command::new(&path) };
        if is_root()? {
            command.args(["-u", "nobody", "--"]).arg(path);
        }
        command.current_dir(&self.directory);
        Ok(command)
    }

    pub fn run(&self, script: &Path) -> Outcome<()> {
        let mut psql = Command::new("psql");
        psql.arg("-h").arg(&self.directory).args([
            "-U",
            "bench",
            "-d",
            "postgres",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
        ]);
        quietly(psql.arg(script))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(mut command) = self.command("pg_ctl") {
            let _ =
                quietly(command.arg("-D").arg(self.directory.join("data")).args(["-m", "immediate", "stop"]));
        }
    }
}

fn is_root() -> Outcome<bool> {
    Ok(String::from_utf8(Command::new("id").arg("-u").output()?.stdout)?.trim() == "0")
}

/// Runs a program that is to say nothing.
fn quietly(command: &mut Command) -> Outcome<()> {
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?
        .wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Err(format!("{}: {said}", command.get_program().display()).into())
}
