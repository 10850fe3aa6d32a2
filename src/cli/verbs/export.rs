use std::path::{Path, PathBuf};

use calcstore::{DataStore, ErrorKind, ExportReport};
use clap::{Subcommand, ValueHint};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::summary;
use crate::cli::units::iec;

#[derive(Debug, clap::Args)]
#[command(subcommand_value_name = "FORMAT", subcommand_help_heading = "Formats")]
pub struct Arguments {
    #[command(subcommand)]
    format: Format,
}

/// What the copy is made in.
#[derive(Debug, Subcommand)]
enum Format {
    /// One HDF5 file, for HDFView, h5dump, h5py, MATLAB
    #[command(after_help = "\
The file appears whole or not at all. Its name is printed; what it lacks is said on standard error.

Examples:
  calcstore export hdf5                       output.hdf5 in the calculation's directory
  calcstore -c 12 export hdf5 -o curves.hdf5")]
    Hdf5(Hdf5),
}

#[derive(Debug, clap::Args)]
struct Hdf5 {
    /// The file [default: output.hdf5 in the calculation's directory]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

/// Copies everything to a file of another format.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    match &asked.format {
        Format::Hdf5(asked) => hdf5(session, asked),
    }
}

fn hdf5(session: &Session<'_>, asked: &Hdf5) -> Result<Exit, Failure> {
    let store = session.read()?;
    let interrupt = Interrupt::watch();
    session.output.detail("exporting");
    let progress = Progress::of_bytes(session.output, "exporting", || total(&store));
    let mut export = store.hdf5_export().force(asked.force).on_progress(|done| {
        progress.set(done.bytes);
        interrupt.answer()
    });
    if let Some(file) = &asked.output {
        export = export.file(file);
    }
    let report = export.run();
    drop(progress);
    let report = report.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "there is such a file already; --force replaces it, -o names another one";
            Failure::new(ErrorKind::AlreadyExists, message).with_file(error.file().unwrap_or(Path::new("")))
        }
        _ => error.into(),
    })?;
    print(session, &report)?;
    Ok(Exit::Done)
}

/// About how many bytes there are to write; what cannot be known beforehand counts nothing.
fn total(store: &DataStore) -> u64 {
    let nodes = store.walk_nodes("/").unwrap_or_default();
    nodes.iter().filter_map(|node| summary::bytes(store, node).ok().flatten()).fold(0, u64::saturating_add)
}

fn print(session: &Session<'_>, report: &ExportReport) -> Result<(), Failure> {
    let file = report.file.display().to_string();
    if session.output.is_json() {
        let left_out = report.left_out.iter().map(|left| json!({"key": left.key, "why": left.why}));
        let left_out = left_out.collect::<Json>();
        return session.output.json(&json!({"file": file, "bytes": report.bytes, "left_out": left_out}));
    }
    for left in &report.left_out {
        session.output.note(&format!("left out: {}: {}", left.key, left.why));
    }
    for key in &report.tables_as_groups {
        session
            .output
            .note(&format!("{key}: has too many columns for one dataset, and became a group of them"));
    }
    session.output.note(&format!("exported {}", iec(report.bytes)));
    session.output.line(&file)
}
