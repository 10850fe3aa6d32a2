//! The walk over a store that writes children before the groups that hold them.

use std::io::{Seek, Write};

use super::elements::{self, Half, Interleaved};
use super::report::{ExportProgress, ExportReport, LeftOut};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Attribute, Compound, Datatype, Group, MAX_MESSAGE, Member, Object, Writer};
use crate::key::Key;
use crate::object::Encoded;
use crate::progress::Continue;
use crate::storage::Store;
use crate::values::{Elements, Source, Stored};

/// The attributes that an exported object has besides the user's: its type and its schema.
pub(super) const OF_OBJECTS: [&str; 2] = ["calcstore_type", "calcstore_schema"];

/// About so many bytes of a table are put together at once.
const TABLE_BYTES: u64 = 4 << 20;

/// One column of a table that is being exported.
type Column<'a> = (String, &'a dyn Source);

/// The attributes of one object, and datasets for those that are too large to be attributes.
#[derive(Default)]
pub(super) struct Exported {
    pub attributes: Vec<Attribute>,
    /// Names and datasets that belong beside the object.
    pub spilled: Vec<(String, Object)>,
    /// What HDF5 cannot hold; reported once the object is in the file.
    pub left_out: Vec<LeftOut>,
}

/// What has been made of one node.
enum Made {
    /// A dataset, or a group that is whole.
    Object(Object, Exported),
    /// A group, whose members come first.
    Members(Vec<String>, Exported),
}

pub(super) struct Walk<'a, W> {
    store: &'a Store,
    pub(super) writer: Writer<W>,
    pub(super) half: Half,
    report: ExportReport,
    progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>,
    done: ExportProgress,
}

impl<'a, W: Write + Seek> Walk<'a, W> {
    pub(super) fn new(
        store: &'a Store,
        writer: Writer<W>,
        half: Half,
        report: ExportReport,
        progress: Box<dyn FnMut(ExportProgress) -> Continue + 'a>,
    ) -> Self {
        Self { store, writer, half, report, progress, done: ExportProgress::default() }
    }

    /// Writes everything; gives the sink and the report.
    pub(super) fn run(mut self) -> Result<(W, ExportReport)> {
        let root = Key::root();
        let Made::Members(names, exported) = self.node(&root)? else {
            return Err(Error::new(ErrorKind::Unsupported, "the root is a single array, not a group"));
        };
        self.report.left_out.extend(exported.left_out);
        let mut group = self.members(&root, names)?;
        for (name, dataset) in exported.spilled {
            group.insert(name, dataset)?;
        }
        let sink = self.writer.finish(group, &exported.attributes)?;
        Ok((sink, self.report))
    }

