//! Elements of datasets in chunks.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use super::filters::{Fault, Pipeline};
use super::grid::Grid;
use super::index::{Place, Places};
use super::region::{Region, Runs, Side, fill, part, part_mut};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::input::{Input, corrupt};

const WHAT: &str = "chunk";

/// Runs that are shorter than this are not read from the file one by one.
const SHORT_RUN: u64 = 16 << 10;

/// As many bytes of chunks are decoded side by side, unless a single one has more.
const SIDE_BY_SIDE: u64 = 16 << 20;

/// Where the elements are, and how they become what was written.
#[derive(Debug)]
pub(super) struct Chunked<'a> {
    pub grid: Grid,
    pub places: Arc<Places>,
    pub pipeline: Pipeline<'a>,
    pub chunk_bytes: u64,
    pub element: u64,
    /// Chunks that reach beyond the shape are stored without filters.
    pub has_plain_edges: bool,
}

/// And no more chunks than these, however small they are.
const MOST_SIDE_BY_SIDE: u64 = 1024;

/// Less than this is decoded by the thread that asked for it.
const WORTH_A_THREAD: u64 = 1 << 20;

/// The chunk that was decoded last, where blocks are parts of chunks.
pub(super) type LastChunk = Option<(u64, Vec<u8>)>;

/// A chunk, and what of it belongs to the region that is read.
struct Piece {
    whole: Region,
    common: Region,
    place: Place,
    is_plain: bool,
}

impl Piece {
    /// What a chunk is called: by its first element.
    fn name(&self) -> String {
        format!("chunk at {:?}", self.whole.start)
    }
}

/// What is read, and what it is read into.
pub(super) struct Target<'a> {
    pub region: &'a Region,
    pub out: &'a mut [u8],
    /// What elements of chunks are that are not stored.
    pub fill: &'a [u8],
}

