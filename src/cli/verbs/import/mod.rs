//! Values of files of other formats.

mod format;
mod hdf5;
mod values;

use std::path::PathBuf;

use calcstore::{DataStore, ErrorKind, Status};
use clap::ValueHint;

use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::session::Session;
use crate::cli::units::parse_size;
use crate::cli::verbs::put::parse_delimiter;
use crate::cli::verbs::unpack;
use format::Format;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What the file is, its first bytes say; of CSV the suffix. Datasets of HDF5 become arrays, those of compounds tables; \
each array of an npz file is one under its name. A new calculation is made, and its directory printed. What cannot be \
imported is said on standard error, and everything beside it is there.

Exit codes: 0 everything was imported, 1 something was left out.

Examples:
  calcstore import calc_42.hdf5               a new calculation
  calcstore -c 12 import sites.h5 --into /input/sites
  calcstore import run.nxs --external .       with the files that it leads to
  calcstore -c 12 import curves.npz --into /old
  calcstore -c 12 import sites.csv --key /input/sites
  calcstore import hazard.zip                 as unpack does")]
pub struct Arguments {
    #[arg(
        help = "The file: HDF5 (of OpenQuake, h5py, netCDF-4, MATLAB 7.3, PyTables, or exported from a store), npy, npz, csv, \
                or a zip file of a Zarr hierarchy"
    )]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: PathBuf,

    /// Import into this group of the calculation that is there, where it appears as a whole or not at all; npy and csv
    /// become a value under this key
    #[arg(long, visible_alias = "key", value_name = "KEY")]
    into: Option<String>,

    /// Let it take the place of what is there already
    #[arg(long, requires = "into")]
    replace: bool,

    /// How much to import at most, decompressed; always as much as the file has [default: 64GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    limit: Option<u64>,

    /// Of HDF5: read the other files that it leads to, below this directory alone
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    external: Option<PathBuf>,

    /// Of csv: what stands between the cells; \t is a tab [default: ,]
    #[arg(long, value_name = "CHARACTER", value_parser = parse_delimiter)]
    delimiter: Option<u8>,
}

/// Makes values of a file of another format.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let format = Format::of(&asked.file)?;
    if asked.delimiter.is_some() && !matches!(format, Format::Csv) {
        return Err(Failure::invalid("--delimiter is for csv alone"));
    }
    if asked.external.is_some() && !matches!(format, Format::Hdf5) {
        return Err(Failure::invalid("--external is for HDF5 alone"));
    }
    let interrupt = Interrupt::watch();
    if asked.into.is_some() {
        let store = session.write()?;
        return into(session, &store, asked, &format, &interrupt).map_err(|failure| match failure {
            Failure::Fault(mut fault) if fault.kind == ErrorKind::AlreadyExists && !asked.replace => {
                "there is a value or a group here already; --replace lets it go"
                    .clone_into(&mut fault.message);
                Failure::Fault(fault)
            }
            failure => failure,
        });
    }
    if session.names_calc() {
        let message =
            "-c is the calculation to import into only with --into KEY; without it a new one is made";
        return Err(Failure::invalid(message));
    }
    if matches!(format, Format::Zip) {
        return unpack::unpack(session, &asked.file, None, asked.limit, &interrupt);
    }
    let store = session.options().create()?;
    match into(session, &store, asked, &format, &interrupt)
        .and_then(|exit| finish(&store, asked, &format).map(|()| exit))
    {
        Ok(exit) => Ok(exit),
        Err(failure) => {
            discard(session, store);
            Err(failure)
        }
    }
}

/// Says of a new calculation that it is whole, and where it comes from where that is a file that cannot say it.
fn finish(store: &DataStore, asked: &Arguments, format: &Format) -> Result<(), Failure> {
    if store.status()? == Status::Created {
        store.set_status(Status::Complete)?;
    }
    if let (Some(name), false) = (asked.file.file_name(), matches!(format, Format::Hdf5)) {
        let description = format!("imported from {}", name.to_string_lossy());
        store.attributes("/")?.insert("description", description)?;
    }
    store.flush()?;
    Ok(())
}

fn into(
    session: &Session<'_>,
    store: &DataStore,
    asked: &Arguments,
    format: &Format,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    match format {
        Format::Hdf5 => hdf5::run(session, store, asked, interrupt),
        other => values::run(session, store, asked, other, interrupt),
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
