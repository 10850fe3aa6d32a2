//! The documents `zarr.json`.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::attributes::Attributes;
use super::compression::Compression;
use super::json::{Fields, Object, list, optional, shared_list};
use super::known::Abridged;
use super::marker::NAME as MARKER;
use crate::error::{Error, ErrorKind, Result};
use crate::values::DataType;

/// The file that makes a directory a node.
pub(crate) const METADATA_FILE: &str = "zarr.json";

/// The most bytes of a document.
pub(crate) const MAX_DOCUMENT: u64 = 64 << 20;

/// The data type of text with a fixed number of code points.
const UTF32: &str = "fixed_length_utf32";

/// A parsed `zarr.json`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NodeMetadata {
    Group(GroupMetadata),
    Array(ArrayMetadata),
}

/// The metadata of a group.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GroupMetadata {
    pub attributes: Attributes,
}

/// The metadata of an array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayMetadata {
    pub shape: Vec<u64>,
    pub data_type: DataType,
    /// The bytes of an element of zarr-python's data type `fixed_length_utf32`, which is read as text.
    pub utf32_length: Option<usize>,
    pub chunk_shape: Vec<u64>,
    pub chunk_keys: ChunkKeys,
    pub fill_value: Json,
    /// As in the document: objects with `name` and `configuration`, or names alone.
    pub codecs: Arc<Vec<Json>>,
    pub dimension_names: Option<Vec<Option<String>>>,
    pub attributes: Attributes,
}

/// How chunk files are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChunkKeys {
    /// `c`, then each index after a separator.
    Default(char),
    /// The indices with a separator between them; `0` for a scalar.
    V2(char),
}

impl ChunkKeys {
    /// The path of a chunk, relative to its array.
    pub(crate) fn path(self, index: &[u64]) -> String {
        let (Self::Default(separator) | Self::V2(separator)) = self;
        let mut path = String::with_capacity(index.len().saturating_mul(8).saturating_add(1));
        path.push_str(match self {
            Self::Default(_) => "c",
            Self::V2(_) if index.is_empty() => "0",
            Self::V2(_) => "",
        });
        for at in index {
            if !path.is_empty() {
                path.push(separator);
            }
            // Writing to a String cannot fail.
            let _ = write!(path, "{at}");
        }
        path
    }

    /// The directory that all chunk files lie in, relative to their array; empty where that is the array's own.
    pub(crate) fn directory(self) -> &'static str {
        if matches!(self, Self::Default('/')) { "c" } else { "" }
    }

    /// Whether the chunk files of an array lie in directories of their own.
    pub(crate) fn are_nested(self) -> bool {
        matches!(self, Self::Default('/') | Self::V2('/'))
    }

    /// Whether chunks of an array of this rank may lie in the directory with this path.
    pub(crate) fn is_directory(self, path: &str, rank: usize) -> bool {
        let is_default = matches!(self, Self::Default(_));
        let mut parts = path.split('/');
        let begins = !is_default || parts.next() == Some("c");
        let indices: Vec<&str> = parts.collect();
        let is_index = |part: &&str| part.parse::<u64>().is_ok_and(|index| index.to_string() == **part);
        self.are_nested() && begins && indices.len() < rank && indices.iter().all(is_index)
    }

    /// The index of the chunk whose path this is; `None` where it is none, or not written as we write it.
    pub(crate) fn index(self, path: &str, rank: usize) -> Option<Vec<u64>> {
        let (Self::Default(separator) | Self::V2(separator)) = self;
        let parts = path.split(separator).skip(usize::from(matches!(self, Self::Default(_))));
        let index: Vec<u64> = parts.take(rank).map(str::parse).collect::<Result<_, _>>().ok()?;
        (index.len() == rank && self.path(&index) == path).then_some(index)
    }
}

impl ArrayMetadata {
    /// What we write for an array: one codec for the elements, then a checksum.
    pub(crate) fn new(
        data_type: DataType,
        shape: Vec<u64>,
        chunk_shape: Vec<u64>,
        dimension_names: Vec<String>,
    ) -> Self {
        let fill_value = match data_type {
            DataType::Bool => json!(false),
            DataType::String => json!(""),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => json!(0.0),
            DataType::Complex64 | DataType::Complex128 => json!([0.0, 0.0]),
            _ => json!(0),
        };
        Self {
            shape,
            data_type,
            utf32_length: None,
            chunk_shape,
            chunk_keys: ChunkKeys::Default('.'),
            fill_value,
            codecs: Arc::new(codecs(data_type, Compression::NONE)),
            dimension_names: Some(dimension_names.into_iter().map(Some).collect()),
            attributes: Attributes::default(),
        }
    }

