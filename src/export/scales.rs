//! Dimension scales: the names of axes, and their labels, as netCDF and HDF5 have them.
//!
//! # Format
//! The HDF5 Dimension Scale Specification: a scale is a dataset with the attributes `CLASS` and `NAME`; a dataset refers to
//! the scales of its axes in `DIMENSION_LIST`, and a scale back to it in `REFERENCE_LIST`. A name without labels is a
//! dataset without elements, as netCDF writes it.

use std::collections::BTreeMap;
use std::io::{Seek, Write};

use super::layout::grows;
use crate::error::Result;
use crate::hdf5::{Attribute, Chunking, Datatype, Described, Group, Place, Writer};
use crate::key::Key;
use crate::storage::{Document, Store};
use crate::zarr::{ArrayMetadata, NodeMetadata};

/// The attributes that make a scale, or refer to one; nobody else's may have these names.
pub(super) const OF_DIMENSIONS: [&str; 5] =
    ["CLASS", "DIMENSION_LIST", "NAME", "REFERENCE_LIST", "_Netcdf4Dimid"];

/// What a scale without labels is called, before its length.
const NO_LABELS: &str = "This is a netCDF dimension but not a netCDF variable.";

/// The most references that fit into an attribute. A scale with more has none: readers need only the other direction.
const MOST_REFERENCES: usize = 4000;

/// The scales of the groups that are being written, the outermost first.
#[derive(Debug, Default)]
pub(super) struct Scales {
    open: Vec<BTreeMap<String, Scale>>,
    count: i32,
}

#[derive(Debug)]
struct Scale {
    length: u64,
    grows: bool,
    /// Its number in the file, as netCDF counts.
    id: i32,
    place: Place,
    /// The array that labels the dimension, once its elements are written.
    labels: Option<Described>,
    has_labels: bool,
    /// The datasets on it, and which of their axes it is.
    users: Vec<([u8; 8], u32)>,
}

/// The scales of the axes of one dataset: the number of the group, and the name.
pub(super) type Axes = Vec<Option<(usize, String)>>;

/// A dimension as the arrays of a group use it.
struct Dimension {
    length: u64,
    grows: bool,
}

/// The dimensions that the members of a group have.
pub(super) struct Dimensions {
    may_grow: bool,
    /// The arrays of one axis, and their lengths.
    lines: BTreeMap<String, u64>,
    used: BTreeMap<String, Dimension>,
}

impl Dimensions {
    pub fn new(may_grow: bool) -> Self {
        Self { may_grow, lines: BTreeMap::new(), used: BTreeMap::new() }
    }

    /// Adds those of a member, of which nothing may be known: whatever is wrong is said when it is exported.
    pub fn add(&mut self, name: &str, document: Option<&Document>) {
        let known = document.and_then(|document| dimensions(document, self.may_grow));
        let Some((shape, dimensions)) = known else { return };
        if let [length] = shape[..] {
            self.lines.insert(name.to_owned(), length);
        }
        for (name, Dimension { length, grows }) in dimensions {
            self.used.entry(name).or_insert(Dimension { length, grows: false }).grows |= grows;
        }
    }
}

/// The names of the axes of an array that somebody gave them.
fn given_names(array: &ArrayMetadata) -> impl Iterator<Item = Option<&str>> {
    let names = array.dimension_names.iter().flatten().map(Option::as_deref);
    names.map(|name| name.filter(|name| !name.is_empty() && *name != "." && !name.contains([':', '/', '\0'])))
}

impl Scales {
    /// Whether the array of this name in the innermost group labels a dimension.
    pub fn has_labels(&self, name: &str) -> bool {
        self.open.last().and_then(|scales| scales.get(name)).is_some_and(|scale| scale.has_labels)
    }

    /// Finds the nearest scale for each axis.
    pub fn of(&self, array: &ArrayMetadata) -> Axes {
        let names = given_names(array).zip(&array.shape);
        names.map(|(name, length)| name.and_then(|name| self.find(name, *length))).collect()
    }

