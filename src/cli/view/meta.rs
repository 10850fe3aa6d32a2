//! What a node is, in the form in which h5grove tells it.

use calcstore::{AnyArray, DataType, ErrorKind, Layout, Node, NodeKind, Selection};
use serde_json::{Map, Value as Json, json};

use super::attributes;
use super::part::{Part, shown};
use super::types::{self, Members};
use crate::cli::failure::Failure;
use crate::cli::source::Source;
use crate::cli::units::counted;

/// The members of the group that an object is shown as.
const OF_OBJECTS: [&str; 2] = ["data", "type"];
/// How many bytes tell whether bytes are text.
const SAMPLE: u64 = 4096;
/// The most bytes that are shown as text.
const LONGEST_TEXT: u64 = 1 << 20;

/// A node as a browser sees it.
#[derive(Debug)]
pub enum Seen {
    Group(Node),
    Array(Node, Layout),
    /// Bytes that are text.
    Text(Node),
    Table(Node, Members),
    /// An object, which is a group of a text and its type.
    Object(Node),
    /// One of the members of that group, by name.
    OfObject(Node, &'static str),
    Unreadable(Node),
}

impl Seen {
    /// Finds a node by its path.
    pub fn find(source: &Source, path: &str) -> Result<Self, Failure> {
        match source.node(path) {
            Ok(node) => Self::new(source, node),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let above = path.rsplit_once('/').and_then(|(above, name)| {
                    let name = OF_OBJECTS.into_iter().find(|member| *member == name)?;
                    Some((source.node(above).ok().filter(|node| node.kind == NodeKind::Object)?, name))
                });
                above.map(|(object, name)| Self::OfObject(object, name)).ok_or_else(|| error.into())
            }
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported) => {
                // The list that it is in tells of it what can be told.
                let (above, _) = path.rsplit_once('/').unwrap_or_default();
                let beside = source.nodes(if above.is_empty() { "/" } else { above }).unwrap_or_default();
                let found = beside.into_iter().find(|node| node.key == path);
                found.map_or_else(|| Err(error.into()), |node| Self::new(source, node))
            }
            Err(error) => Err(error.into()),
        }
    }

    pub fn new(source: &Source, node: Node) -> Result<Self, Failure> {
        Ok(match (node.kind, node.layout.clone()) {
            (NodeKind::Group, _) => Self::Group(node),
            (NodeKind::Table, _) => {
                let members = Members::of(source, &node)?;
                Self::Table(node, members)
            }
            (NodeKind::Object, _) => Self::Object(node),
            (NodeKind::Bytes, Some(layout)) if is_text(source, &node, &layout) => Self::Text(node),
            (NodeKind::Dataset | NodeKind::Bytes, Some(layout)) => Self::Array(node, layout),
            _ => Self::Unreadable(node),
        })
    }

    pub fn node(&self) -> &Node {
        match self {
            Self::Group(node)
            | Self::Array(node, _)
            | Self::Text(node)
            | Self::Table(node, _)
            | Self::Object(node)
            | Self::OfObject(node, _)
            | Self::Unreadable(node) => node,
        }
    }

    /// The shape of what is drawn, and the bytes that an element of it takes.
    pub fn extent(&self) -> (Vec<u64>, u64) {
        match self {
            Self::Array(_, layout) => (layout.shape.clone(), types::weight(layout.data_type)),
            Self::Table(node, members) => (vec![node.rows.unwrap_or_default()], members.weight()),
            _ => (Vec::new(), 1),
        }
    }

    /// Whether reading a part of it can take more memory than the part.
    pub fn is_large(&self) -> bool {
        match self {
            Self::Array(_, layout) => types::has_large_chunks(layout),
            Self::Table(_, members) => {
                members.columns.iter().any(|(_, layout)| types::has_large_chunks(layout))
            }
            _ => false,
        }
    }

    /// The rows of it that are shown, where these are not all.
    pub fn part(&self, from: u64) -> Option<Part> {
        let (shape, element) = self.extent();
        Part::new(&shape, element, from)
    }

    /// All attributes, with their values.
    pub fn attributes(&self, source: &Source, from: u64) -> Result<Map<String, Json>, Failure> {
        if matches!(self, Self::OfObject(..)) {
            return Ok(Map::new());
        }
        let members = match self {
            Self::Group(node) => members(source, node)?,
            _ => Vec::new(),
        };
        let mut all = attributes::of_node(source, self.node(), &members, self.part(from));
        if let Self::Table(_, Members { more: more @ 1.., .. }) = self {
            let more = format!("{}; calcstore show has them all", counted(*more as u64, "more column"));
            all.entry("not_shown").or_insert_with(|| more.into());
        }
        Ok(all)
    }

    /// Describes the node; a group with what is in it.
    pub fn describe(&self, source: &Source, from: u64) -> Result<Json, Failure> {
        let name = |node: &Node| node.key.rsplit('/').next().unwrap_or_default().to_owned();
        let dataset = |name: &str, shape: Json, data_type: Json, attributes: Json| {
            json!({
                "kind": "dataset", "name": name, "shape": shape, "type": data_type, "attributes": attributes,
                "chunks": null, "filters": null,
            })
        };
        let attributes = || self.attributes(source, from).map(|all| attributes::described(&all));
        let part = self.part(from);
        let mut described = match self {
            Self::Group(node) => {
                let members = members(source, node)?;
                let all = attributes::of_node(source, node, &members, None);
                let children = members.into_iter().map(|member| outline(source, member));
                json!({
                    "kind": "group", "name": name(node), "attributes": attributes::described(&all),
                    "children": children.collect::<Result<Json, Failure>>()?,
                })
            }
            Self::Array(node, layout) => {
                let shape = shown(&layout.shape, part);
                let mut array =
                    dataset(&name(node), json!(shape), types::of_elements(layout.data_type), attributes()?);
                if !layout.shape.is_empty() {
                    array["chunks"] = json!(layout.chunks);
                }
                array["filters"] = filters(&layout.codecs);
                array
            }
            Self::Text(node) => dataset(&name(node), json!([]), types::text(), attributes()?),
            Self::Table(node, members) => {
                let shape = shown(&[node.rows.unwrap_or_default()], part);
                let mut table = dataset(&name(node), json!(shape), members.to_type(), attributes()?);
                // Each is an array by its own path, which h5grove has no word for.
                table["columns"] = members.of_numbers().collect();
                table
            }
            Self::Object(node) => {
                let member = |name: &&str| dataset(name, json!([]), types::text(), json!([]));
                let children: Json = OF_OBJECTS.iter().map(member).collect();
                json!({"kind": "group", "name": name(node), "attributes": attributes()?, "children": children})
            }
            Self::OfObject(_, name) => dataset(name, json!([]), types::text(), json!([])),
            Self::Unreadable(node) => dataset(&name(node), Json::Null, types::unknown(), attributes()?),
        };
        if let Some(part) = part {
            described["part"] = part.to_json();
        }
        Ok(described)
    }
}

