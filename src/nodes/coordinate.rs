//! Coordinates: the labels of a dimension, stored as an array of its name beside the datasets that have it.

use std::cmp::Ordering;

use half::f16;
use ndarray::ArrayD;

use super::labels::Label;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::storage::{ArrayOptions, Existing, Snapshot, Store};
use crate::values::{AnyArray, Get, Put};
use crate::zarr::{ArrayMetadata, NodeMetadata};

/// The most labels that an error lists.
const SHOWN_LABELS: usize = 5;

/// The most bytes of a label that is compared with one that is not there.
const COMPARED_BYTES: usize = 255;

/// The labels of a dimension, in an order in which they are found fast.
#[derive(Debug)]
pub(super) struct Coordinate {
    pub snapshot: Snapshot,
    dimension: String,
    values: Values,
    /// The places of the labels, by their size.
    order: Vec<usize>,
}

/// Labels, in the types in which they are compared.
#[derive(Debug)]
enum Values {
    Bools(Vec<bool>),
    Integers(Vec<i128>),
    Floats(Vec<f64>, Rounding),
    Texts(Vec<String>),
}

/// What makes a number one of the coordinate's type.
type Rounding = fn(f64) -> f64;

impl Coordinate {
    pub fn new(dimension: &str, snapshot: Snapshot, labels: AnyArray) -> Result<Self> {
        let values = Values::new(labels)?;
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|one, other| values.compare(*one, *other));
        Ok(Self { snapshot, dimension: dimension.to_owned(), values, order })
    }

    /// Finds the place of a label. A negative integer counts from the end, unless there are negative labels.
    pub fn place(&self, label: &Label) -> Result<u64> {
        let places = match (&self.values, label) {
            (Values::Bools(labels), Label::Bool(label)) => self.places(|at| labels[at].cmp(label)),
            (Values::Texts(labels), Label::Text(label)) => self.places(|at| labels[at].cmp(label)),
            (Values::Integers(labels), Label::Integer(label)) => self.places(|at| labels[at].cmp(label)),
            (Values::Integers(labels), Label::Float(label)) => {
                self.places(|at| float(labels[at]).total_cmp(&normal(*label)))
            }
            (Values::Floats(labels, round), Label::Float(label)) => {
                let label = normal(round(*label));
                self.places(|at| labels[at].total_cmp(&label))
            }
            (Values::Floats(labels, round), Label::Integer(label)) => {
                let label = normal(round(float(*label)));
                self.places(|at| labels[at].total_cmp(&label))
            }
            (_, Label::Integer(..0)) => &[],
            _ if self.order.is_empty() => &[],
            _ => return Err(self.mismatch(label)),
        };
        match (places, label) {
            ([place], _) => Ok(*place as u64),
            ([first, second, ..], _) => Err(self.twice(label, *first, *second)),
            ([], Label::Integer(from_end @ ..0)) if !self.has_negative() => {
                position(*from_end, self.values.len() as u64).ok_or_else(|| self.unknown(label))
            }
            ([], _) => Err(self.unknown(label)),
        }
    }

    /// All places of a label, ascending; `compare` compares the one at a place with it.
    fn places(&self, compare: impl Fn(usize) -> Ordering) -> &[usize] {
        let start = self.order.partition_point(|at| compare(*at) == Ordering::Less);
        let count = self.order[start..].partition_point(|at| compare(*at) == Ordering::Equal);
        &self.order[start..start + count]
    }

    fn has_negative(&self) -> bool {
        let least = self.order.first().map(|at| self.values.label(*at));
        match least {
            Some(Label::Integer(least)) => least < 0,
            Some(Label::Float(least)) => least < 0.0,
            _ => false,
        }
    }

    fn mismatch(&self, label: &Label) -> Error {
        let (name, kind) = (&self.dimension, self.values.kind());
        let such = self.values.first(1);
        let message = format!(
            "the labels of the dimension {name:?} are {kind} such as {such}, asked for {label}; isel() selects by position"
        );
        Error::new(ErrorKind::WrongType, message)
    }

    fn twice(&self, label: &Label, first: usize, second: usize) -> Error {
        let message = format!(
            "the dimension {:?} has the label {label} more than once, at {first} and {second}; isel() selects by position",
            self.dimension
        );
        Error::new(ErrorKind::InvalidInput, message)
    }

    fn unknown(&self, label: &Label) -> Error {
        let nearest = self.nearest(label).map(|nearest| format!("the nearest is {nearest}, "));
        let there = match self.values.len() {
            0 => "it has none".to_owned(),
            length @ ..=SHOWN_LABELS => format!("all are {}", self.values.first(length)),
            length => format!("the first of {length} are {}", self.values.first(SHOWN_LABELS)),
        };
        let message = format!(
            "the dimension {:?} has no label {label}; {}{there}",
            self.dimension,
            nearest.unwrap_or_default()
        );
        Error::new(ErrorKind::InvalidInput, message)
    }

    /// The label that may have been meant.
    fn nearest(&self, asked: &Label) -> Option<Label> {
        let distance = |at: &usize| match (&self.values, asked) {
            (Values::Texts(labels), Label::Text(asked)) if labels[*at].len() <= COMPARED_BYTES => {
                let likeness = strsim::jaro_winkler(&labels[*at], asked);
                (likeness > 0.7).then_some(1.0 - likeness)
            }
            (Values::Integers(labels), Label::Integer(asked)) => Some(float((labels[*at] - asked).abs())),
            (Values::Integers(labels), Label::Float(asked)) => Some((float(labels[*at]) - asked).abs()),
            (Values::Floats(labels, _), Label::Integer(asked)) => Some((labels[*at] - float(*asked)).abs()),
            (Values::Floats(labels, _), Label::Float(asked)) => Some((labels[*at] - asked).abs()),
            _ => None,
        };
        let distances = self.order.iter().filter_map(|at| distance(at).map(|distance| (distance, *at)));
        let nearest = distances.min_by(|one, other| one.0.total_cmp(&other.0));
        nearest.map(|(_, at)| self.values.label(at))
    }
}