    /// Says of each named axis without a scale why it has none.
    pub fn lacking(&self, array: &ArrayMetadata, axes: &Axes) -> Vec<String> {
        let named = given_names(array).zip(&array.shape).zip(axes).filter(|(_, axis)| axis.is_none());
        let why = named.filter_map(|((name, length), _)| {
            let name = name?;
            let scale = self.open.iter().rev().find_map(|scales| scales.get(name));
            Some(match scale {
                Some(scale) => {
                    format!("no scale for dimension {name}: lengths {} and {length}", scale.length)
                }
                None => format!("no scale for dimension {name}: something else has its name"),
            })
        });
        why.collect()
    }

    /// Which axes have labels that lie in the innermost group.
    pub fn labels_here(&self, axes: &Axes) -> Vec<Option<String>> {
        let here = |at: usize| at + 1 == self.open.len();
        let label = |axis: &Option<(usize, String)>| {
            let (_, name) = axis.as_ref().filter(|(at, name)| here(*at) && self.has_labels(name))?;
            Some(name.clone())
        };
        axes.iter().map(label).collect()
    }

    fn find(&self, name: &str, length: u64) -> Option<(usize, String)> {
        let scope = self.open.iter().rposition(|scales| scales.contains_key(name))?;
        let scale = self.open.get(scope)?.get(name)?;
        (scale.length == length).then(|| (scope, name.to_owned()))
    }

    /// Keeps the array that labels a dimension of the innermost group until the group is closed.
    pub fn keep(&mut self, name: &str, labels: Described) {
        if let Some(scale) = self.open.last_mut().and_then(|scales| scales.get_mut(name)) {
            scale.labels = Some(labels);
        }
    }

    /// Notes that a dataset refers to the scales of its axes.
    pub fn note(&mut self, axes: &Axes, dataset: [u8; 8]) {
        for (axis, scale) in (0..).zip(axes) {
            let Some((scope, name)) = scale else { continue };
            let scale = self.open.get_mut(*scope).and_then(|scales| scales.get_mut(name));
            if let Some(scale) = scale.filter(|scale| scale.users.len() <= MOST_REFERENCES) {
                scale.users.push((dataset, axis));
            }
        }
    }

    /// Makes the attribute by which a dataset refers to the scales of its axes, where it has any.
    pub fn reference<W: Write + Seek>(
        &self,
        axes: &Axes,
        writer: &mut Writer<W>,
    ) -> Result<Option<Attribute>> {
        if axes.iter().all(Option::is_none) {
            return Ok(None);
        }
        let mut lists = Vec::new();
        for axis in axes {
            let scale = axis.as_ref().and_then(|(scope, name)| self.open.get(*scope)?.get(name));
            let references = scale.map(|scale| scale.place.reference());
            lists.push(match references {
                Some(reference) => writer.references(&[reference])?,
                None => [0; 16],
            });
        }
        let shape = [axes.len() as u64];
        Attribute::new("DIMENSION_LIST", &Datatype::References, &shape, lists.as_flattened()).map(Some)
    }
}

