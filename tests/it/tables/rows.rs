//! Rows of any `serde` struct become columns, and columns rows.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use calcstore::{AnyArray, DataType, ErrorKind, Result, Table, TableSchema};
use ndarray::{Array2, array};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
enum Region {
    Stable,
    Active,
}

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
struct Metres(f32);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Everything {
    flag: bool,
    small: i8,
    short: i16,
    int: i32,
    long: i64,
    byte: u8,
    word: u16,
    id: NonZeroU32,
    big: u64,
    single: f32,
    double: f64,
    letter: char,
    text: String,
    region: Region,
    depth: Metres,
    hypo: [f64; 3],
    pair: (u16, u16),
    names: [String; 2],
    surface: [[f32; 2]; 3],
}

fn everything() -> impl Strategy<Value = Everything> {
    let integers = (any::<bool>(), any::<i8>(), any::<i16>(), any::<i32>(), any::<i64>(), any::<u8>());
    let more = (any::<u16>(), 1..u32::MAX, any::<u64>(), -1e30_f32..1e30, -1e300_f64..1e300, any::<char>());
    let text = (".*", any::<bool>(), 0_f32..700.0, prop::array::uniform3(-180.0..180.0));
    let arrays =
        ((any::<u16>(), any::<u16>()), [".*", "[a-z]*"], prop::array::uniform3([0_f32..1.0, 0_f32..1.0]));
    (integers, more, text, arrays).prop_map(
        |(
            (flag, small, short, int, long, byte),
            (word, id, big, single, double, letter),
            (text, stable, depth, hypo),
            (pair, names, surface),
        )| Everything {
            flag,
            small,
            short,
            int,
            long,
            byte,
            word,
            id: NonZeroU32::new(id).unwrap(),
            big,
            single,
            double,
            letter,
            text,
            region: if stable { Region::Stable } else { Region::Active },
            depth: Metres(depth),
            hypo,
            pair,
            names,
            surface,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_of_every_type_of_field_come_back(rows in prop::collection::vec(everything(), 0..40)) {
        let table = Table::from_rows(&rows).unwrap();
        prop_assert_eq!(table.rows(), rows.len());
        prop_assert_eq!(table.schema(), TableSchema::of::<Everything>().unwrap());
        prop_assert_eq!(table.to_rows::<Everything>().unwrap(), rows);
    }
}

#[test]
fn a_type_shows_its_columns_without_a_row() {
    let schema = TableSchema::of::<Everything>().unwrap();
    assert_eq!(
        schema.to_string(),
        "flag bool, small int8, short int16, int int32, long int64, byte uint8, word uint16, id uint32, \
         big uint64, single float32, double float64, letter string, text string, region string, depth float32, \
         hypo float64[3], pair uint16[2], names string[2], surface float32[3, 2]"
    );
    assert_eq!(Table::empty(&schema).unwrap().schema(), schema);
    assert_eq!(Table::empty(&schema).unwrap().to_rows::<Everything>().unwrap(), []);
}

#[test]
fn fields_find_their_columns_by_name() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Some {
        id: u32,
        mag: f64,
        rake: Option<f64>,
        #[serde(default)]
        dip: f64,
    }
    let mut table = Table::new();
    table.push("mag", [6.5, 7.0]).unwrap();
    table.push("trt", ["a", "b"]).unwrap();
    table.push("id", [3_u32, 4]).unwrap();
    table.push("weight", array![half::f16::ONE, half::f16::ZERO]).unwrap();
    let row = |id, mag| Some { id, mag, rake: None, dip: 0.0 };
    assert_eq!(table.to_rows::<Some>().unwrap(), [row(3, 6.5), row(4, 7.0)]);
}

#[test]
fn a_vec_is_a_column_of_inner_shape_where_all_rows_have_the_same_length() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Curve {
        site: String,
        poes: Vec<f64>,
    }
    let curve = |site: &str, poes: &[f64]| Curve { site: site.to_owned(), poes: poes.to_vec() };
    let rows = [curve("Roma", &[0.9, 0.1]), curve("Pavia", &[0.8, 0.2])];
    let table = Table::from_rows(&rows).unwrap();
    let poes: Array2<f64> = array![[0.9, 0.1], [0.8, 0.2]];
    assert_eq!(table.column("poes"), Some(&AnyArray::from(poes.into_dyn())));
    assert_eq!(table.to_rows::<Curve>().unwrap(), rows);
    let uneven = Table::from_rows(&[curve("Roma", &[0.9, 0.1]), curve("Pavia", &[0.8])]);
    says(
        uneven,
        ErrorKind::WrongShape,
        "field poes: an array of length 1, where those before have 2 (row 1 of Curve)",
    );
    says(
        TableSchema::of::<Curve>(),
        ErrorKind::InvalidInput,
        "field poes: the length of a Vec is not known from its type; use an array such as [f64; 3], or give the \
         schema by TableSchema::new() (Curve)",
    );
}

