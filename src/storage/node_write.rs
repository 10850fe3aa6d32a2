//! Building a node in the stage, whatever it is, and renaming the axes of what was moved.

use std::borrow::Cow;

use rayon::prelude::*;

use super::array_options::ArrayOptions;
use super::fork::in_parallel;
use super::store::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::object::{Encoded, Schema};
use crate::values::{ArrayContent, Content, DataType, Elements};
use crate::zarr::{
    ChunkGrid, Codecs, GroupMetadata, Kind, METADATA_FILE, Marker, NodeMetadata, column_names,
};

/// One column of a table, by its name.
type Column<'a> = (Cow<'a, str>, ArrayContent<'a>);

impl Store {
    /// Writes a value into the stage, as it will stand under `key`; gives its name there.
    pub(super) fn stage_node(
        &self,
        key: &Key,
        content: &Content<'_>,
        options: &ArrayOptions,
    ) -> Result<String> {
        let name = self.writer()?.stage.next_name();
        let array = |array: &ArrayContent<'_>, marker| {
            self.stage_array(&name, array, options.names(key, array.shape.len())?, &marker, options)
        };
        let bytes = |bytes: &[u8], kind| {
            let elements = Elements::Bytes(bytes.into());
            array(&ArrayContent::new(DataType::UInt8, &[bytes.len()], elements)?, Marker::of_kind(kind))
        };
        self.clean_up_after(&name, || match content {
            Content::Array(content) => array(content, Marker::default()),
            Content::Table(columns) => self.stage_table(&name, key, columns, options),
            Content::Bytes(content) => bytes(content, Kind::Bytes),
            Content::Object(object) => bytes(&object.bytes, object_kind(object)),
        })?;
        Ok(name)
    }

    /// Writes an array without elements into the stage; gives its name there.
    pub(super) fn stage_empty_array(
        &self,
        key: &Key,
        data_type: DataType,
        shape: &[u64],
        options: &ArrayOptions,
    ) -> Result<String> {
        let mut metadata = options.metadata(data_type, shape, options.names(key, shape.len())?)?;
        let marker = Marker {
            sparse: true,
            provisional_chunks: options.chunk_shape.is_none() && shape.first() == Some(&0),
            ..Marker::default()
        };
        marker.write(&mut metadata.attributes)?;
        Codecs::new(&metadata)?;
        ChunkGrid::new(shape, &metadata.chunk_shape)
            .map_err(|error| Error::new(ErrorKind::InvalidInput, error.message()))?;
        let name = self.writer()?.stage.next_name();
        self.clean_up_after(&name, || {
            self.create_staged_directory(&name)?;
            self.stage_array_metadata(&name, metadata, 0)
        })?;
        Ok(name)
    }

    fn stage_table(
        &self,
        name: &str,
        key: &Key,
        columns: &[Column<'_>],
        options: &ArrayOptions,
    ) -> Result<()> {
        let rows = check_columns(columns)?;
        self.create_staged_directory(name)?;
        let marker = Marker::default();
        let exact = ArrayOptions { kept_bits: None, ..options.clone() };
        let stage = |(column, content): &Column<'_>| {
            let options = if content.data_type.is_float() { options } else { &exact };
            let names = column_names(key, column, content.shape.len());
            self.stage_array(&format!("{name}/{column}"), content, names, &marker, options)
        };
        if is_worth_threads(columns) {
            in_parallel(|| columns.par_iter().try_for_each(stage))?;
        } else {
            columns.iter().try_for_each(stage)?;
        }
        let names = columns.iter().map(|(column, _)| column.to_string()).collect();
        let mut group = GroupMetadata::default();
        Marker::of_kind(Kind::Table { columns: names, rows }).write(&mut group.attributes)?;
        self.create_staged(&format!("{name}/{METADATA_FILE}"), &[&NodeMetadata::Group(group).to_bytes()?])?;
        self.sync_staged_directory(name)
    }
}

/// Whether writing columns side by side takes less than beginning it.
fn is_worth_threads(columns: &[Column<'_>]) -> bool {
    const WORTH: u64 = 1 << 20;
    let bytes = |(_, content): &Column<'_>| {
        let size = content.data_type.size().unwrap_or(size_of::<&str>()) as u64;
        content.shape.iter().fold(size, |bytes, length| bytes.saturating_mul(*length))
    };
    columns.len() > 1 && columns.iter().map(bytes).fold(0, u64::saturating_add) >= WORTH
}

fn object_kind(object: &Encoded) -> Kind {
    Kind::Object {
        encoding: object.encoding.name().to_owned(),
        type_name: object.type_name.clone(),
        schema: object.schema.as_deref().map(Schema::to_json),
    }
}

/// Checks that columns make a table; gives the number of rows.
fn check_columns(columns: &[Column<'_>]) -> Result<u64> {
    let mut rows = None;
    for (at, (name, content)) in columns.iter().enumerate() {
        let refuse = |kind, why: &str| Err(Error::new(kind, why).with_key(name.to_string()));
        Key::root().child(name)?.check_creatable()?;
        if columns[..at].iter().any(|(other, _)| other == name) {
            return refuse(ErrorKind::AlreadyExists, "two columns have this name");
        }
        match content.shape.first() {
            None => return refuse(ErrorKind::WrongShape, "a scalar cannot be a column"),
            Some(length) if *rows.get_or_insert(*length) != *length => {
                return refuse(ErrorKind::WrongShape, "the column has another number of rows than the first");
            }
            Some(_) => {}
        }
    }
    rows.ok_or_else(|| Error::new(ErrorKind::WrongShape, "a table needs at least one column"))
}
