//! What is said of a node: as JSON, and in one line.

use calcstore::{Layout, Node, NodeKind, Size};
use serde_json::{Value as Json, json};

use super::elements::printable;
use super::failure::Failure;
use super::source::Source;
use super::units::{counted, iec};

/// The type of an object that never had one of its own.
pub const ANY_JSON: &str = "serde_json::value::Value";

/// Says what a list says of a node.
pub fn to_json(source: &Source, node: &Node) -> Result<Json, Failure> {
    let mut json = match (node.kind, &node.layout) {
        (NodeKind::Dataset, Some(layout)) => {
            let size = source.size(&node.key)?;
            json!({
                "key": node.key,
                "kind": node.kind.name(),
                "data_type": layout.data_type.name(),
                "shape": layout.shape,
                "chunks": layout.chunks,
                "bytes": size.bytes,
                "stored_bytes": size.stored_bytes,
            })
        }
        (NodeKind::Table, _) => {
            json!({"key": node.key, "kind": node.kind.name(), "columns": node.columns, "rows": node.rows})
        }
        _ => json!({"key": node.key, "kind": node.kind.name()}),
    };
    if let Some(problem) = &node.problem {
        json["problem"] = json!(problem);
    }
    Ok(json)
}

/// The same of several nodes.
pub fn list_to_json(source: &Source, nodes: &[Node]) -> Result<Json, Failure> {
    nodes.iter().map(|node| to_json(source, node)).collect()
}

/// Gives the bytes of a value in memory, where they are known; a table's are those of its columns.
pub fn bytes(source: &Source, node: &Node) -> Result<Option<u64>, Failure> {
    if node.kind != NodeKind::Table {
        return Ok(node.layout.as_ref().and_then(Layout::bytes));
    }
    let mut sum = Some(0u64);
    for column in &node.columns {
        let bytes = source.node(&format!("{}/{column}", node.key))?.layout.as_ref().and_then(Layout::bytes);
        sum = sum.zip(bytes).and_then(|(sum, bytes)| sum.checked_add(bytes));
    }
    Ok(sum)
}

/// The bytes in memory that are worth showing: those of a group are in what is in it, and the bytes that an object
/// is kept as are nobody's business.
pub fn shown_bytes(node: &Node, size: &Size) -> Option<u64> {
    size.bytes.filter(|_| !matches!(node.kind, NodeKind::Group | NodeKind::Object))
}

/// Names the type of what a node holds: `float64`, `object Params`, `table`.
pub fn type_of(node: &Node) -> String {
    match (node.kind, &node.layout, &node.type_name) {
        (NodeKind::Dataset, Some(layout), _) => layout.data_type.name().to_owned(),
        (NodeKind::Object, _, Some(name)) if name != ANY_JSON => format!("object {}", short_name(name)),
        _ => node.kind.name().to_owned(),
    }
}

/// The shape of a dataset, the rows and columns of a table.
pub fn shape_of(node: &Node) -> String {
    match (node.kind, &node.layout) {
        (NodeKind::Dataset, Some(layout)) => format!("{:?}", layout.shape),
        (NodeKind::Table, _) => {
            let rows = counted(node.rows.unwrap_or_default(), "row");
            format!("{rows}, {}", counted(node.columns.len() as u64, "column"))
        }
        _ => String::new(),
    }
}

/// Type, shape and size on one line; nothing for a group.
pub fn line(source: &Source, node: &Node) -> Result<String, Failure> {
    if node.kind == NodeKind::Group {
        return Ok(String::new());
    }
    let mut parts = vec![type_of(node)];
    if node.layout.as_ref().is_none_or(|layout| !layout.shape.is_empty()) {
        parts.push(shape_of(node));
    }
    // The bytes that an object is kept as are nobody's business.
    if node.kind != NodeKind::Object {
        match bytes(source, node) {
            Ok(bytes) => parts.extend(bytes.map(iec)),
            // One table that is damaged does not hide the others.
            Err(Failure::Fault(_)) => parts.push("damaged: a column is missing".to_owned()),
            Err(failure) => return Err(failure),
        }
    }
    if let (NodeKind::Unreadable, Some(problem)) = (node.kind, &node.problem) {
        parts.push(printable(problem));
    }
    parts.retain(|part| !part.is_empty());
    Ok(parts.join("  "))
}

/// A Rust type without the modules that it is in: `Option<demo::Params>` is `Option<Params>`.
pub fn short_name(type_name: &str) -> String {
    let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
    let mut short = String::new();
    for piece in type_name.split_inclusive(|character| !is_name(character)) {
        short.push_str(piece.rsplit("::").next().unwrap_or(piece));
    }
    // The lifetimes of a borrowed type say nothing of what is stored.
    short.replace("<'_>", "").replace("'_, ", "")
}

#[cfg(test)]
mod tests {
    use super::short_name;

    #[test]
    fn types_are_named_without_their_modules() {
        assert_eq!(short_name("demo::job::Params"), "Params");
        assert_eq!(short_name("demo::job::Record<'_>"), "Record");
        assert_eq!(short_name("alloc::vec::Vec<(f64, demo::Site)>"), "Vec<(f64, Site)>");
    }
}
