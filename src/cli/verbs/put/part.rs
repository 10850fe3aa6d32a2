//! Writing parts of what is there: selected elements, and rows at the end.

use calcstore::{AnyArray, DataStore, DataType, ErrorKind, NodeKind, Selection, Table, Value};
use half::f16;

use crate::cli::elements::{Order, from_bytes};
use crate::cli::failure::Failure;
use crate::cli::keys;
use crate::cli::source::Source;

/// Writes the elements that are selected of a dataset.
pub fn write(store: &DataStore, key: &str, selection: &Selection, value: Value) -> Result<(), Failure> {
    let node = keys::node(&Source::from(store), key)?;
    let Value::Array(array) = value else { return refuse(&node.key, "-s takes the elements of an array") };
    if node.kind == NodeKind::Table {
        return refuse(&node.key, "is a table, of which -s writes no rows; --append adds some");
    }
    let dataset = store.dataset(&node.key)?;
    let array = cast(array, dataset.data_type()).map_err(|failure| failure.with_key(&node.key))?;
    Ok(dataset.write(selection, &array)?)
}

/// Appends rows to a dataset or a table.
pub fn append(store: &DataStore, key: &str, value: Value) -> Result<u64, Failure> {
    let node = keys::node(&Source::from(store), key)?;
    let named = |failure: Failure| failure.with_key(&node.key);
    match (node.kind, value) {
        (NodeKind::Table, Value::Table(rows)) => {
            let table = store.table(&node.key)?;
            let mut typed = Table::new();
            for (name, column) in rows.columns() {
                let schema = table.schema().find(name);
                let column = column.clone();
                let column = match schema {
                    Some(schema) => cast(column, schema.data_type).map_err(named)?,
                    None => column,
                };
                typed.push(name, column)?;
            }
            Ok(table.append(&typed)?)
        }
        (NodeKind::Dataset, Value::Array(rows)) => {
            let dataset = store.dataset(&node.key)?;
            let rows = cast(rows, dataset.data_type()).map_err(named)?;
            Ok(dataset.append(&rows)?)
        }
        (NodeKind::Table, _) => {
            refuse(&node.key, "is a table, to which rows of a table are appended, such as from csv")
        }
        _ => refuse(&node.key, "has no rows that an array could be appended to"),
    }
}

fn refuse<T>(key: &str, message: &str) -> Result<T, Failure> {
    Err(Failure::new(ErrorKind::WrongType, message).with_key(key))
}

/// Numbers of JSON and CSV, which have two types only, in the type that is stored; what would become another number is
/// refused, but for the digits that a shorter float has not.
fn cast(array: AnyArray, to: DataType) -> Result<AnyArray, Failure> {
    let mut bytes = Vec::new();
    match &array {
        AnyArray::Int64(elements) if to != DataType::Int64 => {
            for element in elements {
                bytes.extend(of_integer(*element, to).ok_or_else(|| lost(*element, to))?);
            }
        }
        AnyArray::Float64(elements) => {
            for element in elements {
                bytes.extend(match to {
                    DataType::Float16 | DataType::Float32 => {
                        of_float(*element, to).ok_or_else(|| lost(*element, to))?
                    }
                    _ => return Ok(array),
                });
            }
        }
        _ => return Ok(array),
    }
    from_bytes(to, array.shape(), Order::C, &bytes)
}

/// A shorter float, which has fewer digits; nothing where it is too short for the number.
fn of_float(number: f64, to: DataType) -> Option<Vec<u8>> {
    let fits = |is_finite: bool| is_finite || !number.is_finite();
    if to == DataType::Float16 {
        let short = f16::from_f64(number);
        return fits(short.is_finite()).then(|| short.to_le_bytes().to_vec());
    }
    #[expect(clippy::cast_possible_truncation, reason = "a shorter float has fewer digits")]
    let short = number as f32;
    fits(short.is_finite()).then(|| short.to_le_bytes().to_vec())
}

fn lost(number: impl std::fmt::Display, to: DataType) -> Failure {
    Failure::new(ErrorKind::WrongType, format!("{number} is no {to}"))
}

#[expect(clippy::cast_precision_loss, reason = "a shorter float has fewer digits")]
fn of_integer(number: i64, to: DataType) -> Option<Vec<u8>> {
    Some(match to {
        DataType::Int8 => i8::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::Int16 => i16::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::Int32 => i32::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::UInt8 => u8::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::UInt16 => u16::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::UInt32 => u32::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::UInt64 => u64::try_from(number).ok()?.to_le_bytes().to_vec(),
        DataType::Float16 | DataType::Float32 => of_float(number as f64, to)?,
        DataType::Float64 => (number as f64).to_le_bytes().to_vec(),
        _ => return None,
    })
}