    /// The same array with its chunks compressed.
    pub(crate) fn with_compression(mut self, compression: Compression) -> Self {
        self.codecs = Arc::new(codecs(self.data_type, compression));
        self
    }

    /// The same array with its chunks put together in shards of `shard_shape`, which are what there are files of.
    pub(crate) fn with_shards(mut self, shard_shape: Vec<u64>) -> Self {
        let inner_shape = std::mem::replace(&mut self.chunk_shape, shard_shape);
        let index = codecs(DataType::UInt64, Compression::NONE);
        self.codecs = Arc::new(vec![json!({"name": "sharding_indexed", "configuration": {
            "chunk_shape": inner_shape, "codecs": *self.codecs, "index_codecs": index, "index_location": "end",
        }})]);
        self
    }

    /// The shape of a chunk, and that of a file where it holds several chunks.
    pub(crate) fn chunks_and_shards(&self) -> (Vec<u64>, Option<Vec<u64>>) {
        let first = self.codecs.first();
        let inner = first
            .filter(|codec| codec.get("name").and_then(Json::as_str) == Some("sharding_indexed"))
            .and_then(|codec| codec.get("configuration")?.get("chunk_shape")?.as_array())
            .and_then(|shape| shape.iter().map(Json::as_u64).collect::<Option<Vec<u64>>>());
        match inner {
            Some(inner) => (inner, Some(self.chunk_shape.clone())),
            None => (self.chunk_shape.clone(), None),
        }
    }

    /// The same array with another fill value.
    pub(crate) fn with_fill_value(mut self, fill_value: Json) -> Self {
        self.fill_value = fill_value;
        self
    }
}

/// The codecs of chunks as we write them.
fn codecs(data_type: DataType, compression: Compression) -> Vec<Json> {
    let elements = match data_type {
        DataType::String => json!({"name": "vlen-utf8"}),
        _ if data_type.size() == Some(1) => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    };
    let compressor = compression.codec(data_type);
    [Some(elements), compressor, Some(json!({"name": "crc32c"}))].into_iter().flatten().collect()
}

/// Tells whether a `zarr.json` says that it is of an array. Nothing else of it is looked at.
pub(crate) fn is_of_array(document: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Type<'a> {
        node_type: &'a str,
    }

    serde_json::from_slice::<Type<'_>>(document).is_ok_and(|document| document.node_type == "array")
}

impl NodeMetadata {
    /// Parses a `zarr.json`.
    pub(crate) fn parse(document: &[u8]) -> Result<Self> {
        // Of text no string needs to be looked through once more.
        match str::from_utf8(document).ok().and_then(parse_text) {
            Some(document) => document,
            None => serde_json::from_str::<Document<'_>>(&lenient(document)?).map_err(misfit)?.check(),
        }
    }

    /// Writes the `zarr.json`.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        let document = match self {
            Self::Group(group) => Document::of_group(group),
            Self::Array(array) => Document::of_array(array),
        };
        let refuse = |why: String| Error::new(ErrorKind::InvalidInput, why);
        let bytes = serde_json::to_vec(&document)
            .map_err(|error| refuse("cannot be written as JSON".to_owned()).with_source(error))?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(refuse(format!("{} bytes are too many attributes for one node", bytes.len())));
        }
        // What could not be read again, such as lists nested too deeply, is not to be written.
        if !self.attributes().is_empty() && serde_json::from_slice::<Object>(&bytes).is_err() {
            return Err(refuse("the attributes are nested too deeply".to_owned()));
        }
        Ok(bytes)
    }

    pub(crate) fn attributes(&self) -> &Attributes {
        match self {
            Self::Group(group) => &group.attributes,
            Self::Array(array) => &array.attributes,
        }
    }

    /// The attributes that are the user's own.
    pub(crate) fn user_attributes(&self) -> Fields {
        let own = self.attributes().iter().filter(|(name, _)| *name != MARKER);
        own.map(|(name, json)| (name.clone(), json.clone())).collect()
    }

    pub(crate) fn attributes_mut(&mut self) -> &mut Attributes {
        match self {
            Self::Group(group) => &mut group.attributes,
            Self::Array(array) => &mut array.attributes,
        }
    }
}

