//! Just enough of HDF5 to see what an exported file holds, and that its parts lie side by side.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// A group or dataset of a file.
#[derive(Debug)]
pub struct Object<'a> {
    /// The names of the attributes, in their order.
    pub attributes: Vec<String>,
    /// The shape, the bytes of an element, and all elements; a group has none.
    pub dataset: Option<(Vec<u64>, usize, Cow<'a, [u8]>)>,
}

/// A file, and which of its bytes are taken.
pub struct File<'a> {
    bytes: &'a [u8],
    taken: Vec<Range<usize>>,
    pub objects: BTreeMap<String, Object<'a>>,
}

impl<'a> File<'a> {
    /// Reads all objects, by their paths; the root is `/`.
    pub fn read(bytes: &'a [u8]) -> Self {
        assert_eq!(&bytes[..9], b"\x89HDF\r\n\x1a\n\0", "superblock");
        let mut file = Self { bytes, taken: Vec::new(), objects: BTreeMap::new() };
        file.take(0, 96);
        assert_eq!(file.number(40, 8), bytes.len(), "the end of the file");
        file.object("/".to_owned(), file.number(64, 8));
        file.taken.sort_by_key(|range| (range.start, range.end));
        let overlap = file.taken.windows(2).find(|pair| pair[0].end > pair[1].start);
        assert_eq!(overlap, None, "two parts overlap");
        file
    }

