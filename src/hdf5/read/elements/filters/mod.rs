//! The filter pipeline (IV.A.2.l), backwards: what was written last is undone first.
//!
//! No length in a stream is believed. What comes out of a filter is bounded by the size of the chunk, and what is
//! allocated before anything came out by what the stored bytes can become at most.

mod bits;
mod fletcher32;
mod lz;
mod nbit;
mod scale_offset;
mod shuffle;
mod streams;
mod szip;

use crate::hdf5::read::layout::Filter;

/// Why a chunk cannot be decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Damaged(String),
    /// Well-formed, but by a filter or with parameters that are not known here.
    Unknown(String),
}

type Result<T, E = Fault> = std::result::Result<T, E>;

fn damaged<T>(why: impl Into<String>) -> Result<T> {
    Err(Fault::Damaged(why.into()))
}

/// So much may come out of nearly nothing.
const UNEARNED: u64 = 16 << 20;

/// The filters of a dataset, and what must come out of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pipeline<'a> {
    filters: &'a [Filter],
    chunk: usize,
}

impl<'a> Pipeline<'a> {
    /// `chunk` is the size of a decoded chunk in bytes.
    pub fn new(filters: &'a [Filter], chunk: usize) -> Self {
        Self { filters, chunk }
    }

    /// Whether `size` stored bytes can become a chunk at all; asked before anything is allocated for it.
    pub fn is_earned(&self, size: u64, mask: u32) -> bool {
        let most = self.applied(mask).fold(size, |size, filter| size.saturating_mul(growth(filter.id)));
        self.chunk as u64 <= most.max(UNEARNED)
    }

    /// Whether no filter was applied to a chunk with this mask.
    pub fn is_plain(&self, mask: u32) -> bool {
        self.applied(mask).next().is_none()
    }

    /// Undoes all filters that the mask of a chunk does not say were skipped.
    pub fn decode(&self, stored: Vec<u8>, mask: u32) -> Result<Vec<u8>> {
        let mut bytes = stored;
        let mut filters = self.applied(mask).peekable();
        while let Some(filter) = filters.next() {
            let limit = if filters.peek().is_some() { self.between() } else { self.chunk };
            bytes = undo(filter, bytes, limit)?;
        }
        if bytes.len() == self.chunk {
            return Ok(bytes);
        }
        damaged(format!("{} bytes come out of its filters instead of {}", bytes.len(), self.chunk))
    }

    /// What may come out before the last filter: checksums, headers and what did not compress make a chunk longer.
    fn between(&self) -> usize {
        self.chunk.saturating_add(self.chunk / 4).saturating_add(4096)
    }

    /// The filters that were applied, the last first.
    fn applied(&self, mask: u32) -> impl Iterator<Item = &'a Filter> {
        let is_applied = move |n: usize| {
            u32::try_from(n).ok().and_then(|n| mask.checked_shr(n)).is_none_or(|bits| bits & 1 == 0)
        };
        self.filters.iter().enumerate().rev().filter(move |(n, _)| is_applied(*n)).map(|(_, filter)| filter)
    }
}

/// How many bytes come out of one at most.
fn growth(id: u16) -> u64 {
    match id {
        DEFLATE => 1032,
        SHUFFLE | FLETCHER32 => 1,
        LZF | LZ4 => 256,
        NBIT => 64,
        // A block of one byte repeated, or of equal elements, takes a few bytes whatever its size.
        _ => 1 << 22,
    }
}

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const SZIP: u16 = 4;
const NBIT: u16 = 5;
const SCALE_OFFSET: u16 = 6;
const LZF: u16 = 32000;
const LZ4: u16 = 32004;
const ZSTD: u16 = 32015;

fn undo(filter: &Filter, bytes: Vec<u8>, limit: usize) -> Result<Vec<u8>> {
    let parameters = filter.parameters.as_slice();
    match filter.id {
        DEFLATE => streams::inflate(&bytes, limit),
        SHUFFLE => shuffle::undo(bytes, parameters),
        FLETCHER32 => fletcher32::undo(bytes),
        SZIP => szip::undo(&bytes, parameters, limit),
        NBIT => nbit::undo(bytes, parameters, limit),
        SCALE_OFFSET => scale_offset::undo(&bytes, parameters, limit),
        LZF => lz::lzf(&bytes, limit),
        LZ4 => streams::lz4(&bytes, limit),
        ZSTD => streams::zstd(&bytes, limit),
        id => Err(Fault::Unknown(format!("filter {id} ({})", name(id, filter.name.as_deref())))),
    }
}

/// What a filter is called: as it is registered, or as the file says.
fn name(id: u16, said: Option<&str>) -> &str {
    match id {
        305 => "LZO",
        307 => "bzip2",
        32001 => "Blosc",
        32006 => "SZ",
        32008 => "bitshuffle",
        32013 => "ZFP",
        32016 => "B3D",
        32017 | 32024 => "SZ3",
        32026 => "Blosc2",
        32028 => "SPERR",
        _ => said.filter(|name| !name.is_empty()).unwrap_or("unregistered"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(id: u16, parameters: &[u32]) -> Filter {
        Filter { id, name: None, is_optional: false, parameters: parameters.to_vec() }
    }

    #[test]
    fn filters_that_are_not_known_are_named_unless_they_were_skipped() {
        let filters = [filter(SHUFFLE, &[2]), filter(32001, &[])];
        let pipeline = Pipeline::new(&filters, 4);
        assert_eq!(
            pipeline.decode(vec![1, 2, 3, 4], 0),
            Err(Fault::Unknown("filter 32001 (Blosc)".to_owned()))
        );
        assert_eq!(pipeline.decode(vec![1, 3, 2, 4], 0b10).unwrap(), [1, 2, 3, 4]);
        assert_eq!(pipeline.decode(vec![1, 3, 2, 4], 0b11).unwrap(), [1, 3, 2, 4]);
        assert!(pipeline.decode(vec![1, 3, 2, 4, 5], 0b11).is_err());
        let own = [Filter { name: Some("ours".to_owned()), ..filter(40000, &[]) }];
        assert_eq!(
            Pipeline::new(&own, 4).decode(vec![0], 0),
            Err(Fault::Unknown("filter 40000 (ours)".to_owned()))
        );
    }

    #[test]
    fn a_chunk_that_its_stored_bytes_cannot_become_is_not_earned() {
        let filters = [filter(DEFLATE, &[6])];
        let pipeline = Pipeline::new(&filters, 4 << 30);
        assert!(!pipeline.is_earned(10, 0));
        assert!(pipeline.is_earned(5 << 20, 0));
        assert!(!pipeline.is_earned(5 << 20, 1));
    }
}
