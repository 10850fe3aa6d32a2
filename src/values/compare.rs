//! Comparing the elements of a column, all at once, with one or several others.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;

use half::f16;

use super::content::Elements;
use super::data_type::DataType;

/// What elements are compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Literal {
    /// Whether elements of this type can be compared with it.
    pub(super) fn fits(&self, data_type: DataType) -> bool {
        match data_type {
            DataType::Bool => matches!(self, Self::Bool(_)),
            DataType::String => matches!(self, Self::Text(_)),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                matches!(self, Self::Integer(_) | Self::Float(_))
            }
            DataType::Complex64 | DataType::Complex128 => false,
            _ => matches!(self, Self::Integer(_)),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "the bool {value}"),
            Self::Integer(value) => write!(f, "the integer {value}"),
            Self::Float(value) => write!(f, "the float {value:?}"),
            Self::Text(text) => write!(f, "the text {text:?}"),
        }
    }
}

impl Operator {
    /// Whether an operator other than `Unequal` holds; that one is the contrary of `Equal`, for NaN too.
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Unequal => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }

    fn compare<T: PartialOrd>(self, elements: impl Iterator<Item = T>, with: &T) -> Vec<bool> {
        match self {
            Self::Equal => elements.map(|element| element == *with).collect(),
            Self::Unequal => elements.map(|element| element != *with).collect(),
            Self::Less => elements.map(|element| element < *with).collect(),
            Self::LessOrEqual => elements.map(|element| element <= *with).collect(),
            Self::Greater => elements.map(|element| element > *with).collect(),
            Self::GreaterOrEqual => elements.map(|element| element >= *with).collect(),
        }
    }
}

/// Does `$body` with the elements of a number column: `$elements` iterates over them as `$rust`.
macro_rules! with_integers {
    ($data_type:expr, $bytes:expr, |$elements:ident: $rust:ident| $body:expr, $other:expr) => {
        match $data_type {
            DataType::Int8 => with_integers!(@ i8 $bytes, $elements, $rust, $body),
            DataType::Int16 => with_integers!(@ i16 $bytes, $elements, $rust, $body),
            DataType::Int32 => with_integers!(@ i32 $bytes, $elements, $rust, $body),
            DataType::Int64 => with_integers!(@ i64 $bytes, $elements, $rust, $body),
            DataType::UInt8 => with_integers!(@ u8 $bytes, $elements, $rust, $body),
            DataType::UInt16 => with_integers!(@ u16 $bytes, $elements, $rust, $body),
            DataType::UInt32 => with_integers!(@ u32 $bytes, $elements, $rust, $body),
            DataType::UInt64 => with_integers!(@ u64 $bytes, $elements, $rust, $body),
            _ => $other,
        }
    };
    (@ $type:ident $bytes:expr, $elements:ident, $rust:ident, $body:expr) => {{
        type $rust = $type;
        let $elements = numbers($bytes, $rust::from_le_bytes);
        $body
    }};
}

/// The numbers in little-endian bytes.
fn numbers<const N: usize, T>(bytes: &[u8], number: fn([u8; N]) -> T) -> impl Iterator<Item = T> {
    bytes.as_chunks().0.iter().map(move |bytes| number(*bytes))
}

/// `None` where such elements cannot be compared with such a literal.
pub(super) fn compare(
    data_type: DataType,
    elements: &Elements<'_>,
    operator: Operator,
    literal: &Literal,
) -> Option<Vec<bool>> {
    match (elements, literal) {
        (Elements::Strings(strings), Literal::Text(text)) => {
            Some(operator.compare(strings.iter().map(Cow::as_ref), &text.as_str()))
        }
        (Elements::Bytes(bytes), Literal::Bool(value)) if data_type == DataType::Bool => {
            Some(operator.compare(bytes.iter().map(|byte| *byte != 0), value))
        }
        (Elements::Bytes(bytes), Literal::Float(value)) => compare_floats(data_type, bytes, operator, *value),
        (Elements::Bytes(bytes), Literal::Integer(value)) => {
            let float = compare_floats(data_type, bytes, operator, to_float(*value));
            float.or_else(|| {
                with_integers!(
                    data_type,
                    bytes,
                    |elements: Int| Some(match Int::try_from(*value) {
                        Ok(value) => operator.compare(elements, &value),
                        // Beyond what the type can hold: all elements are on one side of it.
                        Err(_) => {
                            let holds = operator.holds(0_i128.cmp(value));
                            elements.map(|_| holds).collect()
                        }
                    }),
                    None
                )
            })
        }
        _ => None,
    }
}