#[test]
fn columns_in_fortran_order_give_the_same_rows() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Pair {
        x: [i32; 2],
    }
    let mut table = Table::new();
    table.push("x", array![[1, 2], [3, 4], [5, 6]]).unwrap();
    let AnyArray::Int32(x) = table.column("x").unwrap().clone() else { panic!("another type") };
    let transposed = AnyArray::from(x.t().to_owned().reversed_axes());
    let mut other = Table::new();
    other.push("x", transposed).unwrap();
    assert_eq!(other.to_rows::<Pair>().unwrap(), table.to_rows::<Pair>().unwrap());
    assert_eq!(other.to_rows::<Pair>().unwrap()[2], Pair { x: [5, 6] });
}

/// Checks kind and text of an error.
#[track_caller]
fn says<T>(result: Result<T>, kind: ErrorKind, text: &str) {
    let Err(error) = result else { panic!("succeeded, where {kind:?} was expected") };
    assert_eq!((error.kind(), error.to_string()), (kind, text.to_owned()));
}

#[derive(Serialize, Deserialize)]
struct Of<T> {
    x: T,
}

const HOLDS: &str = "cannot be a column; columns hold bool, integers of up to 64 bits, floats, text and arrays of \
                     one length of these";

/// Both ways to the columns of a type refuse it for the same reason.
#[track_caller]
fn is_refused<T: Serialize + DeserializeOwned>(value: T, what: &str) {
    for result in [TableSchema::of::<Of<T>>().map(|_| ()), Table::from_rows(&[Of { x: value }]).map(|_| ())] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongType);
        assert!(error.message().starts_with(&format!("field x: {what} {HOLDS} (")), "{error}");
    }
}

#[test]
fn what_no_column_can_hold_is_refused_with_its_field() {
    #[derive(Serialize, Deserialize)]
    struct Point {
        lon: f64,
    }
    #[derive(Serialize, Deserialize)]
    struct Nothing;
    #[derive(Serialize, Deserialize)]
    enum Shape {
        Circle(f64),
    }
    is_refused(Some(1.0), "an Option");
    is_refused(BTreeMap::from([("a".to_owned(), 1.0)]), "a map");
    is_refused(Point { lon: 1.0 }, "the struct Point");
    is_refused([Point { lon: 1.0 }], "the struct Point");
    is_refused(Nothing, "the empty struct Nothing");
    is_refused(Shape::Circle(1.0), "the enum Shape, whose variants hold fields,");
    is_refused((), "()");
    is_refused(1_u128, "u128");
    let mixed = Table::from_rows(&[Of { x: (1.0, 2_u8) }]).map(|_| ());
    for result in [TableSchema::of::<Of<(f64, u8)>>().map(|_| ()), mixed] {
        let error = result.unwrap_err();
        assert!(
            error
                .message()
                .starts_with("field x: uint8, where those before are float64; a column has one type"),
            "{error}"
        );
    }
    let uneven = TableSchema::of::<Of<(f64, [f64; 2])>>().unwrap_err();
    assert!(uneven.message().starts_with("field x: elements and arrays are mixed"), "{uneven}");
    let nothing = Table::from_rows(&[Of::<[f64; 0]> { x: [] }]).unwrap_err();
    assert!(nothing.message().starts_with("field x: arrays of length 0 have no data type"), "{nothing}");
}

