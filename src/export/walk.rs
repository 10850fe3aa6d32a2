//! The walk over a store that writes children before the groups that hold them.

use std::io::{Seek, Write};
use std::sync::Arc;

use super::ahead::{Ahead, Early, WINDOW};
use super::array::{Content, Outline};
use super::choices::Choices;
use super::nexus::{Plot, Said, Shown, said_of};
use super::origin::OBJECT_BYTES;
use super::report::{ExportReport, LeftOut, Telling};
use super::scales::{Axes, OF_DIMENSIONS, Scales};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Attribute, Datatype, Described, Group, Object, Writer};
use crate::key::Key;
use crate::object::Encoded;
use crate::storage::{Document, Snapshot, Store, beside};
use crate::values::{DataType, Stored};
use crate::zarr::{ArrayMetadata, Kind, NodeMetadata};

/// The attributes that an exported object has besides the user's: its type and its schema.
const OF_OBJECTS: [&str; 3] = ["calcstore_type", "calcstore_schema", OBJECT_BYTES];

/// The attributes of one object, and datasets for those that are too large to be attributes.
#[derive(Default)]
pub(super) struct Exported {
    pub attributes: Vec<Attribute>,
    /// Names and datasets that belong beside the object.
    pub spilled: Vec<(String, Object)>,
    /// What HDF5 cannot hold; reported once the object is in the file.
    pub left_out: Vec<LeftOut>,
    axes: Axes,
    plot: Option<Plot>,
    is_sparse: bool,
}

impl Exported {
    /// Whether there is an attribute of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|attribute| attribute.name() == name)
    }
}

/// What has been made of one node.
enum Made {
    /// A dataset, or a group that is whole.
    Object(Object, Exported),
    /// The labels of a dimension, whose header is written when all that refer to it are known.
    Labels(Exported),
    /// A group, whose members come first.
    Members(Vec<String>, Exported),
    /// It is not to be exported.
    Nothing,
}

pub(super) struct Walk<'a, W> {
    pub(super) store: &'a Store,
    pub(super) writer: Writer<W>,
    pub(super) choices: Choices,
    pub(super) scales: Scales,
    pub(super) report: ExportReport,
    pub(super) telling: Telling<'a>,
    ahead: Arc<Ahead<'a>>,
}

impl<'a, W: Write + Seek> Walk<'a, W> {
    pub(super) fn new(
        store: &'a Store,
        writer: Writer<W>,
        choices: Choices,
        report: ExportReport,
        telling: Telling<'a>,
    ) -> Self {
        let ahead = Arc::new(Ahead::new(store, choices.clone()));
        Self { store, writer, choices, scales: Scales::default(), report, telling, ahead }
    }

