//! Datasets whose header was read.

use super::arrays::{Made, array, arrays};
use super::lists::{List, counted};
use super::reading::Reading;
use super::types::{as_bytes, has_fixed_text, importable};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{DatasetHeader, DatasetReader, Dataspace, Layout, MemberType, StoredObject, Type};
use crate::values::{AnyArray, DataType};

/// So many bytes are read at once whatever the size of the file.
const UNEARNED: u64 = 16 << 20;

/// Text counts for so many bytes, each with what memory it takes.
const TEXT: u64 = 128;

/// The filters that compress: gzip, szip, bzip2, LZF, blosc, LZ4, bitshuffle, Zstandard.
const COMPRESSORS: [u16; 8] = [1, 4, 307, 32_000, 32_001, 32_004, 32_008, 32_015];

/// A dataset of which everything is known but its elements.
#[derive(Debug)]
pub(crate) struct Opened {
    header: DatasetHeader,
    /// The type of the elements as they are imported.
    data_type: Type,
    /// The members that are lists, of which `data_type` has how many elements they have.
    lists: Vec<List>,
    was_text: bool,
    /// The members that cannot be imported, which are not read, with their reasons.
    pub left_out: Vec<(String, Error)>,
}

impl Opened {
    /// Reads the header; the shape of a virtual dataset may be that of its sources.
    ///
    /// # Errors
    /// Those of the header and of the sources; `Unsupported` where nothing of an element can be imported.
    pub fn new(reading: &Reading<'_>, object: &StoredObject<'_>) -> Result<Self> {
        let mut header = object.dataset()?;
        if let Layout::Virtual { .. } = header.layout {
            let reader = DatasetReader::of(reading.file, &header, &header.data_type, reading.elsewhere())?;
            let found = reader.shape().to_vec();
            if let Dataspace::Simple { shape, .. } = &mut header.dataspace {
                *shape = found;
            }
        }
        let mut left_out = Vec::new();
        let (data_type, lists) = counted(&header.data_type, header.element_size);
        let data_type = importable(&data_type, "", &mut left_out)?;
        Ok(Self { header, data_type, lists, was_text: false, left_out })
    }

    /// The same with bytes for text of a fixed length, which some programs write bytes into; `None` where there is none.
    pub fn as_bytes(&self) -> Option<Self> {
        has_fixed_text(&self.data_type).then(|| Self {
            header: self.header.clone(),
            data_type: as_bytes(&self.data_type),
            lists: self.lists.clone(),
            was_text: true,
            left_out: Vec::new(),
        })
    }

    /// The same without the members that do not make the one of this name.
    pub fn with_member(&self, name: &str) -> Self {
        let data_type = match &self.data_type {
            Type::Compound { size, members } => {
                let leads = |member: &&MemberType| {
                    name.strip_prefix(&*member.name)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                Type::Compound { size: *size, members: members.iter().filter(leads).cloned().collect() }
            }
            other => other.clone(),
        };
        let (header, lists) = (self.header.clone(), Vec::new());
        Self { header, data_type, lists, was_text: self.was_text, left_out: Vec::new() }
    }

    /// The list that each element is, where it is one.
    pub fn list(&self) -> Option<&List> {
        self.lists.first().filter(|list| list.name.is_empty())
    }

    /// Refuses a dataset of lists, of which there would be their lengths alone.
    pub fn check_no_list(&self) -> Result<()> {
        match self.list() {
            Some(_) => Err(Error::new(ErrorKind::Unsupported, "lists of any length are no array")),
            None => Ok(()),
        }
    }

    /// The members that are lists; their places among the elements have how long they are.
    pub fn lists(&self) -> &[List] {
        &self.lists
    }

    /// The length of each axis: none for a scalar, `[0]` where there are no elements at all.
    pub fn shape(&self) -> Vec<u64> {
        match &self.header.dataspace {
            Dataspace::Null => vec![0],
            Dataspace::Simple { shape, .. } => shape.clone(),
        }
    }

    /// How many bytes one element takes in the file.
    pub fn element_size(&self) -> u64 {
        u64::from(self.header.element_size)
    }

    /// How many bytes the elements are as the file has them, decompressed.
    pub fn size(&self) -> u64 {
        self.shape().iter().fold(self.element_size(), |size, length| size.saturating_mul(*length))
    }

    /// The shape of the chunks of the file, where there are any.
    pub fn chunk_shape(&self) -> Option<&[u64]> {
        match &self.header.layout {
            Layout::Chunked { chunk, .. } => Some(chunk),
            _ => None,
        }
    }

    /// The numbers of the filters, and their names where the file has them.
    pub fn filters(&self) -> impl Iterator<Item = (u16, Option<&str>)> {
        self.header.filters.iter().map(|filter| (filter.id, filter.name.as_deref()))
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
    pub fn reader<'a>(&'a self, reading: &Reading<'a>) -> Result<DatasetReader<'a>> {
        DatasetReader::of(reading.file, &self.header, &self.data_type, reading.elsewhere())
    }

    /// Makes arrays of no elements, which tell names, types and inner shapes.
    pub fn sample(&self, reading: &Reading<'_>) -> Result<Vec<Made>> {
        self.made(reading, &[], &[0])
    }

    /// Makes arrays of elements.
    pub fn made(&self, reading: &Reading<'_>, bytes: &[u8], shape: &[usize]) -> Result<Vec<Made>> {
        let values = reading.values(&self.data_type, bytes)?;
        arrays(values, shape, &mut |address| reading.paths.of(reading.file, address))
    }

    /// Reads all elements of a dataset that belongs into memory.
    pub fn whole(&self, reading: &mut Reading<'_>) -> Result<AnyArray> {
        self.check_no_list()?;
        let reader = self.reader(reading)?;
        let shape = reader.shape().to_vec();
        let size = shape.iter().fold(reader.element_size(), |size, length| size.saturating_mul(*length));
        if size > UNEARNED && size > reading.file.input().size() {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("its {size} bytes are more than the file has"),
            ));
        }
        reading.bytes = reading.bytes.saturating_add(size);
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(usize::MAX)];
        reader.read(&vec![0; shape.len()], &shape, &mut bytes)?;
        let values = reading.values(&self.data_type, &bytes)?;
        array(values, &lengths(&shape), &mut |address| reading.paths.of(reading.file, address))
    }
}

/// Lengths of axes as memory counts; what is beyond it fails where memory is asked for.
pub(crate) fn lengths(shape: &[u64]) -> Vec<usize> {
    shape.iter().map(|length| usize::try_from(*length).unwrap_or(usize::MAX)).collect()
}

/// About how many bytes an element of the file takes in memory, whichever form of it is larger.
pub(crate) fn weight(element: u64, sample: &[Made]) -> u64 {
    let sizes = sample.iter().map(|made| {
        let size = made.array.data_type().size().map_or(TEXT, |size| size as u64);
        inner(made).iter().fold(size, |size, length| size.saturating_mul(*length as u64))
    });
    sizes.fold(0, u64::saturating_add).max(element).max(1)
}

/// The axes of an element.
pub(crate) fn inner(made: &Made) -> &[usize] {
    made.array.shape().get(1..).unwrap_or_default()
}

/// The weight of one element of an array.
pub(crate) fn element_weight(data_type: DataType) -> u64 {
    data_type.size().map_or(TEXT, |size| size as u64)
}
