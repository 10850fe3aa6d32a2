//! Any condition on a table, in any of its rows: what looking at each row alone finds.

use std::cell::RefCell;

use calcstore::{AnyArray, DataStore, ErrorKind, StoredTable, Table};

use super::inputs::Input;
use super::inputs::conditions::{ROWS, choose, table};
use super::scratch::Scratch;

thread_local! {
    static TABLE: RefCell<Scratch<(StoredTable, Table)>> = const { RefCell::new(Scratch::new()) };
}

/// The input chooses the condition, then the rows.
pub fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let (condition, model) = choose(&mut input, 0);
    let (start, end) = (input.below(ROWS + 2), input.below(ROWS + 2));
    Scratch::with(&TABLE, make, |(stored, table), _| {
        let selection = stored.slice(start as u64..end as u64).filter(condition);
        let fits = model.fits(table);
        let rows = selection.column::<Vec<u32>>("row");
        if start > end || end > ROWS || !fits {
            let error = rows.unwrap_err().kind();
            let kinds = [ErrorKind::WrongShape, ErrorKind::WrongType, ErrorKind::NotFound];
            assert!(kinds.contains(&error), "{model:?} of {start}..{end}: {error:?}");
            assert!(selection.read().is_err() && selection.count().is_err());
            return;
        }
        let expected: Vec<u32> = (start..end)
            .filter(|row| model.holds(table, *row))
            .map(|row| u32::try_from(row).unwrap())
            .collect();
        assert_eq!(rows.unwrap(), expected, "{model:?} of {start}..{end}");
        assert_eq!(selection.count().unwrap(), expected.len() as u64);
        let read = selection.read().unwrap();
        assert_eq!(read.column("row"), Some(&AnyArray::from(ndarray::arr1(&expected).into_dyn())));
        let blocks = selection.blocks().unwrap().map(|block| block.unwrap().rows()).sum::<usize>();
        assert_eq!(blocks, expected.len());
    });
}

fn make(directory: &tempfile::TempDir) -> (StoredTable, Table) {
    let (store, table) = (DataStore::at(directory.path().join("s")).unwrap(), table());
    store.insert("/table", &table).unwrap();
    (store.table("/table").unwrap(), table)
}
