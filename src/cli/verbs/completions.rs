use clap::Command;
use clap_complete::Shell;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore completions bash > ~/.local/share/bash-completion/completions/calcstore
  calcstore completions fish > ~/.config/fish/completions/calcstore.fish")]
pub struct Arguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints completions for a shell.
pub fn run(session: &Session<'_>, asked: &Arguments, mut command: Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut command, "calcstore", &mut script);
    session.output.text(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}