/// Describes a member of a group, of groups without what is in them.
fn outline(source: &Source, member: Node) -> Result<Json, Failure> {
    match Seen::new(source, member)? {
        Seen::Group(node) => {
            let attributes = Json::Object(node.attributes.clone());
            let attributes = attributes.as_object().map(attributes::described);
            let name = node.key.rsplit('/').next().unwrap_or_default();
            Ok(json!({"kind": "group", "name": name, "attributes": attributes}))
        }
        seen => seen.describe(source, 0),
    }
}

/// What is in a group; nothing where only a parent of the calculation has it.
fn members(source: &Source, group: &Node) -> Result<Vec<Node>, Failure> {
    match source.nodes(&group.key) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        nodes => Ok(nodes?),
    }
}

/// The names of the codecs, those within shards after them.
fn filters(codecs: &[Json]) -> Json {
    fn names<'a>(codecs: &'a [Json], found: &mut Vec<&'a str>) {
        for codec in codecs {
            found.push(codec["name"].as_str().or(codec.as_str()).unwrap_or("?"));
            if let Some(inner) = codec["configuration"]["codecs"].as_array() {
                names(inner, found);
            }
        }
    }
    let mut found = Vec::new();
    names(codecs, &mut found);
    let filter = |(id, name): (usize, &str)| json!({"id": id, "name": name});
    found.into_iter().filter(|name| *name != "bytes").enumerate().map(filter).collect()
}

/// Whether bytes are text, by their beginning, and not too long to be read by people.
fn is_text(source: &Source, node: &Node, layout: &Layout) -> bool {
    let length = layout.shape.first().copied().unwrap_or_default();
    if layout.data_type != DataType::UInt8 || length == 0 || length > LONGEST_TEXT {
        return false;
    }
    let beginning = format!("0:{}", length.min(SAMPLE)).parse::<Selection>().ok();
    let beginning = beginning.and_then(|beginning| source.part::<AnyArray>(&node.key, &beginning).ok());
    let Some(AnyArray::UInt8(bytes)) = beginning else { return false };
    let bytes: Vec<u8> = bytes.into_iter().collect();
    let is_printed = |text: &str| text.chars().all(|c| !c.is_control() || c.is_ascii_whitespace());
    match std::str::from_utf8(&bytes) {
        Ok(text) => is_printed(text),
        // The sample may end within a character.
        Err(error) => {
            let text = bytes.get(..error.valid_up_to()).and_then(|bytes| std::str::from_utf8(bytes).ok());
            error.error_len().is_none() && length > SAMPLE && text.is_some_and(is_printed)
        }
    }
}
