//! What a writer does.

use std::time::Duration;

use calcstore::{DataStore, Error, ErrorKind, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::random::Random;

/// The rows of a chunk of every array.
pub const CHUNK: u64 = 2;
/// The elements of a row.
pub const WIDTH: usize = 4;
/// The name of the attribute that is set.
pub const ATTRIBUTE: &str = "version";

/// One call of the store. All that it stores is the `id` of the operation, in every element and row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Operation {
    /// Stores an array or a table, in place of what is there unless it has to be `new`.
    Put { key: String, rows: u64, is_table: bool, new: bool },
    /// Appends to an array or a table.
    Append { key: String, rows: u64, is_table: bool },
    /// Writes the rows of an array from `from` up to `to`.
    Write { key: String, from: u64, to: u64, is_atomic: bool },
    /// Sets an attribute of a value or a group.
    Attribute { key: String },
    /// Moves a value or a group.
    Move { from: String, to: String },
    /// Removes a value or a group.
    Remove { key: String },
    /// Lets a group appear with so many arrays.
    Draft { group: String, members: u64, replace: bool },
    /// Makes all before it durable.
    Flush,
    /// Removes all that is left over.
    Gc,
}

/// The row of a table; each column follows from the version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub version: u64,
    pub bits: f64,
    pub text: String,
}

impl Row {
    pub fn of(version: u64) -> Self {
        Self { version, bits: f64::from_bits(version), text: format!("v{version}") }
    }
}

impl Operation {
    /// Makes up an operation below `top`: on one of three groups, or one of the four values in each.
    pub fn random(random: &mut Random, top: &str) -> Self {
        let group = |random: &mut Random| format!("{top}/g{}", random.below(3));
        let value = |random: &mut Random| format!("{}/x{}", group(random), random.below(4));
        let (key, is_table) = (value(random), random.once_in(4));
        match random.below(100) {
            0..30 => Self::Put { key, rows: random.below(7), is_table, new: random.once_in(4) },
            30..48 => Self::Append { key, rows: 1 + random.below(5), is_table },
            48..64 => {
                let from = random.below(5);
                Self::Write { key, from, to: from + 1 + random.below(4), is_atomic: random.once_in(2) }
            }
            64..70 => Self::Attribute { key },
            70..72 => Self::Attribute { key: group(random) },
            72..78 => Self::Move { from: key, to: value(random) },
            78..80 => Self::Move { from: group(random), to: group(random) },
            80..85 => Self::Remove { key },
            85..86 => Self::Remove { key: group(random) },
            86..94 => {
                Self::Draft { group: group(random), members: random.below(4), replace: random.once_in(2) }
            }
            94..97 => Self::Flush,
            _ => Self::Gc,
        }
    }

    /// Does it.
    pub fn perform(&self, store: &DataStore, id: u64) -> Result<(), Error> {
        match self {
            Self::Put { key, rows, is_table: true, new } => {
                let table = table(id, *rows)?;
                if *new { store.insert_new(key, table) } else { store.insert(key, table) }
            }
            Self::Put { key, rows, new, .. } => {
                let planned = store.new_dataset(key).chunks([CHUNK, WIDTH as u64]);
                let planned = if *new { planned.only_if_new() } else { planned };
                planned.insert(array(id, *rows))
            }
            Self::Append { key, rows, is_table: true } => {
                store.table(key)?.append(table(id, *rows)?).map(|_| ())
            }
            Self::Append { key, rows, .. } => store.dataset(key)?.append(array(id, *rows)).map(|_| ()),
            Self::Write { key, from, to, is_atomic } => {
                let dataset = store.dataset(key)?.atomic(*is_atomic);
                dataset.write(*from..*to, array(id, to - from))
            }
            Self::Attribute { key } => store.attributes(key)?.insert(ATTRIBUTE, [id; 3]),
            Self::Move { from, to } => store.rename(from, to),
            Self::Remove { key } => store.remove(key),
            Self::Draft { group, members, replace } => {
                let draft = store.draft(group)?.replace(*replace);
                for member in 0..*members {
                    let planned = draft.new_dataset(&format!("x{member}"))?;
                    planned.chunks([CHUNK, WIDTH as u64]).insert(array(id, 1 + member))?;
                }
                draft.commit()
            }
            Self::Flush => store.flush(),
            Self::Gc => match store.gc().older_than(Duration::ZERO).run()?.failed.pop() {
                Some((leftover, error)) => {
                    Err(Error::new(ErrorKind::Io, format!("gc left {leftover:?}: {error}")))
                }
                None => Ok(()),
            },
        }
    }
}

fn array(id: u64, rows: u64) -> Array2<u64> {
    Array2::from_elem((rows as usize, WIDTH), id)
}

fn table(id: u64, rows: u64) -> Result<Table, Error> {
    Table::from_rows(&vec![Row::of(id); rows as usize])
}
