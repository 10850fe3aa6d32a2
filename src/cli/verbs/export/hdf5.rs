use std::path::{Path, PathBuf};

use calcstore::{DataStore, ErrorKind, ExportReport, Half, Hdf5Compression, Hdf5Export, TablesAs};
use clap::{ValueEnum, ValueHint};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::files::check_target;
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::summary;
use crate::cli::units::iec;

pub const EXAMPLES: &str = "\
The file appears whole or not at all. Its name is printed; what it lacks is said on standard error.

Examples:
  calcstore export hdf5                       to the calculation's directory
  calcstore -c 12 export hdf5 -o curves.hdf5
  calcstore export hdf5 --only '/stats/*'     these, with all that is below
  calcstore export hdf5 --compression gzip    smaller, and slower to write";

#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Hdf5 {
    /// The file [default: output.hdf5 in the calculation's directory]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Replace a file that is there already
    #[arg(long)]
    force: bool,

    /// Export what matches, with all that is below; may be given more than once
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,

    /// auto (what is compressed in the store), none, or gzip[:LEVEL] for all
    #[arg(long, value_name = "HOW", default_value = "auto")]
    compression: Hdf5Compression,

    /// Divide all arrays into chunks, not only those that need it
    #[arg(long)]
    chunked: bool,

    /// Add a checksum to every chunk of numbers
    #[arg(long)]
    fletcher32: bool,

    /// What becomes of float16, which few programs read
    #[arg(long, value_name = "HOW", default_value = "widen")]
    half: HalfAs,

    /// What becomes of tables: one dataset of rows, or a group of columns
    #[arg(long, value_name = "WHAT", default_value = "compound")]
    tables: TableForm,

    /// Write only what netCDF reads: columns for tables, int8 for bool
    #[arg(long)]
    netcdf_safe: bool,

    /// Add what makes H5Web and NeXpy open a labelled plot
    #[arg(long)]
    nexus: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum HalfAs {
    Widen,
    Keep,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TableForm {
    Compound,
    Groups,
}

impl Hdf5 {
    /// The export that is asked for.
    fn plan<'a>(&self, store: &'a DataStore) -> Hdf5Export<'a> {
        let half = match self.half {
            HalfAs::Widen => Half::Widen,
            HalfAs::Keep => Half::Keep,
        };
        let tables = match self.tables {
            TableForm::Compound => TablesAs::Compound,
            TableForm::Groups => TablesAs::Groups,
        };
        let mut export = store.hdf5_export().force(self.force).half(half).tables(tables);
        export = export.compression(self.compression).chunked(self.chunked).fletcher32(self.fletcher32);
        export = export.netcdf_safe(self.netcdf_safe).nexus(self.nexus);
        if let Some(file) = &self.output {
            export = export.file(file);
        }
        self.only.iter().fold(export, |export, pattern| export.only(pattern))
    }
}

/// Copies everything to an HDF5 file.
pub fn run(session: &Session<'_>, asked: &Hdf5) -> Result<Exit, Failure> {
    asked.output.as_deref().map_or(Ok(()), check_target)?;
    let store = session.store()?;
    let interrupt = Interrupt::watch();
    session.output.detail("exporting");
    let progress = Progress::of_bytes(session.output, "exporting", || total(&store, &asked.only));
    let export = asked.plan(&store).on_progress(|done| {
        progress.set(done.bytes);
        interrupt.answer()
    });
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
fn total(store: &DataStore, only: &[String]) -> u64 {
    let roots: Vec<String> = match only {
        [] => vec!["/".to_owned()],
        only => only.iter().filter_map(|pattern| store.glob(pattern).ok()).flatten().collect(),
    };
    let nodes: Vec<_> = roots.iter().flat_map(|root| store.walk_nodes(root).unwrap_or_default()).collect();
    nodes
        .iter()
        .filter_map(|node| summary::bytes(&Source::from(store), node).ok().flatten())
        .fold(0, u64::saturating_add)
}

fn print(session: &Session<'_>, report: &ExportReport) -> Result<(), Failure> {
    let file = report.file.display().to_string();
    if session.output.is_json() {
        let left_out = report.left_out.iter().map(|left| json!({"key": left.key, "why": left.why}));
        let left_out = left_out.collect::<Json>();
        let no_scale = report.no_scale.iter().map(|axis| json!({"key": axis.key, "why": axis.why}));
        let report = json!({
            "file": file, "bytes": report.bytes, "left_out": left_out,
            "tables_as_groups": report.tables_as_groups, "sparse": report.sparse,
            "no_scale": no_scale.collect::<Json>(),
        });
        return session.output.json(&report);
    }
    for left in &report.left_out {
        session.output.note(&format!("left out: {}: {}", left.key, left.why));
    }
    for key in &report.tables_as_groups {
        session
            .output
            .note(&format!("{key}: has too many columns for one dataset, and became a group of them"));
    }
    for axis in &report.no_scale {
        session.output.note(&format!("{}: {}", axis.key, axis.why));
    }
    for key in &report.sparse {
        session.output.note(&format!("{key}: chunks that were never written are not in the file, either"));
    }
    session.output.note(&format!("exported {}", iec(report.bytes)));
    session.output.line(&file)
}
