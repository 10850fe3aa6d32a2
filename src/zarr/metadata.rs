//! The documents `zarr.json`.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value as Json, json};

use crate::error::{Error, ErrorKind, Result};
use crate::values::DataType;

/// The file that makes a directory a node.
pub(crate) const METADATA_FILE: &str = "zarr.json";

/// The most bytes of a document.
pub(crate) const MAX_DOCUMENT: u64 = 64 << 20;

/// User attributes and the marker, as they stand in `zarr.json`.
pub(crate) type Attributes = serde_json::Map<String, Json>;

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
    pub chunk_shape: Vec<u64>,
    pub chunk_keys: ChunkKeys,
    pub fill_value: Json,
    /// As in the document: objects with `name` and `configuration`, or names alone.
    pub codecs: Vec<Json>,
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
        let joined = |separator: char| {
            let mut path = String::with_capacity(2 + 4 * index.len());
            for (axis, at) in index.iter().enumerate() {
                if axis > 0 || matches!(self, Self::Default(_)) {
                    path.push(separator);
                }
                path.push_str(&at.to_string());
            }
            path
        };
        match self {
            Self::Default(separator) => format!("c{}", joined(separator)),
            Self::V2(_) if index.is_empty() => "0".to_owned(),
            Self::V2(separator) => joined(separator),
        }
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
        let elements = match data_type {
            DataType::String => json!({"name": "vlen-utf8"}),
            _ if data_type.size() == Some(1) => json!({"name": "bytes"}),
            _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
        };
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
            chunk_shape,
            chunk_keys: ChunkKeys::Default('.'),
            fill_value,
            codecs: vec![elements, json!({"name": "crc32c"})],
            dimension_names: Some(dimension_names.into_iter().map(Some).collect()),
            attributes: Attributes::new(),
        }
    }
}

