use std::path::{Path, PathBuf};

use calcstore::{DataStore, Parent};
use clap::ValueHint;
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::global::Calc;
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec, parse_size};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
All checksums are verified. The calculation appears whole or not at all, and its directory is printed; nothing is \
written anywhere else, whatever the zip file says.

Examples:
  calcstore unpack hazard.zip                 the next calculation
  calcstore unpack hazard.zip ./hazard        a store in a directory of its own")]
pub struct Arguments {
    /// The zip file, of calcstore pack or of any Zarr v3 group
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// The directory that becomes the store; it must be empty, or not be there yet
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    directory: Option<PathBuf>,

    /// How much it may hold; always as much as the zip file has [default: 64GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    limit: Option<u64>,

    /// The calculation, or the directory of one, in which a key is looked for that is not in the new one
    #[arg(long, value_name = "CALC", allow_negative_numbers = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Calc::parse))]
    parent: Option<Calc>,
}

/// Makes a calculation of a zip file.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    if session.names_calc() {
        let message = "-c has no meaning here: a new calculation is made, or DIR becomes one";
        return Err(Failure::invalid(message));
    }
    make(session, asked, &Interrupt::watch())
}

/// The same, for whoever knows what is asked for.
pub fn unpack(
    session: &Session<'_>,
    file: &Path,
    directory: Option<&Path>,
    limit: Option<u64>,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let directory = directory.map(Path::to_path_buf);
    make(session, &Arguments { file: file.to_path_buf(), directory, limit, parent: None }, interrupt)
}

fn make(session: &Session<'_>, asked: &Arguments, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let progress = Progress::bytes(session.output, "unpacking");
    let mut unpacked = calcstore::Copied::default();
    let mut plan = session.options().unpack(&asked.file).on_progress(|done| {
        unpacked = done;
        progress.set(done.bytes);
        interrupt.answer()
    });
    if let Some(directory) = &asked.directory {
        plan = plan.into(directory);
    }
    if let Some(limit) = asked.limit {
        plan = plan.limit(limit);
    }
    plan = match &asked.parent {
        None => plan,
        Some(Calc::Id(id)) => plan.parent(Parent::Id(*id)),
        Some(Calc::Path(path)) => plan.parent(Parent::Path(path.clone())),
    };
    let store = plan.run();
    drop(progress);
    let store = store?;
    let packed_parent = || DataStore::options().read_only(true).at(&asked.file)?.packed_parent();
    if asked.parent.is_none()
        && let Ok(Some(parent)) = packed_parent()
    {
        let note = "where it was packed, and it has none now; --parent names one";
        session.output.note(&format!("its parent was {parent} {note}"));
    }
    if session.output.is_json() {
        let directory = store.calc_dir().to_string_lossy();
        session.output.json(&json!({"calc_id": store.calc_id(), "calc_dir": directory}))?;
        return Ok(Exit::Done);
    }
    let nodes = counted(unpacked.nodes, "node");
    session.output.note(&format!("unpacked {nodes}, {}", iec(unpacked.bytes)));
    session.output.path(store.calc_dir())?;
    Ok(Exit::Done)
}
