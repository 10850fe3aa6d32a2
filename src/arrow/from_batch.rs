use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType as ArrowType, Field};
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;

use super::DATA_TYPE;
use crate::error::{Error, ErrorKind, Result};
use crate::values::{AnyArray, Element, Table};

/// Makes a table of a batch, column by column. Numbers, `Boolean`, text (`Utf8`, `LargeUtf8`, `Utf8View`) and
/// fixed-size lists of these, nested ones too, can be columns. A table has no nulls: a column may be nullable, but
/// not hold any.
///
/// # Errors
/// [`ErrorKind::Unsupported`] for a column with nulls or of another type, [`ErrorKind::InvalidKey`] and
/// [`ErrorKind::AlreadyExists`] for names that columns cannot have.
impl TryFrom<&RecordBatch> for Table {
    type Error = Error;

    fn try_from(batch: &RecordBatch) -> Result<Self> {
        let mut table = Self::new();
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let column = any_array(field, array).map_err(|error| error.with_key(field.name()))?;
            table.push(field.name(), column)?;
        }
        Ok(table)
    }
}

fn any_array(field: &Field, array: &ArrayRef) -> Result<AnyArray> {
    let mut shape = vec![array.len()];
    let mut elements = Arc::clone(array);
    loop {
        let nulls = elements.logical_null_count();
        if nulls > 0 {
            let message =
                format!("holds {nulls} nulls, which no table can; fill them or drop their rows first");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let Some(list) = elements.as_fixed_size_list_opt() else { break };
        shape.push(usize::try_from(list.value_length()).unwrap_or_default());
        elements = Arc::clone(list.values());
    }
    let complex = field.metadata().get(DATA_TYPE).map(String::as_str);
    Ok(match (elements.data_type(), complex) {
        (ArrowType::Float32, Some("complex64")) if shape.last() == Some(&2) => {
            shape.pop();
            let parts = elements.as_primitive::<Float32Type>().values();
            shaped(&shape, parts.as_chunks().0.iter().map(|[re, im]| Complex::new(*re, *im)).collect())?
        }
        (ArrowType::Float64, Some("complex128")) if shape.last() == Some(&2) => {
            shape.pop();
            let parts = elements.as_primitive::<Float64Type>().values();
            shaped(&shape, parts.as_chunks().0.iter().map(|[re, im]| Complex::new(*re, *im)).collect())?
        }
        (ArrowType::Boolean, _) => shaped(&shape, elements.as_boolean().values().iter().collect())?,
        (ArrowType::Int8, _) => numbers::<Int8Type>(&shape, &elements)?,
        (ArrowType::Int16, _) => numbers::<Int16Type>(&shape, &elements)?,
        (ArrowType::Int32, _) => numbers::<Int32Type>(&shape, &elements)?,
        (ArrowType::Int64, _) => numbers::<Int64Type>(&shape, &elements)?,
        (ArrowType::UInt8, _) => numbers::<UInt8Type>(&shape, &elements)?,
        (ArrowType::UInt16, _) => numbers::<UInt16Type>(&shape, &elements)?,
        (ArrowType::UInt32, _) => numbers::<UInt32Type>(&shape, &elements)?,
        (ArrowType::UInt64, _) => numbers::<UInt64Type>(&shape, &elements)?,
        (ArrowType::Float16, _) => numbers::<Float16Type>(&shape, &elements)?,
        (ArrowType::Float32, _) => numbers::<Float32Type>(&shape, &elements)?,
        (ArrowType::Float64, _) => numbers::<Float64Type>(&shape, &elements)?,
        (ArrowType::Utf8, _) => text(&shape, elements.as_string::<i32>().iter())?,
        (ArrowType::LargeUtf8, _) => text(&shape, elements.as_string::<i64>().iter())?,
        (ArrowType::Utf8View, _) => text(&shape, elements.as_string_view().iter())?,
        (other, _) => {
            let message =
                format!("is of the Arrow type {other}, which no column of a table has; cast it first");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
    })
}

fn numbers<T: ArrowPrimitiveType>(shape: &[usize], elements: &ArrayRef) -> Result<AnyArray>
where
    T::Native: Element,
    AnyArray: From<ArrayD<T::Native>>,
{
    shaped(shape, elements.as_primitive::<T>().values().to_vec())
}

fn text<'a>(shape: &[usize], elements: impl Iterator<Item = Option<&'a str>>) -> Result<AnyArray> {
    shaped(shape, elements.map(|text| text.unwrap_or_default().to_owned()).collect())
}

fn shaped<T>(shape: &[usize], elements: Vec<T>) -> Result<AnyArray>
where
    AnyArray: From<ArrayD<T>>,
{
    ArrayD::from_shape_vec(IxDyn(shape), elements).map(AnyArray::from).map_err(|error| {
        Error::new(ErrorKind::WrongShape, format!("is no array of shape {shape:?}")).with_source(error)
    })
}