    /// Writes everything; gives the sink and the report.
    pub(super) fn run(mut self) -> Result<(W, ExportReport)> {
        let root = Key::root();
        let is_taken = self.choices.only.takes(&root);
        let Made::Members(names, mut exported) = self.node(&root, is_taken, None)? else {
            return Err(Error::new(ErrorKind::Unsupported, "the root is a single array, not a group"));
        };
        let (mut group, shown) = self.members(&root, &names, is_taken)?;
        if group.is_empty() && !is_taken {
            let message = format!("nothing matches {}", self.choices.only.shown());
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        self.classify(&root, &shown, &mut exported)?;
        self.note(&mut group, &root, &mut exported)?;
        let sink = self.writer.finish(group, &exported.attributes)?;
        Ok((sink, self.report))
    }

    /// Writes the members of a group: all of them where it is taken, else those that are themselves, or hold what is.
    fn members(&mut self, key: &Key, names: &[String], is_taken: bool) -> Result<(Group, Shown)> {
        let only = self.choices.only.clone();
        let takes = |child: &Key| is_taken || only.takes(child);
        let ahead = Arc::clone(&self.ahead);
        let mut windows = names.chunks(WINDOW);
        let mut window = windows.next().unwrap_or_default();
        let mut early = ahead.read(key, window, &takes);
        let dimensions = if window.len() == names.len() {
            ahead.dimensions_of(names, &early)
        } else {
            ahead.dimensions(key, names, &takes)
        };
        self.scales.open((self.store, &mut self.writer), (key, names), dimensions)?;
        let mut members = (Group::new(), Shown::default());
        while !window.is_empty() {
            let next = windows.next().unwrap_or_default();
            let mut write = || {
                let mut each = window.iter().zip(early.drain(..));
                each.try_for_each(|(name, early)| {
                    let child = key.child(name)?;
                    let is_taken = takes(&child);
                    self.member(&child, is_taken, early, &mut members)
                })
            };
            let (read, written) = match next {
                [] => (Vec::new(), write()),
                _ => beside(|| ahead.read(key, next, &takes), write),
            };
            written?;
            (window, early) = (next, read);
        }
        let (mut group, shown) = members;
        self.scales.close(&mut self.writer, &mut group)?;
        Ok((group, shown))
    }

    /// Writes a member of a group, and all that is below it.
    fn member(
        &mut self,
        key: &Key,
        is_taken: bool,
        early: Option<Early>,
        (group, shown): &mut (Group, Shown),
    ) -> Result<()> {
        let name = key.name();
        let made = self.node(key, is_taken || self.scales.has_labels(name), early);
        let (object, mut exported) = match made {
            Ok(Made::Object(object, exported)) => (Some(object), exported),
            Ok(Made::Labels(exported)) => (None, exported),
            Ok(Made::Members(names, mut exported)) => {
                let (members, below) = self.members(key, &names, is_taken)?;
                if members.is_empty() && !is_taken {
                    return Ok(());
                }
                self.classify(key, &below, &mut exported)?;
                if below.leads_anywhere() {
                    shown.lead_to(name);
                }
                (Some(self.writer.group(members, &exported.attributes)?), exported)
            }
            // It was removed meanwhile, where it is not there.
            Ok(Made::Nothing) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                self.report.left_out.push(LeftOut::new(key.to_string(), &error));
                return Ok(());
            }
            Err(error) => return Err(error.with_key(key.to_string())),
        };
        if let Some(object) = object {
            self.scales.note(&exported.axes, object.reference());
            group.insert(name, object)?;
        }
        shown.offer(exported.plot.take());
        self.note(group, key, &mut exported)?;
        self.telling.add_node()
    }

    /// Links to what belongs beside an object that is in the file, and reports what it lacks.
    fn note(&mut self, group: &mut Group, key: &Key, exported: &mut Exported) -> Result<()> {
        self.report.left_out.append(&mut exported.left_out);
        if exported.is_sparse {
            self.report.sparse.push(key.to_string());
        }
        exported.spilled.drain(..).try_for_each(|(name, dataset)| group.insert(name, dataset))
    }

    /// Writes what a node holds itself.
    fn node(&mut self, key: &Key, is_taken: bool, early: Option<Early>) -> Result<Made> {
        let store = self.store;
        if let Some(Early { document, array: Some((outline, content)) }) = early
            && let NodeMetadata::Array(array) = &document.metadata
        {
            self.ahead.written(&content);
            let made = self.dataset((key, &document, array), &outline, &content);
            return made.map_err(|error| error.with_key(key.to_string()));
        }
        store.read(key, |snapshot| {
            let is_group = matches!(
                (&snapshot.metadata, &snapshot.marker.kind),
                (NodeMetadata::Group(_), None | Some(Kind::Root { .. }))
            );
            if !is_taken && !is_group {
                return Ok(Made::Nothing);
            }
            if let (NodeMetadata::Array(array), None) = (&snapshot.metadata, &snapshot.marker.kind) {
                let reader = store.chunk_reader(snapshot, array, false)?;
                let outline = self.ahead.outline(&reader, snapshot, array)?;
                return self.dataset((key, snapshot, array), &outline, &Content::Stored(&reader));
            }
            let taken =
                if matches!(snapshot.marker.kind, Some(Kind::Object { .. })) { &OF_OBJECTS[..] } else { &[] };
            let mut exported = self.attributes(key, snapshot, ("", taken))?;
            let made = store.with_stored(snapshot, |stored| match stored {
                Stored::Group => Ok(None),
                Stored::Array(_) | Stored::Bytes(_) => self.bytes(snapshot, &exported).map(Some),
                Stored::Object(object) => {
                    self.keep_bytes(key, object, &mut exported)?;
                    self.object(object, &mut exported).map(Some)
                }
                Stored::Table(columns) => self.table(key, (snapshot, columns), &mut exported).map(Some),
            })?;
            Ok(match made {
                Some(object) => Made::Object(object, exported),
                None => Made::Members(store.possible_names_in(key, snapshot)?, exported),
            })
        })
    }

