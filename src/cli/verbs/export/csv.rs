//! Values as CSV: a line of names and units, then the rows.

use std::fmt::Write;

use calcstore::Node;

use super::grid::{Block, Grid, Head};
use crate::cli::elements::write_text;
use crate::cli::failure::Failure;
use crate::cli::files::Sink;
use crate::cli::source::Source;

/// Writes a value; `done` is told how many bytes of it were written.
pub fn write(
    source: &Source,
    node: &Node,
    with_units: bool,
    sink: &mut Sink,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    let grid = Grid::new(source, node)?;
    let mut text = String::new();
    for (at, head) in grid.columns.iter().enumerate() {
        cell(&mut text, at, |text| text.push_str(&name(head, with_units)));
    }
    end(&mut text, 0, grid.columns.len());
    sink.write(text.as_bytes())?;
    grid.each(&mut |block| {
        text.clear();
        for row in 0..block.rows {
            line(block, row, &mut text);
            if text.len() >= 1 << 20 {
                sink.write(text.as_bytes())?;
                done(text.len() as u64);
                text.clear();
            }
        }
        done(text.len() as u64);
        sink.write(text.as_bytes())
    })
}

fn name(head: &Head, with_units: bool) -> String {
    match head.units.as_ref().filter(|_| with_units) {
        Some(units) => format!("{} [{units}]", head.name),
        None => head.name.clone(),
    }
}

fn line(block: &Block, row: usize, text: &mut String) {
    let (start, mut at) = (text.len(), 0);
    for (array, width) in &block.parts {
        for place in row * width..(row + 1) * width {
            cell(text, at, |text| write_text(array, place, text));
            at += 1;
        }
    }
    end(text, start, at);
}

/// Adds a cell, between quotes where it holds what would end it.
fn cell(text: &mut String, at: usize, add: impl FnOnce(&mut String)) {
    if at > 0 {
        text.push(',');
    }
    let start = text.len();
    add(text);
    if text[start..].contains(['"', ',', '\n', '\r']) {
        let quoted = text[start..].replace('"', "\"\"");
        text.truncate(start);
        let _ = write!(text, "\"{quoted}\"");
    }
}

/// Ends a line. One that is empty would be none.
fn end(text: &mut String, start: usize, cells: usize) {
    if cells == 1 && text.len() == start {
        text.push_str("\"\"");
    }
    text.push('\n');
}
