//! Extensible arrays (VII.C): an index block, whose first data blocks it names itself, and super blocks that name ever
//! more and ever larger ones.
//!
//! Each block says where in the array it begins. That is verified, so that none is read twice.

use super::{EachEntry, entry, is_filtered, version};
use crate::error::Result;
use crate::hdf5::read::checksum::{CHECKSUM, verified};
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::{Input, corrupt};

const HEADER: &str = "extensible array";
const INDEX: &str = "index block of an extensible array";
const SUPER: &str = "super block of an extensible array";
const BLOCK: &str = "data block of an extensible array";
const PAGE: &str = "page of an extensible array";

/// The header of an array.
struct Array {
    address: u64,
    client: u8,
    is_filtered: bool,
    entry_size: u8,
    /// The width of places in the array, in bytes.
    place_width: u8,
    index_entries: u8,
    /// The entries of the smallest data block.
    smallest: u64,
    /// How many super blocks have their data blocks in the index block, and how many there may be in all.
    direct: u32,
    super_blocks: u32,
    /// The most entries that a page has.
    page: u64,
    index: Option<u64>,
}

/// The data blocks that belong to one super block.
#[derive(Clone, Copy)]
struct Row {
    blocks: u64,
    /// The entries of each.
    entries: u64,
    /// The place of the first, behind the entries of the index block.
    first: u64,
}

pub(super) fn read(input: &Input, address: u64, each: EachEntry) -> Result<()> {
    let array = Array::open(input, address)?;
    array.index.map_or(Ok(()), |index| array.index_block(input, index, each))
}

impl Array {
    fn open(input: &Input, address: u64) -> Result<Self> {
        let sizes = input.sizes();
        let lengths = u64::from(sizes.length).saturating_mul(6);
        let size = 16_u64.saturating_add(u64::from(sizes.offset)).saturating_add(lengths);
        let bytes = input.structure(address, size, HEADER)?;
        let mut fields = input.cursor(verified(&bytes, HEADER)?, HEADER);
        fields.signature(*b"EAHD")?;
        version(&mut fields)?;
        let (client, entry_size, max_bits, index_entries) =
            (fields.u8()?, fields.u8()?, fields.u8()?, fields.u8()?);
        let (smallest, pointers, page_bits) = (fields.u8()?, fields.u8()?, fields.u8()?);
        for _ in 0..6 {
            fields.length()?;
        }
        let is_filtered = is_filtered(&fields, client, entry_size)?;
        let smallest_bits = smallest.trailing_zeros();
        let known = smallest.is_power_of_two() && pointers.is_power_of_two() && max_bits <= 64;
        if !known || smallest_bits > u32::from(max_bits) {
            let why = format!("blocks of {smallest} entries, {pointers} pointers, {max_bits} bits");
            return Err(fields.corrupt(why));
        }
        Ok(Self {
            address,
            client,
            is_filtered,
            entry_size,
            place_width: max_bits.div_ceil(8),
            index_entries,
            smallest: u64::from(smallest),
            direct: pointers.trailing_zeros().saturating_mul(2),
            super_blocks: u32::from(max_bits).saturating_sub(smallest_bits).saturating_add(1),
            page: 1_u64.checked_shl(u32::from(page_bits)).unwrap_or(u64::MAX),
            index: fields.address()?,
        })
    }

    /// The rows of data blocks: each has twice as many blocks as the one two before, and the blocks get twice as large in
    /// between.
    fn rows(&self) -> impl Iterator<Item = Row> {
        let mut first = 0_u64;
        (0..self.super_blocks).map(move |n| {
            let blocks = 1_u64.checked_shl(n / 2).unwrap_or(u64::MAX);
            let entries = self.smallest.saturating_mul(1_u64.checked_shl(n.div_ceil(2)).unwrap_or(u64::MAX));
            let row = Row { blocks, entries, first };
            first = first.saturating_add(blocks.saturating_mul(entries));
            row
        })
    }

    fn bytes_of(&self, count: u64) -> u64 {
        count.saturating_mul(u64::from(self.entry_size))
    }

    /// Takes what every block begins with; all but the index block say their place.
    fn check_prefix(&self, fields: &mut Cursor, signature: [u8; 4], place: Option<u64>) -> Result<()> {
        fields.signature(signature)?;
        version(fields)?;
        if fields.u8()? != self.client || fields.address()? != Some(self.address) {
            return Err(fields.corrupt("it belongs to another array"));
        }
        match place {
            Some(place) if fields.uint(self.place_width)? != place => {
                Err(fields.corrupt("it belongs to another place"))
            }
            _ => Ok(()),
        }
    }

    /// The size of what `check_prefix` takes of a block that says its place.
    fn prefix(&self, input: &Input) -> u64 {
        6_u64.saturating_add(u64::from(input.sizes().offset)).saturating_add(u64::from(self.place_width))
    }

