//! Tables: datasets of compounds, and groups of columns.

use std::collections::BTreeMap;

use super::arrays::{Made, restored};
use super::attributes::{self, Described, Incoming};
use super::names::component;
use super::opened::{Opened, lengths, weight};
use super::reading::{Place, Reading};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{DatasetReader, StoredObject, Target};
use crate::values::{AnyArray, DataType};

/// No row of a table may take more.
const MOST_ROW: u64 = 64 << 20;

/// A column that is a dataset of its own.
#[derive(Debug)]
pub(crate) struct GroupColumn {
    pub name: String,
    pub opened: Opened,
    /// The type that it had in the store, where the file has another one.
    pub data_type: Option<DataType>,
    pub attributes: Vec<Incoming>,
}

/// A dataset that gives some of the columns.
#[derive(Debug)]
pub(crate) struct Part<'a> {
    pub opened: &'a Opened,
    pub reader: DatasetReader<'a>,
    /// The name of the column, where it is one.
    pub name: Option<&'a str>,
}

/// Some rows of a column.
#[derive(Debug)]
pub(crate) struct ColumnRows {
    /// Its name in the file: of a member of members with dots.
    pub member: String,
    pub name: String,
    pub array: AnyArray,
}

/// Finds the columns of a group that was a table.
///
/// # Errors
/// `Corrupt` where one of them is not there, and those of opening them.
pub(crate) fn columns_of_group(
    reading: &mut Reading<'_>,
    group: &StoredObject<'_>,
    columns: &[String],
    place: &Place,
) -> Result<Vec<GroupColumn>> {
    let links = group.links();
    let mut found = Vec::new();
    for name in columns {
        let link = links.items.iter().find(|link| link.name == *name);
        let Some(Target::Hard(address)) = link.map(|link| &link.target) else {
            return Err(Error::new(ErrorKind::Corrupt, format!("the table has no column {name:?}")));
        };
        let dataset = reading.file.object(*address)?;
        let place = Place { path: format!("{}/{name}", place.path), key: place.key.child(name)? };
        let column = attributes::read(reading, &dataset, &place)?;
        let opened = Opened::new(reading, &dataset)?;
        opened.check_no_list()?;
        found.push(GroupColumn {
            name: name.clone(),
            opened,
            data_type: column.origin.data_type.as_deref().and_then(DataType::from_name),
            attributes: column.attributes,
        });
    }
    for link in links.items.iter().filter(|link| !columns.contains(&link.name) && !link.name.contains(':')) {
        let path = format!("{}/{}", place.path, link.name);
        reading.leave_out(path, "it is no column of the table that it is in");
    }
    Ok(found)
}

/// Begins to read the columns of a group.
///
/// # Errors
/// Those of [`Opened::reader`].
pub(crate) fn parts_of_group<'a>(reading: &Reading<'a>, columns: &'a [GroupColumn]) -> Result<Vec<Part<'a>>> {
    let part = |column: &'a GroupColumn| {
        Ok(Part { opened: &column.opened, reader: column.opened.reader(reading)?, name: Some(&column.name) })
    };
    columns.iter().map(part).collect()
}

/// The types that columns had in the store, where the file has other ones.
pub(crate) fn types_of_group(columns: &[GroupColumn]) -> BTreeMap<String, DataType> {
    columns.iter().filter_map(|column| Some((column.name.clone(), column.data_type?))).collect()
}

impl Part<'_> {
    /// How many bytes so many rows are in the file.
    pub fn size(&self, count: u64) -> u64 {
        self.shape(count).iter().fold(self.reader.element_size(), |size, length| size.saturating_mul(*length))
    }

    fn shape(&self, count: u64) -> Vec<u64> {
        let mut shape = self.reader.shape().to_vec();
        shape.iter_mut().take(1).for_each(|length| *length = count);
        shape
    }

    /// Reads rows of all its columns.
    ///
    /// # Errors
    /// Those of reading; `Corrupt` for a column that is not of the type that it had.
    pub fn read(
        &self,
        reading: &Reading<'_>,
        types: &BTreeMap<String, DataType>,
        (start, count): (u64, u64),
    ) -> Result<Vec<ColumnRows>> {
        let mut shape = self.shape(count);
        let mut from = vec![0; shape.len()];
        from.iter_mut().take(1).for_each(|at| *at = start);
        let mut bytes = crate::values::zeroed(usize::try_from(self.size(count)).unwrap_or(usize::MAX))?;
        self.reader.read(&from, &shape, &mut bytes)?;
        if shape.is_empty() {
            shape.push(1);
        }
        self.decode(reading, types, &bytes, &lengths(&shape))
    }

    /// Makes columns of rows.
    ///
    /// # Errors
    /// As [`Part::read`].
    pub fn decode(
        &self,
        reading: &Reading<'_>,
        types: &BTreeMap<String, DataType>,
        rows: &[u8],
        shape: &[usize],
    ) -> Result<Vec<ColumnRows>> {
        let made = self.opened.made(reading, rows, shape)?;
        let column = |made: Made| {
            let member = self.name.map_or(made.name, str::to_owned);
            let array = match types.get(&member) {
                Some(data_type) => restored(made.array, *data_type)?,
                None => made.array,
            };
            Ok(ColumnRows { name: component(&member)?, member, array })
        };
        made.into_iter().map(column).collect()
    }
}

/// The number of rows of a table, and about how many bytes one takes in memory.
///
/// # Errors
/// `Corrupt` where the columns are of several lengths or there are none; `Unsupported` for rows beyond all measure.
pub(crate) fn extent<'a>(
    reading: &Reading<'_>,
    datasets: impl IntoIterator<Item = &'a Opened>,
) -> Result<(u64, u64)> {
    let (mut rows, mut row) = (None, 0_u64);
    for opened in datasets {
        let shape = opened.shape();
        let (length, inner) = shape.split_first().map_or((1, &[][..]), |(length, inner)| (*length, inner));
        if rows.is_some_and(|rows| rows != length) {
            return Err(Error::new(ErrorKind::Corrupt, "the columns of the table are not of one length"));
        }
        rows = Some(length);
        let weight = weight(opened.element_size(), &opened.sample(reading)?);
        row = row.saturating_add(inner.iter().fold(weight, |bytes, length| bytes.saturating_mul(*length)));
    }
    let rows = rows.ok_or_else(|| Error::new(ErrorKind::Corrupt, "a table without columns"))?;
    if row > MOST_ROW {
        let message = format!("a row of {row} bytes is too large for a table: at most {MOST_ROW} are");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok((rows, row.max(1)))
}

/// Takes the attributes of the columns out of those of a table of compounds; gives them by the names of the columns.
///
/// # Errors
/// `InvalidKey` for a member that can be no column.
pub(crate) fn attributes_of_columns(
    described: &mut Described,
    sample: &[Made],
) -> Result<BTreeMap<String, Vec<Incoming>>> {
    let mut found: BTreeMap<String, Vec<Incoming>> = BTreeMap::new();
    for made in sample {
        if let Some(note) = attributes::members(made) {
            found.entry(component(&made.name)?).or_default().push(note);
        }
    }
    for mut attribute in std::mem::take(&mut described.attributes) {
        let column = sample.iter().find_map(|made| {
            let rest = attribute.name.strip_prefix(made.name.as_str())?.strip_prefix('@')?;
            Some((component(&made.name).ok()?, rest.to_owned()))
        });
        match column.filter(|_| described.is_own) {
            Some((column, name)) => {
                attribute.name = name;
                found.entry(column).or_default().push(attribute);
            }
            None => described.attributes.push(attribute),
        }
    }
    Ok(found)
}
