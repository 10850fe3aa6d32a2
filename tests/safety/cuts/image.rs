//! What is on a disk: pages, of which those that were never written are zeros.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const PAGE: usize = 4096;

#[derive(Clone)]
pub struct Image {
    pages: BTreeMap<u64, Box<[u8; PAGE]>>,
    pub size: u64,
}

impl Image {
    pub fn load(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        let size = file.metadata().unwrap().len();
        let mut image = Self { pages: BTreeMap::new(), size };
        let mut page = [0; PAGE];
        for offset in (0..size).step_by(PAGE) {
            file.read_exact_at(&mut page, offset).unwrap();
            if page.iter().any(|byte| *byte != 0) {
                image.write(offset, &page);
            }
        }
        image
    }

    pub fn save(&self, path: &Path) {
        let file = File::create(path).unwrap();
        file.set_len(self.size).unwrap();
        for (number, page) in &self.pages {
            file.write_all_at(&page[..], number * PAGE as u64).unwrap();
        }
    }

    pub fn read(&self, offset: u64, size: usize) -> Vec<u8> {
        let end = self.size.min(offset + size as u64);
        let mut bytes = vec![0; end.saturating_sub(offset) as usize];
        let mut rest = &mut bytes[..];
        let mut at = offset;
        while !rest.is_empty() {
            let (number, start) = (at / PAGE as u64, at as usize % PAGE);
            let (part, after) = rest.split_at_mut(rest.len().min(PAGE - start));
            if let Some(page) = self.pages.get(&number) {
                part.copy_from_slice(&page[start..start + part.len()]);
            }
            at += part.len() as u64;
            rest = after;
        }
        bytes
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) {
        assert!(offset + bytes.len() as u64 <= self.size);
        let (mut at, mut rest) = (offset, bytes);
        while !rest.is_empty() {
            let (number, start) = (at / PAGE as u64, at as usize % PAGE);
            let (part, after) = rest.split_at(rest.len().min(PAGE - start));
            let page = self.pages.entry(number).or_insert_with(|| Box::new([0; PAGE]));
            page[start..start + part.len()].copy_from_slice(part);
            at += part.len() as u64;
            rest = after;
        }
    }
}
