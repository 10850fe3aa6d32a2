//! Attributes as HDF5 has them.

use std::borrow::Cow;
use std::io::{Seek, Write};

use ndarray::Array1;
use serde_json::Value as Json;

use super::elements;
use super::origin::{self, Form, OBJECT_BYTES};
use super::report::LeftOut;
use super::walk::{Exported, Walk};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Attribute, MAX_MESSAGE, Object};
use crate::key::{Key, escape_component};
use crate::nodes::typed_attribute;
use crate::object::Encoded;
use crate::storage::Document;
use crate::values::{AnyArray, ArrayContent, Elements};
use crate::zarr::{MARKER, NodeMetadata};

/// The most bytes of text that an attribute is to hold.
const MAX_TEXT: usize = 60_000;

impl<W: Write + Seek> Walk<'_, W> {
    /// Writes the attributes of a node, with `prefix` before their names; those with names that the export gives others
    /// itself are left out.
    pub(super) fn attributes(
        &mut self,
        key: &Key,
        document: &Document,
        (prefix, taken): (&str, &[&str]),
    ) -> Result<Exported> {
        let mut exported = Exported::default();
        for (name, json) in document.metadata.attributes().iter() {
            if name == MARKER {
                continue;
            }
            if taken.contains(&name.as_str()) {
                let why = "what was exported has an attribute of this name of its own";
                let error = Error::new(ErrorKind::Unsupported, why);
                exported.left_out.push(LeftOut::new(format!("{key}@{name}"), &error));
                continue;
            }
            let array = match typed_attribute(json, document.marker.attributes.get(name)) {
                Err(error) if error.kind() == ErrorKind::WrongType => text(json),
                array => array?,
            };
            match self.attribute(key, &format!("{prefix}{name}"), &array, &mut exported) {
                Err(error) if is_of_the_attribute(error.kind()) => {
                    exported.left_out.push(LeftOut::new(format!("{key}@{name}"), &error));
                }
                done => done?,
            }
        }
        self.note_origin(key, document, prefix, &mut exported)?;
        Ok(exported)
    }

    /// Adds what the file does not say of a node, where anything is; `prefix` is before the names of its attributes.
    fn note_origin(
        &mut self,
        key: &Key,
        document: &Document,
        prefix: &str,
        exported: &mut Exported,
    ) -> Result<()> {
        let on_scales = match &document.metadata {
            NodeMetadata::Array(array) if prefix.is_empty() => Some(self.scales.of(array)),
            _ => None,
        };
        let on_scales: Option<Vec<bool>> = on_scales.map(|axes| axes.iter().map(Option::is_some).collect());
        let form = |name: &str| {
            let written = format!("{prefix}{name}");
            let sibling = sibling(key, &written).unwrap_or_default();
            if !exported.has(&written) {
                Form::Missing
            } else if exported.spilled.iter().any(|(name, _)| *name == sibling) {
                Form::Dataset
            } else {
                Form::Attribute
            }
        };
        let lost = origin::of_node(document, self.choices.style(), on_scales.as_deref(), &form)?;
        let Some(lost) = lost else { return Ok(()) };
        self.attribute(key, &format!("{prefix}{MARKER}"), &lost, exported)
    }

    /// Adds the bytes of an object to its attributes: its JSON does not tell them.
    pub(super) fn keep_bytes(&mut self, key: &Key, object: &Encoded, exported: &mut Exported) -> Result<()> {
        let bytes = AnyArray::from(Array1::from(object.bytes.clone()).into_dyn());
        self.attribute(key, OBJECT_BYTES, &bytes, exported)
    }

    /// Writes one attribute, beside the object where it is too large.
    fn attribute(&mut self, key: &Key, name: &str, array: &AnyArray, exported: &mut Exported) -> Result<()> {
        // netCDF refuses a whole file for one attribute of two axes.
        let flat =
            if array.shape().len() > 1 { Cow::Owned(text(&array.to_json())) } else { Cow::Borrowed(array) };
        let (array, flat) = (array.stored()?, flat.stored()?);
        let attribute = if self.is_large(name, &array)? || self.is_large(name, &flat)? {
            self.spill(key, name, &array, exported)?
        } else {
            match &flat.elements {
                Elements::Strings(strings) => self.writer.string_attribute(name, &flat.shape, strings)?,
                Elements::Bytes(bytes) => {
                    let datatype = elements::datatype(flat.data_type, self.choices.style());
                    let bytes = elements::numbers(flat.data_type, self.choices.style(), bytes)?;
                    Attribute::new(name, &datatype, &flat.shape, &bytes)?
                }
            }
        };
        exported.attributes.push(attribute);
        Ok(())
    }

    /// Whether an array is more than an attribute can hold.
    fn is_large(&self, name: &str, array: &ArrayContent<'_>) -> Result<bool> {
        let datatype = elements::datatype(array.data_type, self.choices.style());
        let is_long = matches!(&array.elements, Elements::Strings(strings)
            if strings.iter().map(|text| text.len()).sum::<usize>() > MAX_TEXT);
        Ok(is_long || Attribute::message_size(name, &datatype, &array.shape)? > MAX_MESSAGE)
    }

    /// Writes a large attribute as a dataset that belongs beside the object; gives the attribute that names it.
    fn spill(
        &mut self,
        key: &Key,
        name: &str,
        array: &ArrayContent<'_>,
        exported: &mut Exported,
    ) -> Result<Attribute> {
        let sibling = sibling(key, name)?;
        let dataset = self.spilled(array)?;
        let parent = key.parent().map_or(String::new(), |parent| parent.as_str().to_owned());
        let path = format!("/{parent}/{sibling}").replace("//", "/");
        exported.spilled.push((sibling, dataset));
        self.writer.string_attribute(name, &[], &[path])
    }
}

impl<W: Write + Seek> Walk<'_, W> {
    /// Writes an array in memory as a dataset.
    fn spilled(&mut self, array: &ArrayContent<'_>) -> Result<Object> {
        let style = self.choices.style();
        let datatype = elements::datatype(array.data_type, style);
        let mut dataset = self.writer.dataset(&datatype, &array.shape, &[])?;
        elements::write(&mut dataset, (array.data_type, style), &array.elements)?;
        dataset.finish()
    }
}

/// The name of the dataset that a large attribute becomes. No key holds a colon: it cannot be that of a member.
fn sibling(key: &Key, name: &str) -> Result<String> {
    Ok(format!("{}:{}", key.name(), escape_component(name)?))
}

/// Whether an error is about one attribute alone, which the others need not suffer from.
fn is_of_the_attribute(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::InvalidKey)
}

/// JSON that HDF5 has no attribute for is kept as its text.
fn text(json: &Json) -> AnyArray {
    AnyArray::from(ndarray::arr0(json.to_string()).into_dyn())
}
