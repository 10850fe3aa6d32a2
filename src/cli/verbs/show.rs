use std::fmt::Write;

use calcstore::{ErrorKind, Node, NodeKind};
use serde_json::{Value as Json, json};

use crate::cli::failure::{Exit, Failure};
use crate::cli::keys::OneKey;
use crate::cli::output::{DETAIL, GROUP};
use crate::cli::preview::preview;
use crate::cli::session::Session;
use crate::cli::source::Source;
use crate::cli::units::{counted, iec, ratio};
use crate::cli::{elements, keys, summary};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  calcstore show /0/Sadigh
  calcstore show -H /0/Sadigh   without the elements
  calcstore show / --json       what is known of the calculation, for programs")]
pub struct Arguments {
    #[command(flatten)]
    key: OneKey,

    /// Leave out the preview
    #[arg(short = 'H', long)]
    header_only: bool,
}

/// The columns that the names of fields take.
const NAMES: usize = 12;

/// Describes a value and previews it.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let source = session.read()?;
    let node = keys::node(&source, &asked.key.key)?;
    if session.output.is_json() {
        session.output.json(&to_json(&source, &node)?)?;
        return Ok(Exit::Done);
    }
    let width = session.output.width();
    let mut text = header(&source, &node, width)?;
    let body = match node.kind {
        _ if asked.header_only => String::new(),
        NodeKind::Group => members(&source, &node, width)?,
        _ => preview(&source, &node, width)?,
    };
    if !body.is_empty() {
        text.push('\n');
        text.push_str(&body);
        text.push('\n');
    }
    session.output.text(&text)?;
    Ok(Exit::Done)
}

fn to_json(source: &Source, node: &Node) -> Result<Json, Failure> {
    let mut shown = summary::to_json(source, node)?;
    if let (NodeKind::Dataset, Some(layout)) = (node.kind, &node.layout) {
        shown["dimension_names"] = json!(layout.dimension_names);
        shown["codecs"] = json!(layout.codecs);
    }
    if node.kind == NodeKind::Table {
        let type_of =
            |column| Some(source.node(&format!("{}/{column}", node.key)).ok()?.layout?.data_type.name());
        shown["column_types"] = node.columns.iter().map(type_of).collect();
    }
    shown["attributes"] = json!(node.attributes);
    if let Some(parent) = parent(source, node)? {
        shown["parent"] = json!(parent);
    }
    Ok(shown)
}

/// The directory that reads fall through to, which is said of the root.
fn parent(source: &Source, node: &Node) -> Result<Option<String>, Failure> {
    let parent = if node.key == "/" { source.parent()? } else { None };
    Ok(parent)
}

fn header(source: &Source, node: &Node, width: usize) -> Result<String, Failure> {
    let mut text = format!("{GROUP}{}{GROUP:#}\n", node.key);
    // Writing to a string cannot fail.
    let mut field = |name: &str, value: &str| {
        for (at, line) in elements::wrapped(value, width.saturating_sub(NAMES).max(8)).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let _ = writeln!(text, "{DETAIL}{name:<11}{DETAIL:#} {line}");
        }
    };
    match (node.kind, &node.layout) {
        (NodeKind::Dataset, Some(layout)) => {
            field("type", layout.data_type.name());
            field("shape", &format!("{:?}", layout.shape));
            if !layout.shape.is_empty() {
                field("chunks", &format!("{:?}", layout.chunks));
                if let Some(shards) = &layout.shards {
                    field("shards", &format!("{shards:?}"));
                }
                let names =
                    layout.dimension_names.iter().map(|name| dimension(source, node, name.as_deref()));
                field("dimensions", &names.collect::<Vec<_>>().join(", "));
            }
            if !layout.codecs.is_empty() {
                field("codecs", &codecs(&layout.codecs));
            }
        }
        (NodeKind::Table, _) => {
            field("type", &format!("table of {}", summary::shape_of(node)));
            let columns = node.columns.iter().map(|column| described(source, node, column));
            field("columns", &columns.collect::<Vec<_>>().join(", "));
        }
        (NodeKind::Object, _) => {
            let name = node.type_name.as_deref().filter(|name| *name != summary::ANY_JSON);
            field("type", elements::printable(&format!("object {}", name.unwrap_or_default())).trim_end());
        }
        _ => field("type", node.kind.name()),
    }
    field("size", &sizes(source, node)?);
    if let Some(parent) = parent(source, node)? {
        field("parent", &parent);
    }
    if let Some(problem) = &node.problem {
        field("problem", &elements::printable(problem));
    }
    for (name, value) in &node.attributes {
        field("attribute", &format!("{name} = {value}"));
    }
    Ok(text)
}