impl Scales {
    /// Takes places for the scales of a group, of which those members are exported that have these dimensions, and those that
    /// [label](Self::has_labels) an axis of one of them.
    pub fn open<W: Write + Seek>(
        &mut self,
        (store, writer): (&Store, &mut Writer<W>),
        (key, names): (&Key, &[String]),
        Dimensions { mut lines, used, .. }: Dimensions,
    ) -> Result<()> {
        // Labels come along with what they label.
        let unseen = used.iter().filter(|(name, _)| names.contains(name) && !lines.contains_key(*name));
        let unseen: Vec<(String, u64)> = unseen.map(|(name, used)| (name.clone(), used.length)).collect();
        for (name, length) in unseen {
            if let Ok(node) = store.glance(&key.child(&name)?)
                && dimensions(&node, false).is_some_and(|(shape, _)| shape == [length])
            {
                lines.insert(name, length);
            }
        }
        let mut scales = BTreeMap::new();
        for (name, Dimension { length, grows }) in used {
            let labels = lines.get(&name);
            let length = labels.copied().unwrap_or(length);
            let has_labels = labels.is_some();
            // A directory of that name need not be a node; what cannot be read is one.
            let is_node = || key.child(&name).is_ok_and(|child| store.has(&child).unwrap_or(true));
            let is_taken = !has_labels && names.contains(&name) && is_node();
            if is_taken || (!has_labels && self.find(&name, length).is_some()) {
                continue;
            }
            let (place, id) = (writer.place()?, self.count);
            self.count = id.saturating_add(1);
            let scale = Scale { length, grows, id, place, labels: None, has_labels, users: Vec::new() };
            scales.insert(name, scale);
        }
        self.open.push(scales);
        Ok(())
    }

    /// Writes the headers of the scales of the innermost group, and links to them.
    pub fn close<W: Write + Seek>(&mut self, writer: &mut Writer<W>, group: &mut Group) -> Result<()> {
        for (name, scale) in self.open.pop().unwrap_or_default() {
            let mut attributes = vec![fixed("CLASS", "DIMENSION_SCALE")?];
            let described = match scale.labels {
                Some(labels) => {
                    attributes.push(fixed("NAME", &name)?);
                    labels
                }
                None => {
                    attributes.push(fixed("NAME", &format!("{NO_LABELS}{:10}", scale.length))?);
                    without_labels(writer, &scale)?
                }
            };
            let id = scale.id.to_le_bytes();
            attributes.push(Attribute::new("_Netcdf4Dimid", &Datatype::Int32, &[], &id)?);
            if !scale.users.is_empty() && scale.users.len() <= MOST_REFERENCES {
                let entry =
                    |(dataset, axis): &([u8; 8], u32)| [&dataset[..], &axis.to_le_bytes(), &[0; 4]].concat();
                let list: Vec<u8> = scale.users.iter().flat_map(entry).collect();
                let (datatype, shape) = (Datatype::reference_list(), [scale.users.len() as u64]);
                attributes.push(Attribute::new("REFERENCE_LIST", &datatype, &shape, &list)?);
            }
            group.insert(name, writer.describe_at(&scale.place, described, &attributes)?)?;
        }
        Ok(())
    }
}

/// The dimensions that an array uses, by name.
type Used = Vec<(String, Dimension)>;

/// The shape of an array, and its dimensions, those along which it grows among them.
fn dimensions(document: &Document, may_grow: bool) -> Option<(Vec<u64>, Used)> {
    let NodeMetadata::Array(array) = &document.metadata else { return None };
    if document.marker.kind.is_some() {
        return None;
    }
    let is_growing = may_grow && grows(array, document.marker.provisional_chunks);
    let axes = given_names(array).zip(&array.shape).enumerate();
    let dimensions = axes.filter_map(|(axis, (name, length))| {
        Some((name?.to_owned(), Dimension { length: *length, grows: is_growing && axis == 0 }))
    });
    Some((array.shape.clone(), dimensions.collect()))
}

/// A scale that only names a dimension.
fn without_labels<W: Write + Seek>(writer: &mut Writer<W>, scale: &Scale) -> Result<Described> {
    if !scale.grows {
        return Described::unwritten(&Datatype::Float32, &[scale.length]);
    }
    let chunking = Chunking { maximum: &[None], chunk: &[1024], filters: &[], fill_value: None };
    writer.chunked(&Datatype::Float32, &[scale.length], &chunking, &[])?.end()
}

/// An attribute of text as libhdf5 makes it for scales.
fn fixed(name: &str, text: &str) -> Result<Attribute> {
    let bytes = [text.as_bytes(), &[0]].concat();
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    Attribute::new(name, &Datatype::FixedText(size), &[], &bytes)
}
