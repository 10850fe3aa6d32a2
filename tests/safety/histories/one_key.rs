//! Calls on one key, each of which is an array.

use calcstore::{DataStore, Error, ErrorKind};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::checker::{Answer, Call};
use super::recorder::Real;
use crate::random::Random;

pub const KEYS: usize = 3;
/// The rows of a value that is inserted.
pub const ROWS: usize = 3;
/// The rows that are written at once.
const WRITTEN: usize = 2;
/// The row that is written by itself.
const ROW: usize = 1;
const WIDTH: usize = 2;

/// A call on one of the keys.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OnKey {
    pub key: usize,
    pub what: What,
}

/// The number is the version that is stored.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum What {
    Get,
    Insert(u64),
    InsertNew(u64),
    Append(u64),
    /// Writes some rows, which are in several chunks, at once.
    Write(u64),
    /// Writes one row, which is in one chunk, where it stands.
    WriteRow(u64),
    Remove,
    Take,
}

impl What {
    /// An array has either rows appended or one written: who reads meanwhile sees each chunk as it was before or after,
    /// so that of both in turn one could see the second alone.
    pub fn random(random: &mut Random, unique: u64, grows: bool) -> Self {
        match random.below(100) {
            0..40 => Self::Get,
            40..56 => Self::Insert(unique),
            56..64 => Self::InsertNew(unique),
            64..78 if grows => Self::Append(unique),
            64..78 => Self::WriteRow(unique),
            78..88 => Self::Write(unique),
            88..95 => Self::Remove,
            _ => Self::Take,
        }
    }

    /// What an array, if there is one, becomes.
    pub fn step(self, state: Option<&Vec<u64>>) -> (Answer, Option<Vec<u64>>) {
        match (self, state) {
            (Self::Insert(version), _) | (Self::InsertNew(version), None) => {
                (Answer::Done, Some(vec![version; ROWS]))
            }
            (Self::InsertNew(_), Some(rows)) => (Answer::AlreadyExists, Some(rows.clone())),
            (_, None) => (Answer::NotFound, None),
            (Self::Get, Some(rows)) => (Answer::Value(rows.clone()), Some(rows.clone())),
            (Self::Append(version), Some(rows)) => {
                let rows: Vec<u64> = rows.iter().copied().chain([version]).collect();
                (Answer::Rows(rows.len() as u64), Some(rows))
            }
            (Self::Write(version), Some(rows)) => {
                let mut rows = rows.clone();
                rows[..WRITTEN].fill(version);
                (Answer::Done, Some(rows))
            }
            (Self::WriteRow(version), Some(rows)) => {
                let mut rows = rows.clone();
                rows[ROW] = version;
                (Answer::Done, Some(rows))
            }
            (Self::Remove, Some(_)) => (Answer::Done, None),
            (Self::Take, Some(rows)) => (Answer::Value(rows.clone()), None),
        }
    }

    pub fn may_replace(self) -> bool {
        !matches!(self, Self::Get | Self::Append(_) | Self::WriteRow(_))
    }

    pub fn perform(self, store: &DataStore, key: &str) -> Answer {
        self.call(store, key).unwrap_or_else(|error| answer_of(&error))
    }

    fn call(self, store: &DataStore, key: &str) -> Result<Answer, Error> {
        let planned = || store.new_dataset(key).chunks([1, WIDTH as u64]);
        Ok(match self {
            Self::Get => rows_of(&store.get(key)?),
            Self::Take => rows_of(&store.take(key)?),
            Self::Insert(version) => planned().insert(array(version, ROWS)).map(|()| Answer::Done)?,
            Self::InsertNew(version) => {
                planned().only_if_new().insert(array(version, ROWS)).map(|()| Answer::Done)?
            }
            Self::Append(version) => Answer::Rows(store.dataset(key)?.append(array(version, 1))?),
            Self::Write(version) => {
                let dataset = store.dataset(key)?.atomic(true);
                dataset.write(0..WRITTEN, array(version, WRITTEN)).map(|()| Answer::Done)?
            }
            Self::WriteRow(version) => {
                store.dataset(key)?.write(ROW..=ROW, array(version, 1)).map(|()| Answer::Done)?
            }
            Self::Remove => store.remove(key).map(|()| Answer::Done)?,
        })
    }
}

/// An array of a version. Each row is in a chunk of its own, so that a mixture of two would show.
pub fn array(version: u64, rows: usize) -> Array2<u64> {
    Array2::from_elem((rows, WIDTH), version)
}

fn rows_of(found: &Array2<u64>) -> Answer {
    let is_mixed = found.rows().into_iter().any(|row| row.iter().any(|version| *version != row[0]));
    if is_mixed { Answer::Never(format!("{found:?}")) } else { Answer::Value(found.column(0).to_vec()) }
}

/// The errors that may be, each where the checker says.
pub fn answer_of(error: &Error) -> Answer {
    match error.kind() {
        ErrorKind::NotFound => Answer::NotFound,
        ErrorKind::AlreadyExists => Answer::AlreadyExists,
        ErrorKind::Conflict => Answer::Conflict,
        ErrorKind::Changed => Answer::Changed,
        _ => Answer::Never(format!("{error:?}")),
    }
}

impl Call for OnKey {
    type State = Option<Vec<u64>>;

    fn step(self, state: &Self::State) -> (Answer, Self::State) {
        self.what.step(state.as_ref())
    }

    fn may_replace(self) -> bool {
        self.what.may_replace()
    }
}

impl Real for OnKey {
    fn random(random: &mut Random, unique: u64) -> Self {
        let key = random.below(KEYS as u64) as usize;
        Self { key, what: What::random(random, unique, key > 0) }
    }

    fn perform(self, store: &DataStore) -> Answer {
        self.what.perform(store, &format!("/shared/{}", self.key))
    }
}
