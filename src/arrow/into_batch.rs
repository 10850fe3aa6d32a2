use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, LargeStringArray, PrimitiveArray, RecordBatch,
    RecordBatchOptions, StringArray,
};
use arrow_schema::{ArrowError, Field, Schema};
use ndarray::ArrayD;

use super::DATA_TYPE;
use crate::error::{Error, ErrorKind, Result};
use crate::values::{AnyArray, Table};

/// The most bytes that 32-bit offsets of text can count.
const MOST_SMALL_TEXT: usize = i32::MAX as usize;

/// Makes a batch of a table, numbers without copying them. Inner axes become fixed-size lists, text becomes `Utf8`
/// (`LargeUtf8` beyond 2 GiB), a complex number a list of its two parts.
///
/// ```
/// use arrow_array::RecordBatch;
/// use calcstore::Table;
/// use ndarray::array;
///
/// let mut table = Table::new();
/// table.push("site", ["Roma", "Pavia"])?;
/// table.push("PGA", array![[0.9, 0.1], [0.8, 0.2]])?;
///
/// let batch = RecordBatch::try_from(table.clone())?;
/// assert_eq!(batch.num_rows(), 2);
/// assert_eq!(Table::try_from(&batch)?, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`ErrorKind::Unsupported`] for an inner axis that is too long for Arrow.
impl TryFrom<Table> for RecordBatch {
    type Error = Error;

    fn try_from(table: Table) -> Result<Self> {
        let options = RecordBatchOptions::new().with_row_count(Some(table.rows()));
        let (mut fields, mut arrays) = (Vec::new(), Vec::new());
        for (name, column) in table.into_columns() {
            let data_type = column.data_type();
            let array = arrow_array(column).map_err(|error| error.with_key(name.clone()))?;
            let mut field = Field::new(name, array.data_type().clone(), false);
            if matches!(data_type, crate::values::DataType::Complex64 | crate::values::DataType::Complex128) {
                field.set_metadata(HashMap::from([(DATA_TYPE.to_owned(), data_type.name().to_owned())]));
            }
            fields.push(field);
            arrays.push(array);
        }
        Self::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).map_err(refused)
    }
}

fn refused(error: ArrowError) -> Error {
    Error::new(ErrorKind::Unsupported, "the table cannot be an Arrow record batch").with_source(error)
}

fn arrow_array(column: AnyArray) -> Result<ArrayRef> {
    macro_rules! numbers {
        ($array:ident as $arrow:ty) => {{
            let (values, shape) = in_order($array);
            nested(Arc::new(primitive::<$arrow>(values)), &shape)
        }};
    }
    match column {
        AnyArray::Bool(array) => {
            let (values, shape) = in_order(array);
            nested(Arc::new(BooleanArray::from(values)), &shape)
        }
        AnyArray::Int8(array) => numbers!(array as Int8Type),
        AnyArray::Int16(array) => numbers!(array as Int16Type),
        AnyArray::Int32(array) => numbers!(array as Int32Type),
        AnyArray::Int64(array) => numbers!(array as Int64Type),
        AnyArray::UInt8(array) => numbers!(array as UInt8Type),
        AnyArray::UInt16(array) => numbers!(array as UInt16Type),
        AnyArray::UInt32(array) => numbers!(array as UInt32Type),
        AnyArray::UInt64(array) => numbers!(array as UInt64Type),
        AnyArray::Float16(array) => numbers!(array as Float16Type),
        AnyArray::Float32(array) => numbers!(array as Float32Type),
        AnyArray::Float64(array) => numbers!(array as Float64Type),
        AnyArray::Complex64(array) => {
            let (values, shape) = in_order(array);
            let parts = bytemuck::cast_slice::<_, f32>(&values).to_vec();
            nested(Arc::new(primitive::<Float32Type>(parts)), &[shape.as_slice(), &[2]].concat())
        }
        AnyArray::Complex128(array) => {
            let (values, shape) = in_order(array);
            let parts = bytemuck::cast_slice::<_, f64>(&values).to_vec();
            nested(Arc::new(primitive::<Float64Type>(parts)), &[shape.as_slice(), &[2]].concat())
        }
        AnyArray::String(array) => {
            let (values, shape) = in_order(array);
            let bytes = values.iter().map(String::len).sum::<usize>();
            let text: ArrayRef = if bytes <= MOST_SMALL_TEXT {
                Arc::new(StringArray::from_iter_values(values))
            } else {
                Arc::new(LargeStringArray::from_iter_values(values))
            };
            nested(text, &shape)
        }
    }
}

fn primitive<T: arrow_array::ArrowPrimitiveType>(values: Vec<T::Native>) -> PrimitiveArray<T> {
    PrimitiveArray::new(values.into(), None)
}

/// The elements in C order, moved where they lie so already; with the shape.
fn in_order<T: Clone>(array: ArrayD<T>) -> (Vec<T>, Vec<usize>) {
    let shape = array.shape().to_vec();
    let length = array.len();
    let array = if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() };
    let (mut values, offset) = array.into_raw_vec_and_offset();
    values.drain(..offset.unwrap_or_default());
    values.truncate(length);
    (values, shape)
}

/// Puts the elements into a list for each inner axis, from the innermost on.
fn nested(mut array: ArrayRef, shape: &[usize]) -> Result<ArrayRef> {
    for axis in (1..shape.len()).rev() {
        let length = i32::try_from(shape[axis]).map_err(|_| {
            let message = format!("an axis of length {} is too long for a list of Arrow", shape[axis]);
            Error::new(ErrorKind::Unsupported, message)
        })?;
        let count = shape[..axis].iter().product();
        let item = Arc::new(Field::new_list_field(array.data_type().clone(), false));
        let list = FixedSizeListArray::try_new_with_length(item, length, array, None, count);
        array = Arc::new(list.map_err(refused)?);
    }
    Ok(array)
}
