//! The codec `sharding_indexed`: many inner chunks in one file, with an index of where each lies.
//!
//! # Format
//! <https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html>

use std::borrow::Cow;
use std::ops::Range;

use super::configuration::{IndexLocation, Sharding, nonsense};
use super::{Codecs, MAX_DECODED, Parts, corrupt};
use crate::error::{Error, ErrorKind, Result};
use crate::values::{DataType, Elements, zeroed};
use crate::zarr::chunks::ChunkGrid;
use crate::zarr::fill_value::FillValue;

/// Both numbers of an index entry whose inner chunk is not there.
const MISSING: u64 = u64::MAX;

/// The bytes of an index entry: offset and length.
const ENTRY: usize = 16;

/// How the chunk files of an array are divided.
#[derive(Debug)]
pub(crate) struct Shards {
    inner: Codecs,
    index: Codecs,
    index_bytes: u64,
    index_location: IndexLocation,
    inner_shape: Vec<u64>,
    grid: ChunkGrid,
    fill: FillValue,
}

/// Where the inner chunks of one shard lie in its file: as the file says it, since there may be millions of them.
#[derive(Debug)]
pub(crate) struct ShardIndex(Cow<'static, [u8]>);

impl ShardIndex {
    /// The bytes of inner chunk `n` in C order; `None` where it is not stored, and is all fill value.
    pub(crate) fn entry(&self, n: u64) -> Option<Range<u64>> {
        match self.stored(usize::try_from(n).ok()?)? {
            (MISSING, MISSING) => None,
            (start, length) => Some(start..start.saturating_add(length)),
        }
    }

    /// The bytes that it takes in memory.
    pub(crate) fn size(&self) -> usize {
        self.0.len()
    }

    /// Both numbers of an entry.
    fn stored(&self, n: usize) -> Option<(u64, u64)> {
        let [offset, length] = self.0.as_chunks().0.as_chunks().0.get(n)?;
        Some((u64::from_le_bytes(*offset), u64::from_le_bytes(*length)))
    }

    /// The ranges of the chunks that have bytes, with their numbers.
    fn ranges(&self) -> impl Iterator<Item = (u64, Range<u64>)> {
        let all = (0..(self.0.len() / ENTRY) as u64).filter_map(|n| Some((n, self.entry(n)?)));
        all.filter(|(_, range)| !range.is_empty())
    }
}

impl Shards {
    /// `shape` is that of a shard; `inner` makes the codecs of its inner chunks.
    pub(super) fn new(
        settings: &Sharding,
        shape: &[u64],
        fill: &FillValue,
        inner: impl Fn(&[u64], &[serde_json::Value]) -> Result<Codecs>,
    ) -> Result<Self> {
        let inner_shape = settings.chunk_shape.clone();
        let count = |(shard, inner): (&u64, &u64)| {
            shard.checked_div(*inner).filter(|count| count.checked_mul(*inner) == Some(*shard))
        };
        let counts: Option<Vec<u64>> = shape.iter().zip(&inner_shape).map(count).collect();
        let mut index_shape = counts.filter(|_| inner_shape.len() == shape.len()).ok_or_else(|| {
            nonsense(format_args!("shards of shape {shape:?} cannot hold chunks of shape {inner_shape:?}"))
        })?;
        index_shape.push(2);
        let index = Codecs::of_index(&index_shape, &settings.index_codecs)?;
        let index_bytes = index.encoded_size();
        Ok(Self {
            index_bytes: index_bytes
                .ok_or_else(|| nonsense("the index of a shard must have a fixed size"))?,
            index,
            index_location: settings.index_location,
            grid: ChunkGrid::new(shape, &inner_shape)?,
            inner: inner(&inner_shape, &settings.codecs)?,
            inner_shape,
            fill: fill.clone(),
        })
    }

    /// The shape of an inner chunk.
    pub(crate) fn inner_shape(&self) -> &[u64] {
        &self.inner_shape
    }

    /// The index among the inner chunks of all shards of the first one in the shard at `index`.
    #[expect(clippy::arithmetic_side_effects, reason = "no inner chunk is empty")]
    pub(crate) fn first_chunk(&self, index: &[u64], shard: &[u64]) -> Vec<u64> {
        let axes = index.iter().zip(shard).zip(&self.inner_shape);
        axes.map(|((at, shard), inner)| at.saturating_mul(shard / inner)).collect()
    }

    /// The indices within a shard of the inner chunks that it holds.
    pub(crate) fn present(&self, index: &ShardIndex) -> impl Iterator<Item = Vec<u64>> {
        (0..self.grid.len()).filter(|n| index.entry(*n).is_some()).map(|n| self.grid.index(n))
    }

    /// The codecs of an inner chunk.
    pub(crate) fn inner(&self) -> &Codecs {
        &self.inner
    }

    /// Where in a file of this length the index lies.
    pub(crate) fn index_range(&self, file_length: u64) -> Result<Range<u64>> {
        let start = file_length.checked_sub(self.index_bytes).ok_or_else(|| {
            corrupt(&format!("it has {file_length} bytes, where its index alone has {}", self.index_bytes))
        })?;
        Ok(match self.index_location {
            IndexLocation::Start => 0..self.index_bytes,
            IndexLocation::End => start..file_length,
        })
    }

    /// Decodes the index of a file of this length. Every entry lies inside the file, none reaches into the index or
    /// into another one.
    pub(crate) fn index(&self, bytes: Vec<u8>, file_length: u64) -> Result<ShardIndex> {
        let place = self.index_range(file_length)?;
        let Elements::Bytes(numbers) = self.index.decode(bytes)? else {
            return Err(corrupt("its index is no numbers"));
        };
        let index = ShardIndex(numbers);
        let stored = (0..index.size() / ENTRY).filter_map(|n| index.stored(n));
        for (offset, length) in stored.filter(|entry| *entry != (MISSING, MISSING)) {
            let end = offset.checked_add(length).filter(|end| *end <= file_length);
            end.ok_or_else(|| corrupt("an inner chunk lies beyond the end of the file"))?;
        }
        let is_apart = |one: &Range<u64>, next: &Range<u64>| one.end <= next.start;
        let is_outside = |range: &Range<u64>| is_apart(range, &place) || is_apart(&place, range);
        // Chunks mostly lie in their order; then nothing has to be sorted.
        let in_order = || index.ranges().map(|(_, range)| range).is_sorted_by(is_apart);
        let in_any_order = || {
            let mut numbers: Vec<u64> = index.ranges().map(|(n, _)| n).collect();
            let range = |n: &u64| index.entry(*n).unwrap_or_default();
            numbers.sort_unstable_by_key(|n| range(n).start);
            numbers.iter().map(range).is_sorted_by(is_apart)
        };
        if !index.ranges().all(|(_, range)| is_outside(&range)) || !(in_order() || in_any_order()) {
            return Err(corrupt("two inner chunks overlap, or one lies within the index"));
        }
        Ok(index)
    }

    /// Encodes an inner chunk; `None` where it is all fill value, and need not be stored.
    pub(crate) fn encode_inner<'a>(&self, elements: Elements<'a>) -> Result<Option<Parts<'a>>> {
        let is_fill = match &elements {
            Elements::Bytes(bytes) => self.fill.is_all_of(bytes),
            Elements::Strings(strings) => strings.iter().all(|text| text == self.fill.text()),
        };
        if is_fill { Ok(None) } else { self.inner.encode(elements).map(Some) }
    }

    /// Puts encoded inner chunks together, in C order: freshly encoded ones, or the bytes that an older shard holds
    /// of those that did not change.
    pub(crate) fn assemble<'a>(&self, chunks: Vec<Option<Parts<'a>>>) -> Result<Parts<'a>> {
        if chunks.len() as u64 != self.grid.len() {
            let message = format!("{} inner chunks for a shard of {}", chunks.len(), self.grid.len());
            return Err(Error::new(ErrorKind::WrongShape, message));
        }
        let first = match self.index_location {
            IndexLocation::Start => self.index_bytes,
            IndexLocation::End => 0,
        };
        let mut index = Vec::with_capacity(chunks.len().saturating_mul(16));
        let mut end = first;
        for chunk in &chunks {
            let (start, length) = match chunk {
                Some(parts) => (end, parts.iter().map(|part| part.len() as u64).sum()),
                None => (MISSING, MISSING),
            };
            index.extend(start.to_le_bytes());
            index.extend(length.to_le_bytes());
            if chunk.is_some() {
                end = start.saturating_add(length);
            }
        }
        let index = self.index.encode(Elements::Bytes(index.into()))?;
        let chunks = chunks.into_iter().flatten().flatten();
        Ok(match self.index_location {
            IndexLocation::Start => index.into_iter().chain(chunks).collect(),
            IndexLocation::End => chunks.chain(index).collect(),
        })
    }

    /// Decodes all inner chunks of a shard to what the whole of it holds.
    pub(super) fn decode(&self, bytes: &[u8], data_type: DataType) -> Result<Elements<'static>> {
        let file_length = bytes.len() as u64;
        let part = |range: &Range<u64>| {
            let range = usize::try_from(range.start).ok()?..usize::try_from(range.end).ok()?;
            bytes.get(range)
        };
        let early = || corrupt("it ends too early");
        let index = part(&self.index_range(file_length)?).ok_or_else(early)?;
        let index = self.index(index.to_vec(), file_length)?;
        let chunks = (0..self.grid.len()).filter_map(|n| index.entry(n).map(|range| (n, range)));
        let chunks = chunks.map(|(n, range)| {
            let bytes = part(&range).ok_or_else(early)?;
            Ok((n, self.inner.decode(bytes.to_vec())?))
        });
        let size = data_type.size().unwrap_or(size_of::<Cow<'static, str>>());
        let count = usize::try_from(self.grid.elements()).ok();
        let both = count.and_then(|count| Some((count, count.checked_mul(size)?)));
        let (count, memory) = both.filter(|(_, memory)| *memory <= MAX_DECODED).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "a shard of more than 1 GiB cannot be read whole")
        })?;
        if data_type == DataType::String {
            let mut strings = vec![Cow::Owned(self.fill.text().to_owned()); count];
            for chunk in chunks {
                if let (n, Elements::Strings(inner)) = chunk? {
                    self.place(n, &inner, &mut strings, 1);
                }
            }
            return Ok(Elements::Strings(strings));
        }
        let mut numbers = zeroed(memory)?;
        self.fill.fill(&mut numbers);
        for chunk in chunks {
            if let (n, Elements::Bytes(inner)) = chunk? {
                self.place(n, &inner, &mut numbers, size);
            }
        }
        Ok(Elements::Bytes(numbers.into()))
    }

    /// Copies inner chunk `n` to its place in the shard; an element is `size` items.
    #[expect(clippy::indexing_slicing, reason = "both have all of their elements, and runs lie within them")]
    fn place<T: Clone>(&self, n: u64, inner: &[T], shard: &mut [T], size: usize) {
        self.each_run(n, size, |in_shard, in_chunk| shard[in_shard].clone_from_slice(&inner[in_chunk]));
    }

    /// Divides a shard into its inner chunks and encodes them.
    pub(super) fn encode<'a>(&self, elements: &Elements<'a>, data_type: DataType) -> Result<Parts<'a>> {
        let size = data_type.size().unwrap_or(1);
        let mut chunks = Vec::new();
        for n in 0..self.grid.len() {
            let inner = match elements {
                Elements::Bytes(Cow::Borrowed(bytes)) => {
                    Elements::Bytes(match self.run(n, size).and_then(|run| bytes.get(run)) {
                        Some(run) => run.into(),
                        None => self.cut(n, bytes, size).into(),
                    })
                }
                Elements::Bytes(Cow::Owned(bytes)) => Elements::Bytes(self.cut(n, bytes, size).into()),
                Elements::Strings(strings) => Elements::Strings(self.cut(n, strings, 1)),
            };
            chunks.push(self.encode_inner(inner)?);
        }
        self.assemble(chunks)
    }

    /// Where the items of inner chunk `n` lie in the shard, if they are one run of it.
    fn run(&self, n: u64, size: usize) -> Option<Range<usize>> {
        let (start, count) = self.grid.run(&self.grid.region(&self.grid.index(n)))?;
        let start = usize::try_from(start).ok()?.checked_mul(size)?;
        Some(start..start.checked_add(usize::try_from(count).ok()?.checked_mul(size)?)?)
    }

    #[expect(clippy::indexing_slicing, reason = "the shard has all of its elements, and runs lie within it")]
    fn cut<T: Clone>(&self, n: u64, shard: &[T], size: usize) -> Vec<T> {
        let mut inner = Vec::new();
        self.each_run(n, size, |in_shard, _| inner.extend_from_slice(&shard[in_shard]));
        inner
    }

    /// Calls `copy(in the shard, in the chunk)` for the runs of items of inner chunk `n`. A shard is in memory as a
    /// whole when this is called, so that no place in it is beyond `usize`.
    #[expect(clippy::cast_possible_truncation, clippy::arithmetic_side_effects, reason = "places in memory")]
    fn each_run(&self, n: u64, size: usize, mut copy: impl FnMut(Range<usize>, Range<usize>)) {
        let range = |start: u64, count: u64| start as usize * size..(start + count) as usize * size;
        let region = self.grid.region(&self.grid.index(n));
        self.grid.for_each_run(&region, |at, from, count| copy(range(at, count), range(from, count)));
    }
}
