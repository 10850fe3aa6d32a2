//! Copies in files of other formats.

mod csv;
mod grid;
mod hdf5;
mod npz;
mod values;

use clap::Subcommand;

use crate::cli::failure::{Exit, Failure};
use crate::cli::session::Session;
use values::Values;

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
    #[command(after_help = hdf5::EXAMPLES)]
    Hdf5(hdf5::Hdf5),
    /// Arrays and tables as CSV: a line of names and units, then the rows
    #[command(after_help = "\
Of an array the last axis is the columns, unless it is the only one; the axes before it are columns of labels, or of \
indices. Each file appears whole or not at all.

Examples:
  calcstore export csv /ruptures -o ruptures.csv
  calcstore export csv '/hcurves/*' -o curves      curves/hcurves/PGA.csv, …
  calcstore export csv /sites -o - | head")]
    Csv {
        #[command(flatten)]
        values: Values,
        /// Leave the units out of the names: lon, not lon [deg]
        #[arg(long)]
        no_units: bool,
    },
    /// Arrays as numpy.save makes them
    #[command(after_help = "\
Examples:
  calcstore export npy /0/Sadigh/PGA -o pga.npy
  calcstore export npy /hcurves -o arrays          arrays/hcurves/PGA.npy, …")]
    Npy(Values),
    /// Arrays in one file, as numpy.savez makes it; tables by column
    #[command(after_help = "\
In Python, numpy.load('all.npz')['sites/lon'] is a column of the table /sites.

Examples:
  calcstore export npz / -o all.npz
  calcstore export npz '/hcurves/*' /levels -o hcurves.npz")]
    Npz(Values),
    /// Arrays and tables as Parquet, for pandas, polars, R, databases
    #[command(after_help = "\
The columns are those of csv. Units and attributes are in the metadata of the file, as JSON.

Examples:
  calcstore export parquet /ruptures -o ruptures.parquet
  calcstore export parquet '/losses/*' -o losses")]
    Parquet(Values),
}

/// Copies values to files of another format.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    match &asked.format {
        Format::Hdf5(asked) => hdf5::run(session, asked),
        Format::Csv { values, no_units } => {
            values::run(session, values, values::Format::Csv { with_units: !no_units })
        }
        Format::Npy(values) => values::run(session, values, values::Format::Npy),
        Format::Npz(values) => values::run(session, values, values::Format::Npz),
        Format::Parquet(values) => values::run(session, values, values::Format::Parquet),
    }
}
