//! Elements in files that hold nothing else, one run in each.

use super::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::input::{Source, corrupt};
use crate::hdf5::read::layout::ExternalFile;

const WHAT: &str = "list of external files";

/// What files lack at their ends is zero. Beyond so much it is more than they earned.
const MOST_LACKING: u64 = 64 << 20;

/// The files, side by side.
#[derive(Debug)]
pub(super) struct External<'a> {
    elsewhere: Elsewhere<'a>,
    runs: Vec<Run<'a>>,
}

/// What one file has.
#[derive(Debug)]
struct Run<'a> {
    name: &'a str,
    /// Where it begins in the file.
    offset: u64,
    /// The first byte of the dataset that it has, and the first behind it.
    start: u64,
    end: u64,
}

impl<'a> External<'a> {
    /// Finds out which file has what of so many bytes.
    ///
    /// # Errors
    /// `Corrupt` where they have less, `Unsupported` where they end long before that or may not be read, `NotFound`, `Io`.
    pub fn new(files: &'a [ExternalFile], total: u64, elsewhere: Elsewhere<'a>) -> Result<Self> {
        let (mut runs, mut start, mut lacking) = (Vec::new(), 0_u64, 0_u64);
        for file in files {
            let rest = total.saturating_sub(start);
            let length = file.size.map_or(rest, |size| size.min(rest));
            if length == 0 {
                continue;
            }
            let there = elsewhere.neighbours.raw(elsewhere.from, &file.name)?.size();
            let there = there.saturating_sub(file.offset);
            lacking = lacking.saturating_add(length.saturating_sub(there));
            let end = start.saturating_add(length);
            runs.push(Run { name: &file.name, offset: file.offset, start, end });
            start = end;
        }
        if start < total {
            return Err(corrupt(WHAT, format!("{start} bytes are named of {total}")));
        }
        if lacking > MOST_LACKING {
            let why = format!("its files end {lacking} bytes before its elements do");
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        Ok(Self { elsewhere, runs })
    }

    /// Fills `out` with what begins at a byte; `last` is the file that was opened last.
    pub fn fill(&self, mut out: &mut [u8], mut at: u64, last: &mut LastFile) -> Result<()> {
        let mut next = self.runs.partition_point(|run| run.end <= at);
        while let (Some(run), false) = (self.runs.get(next), out.is_empty()) {
            if last.as_ref().is_none_or(|(number, _)| *number != next) {
                *last = Some((next, self.elsewhere.neighbours.raw(self.elsewhere.from, run.name)?));
            }
            let Some((_, source)) = &*last else { break };
            let count = usize::try_from(run.end.saturating_sub(at)).unwrap_or(usize::MAX).min(out.len());
            let (part, rest) = out.split_at_mut(count);
            let from = run.offset.saturating_add(at.saturating_sub(run.start));
            let there = usize::try_from(source.size().saturating_sub(from)).unwrap_or(usize::MAX).min(count);
            let (known, lacking) = part.split_at_mut(there);
            source.read_at(known, from).map_err(|error| {
                Error::new(ErrorKind::Io, format!("cannot read {:?} at byte {from}: {error}", run.name))
            })?;
            lacking.fill(0);
            (out, at, next) = (rest, at.saturating_add(count as u64), next.saturating_add(1));
        }
        Ok(())
    }
}

/// The file that was opened last, and which of them it is.
pub(super) type LastFile = Option<(usize, Box<dyn Source>)>;
