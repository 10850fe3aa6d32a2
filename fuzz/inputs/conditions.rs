//! Conditions on a table as an input, and what looking at each row alone finds.

use calcstore::{AnyArray, Column, Condition, Scalar, Table};
use half::f16;

use super::input::Input;

pub const ROWS: usize = 24;

/// How deeply conditions are put together.
const DEPTH: usize = 5;

/// A table with all that is odd.
pub fn table() -> Table {
    const FLOATS: [f64; 12] = [
        0.0,
        -0.0,
        0.1,
        1.0,
        -1.5,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        16_777_217.0,
        9_007_199_254_740_993.0,
        5e-324,
    ];
    const TEXTS: [&str; 6] = ["", "a", "b", "ab", "é", "\u{1f30b}"];
    let rows = || 0..ROWS;
    let bits = |row: usize| (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut table = Table::new();
    table.push("row", rows().map(|row| u32::try_from(row).unwrap()).collect::<Vec<_>>()).unwrap();
    table.push("bool", rows().map(|row| row % 3 == 0).collect::<Vec<_>>()).unwrap();
    table
        .push("int8", rows().map(|row| bits(row).to_le_bytes()[7].cast_signed()).collect::<Vec<_>>())
        .unwrap();
    table
        .push("int64", rows().map(|row| [i64::MIN, -1, 0, 1, i64::MAX][row % 5]).collect::<Vec<_>>())
        .unwrap();
    table.push("uint64", rows().map(|row| [0, 1, u64::MAX, 1 << 63][row % 4]).collect::<Vec<u64>>()).unwrap();
    table.push("float16", rows().map(|row| f16::from_f64(FLOATS[row % 12])).collect::<Vec<_>>()).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "rounded, as the column is")]
    table.push("float32", rows().map(|row| FLOATS[row % 12] as f32).collect::<Vec<_>>()).unwrap();
    table.push("float64", rows().map(|row| FLOATS[row % 12]).collect::<Vec<_>>()).unwrap();
    table.push("text", rows().map(|row| TEXTS[row % 6].to_owned()).collect::<Vec<_>>()).unwrap();
    table
}

/// What a condition says, to be looked at row by row.
#[derive(Debug)]
pub enum Model {
    Compare(String, u8, Literal),
    IsIn(String, Vec<Literal>),
    And(Box<Model>, Box<Model>),
    Or(Box<Model>, Box<Model>),
    Not(Box<Model>),
}

#[derive(Clone, Debug)]
pub enum Literal {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
}

/// A condition, and its model.
pub fn choose(input: &mut Input<'_>, depth: usize) -> (Condition, Model) {
    let what = input.byte() % 12;
    if depth < DEPTH && what > 8 {
        let (one, model) = choose(input, depth + 1);
        if what == 9 {
            return (!one, Model::Not(model.into()));
        }
        let (other, second) = choose(input, depth + 1);
        return match what {
            10 => (one & other, Model::And(model.into(), second.into())),
            _ => (one | other, Model::Or(model.into(), second.into())),
        };
    }
    let names = ["row", "bool", "int8", "int64", "uint64", "float16", "float32", "float64", "text"];
    let name = if input.byte() == 255 { input.text(4) } else { input.one_of(&names).to_owned() };
    let column = Column::new(&*name);
    if what > 5 {
        let literals: Vec<Literal> = (0..input.below(5)).map(|_| literal(input, &name)).collect();
        return (column.is_in(literals.iter().map(Literal::scalar)), Model::IsIn(name, literals));
    }
    let literal = literal(input, &name);
    let scalar = literal.scalar();
    let condition = match what {
        0 => column.eq(scalar),
        1 => column.ne(scalar),
        2 => column.lt(scalar),
        3 => column.le(scalar),
        4 => column.gt(scalar),
        _ => column.ge(scalar),
    };
    (condition, Model::Compare(name, what, literal))
}