    /// Writes a plain array, on the scales of its axes.
    fn dataset(
        &mut self,
        (key, document, array): (&Key, &Document, &ArrayMetadata),
        outline: &Outline,
        content: &Content<'_>,
    ) -> Result<Made> {
        let has_labels = self.scales.has_labels(key.name());
        let axes = if has_labels { Axes::new() } else { self.scales.of(array) };
        for why in self.scales.lacking(array, &axes) {
            self.report.no_scale.push(LeftOut { key: key.to_string(), why });
        }
        let is_on_scales = axes.iter().any(Option::is_some);
        let taken = if has_labels || is_on_scales { &OF_DIMENSIONS[..] } else { &[] };
        let mut exported = self.attributes(key, document, ("", taken))?;
        self.mark_bool(array.data_type, &mut exported)?;
        exported.attributes.extend(self.scales.reference(&axes, &mut self.writer)?);
        if self.choices.nexus && !has_labels {
            exported.plot = Plot::new(key.name(), array, self.scales.labels_here(&axes));
        }
        exported.axes = axes;
        exported.is_sparse = outline.is_sparse();
        let described = self.array(outline, content, &exported.attributes)?;
        if has_labels {
            self.scales.keep(key.name(), described);
            return Ok(Made::Labels(exported));
        }
        Ok(Made::Object(self.writer.describe(&described)?, exported))
    }

    /// Writes bytes that are no array of numbers to anybody.
    fn bytes(&mut self, snapshot: &Snapshot, exported: &Exported) -> Result<Object> {
        let NodeMetadata::Array(array) = &snapshot.metadata else {
            return Err(Error::new(ErrorKind::Corrupt, "bytes are not stored as an array"));
        };
        let reader = self.store.chunk_reader(snapshot, array, false)?;
        let outline = Outline::new(&reader, &self.choices, false)?;
        let described = self.array(&outline, &Content::Stored(&reader), &exported.attributes)?;
        self.writer.describe(&described)
    }

    /// Writes the elements of an array.
    pub(super) fn array(
        &mut self,
        outline: &Outline,
        content: &Content<'_>,
        attributes: &[Attribute],
    ) -> Result<Described> {
        outline.write((&mut self.writer, &mut self.telling), content, attributes)
    }

    /// Says what class a group is of, and what it shows.
    fn classify(&mut self, key: &Key, shown: &Shown, exported: &mut Exported) -> Result<()> {
        if !self.choices.nexus {
            return Ok(());
        }
        for (name, said) in said_of(key, shown) {
            match said {
                Said::Text(text) => self.say(exported, name, &text)?,
                Said::List(list) if !exported.has(name) => {
                    let attribute = self.writer.string_attribute(name, &[list.len() as u64], &list)?;
                    exported.attributes.push(attribute);
                }
                Said::List(_) => {}
            }
        }
        Ok(())
    }

    /// Adds an attribute, unless the user has one of this name.
    fn say(&mut self, exported: &mut Exported, name: &str, text: &str) -> Result<()> {
        if !exported.has(name) {
            exported.attributes.push(self.writer.string_attribute(name, &[], &[text])?);
        }
        Ok(())
    }

    /// Says of integers that they were `bool`, in the way that xarray understands.
    pub(super) fn mark_bool(&mut self, data_type: DataType, exported: &mut Exported) -> Result<()> {
        if data_type == DataType::Bool && self.choices.style().bools_as_integers {
            self.say(exported, "dtype", "bool")?;
        }
        Ok(())
    }

    /// Writes an object as the text of its JSON, with its type and structure as attributes.
    fn object(&mut self, object: &Encoded, exported: &mut Exported) -> Result<Object> {
        let json = object.json()?.to_string();
        self.say(exported, OF_OBJECTS[0], &object.type_name)?;
        if let Some(schema) = &object.schema {
            self.say(exported, OF_OBJECTS[1], &schema.to_json().to_string())?;
        }
        if !self.choices.nexus {
            return self.text(&json, &exported.attributes);
        }
        self.say(exported, "NX_class", "NXnote")?;
        let mut note = Group::new();
        note.insert("data", self.text(&json, &[])?)?;
        note.insert("type", self.text("application/json", &[])?)?;
        self.writer.group(note, &exported.attributes)
    }

    /// Writes a scalar of text.
    fn text(&mut self, text: &str, attributes: &[Attribute]) -> Result<Object> {
        let mut dataset = self.writer.dataset(&Datatype::String, &[], attributes)?;
        let reference = dataset.strings(&[text])?;
        dataset.write(reference.as_flattened())?;
        dataset.finish()
    }
}
