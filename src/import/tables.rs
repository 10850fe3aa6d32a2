//! Compounds as tables.

use std::collections::BTreeMap;

use super::finish::{Finish, finish};
use super::scope::Scope;
use crate::error::{Error, Result};
use crate::hdf5_file::{
    Described, GroupColumn, Made, Opened, Part, Place, attributes_of_columns, extent, parts_of_group,
    types_of_group,
};
use crate::nodes::StoredTable;
use crate::storage::ArrayOptions;
use crate::values::{DataType, Put, Table};

/// About so many bytes of rows are put into the store at once.
const ROWS: u64 = 4 << 20;

/// Imports a dataset of compounds: a row for each step along its first axis.
pub(super) fn compound(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    sample: &[Made],
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let parts = [Part { opened, reader: opened.reader(&scope.reading)?, name: None }];
    table(scope, &parts, place, &described.columns)?;
    let of_columns = attributes_of_columns(described, sample)?;
    let attributes = std::mem::take(&mut described.attributes);
    finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
    for (column, attributes) in of_columns {
        finish(scope, &place.key.child(&column)?, Finish { attributes, ..Finish::default() })?;
    }
    Ok(())
}

/// Imports a group that was a table: each column is a dataset of its own.
pub(super) fn group(
    scope: &mut Scope<'_, '_>,
    columns: Vec<GroupColumn>,
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let parts = parts_of_group(&scope.reading, &columns)?;
    table(scope, &parts, place, &types_of_group(&columns))?;
    let attributes = std::mem::take(&mut described.attributes);
    finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
    drop(parts);
    for GroupColumn { name, attributes, .. } in columns {
        finish(scope, &place.key.child(&name)?, Finish { attributes, ..Finish::default() })?;
    }
    scope.tally.value()
}

/// Makes a table.
fn table(
    scope: &mut Scope<'_, '_>,
    parts: &[Part<'_>],
    place: &Place,
    types: &BTreeMap<String, DataType>,
) -> Result<()> {
    let (rows, row) = extent(&scope.reading, parts.iter().map(|part| part.opened))?;
    // All rows of a table are written, whatever was written in the file.
    scope.tally.check(rows.saturating_mul(row))?;
    let chunk = parts.first().and_then(|part| part.reader.chunk_shape()?.first().copied());
    let step = step(chunk, row);
    let mut names = BTreeMap::new();
    let options = scope.options(parts.iter().any(|part| part.opened.is_compressed()))?;
    let made = rows_into(scope, (parts, types), (rows, step), place, (&options, &mut names));
    if let Err((error, is_made)) = made {
        if is_made {
            scope.store.remove(&place.key, None)?;
        }
        return Err(error);
    }
    for (member, name) in &names {
        if member != name {
            scope.tally.rename(&format!("{}.{member}", place.path), &place.key.child(name)?);
        }
    }
    Ok(())
}

/// How many rows are read at once: whole chunks, where those are not large.
fn step(chunk: Option<u64>, row: u64) -> u64 {
    let most = ROWS.checked_div(row).unwrap_or(1).max(1);
    let chunk = chunk.unwrap_or(1).max(1);
    if chunk >= most { most } else { most.saturating_sub(most.checked_rem(chunk).unwrap_or_default()) }
}

/// Puts all rows into a new table, and the names of its columns by those that they have in the file into `names`; an
/// error tells whether it was made.
fn rows_into(
    scope: &mut Scope<'_, '_>,
    (parts, types): (&[Part<'_>], &BTreeMap<String, DataType>),
    (rows, step): (u64, u64),
    place: &Place,
    (options, names): (&ArrayOptions, &mut BTreeMap<String, String>),
) -> Result<(), (Error, bool)> {
    let mut start = 0;
    let mut table = None;
    loop {
        let count = step.min(rows.saturating_sub(start));
        let is_made = table.is_some();
        let block = block(scope, (parts, types), (start, count), names).map_err(|error| (error, is_made))?;
        match &table {
            None => {
                let put = block
                    .content()
                    .and_then(|content| scope.store.put_with(&place.key, &content, options, scope.existing));
                put.map_err(|error| (error, false))?;
                let opened = StoredTable::open(scope.store, place.key.clone());
                table = Some(opened.map_err(|error| (error, true))?);
            }
            Some(table) => {
                table.append(&block).map_err(|error| (error, true))?;
            }
        }
        start = start.saturating_add(count);
        if start >= rows {
            return Ok(());
        }
    }
}

/// Reads rows.
fn block(
    scope: &mut Scope<'_, '_>,
    (parts, types): (&[Part<'_>], &BTreeMap<String, DataType>),
    (start, count): (u64, u64),
    names: &mut BTreeMap<String, String>,
) -> Result<Table> {
    let mut table = Table::new();
    for part in parts {
        scope.tally.read(part.size(count))?;
        for column in part.read(&scope.reading, types, (start, count))? {
            table.push_array(&column.name, column.array)?;
            names.insert(column.member, column.name);
        }
    }
    Ok(table)
}