/// A `zarr.json` as it stands; absent fields are not written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    zarr_format: u64,
    node_type: NodeType,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<u64>>,
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    data_type: Option<Json>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    chunk_grid: Option<Named<'a, GridConfiguration>>,
    #[serde(borrow, skip_serializing_if = "Option::is_none")]
    chunk_key_encoding: Option<Named<'a, KeyConfiguration>>,
    #[serde(default, deserialize_with = "optional", skip_serializing_if = "Option::is_none")]
    fill_value: Option<Json>,
    #[serde(default, deserialize_with = "shared_list", skip_serializing_if = "Option::is_none")]
    codecs: Option<Arc<Vec<Json>>>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimension_names: Option<Vec<Option<String>>>,
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Option::is_none")]
    storage_transformers: Option<Vec<Json>>,
}

#[derive(Serialize, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum NodeType {
    Group,
    Array,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named<'a, C> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<C>,
    /// What is known is understood, whatever stands here.
    #[serde(skip_serializing, default)]
    #[serde(rename = "must_understand")]
    _must_understand: Option<bool>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GridConfiguration {
    chunk_shape: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyConfiguration {
    separator: char,
}

/// Parses a document as it is specified; nothing where it is another.
fn parse_text(text: &str) -> Option<Result<NodeMetadata>> {
    let abridged = Abridged::new(text);
    let mut document: Document<'_> = serde_json::from_str(&abridged.rest).ok()?;
    abridged.complete(&mut document.codecs, &mut document.attributes);
    Some(document.check())
}

fn corrupt(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("zarr.json makes no sense: {why}"))
}

/// What is wrong with a document that was written anew, so that a place in it tells nothing.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn misfit(error: serde_json::Error) -> Error {
    let (what, place) = (error.to_string(), format!(" at line {} column {}", error.line(), error.column()));
    corrupt(what.strip_suffix(&place).unwrap_or(&what))
}

fn unsupported(what: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} is not supported"))
}

/// Drops from a document the fields beyond the specification's that need not be understood.
fn lenient(document: &[u8]) -> Result<String> {
    let Object(mut fields) = serde_json::from_slice(document).map_err(corrupt)?;
    // Consolidated metadata repeat what the documents below say; zarr-python leaves an empty field, too.
    fields.retain(|name, field| {
        name != "consolidated_metadata" && field.get("must_understand") != Some(&Json::Bool(false))
    });
    // An extension without settings may be its name alone.
    if let Some(name @ Json::String(_)) = fields.get_mut("chunk_key_encoding") {
        *name = json!({"name": name.take()});
    }
    // Another grid or encoding has other settings.
    for (field, known) in [("chunk_grid", &["regular"][..]), ("chunk_key_encoding", &["default", "v2"])] {
        let name = fields.get(field).and_then(|field| field.get("name")).and_then(Json::as_str);
        if let Some(name) = name.filter(|name| !known.contains(name)) {
            return Err(unsupported(format_args!("the {} {name:?}", field.replace('_', " "))));
        }
    }
    Ok(Json::Object(fields).to_string())
}

