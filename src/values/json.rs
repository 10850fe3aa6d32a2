//! Arrays as JSON: in attributes, on the command line, wherever people or scripts read values.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use half::f16;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;
use serde_json::Value as Json;

use super::any_array::AnyArray;
use super::content::{ArrayContent, Elements, Source};
use super::data_type::DataType;
use crate::error::{Error, ErrorKind, Result};

/// How deeply lists may be nested: more than any array has axes.
const MAX_RANK: usize = 64;

impl AnyArray {
    /// Writes the elements as nested lists, a scalar as itself. Complex numbers become `[re, im]`, non-finite
    /// ones `"NaN"`, `"Infinity"` and `"-Infinity"`.
    ///
    /// ```
    /// use calcstore::AnyArray;
    /// use ndarray::array;
    ///
    /// let levels = AnyArray::from(array![[0.01, f64::NAN]].into_dyn());
    /// assert_eq!(levels.to_json().to_string(), r#"[[0.01,"NaN"]]"#);
    /// ```
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(array) => nested(array, |x| Json::from(*x)),
            Self::Int8(array) => nested(array, |x| Json::from(*x)),
            Self::Int16(array) => nested(array, |x| Json::from(*x)),
            Self::Int32(array) => nested(array, |x| Json::from(*x)),
            Self::Int64(array) => nested(array, |x| Json::from(*x)),
            Self::UInt8(array) => nested(array, |x| Json::from(*x)),
            Self::UInt16(array) => nested(array, |x| Json::from(*x)),
            Self::UInt32(array) => nested(array, |x| Json::from(*x)),
            Self::UInt64(array) => nested(array, |x| Json::from(*x)),
            Self::Float16(array) => nested(array, |x| float(x.to_f64())),
            Self::Float32(array) => nested(array, |x| float(f64::from(*x))),
            Self::Float64(array) => nested(array, |x| float(*x)),
            Self::Complex64(array) => {
                nested(array, |x| Json::from(vec![float(f64::from(x.re)), float(f64::from(x.im))]))
            }
            Self::Complex128(array) => nested(array, |x| Json::from(vec![float(x.re), float(x.im)])),
            Self::String(array) => nested(array, |x| Json::from(x.as_str())),
        }
    }

    /// Makes an array of nested JSON lists of one kind: booleans, integers (`int64`, or `uint64` where one is
    /// too large), numbers (`float64`) or text. `None` for anything else, uneven lists included.
    ///
    /// ```
    /// use calcstore::{AnyArray, DataType};
    ///
    /// let found = AnyArray::from_json(&serde_json::json!([[1, 2.5], [3, 4]])).unwrap();
    /// assert_eq!((found.data_type(), found.shape()), (DataType::Float64, &[2, 2][..]));
    /// assert_eq!(AnyArray::from_json(&serde_json::json!([1, "a"])), None);
    /// ```
    pub fn from_json(json: &Json) -> Option<Self> {
        let (shape, leaves) = flatten(json, None)?;
        let data_type = common_type(&leaves)?;
        Self::of_leaves(data_type, &shape, &leaves)
    }

    /// Makes an array of a known data type and shape of its JSON form.
    pub(crate) fn from_typed_json(json: &Json, data_type: DataType, shape: &[usize]) -> Result<Self> {
        let refuse = || {
            let message = format!("is noted as a {data_type} array of shape {shape:?}, which it is not");
            Error::new(ErrorKind::Corrupt, message)
        };
        let (_, leaves) = flatten(json, Some(shape.len())).ok_or_else(refuse)?;
        Self::of_leaves(data_type, shape, &leaves).ok_or_else(refuse)
    }

    fn of_leaves(data_type: DataType, shape: &[usize], leaves: &[&Json]) -> Option<Self> {
        let float = |x: &Json| to_float(x);
        #[expect(clippy::cast_possible_truncation, reason = "written by widening, so that nothing is lost")]
        let narrow = |x: &Json| to_float(x).map(|x| x as f32);
        Some(match data_type {
            DataType::Bool => Self::Bool(shaped(shape, leaves, Json::as_bool)?),
            DataType::Int8 => Self::Int8(shaped(shape, leaves, |x| x.as_i64()?.try_into().ok())?),
            DataType::Int16 => Self::Int16(shaped(shape, leaves, |x| x.as_i64()?.try_into().ok())?),
            DataType::Int32 => Self::Int32(shaped(shape, leaves, |x| x.as_i64()?.try_into().ok())?),
            DataType::Int64 => Self::Int64(shaped(shape, leaves, Json::as_i64)?),
            DataType::UInt8 => Self::UInt8(shaped(shape, leaves, |x| x.as_u64()?.try_into().ok())?),
            DataType::UInt16 => Self::UInt16(shaped(shape, leaves, |x| x.as_u64()?.try_into().ok())?),
            DataType::UInt32 => Self::UInt32(shaped(shape, leaves, |x| x.as_u64()?.try_into().ok())?),
            DataType::UInt64 => Self::UInt64(shaped(shape, leaves, Json::as_u64)?),
            DataType::Float16 => Self::Float16(shaped(shape, leaves, |x| float(x).map(f16::from_f64))?),
            DataType::Float32 => Self::Float32(shaped(shape, leaves, narrow)?),
            DataType::Float64 => Self::Float64(shaped(shape, leaves, float)?),
            DataType::Complex64 => Self::Complex64(shaped(shape, leaves, |x| {
                Some(Complex::new(narrow(x.get(0)?)?, narrow(x.get(1)?)?))
            })?),
            DataType::Complex128 => Self::Complex128(shaped(shape, leaves, |x| {
                Some(Complex::new(float(x.get(0)?)?, float(x.get(1)?)?))
            })?),
            DataType::String => Self::String(shaped(shape, leaves, |x| x.as_str().map(str::to_owned))?),
        })
    }

    /// Makes an array of what was to be stored.
    pub(crate) fn from_content(content: &ArrayContent<'_>) -> Result<Self> {
        Self::read(content)
    }
}