impl Values {
    fn new(labels: AnyArray) -> Result<Self> {
        let data_type = labels.data_type();
        Ok(match labels {
            AnyArray::Bool(labels) => Self::Bools(labels.into_iter().collect()),
            AnyArray::String(labels) => Self::Texts(labels.into_iter().collect()),
            AnyArray::Int8(labels) => integers(labels),
            AnyArray::Int16(labels) => integers(labels),
            AnyArray::Int32(labels) => integers(labels),
            AnyArray::Int64(labels) => integers(labels),
            AnyArray::UInt8(labels) => integers(labels),
            AnyArray::UInt16(labels) => integers(labels),
            AnyArray::UInt32(labels) => integers(labels),
            AnyArray::UInt64(labels) => integers(labels),
            AnyArray::Float16(labels) => floats(labels, |label| f16::from_f64(label).to_f64()),
            #[allow(clippy::cast_possible_truncation, reason = "it is rounded as the labels were")]
            AnyArray::Float32(labels) => floats(labels, |label| f64::from(label as f32)),
            AnyArray::Float64(labels) => floats(labels, |label| label),
            AnyArray::Complex64(_) | AnyArray::Complex128(_) => {
                let message =
                    format!("elements of type {data_type} are no labels: text, numbers and bool are");
                return Err(Error::new(ErrorKind::WrongType, message));
            }
        })
    }

    fn len(&self) -> usize {
        match self {
            Self::Bools(labels) => labels.len(),
            Self::Integers(labels) => labels.len(),
            Self::Floats(labels, _) => labels.len(),
            Self::Texts(labels) => labels.len(),
        }
    }

    fn compare(&self, one: usize, other: usize) -> Ordering {
        match self {
            Self::Bools(labels) => labels[one].cmp(&labels[other]),
            Self::Integers(labels) => labels[one].cmp(&labels[other]),
            Self::Floats(labels, _) => labels[one].total_cmp(&labels[other]),
            Self::Texts(labels) => labels[one].cmp(&labels[other]),
        }
    }

    fn label(&self, at: usize) -> Label {
        match self {
            Self::Bools(labels) => Label::Bool(labels[at]),
            Self::Integers(labels) => Label::Integer(labels[at]),
            Self::Floats(labels, _) => Label::Float(labels[at]),
            Self::Texts(labels) => Label::Text(labels[at].clone()),
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Bools(_) => "bool",
            Self::Integers(_) => "integers",
            Self::Floats(..) => "numbers",
            Self::Texts(_) => "text",
        }
    }

    /// The first labels, for a message.
    fn first(&self, count: usize) -> String {
        let shown = (0..self.len().min(count)).map(|at| self.label(at).to_string());
        shown.collect::<Vec<_>>().join(", ")
    }

    /// How many labels there are, and the first of them.
    fn describe(&self) -> String {
        let more = if self.len() > SHOWN_LABELS { ", …" } else { "" };
        format!("{} ({}{more})", self.len(), self.first(SHOWN_LABELS))
    }
}

fn integers<T: Into<i128>>(labels: ArrayD<T>) -> Values {
    Values::Integers(labels.into_iter().map(Into::into).collect())
}

fn floats<T: Into<f64>>(labels: ArrayD<T>, round: Rounding) -> Values {
    Values::Floats(labels.into_iter().map(|label| normal(label.into())).collect(), round)
}

/// One zero and one NaN, so that what is equal compares as equal.
fn normal(label: f64) -> f64 {
    if label.is_nan() { f64::NAN } else { label + 0.0 }
}

#[allow(clippy::cast_precision_loss, reason = "labels that are as large as that are not told apart by f64")]
fn float(label: i128) -> f64 {
    label as f64
}