    /// The string that a reference of 16 bytes stands for.
    pub fn string(&self, reference: &[u8]) -> &'a str {
        let part = |range: Range<usize>| {
            reference[range].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
        };
        let (length, heap, index) = (part(0..4), part(4..12), part(12..16));
        assert_eq!(&self.bytes[heap..heap + 4], b"GCOL");
        let end = heap + self.number(heap + 8, 8);
        assert!(end <= self.bytes.len(), "a heap beyond the end");
        let mut at = heap + 16;
        while self.number(at, 2) != index {
            at += 16 + self.number(at + 8, 8).next_multiple_of(8);
            assert!(at < end, "no string {index} in the heap");
        }
        assert_eq!(self.number(at + 8, 8), length);
        std::str::from_utf8(&self.bytes[at + 16..at + 16 + length]).unwrap()
    }

    fn number(&self, at: usize, size: usize) -> usize {
        self.bytes[at..at + size].iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    }

    fn take(&mut self, at: usize, size: usize) -> &'a [u8] {
        if size > 0 {
            self.taken.push(at..at + size);
        }
        &self.bytes[at..at + size]
    }

    fn object(&mut self, path: String, header: usize) {
        assert_eq!(self.bytes[header], 1, "the version of an object header");
        let (count, size) = (self.number(header + 2, 2), self.number(header + 8, 4));
        let end = header + 16 + size;
        self.take(header, 16 + size);
        let (mut attributes, mut shape, mut element, mut layout) = (Vec::new(), None, 0, None);
        let (mut at, mut members) = (header + 16, None);
        for _ in 0..count {
            let (kind, size, body) = (self.number(at, 2), self.number(at + 2, 2), at + 8);
            match kind {
                0x01 => {
                    let rank = usize::from(self.bytes[body + 1]);
                    shape = Some((0..rank).map(|n| self.number(body + 8 + 8 * n, 8) as u64).collect());
                }
                0x03 => element = self.number(body + 4, 4),
                0x08 => layout = Some(body),
                0x0c => {
                    assert_eq!(self.bytes[body], 1, "the version of an attribute");
                    let length = self.number(body + 2, 2);
                    let name = self.bytes[body + 8..body + 8 + length].strip_suffix(&[0]).unwrap();
                    attributes.push(String::from_utf8(name.to_vec()).unwrap());
                }
                0x11 => members = Some((self.number(body, 8), self.number(body + 8, 8))),
                0x05 => {}
                other => panic!("{path}: message {other:#x}"),
            }
            at = body + size;
        }
        assert_eq!(at, end, "{path}: the messages fill the header");
        let dataset = layout.map(|layout| {
            let shape: Vec<u64> = shape.clone().unwrap();
            let elements = usize::try_from(shape.iter().product::<u64>()).unwrap();
            let bytes = self.elements(layout, &shape, elements * element, element);
            (shape, element, bytes)
        });
        assert_eq!(dataset.is_none(), members.is_some(), "{path} is a group or a dataset");
        if let Some((tree, heap)) = members {
            assert_eq!(self.take(heap, 32)[..4], *b"HEAP");
            let (size, names) = (self.number(heap + 8, 8), self.number(heap + 24, 8));
            self.take(names, size);
            let mut last = None;
            self.links(tree, names, &path, &mut last);
        }
        assert!(
            self.objects.insert(path, Object { attributes, dataset }).is_none(),
            "two objects of one name"
        );
    }

    /// Reads the elements that a layout message says the place of: in one run, or in chunks without a filter.
    fn elements(&mut self, layout: usize, shape: &[u64], size: usize, element: usize) -> Cow<'a, [u8]> {
        if self.bytes[layout + 1] == 1 {
            assert_eq!(self.number(layout + 10, 8), size, "{shape:?} of {element} bytes");
            return Cow::Borrowed(if size == 0 { &[] } else { self.take(self.number(layout + 2, 8), size) });
        }
        assert_eq!(self.bytes[layout + 1..layout + 3], [2, shape.len() as u8 + 1], "chunks of another rank");
        let shape: Vec<usize> = shape.iter().map(|length| *length as usize).collect();
        let chunk: Vec<usize> = (0..shape.len()).map(|axis| self.number(layout + 11 + 4 * axis, 4)).collect();
        let mut whole = vec![0; size];
        let tree = self.number(layout + 3, 8);
        if tree as u64 != u64::MAX {
            self.chunks(tree, (&shape, &chunk, element), &mut whole);
        }
        Cow::Owned(whole)
    }

    /// Puts the chunks below a node of a dataset's B-tree where they belong.
    fn chunks(&mut self, node: usize, grid: (&[usize], &[usize], usize), whole: &mut [u8]) {
        let (shape, chunk, element) = grid;
        assert_eq!(&self.bytes[node..node + 5], b"TREE\x01");
        let (level, count, key) = (self.bytes[node + 5], self.number(node + 6, 2), 16 + 8 * shape.len());
        self.take(node, 24 + key + (key + 8) * count);
        for n in 0..count {
            let entry = node + 24 + (key + 8) * n;
            let below = self.number(entry + key, 8);
            if level > 0 {
                self.chunks(below, grid, whole);
                continue;
            }
            let bytes = self.take(below, self.number(entry, 4));
            assert_eq!(bytes.len(), chunk.iter().product::<usize>() * element, "the size of a chunk");
            for (at, bytes) in bytes.chunks_exact(element).enumerate() {
                let (mut rest, mut place, mut step, mut is_inside) = (at, 0, element, true);
                for axis in (0..shape.len()).rev() {
                    let index = self.number(entry + 8 + 8 * axis, 8) + rest % chunk[axis];
                    is_inside &= index < shape[axis];
                    place += index * step;
                    (rest, step) = (rest / chunk[axis], step * shape[axis]);
                }
                if is_inside {
                    whole[place..place + element].copy_from_slice(bytes);
                }
            }
        }
    }

    /// Reads what is below a node of a group's B-tree; `last` is the name before.
    fn links(&mut self, node: usize, names: usize, above: &str, last: &mut Option<String>) {
        if &self.bytes[node..node + 4] == b"TREE" {
            let count = self.number(node + 6, 2);
            self.take(node, 24 + 8 * (2 * count + 1));
            for n in 0..count {
                self.links(self.number(node + 32 + 16 * n, 8), names, above, last);
            }
            return;
        }
        assert_eq!(&self.bytes[node..node + 4], b"SNOD");
        let count = self.number(node + 6, 2);
        self.take(node, 8 + 40 * count);
        for n in 0..count {
            let entry = node + 8 + 40 * n;
            let name = &self.bytes[names + self.number(entry, 8)..];
            let name = name.split(|byte| *byte == 0).next().unwrap();
            let name = String::from_utf8(name.to_vec()).unwrap();
            assert!(last.as_ref().is_none_or(|last| *last < name), "{last:?} before {name:?}");
            self.object(format!("{}/{name}", above.trim_end_matches('/')), self.number(entry + 8, 8));
            *last = Some(name);
        }
    }
}