impl Source for ArrayContent<'_> {
    fn data_type(&self) -> DataType {
        self.data_type
    }

    fn shape(&self) -> &[u64] {
        &self.shape
    }

    fn verify_size(&self) -> Result<()> {
        Ok(())
    }

    fn read_into(&self, buffer: &mut [u8]) -> Result<()> {
        match &self.elements {
            Elements::Bytes(bytes) if bytes.len() == buffer.len() => {
                buffer.copy_from_slice(bytes);
                Ok(())
            }
            _ => Err(Error::new(ErrorKind::WrongShape, "the elements do not fill the buffer")),
        }
    }

    fn read_strings(&self) -> Result<Vec<String>> {
        match &self.elements {
            Elements::Strings(strings) => Ok(strings.iter().map(|text| text.clone().into_owned()).collect()),
            Elements::Bytes(_) => Err(Error::new(ErrorKind::WrongType, "holds numbers, asked for text")),
        }
    }

    fn read_rows(&self, start: u64, count: u64) -> Result<Elements<'static>> {
        let row: u64 = self.shape.iter().skip(1).product();
        let outside = || Error::new(ErrorKind::WrongShape, "there are not so many rows");
        let position = |row_number: u64, size: usize| {
            usize::try_from(row_number.checked_mul(row)?).ok()?.checked_mul(size)
        };
        let size = self.data_type.size().unwrap_or(1);
        let end = start.checked_add(count).and_then(|end| position(end, size)).ok_or_else(outside)?;
        let range = position(start, size).ok_or_else(outside)?..end;
        Ok(match &self.elements {
            Elements::Bytes(bytes) => Elements::Bytes(bytes.get(range).ok_or_else(outside)?.to_vec().into()),
            Elements::Strings(strings) => {
                let rows = strings.get(range).ok_or_else(outside)?.iter();
                Elements::Strings(rows.map(|text| text.clone().into_owned().into()).collect())
            }
        })
    }

    fn read_blocks(&self, each: &mut dyn FnMut(Elements<'_>) -> Result<()>) -> Result<()> {
        each(match &self.elements {
            Elements::Bytes(bytes) => Elements::Bytes(bytes.as_ref().into()),
            Elements::Strings(strings) => Elements::Strings(strings.clone()),
        })
    }
}

/// A number as JSON has it, or the name of a non-finite one.
fn float(number: f64) -> Json {
    serde_json::Number::from_f64(number).map_or_else(|| Json::from(float_name(number)), Json::Number)
}

