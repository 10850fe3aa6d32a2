use std::path::PathBuf;

use calcstore::{DataStore, Hdf5Import, ImportReport};
use clap::ValueHint;
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec, parse_size};

/// So many of the things that were left out are named; of the others, how many there are.
const NAMED: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Datasets become arrays, those of compounds tables. A new calculation is made, and its directory printed. What
cannot be imported is said on standard error, and everything beside it is there.

Exit codes: 0 everything was imported, 1 something was left out.

Examples:
  calcstore import calc_42.hdf5                       a new calculation
  calcstore -c 12 import sites.h5 --into /input/sites
  calcstore import run.nxs --external .               with the files that it leads to")]
pub struct Arguments {
    #[arg(
        help = "The HDF5 file: of OpenQuake, h5py, netCDF-4, MATLAB 7.3, PyTables, or exported from a store"
    )]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Import into this group of the calculation that is there, where it appears as a whole or not at all
    #[arg(long, value_name = "KEY")]
    into: Option<String>,

    /// Let it take the place of what is there already
    #[arg(long, requires = "into")]
    replace: bool,

    /// How much to import at most, decompressed; always as much as the file has [default: 64GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    limit: Option<u64>,

    /// Read the other files that it leads to, below this directory alone
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    external: Option<PathBuf>,
}

/// Makes values of a file of another format.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let interrupt = Interrupt::watch();
    if asked.into.is_some() {
        let store = session.write()?;
        return print(session, &store, &imported(session, &store, asked, &interrupt)?);
    }
    if session.names_calc() {
        let message =
            "-c is the calculation to import into only with --into KEY; without it a new one is made";
        return Err(Failure::invalid(message));
    }
    let store = session.options().create()?;
    match imported(session, &store, asked, &interrupt) {
        Ok(report) => print(session, &store, &report),
        Err(failure) => {
            discard(session, store);
            Err(failure)
        }
    }
}

/// Deletes the calculation that was made for an import that failed.
fn discard(session: &Session<'_>, store: DataStore) {
    let id = store.calc_id();
    // What is open is not deleted.
    drop(store);
    if let Some(id) = id {
        // What went wrong before says more than a second error would.
        let _ = session.options().delete(id).force(true).run();
    }
}

fn imported(
    session: &Session<'_>,
    store: &DataStore,
    asked: &Arguments,
    interrupt: &Interrupt,
) -> Result<ImportReport, Failure> {
    session.output.detail("importing");
    // Elements take other room than the file, which may be compressed, sparse, or one of several.
    let progress = Progress::bytes(session.output, "importing");
    let import = plan(store, asked).on_progress(|done| {
        progress.set(done.bytes);
        interrupt.answer()
    });
    let report = import.run();
    drop(progress);
    let report = report?;
    store.flush()?;
    Ok(report)
}

/// The import that is asked for.
fn plan<'a>(store: &'a DataStore, asked: &Arguments) -> Hdf5Import<'a> {
    let mut import = store.hdf5_import(&asked.file).replace(asked.replace);
    if let Some(key) = &asked.into {
        import = import.into(key);
    }
    if let Some(limit) = asked.limit {
        import = import.limit(limit);
    }
    match &asked.external {
        Some(directory) => import.external(directory),
        None => import,
    }
}

fn print(session: &Session<'_>, store: &DataStore, report: &ImportReport) -> Result<Exit, Failure> {
    let exit = if report.left_out.is_empty() { Exit::Done } else { Exit::Faults };
    let directory = store.calc_dir();
    if session.output.is_json() {
        let left_out = report.left_out.iter().map(|left| json!({"path": left.path, "why": left.why}));
        let converted = report
            .converted
            .iter()
            .map(|made| json!({"path": made.path, "key": made.key, "into": made.into}));
        let renamed = report.renamed.iter().map(|renamed| json!({"path": renamed.path, "key": renamed.key}));
        let report = json!({
            "calc_id": store.calc_id(), "calc_dir": directory.to_string_lossy(),
            "values": report.values, "bytes": report.bytes,
            "left_out": left_out.collect::<Json>(), "renamed": renamed.collect::<Json>(),
            "converted": converted.collect::<Json>(),
        });
        session.output.json(&report)?;
        return Ok(exit);
    }
    for left in report.left_out.iter().take(NAMED) {
        session.output.warning(&format!("left out: {}: {}", shown(&left.path), shown(&left.why)));
    }
    if let Some(more) = report.left_out.len().checked_sub(NAMED).filter(|more| *more > 0) {
        session.output.warning(&format!("left out: {more} more, which --json names"));
    }
    for renamed in report.renamed.iter().take(NAMED) {
        session.output.note(&format!("renamed: {} is {}", shown(&renamed.path), renamed.key));
    }
    for made in report.converted.iter().take(NAMED) {
        session.output.note(&format!(
            "converted: {} is {}: {}",
            shown(&made.path),
            made.key,
            shown(&made.into)
        ));
    }
    session.output.note(&format!("imported {}, {}", counted(report.values, "value"), iec(report.bytes)));
    session.output.path(directory)?;
    Ok(exit)
}

/// A name of a file may hold anything, and this is one line.
fn shown(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}
