//! Files that were damaged on purpose.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::Bytes;
use super::listing::list;

fn own(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus/hdf5").join(name)).unwrap()
}

/// What is found, but for a link to `nnn…` and an attribute that are so long that they lie in huge objects of fractal heaps:
/// the format has no checksum for those.
fn lines(bytes: &[u8]) -> HashSet<String> {
    let found = list(Box::new(Bytes(bytes.to_vec()))).map(|listing| listing.lines).unwrap_or_default();
    found.into_iter().filter(|line| line.len() < 1000 && !line.contains("nnn")).collect()
}

#[test]
fn no_damaged_byte_makes_another_file_of_one_with_checksums() {
    for name in ["generated/links.h5", "generated/types.h5", "hdf5-1.10.8/h5fc_ext3_isf.h5"] {
        let whole = own(name);
        let expected = lines(&whole);
        for at in (0..whole.len()).step_by(7) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            let found = lines(&bytes);
            let invented: Vec<_> = found.difference(&expected).collect();
            assert!(invented.is_empty(), "{name}, byte {at}: {invented:?}");
        }
    }
}

#[test]
fn what_lies_before_the_cut_is_found_in_a_file_cut_short() {
    let whole = own("generated/links.h5");
    let expected = lines(&whole);
    let mut counts = HashSet::new();
    for size in (0..whole.len()).step_by(509) {
        let found = lines(&whole[..size]);
        assert!(found.is_subset(&expected), "{size}");
        counts.insert(found.len());
    }
    assert!(counts.len() > 4, "cut in many places, a file has more or less of it: {counts:?}");
}

#[test]
fn links_that_one_index_has_lost_are_found_in_the_other() {
    let whole = own("generated/links.h5");
    let node = whole.windows(6).position(|window| window == b"BTLF\0\x05").unwrap();
    let mut bytes = whole.clone();
    bytes[node + 9] ^= 1;
    let found = list(Box::new(Bytes(bytes))).unwrap();
    let root = "/dense: the node of a version 2 B-tree is damaged: its checksum is wrong";
    assert_eq!(found.errors, [root]);
    assert_eq!(found.lines, list(Box::new(Bytes(whole))).unwrap().lines);
}

/// Numbers without a pattern, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

#[test]
fn files_with_a_few_wrong_bytes_are_read_or_refused() {
    let mut numbers = Numbers(1);
    let (mut read, mut refused) = (0, 0);
    for name in ["old_links", "old_types", "old_layouts", "links", "types", "layouts", "newest"] {
        let whole = own(&format!("generated/{name}.h5"));
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(bytes.len() - 8);
                match numbers.below(4) {
                    0 => bytes[at] ^= 1 << numbers.below(8),
                    1 => bytes[at..at + 8].fill(0xff),
                    2 => bytes.copy_within(at..at + 8, numbers.below(whole.len() - 8)),
                    _ => bytes[at] = u8::try_from(numbers.below(256)).unwrap(),
                }
            }
            match list(Box::new(Bytes(bytes))) {
                Ok(_) => read += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read > 100 && refused > 0, "{read} read, {refused} refused");
}