    fn index_block(&self, input: &Input, address: u64, each: EachEntry) -> Result<()> {
        let offset = u64::from(input.sizes().offset);
        let direct = self.rows().take(usize::try_from(self.direct).unwrap_or_default());
        let blocks = direct.fold(0_u64, |sum, row| sum.saturating_add(row.blocks));
        let pointers = blocks.saturating_add(u64::from(self.super_blocks.saturating_sub(self.direct)));
        let size = 6_u64
            .saturating_add(offset)
            .saturating_add(self.bytes_of(u64::from(self.index_entries)))
            .saturating_add(pointers.saturating_mul(offset))
            .saturating_add(CHECKSUM as u64);
        let bytes = input.structure(address, size, INDEX)?;
        let mut fields = input.cursor(verified(&bytes, INDEX)?, INDEX);
        self.check_prefix(&mut fields, *b"EAIB", None)?;
        self.entries(&mut fields, (0, u64::from(self.index_entries)), each)?;
        let mut before = 0_u64;
        for (n, row) in (0..).zip(self.rows()) {
            if n < self.direct {
                for block in 0..row.blocks {
                    if let Some(at) = fields.address()? {
                        let place = row.first.saturating_add(block.saturating_mul(row.entries));
                        // The library counts the blocks of earlier rows once more in what it says here.
                        let said = place.saturating_add(before.saturating_mul(row.entries));
                        self.data_block(input, at, (place, row.entries), said, each)?;
                    }
                }
                before = before.saturating_add(row.blocks);
            } else if let Some(at) = fields.address()? {
                self.super_block(input, at, row, each)?;
            }
        }
        Ok(())
    }

    fn super_block(&self, input: &Input, address: u64, row: Row, each: EachEntry) -> Result<()> {
        let is_paged = row.entries > self.page;
        let pages = if is_paged { row.entries.checked_div(self.page).unwrap_or_default() } else { 0 };
        let map = pages.div_ceil(8);
        let offset = u64::from(input.sizes().offset);
        let size = map.saturating_add(offset).saturating_mul(row.blocks);
        let size = size.saturating_add(self.prefix(input)).saturating_add(CHECKSUM as u64);
        let bytes = input.structure(address, size, SUPER)?;
        let mut fields = input.cursor(verified(&bytes, SUPER)?, SUPER);
        self.check_prefix(&mut fields, *b"EASB", Some(row.first))?;
        let map = map.saturating_mul(row.blocks);
        let map = fields.take(usize::try_from(map).unwrap_or(usize::MAX))?;
        // The library does not begin a byte with each block, though it leaves room for that.
        let mut written = map.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0));
        for block in 0..row.blocks {
            let place = row.first.saturating_add(block.saturating_mul(row.entries));
            let written: Vec<bool> =
                written.by_ref().take(usize::try_from(pages).unwrap_or_default()).collect();
            let Some(at) = fields.address()? else { continue };
            if is_paged {
                self.pages(input, at, place, &written, each)?;
            } else {
                self.data_block(input, at, (place, row.entries), place, each)?;
            }
        }
        Ok(())
    }

    /// A data block without pages, which says that it is at a place.
    fn data_block(
        &self,
        input: &Input,
        address: u64,
        (place, count): (u64, u64),
        said: u64,
        each: EachEntry,
    ) -> Result<()> {
        let size = self.prefix(input).saturating_add(self.bytes_of(count)).saturating_add(CHECKSUM as u64);
        let bytes = input.structure(address, size, BLOCK)?;
        let mut fields = input.cursor(verified(&bytes, BLOCK)?, BLOCK);
        self.check_prefix(&mut fields, *b"EADB", Some(said))?;
        self.entries(&mut fields, (self.behind_index(place), count), each)
    }

    /// A data block with pages, of which some were written.
    fn pages(
        &self,
        input: &Input,
        address: u64,
        place: u64,
        written: &[bool],
        each: EachEntry,
    ) -> Result<()> {
        let head = self.prefix(input).saturating_add(CHECKSUM as u64);
        let bytes = input.structure(address, head, BLOCK)?;
        let mut fields = input.cursor(verified(&bytes, BLOCK)?, BLOCK);
        self.check_prefix(&mut fields, *b"EADB", Some(place))?;
        let size = self.bytes_of(self.page).saturating_add(CHECKSUM as u64);
        for (page, is_written) in (0_u64..).zip(written) {
            if !is_written {
                continue;
            }
            let at = page.checked_mul(size).and_then(|offset| address.checked_add(head)?.checked_add(offset));
            let at = at.ok_or_else(|| corrupt(PAGE, "it lies beyond all addresses"))?;
            let bytes = input.structure(at, size, PAGE)?;
            let mut fields = input.cursor(verified(&bytes, PAGE)?, PAGE);
            let first = place.saturating_add(page.saturating_mul(self.page));
            self.entries(&mut fields, (self.behind_index(first), self.page), each)?;
        }
        Ok(())
    }

    fn behind_index(&self, place: u64) -> u64 {
        place.saturating_add(u64::from(self.index_entries))
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
