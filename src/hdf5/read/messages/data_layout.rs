//! Data layout messages, versions 1 to 5 (IV.A.2.i).

use super::virtual_mapping;
use crate::error::Result;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::Input;
use crate::hdf5::read::layout::{ChunkIndex, ExtensibleArray, ExternalFile, Layout};

/// What a layout has to fit to.
#[derive(Clone, Copy, Debug)]
pub struct Fit {
    pub rank: usize,
    pub element_size: u32,
    /// How many bytes all elements take.
    pub size: Option<u64>,
}

/// How many bytes the fixed fields of versions 1 and 2 reserve.
const OLD_RESERVED: usize = 5;

pub fn decode(input: &Input, message: &[u8], fit: Fit) -> Result<Layout> {
    let mut fields = input.cursor(message, "data layout message");
    let version = fields.u8()?;
    let layout = match version {
        1 | 2 => old(&mut fields, fit)?,
        3..=5 => match (fields.u8()?, version) {
            (0, _) => {
                let size = fields.u16()?;
                Layout::Compact(fields.take(usize::from(size))?.to_vec())
            }
            (1, _) => Layout::Contiguous { address: fields.address()?, size: fields.length()? },
            (2, 3) => {
                let rank = fields.u8()?;
                let address = fields.address()?;
                of_tree1(&mut fields, rank, address, fit)?
            }
            (2, _) => {
                let flags = fields.u8()?;
                indexed(&mut fields, flags, fit)?
            }
            (3, 4..) => {
                let (collection, index) = (fields.address()?, fields.u32()?);
                let mappings = collection.map(|collection| virtual_mapping::decode(input, collection, index));
                Layout::Virtual { mappings: mappings.transpose()?.unwrap_or_default() }
            }
            (class, _) => return Err(fields.unsupported(format!("class {class}"))),
        },
        _ => return Err(fields.unsupported(format!("version {version}"))),
    };
    check(&layout, &fields, fit)?;
    Ok(layout)
}

/// Versions 1 and 2, where the size of contiguous elements is what the dataspace says.
fn old(fields: &mut Cursor<'_>, fit: Fit) -> Result<Layout> {
    let [rank, class] = fields.array()?;
    fields.take(OLD_RESERVED)?;
    match class {
        0 => {
            fields.take(usize::from(rank).saturating_mul(4))?;
            let size = fields.u32()?;
            Ok(Layout::Compact(fields.take(usize::try_from(size).unwrap_or(usize::MAX))?.to_vec()))
        }
        1 => Ok(Layout::Contiguous { address: fields.address()?, size: fit.size.unwrap_or(u64::MAX) }),
        2 => {
            let address = fields.address()?;
            of_tree1(fields, rank, address, fit)
        }
        _ => Err(fields.unsupported(format!("class {class}"))),
    }
}

/// Chunks of versions 1 to 3.
fn of_tree1(fields: &mut Cursor<'_>, rank: u8, address: Option<u64>, fit: Fit) -> Result<Layout> {
    let chunk = chunk(fields, rank, 4, fit)?;
    Ok(Layout::Chunked { chunk, index: ChunkIndex::Tree1 { address }, has_plain_edges: false })
}

/// Reads the shape of a chunk, whose last axis is the bytes of an element.
fn chunk(fields: &mut Cursor<'_>, rank: u8, width: u8, fit: Fit) -> Result<Vec<u64>> {
    let mut chunk = (0..rank).map(|_| fields.uint(width)).collect::<Result<Vec<_>>>()?;
    let element_size = chunk.pop();
    if chunk.len() != fit.rank || element_size != Some(u64::from(fit.element_size)) {
        return Err(fields.corrupt(format!(
            "chunks of {chunk:?} elements of {} bytes do not fit to {} axes and elements of {}",
            element_size.unwrap_or_default(),
            fit.rank,
            fit.element_size
        )));
    }
    let size = chunk.iter().try_fold(u64::from(fit.element_size), |size, length| size.checked_mul(*length));
    if size.is_none_or(|size| size == 0) {
        return Err(fields.corrupt(format!("chunks of {chunk:?} elements")));
    }
    Ok(chunk)
}

/// Chunks of versions 4 and 5, which have an index of one of five types.
fn indexed(fields: &mut Cursor<'_>, flags: u8, fit: Fit) -> Result<Layout> {
    const PLAIN_EDGES: u8 = 1;
    const SINGLE_IS_FILTERED: u8 = 1 << 1;
    let [rank, width] = fields.array()?;
    let chunk = chunk(fields, rank, width, fit)?;
    let index = match fields.u8()? {
        1 => {
            let is_filtered = flags & SINGLE_IS_FILTERED != 0;
            let filtered = if is_filtered { Some((fields.length()?, fields.u32()?)) } else { None };
            ChunkIndex::Single { address: fields.address()?, filtered }
        }
        2 => ChunkIndex::Implicit { address: fields.address()? },
        3 => {
            let page_bits = fields.u8()?;
            ChunkIndex::FixedArray { address: fields.address()?, page_bits }
        }
        4 => {
            let [max_bits, index_elements, min_pointers, min_elements, page_bits] = fields.array()?;
            let parameters =
                ExtensibleArray { max_bits, index_elements, min_pointers, min_elements, page_bits };
            ChunkIndex::ExtensibleArray { address: fields.address()?, parameters }
        }
        5 => {
            // The size of nodes, and when they are split and merged; the header of the tree says it again.
            fields.take(6)?;
            ChunkIndex::Tree2 { address: fields.address()? }
        }
        kind => return Err(fields.unsupported(format!("a chunk index of type {kind}"))),
    };
    Ok(Layout::Chunked { chunk, index, has_plain_edges: flags & PLAIN_EDGES != 0 })
}

/// Fails where elements would lie outside of what is there for them.
fn check(layout: &Layout, fields: &Cursor<'_>, fit: Fit) -> Result<()> {
    let (Layout::Compact(_) | Layout::Contiguous { address: Some(_), .. }) = layout else { return Ok(()) };
    let size = match layout {
        Layout::Compact(bytes) => bytes.len() as u64,
        Layout::Contiguous { size, .. } => *size,
        _ => return Ok(()),
    };
    if fit.size.is_some_and(|needed| needed <= size) {
        return Ok(());
    }
    let needed = fit.size.map_or_else(|| "more than any file has".to_owned(), |size| format!("{size}"));
    Err(fields.corrupt(format!("it has {size} bytes for elements that take {needed}")))
}

/// Gives the layout of a dataset whose elements other files have, in one run each.
pub fn external(input: &Input, message: &[u8]) -> Result<Layout> {
    let files: Vec<ExternalFile> = super::external_files::decode(input, message)?;
    Ok(Layout::External(files))
}
