//! Where chunks are (VII.A): the kinds of index, each in a file of its own.
//!
//! Whatever the index, what is kept of each chunk is 24 bytes, and nothing of chunks that were never written.

mod extensible_array;
mod fixed_array;
mod last;
mod numbering;
mod tree1;
mod tree2;

use std::sync::Arc;

use last::Asked;
use numbering::Numbering;

pub(in crate::hdf5::read) use last::LastIndex;

use super::grid::Grid;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::{Input, corrupt};
use crate::hdf5::read::layout::ChunkIndex;

/// A chunk that is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hdf5::read) struct Place {
    /// Its number in the grid.
    pub number: u64,
    pub address: u64,
    /// How many bytes are stored; `None` is said by indexes of chunks without filters.
    size: u32,
    /// The filters that were skipped, a bit each.
    pub mask: u32,
}

/// Said of the size of chunks that are stored as they are.
const WHOLE: u32 = 0;

impl Place {
    /// How many bytes are stored, where the index says it.
    pub fn size(&self) -> Option<u64> {
        (self.size != WHOLE).then(|| u64::from(self.size))
    }
}

/// What an index says of one chunk.
#[derive(Clone, Copy, Debug)]
struct Entry {
    address: u64,
    size: Option<u64>,
    mask: u32,
}

/// The chunks of a dataset that are stored.
#[derive(Debug)]
pub(in crate::hdf5::read) enum Places {
    /// By number.
    Listed(Vec<Place>),
    /// All of them, side by side, in the order of the numbering.
    Implicit { address: u64, numbering: Numbering, chunk_bytes: u64 },
}

impl Places {
    /// Reads the whole index, unless it was the last one that was read.
    ///
    /// # Errors
    /// `Corrupt` where a structure of it is damaged, or it has a chunk twice.
    pub fn read(
        input: &Input,
        index: &ChunkIndex,
        grid: &Grid,
        maximum: &[Option<u64>],
        chunk_bytes: u64,
    ) -> Result<Arc<Self>> {
        let asked = Asked {
            index: *index,
            shape: grid.shape.clone(),
            chunk: grid.chunk.clone(),
            maximum: maximum.to_vec(),
            chunk_bytes,
        };
        input.last_index().get_or_read(asked, || Self::read_anew(input, index, grid, maximum, chunk_bytes))
    }

    fn read_anew(
        input: &Input,
        index: &ChunkIndex,
        grid: &Grid,
        maximum: &[Option<u64>],
        chunk_bytes: u64,
    ) -> Result<Self> {
        let mut list = List { grid, places: Vec::new() };
        match index {
            ChunkIndex::Tree1 { address: Some(address) } => tree1::read(input, *address, &mut list)?,
            ChunkIndex::Single { address: Some(address), filtered } => {
                let (size, mask) = filtered.map_or((None, 0), |(size, mask)| (Some(size), mask));
                list.add(&vec![0; grid.counts.len()], Entry { address: *address, size, mask })?;
            }
            ChunkIndex::Implicit { address: Some(address) } => {
                let numbering = Numbering::fixed(grid, maximum)?;
                return Ok(Self::Implicit { address: *address, numbering, chunk_bytes });
            }
            ChunkIndex::FixedArray { address: Some(address), .. } => {
                let numbering = Numbering::fixed(grid, maximum)?;
                fixed_array::read(input, *address, &mut |at, entry| list.add_at(&numbering, at, entry))?;
            }
            ChunkIndex::ExtensibleArray { address: Some(address), .. } => {
                let numbering = Numbering::extensible(grid, maximum)?;
                extensible_array::read(input, *address, &mut |at, entry| list.add_at(&numbering, at, entry))?;
            }
            ChunkIndex::Tree2 { address: Some(address) } => tree2::read(input, *address, &mut list)?,
            _ => {}
        }
        list.finish().map(Self::Listed)
    }

    /// Where the chunk of a number is.
    pub fn find(&self, number: u64, grid: &Grid) -> Option<Place> {
        match self {
            Self::Listed(places) => {
                let at = places.binary_search_by_key(&number, |place| place.number).ok()?;
                places.get(at).copied()
            }
            Self::Implicit { address, numbering, chunk_bytes } => {
                let offset = numbering.at(&grid.places(number))?.checked_mul(*chunk_bytes)?;
                Some(Place { number, address: address.checked_add(offset)?, size: WHOLE, mask: 0 })
            }
        }
    }

