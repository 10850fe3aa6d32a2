//! Attributes as HDF5 has them.

use std::io::{Seek, Write};

use serde_json::Value as Json;

use super::elements;
use super::walk::Walk;
use crate::error::{ErrorKind, Result};
use crate::hdf5::{Attribute, MAX_MESSAGE, Object};
use crate::key::{Key, escape_component};
use crate::nodes::typed_attribute;
use crate::storage::Snapshot;
use crate::values::{AnyArray, ArrayContent, Elements};
use crate::zarr::MARKER;

/// The most bytes of text that an attribute is to hold.
const MAX_TEXT: usize = 60_000;

/// The attributes of one object, and datasets for those that are too large to be attributes.
#[derive(Default)]
pub(super) struct Exported {
    pub attributes: Vec<Attribute>,
    /// Names and datasets that belong beside the object.
    pub spilled: Vec<(String, Object)>,
}

impl<W: Write + Seek> Walk<'_, W> {
    /// Writes the attributes of a node.
    pub(super) fn attributes(&mut self, key: &Key, snapshot: &Snapshot) -> Result<Exported> {
        let mut exported = Exported::default();
        for (name, json) in snapshot.metadata.attributes() {
            if name == MARKER {
                continue;
            }
            let array = match typed_attribute(json, snapshot.marker.attributes.get(name)) {
                Err(error) if error.kind() == ErrorKind::WrongType => text(json),
                array => array?,
            };
            match self.attribute(key, name, &array.stored()?, &mut exported) {
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    self.leave_out(format!("{key}@{name}"), &error);
                }
                done => done?,
            }
        }
        Ok(exported)
    }

    fn attribute(
        &mut self,
        key: &Key,
        name: &str,
        array: &ArrayContent<'_>,
        exported: &mut Exported,
    ) -> Result<()> {
        let datatype = elements::datatype(array.data_type, self.half);
        let length: u64 = array.shape.iter().product();
        // netCDF refuses a whole file for one attribute of two axes.
        let shape = if array.shape.is_empty() { &[][..] } else { &[length] };
        let is_large = Attribute::message_size(name, &datatype, shape)? > MAX_MESSAGE as u64
            || matches!(&array.elements, Elements::Strings(strings)
                if strings.iter().map(|text| text.len()).sum::<usize>() > MAX_TEXT);
        let attribute = match &array.elements {
            _ if is_large => {
                let sibling = format!("{}@{name}", key.name());
                let sibling = escape_component(&sibling)?;
                let dataset = self.array(array, &[])?;
                let parent = key.parent().map_or(String::new(), |parent| parent.as_str().to_owned());
                let path = format!("/{parent}/{sibling}").replace("//", "/");
                exported.spilled.push((sibling, dataset));
                self.writer.string_attribute(name, &[], &[path])?
            }
            Elements::Strings(strings) => self.writer.string_attribute(name, shape, strings)?,
            Elements::Bytes(bytes) => Attribute::new(
                name,
                &datatype,
                shape,
                &elements::numbers(array.data_type, self.half, bytes)?,
            )?,
        };
        exported.attributes.push(attribute);
        Ok(())
    }
}

/// JSON that is no array is kept as its text.
fn text(json: &Json) -> AnyArray {
    AnyArray::from(ndarray::arr0(json.to_string()).into_dyn())
}