    /// Writes the members of a group.
    fn members(&mut self, key: &Key, names: Vec<String>) -> Result<Group> {
        let mut group = Group::new();
        for name in names {
            let key = key.child(&name)?;
            let (object, exported) = match self.node(&key) {
                Ok(Made::Object(object, exported)) => (object, exported),
                Ok(Made::Members(names, exported)) => {
                    let members = self.members(&key, names)?;
                    (self.writer.group(members, &exported.attributes)?, exported)
                }
                // It was removed meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) if error.kind() == ErrorKind::Unsupported => {
                    self.report.left_out.push(LeftOut::new(key.to_string(), &error));
                    continue;
                }
                Err(error) => return Err(error.with_key(key.to_string())),
            };
            group.insert(name, object)?;
            self.report.left_out.extend(exported.left_out);
            for (name, dataset) in exported.spilled {
                group.insert(name, dataset)?;
            }
            self.done.nodes += 1;
            tell(&mut self.progress, self.done)?;
        }
        Ok(group)
    }

    /// Writes what a node holds itself.
    fn node(&mut self, key: &Key) -> Result<Made> {
        let store = self.store;
        store.read(key, |snapshot| {
            let mut exported = self.attributes(key, snapshot, "")?;
            let made = store.with_stored(snapshot, |stored| match stored {
                Stored::Group => Ok(None),
                Stored::Array(source) | Stored::Bytes(source) => {
                    self.array(*source, &exported.attributes).map(Some)
                }
                Stored::Object(object) => self.object(object, &mut exported.attributes).map(Some),
                Stored::Table(columns) => self.table(key, columns, &mut exported).map(Some),
            })?;
            Ok(match made {
                Some(object) => Made::Object(object, exported),
                None => Made::Members(store.names_in(key, snapshot)?, exported),
            })
        })
    }

    /// Writes an array as a dataset.
    pub(super) fn array(&mut self, source: &dyn Source, attributes: &[Attribute]) -> Result<Object> {
        let data_type = source.data_type();
        let Self { writer, progress, done, half, .. } = self;
        let mut dataset =
            writer.dataset(&elements::datatype(data_type, *half), source.shape(), attributes)?;
        source.read_blocks(&mut |block| {
            done.bytes += elements::write(&mut dataset, (data_type, *half), &block)?;
            tell(progress, *done)
        })?;
        dataset.finish()
    }

    /// Writes an object as the text of its JSON, with its type and structure as attributes.
    fn object(&mut self, object: &Encoded, attributes: &mut Vec<Attribute>) -> Result<Object> {
        let json = object.json()?.to_string();
        attributes.push(self.writer.string_attribute(OF_OBJECTS[0], &[], &[&object.type_name])?);
        if let Some(schema) = &object.schema {
            let schema = schema.to_json().to_string();
            attributes.push(self.writer.string_attribute(OF_OBJECTS[1], &[], &[schema])?);
        }
        let mut dataset = self.writer.dataset(&Datatype::String, &[], attributes)?;
        let reference = dataset.strings(&[json])?;
        dataset.write(reference.as_flattened())?;
        dataset.finish()
    }

    /// Writes a table as one compound dataset; one that is too wide as a group of its columns.
    fn table(&mut self, key: &Key, columns: &[Column<'_>], exported: &mut Exported) -> Result<Object> {
        let member = |(name, source): &Column<'_>| {
            let inner = source.shape().get(1..).unwrap_or_default();
            Member::new(name.clone(), inner, elements::datatype(source.data_type(), self.half))
        };
        let members = columns.iter().map(member).collect::<Result<Vec<_>>>();
        let compound = members.and_then(Compound::new).map(Datatype::Compound);
        match compound {
            Ok(compound) if compound.message_size() <= MAX_MESSAGE => {
                self.compound(key, &compound, columns, exported)
            }
            Err(error) if error.kind() != ErrorKind::Unsupported => Err(error),
            _ => self.group_of_columns(key, columns, exported),
        }
    }

    fn group_of_columns(
        &mut self,
        key: &Key,
        columns: &[Column<'_>],
        exported: &mut Exported,
    ) -> Result<Object> {
        let store = self.store;
        let mut group = Group::new();
        for (name, source) in columns {
            let column = key.child(name)?;
            let own = store.read(&column, |snapshot| self.attributes(&column, snapshot, ""))?;
            group.insert(name.clone(), self.array(*source, &own.attributes)?)?;
            for (name, dataset) in own.spilled {
                group.insert(name, dataset)?;
            }
            exported.left_out.extend(own.left_out);
        }
        let key = key.to_string();
        if !self.report.tables_as_groups.contains(&key) {
            self.report.tables_as_groups.push(key);
        }
        self.writer.group(group, &exported.attributes)
    }

    /// Adds the attributes of the columns to those of the table, as `COLUMN@NAME`: a member of a compound has none.
    fn attributes_of_columns(
        &mut self,
        key: &Key,
        columns: &[Column<'_>],
        exported: &mut Exported,
    ) -> Result<()> {
        let store = self.store;
        for (name, _) in columns {
            let prefix = format!("{name}@");
            let own = store.read(&key.child(name)?, |snapshot| self.attributes(key, snapshot, &prefix))?;
            exported.attributes.extend(own.attributes);
            exported.spilled.extend(own.spilled);
            exported.left_out.extend(own.left_out);
        }
        Ok(())
    }

    fn compound(
        &mut self,
        key: &Key,
        compound: &Datatype,
        columns: &[Column<'_>],
        exported: &mut Exported,
    ) -> Result<Object> {
        self.attributes_of_columns(key, columns, exported)?;
        let rows = columns.first().and_then(|(_, source)| source.shape().first().copied()).unwrap_or(0);
        let step = (TABLE_BYTES / compound.size().max(1)).max(1);
        let row = usize::try_from(compound.size())
            .map_err(|_| Error::new(ErrorKind::Unsupported, "a row is larger than memory"))?;
        let Self { writer, progress, done, half, .. } = self;
        let mut dataset = writer.dataset(compound, &[rows], &exported.attributes)?;
        let mut start = 0;
        while start < rows {
            let count = step.min(rows - start);
            let mut block = Interleaved::new(usize::try_from(count).unwrap_or(usize::MAX), row);
            for (_, source) in columns {
                let rows = source.read_rows(start, count)?;
                let column = match &rows {
                    Elements::Bytes(bytes) => elements::numbers(source.data_type(), *half, bytes)?,
                    Elements::Strings(strings) => dataset.strings(strings)?.into_flattened().into(),
                };
                block.push(&column)?;
            }
            dataset.write(block.bytes())?;
            done.bytes += block.bytes().len() as u64;
            tell(progress, *done)?;
            start += count;
        }
        dataset.finish()
    }
}

fn tell(progress: &mut dyn FnMut(ExportProgress) -> Continue, done: ExportProgress) -> Result<()> {
    match progress(done) {
        Continue::Yes => Ok(()),
        Continue::No => Err(Error::new(ErrorKind::Cancelled, "the export was stopped")),
    }
}
