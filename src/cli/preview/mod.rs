//! The beginning and the end of a value, in what a terminal can show.

mod array;
mod bytes;
mod excerpt;
mod table;

use calcstore::{Node, NodeKind, Value};

use super::elements::{printable, shortened};
use super::failure::Failure;
use super::source::Source;
use super::units::counted;

/// The most lines of a preview.
const LINES: usize = 24;

/// Previews a value in lines of at most `width` columns.
pub fn preview(source: &Source, node: &Node, width: usize) -> Result<String, Failure> {
    match node.kind {
        NodeKind::Dataset => match source.get(&node.key)? {
            excerpt::Array::Text(text) => Ok(first_lines(&text, width)),
            excerpt::Array::Elements(rows) => Ok(array::draw(&(*rows)?, width)),
        },
        NodeKind::Table => {
            let columns: excerpt::Table = source.get(&node.key)?;
            Ok(table::draw(&columns.0?, node.rows.unwrap_or_default(), width))
        }
        NodeKind::Bytes => Ok(bytes::draw(&source.get::<excerpt::Beginning>(&node.key)?.0, width)),
        _ => match source.value(&node.key)? {
            Value::Object(object) => Ok(first_lines(&format!("{:#}", object.json), width)),
            _ => Ok(String::new()),
        },
    }
}

/// The first lines of a text, each as far as it fits; says how many more there are.
fn first_lines(text: &str, width: usize) -> String {
    let line = |line: &str| shortened(&printable(line), width);
    let mut lines: Vec<String> = text.lines().take(LINES).map(line).collect();
    let more = text.lines().count().saturating_sub(LINES);
    if more > 0 {
        lines.push(format!("… {} (cat prints all)", counted(more as u64, "more line")));
    }
    lines.join("\n")
}
