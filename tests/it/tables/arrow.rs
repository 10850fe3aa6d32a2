//! Tables from and to Arrow.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeListBuilder, Float64Builder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Float64Array, LargeStringArray, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_schema::{DataType as ArrowType, Field};
use calcstore::{AnyArray, ErrorKind, Table};
use half::f16;
use ndarray::{Array1, Array2, Array3, ArrayD, IxDyn, array};
use num_complex::Complex;
use proptest::prelude::*;

/// A table with a column of every data type, and of several inner shapes.
fn table_of_everything(rows: usize) -> Table {
    let mut table = Table::new();
    table.push("bool", Array1::from_shape_fn(rows, |n| n % 3 == 0)).unwrap();
    table.push("i8", Array1::from_shape_fn(rows, |n| n as i8 - 7)).unwrap();
    table.push("i16", Array1::from_shape_fn(rows, |n| n as i16 - 7)).unwrap();
    table.push("i32", Array1::from_shape_fn(rows, |n| n as i32 - 7)).unwrap();
    table.push("i64", Array1::from_shape_fn(rows, |n| n as i64 - 7)).unwrap();
    table.push("u8", Array1::from_shape_fn(rows, |n| n as u8)).unwrap();
    table.push("u16", Array1::from_shape_fn(rows, |n| n as u16)).unwrap();
    table.push("u32", Array1::from_shape_fn(rows, |n| n as u32)).unwrap();
    table.push("u64", Array1::from_shape_fn(rows, |n| u64::MAX - n as u64)).unwrap();
    table.push("f16", Array1::from_shape_fn(rows, |n| f16::from_f64(n as f64 / 2.0))).unwrap();
    table.push("f32", Array1::from_shape_fn(rows, |n| n as f32 / 3.0)).unwrap();
    table.push("f64", Array3::from_shape_fn((rows, 2, 3), |(n, i, j)| (n * 6 + i * 3 + j) as f64)).unwrap();
    table.push("c64", Array1::from_shape_fn(rows, |n| Complex::new(n as f32, -0.5))).unwrap();
    table.push("c128", Array2::from_shape_fn((rows, 2), |(n, i)| Complex::new(n as f64, i as f64))).unwrap();
    table.push("text", Array2::from_shape_fn((rows, 2), |(n, i)| format!("é{n}.{i}"))).unwrap();
    table.push("none", ArrayD::<f32>::zeros(IxDyn(&[rows, 0]))).unwrap();
    table
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_table_of_everything_comes_back_from_arrow(rows in 0_usize..30, cut in any::<prop::sample::Index>()) {
        let table = table_of_everything(rows);
        let batch = RecordBatch::try_from(table.clone()).unwrap();
        prop_assert_eq!((batch.num_rows(), batch.num_columns()), (rows, 16));
        prop_assert_eq!(&Table::try_from(&batch).unwrap(), &table);
        // A slice of a batch shares its buffers, from an offset on.
        let start = cut.index(rows + 1);
        let part = Table::try_from(&batch.slice(start, rows - start)).unwrap();
        prop_assert_eq!(part.rows(), rows - start);
        for (name, column) in part.columns() {
            prop_assert_eq!(column, &tail_of(table.column(name).unwrap(), start));
        }
    }
}

/// The rows from `start` on.
fn tail_of(array: &AnyArray, start: usize) -> AnyArray {
    fn tail<T: Clone>(array: &ArrayD<T>, start: usize) -> ArrayD<T> {
        array.slice_axis(ndarray::Axis(0), (start..).into()).to_owned()
    }
    match array {
        AnyArray::Bool(array) => tail(array, start).into(),
        AnyArray::Int8(array) => tail(array, start).into(),
        AnyArray::Int16(array) => tail(array, start).into(),
        AnyArray::Int32(array) => tail(array, start).into(),
        AnyArray::Int64(array) => tail(array, start).into(),
        AnyArray::UInt8(array) => tail(array, start).into(),
        AnyArray::UInt16(array) => tail(array, start).into(),
        AnyArray::UInt32(array) => tail(array, start).into(),
        AnyArray::UInt64(array) => tail(array, start).into(),
        AnyArray::Float16(array) => tail(array, start).into(),
        AnyArray::Float32(array) => tail(array, start).into(),
        AnyArray::Float64(array) => tail(array, start).into(),
        AnyArray::Complex64(array) => tail(array, start).into(),
        AnyArray::Complex128(array) => tail(array, start).into(),
        AnyArray::String(array) => tail(array, start).into(),
        other => panic!("{:?} is new", other.data_type()),
    }
}

