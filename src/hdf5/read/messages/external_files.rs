//! External files messages (IV.A.2.h).

use crate::error::Result;
use crate::hdf5::read::budget::Budget;
use crate::hdf5::read::input::Input;
use crate::hdf5::read::layout::ExternalFile;
use crate::hdf5::read::links::LocalHeap;

/// Decodes which files have the elements of a dataset, in order.
pub fn decode(input: &Input, message: &[u8]) -> Result<Vec<ExternalFile>> {
    let mut fields = input.cursor(message, "external files message");
    let version = fields.u8()?;
    if version != 1 {
        return Err(fields.unsupported(format!("version {version}")));
    }
    fields.take(3)?;
    let (_room, count) = (fields.u16()?, fields.u16()?);
    let Some(heap) = fields.address()? else { return Err(fields.corrupt("it names no heap")) };
    let heap = LocalHeap::read(input, heap)?;
    let mut names = Budget::new(input, "list of external files");
    let file = |_| {
        let name = heap.text(fields.length()?)?;
        names.spend(name.len() as u64)?;
        Ok(ExternalFile { name, offset: fields.length()?, size: fields.bounded_length()? })
    };
    (0..count).map(file).collect()
}
