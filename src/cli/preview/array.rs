//! Arrays in brackets, as `NumPy` prints them, with `…` for what does not fit.

use super::LINES;
use super::excerpt::{EDGE, Rows};
use crate::cli::elements::{Digits, text_at};

/// The most elements of a line that are looked at, at either end: each takes two columns or more.
const WIDEST: usize = 100;
/// The most lines that a one-dimensional array takes.
const WRAPPED: usize = 8;

/// The indices along an axis that are shown: all, or the first and the last.
struct Shown {
    first: Vec<u64>,
    last: Vec<u64>,
}

impl Shown {
    /// At most `most` of `length` indices.
    fn new(length: u64, most: u64) -> Self {
        if length <= most {
            return Self { first: (0..length).collect(), last: Vec::new() };
        }
        let edge = (most / 2).max(1);
        Self { first: (0..(most - edge).max(1)).collect(), last: (length - edge..length).collect() }
    }

    /// The indices in their order; `None` for those left out.
    fn places(&self) -> impl Iterator<Item = Option<u64>> {
        let gap = (!self.last.is_empty()).then_some(None);
        self.first.iter().copied().map(Some).chain(gap).chain(self.last.iter().copied().map(Some))
    }
}

/// Draws an array in lines of at most `width` columns.
pub fn draw(rows: &Rows, width: usize) -> String {
    let Some((last, outer)) = rows.shape.split_last() else {
        return text_at(&rows.first, 0, Digits::Few);
    };
    let axes: Vec<Shown> =
        outer.iter().map(|length| Shown::new(*length, lines_of_axis(outer.len()))).collect();
    let one =
        Drawing { rows, axes: &axes, last: &Shown::new(*last, 2 * WIDEST as u64), cell: 0, per_line: 1 };
    // Without rows to look at there are no lines to draw.
    let Some(cell) = one.widest_cell() else { return format!("[] of shape {:?}", rows.shape) };
    let rank = rows.shape.len();
    let per_line = (width.saturating_sub(2 * rank) / (cell + 1)).max(1);
    let lines = if rank == 1 { WRAPPED } else { 1 };
    // One place is for the sign of what was left out.
    let fitting = (per_line * lines).saturating_sub(1).max(2) as u64;
    let fitting = if *last <= (per_line * lines) as u64 { *last } else { fitting };
    let most = if rank == 1 { fitting.min(2 * EDGE.max(WIDEST as u64)) } else { fitting };
    let last = Shown::new(*last, cap_by_rows(rows, most));
    let mut text = String::new();
    Drawing { rows, axes: &axes, last: &last, cell, per_line }.group(&mut Vec::new(), &mut text);
    text
}

/// Of a long one-dimensional array no more than the edges were read.
fn cap_by_rows(rows: &Rows, most: u64) -> u64 {
    if rows.last.is_some() && rows.shape.len() == 1 { most.min(2 * EDGE) } else { most }
}

/// How many indices of each axis but the last are shown, so that all lines together are about [`LINES`].
fn lines_of_axis(outer: usize) -> u64 {
    let lines = LINES as u64;
    match outer {
        0 | 1 => lines - 4,
        2 => 4,
        _ => 2,
    }
}

struct Drawing<'a> {
    rows: &'a Rows,
    axes: &'a [Shown],
    last: &'a Shown,
    cell: usize,
    per_line: usize,
}

impl Drawing<'_> {
    fn element(&self, index: &[u64], last: u64) -> String {
        let shape = &self.rows.shape;
        let (row, inner) = match index.split_first() {
            Some((row, inner)) => (*row, [inner, &[last]].concat()),
            None => (last, Vec::new()),
        };
        let (array, row) = self.rows.row(row);
        let place =
            inner.iter().zip(shape.iter().skip(1)).fold(row, |place, (at, length)| place * length + at);
        text_at(array, usize::try_from(place).unwrap_or(usize::MAX), Digits::Few)
    }

    /// The columns of the widest element that may be shown.
    fn widest_cell(&self) -> Option<usize> {
        let mut widest = None;
        self.each_line(&mut Vec::new(), &mut |index| {
            for place in self.last.places().flatten() {
                // Only what was read can be measured.
                if self.rows.last.is_none() || self.rows.shape.len() > 1 || self.was_read(place) {
                    widest = widest.max(Some(self.element(index, place).chars().count()));
                }
            }
        });
        widest
    }

    fn was_read(&self, place: u64) -> bool {
        place < EDGE || place >= self.rows.shape[0] - EDGE
    }

    fn each_line(&self, index: &mut Vec<u64>, each: &mut dyn FnMut(&[u64])) {
        let Some(axis) = self.axes.get(index.len()) else { return each(index) };
        for place in axis.places().flatten() {
            index.push(place);
            self.each_line(index, each);
            index.pop();
        }
    }

    /// Draws what is below an index, in brackets.
    fn group(&self, index: &mut Vec<u64>, text: &mut String) {
        let depth = index.len();
        let Some(axis) = self.axes.get(depth) else { return self.line(index, text) };
        text.push('[');
        // Planes stand apart by an empty line.
        let blank = "\n".repeat((self.axes.len() - depth).min(2));
        for (at, place) in axis.places().enumerate() {
            if at > 0 {
                text.push_str(&blank);
                text.push_str(&" ".repeat(depth + 1));
            }
            match place {
                Some(place) => {
                    index.push(place);
                    self.group(index, text);
                    index.pop();
                }
                None => text.push('…'),
            }
        }
        text.push(']');
    }

    fn line(&self, index: &[u64], text: &mut String) {
        text.push('[');
        for (at, place) in self.last.places().enumerate() {
            if at > 0 && at % self.per_line == 0 {
                text.push('\n');
                text.push_str(&" ".repeat(index.len() + 1));
            } else if at > 0 {
                text.push(' ');
            }
            let element = place.map_or("…".to_owned(), |place| self.element(index, place));
            let cell = if place.is_some() { self.cell } else { 1 };
            text.extend(std::iter::repeat_n(' ', cell.saturating_sub(element.chars().count())));
            text.push_str(&element);
        }
        text.push(']');
    }
}
