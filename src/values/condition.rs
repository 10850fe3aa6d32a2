//! Conditions on the columns of a table, which choose rows.

use std::ops::{BitAnd, BitOr, Not};

use super::compare::{Literal, Operator, compare, is_in};
use super::content::Elements;
use super::data_type::DataType;
use super::table_schema::{ColumnSchema, TableSchema, no_column};
use crate::error::{Error, ErrorKind, Result};

/// A column by its name, to say what its elements must be.
///
/// ```
/// use calcstore::Column;
///
/// let large = Column::new("mag").ge(6.0);
/// let shallow = Column::new("depth").between(0.0, 30.0);
/// let regions = Column::new("trt").is_in(["Active Shallow Crust", "Volcanic"]);
/// let condition = large & (shallow | regions);
/// assert_eq!(condition.columns(), ["mag", "depth", "trt"]);
/// ```
#[derive(Clone, Debug)]
pub struct Column(String);

/// What the rows of a table must be: made by [`Column`], joined by `&`, `|` and `!`.
///
/// A number is brought to the type of the column: rounded for a column of `float32`, say, so that what was stored
/// as `0.1_f32` equals `0.1`. Integers are compared exactly. NaN is neither equal to, nor less, nor greater than
/// anything. Text is compared byte by byte.
#[derive(Clone, Debug)]
pub struct Condition(Node);

/// One element to compare with: `bool`, a number or text.
#[derive(Clone, Debug, PartialEq)]
pub struct Scalar(Literal);

#[derive(Clone, Debug)]
enum Node {
    Compare(String, Operator, Literal),
    IsIn(String, Vec<Literal>),
    /// Side by side and not within one another, so that a condition of very many parts is not deep.
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
}

impl Column {
    /// Names a column.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    fn compare(self, operator: Operator, with: impl Into<Scalar>) -> Condition {
        Condition(Node::Compare(self.0, operator, with.into().0))
    }

    /// Takes the rows where the element equals `other`.
    pub fn eq(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::Equal, other)
    }

    /// Takes the rows where the element does not equal `other`.
    pub fn ne(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::Unequal, other)
    }

    /// Takes the rows where the element is less than `other`.
    pub fn lt(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::Less, other)
    }

    /// Takes the rows where the element is at most `other`.
    pub fn le(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::LessOrEqual, other)
    }

    /// Takes the rows where the element is greater than `other`.
    pub fn gt(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::Greater, other)
    }

    /// Takes the rows where the element is at least `other`.
    pub fn ge(self, other: impl Into<Scalar>) -> Condition {
        self.compare(Operator::GreaterOrEqual, other)
    }

    /// Takes the rows where the element is at least `low` and at most `high`.
    pub fn between(self, low: impl Into<Scalar>, high: impl Into<Scalar>) -> Condition {
        self.clone().ge(low) & self.le(high)
    }

    /// Takes the rows where the element equals one of `others`.
    pub fn is_in<S: Into<Scalar>>(self, others: impl IntoIterator<Item = S>) -> Condition {
        Condition(Node::IsIn(self.0, others.into_iter().map(|other| other.into().0).collect()))
    }
}

impl BitAnd for Condition {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(match self.0 {
            Node::And(mut parts) => {
                parts.push(other.0);
                Node::And(parts)
            }
            first => Node::And(vec![first, other.0]),
        })
    }
}

impl BitOr for Condition {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(match self.0 {
            Node::Or(mut parts) => {
                parts.push(other.0);
                Node::Or(parts)
            }
            first => Node::Or(vec![first, other.0]),
        })
    }
}

impl Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self(Node::Not(Box::new(self.0)))
    }
}

macro_rules! scalars {
    ($($rust:ty => $literal:ident;)*) => { $(
        impl From<$rust> for Scalar {
            fn from(value: $rust) -> Self {
                Self(Literal::$literal(value.into()))
            }
        }
    )* };
}

