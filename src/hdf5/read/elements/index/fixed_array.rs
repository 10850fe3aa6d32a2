//! Fixed arrays (VII.B): one entry for each chunk that there may be, in pages where they are many.

use super::{EachEntry, entry, is_filtered, version};
use crate::error::Result;
use crate::hdf5::read::checksum::{CHECKSUM, verified};
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::{Input, corrupt};

const HEADER: &str = "fixed array";
const BLOCK: &str = "data block of a fixed array";
const PAGE: &str = "page of a fixed array";

/// The header of an array.
struct Array {
    address: u64,
    client: u8,
    is_filtered: bool,
    entry_size: u8,
    /// The most entries that a page has.
    page: u64,
    count: u64,
    block: Option<u64>,
}

pub(super) fn read(input: &Input, address: u64, each: EachEntry) -> Result<()> {
    let array = Array::open(input, address)?;
    let Some(block) = array.block else { return Ok(()) };
    if array.count <= array.page {
        return array.whole_block(input, block, each);
    }
    array.pages(input, block, each)
}

impl Array {
    fn open(input: &Input, address: u64) -> Result<Self> {
        let sizes = input.sizes();
        let size = 12_u64.saturating_add(u64::from(sizes.offset)).saturating_add(u64::from(sizes.length));
        let bytes = input.structure(address, size, HEADER)?;
        let mut fields = input.cursor(verified(&bytes, HEADER)?, HEADER);
        fields.signature(*b"FAHD")?;
        version(&mut fields)?;
        let (client, entry_size, page_bits) = (fields.u8()?, fields.u8()?, fields.u8()?);
        let is_filtered = is_filtered(&fields, client, entry_size)?;
        let page = 1_u64.checked_shl(u32::from(page_bits)).unwrap_or(u64::MAX);
        let (count, block) = (fields.length()?, fields.address()?);
        Ok(Self { address, client, is_filtered, entry_size, page, count, block })
    }

    /// The bytes before the entries, or before the map of pages.
    fn prefix(input: &Input) -> u64 {
        6_u64.saturating_add(u64::from(input.sizes().offset))
    }

    fn check_prefix(&self, fields: &mut Cursor) -> Result<()> {
        fields.signature(*b"FADB")?;
        version(fields)?;
        if fields.u8()? != self.client || fields.address()? != Some(self.address) {
            return Err(fields.corrupt("it belongs to another array"));
        }
        Ok(())
    }

    fn bytes_of(&self, count: u64) -> u64 {
        count.saturating_mul(u64::from(self.entry_size))
    }

    fn whole_block(&self, input: &Input, block: u64, each: EachEntry) -> Result<()> {
        let size =
            Self::prefix(input).saturating_add(self.bytes_of(self.count)).saturating_add(CHECKSUM as u64);
        let bytes = input.structure(block, size, BLOCK)?;
        let mut fields = input.cursor(verified(&bytes, BLOCK)?, BLOCK);
        self.check_prefix(&mut fields)?;
        self.entries(&mut fields, (0, self.count), each)
    }

    fn pages(&self, input: &Input, block: u64, each: EachEntry) -> Result<()> {
        let pages = self.count.div_ceil(self.page);
        let map = pages.div_ceil(8);
        let size = Self::prefix(input).saturating_add(map).saturating_add(CHECKSUM as u64);
        let bytes = input.structure(block, size, BLOCK)?;
        let mut fields = input.cursor(verified(&bytes, BLOCK)?, BLOCK);
        self.check_prefix(&mut fields)?;
        let page_size = self.bytes_of(self.page).saturating_add(CHECKSUM as u64);
        let mut written =
            fields.rest().iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
        for page in 0..pages {
            if written.next() != Some(true) {
                continue;
            }
            let first = page.saturating_mul(self.page);
            let count = self.count.saturating_sub(first).min(self.page);
            let at =
                page.checked_mul(page_size).and_then(|offset| block.checked_add(size)?.checked_add(offset));
            let at = at.ok_or_else(|| corrupt(PAGE, "it lies beyond all addresses"))?;
            let bytes = input.structure(at, self.bytes_of(count).saturating_add(CHECKSUM as u64), PAGE)?;
            let mut fields = input.cursor(verified(&bytes, PAGE)?, PAGE);
            self.entries(&mut fields, (first, count), each)?;
        }
        Ok(())
    }

    fn entries(&self, fields: &mut Cursor, (first, count): (u64, u64), each: EachEntry) -> Result<()> {
        for at in first..first.saturating_add(count) {
            if let Some(entry) = entry(fields, self.is_filtered, self.entry_size)? {
                each(at, entry)?;
            }
        }
        Ok(())
    }
}