/// A column of a table: its name, its type, the shape of its elements, its units.
fn described(source: &Source, table: &Node, column: &str) -> String {
    let node = source.node(&format!("{}/{column}", table.key)).ok();
    let (Some(node), Some(layout)) = (&node, node.as_ref().and_then(|node| node.layout.as_ref())) else {
        return elements::printable(&format!("{column} (damaged)"));
    };
    let shape = layout.shape.get(1..).filter(|shape| !shape.is_empty());
    let shape = shape.map(|shape| format!(" {shape:?}")).unwrap_or_default();
    let units = node.attributes.get("units").and_then(Json::as_str);
    let units = units.map(|units| format!(" ({units})")).unwrap_or_default();
    elements::printable(&format!("{column} {}{shape}{units}", layout.data_type.name()))
}

/// The names of codecs; those within shards in parentheses.
fn codecs(all: &[Json]) -> String {
    let name = |codec: &Json| {
        let name = codec["name"].as_str().or(codec.as_str()).unwrap_or("?");
        match codec["configuration"]["codecs"].as_array() {
            Some(inner) => format!("{name} ({})", codecs(inner)),
            None => name.to_owned(),
        }
    };
    all.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn sizes(source: &Source, node: &Node) -> Result<String, Failure> {
    let size = source.size(&node.key)?;
    let on_disk = format!("{} on disk in {}", iec(size.stored_bytes), counted(size.files, "file"));
    let Some(bytes) = summary::shown_bytes(node, &size) else { return Ok(on_disk) };
    let ratio = ratio(bytes, size.stored_bytes).map(|ratio| format!(", ratio {ratio}")).unwrap_or_default();
    Ok(format!("{}, {on_disk}{ratio}", iec(bytes)))
}

/// The name of a dimension, and the units of the array beside the value that labels it.
fn dimension(source: &Source, node: &Node, name: Option<&str>) -> String {
    let Some(name) = name else { return "?".to_owned() };
    let (group, _) = node.key.rsplit_once('/').unwrap_or_default();
    let labels = source.node(&format!("{group}/{name}")).ok();
    let labels = labels.filter(|labels| labels.layout.as_ref().is_some_and(|layout| layout.shape.len() == 1));
    match labels.as_ref().and_then(|labels| labels.attributes.get("units")).and_then(Json::as_str) {
        Some(units) => elements::printable(&format!("{name} ({units})")),
        None => elements::printable(name),
    }
}

/// The names in a group with what they are.
fn members(source: &Source, group: &Node, columns: usize) -> Result<String, Failure> {
    let nodes = match source.nodes(&group.key) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(keys::ONLY_IN_PARENT.to_owned());
        }
        nodes => nodes?,
    };
    let name = |node: &Node| node.key.rsplit('/').next().unwrap_or_default().to_owned();
    let width = nodes.iter().map(|node| name(node).chars().count()).max().unwrap_or_default();
    let mut lines = Vec::new();
    for node in &nodes {
        let line = match node.kind {
            NodeKind::Group => "group".to_owned(),
            _ => summary::line(source, node)?,
        };
        let line = elements::shortened(&line, columns.saturating_sub(width + 2));
        lines.push(format!("{:<width$}  {DETAIL}{line}{DETAIL:#}", name(node)));
    }
    Ok(if lines.is_empty() { "nothing in it".to_owned() } else { lines.join("\n") })
}
