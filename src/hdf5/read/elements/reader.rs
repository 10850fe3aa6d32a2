//! Reads the elements of a dataset, whatever its layout.

use super::blocks::{BLOCK, Cut};
use super::chunked::{Chunked, LastChunk, Target};
use super::elsewhere::{Elsewhere, refused};
use super::external::External;
use super::filters::Pipeline;
use super::grid::{Grid, product};
use super::index::Places;
use super::mapped::Mapped;
use super::region::{Region, Runs, Side, fill, part, part_mut};
use super::size::{is_in_heap, size_of};
use super::sources::Virtual;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::Type;
use crate::hdf5::read::file::File;
use crate::hdf5::read::input::{Input, corrupt};
use crate::hdf5::read::layout::{Dataspace, FillValue, Filter, Layout, Mapping};
use crate::hdf5::read::object::DatasetHeader;

const WHAT: &str = "dataset";

/// Blocks of elements that refer to the global heap are smaller by this: what they refer to is larger.
const HEAP_PART: u64 = 32;

/// What the header of a dataset says of its elements.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    pub data_type: &'a Type,
    pub dataspace: &'a Dataspace,
    pub layout: &'a Layout,
    pub filters: &'a [Filter],
    pub fill: &'a FillValue,
}

/// A part of a dataset: a box of elements.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The first element along each axis.
    pub start: &'a [u64],
    /// How many there are along each axis.
    pub shape: &'a [u64],
    /// The elements in row-major order, as the file has them.
    pub bytes: &'a [u8],
    /// Whether any of them was ever written; all are the fill value where not.
    pub is_written: bool,
}

/// Reads the elements of one dataset, in blocks of bounded size or any box of them.
#[derive(Debug)]
pub struct DatasetReader<'a> {
    input: &'a Input,
    data_type: &'a Type,
    shape: Vec<u64>,
    /// The size of an element in bytes.
    element: u64,
    fill: Vec<u8>,
    place: Place<'a>,
}

