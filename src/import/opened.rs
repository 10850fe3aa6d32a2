//! Datasets whose header was read.

use super::arrays::{Made, array, arrays};
use super::scope::Scope;
use super::types::{as_bytes, has_fixed_text, importable};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{DatasetHeader, DatasetReader, Dataspace, Layout, Stored, StoredObject, Type};
use crate::values::{AnyArray, DataType};

/// So many bytes are read at once whatever the size of the file.
const UNEARNED: u64 = 16 << 20;

/// Text counts for so many bytes, each with what memory it takes.
const TEXT: u64 = 128;

/// The filters that compress: gzip, szip, bzip2, LZF, blosc, LZ4, bitshuffle, Zstandard.
const COMPRESSORS: [u16; 8] = [1, 4, 307, 32_000, 32_001, 32_004, 32_008, 32_015];

/// A dataset of which everything is known but its elements.
#[derive(Debug)]
pub(super) struct Opened {
    header: DatasetHeader,
    /// The type of the elements as they are imported.
    data_type: Type,
    was_text: bool,
}

impl Opened {
    /// Reads the header; members that cannot be imported are named, and not read.
    pub fn new(object: &StoredObject<'_>, left_out: &mut Vec<(String, Error)>) -> Result<Self> {
        let header = object.dataset()?;
        let data_type = importable(&header.data_type, "", left_out)?;
        Ok(Self { header, data_type, was_text: false })
    }

    /// The same with bytes for text of a fixed length, which some programs write bytes into; `None` where there is none.
    pub fn into_bytes(self) -> Option<Self> {
        let data_type = as_bytes(&self.data_type);
        has_fixed_text(&self.data_type).then_some(Self { data_type, header: self.header, was_text: true })
    }

    /// Whether there are bytes for text.
    pub fn was_text(&self) -> bool {
        self.was_text
    }

    pub fn data_type(&self) -> &Type {
        &self.data_type
    }

    /// The longest that each axis may become.
    pub fn maximum(&self) -> &[Option<u64>] {
        match &self.header.dataspace {
            Dataspace::Null => &[],
            Dataspace::Simple { maximum, .. } => maximum,
        }
    }

    /// Whether some of the elements may never have been written.
    pub fn may_be_sparse(&self) -> bool {
        matches!(self.header.layout, Layout::Chunked { .. } | Layout::Contiguous { address: None, .. })
    }

    pub fn is_compressed(&self) -> bool {
        self.header.filters.iter().any(|filter| COMPRESSORS.contains(&filter.id))
    }

    /// Begins to read the elements.
    pub fn reader<'a>(&'a self, scope: &Scope<'a, '_>) -> Result<DatasetReader<'a>> {
        let DatasetHeader { dataspace, layout, filters, fill, .. } = &self.header;
        let data_type = &self.data_type;
        DatasetReader::new(scope.file.input(), Stored { data_type, dataspace, layout, filters, fill })
    }

    /// Makes arrays of no elements, which tell names, types and inner shapes.
    pub fn sample(&self, scope: &mut Scope<'_, '_>) -> Result<Vec<Made>> {
        self.made(scope, &[], &[0])
    }

    /// Makes arrays of elements.
    pub fn made(&self, scope: &mut Scope<'_, '_>, bytes: &[u8], shape: &[usize]) -> Result<Vec<Made>> {
        let values = scope.values(&self.data_type, bytes)?;
        let (file, paths) = (scope.file, &mut scope.paths);
        arrays(values, shape, &mut |address| paths.of(file, address))
    }

    /// Reads all elements of a dataset that belongs into memory.
    pub fn whole(&self, scope: &mut Scope<'_, '_>) -> Result<AnyArray> {
        let reader = self.reader(scope)?;
        let shape = reader.shape().to_vec();
        let size = shape.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
        if size > UNEARNED && size > scope.file.input().size() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("its {size} bytes are more than the file has"),
            ));
        }
        scope.tally.read(size)?;
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        reader.read(&vec![0; shape.len()], &shape, &mut bytes)?;
        let values = scope.values(&self.data_type, &bytes)?;
        let (file, paths) = (scope.file, &mut scope.paths);
        array(values, &lengths(&shape), &mut |address| paths.of(file, address))
    }
}

/// Lengths of axes as memory counts; what is beyond it fails where memory is asked for.
pub(super) fn lengths(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect()
}

/// About how many bytes an element of the file takes in memory, whichever form of it is larger.
pub(super) fn weight(element: u64, sample: &[Made]) -> u64 {
    let sizes = sample.iter().map(|made| {
        let size = made.array.data_type().size().map_or(TEXT, |size| size as u64);
        inner(made).iter().fold(size, |size, length| size.saturating_mul(*length as u64))
    });
    sizes.fold(0, u64::saturating_add).max(element).max(1)
}

/// The axes of an element.
pub(super) fn inner(made: &Made) -> &[usize] {
    made.array.shape().get(1..).unwrap_or_default()
}

/// The weight of one element of an array.
pub(super) fn element_weight(data_type: DataType) -> u64 {
    data_type.size().map_or(TEXT, |size| size as u64)
}
