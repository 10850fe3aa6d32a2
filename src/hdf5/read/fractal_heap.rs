//! Fractal heaps: objects of any size by their identifiers (III.G).

use std::cell::{Cell, RefCell};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::budget::Budget;
use super::checksum::{lookup3, verified};
use super::cursor::{Cursor, width_of};
use super::doubling_table::{Child, DoublingTable};
use super::input::Input;
use super::tree2::Tree2;
use crate::error::Result;

const HEADER: &str = "header of a fractal heap";
const DIRECT: &str = "direct block of a fractal heap";
const INDIRECT: &str = "indirect block of a fractal heap";
const IDENTIFIER: &str = "identifier of an object in a fractal heap";
const OBJECT: &str = "object in a fractal heap";

/// A heap whose objects are neither filtered nor found without an identifier.
#[derive(Debug)]
pub(super) struct FractalHeap<'a> {
    input: &'a Input,
    address: u64,
    identifier_size: u16,
    /// The widths of offset and length in identifiers of managed objects.
    offset_size: u8,
    length_size: u8,
    has_checksums: bool,
    huge: Option<u64>,
    table: DoublingTable,
    root: Option<Child>,
    /// The direct blocks whose checksum was found right.
    verified: RefCell<HashSet<u64>>,
    /// The indirect blocks that were read.
    indirect: RefCell<HashMap<u64, Vec<u8>>>,
    huge_places: RefCell<Option<HashMap<u64, (u64, u64)>>>,
    budget: Cell<Budget>,
}

impl<'a> FractalHeap<'a> {
    /// Reads the header of a heap.
    ///
    /// # Errors
    /// `Corrupt`; `Unsupported` where its blocks are filtered.
    pub fn read(input: &'a Input, address: u64) -> Result<Self> {
        let sizes = input.sizes();
        let [offset, length] = [sizes.offset, sizes.length].map(u64::from);
        let size = 26_u64.saturating_add(length.saturating_mul(12)).saturating_add(offset.saturating_mul(3));
        let head = input.structure(address, size, HEADER)?;
        let mut fields = input.cursor(&head, HEADER);
        fields.signature(*b"FRHP")?;
        let version = fields.u8()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        let (identifier_size, filters_size) = (fields.u16()?, fields.u16()?);
        if filters_size > 0 {
            return Err(fields.unsupported("its blocks go through filters"));
        }
        let mut fields = input.cursor(verified(&head, HEADER)?, HEADER);
        fields.take(9)?;
        let has_checksums = fields.u8()? & 2 != 0;
        let largest_managed = u64::from(fields.u32()?);
        let _next_huge = fields.length()?;
        let huge = fields.address()?;
        let _free_space = (fields.length()?, fields.address()?);
        for _statistic in 0..8 {
            fields.length()?;
        }
        let table = DoublingTable::decode(&mut fields)?;
        let (root, rows) = (fields.address()?, fields.u16()?);
        let root = root.map(|address| table.root(address, rows));
        let offset_size = table.offset_size();
        let length_size = table.length_size().min(width_of(largest_managed));
        Ok(Self {
            input,
            address,
            identifier_size,
            offset_size,
            length_size,
            has_checksums,
            huge,
            table,
            root,
            verified: RefCell::default(),
            indirect: RefCell::default(),
            huge_places: RefCell::default(),
            budget: Cell::new(Budget::new(input, "fractal heap")),
        })
    }

    /// How many bytes an identifier has.
    pub fn identifier_size(&self) -> usize {
        usize::from(self.identifier_size)
    }

    /// Gives the bytes of an object.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`.
    pub fn object(&self, identifier: &[u8]) -> Result<Vec<u8>> {
        let mut fields = self.input.cursor(identifier, IDENTIFIER);
        let first = fields.u8()?;
        if first >> 6 != 0 {
            return Err(fields.unsupported(format!("version {}", first >> 6)));
        }
        match first >> 4 & 3 {
            0 => {
                let offset = fields.uint(self.offset_size)?;
                let length = fields.uint(self.length_size)?;
                self.managed(offset, length)
            }
            1 => self.huge(fields),
            2 => {
                let low = u16::from(first & 0xf);
                // Where identifiers have room for more than sixteen bytes, the length takes one byte more.
                let length = if self.identifier_size > 17 { low << 8 | u16::from(fields.u8()?) } else { low };
                Ok(fields.take(usize::from(length).saturating_add(1))?.to_vec())
            }
            kind => Err(fields.corrupt(format!("it is of type {kind}"))),
        }
    }

    /// Reads an object that lies in a direct block.
    fn managed(&self, offset: u64, length: u64) -> Result<Vec<u8>> {
        let fields = self.input.cursor(&[], OBJECT);
        let missing = || fields.corrupt(format!("offset {offset} is in no block of the heap"));
        let mut block = self.root.ok_or_else(missing)?;
        // Each indirect block is smaller than the one above it, so that this ends.
        while let Some(rows) = block.rows {
            let place = self.table.place(offset.saturating_sub(block.offset), rows).ok_or_else(missing)?;
            let address = self.pointer(block, rows, place.entry)?.ok_or_else(missing)?;
            block = self.table.child(address, block.offset.saturating_add(place.offset), place.row);
        }
        let at = offset.checked_sub(block.offset).ok_or_else(missing)?;
        let head = self.block_head();
        if at < head || at.checked_add(length).is_none_or(|end| end > block.size) {
            return Err(
                fields.corrupt(format!("{length} bytes at {at} are not in a block of {}", block.size))
            );
        }
        self.verify(block)?;
        self.input.structure(block.address.saturating_add(at), length, OBJECT)
    }