/// Where the elements are.
#[derive(Debug)]
enum Place<'a> {
    /// Nothing was written.
    Nowhere,
    Compact(&'a [u8]),
    Contiguous {
        address: u64,
    },
    Chunked(Box<Chunked<'a>>),
    External(External<'a>),
    Virtual(Virtual<'a>),
}

impl<'a> DatasetReader<'a> {
    /// Reads where the elements are, and none of them.
    ///
    /// # Errors
    /// `Corrupt` where the layout contradicts the shape or type, or the index of the chunks is damaged. `Unsupported` where
    /// the elements are in other files, have more than 16 MiB each, or there are more chunks than can be counted.
    pub fn new(input: &'a Input, stored: Stored<'a>) -> Result<Self> {
        let element = size_of(stored.data_type, input.sizes()).filter(|size| *size > 0);
        let element = element.ok_or_else(|| corrupt("datatype", "its elements have no size"))?;
        if element > BLOCK {
            let why = format!("elements of {element} bytes are not read here: at most {BLOCK} are");
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let (shape, maximum) = match stored.dataspace {
            Dataspace::Null => (vec![0], vec![Some(0)]),
            Dataspace::Simple { shape, maximum } => (shape.clone(), maximum.clone()),
        };
        let fill = match stored.fill {
            Some(bytes) if bytes.len() as u64 == element => bytes.clone(),
            Some(bytes) if !bytes.is_empty() => {
                let why = format!("its {} bytes are no element of {element}", bytes.len());
                return Err(corrupt("fill value", why));
            }
            // One without bytes is defined to be the default.
            _ => vec![0; usize::try_from(element).unwrap_or_default()],
        };
        let place = Place::new(input, stored, &shape, &maximum, element)?;
        Ok(Self { input, data_type: stored.data_type, shape, element, fill, place })
    }

    /// The same, of elements in other files, too, or in other datasets of the file. `data_type` is that of the header, or
    /// what of it is to be read.
    ///
    /// # Errors
    /// Those of [`new`](Self::new), and `NotFound` where a file of raw elements is not there.
    pub fn of(
        file: &'a File,
        header: &'a DatasetHeader,
        data_type: &'a Type,
        elsewhere: Elsewhere<'a>,
    ) -> Result<Self> {
        let DatasetHeader { dataspace, layout, filters, fill, .. } = header;
        let input = file.input();
        let near = |layout| Self::new(input, Stored { data_type, dataspace, layout, filters, fill });
        let Dataspace::Simple { shape, maximum } = dataspace else { return near(layout) };
        let nowhere = || near(&Layout::Contiguous { address: None, size: 0 });
        let are_allowed = elsewhere.neighbours.are_allowed();
        match layout {
            Layout::External(files) if are_allowed => {
                let mut reader = nowhere()?;
                let total = product(shape).and_then(|count| count.checked_mul(reader.element));
                let total = total.ok_or_else(|| corrupt(WHAT, "it is larger than any file"))?;
                reader.place = Place::External(External::new(files, total, elsewhere)?);
                Ok(reader)
            }
            Layout::Virtual { mappings } if are_allowed || mappings.iter().all(is_here) => {
                let mut reader = nowhere()?;
                let data_type = &header.data_type;
                let mut sources = Virtual { file, data_type, elsewhere, parts: Vec::new() };
                sources.elsewhere.spend(mappings.len())?;
                let mapped = Mapped::new(mappings, shape, maximum, &mut |file, dataset| {
                    let mut shape = None;
                    sources.elsewhere.spend(1)?;
                    sources.with((file, dataset), &mut |source| {
                        shape = Some(source.shape.clone());
                        Ok(())
                    })?;
                    Ok(shape)
                })?;
                sources.parts = mapped.parts;
                reader.shape = mapped.shape;
                reader.place = Place::Virtual(sources);
                Ok(reader)
            }
            _ => near(layout),
        }
    }

    /// How many elements there are along each axis: `[]` for a scalar, `[0]` for a null dataspace.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// The type of the elements.
    pub fn data_type(&self) -> &'a Type {
        self.data_type
    }

    /// The size of an element in bytes.
    pub fn element_size(&self) -> u64 {
        self.element
    }

    /// The fill value as the file has it, zeros where it is not defined.
    pub fn fill_value(&self) -> &[u8] {
        &self.fill
    }

    /// The shape of chunks, where there are any.
    pub fn chunk_shape(&self) -> Option<&[u64]> {
        match &self.place {
            Place::Chunked(chunked) => Some(&chunked.grid.chunk),
            _ => None,
        }
    }

    /// The numbers of the chunks that are stored, in row-major order; `None` where all elements may be.
    pub fn stored_chunks(&self) -> Option<Vec<u64>> {
        match &self.place {
            Place::Nowhere => Some(Vec::new()),
            Place::Chunked(chunked) => chunked.places.numbers().map(Iterator::collect),
            Place::Compact(_) | Place::Contiguous { .. } | Place::External(_) | Place::Virtual(_) => None,
        }
    }

    /// How many bytes the elements take in the file.
    pub fn stored_size(&self) -> u64 {
        match &self.place {
            Place::Nowhere | Place::External(_) | Place::Virtual(_) => 0,
            Place::Compact(bytes) => bytes.len() as u64,
            Place::Contiguous { .. } => product(&self.shape).unwrap_or(u64::MAX).saturating_mul(self.element),
            Place::Chunked(chunked) => chunked.places.stored_size(chunked.chunk_bytes, &chunked.grid),
        }
    }

    /// Reads all elements: runs of rows in order, or parts of rows where one row of chunks is larger than 16 MiB, of one
    /// chunk after the other where one chunk is. No block has more than 16 MiB; those of elements in the global heap are
    /// smaller.
    ///
    /// # Errors
    /// `Corrupt` and `Unsupported` where a chunk cannot be decoded, `Io`, and whatever `each` gives.
    pub fn read_blocks(&self, each: &mut dyn FnMut(Block) -> Result<()>) -> Result<()> {
        let cut = self.cut();
        self.read_cells(&mut cut.cells(&vec![0; self.shape.len()]), &cut, each)
    }

    /// The same, without the blocks of which nothing was written: a dataset is as much work as it has chunks, whatever its
    /// shape.
    ///
    /// # Errors
    /// Those of [`read_blocks`](Self::read_blocks).
    pub fn read_written(&self, each: &mut dyn FnMut(Block) -> Result<()>) -> Result<()> {
        let chunked = match &self.place {
            Place::Nowhere => return Ok(()),
            Place::Chunked(chunked) if !self.shape.contains(&0) => chunked,
            _ => return self.read_blocks(each),
        };
        let (cut, mut next) = (self.cut(), 0);
        while let Some(number) = chunked.places.next(next) {
            let places = chunked.grid.places(number);
            if chunked.grid.number(&places) != Some(number) {
                break;
            }
            let from: Vec<u64> =
                places.iter().zip(&chunked.grid.chunk).map(|(at, side)| at.saturating_mul(*side)).collect();
            let Some(cell) = cut.cells(&from).next() else { break };
            let last = cell.start.iter().zip(&cell.shape).zip(&chunked.grid.chunk);
            let last = last.map(|((at, count), side)| {
                at.saturating_add(count.saturating_sub(1)).checked_div(*side).unwrap_or_default()
            });
            let last = chunked.grid.number(&last.collect::<Vec<_>>()).unwrap_or(number);
            self.read_cells(&mut std::iter::once(cell), &cut, each)?;
            next = last.saturating_add(1);
        }
        Ok(())
    }

    /// Reads a box of elements, from `start` on and so many as `count` says along each axis, into a buffer of that size.
    ///
    /// # Errors
    /// `InvalidInput` where the box lies outside of the shape or the buffer has another size; those of
    /// [`read_blocks`](Self::read_blocks).
    pub fn read(&self, start: &[u64], count: &[u64], out: &mut [u8]) -> Result<()> {
        let ends = start.iter().zip(count).zip(&self.shape);
        let is_inside = ends
            .into_iter()
            .all(|((at, count), length)| at.checked_add(*count).is_some_and(|end| end <= *length));
        if start.len() != self.shape.len() || count.len() != self.shape.len() || !is_inside {
            let why = format!(
                "{count:?} elements from {start:?} on do not lie in a dataset of shape {:?}",
                self.shape
            );
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let bytes = product(count).and_then(|count| count.checked_mul(self.element));
        if bytes != Some(out.len() as u64) {
            let why = format!("{count:?} elements of {} bytes do not fit {} bytes", self.element, out.len());
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        self.read_region(&Region::new(start.to_vec(), count.to_vec()), out, &mut None).map(drop)
    }

    fn cut(&self) -> Cut {
        let limit = if is_in_heap(self.data_type) { BLOCK / HEAP_PART } else { BLOCK };
        match &self.place {
            Place::Chunked(chunked) => Cut::new(&self.shape, &chunked.grid.chunk, self.element, limit),
            _ => Cut::new(&self.shape, &vec![1; self.shape.len()], self.element, limit),
        }
    }

    fn read_cells(
        &self,
        cells: &mut dyn Iterator<Item = Region>,
        cut: &Cut,
        each: &mut dyn FnMut(Block) -> Result<()>,
    ) -> Result<()> {
        let (mut buffer, mut last) = (Vec::new(), None);
        for cell in cells {
            for region in cut.blocks(cell) {
                let bytes = product(&region.shape)
                    .and_then(|count| usize::try_from(count.checked_mul(self.element)?).ok());
                buffer.resize(bytes.ok_or_else(|| corrupt(WHAT, "a block is larger than memory"))?, 0);
                let is_written = self.read_region(&region, &mut buffer, &mut last)?;
                each(Block { start: &region.start, shape: &region.shape, bytes: &buffer, is_written })?;
            }
        }
        Ok(())
    }

    /// Fills `out`; says whether any of it was written.
    pub(super) fn read_region(&self, region: &Region, out: &mut [u8], last: &mut LastChunk) -> Result<bool> {
        if out.is_empty() {
            return Ok(false);
        }
        let runs = || {
            let from = Side { shape: &self.shape, start: region.start.clone() };
            let to = Side { shape: &region.shape, start: vec![0; region.shape.len()] };
            Runs::new(&region.shape, &from, &to, self.element)
        };
        match &self.place {
            Place::Nowhere => {
                fill(out, &self.fill);
                return Ok(false);
            }
            Place::Compact(bytes) => {
                let runs = runs();
                runs.each(&mut |from, to| {
                    part_mut(out, to, runs.length)?.copy_from_slice(part(bytes, from, runs.length)?);
                    Ok(())
                })?;
            }
            Place::Contiguous { address } => {
                let runs = runs();
                runs.each(&mut |from, to| {
                    self.input.fill(part_mut(out, to, runs.length)?, address.saturating_add(from), WHAT)
                })?;
            }
            Place::Chunked(chunked) => {
                return chunked.read(self.input, &mut Target { region, out, fill: &self.fill }, last);
            }
            Place::External(files) => {
                let (runs, mut last) = (runs(), None);
                runs.each(&mut |from, to| files.fill(part_mut(out, to, runs.length)?, from, &mut last))?;
            }
            Place::Virtual(sources) => {
                fill(out, &self.fill);
                return sources.read(region, out, self.element);
            }
        }
        Ok(true)
    }
}

impl<'a> Place<'a> {
    fn new(
        input: &Input,
        stored: Stored<'a>,
        shape: &[u64],
        maximum: &[Option<u64>],
        element: u64,
    ) -> Result<Self> {
        let total = product(shape).and_then(|count| count.checked_mul(element)).unwrap_or(u64::MAX);
        match stored.layout {
            Layout::Virtual { .. } | Layout::External(_) => Err(refused(stored.layout)),
            _ if total == 0 => Ok(Self::Nowhere),
            Layout::Compact(bytes) if bytes.len() as u64 >= total => Ok(Self::Compact(bytes)),
            Layout::Compact(bytes) => Err(too_short(bytes.len() as u64, total)),
            Layout::Contiguous { address: None, .. } => Ok(Self::Nowhere),
            Layout::Contiguous { size, .. } if *size < total => Err(too_short(*size, total)),
            Layout::Contiguous { address: Some(address), .. } => {
                input.check(*address, total, WHAT)?;
                Ok(Self::Contiguous { address: *address })
            }
            Layout::Chunked { chunk, index, has_plain_edges } => {
                let grid = Grid::new(shape, chunk)?;
                let chunk_bytes = product(chunk).and_then(|count| count.checked_mul(element));
                let (Some(chunk_bytes), Some(size)) =
                    (chunk_bytes, chunk_bytes.and_then(|bytes| usize::try_from(bytes).ok()))
                else {
                    return Err(corrupt(
                        WHAT,
                        format!("chunks of {chunk:?} elements are larger than any file"),
                    ));
                };
                let places = Places::read(input, index, &grid, maximum, chunk_bytes)?;
                let pipeline = Pipeline::new(stored.filters, size);
                let has_plain_edges = *has_plain_edges;
                Ok(Self::Chunked(Box::new(Chunked {
                    grid,
                    places,
                    pipeline,
                    chunk_bytes,
                    element,
                    has_plain_edges,
                })))
            }
        }
    }
}

/// Whether a mapping leads to a dataset of the same file.
fn is_here(mapping: &Mapping) -> bool {
    &*mapping.file == "."
}

fn too_short(there: u64, total: u64) -> Error {
    corrupt(WHAT, format!("{there} bytes are stored of {total}"))
}
