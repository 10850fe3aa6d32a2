use std::fs;
use std::path::{Path, PathBuf};

use clap::{Command, ValueHint};
use clap_mangen::Man;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore man | man -l -
  calcstore man --dir ~/.local/share/man/man1")]
pub struct Arguments {
    /// Save calcstore.1, calcstore-new.1 and so on in this directory, instead of printing all
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// Prints the manual pages, or saves them.
pub fn run(session: &Session<'_>, asked: &Arguments, command: Command) -> Result<Exit, Failure> {
    let pages = pages_of(command)?;
    match &asked.dir {
        Some(directory) => save(&pages, directory)?,
        None => session.output.text(&pages.into_iter().map(|(_, page)| page).collect::<String>())?,
    }
    Ok(Exit::Done)
}

/// All pages, by the names of their files.
pub fn pages_of(command: Command) -> Result<Vec<(String, String)>, Failure> {
    // They are the same wherever the program was built.
    let mut command = command.long_version(None::<&str>);
    command.build();
    pages(&command, "calcstore")
}

/// The pages of a command and of those below it, by their names.
fn pages(command: &Command, name: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut page = Vec::new();
    let man = Man::new(command.clone().display_name(name.to_owned()));
    man.render(&mut page).map_err(|error| Failure::io("cannot write", Path::new(name), &error))?;
    let mut pages = vec![(format!("{name}.1"), String::from_utf8_lossy(&page).into_owned())];
    for below in command.get_subcommands() {
        pages.extend(self::pages(below, &format!("{name}-{}", below.get_name()))?);
    }
    Ok(pages)
}

/// Saves pages in a directory.
pub fn save(pages: &[(String, String)], directory: &Path) -> Result<(), Failure> {
    fs::create_dir_all(directory)
        .map_err(|error| Failure::io("cannot make the directory", directory, &error))?;
    for (name, page) in pages {
        let file = directory.join(name);
        fs::write(&file, page).map_err(|error| Failure::io("cannot write", &file, &error))?;
    }
    Ok(())
}
