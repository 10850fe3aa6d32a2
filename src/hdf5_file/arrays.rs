//! What the decoder gives as arrays of the store.

use half::f16;
use ndarray::{ArrayD, IxDyn};
use num_complex::Complex;

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::Values;
use crate::values::{AnyArray, DataType};

/// Gives the path of the object at an address.
pub(crate) type Naming<'a> = &'a mut dyn FnMut(u64) -> String;

/// An array, or a member of compounds.
#[derive(Debug)]
pub(crate) struct Made {
    /// The members that lead to it, with dots between them; empty for what is no member.
    pub name: String,
    pub array: AnyArray,
    /// The names that integers stand for.
    pub members: Vec<(String, String)>,
}

/// Makes arrays of elements in row-major order: one, or of compounds one for each member.
///
/// # Errors
/// `Unsupported` for lists of any length; `Corrupt` where a truth value is neither 0 nor 1.
pub(crate) fn arrays(values: Values, shape: &[usize], naming: Naming<'_>) -> Result<Vec<Made>> {
    let mut made = Vec::new();
    add(values, (String::new(), shape.to_vec(), Vec::new()), naming, &mut made)?;
    Ok(made)
}

/// The same, of what is no compound.
pub(crate) fn array(values: Values, shape: &[usize], naming: Naming<'_>) -> Result<AnyArray> {
    let mut made = arrays(values, shape, naming)?;
    match (made.pop(), made.is_empty()) {
        (Some(made), true) => Ok(made.array),
        _ => Err(Error::new(ErrorKind::Unsupported, "compounds of several members are no single array")),
    }
}

