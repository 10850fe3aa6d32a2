//! The attributes of one object.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::arrays::{Made, array, arrays};
use super::opened::Opened;
use super::reading::{Place, Reading};
use super::scales::Axes;
use super::types::{as_bytes, has_fixed_text, importable};
use crate::error::{Error, ErrorKind, Result};
use crate::export::{OBJECT_BYTES, Origin};
use crate::hdf5::{Dataspace, StoredAttribute, StoredObject, Type, Values};
use crate::nodes::{attribute_name_fault, noted_attribute};
use crate::values::{AnyArray, DataType};
use crate::zarr::{Kind, MARKER, TypedAttribute};

/// An attribute as the store will have it.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub name: String,
    pub json: Json,
    pub note: Option<TypedAttribute>,
}

impl Incoming {
    pub fn json(name: impl Into<String>, json: Json) -> Self {
        Self { name: name.into(), json, note: None }
    }
}

/// What the attributes of an object say.
#[derive(Debug, Default)]
pub(crate) struct Described {
    pub attributes: Vec<Incoming>,
    pub axes: Axes,
    /// What an export from a store kept of it.
    pub origin: Origin,
    /// Whether an export from a store wrote the object and kept something of it.
    pub is_own: bool,
    /// The types of columns of a table, where the file has other ones.
    pub columns: BTreeMap<String, DataType>,
    /// The bytes of an object.
    pub bytes: Option<Vec<u8>>,
}

/// The attributes that an exported object has besides its own.
const OF_OBJECTS: [&str; 2] = ["calcstore_type", "calcstore_schema"];

/// Reads the attributes of an object; those that cannot be imported are left out.
pub(crate) fn read(reading: &mut Reading<'_>, object: &StoredObject<'_>, place: &Place) -> Result<Described> {
    let mut described = Described::default();
    let found = object.attributes();
    for error in &found.errors {
        reading.leave_out(format!("{}@", place.path), error.message());
    }
    described.take_origins(reading, &found.items);
    for attribute in &found.items {
        if described.axes.take(reading, attribute) || described.is_kept(reading, attribute) {
            continue;
        }
        let is_spilled = described.origin.spilled.contains(&attribute.name);
        let path = format!("{}@{}", place.path, attribute.name);
        match incoming(reading, attribute, is_spilled) {
            Ok(incoming) => described.attributes.push(incoming),
            Err(error) => reading.settle(&path, Err(error))?,
        }
    }
    if described.axes.is_scale() {
        described.attributes.retain(|attribute| attribute.name != "NAME");
    }
    for (name, kept) in std::mem::take(&mut described.origin.attributes) {
        described.attributes.push(Incoming { name, json: kept.json, note: kept.note });
    }
    Ok(described)
}

impl Described {
    /// Finds what an export kept, of the object and of the columns of a table, which has their attributes as
    /// `COLUMN@NAME`.
    fn take_origins(&mut self, reading: &mut Reading<'_>, attributes: &[StoredAttribute]) {
        let Some(own) = attributes.iter().find(|attribute| attribute.name == MARKER) else { return };
        self.origin = origin(reading, own);
        self.is_own = self.origin != Origin::default();
        if !matches!(self.origin.node, Some(Kind::Table { .. })) {
            return;
        }
        for attribute in attributes {
            let Some(column) = attribute.name.strip_suffix(MARKER).and_then(|name| name.strip_suffix('@'))
            else {
                continue;
            };
            let of_column = origin(reading, attribute);
            let name = |name: String| format!("{column}@{name}");
            self.origin.spilled.extend(of_column.spilled.into_iter().map(name));
            let kept = of_column.attributes.into_iter().map(|(own, kept)| (name(own), kept));
            self.origin.attributes.extend(kept);
            let data_type = of_column.data_type.and_then(|name| DataType::from_name(&name));
            self.columns.extend(data_type.map(|data_type| (column.to_owned(), data_type)));
        }
    }

    /// Whether an attribute is none of the user's, or is kept as it was.
    fn is_kept(&mut self, reading: &mut Reading<'_>, attribute: &StoredAttribute) -> bool {
        let name = attribute.name.as_str();
        if !self.is_own {
            return false;
        }
        if self.origin.attributes.contains_key(name) {
            reading.spilled.extend(path_of(reading, attribute));
            return true;
        }
        match &self.origin.node {
            Some(Kind::Object { .. }) if name == OBJECT_BYTES => {
                let large = path_of(reading, attribute).and_then(|path| beside(reading, &path));
                self.bytes = match (large, reading.values(&attribute.data_type, &attribute.value)) {
                    (Some(AnyArray::UInt8(bytes)), _) => Some(bytes.into_iter().collect()),
                    (None, Ok(Values::U8(bytes))) => Some(bytes),
                    _ => None,
                };
                true
            }
            Some(Kind::Object { .. }) if OF_OBJECTS.contains(&name) => true,
            Some(Kind::Table { .. }) if name.ends_with(&format!("@{MARKER}")) => true,
            _ => name == MARKER || (name == "dtype" && self.origin.data_type.as_deref() == Some("bool")),
        }
    }
}

