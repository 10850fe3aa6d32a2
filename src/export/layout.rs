//! How arrays are laid out: in one run, or in chunks, and those through which filters.

use super::choices::{Choices, Method};
use super::elements;
use crate::error::Result;
use crate::hdf5::Filter;
use crate::storage::ArrayReader;
use crate::values::DataType;
use crate::zarr::{ArrayMetadata, ChunkGrid, default_chunk_shape};

/// The level at which is compressed what is compressed otherwise in the store.
const USUAL_LEVEL: u8 = 4;

/// HDF5 has no larger chunks.
const MOST_CHUNK_BYTES: u64 = 1 << 32;

/// How a dataset is divided and filtered.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub chunk: Vec<u64>,
    pub maximum: Vec<Option<u64>>,
    pub filters: Vec<Filter>,
    /// Whether chunks of gzip are taken over as they are.
    pub rewraps: bool,
    /// The numbers of the chunks that there are; `None` for all.
    pub present: Option<Vec<u64>>,
}

impl Layout {
    /// Whether chunks are left out, which stand for fill value.
    pub fn is_sparse(&self) -> bool {
        self.present.is_some()
    }

    /// The numbers of the chunks that there are, of all in the grid.
    pub fn numbers(&self, grid: &ChunkGrid) -> impl Iterator<Item = u64> + Send {
        let all = if self.present.is_none() { 0..grid.len() } else { 0..0 };
        all.chain(self.present.iter().flatten().copied())
    }
}

/// Whether an array of a calculation was made to grow, or has grown: its chunks are whole rows, and not those that follow
/// from its shape.
pub(super) fn grows(array: &ArrayMetadata, is_provisional: bool) -> bool {
    let (chunk, _) = array.chunks_and_shards();
    let mut axes = chunk.iter().zip(&array.shape).skip(1);
    let usual = default_chunk_shape(&array.shape, array.data_type.expected_size());
    is_provisional || (!chunk.is_empty() && chunk != usual && axes.all(|(chunk, length)| chunk >= length))
}

/// The filters of numbers of this size, if they are to be compressed.
pub(super) fn filters(choices: &Choices, size: u64, is_compressed: bool) -> Vec<Filter> {
    let level = match choices.compression.0 {
        Method::None => None,
        Method::Auto => is_compressed.then_some(USUAL_LEVEL),
        Method::Gzip(level) => Some(level),
    };
    let shuffle = (level.is_some() && size > 1).then_some(Filter::Shuffle);
    let fletcher32 = choices.fletcher32.then_some(Filter::Fletcher32);
    [shuffle, level.map(Filter::Deflate), fletcher32].into_iter().flatten().collect()
}

/// Chooses the layout of an array; `None` for elements in one run.
pub(super) fn layout(reader: &ArrayReader<'_>, choices: &Choices, grows: bool) -> Result<Option<Layout>> {
    let array = reader.metadata();
    if array.shape.is_empty() || (array.shape.contains(&0) && !grows) {
        return Ok(None);
    }
    let size = elements::datatype(array.data_type, choices.style()).size();
    let is_text = array.data_type == DataType::String;
    let deflated = reader.codecs().deflate_level().filter(|_| choices.compression.0 == Method::Auto);
    let mut layout = Layout { rewraps: deflated.is_some(), ..Layout::default() };
    layout.filters = match deflated.and_then(|level| u8::try_from(level).ok()) {
        _ if is_text => Vec::new(),
        Some(level) => {
            let fletcher32 = choices.fletcher32.then_some(Filter::Fletcher32);
            [Some(Filter::Deflate(level)), fletcher32].into_iter().flatten().collect()
        }
        None => filters(choices, size, reader.codecs().compress()),
    };
    // What is missing stands for the fill value, which a reference to text cannot be.
    let may_lack = !is_text || reader.fill_value().text().is_empty();
    layout.present = if may_lack { reader.present()? } else { None };
    if !grows && !choices.chunked && layout.filters.is_empty() && layout.present.is_none() {
        return Ok(None);
    }
    layout.maximum = array.shape.iter().copied().map(Some).collect();
    if let Some(first) = layout.maximum.first_mut().filter(|_| grows) {
        *first = None;
    }
    let chunk = reader.chunks()?.chunk_shape().to_vec();
    // libhdf5 makes no dataset whose chunks are longer than it may become.
    let clip = |(chunk, most): (&u64, &Option<u64>)| most.map_or(*chunk, |most| (*chunk).min(most.max(1)));
    layout.chunk = chunk.iter().zip(&layout.maximum).map(clip).collect();
    let bytes = layout.chunk.iter().fold(size, |bytes, length| bytes.saturating_mul(*length));
    if bytes >= MOST_CHUNK_BYTES {
        layout.chunk = default_chunk_shape(&array.shape, size);
        (layout.rewraps, layout.present) = (false, None);
    }
    layout.rewraps &= layout.chunk == chunk && elements::is_kept(array.data_type, choices.style());
    Ok(Some(layout))
}
