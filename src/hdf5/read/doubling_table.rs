//! Where in a fractal heap an offset lies: rows of blocks, each row of blocks twice as large as the one before (III.G).

use super::cursor::Cursor;
use crate::error::Result;

/// The sizes of the blocks of one heap.
#[derive(Clone, Copy, Debug)]
pub(super) struct DoublingTable {
    /// How many blocks a row has.
    width: u64,
    /// The size of the blocks of the first two rows: a power of two, as the next is.
    first: u64,
    /// The size of the largest direct blocks; in rows of larger ones they are indirect.
    largest_direct: u64,
    /// How many bits an offset has.
    bits: u16,
}

/// A block by its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub address: u64,
    /// The offset in the heap at which it begins.
    pub offset: u64,
    pub size: u64,
    /// How many rows it has; none for a direct block.
    pub rows: Option<u16>,
}

/// Where in an indirect block an offset lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub row: u16,
    /// Which child it is, counted through all rows.
    pub entry: u64,
    /// The offset at which the child begins, within the block.
    pub offset: u64,
}

impl DoublingTable {
    /// Decodes width, sizes and bits from the header of a heap, and the number of rows that a new heap begins with.
    pub fn decode(fields: &mut Cursor<'_>) -> Result<Self> {
        let width = u64::from(fields.u16()?);
        let (first, largest_direct) = (fields.length()?, fields.length()?);
        let (bits, _rows) = (fields.u16()?, fields.u16()?);
        let are_powers = [width, first, largest_direct].into_iter().all(u64::is_power_of_two);
        if !are_powers || first > largest_direct || bits > 64 || largest_direct > 1 << 40 {
            return Err(fields.corrupt(format!(
                "blocks of {first} to {largest_direct} bytes, {width} in a row, offsets of {bits} bits"
            )));
        }
        Ok(Self { width, first, largest_direct, bits })
    }

    /// How many bytes an offset takes.
    pub fn offset_size(&self) -> u8 {
        u8::try_from(self.bits.div_ceil(8)).unwrap_or(8)
    }

    /// How many bytes the length of an object in a direct block takes.
    pub fn length_size(&self) -> u8 {
        u8::try_from(self.largest_direct.ilog2().div_ceil(8)).unwrap_or(8)
    }

    /// The root block: direct as long as there are no rows.
    pub fn root(&self, address: u64, rows: u16) -> Child {
        Child { address, offset: 0, size: self.first, rows: (rows > 0).then_some(rows) }
    }

    /// The block in a row.
    pub fn child(&self, address: u64, offset: u64, row: u16) -> Child {
        let size = self.block_size(row);
        // An indirect block stands for as many bytes as its rows have together.
        let rows = size.ilog2().saturating_sub(self.row_bits()).saturating_add(1);
        let rows = (size > self.largest_direct).then_some(u16::try_from(rows).unwrap_or(u16::MAX));
        Child { address, offset, size, rows }
    }

    /// How many children an indirect block of so many rows has.
    pub fn entries(&self, rows: u16) -> u64 {
        self.width.saturating_mul(u64::from(rows))
    }

    /// Finds the child of an indirect block of so many rows in which an offset lies.
    pub fn place(&self, offset: u64, rows: u16) -> Option<Place> {
        let first_row = self.width.saturating_mul(self.first);
        let row = if offset < first_row {
            0
        } else {
            offset.ilog2().saturating_sub(self.row_bits()).saturating_add(1)
        };
        let row = u16::try_from(row).ok().filter(|row| *row < rows)?;
        let size = self.block_size(row);
        let begin = if row == 0 { 0 } else { size.saturating_mul(self.width) };
        let column = offset.checked_sub(begin)?.checked_div(size)?;
        let entry = u64::from(row).saturating_mul(self.width).saturating_add(column);
        Some(Place { row, entry, offset: begin.saturating_add(column.saturating_mul(size)) })
    }

    /// The size of the blocks of a row.
    fn block_size(&self, row: u16) -> u64 {
        let doublings = u32::from(row.saturating_sub(1));
        self.first.checked_shl(doublings).filter(|size| *size >= self.first).unwrap_or(1 << 63)
    }

    /// The logarithm of the bytes of the first row.
    fn row_bits(&self) -> u32 {
        self.first.ilog2().saturating_add(self.width.ilog2())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: DoublingTable = DoublingTable { width: 4, first: 512, largest_direct: 2048, bits: 32 };

    #[test]
    fn an_offset_lies_in_the_block_that_its_row_and_column_say() {
        let place = |offset| TABLE.place(offset, 6).map(|place| (place.row, place.entry, place.offset));
        assert_eq!(place(0), Some((0, 0, 0)));
        assert_eq!(place(1535), Some((0, 2, 1024)));
        assert_eq!(place(2048), Some((1, 4, 2048)), "the second row has blocks as small as the first");
        assert_eq!(place(4096), Some((2, 8, 4096)));
        assert_eq!(place(4096 + 1024 * 3 + 5), Some((2, 11, 4096 + 3072)));
        assert_eq!(place(1 << 20), None, "there are six rows only");
    }

    #[test]
    fn blocks_larger_than_the_largest_direct_ones_are_indirect() {
        assert_eq!(TABLE.child(0, 0, 3).rows, None);
        let indirect = TABLE.child(0, 0, 4);
        assert_eq!((indirect.size, indirect.rows), (4096, Some(2)));
    }
}
