//! Values as CSV.

use calcstore::{AnyArray, ErrorKind, Table};
use csv::WriterBuilder;

use super::rows::{cells, names};
use crate::cli::elements::{Digits, text_at};
use crate::cli::failure::Failure;
use crate::cli::files::Sink;

/// Prints an array of up to two axes, without a header.
pub fn array(array: &AnyArray, sink: &mut Sink) -> Result<(), Failure> {
    let shape = array.shape();
    if shape.len() > 2 {
        let message = format!("csv holds one or two axes, not shape {shape:?}; use -f npy");
        return Err(Failure::new(ErrorKind::WrongShape, message));
    }
    let rows = shape.first().copied().unwrap_or(1);
    let columns = shape.get(1).copied().unwrap_or(1);
    let row =
        |row: usize| (row * columns..(row + 1) * columns).map(|at| text_at(array, at, Digits::All)).collect();
    (0..rows).try_for_each(|at| write(row(at), sink))
}

/// Prints a table: the names, then the rows.
pub fn table(table: &Table, sink: &mut Sink) -> Result<(), Failure> {
    write(names(table), sink)?;
    (0..table.rows()).try_for_each(|row| write(cells(table, row), sink))
}

fn write(record: Vec<String>, sink: &mut Sink) -> Result<(), Failure> {
    let mut line = WriterBuilder::new().from_writer(Vec::new());
    let failed = |error: String| Failure::invalid(format!("cannot be written as CSV: {error}"));
    line.write_record(record).map_err(|error| failed(error.to_string()))?;
    sink.write(&line.into_inner().map_err(|error| failed(error.to_string()))?)
}
