//! Version 2 B-trees of chunks: records of type 10, and 11 where chunks are filtered.

use super::{Entry, List, entry};
use crate::error::Result;
use crate::hdf5::read::input::Input;
use crate::hdf5::read::tree2::Tree2;

const WHAT: &str = "record of a chunk";

/// The types of records of chunks without and with filters.
const PLAIN: u8 = 10;
const FILTERED: u8 = 11;

pub(super) fn read(input: &Input, address: u64, list: &mut List) -> Result<()> {
    // Behind the signature and the version.
    let kind = input.structure(address.saturating_add(5), 1, WHAT)?;
    let is_filtered = kind == [FILTERED];
    let tree = Tree2::open(input, address, if is_filtered { FILTERED } else { PLAIN })?;
    let mut places = vec![0; list.grid.chunk.len()];
    let places_size = list.grid.chunk.len().saturating_mul(8);
    let head =
        usize::from(tree.record_size()).checked_sub(places_size).and_then(|head| u8::try_from(head).ok());
    list.places.reserve(usize::try_from(tree.len()).unwrap_or_default());
    tree.each(input, &mut |record| {
        let mut fields = input.cursor(record, WHAT);
        let Some(head) = head else { return Err(fields.corrupt("it is of another rank than the dataset")) };
        let found: Option<Entry> = entry(&mut fields, is_filtered, head)?;
        for place in &mut places {
            *place = fields.u64()?;
        }
        if !fields.is_empty() {
            return Err(fields.corrupt("it is of another rank than the dataset"));
        }
        found.map_or(Ok(()), |found| list.add(&places, found))
    })
}