/// The position that an integer means along an axis, negative from the end.
pub(super) fn position(index: i128, length: u64) -> Option<u64> {
    let index = if index < 0 { index + i128::from(length) } else { index };
    u64::try_from(index).ok().filter(|index| *index < length)
}

/// Finds the coordinate of a dimension, in a group or the nearest above it that has one, and reads it by `read`,
/// which may be called several times.
pub(super) fn find<T>(
    store: &Store,
    group: Option<Key>,
    dimension: &str,
    mut read: impl FnMut(&Key, &Snapshot, u64) -> Result<T>,
) -> Result<Option<(Key, T, Snapshot)>> {
    let mut group = group;
    while let Some(above) = group {
        // Automatic names are no keys, and have no coordinates.
        let Ok(key) = above.child(dimension) else { return Ok(None) };
        let found = store.read_version(&key, |snapshot| {
            let length = coordinate_length(snapshot, dimension);
            length.map(|length| read(&key, snapshot, length)).transpose()
        });
        match found {
            Ok((Some(found), snapshot)) => return Ok(Some((key, found, snapshot))),
            Ok((None, _)) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        group = above.parent();
    }
    Ok(None)
}

/// The length of a node that is a coordinate of a dimension: an array whose only dimension it is.
fn coordinate_length(snapshot: &Snapshot, dimension: &str) -> Option<u64> {
    match (&snapshot.metadata, &snapshot.marker.kind) {
        (NodeMetadata::Array(ArrayMetadata { shape, dimension_names: Some(names), .. }), None) => {
            match (&shape[..], &names[..]) {
                ([length], [Some(name)]) if name == dimension => Some(*length),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Reads the labels themselves.
pub(super) fn read_labels(store: &Store, snapshot: &Snapshot) -> Result<AnyArray> {
    store.with_stored(snapshot, AnyArray::get)
}

/// Takes elements as labels: of one axis, and such as are found again.
pub(super) fn checked_labels(dimension: &str, labels: AnyArray) -> Result<AnyArray> {
    let refuse =
        |kind, why: &str| Err(Error::new(kind, format!("the coordinate {dimension:?}: labels {why}")));
    if labels.shape().len() != 1 {
        return refuse(
            ErrorKind::WrongShape,
            &format!("have one axis, and not the shape {:?}", labels.shape()),
        );
    }
    match Values::new(labels.clone())? {
        Values::Floats(values, _) if values.iter().any(|value| value.is_nan()) => {
            refuse(ErrorKind::InvalidInput, "cannot be NaN, which equals nothing")
        }
        _ => Ok(labels),
    }
}

/// Stores the labels of a dimension in a group, unless they are there already, or above.
pub(super) fn share(store: &Store, group: &Key, dimension: &str, labels: &AnyArray) -> Result<()> {
    if let Some((key, there, _)) = found(store, group, dimension)? {
        return check_same(dimension, &key, there, labels);
    }
    let key = group.child(dimension)?;
    let options = ArrayOptions {
        compression: store.compression(),
        dimension_names: Some(vec![dimension.to_owned()]),
        ..ArrayOptions::default()
    };
    let made = if labels.is_empty() {
        store.create_array(&key, labels.data_type(), &[0], &options, Existing::Refuse)
    } else {
        store.put_with(&key, &labels.content()?, &options, Existing::Refuse)
    };
    match made {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match found(store, group, dimension)? {
            // Somebody else was quicker.
            Some((key, there, _)) => check_same(dimension, &key, there, labels),
            None => {
                let message = format!(
                    "is in the way of the labels of the dimension {dimension:?}: it is no array whose only dimension has that name"
                );
                Err(Error::new(ErrorKind::Conflict, message).with_key(key.to_string()))
            }
        },
        made => made.map_err(|error| error.with_key(key.to_string())),
    }
}

fn found(store: &Store, group: &Key, dimension: &str) -> Result<Option<(Key, AnyArray, Snapshot)>> {
    find(store, Some(group.clone()), dimension, |_, snapshot, _| read_labels(store, snapshot))
}

fn check_same(dimension: &str, key: &Key, there: AnyArray, here: &AnyArray) -> Result<()> {
    if there == *here {
        return Ok(());
    }
    let types = (there.data_type(), here.data_type());
    let (there, here) = (Values::new(there)?, Values::new(here.clone())?);
    let differ = |at: &usize| there.label(*at) != here.label(*at);
    let how = if types.0 != types.1 {
        format!("{} there, {} here", types.0, types.1)
    } else if there.len() == here.len() {
        let at = (0..here.len()).find(differ).unwrap_or_default();
        format!("{} there, {} here, at {at}", there.label(at), here.label(at))
    } else {
        format!("{} there, {} here", there.describe(), here.describe())
    };
    let message = format!(
        "the dimension {dimension:?} has other labels already, in {key}: {how}; give it another name, or replace them first"
    );
    Err(Error::new(ErrorKind::Conflict, message))
}