/// What an export kept; nothing where the attribute is another program's.
fn origin(reading: &mut Reading<'_>, attribute: &StoredAttribute) -> Origin {
    let text = match reading.values(&attribute.data_type, &attribute.value) {
        Ok(Values::Text(mut text)) => text.pop().unwrap_or_default(),
        _ => return Origin::default(),
    };
    let text = match beside(reading, &text) {
        Some(AnyArray::String(text)) => text.iter().next().cloned().unwrap_or_default(),
        _ => text,
    };
    serde_json::from_str(&text).unwrap_or_default()
}

/// Gives the value of an attribute that was written as a dataset.
fn beside(reading: &mut Reading<'_>, path: &str) -> Option<AnyArray> {
    if !path.starts_with('/') || !path.rsplit('/').next().is_some_and(|name| name.contains(':')) {
        return None;
    }
    let object = reading.file.find(path).ok()?;
    let array = Opened::new(reading, &object).and_then(|opened| opened.whole(reading)).ok()?;
    reading.spilled.insert(path.to_owned());
    Some(array)
}

fn path_of(reading: &Reading<'_>, attribute: &StoredAttribute) -> Option<String> {
    match reading.values(&attribute.data_type, &attribute.value) {
        Ok(Values::Text(mut text)) => text.pop().filter(|path| path.starts_with('/') && path.contains(':')),
        _ => None,
    }
}

fn incoming(reading: &mut Reading<'_>, attribute: &StoredAttribute, is_spilled: bool) -> Result<Incoming> {
    let name = attribute.name.clone();
    if let Some(fault) = attribute_name_fault(&name) {
        return Err(Error::new(ErrorKind::InvalidInput, fault));
    }
    if is_spilled
        && let Some(path) = path_of(reading, attribute)
        && let Some(array) = beside(reading, &path)
    {
        let (json, note) = noted_attribute(&array);
        return Ok(Incoming { name, json, note });
    }
    let shape: Vec<usize> = match &attribute.dataspace {
        Dataspace::Null => return Ok(Incoming::json(name, Json::Null)),
        Dataspace::Simple { shape, .. } => {
            let lengths = shape.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX));
            lengths.collect()
        }
    };
    match of_type(reading, (&name, &shape), &attribute.data_type, &attribute.value) {
        Err(error) if error.kind() == ErrorKind::Unsupported && has_fixed_text(&attribute.data_type) => {
            let bytes = as_bytes(&attribute.data_type);
            of_type(reading, (&name, &shape), &bytes, &attribute.value).map_err(|_| error)
        }
        made => made,
    }
}

fn of_type(
    reading: &mut Reading<'_>,
    (name, shape): (&str, &[usize]),
    data_type: &Type,
    bytes: &[u8],
) -> Result<Incoming> {
    if let Type::List(base) = data_type {
        importable(base, "", &mut Vec::new())?;
        let lists = reading.values(data_type, bytes)?;
        return Ok(Incoming::json(name, self::lists(reading, lists, shape)?));
    }
    let mut left_out = Vec::new();
    let data_type = importable(data_type, "", &mut left_out)?;
    if let Some((_, error)) = left_out.pop() {
        return Err(error);
    }
    let values = reading.values(&data_type, bytes)?;
    let mut made = arrays(values, shape, &mut |address| reading.paths.of(reading.file, address))?;
    if let [only] = made.as_slice()
        && only.name.is_empty()
    {
        let (json, note) = noted_attribute(&only.array);
        return Ok(Incoming { name: name.to_owned(), json, note });
    }
    let members: Map<String, Json> =
        made.drain(..).map(|member| (member.name, member.array.to_json())).collect();
    Ok(Incoming::json(name, Json::Object(members)))
}

/// Lists of any length as lists of JSON.
fn lists(reading: &mut Reading<'_>, values: Values, shape: &[usize]) -> Result<Json> {
    let Values::Lists { lengths, values } = values else {
        return Err(Error::new(ErrorKind::Corrupt, "lists that are none"));
    };
    let count = values.len();
    let Json::Array(elements) =
        array(*values, &[count], &mut |address| reading.paths.of(reading.file, address))?.to_json()
    else {
        return Err(Error::new(ErrorKind::Corrupt, "lists that are none"));
    };
    let mut elements = elements.into_iter();
    let length = |length: u64| usize::try_from(length).unwrap_or(usize::MAX);
    let mut lists: Vec<Json> = lengths
        .into_iter()
        .map(|count| Json::Array(elements.by_ref().take(length(count)).collect()))
        .collect();
    if shape.is_empty() && lists.len() == 1 { Ok(lists.swap_remove(0)) } else { Ok(Json::Array(lists)) }
}

/// The names of integers.
pub(crate) fn members(made: &Made) -> Option<Incoming> {
    // The codes were written as JSON.
    let code = |code: &String| serde_json::from_str(code).unwrap_or_default();
    let codes = made.members.iter().map(|(name, written)| (name.clone(), code(written)));
    (!made.members.is_empty()).then(|| Incoming::json("enum", Json::Object(codes.collect())))
}