#[test]
fn columns_have_the_types_that_others_expect() {
    let batch = RecordBatch::try_from(table_of_everything(2)).unwrap();
    let item = |data_type, length| {
        ArrowType::FixedSizeList(Arc::new(Field::new_list_field(data_type, false)), length)
    };
    let type_of = |name: &str| batch.column_by_name(name).unwrap().data_type().clone();
    assert_eq!(type_of("bool"), ArrowType::Boolean);
    assert_eq!(type_of("f16"), ArrowType::Float16);
    assert_eq!(type_of("f64"), item(item(ArrowType::Float64, 3), 2));
    assert_eq!(type_of("c64"), item(ArrowType::Float32, 2));
    assert_eq!(type_of("text"), item(ArrowType::Utf8, 2));
    assert!(batch.schema().fields().iter().all(|field| !field.is_nullable()));
}

#[test]
fn numbers_are_moved_and_not_copied() {
    let mut table = Table::new();
    table.push("x", vec![1.5; 1000]).unwrap();
    let AnyArray::Float64(x) = table.column("x").unwrap() else { panic!("another type") };
    let place = x.as_ptr();
    let batch = RecordBatch::try_from(table).unwrap();
    assert_eq!(batch.column(0).as_primitive::<Float64Type>().values().as_ptr(), place);
}

#[test]
fn batches_of_other_programs_become_tables() {
    let mut lists = FixedSizeListBuilder::new(Float64Builder::new(), 2);
    for n in 0..3 {
        lists.values().append_slice(&[f64::from(n), 0.5]);
        lists.append(true);
    }
    let columns: [(&str, ArrayRef); 5] = [
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), Some(false), Some(true)]))),
        ("small", Arc::new(StringArray::from(vec![Some("a"), Some("b"), Some("é")]))),
        ("large", Arc::new(LargeStringArray::from(vec!["a", "b", ""]))),
        ("view", Arc::new(StringViewArray::from(vec!["a", "a text that is longer than twelve bytes", ""]))),
        ("list", Arc::new(lists.finish())),
    ];
    let table = Table::try_from(&RecordBatch::try_from_iter(columns).unwrap()).unwrap();
    let mut expected = Table::new();
    expected.push("flag", [true, false, true]).unwrap();
    expected.push("small", ["a", "b", "é"]).unwrap();
    expected.push("large", ["a", "b", ""]).unwrap();
    expected.push("view", ["a", "a text that is longer than twelve bytes", ""]).unwrap();
    expected.push("list", array![[0.0, 0.5], [1.0, 0.5], [2.0, 0.5]]).unwrap();
    assert_eq!(table, expected);
}

#[test]
fn what_a_table_cannot_hold_is_refused_with_its_column() {
    let says = |column: ArrayRef, kind, text: &str| {
        let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
        let error = Table::try_from(&batch).unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (kind, text.to_owned()));
    };
    says(
        Arc::new(Float64Array::from(vec![Some(1.0), None, None])),
        ErrorKind::Unsupported,
        "x: holds 2 nulls, which no table can; fill them or drop their rows first",
    );
    let mut lists = FixedSizeListBuilder::new(Float64Builder::new(), 1);
    lists.values().append_null();
    lists.append(true);
    says(
        Arc::new(lists.finish()),
        ErrorKind::Unsupported,
        "x: holds 1 nulls, which no table can; fill them or drop their rows first",
    );
    says(
        Arc::new(DictionaryArray::<Int32Type>::from_iter(["a", "b"])),
        ErrorKind::Unsupported,
        "x: is of the Arrow type Dictionary(Int32, Utf8), which no column of a table has; cast it first",
    );
    let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0]));
    let batch = RecordBatch::try_from_iter([("a/b", column)]).unwrap();
    assert_eq!(Table::try_from(&batch).unwrap_err().kind(), ErrorKind::InvalidKey);
}
