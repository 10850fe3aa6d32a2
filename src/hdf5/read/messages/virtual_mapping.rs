//! Which files a virtual dataset is put together of, as an object of the global heap says (III.E, VII.B).

use std::collections::HashSet;

use crate::error::Result;
use crate::hdf5::read::checksum::verified;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::Input;

const WHAT: &str = "mapping of a virtual dataset";

/// Gives the names of the files, each once, in the order of the mapping.
pub fn files(input: &Input, collection: u64, index: u32) -> Result<Vec<String>> {
    let object = heap_object(input, collection, index)?;
    let mut fields = input.cursor(verified(&object, WHAT)?, WHAT);
    let version = fields.u8()?;
    if version != 0 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    let (mut files, mut seen) = (Vec::new(), HashSet::new());
    for _ in 0..fields.length()? {
        let (file, _dataset) = (fields.text()?, fields.text()?);
        skip_selection(&mut fields)?;
        skip_selection(&mut fields)?;
        if seen.insert(file.clone()) {
            files.push(file);
        }
    }
    Ok(files)
}

/// Passes a selection over. The length that some versions name is not what they have.
fn skip_selection(fields: &mut Cursor<'_>) -> Result<()> {
    const NONE: u32 = 0;
    const POINTS: u32 = 1;
    const HYPERSLAB: u32 = 2;
    const ALL: u32 = 3;
    let (kind, version) = (fields.u32()?, fields.u32()?);
    let (rank, numbers, width) = match (kind, version) {
        (NONE | ALL, 1) => {
            fields.take(8)?;
            return Ok(());
        }
        (POINTS | HYPERSLAB, 1) => {
            fields.take(8)?;
            let (rank, count) = (fields.u32()?, u64::from(fields.u32()?));
            // A block has two corners.
            (rank, if kind == POINTS { count } else { count.saturating_mul(2) }, 4)
        }
        (HYPERSLAB, 2) => {
            fields.take(5)?;
            // Start, stride, count and block.
            (fields.u32()?, 4, 8)
        }
        (POINTS, 2) => {
            let width = fields.u8()?;
            (fields.u32()?, fields.uint(width)?, width)
        }
        (HYPERSLAB, 3) => {
            let [flags, width] = fields.array()?;
            let rank = fields.u32()?;
            (rank, if flags & 1 != 0 { 4 } else { fields.uint(width)?.saturating_mul(2) }, width)
        }
        _ => return Err(fields.unsupported(format!("a selection of type {kind} and version {version}"))),
    };
    let size = u64::from(rank).saturating_mul(numbers).saturating_mul(u64::from(width));
    fields.take(usize::try_from(size).unwrap_or(usize::MAX))?;
    Ok(())
}

/// Reads an object of a collection of the global heap.
fn heap_object(input: &Input, address: u64, index: u32) -> Result<Vec<u8>> {
    const WHAT: &str = "global heap collection";
    let length = u64::from(input.sizes().length);
    let head = input.structure(address, length.saturating_add(8), WHAT)?;
    let mut fields = input.cursor(&head, WHAT);
    fields.signature(*b"GCOL")?;
    let version = fields.u8()?;
    if version != 1 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    fields.take(3)?;
    let collection = input.structure(address, fields.length()?, WHAT)?;
    let mut fields = input.cursor(&collection, WHAT);
    fields.take(head.len())?;
    loop {
        let found = u32::from(fields.u16()?);
        fields.take(6)?;
        let size = usize::try_from(fields.length()?).unwrap_or(usize::MAX);
        if found == 0 {
            return Err(fields.corrupt(format!("it has no object {index}")));
        }
        let object = fields.take(size)?;
        if found == index {
            return Ok(object.to_vec());
        }
        fields.take(size.next_multiple_of(8).saturating_sub(size))?;
    }
}
