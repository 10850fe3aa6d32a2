//! The elements of virtual datasets, which others have.

use super::elsewhere::Elsewhere;
use super::grid::product;
use super::mapped::Part;
use super::reader::DatasetReader;
use super::region::{Region, Runs, Side, part, part_mut};
use super::size::refers;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::Type;
use crate::hdf5::read::file::File;

/// The elements of other datasets.
#[derive(Debug)]
pub(super) struct Virtual<'a> {
    pub file: &'a File,
    pub data_type: &'a Type,
    pub elsewhere: Elsewhere<'a>,
    pub parts: Vec<Part<'a>>,
}

impl Virtual<'_> {
    /// Fills `out` with what sources have of a region; says whether any had something.
    pub fn read(&self, region: &Region, out: &mut [u8], element: u64) -> Result<bool> {
        self.elsewhere.earn(out.len());
        let (mut bytes, mut is_written) = (Vec::new(), false);
        for source in &self.parts {
            let Some(ranges) = source.meet(region) else { continue };
            self.elsewhere.spend(1)?;
            is_written |= self.with((&source.file, &source.dataset), &mut |reader| {
                let mut last = None;
                source.pieces(&ranges, reader.shape(), &mut |from, to| {
                    let runs = Runs::new(
                        &to.shape,
                        &Side { shape: &to.shape, start: vec![0; to.shape.len()] },
                        &Side { shape: &region.shape, start: to.within(region) },
                        element,
                    );
                    let size = product(&to.shape).and_then(|count| count.checked_mul(element));
                    bytes.resize(size.and_then(|size| usize::try_from(size).ok()).unwrap_or(out.len()), 0);
                    reader.read_region(from, &mut bytes, &mut last)?;
                    if reader.data_type() != self.data_type {
                        let size = usize::try_from(element).unwrap_or(usize::MAX);
                        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
                    }
                    runs.each(&mut |from, to| {
                        part_mut(out, to, runs.length)?.copy_from_slice(part(&bytes, from, runs.length)?);
                        Ok(())
                    })
                })
            })?;
        }
        Ok(is_written)
    }

    /// Opens a source; says whether it is there.
    pub fn with(
        &self,
        (name, dataset): (&str, &str),
        each: &mut dyn FnMut(&DatasetReader<'_>) -> Result<()>,
    ) -> Result<bool> {
        let found = match name {
            "." => None,
            _ => match self.elsewhere.neighbours.file(self.elsewhere.from, name)? {
                None => return Ok(false),
                found => found,
            },
        };
        let here = || (self.elsewhere.from, self.file);
        let (number, file) = found.as_ref().map_or_else(here, |(number, file)| (*number, &**file));
        let object = match file.find(dataset) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            object => object?,
        };
        let header = object.dataset()?;
        let is_same = header.data_type == *self.data_type || header.data_type.reversed() == *self.data_type;
        if !is_same || (name != "." && refers(&header.data_type)) {
            let why =
                format!("the elements of {dataset:?} in {name:?} are of another type, or refer to others");
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let elsewhere = self.elsewhere.deeper(number);
        each(&DatasetReader::of(file, &header, &header.data_type, elsewhere)?)?;
        Ok(true)
    }
}
