//! The columns of a table, side by side.

use super::excerpt::{EDGE, Rows};
use crate::cli::columns::{Columns, layout};
use crate::cli::elements::{Digits, shortened, text_at};
use crate::cli::units::counted;

/// How many elements of an inner shape are shown at either end.
const INNER_EDGE: u64 = 2;
/// Between two columns.
const GAP: usize = 2;

/// Draws the first and the last rows, and as many columns as fit.
pub fn draw(columns: &[(String, Rows)], rows: u64, width: usize) -> String {
    let shown: Vec<Option<u64>> = if rows <= 2 * EDGE {
        (0..rows).map(Some).collect()
    } else {
        (0..EDGE).map(Some).chain([None]).chain((rows - EDGE..rows).map(Some)).collect()
    };
    let number = |row: &Option<u64>| row.map_or("…".to_owned(), |row| row.to_string());
    let mut drawn = vec![[String::new()].into_iter().chain(shown.iter().map(number)).collect::<Vec<_>>()];
    let mut left = width.saturating_sub(widest(&drawn[0]));
    for (name, column) in columns {
        let cells = shown.iter().map(|row| row.map_or("…".to_owned(), |row| cell(column, row)));
        let cells: Vec<String> = [name.clone()].into_iter().chain(cells).collect();
        let needed = widest(&cells) + GAP;
        if needed > left && drawn.len() > 1 {
            break;
        }
        left = left.saturating_sub(needed);
        drawn.push(cells);
    }
    let more = columns.len() + 1 - drawn.len();
    let lines = (0..=shown.len()).map(|line| drawn.iter().map(|column| column[line].clone()).collect());
    let mut lines = layout(lines, Columns { elastic: &[1], ..Columns::default() }, width);
    if more > 0 {
        let names: Vec<&str> =
            columns[drawn.len() - 1..].iter().map(|(name, _)| name.as_str()).take(8).collect();
        let end = if more > names.len() { ", …" } else { "" };
        let said = format!("… {}: {}{end}", counted(more as u64, "more column"), names.join(", "));
        lines.push(shortened(&said, width));
    }
    lines.join("\n")
}

/// One element, or an inner array on one line.
fn cell(column: &Rows, row: u64) -> String {
    let (array, row) = column.row(row);
    let inner: u64 = column.shape.iter().skip(1).product();
    let element =
        |at: u64| text_at(array, usize::try_from(row * inner + at).unwrap_or(usize::MAX), Digits::Few);
    if column.shape.len() <= 1 {
        return element(0);
    }
    let elements: Vec<String> = if inner <= 2 * INNER_EDGE {
        (0..inner).map(element).collect()
    } else {
        let first = (0..INNER_EDGE).map(element);
        first.chain(["…".to_owned()]).chain((inner - INNER_EDGE..inner).map(element)).collect()
    };
    format!("[{}]", elements.join(" "))
}

fn widest(cells: &[String]) -> usize {
    cells.iter().map(|cell| cell.chars().count()).max().unwrap_or_default()
}
