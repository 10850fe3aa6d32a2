use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap_complete::Shell;
use serde_json::{Value as Json, json};

use super::man;
use crate::cli::complete;
use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Verbs, options, keys of the store that is meant, calculations and files are completed. \
The shell asks the program each time, so that it must be found by its name.

Examples:
  calcstore completions --install           for the shell that $SHELL names
  calcstore completions zsh --install
  calcstore completions bash                what a shell is to run once")]
pub struct Arguments {
    /// The shell [default, with --install: the one that $SHELL names]
    #[arg(value_name = "SHELL", required_unless_present = "install")]
    shell: Option<Shell>,

    /// Save it where the shell looks for it, and the manual pages where man does
    #[arg(long)]
    install: bool,
}

/// Prints what completes for a shell, or installs it with the manual pages.
pub fn run(session: &Session<'_>, asked: &Arguments, command: Command) -> Result<Exit, Failure> {
    let shell = asked
        .shell
        .or_else(Shell::from_env)
        .ok_or_else(|| Failure::invalid("$SHELL names no shell that is known; say bash, zsh or fish"))?;
    let script = complete::registration(&shell.to_string())
        .map_err(|error| Failure::io("cannot write", Path::new("the completions"), &error))?;
    if !asked.install {
        session.output.text(&script)?;
        return Ok(Exit::Done);
    }
    let (file, hint) = place(shell)?;
    save(&file, &script)?;
    let pages = data_home()?.join("man/man1");
    man::save(&man::pages_of(command)?, &pages)?;
    if session.output.is_json() {
        let paths: Vec<Json> = [&file, &pages].map(|path| Json::from(path.to_string_lossy())).to_vec();
        session.output.json(&json!({"completions": paths[0], "manual_pages": paths[1]}))?;
    } else {
        session.output.path(&file)?;
        session.output.path(&pages)?;
        session.output.note(&hint);
    }
    Ok(Exit::Done)
}

/// Where a shell looks for completions of the user, and what it takes for that.
fn place(shell: Shell) -> Result<(PathBuf, String), Failure> {
    Ok(match shell {
        Shell::Bash => (
            data_home()?.join("bash-completion/completions/calcstore"),
            "new shells complete, where the package bash-completion is loaded".to_owned(),
        ),
        Shell::Zsh => {
            let directory = data_home()?.join("zsh/site-functions");
            let hint = format!(
                "new shells complete, once ~/.zshrc has: fpath=({} $fpath); autoload -U compinit; compinit",
                directory.display()
            );
            (directory.join("_calcstore"), hint)
        }
        Shell::Fish => {
            let file = home("XDG_CONFIG_HOME", ".config")?.join("fish/completions/calcstore.fish");
            (file, "new shells complete".to_owned())
        }
        other => {
            let message =
                format!("where {other} looks is not known; print it and let {other} run it at its start");
            return Err(Failure::invalid(message));
        }
    })
}

fn data_home() -> Result<PathBuf, Failure> {
    home("XDG_DATA_HOME", ".local/share")
}

/// A directory of the user, as the XDG Base Directory Specification finds it.
fn home(variable: &str, otherwise: &str) -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|path| Path::new(path).is_absolute());
    let home = || set("HOME").map(|home| Path::new(&home).join(otherwise).into_os_string());
    let path = set(variable).or_else(home);
    path.map(PathBuf::from)
        .ok_or_else(|| Failure::invalid(format!("neither ${variable} nor $HOME names a directory")))
}

fn save(file: &Path, text: &str) -> Result<(), Failure> {
    let directory = file.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory)
        .map_err(|error| Failure::io("cannot make the directory", directory, &error))?;
    fs::write(file, text).map_err(|error| Failure::io("cannot write", file, &error))
}
