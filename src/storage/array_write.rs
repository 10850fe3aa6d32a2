//! Building a value in the stage: chunk files first, `zarr.json` last.

use std::borrow::Cow;
use std::os::fd::AsFd;

use rayon::prelude::*;

use super::store::{INTERNALS, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::object::{Encoded, Schema};
use crate::values::{ArrayContent, Content, DataType, Elements};
use crate::zarr::{
    ArrayMetadata, ChunkGrid, GroupMetadata, Kind, METADATA_FILE, Marker, NodeMetadata, automatic_names,
    automatic_prefix, checksum, column_names, default_chunk_shape, encode_strings,
};

/// Above so many files one flush of the whole file system is cheaper than one of each.
const MANY_FILES: u64 = 64;

/// What the elements of text count for when chunks are cut: their length and some letters.
const TEXT_BYTES: u64 = 16;

/// One column of a table, by its name.
type Column<'a> = (Cow<'a, str>, ArrayContent<'a>);

impl Store {
    /// Writes a value into the stage, as it will stand under `key`; gives its name there.
    pub(super) fn stage_node(&self, key: &Key, content: &Content<'_>) -> Result<String> {
        let name = self.writer()?.stage.next_name();
        let bytes = |bytes: &[u8], kind| -> Result<()> {
            let array = ArrayContent::new(DataType::UInt8, &[bytes.len()], Elements::Bytes(bytes.into()))?;
            self.stage_array(&name, &array, automatic_names(key, 1), &Marker::of_kind(kind))
        };
        self.clean_up_after(&name, || match content {
            Content::Array(array) => {
                self.stage_array(&name, array, automatic_names(key, array.shape.len()), &Marker::default())
            }
            Content::Table(columns) => self.stage_table(&name, key, columns),
            Content::Bytes(content) => bytes(content, Kind::Bytes),
            Content::Object(object) => bytes(&object.bytes, object_kind(object)),
        })?;
        Ok(name)
    }

    fn stage_table(&self, name: &str, key: &Key, columns: &[Column<'_>]) -> Result<()> {
        let rows = check_columns(columns)?;
        self.create_staged_directory(name)?;
        for (column, content) in columns {
            let names = column_names(key, column, content.shape.len());
            self.stage_array(&format!("{name}/{column}"), content, names, &Marker::default())?;
        }
        let names = columns.iter().map(|(column, _)| column.to_string()).collect();
        let mut group = GroupMetadata::default();
        Marker::of_kind(Kind::Table { columns: names, rows }).write(&mut group.attributes)?;
        self.create_staged(&format!("{name}/{METADATA_FILE}"), &[&NodeMetadata::Group(group).to_bytes()?])?;
        self.sync_staged_directory(name)
    }

    fn stage_array(
        &self,
        path: &str,
        content: &ArrayContent<'_>,
        dimension_names: Vec<String>,
        marker: &Marker,
    ) -> Result<()> {
        let element = content.data_type.size().map_or(TEXT_BYTES, |size| size as u64);
        let chunk_shape = default_chunk_shape(&content.shape, element);
        let grid = ChunkGrid::new(&content.shape, &chunk_shape)?;
        let mut metadata =
            ArrayMetadata::new(content.data_type, content.shape.clone(), chunk_shape, dimension_names);
        marker.write(&mut metadata.attributes)?;
        self.create_staged_directory(path)?;
        let write = |n| self.stage_chunk(path, content, &metadata, &grid, n);
        match grid.len() {
            0 => {}
            1 => write(0)?,
            count => (0..count).into_par_iter().try_for_each(write)?,
        }
        self.create_staged(
            &format!("{path}/{METADATA_FILE}"),
            &[&NodeMetadata::Array(metadata).to_bytes()?],
        )?;
        if self.is_power() && grid.len() > MANY_FILES {
            self.files.sync_all(self.root()).map_err(self.failed("cannot flush", INTERNALS))?;
        }
        self.sync_staged_directory(path)
    }

    /// Writes chunk number `n`, which is always a run of the array's elements: [`default_chunk_shape`] makes such.
    fn stage_chunk(
        &self,
        path: &str,
        content: &ArrayContent<'_>,
        metadata: &ArrayMetadata,
        grid: &ChunkGrid,
        n: u64,
    ) -> Result<()> {
        let index = grid.index(n);
        let run = grid.run(&grid.region(&index)).and_then(|(start, count)| {
            let start = usize::try_from(start).ok()?;
            Some(start..start.checked_add(usize::try_from(count).ok()?)?)
        });
        let run = run.ok_or_else(|| Error::new(ErrorKind::WrongShape, "a chunk is not a run of elements"))?;
        let chunk = format!("{path}/{}", metadata.chunk_keys.path(&index));
        let stage = self.writer()?.stage.handle();
        let write = |parts: &[&[u8]]| {
            let file = self.files.create_file(stage, &chunk, parts);
            let file = file.map_err(self.failed("cannot write the value", INTERNALS))?;
            if grid.len() > MANY_FILES { Ok(()) } else { self.sync_if_power(&file, INTERNALS) }
        };
        match &content.elements {
            Elements::Strings(strings) => {
                let bytes = encode_strings(&strings[run], grid.chunk_elements())?;
                write(&[&bytes, &checksum(&[&bytes])])
            }
            Elements::Bytes(bytes) => {
                let size = content.data_type.size().unwrap_or(1);
                let data = &bytes[run.start * size..run.end * size];
                let whole = usize::try_from(grid.chunk_elements()).unwrap_or(run.len()) * size;
                // A chunk is always stored full size: the fill value of every number is zero bytes.
                let padding = vec![0; whole.saturating_sub(data.len())];
                write(&[data, &padding, &checksum(&[data, &padding])])
            }
        }
    }

    /// Gives a node that was moved from one key to another, and all below it, the automatic names of its new key.
    pub(super) fn renew_dimension_names(&self, from: &Key, to: &Key) -> Result<()> {
        self.replace_names(&self.place(to), &automatic_prefix(from), &automatic_prefix(to))
    }

    fn replace_names(&self, place: &str, old: &str, new: &str) -> Result<()> {
        let directory =
            self.files.open_directory(self.root(), place).map_err(self.failed("cannot open", place))?;
        let mut metadata = self.read_metadata(&directory, place)?;
        if let NodeMetadata::Array(array) = &mut metadata {
            for name in array.dimension_names.iter_mut().flatten().flatten() {
                if let Some(rest) = name.strip_prefix(old) {
                    *name = format!("{new}{rest}");
                }
            }
            return self.rewrite_metadata(&directory, place, &metadata);
        }
        for entry in self.files.list(directory.as_fd()).map_err(self.failed("cannot list", place))? {
            let name = entry.name.to_string_lossy();
            let below = format!("{place}/{name}");
            if entry.is_directory && self.files.stat(self.root(), &format!("{below}/{METADATA_FILE}")).is_ok()
            {
                self.replace_names(&below, old, new)?;
            }
        }
        Ok(())
    }
}

fn object_kind(object: &Encoded) -> Kind {
    Kind::Object {
        encoding: object.encoding.name().to_owned(),
        type_name: object.type_name.clone(),
        schema: object.schema.as_ref().map(Schema::to_json),
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
