//! What is said of an object before its elements are read.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::arrays::Made;
use super::attributes::{Described, Incoming};
use super::columns::{attributes_of_columns, extent};
use super::form::{Form, notes};
use super::found::{Found, recognise};
use super::lookup::{Looked, nothing};
use super::names::component;
use super::opened::{Opened, inner};
use super::reading::{Place, Reading};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::StoredObject;
use crate::nodes::{Layout, Node, NodeKind};
use crate::values::DataType;

/// Of so many bytes of text it is looked whether they are text; what is larger is found out when it is read.
const LOOK: u64 = 64 << 10;

/// So many things that were left out are named.
const NAMED: usize = 3;

/// An object of which everything is known but its elements.
#[derive(Debug)]
pub(super) struct Seen {
    pub node: Node,
    pub found: Found,
    /// What its attributes say; those of the user are in the node.
    pub described: Described,
    /// The attributes of the columns of a table of compounds.
    columns: BTreeMap<String, Vec<Incoming>>,
    /// The member that is meant, where it is a column.
    pub member: Option<String>,
}

/// Describes an object; `None` where it has no value.
///
/// # Errors
/// `Unsupported` and `Corrupt` where it cannot be had.
pub(super) fn describe(
    reading: &mut Reading<'_>,
    object: &StoredObject<'_>,
    place: &Place,
) -> Result<Option<Seen>> {
    reading.left_out.clear();
    let (found, described) = recognise(reading, object, place)?;
    let node = Node::blank(&place.key, NodeKind::Group);
    let mut seen = Seen { node, found: Found::Nothing, described, columns: BTreeMap::new(), member: None };
    seen.found = match found {
        Found::Nothing => return Ok(None),
        Found::Group => Found::Group,
        Found::Object(object) => {
            seen.node.kind = NodeKind::Object;
            seen.node.type_name = Some(object.type_name.clone());
            Found::Object(object)
        }
        Found::Columns(columns) => {
            seen.node.kind = NodeKind::Table;
            seen.node.columns = columns.iter().map(|column| column.name.clone()).collect();
            seen.node.rows = Some(extent(reading, columns.iter().map(|column| &column.opened))?.0);
            Found::Columns(columns)
        }
        Found::Lists(_) => {
            let message =
                "lists of any length are no array; an import has their lengths and their elements as two";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Found::Dataset(opened) => {
            let opened = text_or_bytes(reading, opened);
            dataset(reading, &opened, place, &mut seen)?;
            for (member, error) in &opened.left_out {
                reading.leave_out(format!("{}.{member}", place.path), error.message());
            }
            for list in opened.lists() {
                let why = "the elements of its lists, which an import puts beside the table";
                reading.leave_out(format!("{}.{}", place.path, list.name), why);
            }
            Found::Dataset(opened)
        }
    };
    seen.node.attributes = json_of(std::mem::take(&mut seen.described.attributes));
    seen.node.problem = problem(reading, place);
    Ok(Some(seen))
}

/// Describes what a key leads to: a column of a table, too.
///
/// # Errors
/// As [`describe`]; `NotFound` for a column that is not there, and for what has no value.
pub(super) fn describe_looked(reading: &mut Reading<'_>, looked: &Looked<'_>) -> Result<Seen> {
    let mut seen = describe(reading, &looked.object, &looked.place)?.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "is a datatype, or names a dimension, and has no value")
    })?;
    let Some(name) = &looked.column else { return Ok(seen) };
    let key = looked.place.key.child(name)?;
    let (Found::Dataset(opened), NodeKind::Table) = (&seen.found, seen.node.kind) else {
        return Err(nothing(&key, std::iter::empty()));
    };
    let Some(made) = sample_of(reading, opened, name)? else {
        return Err(nothing(&key, seen.node.columns.iter().map(String::as_str)));
    };
    let data_type = seen.described.columns.get(&made.name).copied().unwrap_or(made.array.data_type());
    let shape = [rows_first(opened).as_slice(), &lengths_of(&made)].concat();
    let chunk = opened.chunk_shape().map(<[u64]>::to_vec);
    let mut node = Node::blank(&key, NodeKind::Dataset);
    node.layout = Some(layout(opened, (data_type, shape), chunk, Vec::new()));
    node.attributes = json_of(seen.columns.remove(name).unwrap_or_default());
    let found = Found::Dataset(opened.with_member(&made.name));
    Ok(Seen { node, found, member: Some(made.name), ..seen })
}

