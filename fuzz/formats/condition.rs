//! Any condition on a table: what looking at each row alone finds.

use std::cell::OnceCell;

use super::inputs::Input;
use super::inputs::conditions::{ROWS, choose, table};
use crate::values::{DataType, Elements, Table};

/// A table, and its columns as they are stored.
struct Columns {
    table: Table,
    stored: Vec<(String, DataType, Elements<'static>)>,
}

thread_local! {
    static COLUMNS: OnceCell<Columns> = const { OnceCell::new() };
}

/// The input chooses the condition.
pub fn condition(input: &[u8]) {
    let (condition, model) = choose(&mut Input::new(input), 0);
    COLUMNS.with(|columns| {
        let Columns { table, stored } = columns.get_or_init(columns_of_the_table);
        let checked = condition.check(&table.schema());
        assert_eq!(checked.is_ok(), model.fits(table), "{model:?}: {checked:?}");
        if checked.is_err() {
            return;
        }
        let column = |name: &str| {
            stored.iter().find(|(own, ..)| own == name).map(|(_, data_type, elements)| (*data_type, elements))
        };
        let mask = condition.mask(ROWS, &column).unwrap();
        let expected: Vec<bool> = (0..ROWS).map(|row| model.holds(table, row)).collect();
        assert_eq!(mask, expected, "{model:?}");
    });
}

fn columns_of_the_table() -> Columns {
    let table = table();
    let stored = table.columns().map(|(name, column)| {
        let content = column.stored().unwrap();
        let elements = match content.elements {
            Elements::Bytes(bytes) => Elements::Bytes(bytes.into_owned().into()),
            Elements::Strings(texts) => {
                Elements::Strings(texts.into_iter().map(|text| text.into_owned().into()).collect())
            }
        };
        (name.to_owned(), content.data_type, elements)
    });
    let stored = stored.collect();
    Columns { table, stored }
}
