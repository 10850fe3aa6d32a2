//! Values from CSV.

use calcstore::{AnyArray, Table};
use csv::{Reader, ReaderBuilder, StringRecord};

use crate::cli::elements::{Order, shaped};
use crate::cli::failure::Failure;

/// Reads a table: a line of names, then rows as long as it.
pub fn table(bytes: &[u8], delimiter: Option<u8>) -> Result<Table, Failure> {
    check_delimiter(bytes, delimiter)?;
    let mut reader = reader(bytes, delimiter, true);
    let names = reader.headers().map_err(|error| wrong(&error))?.clone();
    if names.is_empty() {
        return Err(Failure::invalid("there is no line of names"));
    }
    let rows = rows(&mut reader)?;
    let mut table = Table::new();
    for (at, name) in names.iter().enumerate() {
        let cells = rows.iter().map(|row| row.get(at).unwrap_or_default());
        table.push(name.trim(), typed(&[rows.len()], &cells.collect::<Vec<_>>())?)?;
    }
    Ok(table)
}

/// Reads an array of two axes: rows of equal length, no names.
pub fn array(bytes: &[u8], delimiter: Option<u8>) -> Result<AnyArray, Failure> {
    check_delimiter(bytes, delimiter)?;
    let rows = rows(&mut reader(bytes, delimiter, false))?;
    let columns = rows.first().map_or(0, StringRecord::len);
    let cells: Vec<&str> = rows.iter().flat_map(|row| row.iter()).collect();
    typed(&[rows.len(), columns], &cells)
}

/// Refuses lines without any comma that are surely divided by something else, as spreadsheets of many countries do.
fn check_delimiter(bytes: &[u8], delimiter: Option<u8>) -> Result<(), Failure> {
    let mut lines =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).peekable();
    if delimiter.is_some() || lines.peek().is_none() || bytes.contains(&b',') {
        return Ok(());
    }
    let lines: Vec<&[u8]> = lines.collect();
    for (other, shown) in [(b';', "\";\""), (b'\t', "\"\\t\"")] {
        if lines.iter().all(|line| line.contains(&other)) {
            return Err(Failure::invalid(format!("there are no commas: say --delimiter {shown}")));
        }
    }
    Ok(())
}

fn reader(bytes: &[u8], delimiter: Option<u8>, has_headers: bool) -> Reader<&[u8]> {
    // A byte order mark is no part of the first name.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).has_headers(has_headers).from_reader(bytes)
}

fn rows(reader: &mut Reader<&[u8]>) -> Result<Vec<StringRecord>, Failure> {
    reader.records().map(|row| row.map_err(|error| wrong(&error))).collect()
}

fn wrong(error: &csv::Error) -> Failure {
    let line = error.position().map_or(String::new(), |position| format!("line {}: ", position.line()));
    let why = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells, where those before have {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    Failure::invalid(format!("not CSV: {line}{why}"))
}

/// Cells of one type: `int64` where all are integers, or `uint64`; `float64` where all are numbers or missing; else text,
/// also of integers that no float has.
fn typed(shape: &[usize], cells: &[&str]) -> Result<AnyArray, Failure> {
    if cells.is_empty() {
        return shaped(shape, Order::C, Vec::<f64>::new());
    }
    if let Some(integers) = cells.iter().map(|cell| cell.trim().parse().ok()).collect::<Option<Vec<i64>>>() {
        return shaped(shape, Order::C, integers);
    }
    if let Some(integers) = cells.iter().map(|cell| cell.trim().parse().ok()).collect::<Option<Vec<u64>>>() {
        return shaped(shape, Order::C, integers);
    }
    let some = cells.iter().any(|cell| !cell.trim().is_empty());
    if let Some(floats) = cells.iter().map(|cell| float(cell)).collect::<Option<Vec<f64>>>()
        && some
    {
        return shaped(shape, Order::C, floats);
    }
    shaped(shape, Order::C, cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<String>>())
}

/// The largest integer up to which a float has all.
const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;

/// A number; an empty cell is missing, which is NaN. An integer that would become another one is none.
fn float(cell: &str) -> Option<f64> {
    let cell = cell.trim();
    if cell.is_empty() {
        return Some(f64::NAN);
    }
    let is_exact = cell.parse::<i128>().map_or(true, |integer| integer.unsigned_abs() <= EXACT);
    if is_exact { cell.parse().ok() } else { None }
}
