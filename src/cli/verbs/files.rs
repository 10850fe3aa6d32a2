use std::path::PathBuf;

use calcstore::{Overwrite, StoredFile};
use clap::ValueHint;
use serde_json::{Value as Json, json};

use crate::cli::columns::{Columns, layout};
use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Files are kept whole and compressed, under their names relative to the directory that \
they have in common.

Examples:
  calcstore files                          what input files there are
  calcstore files /input --add job.ini sources.xml
  calcstore files /input --extract again   writes them into this directory")]
pub struct Arguments {
    /// The group that the files are in
    #[arg(value_name = "GROUP", default_value = "/")]
    group: String,

    /// Store files in the group
    #[arg(long, value_name = "FILE", num_args = 1.., value_hint = ValueHint::FilePath)]
    #[arg(conflicts_with = "extract")]
    add: Vec<PathBuf>,

    /// Write all files of the group into a directory
    #[arg(short = 'x', long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    extract: Option<PathBuf>,

    /// Replace files that are there already
    #[arg(long, requires = "extract")]
    force: bool,
}

/// Lists, stores or extracts input files.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    if let Some(directory) = &asked.extract {
        let overwrite = if asked.force { Overwrite::Yes } else { Overwrite::No };
        let written = session.store()?.extract_files(&asked.group, directory, overwrite)?;
        if session.output.is_json() {
            let paths = written.iter().map(|path| Json::from(path.to_string_lossy()));
            session.output.json(&json!({"extracted": paths.collect::<Json>()}))?;
        } else {
            written.iter().try_for_each(|path| session.output.path(path))?;
        }
        return Ok(Exit::Done);
    }
    let files = if asked.add.is_empty() {
        session.store()?.files(&asked.group)?
    } else {
        let store = session.write()?;
        let files = store.store_files(&asked.group, &asked.add)?;
        store.close()?;
        files
    };
    if session.output.is_json() {
        session.output.json(&files.iter().map(to_json).collect())?;
    } else {
        let rows = files
            .iter()
            .map(|file| vec![file.name.clone(), file.key.clone(), iec(file.bytes), iec(file.stored_bytes)]);
        let names = ["NAME", "KEY", "SIZE", "STORED"].map(str::to_owned).to_vec();
        let rows = std::iter::once(names).filter(|_| !files.is_empty()).chain(rows);
        let columns = Columns { right: 2, elastic: &[0, 1], optional: &[1, 3] };
        session.output.lines(layout(rows, columns, session.output.list_width()))?;
        session.output.note(&counted(files.len() as u64, "file"));
    }
    Ok(Exit::Done)
}

fn to_json(file: &StoredFile) -> Json {
    json!({"key": file.key, "name": file.name, "bytes": file.bytes, "stored_bytes": file.stored_bytes})
}
