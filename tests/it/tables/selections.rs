//! Chosen columns, ranges of rows and conditions, against the same done in memory.

use std::fs;

use calcstore::{AnyArray, Column, Condition, DataStore, DataType, ErrorKind, Result, Table, TableSchema};
use ndarray::{Array1, Array2, Array3, ArrayD, Axis, IxDyn};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

fn store() -> (TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Rupture {
    mag: f64,
    rake: f32,
    id: u32,
    shift: i64,
    big: bool,
    trt: String,
    hypo: [f64; 3],
}

const REGIONS: [&str; 3] = ["Active Shallow Crust", "Stable", "Volcanic é"];

fn rupture() -> impl Strategy<Value = Rupture> {
    let mag = prop_oneof![Just(f64::NAN), (40_i32..80).prop_map(|tenths| f64::from(tenths) / 10.0)];
    let rake = (-9_i8..9).prop_map(|rake| f32::from(rake) / 10.0);
    let shift = prop_oneof![Just(i64::MIN), Just(i64::MAX), -3_i64..3];
    (mag, rake, 0_u32..9, shift, any::<bool>(), 0_usize..3).prop_map(|(mag, rake, id, shift, big, trt)| {
        let hypo = [f64::from(id), f64::from(rake), 0.5];
        Rupture { mag, rake, id, shift, big, trt: REGIONS[trt].to_owned(), hypo }
    })
}

/// A condition, and whether a row meets it.
type Judged = (Condition, fn(&Rupture) -> bool);

fn conditions() -> Vec<Judged> {
    let column = |name: &str| Column::new(name);
    vec![
        (column("mag").ge(6.0), |row| row.mag >= 6.0),
        (column("mag").lt(6), |row| row.mag < 6.0),
        (column("mag").eq(f64::NAN), |_| false),
        (column("mag").ne(6.5), |row| row.mag != 6.5),
        (!column("mag").gt(6.0), |row| row.mag.is_nan() || row.mag <= 6.0),
        (column("mag").is_in([5.0, 6.1, f64::NAN]), |row| row.mag == 5.0 || row.mag == 6.1),
        (column("mag").between(5, 5.5), |row| (5.0..=5.5).contains(&row.mag)),
        (column("rake").eq(0.1), |row| row.rake == 0.1),
        (column("rake").is_in([0.1, -0.0, -0.7]), |row| [0.1, 0.0, -0.7].contains(&row.rake)),
        (column("rake").le(-0.3), |row| row.rake <= -0.3),
        (column("id").eq(3), |row| row.id == 3),
        (column("id").gt(-1), |_| true),
        (column("id").lt(-1), |_| false),
        (column("id").le(1_u64 << 40), |_| true),
        (column("id").ne(1_u64 << 40), |_| true),
        (column("id").is_in([1_i64, 7, -1, 1 << 40]), |row| row.id == 1 || row.id == 7),
        (column("id").is_in(Vec::<u32>::new()), |_| false),
        (column("shift").ge(i64::MAX), |row| row.shift == i64::MAX),
        (column("shift").lt(u64::MAX), |_| true),
        (column("shift").gt(0), |row| row.shift > 0),
        (column("big").eq(true), |row| row.big),
        (column("big").is_in([false]), |row| !row.big),
        (column("trt").eq("Stable"), |row| row.trt == "Stable"),
        (column("trt").gt("Stable"), |row| row.trt.as_str() > "Stable"),
        (column("trt").is_in(["Stable".to_owned(), "Volcanic é".to_owned()]), |row| row.trt != REGIONS[0]),
        (column("mag").ge(5.0) & column("trt").eq("Stable") & !column("big").eq(true), |row| {
            row.mag >= 5.0 && row.trt == "Stable" && !row.big
        }),
        (column("id").eq(1) | column("id").eq(2) | column("rake").lt(0), |row| {
            row.id == 1 || row.id == 2 || row.rake < 0.0
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn what_is_selected_is_what_the_same_would_take_in_memory(
        rows in prop::collection::vec(rupture(), 1..60),
        cut in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
    ) {
        let (_directory, store) = store();
        store.insert("/r", Table::from_rows(&rows).unwrap()).unwrap();
        let stored = store.table("/r").unwrap();
        let (a, b) = (cut.0.index(rows.len() + 1), cut.1.index(rows.len() + 1));
        let range = a.min(b)..a.max(b);
        let text = |rows: &[Rupture]| format!("{rows:?}");
        for (condition, meets) in conditions() {
            let shown = format!("{condition:?}");
            let wanted: Vec<Rupture> = rows[range.clone()].iter().filter(|row| meets(row)).cloned().collect();
            let selection = stored.filter(condition).slice(range.start as u64..range.end as u64);
            let read = selection.read_rows::<Rupture>().unwrap();
            prop_assert_eq!(text(&read), text(&wanted), "{}", &shown);
            prop_assert_eq!(selection.count().unwrap(), wanted.len() as u64);
            let ids: Vec<u32> = selection.column("id").unwrap();
            prop_assert_eq!(ids, wanted.iter().map(|row| row.id).collect::<Vec<_>>());
            let hypo: Array2<f64> = selection.column("hypo").unwrap();
            prop_assert_eq!(hypo.nrows(), wanted.len());
            let mut blocks = Vec::new();
            for block in selection.blocks().unwrap() {
                blocks.extend(block.unwrap().to_rows::<Rupture>().unwrap());
            }
            prop_assert_eq!(text(&blocks), text(&wanted));
        }
    }
}

/// A table of several chunks and blocks: 1.2 million rows of `f64`, text, and `[f32; 2]`.
fn long_table() -> Table {
    let rows: usize = 1_200_000;
    let mut table = Table::new();
    table.push("x", Array1::from_shape_fn(rows, |n| n as f64)).unwrap();
    table.push("pair", Array2::from_shape_fn((rows, 2), |(n, k)| (n * 2 + k) as f32)).unwrap();
    table.push("site", (0..rows).map(|n| format!("s{}", n % 1000)).collect::<Vec<_>>()).unwrap();
    table
}

#[test]
fn a_table_of_many_blocks_is_searched_and_streamed() {
    #[derive(Deserialize)]
    struct OnlyX {
        x: f64,
    }
    let (directory, store) = store();
    store.insert("/long", long_table()).unwrap();
    let stored = store.table("/long").unwrap();
    let found = stored.filter(Column::new("x").between(599_998, 600_001)).read().unwrap();
    let x = AnyArray::from(ndarray::arr1(&[599_998.0, 599_999.0, 600_000.0, 600_001.0]).into_dyn());
    assert_eq!(found.column("x"), Some(&x));
    let AnyArray::Float32(pairs) = found.column("pair").unwrap() else { panic!("another type") };
    assert_eq!(pairs.index_axis(Axis(0), 2).iter().copied().collect::<Vec<_>>(), [1_200_000.0, 1_200_001.0]);
    let AnyArray::String(sites) = found.column("site").unwrap() else { panic!("another type") };
    assert_eq!(sites.iter().collect::<Vec<_>>(), ["s998", "s999", "s0", "s1"]);

    let mut next = 100;
    let mut blocks = 0;
    for block in stored.select(["x", "site"]).slice(100..1_100_000).blocks().unwrap() {
        let block = block.unwrap();
        let AnyArray::Float64(x) = block.column("x").unwrap() else { panic!("another type") };
        let AnyArray::String(site) = block.column("site").unwrap() else { panic!("another type") };
        for (x, site) in x.iter().zip(site) {
            assert_eq!((*x, site), (f64::from(next), &format!("s{}", next % 1000)));
            next += 1;
        }
        assert!(block.columns().len() == 2 && block.rows() <= 1 << 19);
        blocks += 1;
    }
    assert_eq!((next, blocks), (1_100_000, 5));

    // Only what is needed is read: damage elsewhere is not noticed.
    let column = directory.path().join("store/output.zarr/long/pair");
    for entry in fs::read_dir(&column).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("c.") {
            fs::write(path, b"damage").unwrap();
        }
    }
    assert_eq!(stored.filter(Column::new("x").lt(10)).select(["site"]).read().unwrap().rows(), 10);
    assert_eq!(stored.filter(Column::new("x").lt(0)).read().unwrap().rows(), 0);
    assert_eq!(stored.filter(Column::new("x").lt(0)).read().unwrap().schema(), *stored.schema());
    assert_eq!(stored.read().unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(stored.slice(7..8).read_rows::<OnlyX>().unwrap()[0].x, 7.0);
}

#[test]
fn inner_axes_survive_a_selection() {
    let (_directory, store) = store();
    let field = Array3::from_shape_fn((5, 2, 3), |(i, j, k)| (i * 100 + j * 10 + k) as i16);
    let mut table = Table::new();
    table.push("field", &field).unwrap();
    table.push("id", [0_u8, 1, 2, 3, 4]).unwrap();
    store.insert("/t", &table).unwrap();
    let stored = store.table("/t").unwrap();
    let odd: Array3<i16> = stored.filter(Column::new("id").is_in([1, 3])).column("field").unwrap();
    assert_eq!(odd, field.select(Axis(0), &[1, 3]));
    let none: ArrayD<i16> = stored.slice(5..).column("field").unwrap();
    assert_eq!(none, ArrayD::<i16>::zeros(IxDyn(&[0, 2, 3])));
    let order: Vec<String> =
        stored.select(["id", "field"]).read().unwrap().columns().map(|c| c.0.to_owned()).collect();
    assert_eq!(order, ["id", "field"]);
}

#[test]
fn an_empty_table_of_a_schema_is_stored_and_read() {
    let (_directory, store) = store();
    let schema =
        TableSchema::new().column("mag", DataType::Float64).column_shaped("hypo", DataType::Float32, [3]);
    store.create_table("/events", &schema).unwrap();
    let stored = store.table("/events").unwrap();
    assert_eq!((stored.schema(), stored.rows().unwrap()), (&schema, 0));
    assert_eq!(stored.read().unwrap(), Table::empty(&schema).unwrap());
    assert_eq!(stored.filter(Column::new("mag").ge(1.0)).count().unwrap(), 0);
    assert_eq!(stored.blocks().unwrap().count(), 0);
    let again = store.create_table("/events", &schema).unwrap_err();
    assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    let none = store.create_table("/none", &TableSchema::new()).unwrap_err();
    assert_eq!(none.to_string(), "/none: a table needs at least one column");
}

#[test]
fn blocks_of_a_table_that_was_replaced_end_with_an_error() {
    let (_directory, store) = store();
    store.insert("/long", long_table()).unwrap();
    let mut blocks = store.table("/long").unwrap().blocks().unwrap();
    assert!(blocks.next().unwrap().is_ok());
    let mut other = Table::new();
    other.push("x", [1.0]).unwrap();
    store.insert("/long", other).unwrap();
    let error = blocks.next().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(
        error.to_string(),
        "/long: was replaced or removed after this handle was opened; open it again"
    );
    assert!(blocks.next().is_none());
}

/// Checks kind and text of an error.
#[track_caller]
fn says<T>(result: Result<T>, kind: ErrorKind, text: &str) {
    let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
    assert_eq!((error.kind(), error.to_string()), (kind, text.to_owned()));
}

#[test]
fn what_does_not_fit_a_table_is_said_with_what_there_is() {
    let (_directory, store) = store();
    let row =
        Rupture { mag: 6.5, rake: 0.0, id: 1, shift: 0, big: true, trt: "Stable".to_owned(), hypo: [0.0; 3] };
    store.insert("/r", Table::from_rows(&[row]).unwrap()).unwrap();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let stored = store.table("/r").unwrap();
    let filter = |condition| stored.filter(condition).read();
    let missing = "/r: there is no column magn; there are mag, rake, id, shift, big, trt, hypo";
    says(
        store.table("/a"),
        ErrorKind::WrongType,
        "/a: holds a float64 array of shape [2], asked for a table",
    );
    says(store.table("/s"), ErrorKind::NotFound, "/s: not found");
    says(stored.select(["magn"]).read(), ErrorKind::NotFound, missing);
    says(stored.column::<Vec<f64>>("magn"), ErrorKind::NotFound, missing);
    says(filter(Column::new("magn").ge(6.0)), ErrorKind::NotFound, missing);
    says(
        stored.column::<Vec<f32>>("mag"),
        ErrorKind::WrongType,
        "/r: holds float64 elements, asked for float32",
    );
    says(
        filter(Column::new("id").ge(0.5)),
        ErrorKind::WrongType,
        "/r: column id is uint32 and cannot be compared with the float 0.5",
    );
    says(
        filter(Column::new("trt").is_in([1, 2])),
        ErrorKind::WrongType,
        "/r: column trt is string and cannot be compared with the integer 1",
    );
    says(
        filter(Column::new("big").eq(1)),
        ErrorKind::WrongType,
        "/r: column big is bool and cannot be compared with the integer 1",
    );
    says(
        filter(Column::new("mag").eq("6.5")),
        ErrorKind::WrongType,
        "/r: column mag is float64 and cannot be compared with the text \"6.5\"",
    );
    says(
        filter(Column::new("hypo").ge(6.0)),
        ErrorKind::WrongShape,
        "/r: column hypo float64[3] has several elements in a row, where a condition needs one; filter what was read",
    );
    says(stored.slice(1..3).read(), ErrorKind::WrongShape, "/r: rows 1..3 were asked for, where there are 1");
    says(stored.slice(2..).read(), ErrorKind::WrongShape, "/r: rows 2..2 were asked for, where there are 1");
    says(
        stored.select(Vec::<String>::new()).read(),
        ErrorKind::InvalidInput,
        "/r: no column was chosen; leave `select` out for all of them",
    );
    says(stored.select(["id", "id"]).read(), ErrorKind::InvalidInput, "/r: column id was chosen twice");
}

#[test]
fn a_column_that_is_longer_than_its_table_ends_where_the_table_does() {
    let (directory, store) = store();
    let mut table = Table::new();
    table.push("x", [1.0, 2.0, 3.0]).unwrap();
    table.push("y", [1_u8, 2, 3]).unwrap();
    store.insert("/g/t", &table).unwrap();
    // As it is while the third row is being appended.
    let group = directory.path().join("store/output.zarr/g/t/zarr.json");
    let text = fs::read_to_string(&group).unwrap();
    fs::write(&group, text.replace("\"rows\":3", "\"rows\":2")).unwrap();
    assert_eq!(store.get::<Vec<f64>>("/g/t/x").unwrap(), [1.0, 2.0]);
    assert_eq!(store.node("/g/t/y").unwrap().layout.unwrap().shape, [2]);
    assert_eq!(store.get::<Table>("/g/t").unwrap().rows(), 2);
    assert_eq!(store.table("/g/t").unwrap().column::<Vec<u8>>("y").unwrap(), [1, 2]);
}

#[test]
fn a_condition_of_very_many_parts_is_only_long() {
    // Each part lay within the one before it, and the stack ended the program. Parts of one kind lie side by side.
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("id", (0..1000_u32).collect::<Vec<_>>()).unwrap();
    store.insert("/t", table).unwrap();
    let stored = store.table("/t").unwrap();
    let even = (1..100_000_u32).fold(Column::new("id").eq(0), |all, n| all | Column::new("id").eq(2 * n));
    assert_eq!(stored.filter(even.clone()).count().unwrap(), 500);
    let none = (0..100_000_u32).fold(Column::new("id").ge(10), |all, n| all & Column::new("id").ne(n));
    assert_eq!(stored.filter(none).count().unwrap(), 0);
    assert_eq!(stored.filter(even & Column::new("id").lt(10)).count().unwrap(), 5);
}