fn literal(input: &mut Input<'_>, column: &str) -> Literal {
    match (column, input.byte()) {
        (_, 255) | ("bool", _) => Literal::Bool(input.flag()),
        (_, 254) | ("text", _) => Literal::Text(input.text(4)),
        (_, 253) => Literal::Float(f64::from_bits(input.bits())),
        ("float16" | "float32" | "float64", n) if n % 2 == 0 => match n % 8 {
            0 => Literal::Float(f64::from_bits(input.bits())),
            2 => Literal::Float(input.one_of(&[0.0, -0.0, 0.1, f64::NAN, f64::INFINITY])),
            _ => Literal::Float(f64::from(i32::try_from(input.number() % 100).unwrap()) / 10.0),
        },
        (_, n) if n % 4 == 1 => Literal::Unsigned(input.bits()),
        _ => Literal::Signed(input.number()),
    }
}

impl Literal {
    fn scalar(&self) -> Scalar {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::Signed(value) => (*value).into(),
            Self::Unsigned(value) => (*value).into(),
            Self::Float(value) => (*value).into(),
            Self::Text(value) => value.into(),
        }
    }

    fn integer(&self) -> Option<i128> {
        match self {
            Self::Signed(value) => Some((*value).into()),
            Self::Unsigned(value) => Some((*value).into()),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a number is rounded to the type of the column")]
    fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            other => other.integer().map(|value| value as f64),
        }
    }

    fn fits(&self, column: &AnyArray) -> bool {
        match column {
            AnyArray::Bool(_) => matches!(self, Self::Bool(_)),
            AnyArray::String(_) => matches!(self, Self::Text(_)),
            AnyArray::Float16(_) | AnyArray::Float32(_) | AnyArray::Float64(_) => self.float().is_some(),
            _ => self.integer().is_some(),
        }
    }

    /// Compares the element of one row; nothing where neither is greater.
    #[expect(clippy::cast_possible_truncation, reason = "a number is rounded to the type of the column")]
    fn order(&self, column: &AnyArray, row: usize) -> Option<std::cmp::Ordering> {
        let integer = |element: i128| element.partial_cmp(&self.integer()?);
        match (column, self) {
            (AnyArray::Bool(elements), Self::Bool(value)) => elements[row].partial_cmp(value),
            (AnyArray::String(elements), Self::Text(value)) => {
                elements[row].as_bytes().partial_cmp(value.as_bytes())
            }
            (AnyArray::UInt32(elements), _) => integer(elements[row].into()),
            (AnyArray::Int8(elements), _) => integer(elements[row].into()),
            (AnyArray::Int64(elements), _) => integer(elements[row].into()),
            (AnyArray::UInt64(elements), _) => integer(elements[row].into()),
            (AnyArray::Float16(elements), _) => elements[row].partial_cmp(&f16::from_f64(self.float()?)),
            (AnyArray::Float32(elements), _) => elements[row].partial_cmp(&(self.float()? as f32)),
            (AnyArray::Float64(elements), _) => elements[row].partial_cmp(&self.float()?),
            _ => None,
        }
    }
}

impl Model {
    /// Whether all columns are there and can be compared so.
    pub fn fits(&self, table: &Table) -> bool {
        match self {
            Self::Compare(name, _, literal) => table.column(name).is_some_and(|column| literal.fits(column)),
            Self::IsIn(name, literals) => {
                table.column(name).is_some_and(|column| literals.iter().all(|literal| literal.fits(column)))
            }
            Self::And(one, other) | Self::Or(one, other) => one.fits(table) && other.fits(table),
            Self::Not(inner) => inner.fits(table),
        }
    }

    pub fn holds(&self, table: &Table, row: usize) -> bool {
        match self {
            Self::Compare(name, operator, literal) => {
                let order = literal.order(table.column(name).unwrap(), row);
                match operator {
                    0 => order.is_some_and(std::cmp::Ordering::is_eq),
                    1 => !order.is_some_and(std::cmp::Ordering::is_eq),
                    2 => order.is_some_and(std::cmp::Ordering::is_lt),
                    3 => order.is_some_and(std::cmp::Ordering::is_le),
                    4 => order.is_some_and(std::cmp::Ordering::is_gt),
                    _ => order.is_some_and(std::cmp::Ordering::is_ge),
                }
            }
            Self::IsIn(name, literals) => {
                let column = table.column(name).unwrap();
                literals
                    .iter()
                    .any(|literal| literal.order(column, row).is_some_and(std::cmp::Ordering::is_eq))
            }
            Self::And(one, other) => one.holds(table, row) && other.holds(table, row),
            Self::Or(one, other) => one.holds(table, row) || other.holds(table, row),
            Self::Not(inner) => !inner.holds(table, row),
        }
    }
}
