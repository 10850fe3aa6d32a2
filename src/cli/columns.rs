//! Columns side by side, within the width of the terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

/// How columns are laid out; each is named by its number.
#[derive(Clone, Copy, Debug, Default)]
pub struct Columns<'a> {
    /// The columns from this one on are flush right.
    pub right: usize,
    /// Where the width is not enough, the cells of these are wrapped.
    pub elastic: &'a [usize],
    /// Where it is not enough for that either, these are left out, one after the other.
    pub optional: &'a [usize],
}

/// So much of a cell is not wrapped before columns are left out.
const LEAST: usize = 12;
/// Between two columns.
const GAP: u16 = 2;

/// Lays rows out.
pub fn layout(
    rows: impl IntoIterator<Item = Vec<String>>,
    columns: Columns<'_>,
    width: usize,
) -> Vec<String> {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let shown = shown(&rows, columns, width);
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for row in rows {
        table.add_row(shown.iter().map(|at| row.get(*at).cloned().unwrap_or_default()));
    }
    for (column, at) in table.column_iter_mut().zip(&shown) {
        column.set_padding((0, if Some(at) == shown.last() { 0 } else { GAP }));
        if !columns.elastic.contains(at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if *at >= columns.right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The columns that there is room for.
fn shown(rows: &[Vec<String>], columns: Columns<'_>, width: usize) -> Vec<usize> {
    let widest = |at: &usize| {
        let cells = rows.iter().filter_map(|row| row.get(*at)).map(|cell| cell.chars().count());
        let widest = cells.max().unwrap_or_default();
        if columns.elastic.contains(at) { widest.min(LEAST) } else { widest }
    };
    let mut shown: Vec<usize> = (0..rows.iter().map(Vec::len).max().unwrap_or_default()).collect();
    for optional in columns.optional {
        if shown.iter().map(|at| widest(at) + usize::from(GAP)).sum::<usize>()
            <= width.saturating_add(GAP.into())
        {
            break;
        }
        shown.retain(|at| at != optional);
    }
    shown
}
