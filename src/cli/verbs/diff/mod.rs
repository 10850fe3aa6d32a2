mod json;
mod text;

use calcstore::{Comparison, ComparisonReport, Difference, ErrorKind, NodeKind};
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::cli::elements::printable;
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::operand::{self, Operand};
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::summary;
use crate::cli::units::{counted, iec};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A side is CALC, CALC:KEY, or a KEY of the calculation that -c names. CALC is an \
ID, negative from the last, or a path (./12 is one). A key ends at no colon: what \
is behind the last one is the KEY. If one side alone has a KEY, the other's is the \
same. What begins with / is a path only if there is no such key.

Two numbers are equal if |a-b| <= ABS + REL*|b|, as numpy.isclose has it, with B \
as the reference. NaN equals NaN. Text, bool and bytes have no tolerance; the \
attributes date and calcstore_version of calculations are not compared.

Exit codes: 0 equal, 1 different, 2 trouble, or something could not be compared, \
3 not found.

Examples:
  calcstore diff -2 -1                   the last two calculations
  calcstore diff -p 1e-9 1:/0 2:/0       groups, relative to those of 2
  calcstore diff /a /b                   two values of the last calculation
  calcstore diff -v 12:/0/Sadigh 13      the first elements that differ
  calcstore diff --brief --exclude '/log*' 12 ../old/calc_12")]
pub struct Arguments {
    /// What is compared
    #[arg(value_name = "A", allow_hyphen_values = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Operand::parse))]
    left: Operand,

    /// What it is compared with
    #[arg(value_name = "B", allow_hyphen_values = true)]
    #[arg(value_parser = OsStringValueParser::new().try_map(Operand::parse))]
    right: Operand,

    /// Numbers may differ by so much
    #[arg(short = 'd', long = "delta", value_name = "ABS", default_value_t = 0.0)]
    #[arg(allow_negative_numbers = true, value_parser = tolerance)]
    absolute: f64,

    /// Numbers may differ by this part of the number in B
    #[arg(short = 'p', long, value_name = "REL", default_value_t = 0.0)]
    #[arg(allow_negative_numbers = true, value_parser = tolerance)]
    relative: f64,

    /// NaN differs from NaN
    #[arg(long)]
    nan_differs: bool,

    /// Values of two types may be equal
    #[arg(long)]
    ignore_types: bool,

    /// Print only the keys that differ; stop at the first difference of each
    #[arg(long)]
    brief: bool,

    /// List so many fields of each object, and elements of each array (with -v or --json)
    #[arg(long, value_name = "N", default_value_t = 10)]
    list: usize,

    /// Compare only what matches, in A or B, and what is below: * within a component, ** across
    #[arg(long, value_name = "GLOB")]
    only: Vec<String>,

    /// Leave out what matches, in A or B, and what is below
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

fn tolerance(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number >= 0.0 { Ok(number) } else { Err("a tolerance is 0 or more".to_owned()) }
}

/// Compares two calculations, groups or values.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let output = session.output;
    let [left, right] = operand::open(session, &asked.left, &asked.right)?;
    let interrupt = Interrupt::watch();
    let progress = Progress::of_bytes(output, "comparing", || total(&left.0, &left.1));
    let comparison = Comparison::new(left.0.side(), right.0.side()).keys(&left.1, &right.1);
    let comparison = asked.applied(comparison).on_progress(|done| {
        progress.set(done.bytes);
        interrupt.answer()
    });
    let report = comparison.run();
    drop(progress);
    let report = report?;
    if report.nodes == 0 && report.is_equal() && !asked.only.is_empty() {
        let message = format!("nothing matches --only {}", asked.only.join(" --only "));
        return Err(Failure::new(ErrorKind::NotFound, message));
    }
    if output.is_json() {
        output.json(&json::report(&report))?;
    } else if asked.brief {
        output.lines(report.differing.iter().map(|differing| {
            let is_right = differing.differences == [Difference::OnlyRight];
            printable(if is_right { &differing.right } else { &differing.left })
        }))?;
    } else {
        output.lines(report.differing.iter().flat_map(|one| text::lines(one, output.is_verbose())))?;
    }
    output.note(&said(&report));
    Ok(match (report.is_equal(), report.is_complete()) {
        (true, _) => Exit::Done,
        (false, true) => Exit::Faults,
        (false, false) => Exit::Trouble,
    })
}

impl Arguments {
    fn applied<'a>(&self, comparison: Comparison<'a>) -> Comparison<'a> {
        let comparison = comparison.absolute(self.absolute).relative(self.relative);
        let comparison = comparison.nan_differs(self.nan_differs).ignore_types(self.ignore_types);
        let comparison = comparison.brief(self.brief).list(self.list);
        let comparison = self.only.iter().fold(comparison, |all, pattern| all.only(pattern));
        self.exclude.iter().fold(comparison, |all, pattern| all.exclude(pattern))
    }
}

/// About how many bytes there are to read of one side; what cannot be known beforehand counts nothing.
fn total(source: &Source, key: &str) -> u64 {
    let nodes = match source.node(key) {
        Ok(node) if node.kind != NodeKind::Group => vec![node],
        _ => source.walk_nodes(key).unwrap_or_default(),
    };
    nodes.iter().filter_map(|node| summary::bytes(source, node).ok().flatten()).fold(0, u64::saturating_add)
}

fn said(report: &ComparisonReport) -> String {
    let read = format!("{} and {} compared", counted(report.nodes, "node"), iec(report.bytes));
    match report.differing.len() {
        0 => format!("{read}: no differences"),
        1 => format!("{read}: 1 key differs"),
        count => format!("{read}: {count} keys differ"),
    }
}
