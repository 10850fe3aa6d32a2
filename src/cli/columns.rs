//! Columns side by side, within the width of the terminal.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table};

/// Lays rows out; the columns from `right` on are flush right. Where the width is not enough, the cells of the
/// `elastic` columns are wrapped.
pub fn layout(
    rows: impl IntoIterator<Item = Vec<String>>,
    right: usize,
    elastic: &[usize],
    width: usize,
) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    for row in rows {
        table.add_row(row);
    }
    let last = table.column_count().saturating_sub(1);
    for (at, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if at == last { 0 } else { 2 }));
        if !elastic.contains(&at) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
        if at >= right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}