/// The member that a column of this name is, of no rows.
fn sample_of(reading: &Reading<'_>, opened: &Opened, name: &str) -> Result<Option<Made>> {
    let is_it = |made: &Made| component(&made.name).is_ok_and(|component| component == name);
    Ok(opened.sample(reading)?.into_iter().find(is_it))
}

/// The same dataset, as bytes where it is of text that is none. Of what is large nobody knows before it is read.
fn text_or_bytes(reading: &Reading<'_>, opened: Opened) -> Opened {
    let Some(mut bytes) = opened.as_bytes().filter(|_| opened.size() <= LOOK) else { return opened };
    let read = opened.reader(reading).and_then(|reader| {
        let mut elements = vec![0; usize::try_from(opened.size()).unwrap_or_default()];
        reader.read(&vec![0; reader.shape().len()], reader.shape(), &mut elements)?;
        reading.values(opened.data_type(), &elements)
    });
    match read {
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            bytes.left_out = opened.left_out;
            bytes
        }
        _ => opened,
    }
}

fn dataset(reading: &Reading<'_>, opened: &Opened, place: &Place, seen: &mut Seen) -> Result<()> {
    let Seen { node, described, .. } = seen;
    if opened.chunk_shape().is_none() {
        // Where elements lie that are in no chunks is known at once: in other files, or beyond the end of this one.
        opened.reader(reading)?;
    }
    let sample = opened.sample(reading)?;
    if let [only] = sample.as_slice()
        && only.name.is_empty()
    {
        let form = Form::new(reading, (opened, only), place, described);
        node.kind = if form.is_bytes { NodeKind::Bytes } else { NodeKind::Dataset };
        let chunk = opened.chunk_shape().map(|chunk| [chunk, &lengths_of(only)].concat());
        node.layout = Some(layout(opened, (form.data_type, form.shape), chunk, form.names));
        described.attributes.extend(notes(opened, only));
        return Ok(());
    }
    node.kind = NodeKind::Table;
    node.rows = Some(extent(reading, [opened])?.0);
    node.columns = sample.iter().map(|made| component(&made.name)).collect::<Result<_>>()?;
    seen.columns = attributes_of_columns(described, &sample)?;
    Ok(())
}

fn layout(
    opened: &Opened,
    (data_type, shape): (DataType, Vec<u64>),
    chunk: Option<Vec<u64>>,
    mut names: Vec<Option<String>>,
) -> Layout {
    names.resize(shape.len(), None);
    let mut chunks = chunk.unwrap_or_default();
    // What is in no chunks is in one.
    chunks.extend(shape.iter().skip(chunks.len()).map(|length| (*length).max(1)));
    let codecs = opened.filters().map(|(number, name)| filter(number, name)).collect();
    Layout { data_type, shape, chunks, shards: None, dimension_names: names, codecs }
}

/// The axes of an element.
fn lengths_of(made: &Made) -> Vec<u64> {
    inner(made).iter().map(|length| *length as u64).collect()
}

/// The shape of a table without the axes of its elements; a scalar is one row.
fn rows_first(opened: &Opened) -> Vec<u64> {
    let shape = opened.shape();
    if shape.is_empty() { vec![1] } else { shape }
}

/// A filter as a codec: by the name that it has in Zarr, as far as it has one.
fn filter(number: u16, name: Option<&str>) -> Json {
    let known = match number {
        1 => "gzip",
        2 => "shuffle",
        3 => "fletcher32",
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        307 => "bzip2",
        32_000 => "lzf",
        32_001 => "blosc",
        32_004 => "lz4",
        32_008 => "bitshuffle",
        32_015 => "zstd",
        _ => return json!({"name": name.map_or_else(|| format!("filter {number}"), str::to_owned)}),
    };
    json!({"name": known})
}

fn json_of(attributes: Vec<Incoming>) -> Map<String, Json> {
    attributes.into_iter().map(|attribute| (attribute.name, attribute.json)).collect()
}

/// What was left out of an object, in one line.
pub(super) fn problem(reading: &mut Reading<'_>, place: &Place) -> Option<String> {
    let all = std::mem::take(&mut reading.left_out);
    let named = all.iter().take(NAMED).map(|left| {
        let part = left.path.strip_prefix(&place.path).unwrap_or(&left.path);
        if part.is_empty() { left.why.clone() } else { format!("{part}: {}", left.why) }
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let more = all.len().saturating_sub(NAMED);
    match (all.len(), more) {
        (0, _) => None,
        (_, 0) => Some(format!("left out: {named}")),
        _ => Some(format!("left out: {named}; and {more} more")),
    }
}
