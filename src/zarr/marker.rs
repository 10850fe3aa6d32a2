//! The attribute `calcstore`: what a node is beyond what Zarr can say.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::json::Fields as Attributes;
use crate::error::{Error, ErrorKind, Result};

/// The name of the attribute; no user attribute may have it.
pub(crate) const NAME: &str = "calcstore";

/// How far a calculation has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// It was made, and may be running.
    #[default]
    Created,
    /// It came to its end.
    Complete,
    /// It was given up.
    Failed,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Created => "created",
            Self::Complete => "complete",
            Self::Failed => "failed",
        })
    }
}

/// The content of the attribute. Unknown fields are ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Marker {
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Chunk files may be missing, and are then all fill value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sparse: bool,
    /// The chunk shape is only until the first rows are there, which may make another one better.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub provisional_chunks: bool,
    /// User attributes that JSON alone would not bring back.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, TypedAttribute>,
}

/// What a marker says beside the kind, which is read by itself: flattened, one that makes no sense would be taken for none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct BesideKind {
    sparse: bool,
    provisional_chunks: bool,
    attributes: BTreeMap<String, TypedAttribute>,
}

/// What a node is, where it is no plain array or group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(crate) enum Kind {
    Bytes,
    Object {
        encoding: String,
        #[serde(rename = "type")]
        type_name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schema: Option<Json>,
    },
    Table {
        columns: Vec<String>,
        rows: u64,
    },
    Root {
        status: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        /// When the status became complete or failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<String>,
    },
}

/// Data type and shape of an attribute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TypedAttribute {
    pub data_type: String,
    #[serde(default)]
    pub shape: Vec<usize>,
}

impl Kind {
    /// What `serde` would make of it, but with one copy of the schema of an object instead of three.
    fn from_json(json: &Json) -> serde_json::Result<Self> {
        if json.get("kind").and_then(Json::as_str) != Some("object") {
            return Self::deserialize(json);
        }
        let text = |name| json.get(name).ok_or_else(|| serde::de::Error::missing_field(name));
        Ok(Self::Object {
            encoding: String::deserialize(text("encoding")?)?,
            type_name: String::deserialize(text("type")?)?,
            schema: json.get("schema").filter(|schema| !schema.is_null()).cloned(),
        })
    }

    /// What it is called in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Object { .. } => "an object",
            Self::Table { .. } => "a table",
            Self::Root { .. } => "the root",
        }
    }
}

impl Marker {
    pub(crate) fn of_kind(kind: Kind) -> Self {
        Self { kind: Some(kind), ..Self::default() }
    }

    /// Reads the marker out of a node's attributes; a plain node has none.
    pub(crate) fn read(attributes: &Attributes) -> Result<Self> {
        let Some(json) = attributes.get(NAME) else {
            return Ok(Self::default());
        };
        if let Some(kind) = json.get("kind").and_then(Json::as_str)
            && !["bytes", "object", "table", "root"].contains(&kind)
        {
            let message = format!("a node of kind {kind:?} needs a newer version of calcstore");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Self::from_json(json).map_err(|error| {
            let message = format!("the attribute `{NAME}` makes no sense: {error}");
            Error::new(ErrorKind::Corrupt, message).with_source(error)
        })
    }

    fn from_json(json: &Json) -> serde_json::Result<Self> {
        let Json::Object(fields) = json else {
            return Err(serde::de::Error::custom("it is no object"));
        };
        let kind = fields.contains_key("kind").then(|| Kind::from_json(json)).transpose()?;
        let BesideKind { sparse, provisional_chunks, attributes } = BesideKind::deserialize(json)?;
        Ok(Self { kind, sparse, provisional_chunks, attributes })
    }

    /// Puts the marker into a node's attributes, or takes it out where it says nothing.
    pub(crate) fn write(&self, attributes: &mut Attributes) -> Result<()> {
        if *self == Self::default() {
            attributes.remove(NAME);
            return Ok(());
        }
        let json = serde_json::to_value(self).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, "cannot be written as JSON").with_source(error)
        })?;
        attributes.insert(NAME.to_owned(), json);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn attributes(marker: Json) -> Attributes {
        [(NAME.to_owned(), marker)].into_iter().collect()
    }

    #[test]
    fn markers_have_the_form_of_the_format() {
        for json in [
            json!({"kind": "bytes"}),
            json!({"kind": "object", "encoding": "postcard", "type": "crate::T", "schema": "u8"}),
            json!({"kind": "object", "encoding": "json", "type": "crate::T"}),
            json!({"kind": "table", "columns": ["PGA", "SA(0.2)"], "rows": 100}),
            json!({"kind": "root", "status": "created", "parent": "../calc_11"}),
            json!({"sparse": true, "attributes": {"sigma": {"data_type": "float32", "shape": [2]}}}),
        ] {
            let marker = Marker::read(&attributes(json.clone())).unwrap();
            let mut written = Attributes::new();
            marker.write(&mut written).unwrap();
            assert_eq!(written[NAME], json);
        }
    }

    #[test]
    fn a_plain_node_carries_no_marker() {
        let mut none = attributes(json!({}));
        Marker::read(&none).unwrap().write(&mut none).unwrap();
        assert!(none.is_empty());
    }

    #[test]
    fn unknown_fields_are_ignored_and_unknown_kinds_refused() {
        let marker = Marker::read(&attributes(json!({"kind": "bytes", "later": [1]}))).unwrap();
        assert_eq!(marker, Marker::of_kind(Kind::Bytes));
        let error = Marker::read(&attributes(json!({"kind": "graph"}))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = Marker::read(&attributes(json!({"kind": "table", "columns": 3, "rows": 1}))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert_eq!(Marker::read(&attributes(json!([1]))).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}
