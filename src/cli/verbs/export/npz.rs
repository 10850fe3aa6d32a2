//! Values as `NumPy`'s files: one array in an `npy`, any number of them in an `npz`.

use calcstore::zip::Writer;
use calcstore::{AnyArray, DataType, ErrorKind, Layout, Node, NodeKind};

use crate::cli::blocks::Blocks;
use crate::cli::failure::Failure;
use crate::cli::files::{Partial, Sink};
use crate::cli::npy;
use crate::cli::source::Source;

/// Writes an array as an `npy` file; `done` is told how many bytes were written.
pub fn write_npy(
    source: &Source,
    node: &Node,
    sink: &mut Sink,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    if node.kind == NodeKind::Table {
        let first = node.columns.first().map_or("", String::as_str);
        let message =
            format!("npy holds one array: name a column, such as {}/{first}; npz holds all", node.key);
        return Err(Failure::new(ErrorKind::WrongType, message));
    }
    let file = File::new(source, node)?;
    sink.write(&file.header)?;
    file.elements(&mut |bytes| {
        done(bytes.len() as u64);
        sink.write(bytes)
    })
}

/// Adds an array to an `npz` file, or each column of a table under a name of its own.
pub fn add(
    source: &Source,
    node: &Node,
    zip: &mut Writer<Partial>,
    done: &mut dyn FnMut(u64),
) -> Result<(), Failure> {
    if node.kind == NodeKind::Table {
        for column in &node.columns {
            add(source, &source.node(&format!("{}/{column}", node.key))?, zip, done)?;
        }
        return Ok(());
    }
    let file = File::new(source, node)?;
    let name = format!("{}.npy", node.key.trim_start_matches('/'));
    zip.add_with(&name, file.size(), |write| {
        write(&file.header)?;
        file.elements(&mut |bytes| {
            done(bytes.len() as u64);
            Ok(write(bytes)?)
        })
    })
}

/// An `npy` file to be.
struct File<'a> {
    blocks: Blocks<'a>,
    layout: &'a Layout,
    header: Vec<u8>,
    /// Of text: the characters of the longest.
    width: usize,
}

impl<'a> File<'a> {
    fn new(source: &'a Source, node: &'a Node) -> Result<Self, Failure> {
        let blocks = Blocks::open(source, node)?;
        let layout = node.layout.as_ref().filter(|_| node.kind == NodeKind::Dataset).ok_or_else(|| {
            Failure::new(ErrorKind::WrongType, format!("is no array but {}", node.kind)).with_key(&node.key)
        })?;
        let mut width = 0;
        if layout.data_type == DataType::String {
            blocks.each(layout.shape.len(), &mut |array| {
                width = width.max(npy::width(&array));
                Ok(())
            })?;
        }
        let header = npy::header(layout.data_type, width, &layout.shape)?;
        Ok(Self { blocks, layout, header, width })
    }

    fn size(&self) -> u64 {
        let element = self.layout.data_type.size().unwrap_or(npy::text_size(self.width)) as u64;
        let elements = self.layout.shape.iter().fold(1u64, |product, length| product.saturating_mul(*length));
        elements.saturating_mul(element).saturating_add(self.header.len() as u64)
    }

    fn elements(&self, each: &mut dyn FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        self.blocks.each(self.layout.shape.len(), &mut |array: AnyArray| {
            npy::write_elements(&array, self.width, &mut *each)
        })
    }
}