fn compare_floats(data_type: DataType, bytes: &[u8], operator: Operator, with: f64) -> Option<Vec<bool>> {
    Some(match data_type {
        DataType::Float16 => operator.compare(numbers(bytes, f16::from_le_bytes), &f16::from_f64(with)),
        DataType::Float32 => operator.compare(numbers(bytes, f32::from_le_bytes), &to_single(with)),
        DataType::Float64 => operator.compare(numbers(bytes, f64::from_le_bytes), &with),
        _ => return None,
    })
}

/// `None` where such elements cannot be compared with such literals.
pub(super) fn is_in(data_type: DataType, elements: &Elements<'_>, literals: &[Literal]) -> Option<Vec<bool>> {
    match (data_type, elements) {
        (DataType::String, Elements::Strings(strings)) => {
            let texts = literals.iter().map(|literal| match literal {
                Literal::Text(text) => Some(text.as_str()),
                _ => None,
            });
            let texts: HashSet<&str> = texts.collect::<Option<_>>()?;
            Some(strings.iter().map(|text| texts.contains(text.as_ref())).collect())
        }
        (DataType::Float16 | DataType::Float32 | DataType::Float64, Elements::Bytes(bytes)) => {
            let floats = literals.iter().map(|literal| match literal {
                Literal::Integer(value) => Some(to_float(*value)),
                Literal::Float(value) => Some(*value),
                _ => None,
            });
            let floats = floats.collect::<Option<Vec<_>>>()?;
            Some(is_float_in(data_type, bytes, floats))
        }
        (DataType::Bool, Elements::Bytes(bytes)) => {
            Some(bytes.iter().map(|byte| literals.contains(&Literal::Bool(*byte != 0))).collect())
        }
        (_, Elements::Bytes(bytes)) => {
            let integers = literals.iter().map(|literal| match literal {
                Literal::Integer(value) => Some(*value),
                _ => None,
            });
            let integers: HashSet<i128> = integers.collect::<Option<_>>()?;
            with_integers!(
                data_type,
                bytes,
                |elements: Int| {
                    let set: HashSet<Int> =
                        integers.iter().filter_map(|value| Int::try_from(*value).ok()).collect();
                    Some(elements.map(|element| set.contains(&element)).collect())
                },
                None
            )
        }
        _ => None,
    }
}

/// Compares bits, once both zeros are one. A NaN is in no list.
fn is_float_in(data_type: DataType, bytes: &[u8], floats: Vec<f64>) -> Vec<bool> {
    let bits = |float: f64| (float + 0.0).to_bits();
    let rounded = floats.into_iter().map(|float| match data_type {
        DataType::Float16 => f16::from_f64(float).to_f64(),
        DataType::Float32 => f64::from(to_single(float)),
        _ => float,
    });
    let set: HashSet<u64> = rounded.filter(|float| !float.is_nan()).map(bits).collect();
    let is_in = |element: f64| set.contains(&bits(element));
    match data_type {
        DataType::Float16 => numbers(bytes, f16::from_le_bytes).map(|x| is_in(x.to_f64())).collect(),
        DataType::Float32 => numbers(bytes, f32::from_le_bytes).map(|x| is_in(x.into())).collect(),
        _ => numbers(bytes, f64::from_le_bytes).map(is_in).collect(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number is rounded to the type of the column")]
fn to_float(value: i128) -> f64 {
    value as f64
}

#[expect(clippy::cast_possible_truncation, reason = "a number is rounded to the type of the column")]
fn to_single(value: f64) -> f32 {
    value as f32
}