    /// The bytes of a direct block before its objects.
    fn block_head(&self) -> u64 {
        let checksum = if self.has_checksums { 4 } else { 0 };
        let sizes = [5, self.input.sizes().offset, self.offset_size, checksum];
        sizes.into_iter().map(u64::from).sum()
    }

    /// Reads a direct block for its checksum, where that was not done before.
    fn verify(&self, block: Child) -> Result<()> {
        if self.verified.borrow().contains(&block.address) {
            return Ok(());
        }
        self.spend(block.size)?;
        let mut bytes = self.input.structure(block.address, block.size, DIRECT)?;
        let mut fields = self.input.cursor(&bytes, DIRECT);
        fields.signature(*b"FHDB")?;
        self.check_block_head(&mut fields, block)?;
        if self.has_checksums {
            let stored = fields.u32()?;
            let end = bytes.len().saturating_sub(fields.rest().len());
            if let Some(checksum) = bytes.get_mut(end.saturating_sub(4)..end) {
                checksum.fill(0);
            }
            if lookup3(&bytes) != stored {
                return Err(self.input.cursor(&[], DIRECT).corrupt("its checksum is wrong"));
            }
        }
        self.verified.borrow_mut().insert(block.address);
        Ok(())
    }

    /// What blocks of both kinds begin with, behind the signature: version, heap, offset.
    fn check_block_head(&self, fields: &mut Cursor<'_>, block: Child) -> Result<()> {
        let version = fields.u8()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        let heap = fields.address()?;
        let offset = fields.uint(self.offset_size)?;
        if heap != Some(self.address) || offset != block.offset {
            return Err(fields.corrupt("it belongs to another place"));
        }
        Ok(())
    }

    /// Gives the address that an indirect block has for one of its children.
    fn pointer(&self, block: Child, rows: u16, entry: u64) -> Result<Option<u64>> {
        let mut indirect = self.indirect.borrow_mut();
        let pointers = match indirect.entry(block.address) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(place) => place.insert(self.pointers(block, rows)?),
        };
        let mut fields = self.input.cursor(pointers, INDIRECT);
        let skipped = entry.saturating_mul(u64::from(self.input.sizes().offset));
        fields.take(usize::try_from(skipped).unwrap_or(usize::MAX))?;
        fields.address()
    }

    /// Reads an indirect block: the addresses of its children.
    fn pointers(&self, block: Child, rows: u16) -> Result<Vec<u8>> {
        let offset = self.input.sizes().offset;
        let entries = self.table.entries(rows).saturating_mul(u64::from(offset));
        let head = [9, offset, self.offset_size].into_iter().map(u64::from).sum::<u64>();
        let size = head.saturating_add(entries);
        self.spend(size)?;
        let bytes = self.input.structure(block.address, size, INDIRECT)?;
        let mut fields = self.input.cursor(verified(&bytes, INDIRECT)?, INDIRECT);
        fields.signature(*b"FHIB")?;
        self.check_block_head(&mut fields, block)?;
        Ok(fields.rest().to_vec())
    }

    fn spend(&self, bytes: u64) -> Result<()> {
        let mut budget = self.budget.get();
        let spent = budget.spend(bytes);
        self.budget.set(budget);
        spent
    }

    /// Reads an object that is too large for blocks and has a place of its own in the file.
    fn huge(&self, mut fields: Cursor<'_>) -> Result<Vec<u8>> {
        let sizes = self.input.sizes();
        let room = self.identifier_size().saturating_sub(1);
        if usize::from(sizes.offset).saturating_add(usize::from(sizes.length)) <= room {
            let Some(address) = fields.address()? else { return Err(fields.corrupt("it has no address")) };
            return self.input.structure(address, fields.length()?, OBJECT);
        }
        let wanted = fields.uint(u8::try_from(room.min(8)).unwrap_or(8))?;
        let Some(tree) = self.huge else { return Err(fields.corrupt("the heap has no huge objects")) };
        let mut places = self.huge_places.borrow_mut();
        let places = match &mut *places {
            Some(places) => places,
            none => none.insert(self.read_huge_places(tree)?),
        };
        match places.get(&wanted) {
            Some((address, size)) => self.input.structure(*address, *size, OBJECT),
            None => Err(fields.corrupt(format!("there is no huge object {wanted}"))),
        }
    }

    /// Reads where all huge objects are, by their numbers.
    fn read_huge_places(&self, tree: u64) -> Result<HashMap<u64, (u64, u64)>> {
        let mut places = HashMap::new();
        Tree2::open(self.input, tree, 1)?.each_or_error(self.input, |record| {
            // What lies behind a damaged node is missing where it is asked for.
            let Ok(mut record) = record else { return Ok(()) };
            if let (Some(address), size, number) = (record.address()?, record.length()?, record.length()?) {
                places.insert(number, (address, size));
            }
            Ok(())
        })?;
        Ok(places)
    }
}
