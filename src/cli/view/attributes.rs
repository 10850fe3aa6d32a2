//! Attributes: the user's, and what is said beside them.

use calcstore::{DataType, Layout, Node, NodeKind};
use serde_json::{Map, Value as Json, json};

use super::part::Part;
use super::{nexus, types};
use crate::cli::source::Source;

/// Gives all attributes of a node. The members are those of a group.
pub fn of_node(source: &Source, node: &Node, members: &[Node], part: Option<Part>) -> Map<String, Json> {
    let mut all = Map::new();
    for (name, value) in &node.attributes {
        let value = if calcstore::AnyArray::from_json(value).is_some() {
            value.clone()
        } else {
            Json::from(value.to_string())
        };
        all.insert(name.clone(), value);
    }
    let mut said = match node.kind {
        NodeKind::Group => nexus::of_group(source, node, members),
        NodeKind::Dataset => nexus::of_dataset(source, node),
        NodeKind::Object => Map::from_iter([("NX_class".to_owned(), json!("NXnote"))]),
        _ => Map::new(),
    };
    if let Some(layout) = node.layout.as_ref().filter(|_| node.kind == NodeKind::Dataset) {
        said.extend(of_layout(layout));
    }
    if let Some(type_name) = &node.type_name {
        said.insert("type".to_owned(), json!(type_name));
    }
    if let Some(problem) = &node.problem {
        said.insert("problem".to_owned(), json!(problem));
    }
    if let Some(Part { from, rows, of }) = part {
        said.insert("shown".to_owned(), json!(format!("rows {from} to {} of {of}", from + rows - 1)));
    }
    for (name, value) in said {
        all.entry(name).or_insert(value);
    }
    all
}

/// What the metadata of HDF5 cannot say of an array.
fn of_layout(layout: &Layout) -> impl Iterator<Item = (String, Json)> {
    // Those that nobody gave hold colons.
    let names = layout.dimension_names.iter().flatten().any(|name| !name.contains(':'));
    let names = names.then(|| {
        let names = layout.dimension_names.iter().map(|name| name.as_deref().unwrap_or_default());
        ("dimension_names".to_owned(), names.collect::<Json>())
    });
    let half = (layout.data_type == DataType::Float16).then(|| ("stored_as".to_owned(), json!("float16")));
    names.into_iter().chain(half)
}

/// Describes attributes as h5grove does: by name, shape and type.
pub fn described(attributes: &Map<String, Json>) -> Json {
    let describe = |(name, value): (&String, &Json)| {
        let (shape, data_type) = types::of_attribute(value);
        json!({"name": name, "shape": shape, "type": data_type})
    };
    attributes.iter().map(describe).collect()
}
