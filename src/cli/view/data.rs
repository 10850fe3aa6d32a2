//! Values, as bytes or as JSON.

use calcstore::{AnyArray, ErrorKind, Node, Selection, Table, Value};
use serde_json::{Value as Json, json};

use super::meta::Seen;
use super::part;
use super::types::{self, Members};
use crate::cli::failure::Failure;
use crate::cli::source::Source;
use crate::cli::{elements, npy};

/// The largest integer up to which JavaScript has all.
const EXACT: u64 = 1 << 53;
/// The most JSON that is sent at once.
const MOST_JSON: usize = 64 << 20;

/// In what form values are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The elements, little-endian.
    Bytes,
    /// A list of all elements.
    Json,
    /// A file of numpy.
    Npy,
}

/// Reads what is selected of a value.
pub fn read(
    source: &Source,
    seen: &Seen,
    selected: Option<&str>,
    from: u64,
    form: Form,
) -> Result<Vec<u8>, Failure> {
    let (shape, element) = seen.extent();
    let element = if form == Form::Json { element.max(types::NUMBER_AS_JSON) } else { element };
    let select = || part::selection(selected, &shape, seen.part(from), element);
    let json = match seen {
        Seen::Array(node, layout) => {
            let array: AnyArray = source.part(&node.key, &select()?)?;
            match form {
                Form::Bytes if types::is_sent_as_bytes(layout.data_type) => return bytes(array),
                Form::Npy => return to_npy(&array),
                Form::Bytes => return Err(refuse(node, "is sent as JSON")),
                Form::Json => list(&array, layout.shape.is_empty()),
            }
        }
        Seen::Table(node, members) => table(&rows(source, node, &select()?)?, members),
        Seen::Text(node) => match source.value(&node.key)? {
            Value::Bytes(bytes) => Json::from(String::from_utf8_lossy(&bytes).into_owned()),
            _ => return Err(refuse(node, "is no bytes any more")),
        },
        Seen::OfObject(_, "type") => json!("application/json"),
        Seen::OfObject(node, _) => match source.value(&node.key)? {
            Value::Object(object) => Json::from(object.json.to_string()),
            _ => return Err(refuse(node, "is no object any more")),
        },
        Seen::Group(node) | Seen::Object(node) | Seen::Unreadable(node) => {
            return Err(refuse(node, "has no elements"));
        }
    };
    if form != Form::Json {
        return Err(refuse(seen.node(), "is sent as JSON"));
    }
    let json = json.to_string().into_bytes();
    if json.len() > MOST_JSON {
        return Err(refuse(seen.node(), "is too large to be drawn; calcstore cat prints it"));
    }
    Ok(json)
}

fn refuse(node: &Node, why: &str) -> Failure {
    Failure::new(ErrorKind::WrongType, why).with_key(&node.key)
}

/// The elements as a browser takes them: there are no 16-bit floats.
fn bytes(array: AnyArray) -> Result<Vec<u8>, Failure> {
    let array = match array {
        AnyArray::Float16(array) => AnyArray::from(array.mapv(f32::from)),
        other => other,
    };
    let mut bytes = Vec::with_capacity(array.len() * array.data_type().size().unwrap_or_default());
    elements::write_bytes(&array, |block| {
        bytes.extend_from_slice(block);
        Ok(())
    })?;
    Ok(bytes)
}

fn to_npy(array: &AnyArray) -> Result<Vec<u8>, Failure> {
    let mut file = Vec::new();
    npy::write(array, |bytes| {
        file.extend_from_slice(bytes);
        Ok(())
    })?;
    Ok(file)
}

fn rows(source: &Source, node: &Node, rows: &Selection) -> Result<Table, Failure> {
    match source.selected(node, rows)? {
        Value::Table(table) => Ok(table),
        _ => Err(refuse(node, "is no table any more")),
    }
}

/// All elements in one list; a scalar is itself.
fn list(array: &AnyArray, is_scalar: bool) -> Json {
    let mut cells = cells(array);
    if is_scalar { cells.pop().unwrap_or_default() } else { Json::Array(cells) }
}

/// The rows of a table, each a list of its members.
fn table(table: &Table, members: &Members) -> Json {
    let columns = members.columns.iter().filter_map(|(name, _)| table.column(name).map(cells));
    let mut columns: Vec<_> = columns.map(Vec::into_iter).collect();
    let rows = table.rows();
    let widths: Vec<usize> =
        columns.iter().map(|cells| cells.len().checked_div(rows).unwrap_or_default()).collect();
    let row = |_| {
        let cells = columns.iter_mut().zip(&widths).flat_map(|(cells, width)| cells.take(*width));
        cells.collect::<Json>()
    };
    (0..rows).map(row).collect()
}

/// The elements of an array in C order, with what JSON does not know as text after a U+0000: NaN, infinities, and
/// integers that JavaScript would round.
fn cells(array: &AnyArray) -> Vec<Json> {
    fn flat(json: Json, depth: usize, cells: &mut Vec<Json>) {
        match json {
            Json::Array(items) if depth > 0 => {
                for item in items {
                    flat(item, depth - 1, cells);
                }
            }
            cell => cells.push(cell),
        }
    }
    let mut cells = Vec::with_capacity(array.len());
    flat(array.to_json(), array.shape().len(), &mut cells);
    if !matches!(array, AnyArray::String(_)) {
        cells.iter_mut().for_each(exact);
    }
    cells
}

fn exact(cell: &mut Json) {
    match cell {
        Json::Array(parts) => parts.iter_mut().for_each(exact),
        Json::String(text) => text.insert(0, '\0'),
        Json::Number(number) => {
            let is_inexact = number.as_u64().is_some_and(|number| number > EXACT)
                || number.as_i64().is_some_and(|number| number.unsigned_abs() > EXACT);
            if is_inexact {
                *cell = Json::from(format!("\0{number}"));
            }
        }
        _ => {}
    }
}
