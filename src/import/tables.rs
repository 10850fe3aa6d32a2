//! Compounds as tables.

use std::collections::BTreeMap;

use super::arrays::{Made, restored};
use super::attributes::{self, Described, Finish, Incoming, finish};
use super::names::component;
use super::opened::{Opened, lengths, weight};
use super::scope::{Place, Scope};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{DatasetReader, StoredObject, Target};
use crate::nodes::StoredTable;
use crate::storage::ArrayOptions;
use crate::values::{DataType, Put, Table};

/// About so many bytes of rows are put into the store at once.
const ROWS: u64 = 4 << 20;

/// No row of a table may take more.
const MOST_ROW: u64 = 64 << 20;

/// A dataset that gives some of the columns.
struct Part<'a> {
    opened: &'a Opened,
    reader: DatasetReader<'a>,
    /// The name of the column, where it is one.
    name: Option<&'a str>,
}

/// Imports a dataset of compounds: a row for each step along its first axis.
pub(super) fn compound(
    scope: &mut Scope<'_, '_>,
    opened: &Opened,
    sample: &[Made],
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let reader = opened.reader(scope)?;
    let weight = weight(reader.element_size(), sample);
    let parts = [Part { opened, reader, name: None }];
    let names = table(scope, &parts, weight, place, &described.columns)?;
    let mut of_columns: BTreeMap<String, Vec<Incoming>> = BTreeMap::new();
    for made in sample {
        if let (Some(name), Some(note)) = (names.get(&made.name), attributes::members(made)) {
            of_columns.entry(name.clone()).or_default().push(note);
        }
    }
    let mut own = Vec::new();
    for mut attribute in std::mem::take(&mut described.attributes) {
        let column = names.iter().find_map(|(member, name)| {
            let rest = attribute.name.strip_prefix(member.as_str())?.strip_prefix('@')?;
            Some((name.clone(), rest.to_owned()))
        });
        match column.filter(|_| described.is_own) {
            Some((column, name)) => {
                attribute.name = name;
                of_columns.entry(column).or_default().push(attribute);
            }
            None => own.push(attribute),
        }
    }
    finish(scope, &place.key, Finish { attributes: own, ..Finish::default() })?;
    for (column, attributes) in of_columns {
        finish(scope, &place.key.child(&column)?, Finish { attributes, ..Finish::default() })?;
    }
    Ok(())
}

/// Imports a group that was a table: each column is a dataset of its own.
pub(super) fn group(
    scope: &mut Scope<'_, '_>,
    object: &StoredObject<'_>,
    columns: &[String],
    (place, described): (&Place, &mut Described),
) -> Result<()> {
    let links = object.links();
    let (mut all, mut opened, mut types) = (Vec::new(), Vec::new(), BTreeMap::new());
    for name in columns {
        let link = links.items.iter().find(|link| link.name == *name);
        let Some(Target::Hard(address)) = link.map(|link| &link.target) else {
            return Err(Error::new(ErrorKind::Corrupt, format!("the table has no column {name:?}")));
        };
        let dataset = scope.file.object(*address)?;
        let place = Place { path: format!("{}/{name}", place.path), key: place.key.child(name)? };
        let column = attributes::read(scope, &dataset, &place)?;
        let own = column.origin.data_type.as_deref().and_then(DataType::from_name);
        types.extend(own.map(|data_type| (name.clone(), data_type)));
        all.push((place.key, column.attributes));
        opened.push(Opened::new(&dataset, &mut Vec::new())?);
    }
    for link in links.items.iter().filter(|link| !columns.contains(&link.name) && !link.name.contains(':')) {
        scope
            .tally
            .leave_out(format!("{}/{}", place.path, link.name), "it is no column of the table that it is in");
    }
    let (mut parts, mut total) = (Vec::new(), 0_u64);
    for (name, opened) in columns.iter().zip(&opened) {
        let sample = opened.sample(scope)?;
        let reader = opened.reader(scope)?;
        let row = reader.shape().iter().skip(1).fold(1_u64, |count, length| count.saturating_mul(*length));
        total = total.saturating_add(weight(reader.element_size(), &sample).saturating_mul(row));
        parts.push(Part { opened, reader, name: Some(name) });
    }
    table(scope, &parts, total, place, &types)?;
    let attributes = std::mem::take(&mut described.attributes);
    finish(scope, &place.key, Finish { attributes, ..Finish::default() })?;
    for (key, attributes) in all {
        finish(scope, &key, Finish { attributes, ..Finish::default() })?;
    }
    scope.tally.value()
}

/// Makes a table; gives the names of its columns by those that they have in the file.
fn table(
    scope: &mut Scope<'_, '_>,
    parts: &[Part<'_>],
    weight: u64,
    place: &Place,
    types: &BTreeMap<String, DataType>,
) -> Result<BTreeMap<String, String>> {
    let Some(first) = parts.first() else {
        return Err(Error::new(ErrorKind::Corrupt, "a table without columns"));
    };
    let rows = first.reader.shape().first().copied().unwrap_or(1);
    if parts.iter().any(|part| part.reader.shape().first().copied().unwrap_or(1) != rows) {
        return Err(Error::new(ErrorKind::Corrupt, "the columns of the table are not of one length"));
    }
    let inner = match parts {
        [one] => one.reader.shape().iter().skip(1).fold(1_u64, |count, length| count.saturating_mul(*length)),
        _ => 1,
    };
    let row = weight.saturating_mul(inner).max(1);
    if row > MOST_ROW {
        let message = format!("a row of {row} bytes is too large for a table: at most {MOST_ROW} are");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    // All rows of a table are written, whatever was written in the file.
    scope.tally.check(rows.saturating_mul(row))?;
    let step = step(first.reader.chunk_shape().and_then(|chunk| chunk.first()).copied(), row);
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
    Ok(names)
}

/// How many rows are read at once: whole chunks, where those are not large.
fn step(chunk: Option<u64>, row: u64) -> u64 {
    let most = ROWS.checked_div(row).unwrap_or(1).max(1);
    let chunk = chunk.unwrap_or(1).max(1);
    if chunk >= most { most } else { most.saturating_sub(most.checked_rem(chunk).unwrap_or_default()) }
}

/// Puts all rows into a new table; an error tells whether it was made.
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
    for Part { opened, reader, name } in parts {
        let (mut from, mut shape) = (vec![0; reader.shape().len()], reader.shape().to_vec());
        from.iter_mut().take(1).for_each(|at| *at = start);
        shape.iter_mut().take(1).for_each(|length| *length = count);
        let size = shape.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
        scope.tally.read(size)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        reader.read(&from, &shape, &mut bytes)?;
        if shape.is_empty() {
            shape.push(1);
        }
        for made in opened.made(scope, &bytes, &lengths(&shape))? {
            let member = name.map_or(made.name, str::to_owned);
            let column = match names.get(&member) {
                Some(column) => column.clone(),
                None => component(&member)?,
            };
            let array = match types.get(&member) {
                Some(data_type) => restored(made.array, *data_type)?,
                None => made.array,
            };
            table.push_array(&column, array)?;
            names.insert(member, column);
        }
    }
    Ok(table)
}
