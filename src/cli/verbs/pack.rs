use std::ffi::OsString;
use std::path::PathBuf;

use calcstore::{ErrorKind, PackReport};
use clap::ValueHint;
use clap::builder::{OsStringValueParser, TypedValueParser};
use serde_json::json;

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::check_target;
use crate::cli::global::Calc;
use crate::cli::interrupt::Interrupt;
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The zip file appears whole or not at all, and its name is printed. Nothing in it is compressed once more: -c FILE.zip \
reads it where it lies, as zarr-python does (zarr.storage.ZipStore).

Examples:
  calcstore pack -o last.zip
  calcstore pack 12 -o calc_12.zip
  calcstore -c hazard.zip tree                read where it lies")]
pub struct Arguments {
    /// The calculation [default: that of -c]
    #[arg(value_name = "CALC", allow_negative_numbers = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(|calc: OsString| Calc::parse(calc)))]
    calc: Option<Calc>,

    /// The zip file
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: PathBuf,

    /// Replace a file that is there already
    #[arg(long)]
    force: bool,
}

/// Packs a calculation into one zip file.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    check_target(&asked.output)?;
    let store = session.store_of(asked.calc.as_ref().unwrap_or(session.calc()))?;
    let interrupt = Interrupt::watch();
    let source = Source::from(&store);
    let total = || source.size("/").map_or(0, |size| size.stored_bytes);
    let progress = Progress::of_bytes(session.output, "packing", total);
    let packing = store.pack(&asked.output).force(asked.force).on_progress(|done| {
        progress.set(done.bytes);
        interrupt.answer()
    });
    let report = packing.run();
    drop(progress);
    let report = report.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "there is such a file already; --force replaces it";
            Failure::new(ErrorKind::AlreadyExists, message).with_file(&asked.output)
        }
        _ => error.into(),
    })?;
    if let Ok(Some(parent)) = store.parent_dir() {
        let parent = parent.display();
        session.output.note(&format!("its parent is not in it, and is needed to read on: {parent}"));
    }
    print(session.output, &report)?;
    Ok(Exit::Done)
}

fn print(output: &Output, report: &PackReport) -> Result<(), Failure> {
    if output.is_json() {
        let nodes = report.packed.nodes;
        return output
            .json(&json!({"file": report.file.to_string_lossy(), "bytes": report.bytes, "nodes": nodes}));
    }
    output.note(&format!("packed {}, {}", counted(report.packed.nodes, "node"), iec(report.bytes)));
    output.path(&report.file)
}
