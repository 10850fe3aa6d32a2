//! What a store has that the HDF5 form of it does not say: kept in attributes, so that an import brings it back.
//!
//! # Format
//! The attribute `calcstore` is JSON as text; it is on those nodes alone that lose something. What it does not name came
//! through as it is. `calcstore_bytes` are the bytes of an object, of which the dataset shows the JSON.

use std::collections::BTreeMap;

use ndarray::arr0;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::elements::{Style, is_kept};
use crate::error::{Error, ErrorKind, Result};
use crate::nodes::{noted_attribute, typed_attribute};
use crate::storage::Document;
use crate::values::{AnyArray, DataType};
use crate::zarr::{Kind, MARKER, NodeMetadata, Status, TypedAttribute};

/// The attribute with the bytes of an object.
pub(crate) const OBJECT_BYTES: &str = "calcstore_bytes";

/// What was lost of a node.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Origin {
    /// What it is, where it is no plain array or group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Kind>,
    /// The type of the elements, where the file has another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<String>,
    /// The names of the axes, where they are no dimension scales in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension_names: Option<Vec<Option<String>>>,
    /// The attributes that would come back otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, KeptAttribute>,
    /// The attributes that are datasets beside the node; their values are the paths of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spilled: Vec<String>,
}

/// An attribute as the store has it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptAttribute {
    pub json: Json,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<TypedAttribute>,
}

/// The form that an attribute has in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Missing,
    Attribute,
    /// A dataset beside the node.
    Dataset,
}

/// Tells as text what is lost of a node, if anything is: `form` says what became of its attributes, and `on_scales` which of
/// its axes have a dimension scale.
pub(super) fn of_node(
    document: &Document,
    style: Style,
    on_scales: Option<&[bool]>,
    form: &dyn Fn(&str) -> Form,
) -> Result<Option<AnyArray>> {
    let mut origin = Origin { node: lost_kind(document), ..Origin::default() };
    if let NodeMetadata::Array(array) = &document.metadata {
        let is_lost = !comes_back_as(array.data_type, style);
        origin.data_type = is_lost.then(|| array.data_type.name().to_owned());
        let is_given = |name: &Option<String>| name.as_ref().is_some_and(|name| !name.contains(':'));
        let is_nowhere = on_scales.is_some_and(|on_scales| {
            let names = array.dimension_names.iter().flatten().enumerate();
            names.into_iter().any(|(axis, name)| is_given(name) && on_scales.get(axis) != Some(&true))
        });
        origin.dimension_names = array.dimension_names.clone().filter(|_| is_nowhere);
    }
    for (name, json) in document.metadata.attributes().iter().filter(|(name, _)| *name != MARKER) {
        let note = document.marker.attributes.get(name);
        // An integer that was a truth value gets this attribute, if it has none.
        let is_taken = name == "dtype" && origin.data_type.as_deref() == Some("bool");
        let form = if is_taken { Form::Missing } else { form(name) };
        if form != Form::Missing && comes_back(json, note, form == Form::Dataset, style) {
            origin.spilled.extend((form == Form::Dataset).then(|| name.clone()));
            continue;
        }
        origin.attributes.insert(name.clone(), KeptAttribute { json: json.clone(), note: note.cloned() });
    }
    if origin == Origin::default() {
        return Ok(None);
    }
    let text = serde_json::to_string(&origin).map_err(|error| {
        Error::new(ErrorKind::Unsupported, "cannot be written as JSON").with_source(error)
    })?;
    Ok(Some(AnyArray::from(arr0(text).into_dyn())))
}

/// What a node is, where the file does not show it.
fn lost_kind(document: &Document) -> Option<Kind> {
    match &document.marker.kind {
        Some(Kind::Root { status, .. }) if *status == Status::default() => None,
        Some(Kind::Root { status, .. }) => Some(Kind::Root { status: *status, parent: None, ended: None }),
        kind => kind.clone(),
    }
}

/// Whether elements have their type in the file.
fn comes_back_as(data_type: DataType, style: Style) -> bool {
    data_type == DataType::String
        || (is_kept(data_type, style) && !(data_type == DataType::Bool && style.bools_as_integers))
}

/// Whether an attribute that is in the file becomes the same again.
fn comes_back(json: &Json, note: Option<&TypedAttribute>, is_spilled: bool, style: Style) -> bool {
    let Ok(array) = typed_attribute(json, note) else { return false };
    let (again, its_note) = noted_attribute(&array);
    comes_back_as(array.data_type(), style)
        && (is_spilled || array.shape().len() <= 1)
        && again == *json
        && its_note.as_ref() == note
}
