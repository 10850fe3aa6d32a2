use calcstore::{DataStore, Hdf5Import, ImportReport};
use serde_json::{Value as Json, json};

use super::Arguments;
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec};

/// So many of the things that were left out are named; of the others, how many there are.
const NAMED: usize = 20;

/// Makes values of an HDF5 file.
pub fn run(
    session: &Session<'_>,
    store: &DataStore,
    asked: &Arguments,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    print(session, store, &imported(session, store, asked, interrupt)?)
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