impl Document<'_> {
    fn of_group(group: &GroupMetadata) -> Self {
        Self {
            zarr_format: 3,
            node_type: NodeType::Group,
            shape: None,
            data_type: None,
            chunk_grid: None,
            chunk_key_encoding: None,
            fill_value: None,
            codecs: None,
            attributes: group.attributes.clone(),
            dimension_names: None,
            storage_transformers: None,
        }
    }

    fn of_array(array: &ArrayMetadata) -> Self {
        let (name, separator) = match array.chunk_keys {
            ChunkKeys::Default(separator) => ("default", separator),
            ChunkKeys::V2(separator) => ("v2", separator),
        };
        let chunk_shape = array.chunk_shape.clone();
        Self {
            zarr_format: 3,
            node_type: NodeType::Array,
            shape: Some(array.shape.clone()),
            data_type: Some(match array.utf32_length {
                Some(length) => json!({"name": UTF32, "configuration": {"length_bytes": length}}),
                None => Json::from(array.data_type.name()),
            }),
            chunk_grid: Some(Named {
                name: "regular".into(),
                configuration: Some(GridConfiguration { chunk_shape }),
                _must_understand: None,
            }),
            chunk_key_encoding: Some(Named {
                name: name.into(),
                configuration: Some(KeyConfiguration { separator }),
                _must_understand: None,
            }),
            fill_value: Some(array.fill_value.clone()),
            codecs: Some(array.codecs.clone()),
            attributes: array.attributes.clone(),
            dimension_names: array.dimension_names.clone(),
            storage_transformers: None,
        }
    }

    fn check(self) -> Result<NodeMetadata> {
        if self.zarr_format != 3 {
            return Err(unsupported(format_args!("Zarr format {}", self.zarr_format)));
        }
        if self.node_type == NodeType::Group {
            return Ok(NodeMetadata::Group(GroupMetadata { attributes: self.attributes }));
        }
        if self.storage_transformers.is_some_and(|transformers| !transformers.is_empty()) {
            return Err(unsupported("a storage transformer"));
        }
        let missing = |field: &str| corrupt(format_args!("`{field}` is missing"));
        let shape = self.shape.ok_or_else(|| missing("shape"))?;
        let rank = shape.len();
        let names = self.dimension_names;
        if names.as_ref().is_some_and(|names| names.len() != rank) {
            return Err(corrupt("the number of dimension names is not the rank"));
        }
        let (data_type, utf32_length) = data_type(&self.data_type.ok_or_else(|| missing("data_type"))?)?;
        Ok(NodeMetadata::Array(ArrayMetadata {
            data_type,
            utf32_length,
            chunk_shape: chunk_shape(self.chunk_grid.ok_or_else(|| missing("chunk_grid"))?, rank)?,
            chunk_keys: chunk_keys(&self.chunk_key_encoding.ok_or_else(|| missing("chunk_key_encoding"))?)?,
            fill_value: self.fill_value.ok_or_else(|| missing("fill_value"))?,
            codecs: self.codecs.ok_or_else(|| missing("codecs"))?,
            dimension_names: names,
            attributes: self.attributes,
            shape,
        }))
    }
}

/// The data type; with it the bytes of an element where it is text of a fixed length.
fn data_type(json: &Json) -> Result<(DataType, Option<usize>)> {
    let refuse = || unsupported(format_args!("the data type {json}"));
    let settings =
        json.get("configuration").and_then(Json::as_object).filter(|settings| !settings.is_empty());
    let name = json.as_str().or_else(|| json.get("name").and_then(Json::as_str));
    let Some(settings) = settings else {
        return name.and_then(DataType::from_name).map(|data_type| (data_type, None)).ok_or_else(refuse);
    };
    let length = settings.get("length_bytes").filter(|_| name == Some(UTF32) && settings.len() == 1);
    let length = length.and_then(Json::as_u64).filter(|length| *length > 0 && length % 4 == 0);
    let length = length.and_then(|length| usize::try_from(length).ok()).ok_or_else(refuse)?;
    Ok((DataType::String, Some(length)))
}

fn chunk_shape(grid: Named<'_, GridConfiguration>, rank: usize) -> Result<Vec<u64>> {
    match grid.configuration {
        Some(regular) if grid.name == "regular" => {
            if regular.chunk_shape.len() != rank || regular.chunk_shape.contains(&0) {
                return Err(corrupt("the chunk shape does not fit the shape"));
            }
            Ok(regular.chunk_shape)
        }
        _ => Err(unsupported(format_args!("the chunk grid {:?}", grid.name))),
    }
}

fn chunk_keys(encoding: &Named<'_, KeyConfiguration>) -> Result<ChunkKeys> {
    let separator = encoding.configuration.as_ref().map(|configuration| configuration.separator);
    match (&*encoding.name, separator) {
        ("default", separator @ (None | Some('/' | '.'))) => Ok(ChunkKeys::Default(separator.unwrap_or('/'))),
        ("v2", separator @ (None | Some('/' | '.'))) => Ok(ChunkKeys::V2(separator.unwrap_or('.'))),
        (name, _) => Err(unsupported(format_args!("the chunk key encoding {name:?} or its separator"))),
    }
}

#[cfg(test)]
mod tests;