impl NodeMetadata {
    /// Parses a `zarr.json`.
    pub(crate) fn parse(document: &[u8]) -> Result<Self> {
        let document = match serde_json::from_slice::<Document>(document) {
            Ok(document) => document,
            Err(_) => lenient(document)?,
        };
        document.check()
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
        if !self.attributes().is_empty() && serde_json::from_slice::<Document>(&bytes).is_err() {
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
struct Document {
    zarr_format: u64,
    node_type: NodeType,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<Vec<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_type: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_grid: Option<Named<GridConfiguration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chunk_key_encoding: Option<Named<KeyConfiguration>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fill_value: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    codecs: Option<Vec<Json>>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimension_names: Option<Vec<Option<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
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
struct Named<C> {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<C>,
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

fn corrupt(why: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Corrupt, format!("zarr.json makes no sense: {why}"))
}

fn unsupported(what: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Unsupported, format!("{what} is not supported"))
}

/// Parses a document with fields beyond the specification's; those that need not be understood are dropped.
fn lenient(document: &[u8]) -> Result<Document> {
    let UniqueFields(mut fields) = serde_json::from_slice(document).map_err(corrupt)?;
    fields.retain(|_, field| field.get("must_understand") != Some(&Json::Bool(false)));
    serde_json::from_value(Json::Object(fields)).map_err(corrupt)
}

/// The fields of an object, none of which stands twice.
struct UniqueFields(Attributes);

impl<'de> Deserialize<'de> for UniqueFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Attributes, A::Error> {
                let mut fields = Attributes::new();
                while let Some((name, value)) = map.next_entry::<String, Json>()? {
                    if fields.contains_key(&name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.insert(name, value);
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Fields).map(Self)
    }
}

impl Document {
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
            data_type: Some(Json::from(array.data_type.name())),
            chunk_grid: Some(Named {
                name: "regular".to_owned(),
                configuration: Some(GridConfiguration { chunk_shape }),
            }),
            chunk_key_encoding: Some(Named {
                name: name.to_owned(),
                configuration: Some(KeyConfiguration { separator }),
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
        Ok(NodeMetadata::Array(ArrayMetadata {
            data_type: data_type(&self.data_type.ok_or_else(|| missing("data_type"))?)?,
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

fn data_type(json: &Json) -> Result<DataType> {
    let name = json.as_str().or_else(|| json.get("name").and_then(Json::as_str));
    name.and_then(DataType::from_name).ok_or_else(|| unsupported(format_args!("the data type {json}")))
}

fn chunk_shape(grid: Named<GridConfiguration>, rank: usize) -> Result<Vec<u64>> {
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

fn chunk_keys(encoding: &Named<KeyConfiguration>) -> Result<ChunkKeys> {
    let separator = encoding.configuration.as_ref().map(|configuration| configuration.separator);
    match (encoding.name.as_str(), separator) {
        ("default", separator @ (None | Some('/' | '.'))) => Ok(ChunkKeys::Default(separator.unwrap_or('/'))),
        ("v2", separator @ (None | Some('/' | '.'))) => Ok(ChunkKeys::V2(separator.unwrap_or('.'))),
        (name, _) => Err(unsupported(format_args!("the chunk key encoding {name:?} or its separator"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<NodeMetadata> {
        NodeMetadata::parse(text.as_bytes())
    }

    #[test]
    fn an_array_is_written_as_the_specification_says() {
        let names = vec!["a:0".to_owned(), "a:1".to_owned()];
        let array = ArrayMetadata::new(DataType::Float64, vec![100, 20], vec![100, 20], names);
        let node = NodeMetadata::Array(array);
        let text = String::from_utf8(node.to_bytes().unwrap()).unwrap();
        insta::assert_snapshot!(text, @r#"{"zarr_format":3,"node_type":"array","shape":[100,20],"data_type":"float64","chunk_grid":{"name":"regular","configuration":{"chunk_shape":[100,20]}},"chunk_key_encoding":{"name":"default","configuration":{"separator":"."}},"fill_value":0.0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"crc32c"}],"attributes":{},"dimension_names":["a:0","a:1"]}"#);
        assert_eq!(parse(&text).unwrap(), node);
    }

    #[test]
    fn a_group_is_written_as_the_specification_says() {
        let node = NodeMetadata::Group(GroupMetadata::default());
        let text = String::from_utf8(node.to_bytes().unwrap()).unwrap();
        assert_eq!(text, r#"{"zarr_format":3,"node_type":"group","attributes":{}}"#);
        assert_eq!(parse(&text).unwrap(), node);
    }

    #[test]
    fn what_need_not_be_understood_is_passed_over() {
        let extended =
            r#"{"zarr_format":3,"node_type":"group","consolidated_metadata":{"must_understand":false}}"#;
        assert!(parse(extended).is_ok());
        let needed = r#"{"zarr_format":3,"node_type":"group","encryption":{"name":"rot13"}}"#;
        assert_eq!(parse(needed).unwrap_err().kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn broken_documents_are_refused_with_the_reason() {
        let array = |change: &str| {
            let mut json: Json = serde_json::from_str(
                r#"{"zarr_format":3,"node_type":"array","shape":[2],"data_type":"int8","chunk_grid":{"name":
                "regular","configuration":{"chunk_shape":[2]}},"chunk_key_encoding":{"name":"default"},
                "fill_value":0,"codecs":["bytes"]}"#,
            )
            .unwrap();
            json.as_object_mut().unwrap().extend(serde_json::from_str::<Attributes>(change).unwrap());
            parse(&json.to_string())
        };
        assert!(array("{}").is_ok());
        for (change, kind, reason) in [
            (r#"{"zarr_format":2}"#, ErrorKind::Unsupported, "Zarr format 2"),
            (r#"{"data_type":"int3"}"#, ErrorKind::Unsupported, "the data type \"int3\""),
            (r#"{"shape":[2,3]}"#, ErrorKind::Corrupt, "chunk shape"),
            (r#"{"shape":null}"#, ErrorKind::Corrupt, "`shape` is missing"),
            (r#"{"shape":[-1]}"#, ErrorKind::Corrupt, "invalid value"),
            (r#"{"dimension_names":["x","y"]}"#, ErrorKind::Corrupt, "dimension names"),
            (r#"{"storage_transformers":[{}]}"#, ErrorKind::Unsupported, "storage transformer"),
            (r#"{"chunk_key_encoding":{"name":"md5"}}"#, ErrorKind::Unsupported, "\"md5\""),
            (r#"{"chunk_grid":{"name":"irregular"}}"#, ErrorKind::Unsupported, "irregular"),
        ] {
            let error = array(change).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert!(parse("").is_err());
        assert!(
            parse(r#"{"zarr_format":3,"zarr_format":3,"node_type":"group"}"#).is_err(),
            "a duplicate key"
        );
    }

    #[test]
    fn chunks_are_called_as_each_encoding_says() {
        for (keys, names) in [
            (ChunkKeys::Default('.'), ["c", "c.4", "c.0.1"]),
            (ChunkKeys::Default('/'), ["c", "c/4", "c/0/1"]),
            (ChunkKeys::V2('.'), ["0", "4", "0.1"]),
        ] {
            assert_eq!([&[][..], &[4], &[0, 1]].map(|index| keys.path(index)), names);
        }
    }
}
