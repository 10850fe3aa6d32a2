//! What may be typed.

use clap::{Parser, Subcommand};

use super::global::Global;
use super::verbs::{
    attrs, calcs, cat, check, completions, cp, diff, du, export, files, gc, import, ls, man, mv, new, pack,
    plot, purge, put, repack, rm, show, stat, status, tree, unpack, watch,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done           1  faults or differences, or import left something out
  2  wrong usage, or trouble
  3  not found      4  locked or busy       130  interrupted

Examples:
  calcstore calcs                      what calculations there are
  calcstore tree                       everything in the last one
  calcstore -c 12 show /0/Sadigh       a value of calculation 12
  calcstore put /sites sites.csv       a table from a CSV file
  calcstore export hdf5                output.hdf5, for HDFView";

/// What `--version` prints; `-V` prints the first line. See `build.rs`.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit: ",
    env!("CALCSTORE_COMMIT"),
    "\ntarget: ",
    env!("CALCSTORE_TARGET"),
    "\nfeatures: ",
    env!("CALCSTORE_FEATURES"),
);

/// Looks into and changes stores of scientific results
///
/// A store holds arrays, tables and objects under keys such as /0/SadighEtAl1997. Each calculation has one, in a
/// directory of its own in the data directory.
#[derive(Debug, Parser)]
#[command(name = "calcstore", version, long_version = VERSION, after_help = EXIT_CODES, max_term_width = 80)]
#[command(arg_required_else_help = true, subcommand_required = true, disable_help_subcommand = true)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs")]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,

    #[command(flatten)]
    pub global: Global,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make the next calculation and print its directory
    New(new::Arguments),
    /// List the calculations
    Calcs(calcs::Arguments),
    /// Print the directory of a calculation
    #[command(after_help = "Example:\n  calcstore -c -2 path    the directory of the last but one")]
    Path,
    /// Print the ID of a calculation
    #[command(after_help = "Example:\n  calcstore id            the ID of the last one")]
    Id,
    /// Print how far a calculation has come, or note it
    Status(status::Arguments),
    /// List what is in a group
    Ls(ls::Arguments),
    /// Draw everything below a group, with types, shapes and sizes
    Tree(tree::Arguments),
    /// Describe a value and preview it
    Show(show::Arguments),
    /// Print a value, or save it to a file
    Cat(cat::Arguments),
    /// Draw curves or a grid, in the terminal or to a file
    Plot(plot::Arguments),
    /// Show the values in a browser
    #[cfg(feature = "view")]
    View(super::verbs::view::Arguments),
    /// Follow an array or table that grows, or wait for keys
    Watch(watch::Arguments),
    /// Store a value from a file
    Put(put::Arguments),
    /// List, print, set or remove attributes
    Attrs(attrs::Arguments),
    /// Remove values and groups
    Rm(rm::Arguments),
    /// Move values and groups
    Mv(mv::Arguments),
    /// Copy values and groups
    Cp(cp::Arguments),
    /// Compare two calculations, groups or values
    Diff(diff::Arguments),
    /// Copy values to files of other formats
    Export(export::Arguments),
    /// Make values of a file: HDF5, npy, npz, csv, zip
    Import(import::Arguments),
    /// Pack a calculation into one zip file
    Pack(pack::Arguments),
    /// Make a calculation of a zip file
    Unpack(unpack::Arguments),
    /// List, store or extract input files
    Files(files::Arguments),
    /// Tell what there is and what it takes
    Stat(stat::Arguments),
    /// Tell what each group and value takes
    Du(du::Arguments),
    /// Store values anew in other chunks or compressed in another way
    Repack(repack::Arguments),
    /// Read everything and look for damage
    Check(check::Arguments),
    /// Remove what nobody needs any more
    Gc(gc::Arguments),
    /// Delete calculations
    Purge(purge::Arguments),
    /// Print completions for a shell
    Completions(completions::Arguments),
    /// Print the manual page, or save a page for each verb
    Man(man::Arguments),
}