impl Chunked<'_> {
    /// Fills `out` with the elements of a region; says whether any of them was stored.
    ///
    /// # Errors
    /// `Corrupt` where a chunk is damaged, `Unsupported` where a filter of it is not known.
    pub fn read(&self, input: &Input, target: &mut Target, last: &mut LastChunk) -> Result<bool> {
        let chunks = self.chunks(target.region);
        if !self.may_be_stored(&chunks) {
            fill(target.out, target.fill);
            return Ok(false);
        }
        let (mut batch, mut is_stored) = (Vec::new(), false);
        let many = SIDE_BY_SIDE.checked_div(self.chunk_bytes).unwrap_or_default().clamp(1, MOST_SIDE_BY_SIDE);
        each_place(&chunks, &mut |places| {
            let Some((whole, common)) = self.regions(places, target.region) else { return Ok(()) };
            let Some(place) =
                self.grid.number(places).and_then(|number| self.places.find(number, &self.grid))
            else {
                return self.fill(&common, target);
            };
            is_stored = true;
            let is_edge = self.has_plain_edges && self.grid.is_partial(places);
            let piece =
                Piece { is_plain: is_edge || self.pipeline.is_plain(place.mask), whole, common, place };
            if piece.is_plain {
                return self.read_plain(input, &piece, target);
            }
            if self.is_part(&piece) {
                return self.read_part(input, &piece, target, last);
            }
            batch.push(piece);
            if batch.len() as u64 >= many {
                self.read_batch(input, &batch, target)?;
                batch.clear();
            }
            Ok(())
        })?;
        self.read_batch(input, &batch, target)?;
        Ok(is_stored)
    }

    /// The chunks that a region touches, by their places along the axes.
    fn chunks(&self, region: &Region) -> Region {
        let (mut start, mut shape) = (Vec::new(), Vec::new());
        for ((at, count), side) in region.start.iter().zip(&region.shape).zip(&self.grid.chunk) {
            let first = at.checked_div(*side).unwrap_or_default();
            let end = if *count == 0 { first } else { at.saturating_add(*count).div_ceil(*side) };
            start.push(first);
            shape.push(end.saturating_sub(first));
        }
        Region::new(start, shape)
    }

    /// Whether a chunk is stored between the first one of a box and the last.
    fn may_be_stored(&self, chunks: &Region) -> bool {
        let last = chunks
            .start
            .iter()
            .zip(&chunks.shape)
            .map(|(at, count)| at.saturating_add(count.saturating_sub(1)));
        let last: Vec<u64> = last.collect();
        let (first, last) = (self.grid.number(&chunks.start), self.grid.number(&last));
        let next = first.and_then(|first| self.places.next(first));
        next.is_some_and(|next| last.is_none_or(|last| next <= last))
    }

    /// Where a chunk lies, and what of it is in a region.
    fn regions(&self, places: &[u64], region: &Region) -> Option<(Region, Region)> {
        let start = places.iter().zip(&self.grid.chunk).map(|(at, side)| at.saturating_mul(*side)).collect();
        let whole = Region::new(start, self.grid.chunk.clone());
        let common = whole.meet(region)?;
        Some((whole, common))
    }

    fn fill(&self, common: &Region, target: &mut Target) -> Result<()> {
        let side = Side { shape: &target.region.shape, start: common.within(target.region) };
        let runs = Runs::new(&common.shape, &side, &side, self.element);
        runs.each(&mut |at, _| {
            fill(part_mut(target.out, at, runs.length)?, target.fill);
            Ok(())
        })
    }

    fn read_batch(&self, input: &Input, batch: &[Piece], target: &mut Target) -> Result<()> {
        let decoded = self.decode_all(input, batch);
        batch.iter().zip(decoded).try_for_each(|(piece, chunk)| self.copy(&chunk?, piece, target))
    }

    /// Decodes chunks on all processors. The threads are our own: those that everybody shares are not there in forked
    /// processes.
    fn decode_all(&self, input: &Input, batch: &[Piece]) -> Vec<Result<Vec<u8>>> {
        let decode = |part: &[Piece]| part.iter().map(|piece| self.decode(input, piece)).collect::<Vec<_>>();
        let bytes = self.chunk_bytes.saturating_mul(batch.len() as u64);
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        if bytes < WORTH_A_THREAD || threads < 2 {
            return decode(batch);
        }
        let mut parts = batch.chunks(batch.len().div_ceil(threads).max(1));
        let own = parts.next().unwrap_or_default();
        thread::scope(|scope| {
            let start = |part| (part, thread::Builder::new().spawn_scoped(scope, move || decode(part)).ok());
            let running: Vec<_> = parts.map(start).collect();
            let mut decoded = decode(own);
            for (part, thread) in running {
                match thread.map(thread::ScopedJoinHandle::join) {
                    Some(Ok(chunks)) => decoded.extend(chunks),
                    _ => decoded.extend(decode(part)),
                }
            }
            decoded
        })
    }

    /// The runs of a piece: in its chunk, and in what is read.
    fn runs(&self, piece: &Piece, region: &Region) -> Runs {
        let chunk = Side { shape: &piece.whole.shape, start: piece.common.within(&piece.whole) };
        let out = Side { shape: &region.shape, start: piece.common.within(region) };
        Runs::new(&piece.common.shape, &chunk, &out, self.element)
    }

    fn copy(&self, chunk: &[u8], piece: &Piece, target: &mut Target) -> Result<()> {
        let runs = self.runs(piece, target.region);
        runs.each(&mut |from, to| {
            part_mut(target.out, to, runs.length)?.copy_from_slice(part(chunk, from, runs.length)?);
            Ok(())
        })
    }

    /// Reads a chunk without filters straight from the file; as a whole where that is less work.
    fn read_plain(&self, input: &Input, piece: &Piece, target: &mut Target) -> Result<()> {
        if piece.place.size().is_some_and(|size| size != self.chunk_bytes) {
            return Err(corrupt(
                &piece.name(),
                format!("it has {:?} bytes", piece.place.size().unwrap_or_default()),
            ));
        }
        let address = piece.place.address;
        input.check(address, self.chunk_bytes, WHAT)?;
        let runs = self.runs(piece, target.region);
        let wanted = runs.length.saturating_mul(runs.count());
        if runs.length < SHORT_RUN
            && runs.count() > 1
            && wanted >= self.chunk_bytes / 4
            && wanted <= SIDE_BY_SIDE
        {
            let mut chunk = zeroed(self.chunk_bytes)?;
            input.fill(&mut chunk, address, WHAT)?;
            return self.copy(&chunk, piece, target);
        }
        runs.each(&mut |from, to| {
            input.fill(part_mut(target.out, to, runs.length)?, address.saturating_add(from), WHAT)
        })
    }

    /// Whether only a part of a large chunk is read, so that another may be next.
    fn is_part(&self, piece: &Piece) -> bool {
        self.chunk_bytes > super::blocks::BLOCK && piece.common.shape != piece.whole.shape
    }

    fn read_part(
        &self,
        input: &Input,
        piece: &Piece,
        target: &mut Target,
        last: &mut LastChunk,
    ) -> Result<()> {
        if last.as_ref().is_none_or(|(number, _)| *number != piece.place.number) {
            // The one before is given up first, so that there is one at a time.
            *last = None;
            *last = Some((piece.place.number, self.decode(input, piece)?));
        }
        last.as_ref().map_or(Ok(()), |(_, chunk)| self.copy(chunk, piece, target))
    }

    /// Reads a chunk and undoes its filters.
    fn decode(&self, input: &Input, piece: &Piece) -> Result<Vec<u8>> {
        let Place { address, mask, .. } = piece.place;
        let Some(size) = piece.place.size() else {
            return Err(corrupt(&piece.name(), "its index does not say how many bytes are stored"));
        };
        input.check(address, size, WHAT)?;
        if !self.pipeline.is_earned(size, mask) {
            let why = format!("{size} stored bytes cannot become {}", self.chunk_bytes);
            return Err(corrupt(&piece.name(), why));
        }
        let mut stored = zeroed(size)?;
        input.fill(&mut stored, address, WHAT)?;
        self.pipeline.decode(stored, mask).map_err(|fault| match fault {
            Fault::Damaged(why) => corrupt(&piece.name(), why),
            Fault::Unknown(what) => {
                let why = format!("the {} needs {what}, which is not known here", piece.name());
                Error::new(ErrorKind::Unsupported, why)
            }
        })
    }
}

/// Gives each place of a box in row-major order.
fn each_place(region: &Region, each: &mut dyn FnMut(&[u64]) -> Result<()>) -> Result<()> {
    if region.shape.contains(&0) {
        return Ok(());
    }
    let mut at = region.start.clone();
    loop {
        each(&at)?;
        let mut carries = true;
        for ((at, first), count) in at.iter_mut().zip(&region.start).zip(&region.shape).rev() {
            if carries {
                *at = at.saturating_add(1);
                carries = *at >= first.saturating_add(*count);
                if carries {
                    *at = *first;
                }
            }
        }
        if carries {
            return Ok(());
        }
    }
}

/// Memory for so many bytes that were earned.
pub(super) fn zeroed(size: u64) -> Result<Vec<u8>> {
    let size = usize::try_from(size).map_err(|_| corrupt(WHAT, "it is larger than memory"))?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|error| {
        Error::new(ErrorKind::Io, format!("there is no memory for {size} bytes")).with_source(error)
    })?;
    bytes.resize(size, 0);
    Ok(bytes)
}
