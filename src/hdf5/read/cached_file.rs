//! A file whose metadata are read in pages.

use std::fs::File;
use std::io;
use std::sync::{Mutex, PoisonError};

use super::input::Source;
use crate::system::read_exact_at;

/// How many bytes are read at once.
const PAGE: u64 = 4096;

/// How many pages are kept: 2 MiB of them.
const PAGES: u64 = 512;

/// An open file, of which the pages that were read last are kept, as structures are small and lie side by side.
///
/// Reads of more than a page go to the file itself, side by side.
#[derive(Debug)]
pub struct CachedFile {
    file: File,
    size: u64,
    /// Each page has one place, by the remainder of its number.
    pages: Mutex<Vec<Page>>,
}

#[derive(Clone, Debug, Default)]
struct Page {
    number: u64,
    bytes: Vec<u8>,
}

impl CachedFile {
    /// # Errors
    /// What the system says when it is asked for the size.
    pub fn new(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Ok(Self { file, size, pages: Mutex::new(Vec::new()) })
    }

    /// Copies what a page has from a place in it on, as far as there is room; gives how much that was.
    fn copy(&self, bytes: &mut [u8], number: u64, start: usize) -> io::Result<usize> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.is_empty() {
            pages.resize(usize::try_from(PAGES).unwrap_or_default(), Page::default());
        }
        let place = usize::try_from(number % PAGES).unwrap_or_default();
        let Some(page) = pages.get_mut(place) else { return Err(io::ErrorKind::InvalidInput.into()) };
        if page.number != number || page.bytes.is_empty() {
            let begin = number.saturating_mul(PAGE);
            let size = self.size.saturating_sub(begin).min(PAGE);
            // A read that fails leaves no page.
            page.bytes.clear();
            let mut read = vec![0; usize::try_from(size).unwrap_or_default()];
            read_exact_at(&self.file, &mut read, begin)?;
            *page = Page { number, bytes: read };
        }
        let there = page.bytes.get(start..).unwrap_or_default();
        let count = there.len().min(bytes.len());
        bytes.iter_mut().zip(there).for_each(|(byte, there)| *byte = *there);
        Ok(count)
    }
}

impl Source for CachedFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        if bytes.len() as u64 > PAGE {
            return read_exact_at(&self.file, bytes, at);
        }
        let (mut rest, mut at) = (bytes, at);
        while !rest.is_empty() {
            let start = usize::try_from(at % PAGE).unwrap_or_default();
            let count = self.copy(rest, at / PAGE, start)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            rest = rest.split_at_mut(count).1;
            at = at.saturating_add(count as u64);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{CachedFile, Source};

    const PAGE: usize = 4096;
    const PAGES: usize = 512;

    #[test]
    fn what_is_read_is_what_the_file_has_wherever_pages_begin() {
        let whole: Vec<u8> = (0..=250).cycle().take(PAGE * 3 + 17).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&whole).unwrap();
        let file = CachedFile::new(file).unwrap();
        assert_eq!(file.size(), whole.len() as u64);
        for (at, size) in [(0, 1), (PAGE - 1, 2), (PAGE * 2 - 5, PAGE), (PAGE * 3, 17), (1, PAGE * 3), (9, 0)]
        {
            let mut bytes = vec![0; size];
            file.read_at(&mut bytes, at as u64).unwrap();
            assert_eq!(bytes, whole[at..at + size], "{size} at {at}");
        }
        for (at, size) in [(PAGE * 3, 18), (whole.len(), 1), (usize::MAX, 3), (PAGE, PAGE * 2 + 18)] {
            assert!(file.read_at(&mut vec![0; size], at as u64).is_err(), "{size} at {at}");
        }
    }

    #[test]
    fn pages_that_share_a_place_are_told_apart() {
        let mut file = tempfile::tempfile().unwrap();
        for number in 0..=PAGES {
            file.write_all(&vec![u8::try_from(number % 255).unwrap(); PAGE]).unwrap();
        }
        let file = CachedFile::new(file).unwrap();
        for number in [0, PAGES, 0, 1] {
            let mut byte = [0];
            file.read_at(&mut byte, (number * PAGE) as u64).unwrap();
            assert_eq!(usize::from(byte[0]), number % 255);
        }
    }
}