    /// How many bytes all chunks are in the file, of which each has so many before it is filtered.
    pub fn stored_size(&self, chunk_bytes: u64, grid: &Grid) -> u64 {
        match self {
            Self::Listed(places) => {
                places.iter().map(|place| place.size().unwrap_or(chunk_bytes)).fold(0, u64::saturating_add)
            }
            Self::Implicit { .. } => {
                grid.counts.iter().fold(chunk_bytes, |size, count| size.saturating_mul(*count))
            }
        }
    }

    /// The numbers of the stored chunks, in order; `None` where all of them are stored.
    pub fn numbers(&self) -> Option<impl Iterator<Item = u64>> {
        match self {
            Self::Listed(places) => Some(places.iter().map(|place| place.number)),
            Self::Implicit { .. } => None,
        }
    }

    /// The smallest number of a stored chunk from `number` on.
    pub fn next(&self, number: u64) -> Option<u64> {
        match self {
            Self::Listed(places) => {
                let at = places.partition_point(|place| place.number < number);
                places.get(at).map(|place| place.number)
            }
            Self::Implicit { .. } => Some(number),
        }
    }
}

/// What takes an entry of an array and its place in it.
type EachEntry<'a> = &'a mut dyn FnMut(u64, Entry) -> Result<()>;

/// Chunks as they are found.
#[derive(Debug)]
struct List<'a> {
    grid: &'a Grid,
    places: Vec<Place>,
}

impl List<'_> {
    /// Keeps a chunk, unless it lies outside of the shape: datasets may have been larger once.
    fn add(&mut self, places: &[u64], entry: Entry) -> Result<()> {
        match self.grid.number(places) {
            Some(number) => self.keep(number, entry),
            None => Ok(()),
        }
    }

    fn add_at(&mut self, numbering: &Numbering, at: u64, entry: Entry) -> Result<()> {
        match numbering.places(at) {
            Some(places) => self.add(&places, entry),
            None => Ok(()),
        }
    }

    fn keep(&mut self, number: u64, Entry { address, size, mask }: Entry) -> Result<()> {
        let size = match size {
            None => WHOLE,
            Some(0) => return Err(corrupt("chunk index", "a stored chunk has no byte")),
            Some(size) => u32::try_from(size).map_err(|_| {
                Error::new(ErrorKind::Unsupported, format!("a chunk of {size} stored bytes is not read here"))
            })?,
        };
        self.places.push(Place { number, address, size, mask });
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Place>> {
        let number = |place: &Place| place.number;
        if !self.places.is_sorted_by_key(number) {
            self.places.sort_unstable_by_key(number);
        }
        let mut neighbours = self.places.iter().zip(self.places.iter().skip(1));
        match neighbours.find(|(a, b)| a.number == b.number) {
            Some((a, _)) => {
                Err(corrupt("chunk index", format!("chunk {:?} is in it twice", self.grid.places(a.number))))
            }
            None => Ok(self.places),
        }
    }
}

/// Takes an entry of an array of chunks: an address, and for filtered ones the size and mask. Nothing where no chunk is.
fn entry(fields: &mut Cursor, is_filtered: bool, size: u8) -> Result<Option<Entry>> {
    let address = fields.address()?;
    let entry = if is_filtered {
        let width = size.saturating_sub(fields.sizes().offset).saturating_sub(4);
        (Some(fields.uint(width)?), fields.u32()?)
    } else {
        (None, 0)
    };
    Ok(address.map(|address| Entry { address, size: entry.0, mask: entry.1 }))
}

/// Whether the entries of an array have sizes and masks, from the client ID, and are of a size that has room for them.
fn is_filtered(fields: &Cursor, client: u8, size: u8) -> Result<bool> {
    let offset = fields.sizes().offset;
    match client {
        0 if size == offset => Ok(false),
        1 if size > offset.saturating_add(4) => Ok(true),
        _ => Err(fields.corrupt(format!("entries of kind {client} and {size} bytes"))),
    }
}

fn version(fields: &mut Cursor) -> Result<()> {
    match fields.u8()? {
        0 => Ok(()),
        other => Err(fields.unsupported(format!("version {other}"))),
    }
}