fn add(
    values: Values,
    (name, mut shape, members): (String, Vec<usize>, Vec<(String, String)>),
    naming: Naming<'_>,
    made: &mut Vec<Made>,
) -> Result<()> {
    let array = match values {
        Values::Compound(columns) => {
            let columns = match complex_of(columns) {
                Ok(parts) => return add(parts, (name, shape, members), naming, made),
                Err(columns) => columns,
            };
            for (member, values) in columns {
                let name = if name.is_empty() { member } else { format!("{name}.{member}") };
                add(values, (name, shape.clone(), Vec::new()), naming, made)?;
            }
            return Ok(());
        }
        Values::Arrays { shape: inner, values } => {
            for length in inner {
                shape.push(usize::try_from(length).map_err(|_| too_large())?);
            }
            return add(*values, (name, shape, members), naming, made);
        }
        Values::Enum { codes, names, named } => match bools(&names, &named, &codes, &shape)? {
            Some(array) => array,
            None => {
                let named = plain(*named, &[names.len()])?.to_json();
                let codes_of = named.as_array().into_iter().flatten().map(ToString::to_string);
                let members = names.into_iter().zip(codes_of).collect();
                return add(*codes, (name, shape, members), naming, made);
            }
        },
        Values::Opaque { size, bytes } => {
            shape.push(size);
            shaped(&shape, bytes)?
        }
        Values::References(addresses) => {
            let text = addresses.into_iter().map(|address| address.map_or_else(String::new, &mut *naming));
            shaped(&shape, text.collect())?
        }
        Values::Lists { .. } => {
            let message = "lists of any length have no place in arrays";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        other => plain(other, &shape)?,
    };
    made.push(Made { name, array, members });
    Ok(())
}

/// Numbers, complex numbers and text.
fn plain(values: Values, shape: &[usize]) -> Result<AnyArray> {
    match values {
        Values::I8(values) => shaped(shape, values),
        Values::I16(values) => shaped(shape, values),
        Values::I32(values) => shaped(shape, values),
        Values::I64(values) => shaped(shape, values),
        Values::U8(values) => shaped(shape, values),
        Values::U16(values) => shaped(shape, values),
        Values::U32(values) => shaped(shape, values),
        Values::U64(values) => shaped(shape, values),
        Values::F16(values) => shaped(shape, values),
        Values::F32(values) => shaped(shape, values),
        Values::F64(values) => shaped(shape, values),
        Values::Text(values) => shaped(shape, values),
        Values::Complex(parts) => match *parts {
            Values::F16(parts) => shaped(shape, pairs(&parts.iter().map(|x| x.to_f32()).collect::<Vec<_>>())),
            Values::F32(parts) => shaped(shape, pairs(&parts)),
            Values::F64(parts) => shaped(shape, pairs(&parts)),
            _ => {
                Err(Error::new(ErrorKind::Unsupported, "complex numbers are of floating-point numbers only"))
            }
        },
        _ => Err(Error::new(ErrorKind::Unsupported, "elements of elements are not imported here")),
    }
}

fn pairs<T: Copy>(parts: &[T]) -> Vec<Complex<T>> {
    parts.as_chunks::<2>().0.iter().map(|[re, im]| Complex::new(*re, *im)).collect()
}

fn shaped<T>(shape: &[usize], elements: Vec<T>) -> Result<AnyArray>
where
    AnyArray: From<ArrayD<T>>,
{
    let array = ArrayD::from_shape_vec(IxDyn(shape), elements);
    array.map(AnyArray::from).map_err(|error| {
        let message = format!("the elements do not make an array of shape {shape:?}");
        Error::new(ErrorKind::Corrupt, message).with_source(error)
    })
}

/// Joins the compounds of `r` and `i` by which h5py writes complex numbers; gives back what is none.
fn complex_of(mut columns: Vec<(String, Values)>) -> Result<Values, Vec<(String, Values)>> {
    fn joined<T: Copy>(re: &[T], im: &[T]) -> Vec<T> {
        re.iter().zip(im).flat_map(|(re, im)| [*re, *im]).collect()
    }
    let parts = match columns.as_mut_slice() {
        [(r, Values::F16(re)), (i, Values::F16(im))] if r == "r" && i == "i" => Values::F16(joined(re, im)),
        [(r, Values::F32(re)), (i, Values::F32(im))] if r == "r" && i == "i" => Values::F32(joined(re, im)),
        [(r, Values::F64(re)), (i, Values::F64(im))] if r == "r" && i == "i" => Values::F64(joined(re, im)),
        _ => return Err(columns),
    };
    Ok(Values::Complex(Box::new(parts)))
}

/// The truth values that an enumeration of `FALSE` and `TRUE` is; `None` for another one.
fn bools(names: &[String], named: &Values, codes: &Values, shape: &[usize]) -> Result<Option<AnyArray>> {
    let bits = |values: &Values| -> Option<Vec<i16>> {
        match values {
            Values::I8(values) => Some(values.iter().map(|x| i16::from(*x)).collect()),
            Values::U8(values) => Some(values.iter().map(|x| i16::from(*x)).collect()),
            _ => None,
        }
    };
    let is_bool = names.len() == 2
        && bits(named).is_some_and(|named| {
            let mut members: Vec<_> = names.iter().map(String::as_str).zip(named).collect();
            members.sort_unstable();
            members == [("FALSE", 0), ("TRUE", 1)]
        });
    let Some(codes) = bits(codes).filter(|_| is_bool) else { return Ok(None) };
    let truth = |code: &i16| match code {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(ErrorKind::Corrupt, format!("a truth value is {code}, neither 0 nor 1"))),
    };
    shaped(shape, codes.iter().map(truth).collect::<Result<Vec<_>>>()?).map(Some)
}

/// An array as another type: what was widened, or written as integers, when it was exported from a store.
///
/// # Errors
/// `Corrupt` where an element is none of that type.
pub(crate) fn restored(array: AnyArray, data_type: DataType) -> Result<AnyArray> {
    let refuse = |what: String| Error::new(ErrorKind::Corrupt, format!("{what} is no {data_type}"));
    match (array, data_type) {
        (AnyArray::Float32(array), DataType::Float16) => {
            let narrow = |x: &f32| {
                let half = f16::from_f32(*x);
                let is_same = half.to_f32().to_bits() == x.to_bits() || (half.is_nan() && x.is_nan());
                if is_same { Ok(half) } else { Err(refuse(x.to_string())) }
            };
            let halves = array.iter().map(narrow).collect::<Result<Vec<_>>>()?;
            shaped(array.shape(), halves)
        }
        (AnyArray::Int8(array), DataType::Bool) => {
            let truth = |x: &i8| match x {
                0 => Ok(false),
                1 => Ok(true),
                other => Err(refuse(other.to_string())),
            };
            let truths = array.iter().map(truth).collect::<Result<Vec<_>>>()?;
            shaped(array.shape(), truths)
        }
        (array, data_type) if array.data_type() == data_type => Ok(array),
        (array, _) => Err(refuse(format!("a {}", array.data_type()))),
    }
}

fn too_large() -> Error {
    Error::new(ErrorKind::Unsupported, "an element is larger than memory")
}
