//! Local heaps: the names of the links of one group (III.D).

use crate::error::Result;
use crate::hdf5::read::cursor::lossy;
use crate::hdf5::read::input::{Input, corrupt};

const WHAT: &str = "local heap";

/// No name is longer that is read.
const LONGEST: u64 = 1 << 16;

/// The segment of a heap, of which texts are read one by one.
#[derive(Debug)]
pub(in crate::hdf5::read) struct LocalHeap<'a> {
    input: &'a Input,
    segment: u64,
    size: u64,
}

impl<'a> LocalHeap<'a> {
    pub fn read(input: &'a Input, address: u64) -> Result<Self> {
        let sizes = input.sizes();
        let lengths = u64::from(sizes.length).saturating_mul(2);
        let size = lengths.saturating_add(u64::from(sizes.offset)).saturating_add(8);
        let bytes = input.structure(address, size, WHAT)?;
        let mut fields = input.cursor(&bytes, WHAT);
        fields.signature(*b"HEAP")?;
        let version = fields.u8()?;
        if version != 0 {
            return Err(fields.unsupported(format!("version {version}")));
        }
        fields.take(3)?;
        let (size, _free) = (fields.length()?, fields.length()?);
        let Some(segment) = fields.address()? else { return Err(fields.corrupt("it has no bytes")) };
        // A segment that the end of the file cuts off has some of its names.
        let size = size.min(input.size().saturating_sub(segment));
        Ok(Self { input, segment, size })
    }

    /// Gives the text that begins at an offset, up to its NUL.
    pub fn text(&self, offset: u64) -> Result<String> {
        let rest = self.size.saturating_sub(offset).min(LONGEST);
        if rest == 0 {
            return Err(corrupt(
                WHAT,
                format!("the name at {offset} would lie behind its {} bytes", self.size),
            ));
        }
        let mut size = 32;
        loop {
            let bytes = self.input.structure(self.segment.saturating_add(offset), rest.min(size), WHAT)?;
            if bytes.contains(&0) {
                return Ok(lossy(&bytes));
            }
            if size >= rest {
                return Err(corrupt(WHAT, format!("the name at {offset} has no end")));
            }
            size = size.saturating_mul(8);
        }
    }
}
