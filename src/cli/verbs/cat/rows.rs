//! Values line by line.

use calcstore::{AnyArray, Table};
use serde_json::{Map, Value as Json};

use crate::cli::elements::{Digits, escaped, text_at};
use crate::cli::failure::Failure;
use crate::cli::files::Sink;

/// Prints an array: one row a line, tabs between the elements, an empty line between the planes of three axes and
/// more. Of one axis each element has a line of its own.
pub fn text(array: &AnyArray, sink: &mut Sink) -> Result<(), Failure> {
    let shape = array.shape();
    let per_line = if shape.len() < 2 { 1 } else { shape[shape.len() - 1] };
    let per_plane = if shape.len() < 3 { usize::MAX } else { shape[shape.len() - 2] };
    if array.is_empty() {
        return Ok(());
    }
    for line in 0..array.len() / per_line {
        if line > 0 && line % per_plane == 0 {
            sink.write(b"\n")?;
        }
        let cells =
            (line * per_line..(line + 1) * per_line).map(|at| escaped(&text_at(array, at, Digits::All)));
        sink.write(format!("{}\n", cells.collect::<Vec<_>>().join("\t")).as_bytes())?;
    }
    Ok(())
}

/// Prints a table: a line of names, then one for each row.
pub fn table_text(table: &Table, sink: &mut Sink) -> Result<(), Failure> {
    header(table, sink)?;
    body(table, sink)
}

/// Prints the line of names.
pub fn header(table: &Table, sink: &mut Sink) -> Result<(), Failure> {
    line(&names(table), sink)
}

/// Prints the rows.
pub fn body(table: &Table, sink: &mut Sink) -> Result<(), Failure> {
    (0..table.rows()).try_for_each(|row| line(&cells(table, row), sink))
}

fn line(cells: &[String], sink: &mut Sink) -> Result<(), Failure> {
    let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
    sink.write(format!("{}\n", cells.join("\t")).as_bytes())
}

/// The names of the columns, those with an inner shape spread out: `PGA[0]`, `PGA[1]`, `m[0,1]`.
pub fn names(table: &Table) -> Vec<String> {
    let mut names = Vec::new();
    for (name, column) in table.columns() {
        let inner = column.shape().get(1..).unwrap_or_default();
        if inner.is_empty() {
            names.push(name.to_owned());
            continue;
        }
        names.extend((0..inner.iter().product()).map(|place| format!("{name}[{}]", index(place, inner))));
    }
    names
}

/// The index of a place in C order.
fn index(mut place: usize, shape: &[usize]) -> String {
    let mut index = Vec::new();
    for length in shape.iter().rev() {
        index.push((place % length).to_string());
        place /= length;
    }
    index.reverse();
    index.join(",")
}

/// The elements of a row, in the order of [`names`].
pub fn cells(table: &Table, row: usize) -> Vec<String> {
    let mut cells = Vec::new();
    for (_, column) in table.columns() {
        let inner: usize = column.shape().iter().skip(1).product();
        cells.extend((row * inner..(row + 1) * inner).map(|place| text_at(column, place, Digits::All)));
    }
    cells
}

/// Prints one JSON a line: the elements along the first axis, or the rows of a table.
pub fn json_lines(json: &Json, is_table: bool, sink: &mut Sink) -> Result<(), Failure> {
    let mut write = |line: &Json| sink.write(format!("{line}\n").as_bytes());
    match json {
        Json::Object(columns) if is_table => {
            let rows = columns.values().next().and_then(Json::as_array).map_or(0, Vec::len);
            for row in 0..rows {
                let cell = |(name, column): (&String, &Json)| (name.clone(), column[row].clone());
                write(&Json::Object(columns.iter().map(cell).collect::<Map<_, _>>()))?;
            }
            Ok(())
        }
        Json::Array(rows) => rows.iter().try_for_each(write),
        one => write(one),
    }
}