#[test]
fn what_is_no_row_is_refused() {
    #[derive(Serialize, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        inner: BTreeMap<String, f64>,
    }
    says(
        Table::from_rows(&[1.0]),
        ErrorKind::WrongType,
        "a row must be a struct with named fields, not f64 (row 0 of f64)",
    );
    says(
        TableSchema::of::<(f64, f64)>(),
        ErrorKind::WrongType,
        "a row must be a struct with named fields, not (f64, f64) ((f64, f64))",
    );
    let flat = Flat { inner: BTreeMap::from([("a".to_owned(), 1.0)]) };
    let error = Table::from_rows(&[flat]).unwrap_err();
    assert!(
        error.message().contains("not a map (which is also what `flatten` makes of a struct)"),
        "{error}"
    );
}

#[test]
fn rows_of_different_fields_are_refused() {
    #[derive(Serialize, Deserialize)]
    struct Sometimes {
        a: f64,
        #[serde(skip_serializing_if = "is_zero", default)]
        b: f64,
    }
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_zero(x: &f64) -> bool {
        *x == 0.0
    }
    let wanted =
        "field b is not in all rows; every row needs the same fields in the same order (row 1 of Sometimes)";
    for (first, second) in [(0.0, 1.0), (1.0, 0.0)] {
        let rows = [Sometimes { a: 1.0, b: first }, Sometimes { a: 1.0, b: second }];
        if first == 0.0 {
            assert!(Table::from_rows(&rows).unwrap_err().message().starts_with("field b is not in all rows"));
        } else {
            says(Table::from_rows(&rows), ErrorKind::WrongType, wanted);
        }
    }
}

#[test]
fn a_field_without_a_fitting_column_is_named_with_what_there_is() {
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "it is never made")]
    struct Asked<T> {
        x: T,
    }
    fn asked<T: DeserializeOwned>(table: &Table) -> Result<Vec<Asked<T>>> {
        table.to_rows()
    }
    let mut table = Table::new();
    table.push("mag", [6.5]).unwrap();
    let missing = asked::<f64>(&table).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::WrongType);
    assert!(missing.message().starts_with("there is no column x (reading "), "{missing}");
    assert!(missing.message().ends_with("; the columns are mag)"), "{missing}");
    let mut table = Table::new();
    table.push("x", [6.5]).unwrap();
    let starts = |error: calcstore::Error, kind, text: &str| {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().starts_with(text), "{error}");
    };
    starts(
        asked::<f32>(&table).unwrap_err(),
        ErrorKind::WrongType,
        "field x: the column is float64, asked for f32",
    );
    starts(
        asked::<String>(&table).unwrap_err(),
        ErrorKind::WrongType,
        "field x: the column is float64, asked for text",
    );
    let mut table = Table::new();
    table.push("x", array![[6.5, 1.0]]).unwrap();
    starts(
        asked::<f64>(&table).unwrap_err(),
        ErrorKind::WrongType,
        "field x: the column is float64[2], asked for f64",
    );
    starts(
        asked::<[f64; 3]>(&table).unwrap_err(),
        ErrorKind::WrongShape,
        "field x: the column is float64[2], asked for an array of length 3",
    );
    let mut table = Table::new();
    table.push("x", array![num_complex::Complex::new(1.0, 2.0)]).unwrap();
    starts(
        asked::<f64>(&table).unwrap_err(),
        ErrorKind::WrongType,
        "field x: the column is complex128, asked for f64",
    );
    let by_hand = TableSchema::new().column("x", DataType::Complex128);
    assert_eq!(table.schema(), by_hand);
}
