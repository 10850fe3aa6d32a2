//! What a virtual dataset is put together of, as an object of the global heap says (III.E, VII.B).

use std::sync::Arc;

use super::selection;
use crate::error::Result;
use crate::hdf5::read::checksum::verified;
use crate::hdf5::read::cursor::Cursor;
use crate::hdf5::read::input::Input;
use crate::hdf5::read::layout::Mapping;

const WHAT: &str = "mapping of a virtual dataset";

/// Gives the mappings, in their order.
pub fn decode(input: &Input, collection: u64, index: u32) -> Result<Vec<Mapping>> {
    let object = heap_object(input, collection, index)?;
    let mut fields = input.cursor(verified(&object, WHAT)?, WHAT);
    let version = fields.u8()?;
    if version > 1 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    let mut mappings: Vec<Mapping> = Vec::new();
    for _ in 0..fields.length()? {
        let (file, dataset) = if version == 0 {
            (fields.text()?.into(), fields.text()?.into())
        } else {
            names(&mut fields, &mappings)?
        };
        let source = selection::decode(&mut fields)?;
        mappings.push(Mapping { file, dataset, source, target: selection::decode(&mut fields)? });
    }
    Ok(mappings)
}

/// The names of a file and a dataset in version 1, which may be those of mappings before.
fn names(fields: &mut Cursor<'_>, before: &[Mapping]) -> Result<(Arc<str>, Arc<str>)> {
    const SHARED_FILE: u8 = 1;
    const SHARED_DATASET: u8 = 1 << 1;
    const SAME_FILE: u8 = 1 << 2;
    let flags = fields.u8()?;
    let shared = |fields: &mut Cursor<'_>| {
        let index = fields.length()?;
        let mapping = usize::try_from(index).ok().and_then(|index| before.get(index));
        mapping.ok_or_else(|| fields.corrupt(format!("a name is that of mapping {index}, which comes later")))
    };
    let file = match flags {
        _ if flags & SAME_FILE != 0 => ".".into(),
        _ if flags & SHARED_FILE != 0 => Arc::clone(&shared(fields)?.file),
        _ => fields.text()?.into(),
    };
    let is_shared = flags & SHARED_DATASET != 0;
    let dataset = if is_shared { Arc::clone(&shared(fields)?.dataset) } else { fields.text()?.into() };
    Ok((file, dataset))
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