fn float_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn to_float(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::String(name) => match name.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn nested<T>(array: &ArrayD<T>, leaf: impl Fn(&T) -> Json + Copy) -> Json {
    fn lists<T>(view: &ndarray::ArrayViewD<'_, T>, leaf: impl Fn(&T) -> Json + Copy) -> Json {
        match view.ndim() {
            0 => view.first().map_or(Json::Null, leaf),
            1 => view.iter().map(leaf).collect(),
            _ => view.outer_iter().map(|inner| lists(&inner, leaf)).collect(),
        }
    }
    lists(&array.view(), leaf)
}

fn shaped<T>(shape: &[usize], leaves: &[&Json], leaf: impl Fn(&Json) -> Option<T>) -> Option<ArrayD<T>> {
    let elements = leaves.iter().map(|json| leaf(json)).collect::<Option<Vec<T>>>()?;
    ArrayD::from_shape_vec(IxDyn(shape), elements).ok()
}

/// Shape and leaves of evenly nested lists, in C order; down to `rank` levels, or as deep as the lists go.
fn flatten(json: &Json, rank: Option<usize>) -> Option<(Vec<usize>, Vec<&Json>)> {
    let mut shape = Vec::new();
    let mut level = vec![json];
    while rank.is_none_or(|rank| shape.len() < rank) {
        let Some(Json::Array(first)) = level.first() else { break };
        if shape.len() == MAX_RANK {
            return None;
        }
        let length = first.len();
        let lists = level.iter().map(|json| json.as_array().filter(|list| list.len() == length));
        level = lists.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        shape.push(length);
    }
    Some((shape, level))
}

/// The data type that all of these JSON values share.
fn common_type(leaves: &[&Json]) -> Option<DataType> {
    let all = |test: fn(&Json) -> bool| leaves.iter().all(|json| test(json));
    if leaves.is_empty() {
        Some(DataType::Float64)
    } else if all(Json::is_boolean) {
        Some(DataType::Bool)
    } else if all(Json::is_i64) {
        Some(DataType::Int64)
    } else if all(Json::is_u64) {
        Some(DataType::UInt64)
    } else if all(Json::is_number) {
        Some(DataType::Float64)
    } else if all(Json::is_string) {
        Some(DataType::String)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_become_arrays_of_their_common_type() {
        for (json, data_type, shape) in [
            (json!(true), DataType::Bool, &[][..]),
            (json!([1, -2]), DataType::Int64, &[2]),
            (json!([u64::MAX, 0]), DataType::UInt64, &[2]),
            (json!([[1.0], [2]]), DataType::Float64, &[2, 1]),
            (json!("text"), DataType::String, &[]),
            (json!([]), DataType::Float64, &[0]),
            (json!([[], []]), DataType::Float64, &[2, 0]),
        ] {
            let array = AnyArray::from_json(&json).unwrap();
            assert_eq!((array.data_type(), array.shape()), (data_type, shape), "{json}");
            assert_eq!(array.to_json().as_array().map(Vec::len), json.as_array().map(Vec::len));
        }
        for json in [json!(null), json!([1, "a"]), json!([[1], [2, 3]]), json!([[1], 2]), json!({"a": 1})] {
            assert_eq!(AnyArray::from_json(&json), None, "{json}");
        }
    }

    #[test]
    fn a_known_type_comes_back_from_json() {
        let complex = ArrayD::from_elem(IxDyn(&[1, 2]), Complex::new(1.5f32, f32::NEG_INFINITY));
        let array = AnyArray::from(complex);
        let json = array.to_json();
        assert_eq!(json, json!([[[1.5, "-Infinity"], [1.5, "-Infinity"]]]));
        assert_eq!(AnyArray::from_typed_json(&json, DataType::Complex64, &[1, 2]).unwrap(), array);
        let error = AnyArray::from_typed_json(&json!([300]), DataType::UInt8, &[1]).unwrap_err();
        assert_eq!(error.to_string(), "is noted as a uint8 array of shape [1], which it is not");
    }

    #[test]
    fn lists_nested_without_end_are_refused() {
        let mut json = json!(1);
        for _ in 0..100 {
            json = json!([json]);
        }
        assert_eq!(AnyArray::from_json(&json), None);
    }
}