scalars! {
    bool => Bool;
    i8 => Integer;
    i16 => Integer;
    i32 => Integer;
    i64 => Integer;
    u8 => Integer;
    u16 => Integer;
    u32 => Integer;
    u64 => Integer;
    f32 => Float;
    f64 => Float;
    &str => Text;
    &String => Text;
    String => Text;
}

impl Condition {
    /// Names the columns that it is about, each once.
    pub fn columns(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.leaves(&mut |name, _| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
        names
    }

    /// Checks that all columns are there and that elements of theirs can be compared so.
    pub(crate) fn check(&self, schema: &TableSchema) -> Result<()> {
        let mut found = Ok(());
        self.0.leaves(&mut |name, literals| {
            if found.is_ok() {
                let names = schema.columns().iter().map(|column| column.name.as_str());
                let column = schema.find(name).ok_or_else(|| no_column(name, names));
                found = column.and_then(|column| check_leaf(column, literals));
            }
        });
        found
    }

    /// Tells for each of `rows` rows whether it is taken; `column` gives the elements of a column in these rows.
    pub(crate) fn mask<'a>(
        &self,
        rows: usize,
        column: &dyn Fn(&str) -> Option<(DataType, &'a Elements<'static>)>,
    ) -> Result<Vec<bool>> {
        let mask = self.0.mask(column)?;
        if mask.len() == rows {
            Ok(mask)
        } else {
            Err(Error::new(ErrorKind::Corrupt, "a column is too short"))
        }
    }
}

impl Node {
    /// Shows each column that is compared, and what with.
    fn leaves<'a>(&'a self, each: &mut dyn FnMut(&'a str, &'a [Literal])) {
        match self {
            Self::Compare(name, _, literal) => each(name, std::slice::from_ref(literal)),
            Self::IsIn(name, literals) => each(name, literals),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.leaves(each)),
            Self::Not(inner) => inner.leaves(each),
        }
    }

    fn mask<'a>(
        &self,
        column: &dyn Fn(&str) -> Option<(DataType, &'a Elements<'static>)>,
    ) -> Result<Vec<bool>> {
        let joined = |parts: &[Self], join: fn(bool, bool) -> bool| {
            let mut masks = parts.iter().map(|part| part.mask(column));
            let first = masks.next().unwrap_or_else(|| Ok(Vec::new()))?;
            masks.try_fold(first, |all, mask| {
                Ok(all.into_iter().zip(mask?).map(|(a, b)| join(a, b)).collect())
            })
        };
        let find = |name: &str| {
            column(name).ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no column {name}")))
        };
        match self {
            Self::Compare(name, operator, literal) => {
                let (data_type, elements) = find(name)?;
                compare(data_type, elements, *operator, literal)
                    .ok_or_else(|| mismatch(name, data_type, literal))
            }
            Self::IsIn(name, literals) => {
                let (data_type, elements) = find(name)?;
                let taken = is_in(data_type, elements, literals);
                taken.ok_or_else(|| Error::new(ErrorKind::WrongType, format!("column {name} is {data_type}")))
            }
            Self::And(parts) => joined(parts, |a, b| a && b),
            Self::Or(parts) => joined(parts, |a, b| a || b),
            Self::Not(inner) => Ok(inner.mask(column)?.into_iter().map(|taken| !taken).collect()),
        }
    }
}

fn check_leaf(column: &ColumnSchema, literals: &[Literal]) -> Result<()> {
    if !column.inner_shape.is_empty() {
        let message = format!(
            "column {column} has several elements in a row, where a condition needs one; filter what was read"
        );
        return Err(Error::new(ErrorKind::WrongShape, message));
    }
    match literals.iter().find(|literal| !literal.fits(column.data_type)) {
        Some(literal) => Err(mismatch(&column.name, column.data_type, literal)),
        None => Ok(()),
    }
}

fn mismatch(name: &str, data_type: DataType, literal: &Literal) -> Error {
    let message = format!("column {name} is {data_type} and cannot be compared with {literal}");
    Error::new(ErrorKind::WrongType, message)
}
