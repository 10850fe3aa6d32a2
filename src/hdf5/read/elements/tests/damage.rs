//! Damaged indexes, filters and heaps: an error or what was written, in no time and no memory to speak of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::oracle::{Case, case, input};
use crate::error::{ErrorKind, Result};
use crate::hdf5::read::elements::values;
use crate::hdf5::read::layout::{ChunkIndex, Layout};

/// What is tried: a dataset of each index and filter.
const NAMES: [&str; 12] = [
    "endless_filtered",
    "fixed_paged_filtered",
    "two_endless_lzf",
    "implicit",
    "nbit_compound",
    "nbit_wide",
    "scale_f8",
    "scale_i1",
    "masked",
    "szip_i2_False_8_nn",
    "texts_chunked",
    "lists",
];

/// Reads everything there is, converted; gives the bytes.
fn read(case: &Case, file: Vec<u8>) -> Result<Vec<u8>> {
    let start = Instant::now();
    let input = input(&Arc::new(file));
    let mut found = Vec::new();
    let result = case.open(&input).and_then(|reader| {
        reader.read_blocks(&mut |block| {
            found.extend_from_slice(block.bytes);
            values(&input, reader.data_type(), block.bytes).map(drop)
        })
    });
    assert!(start.elapsed() < Duration::from_secs(10), "{}", case.name);
    let known =
        |error: &crate::error::Error| matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Unsupported);
    assert!(result.as_ref().err().is_none_or(known), "{result:?}");
    result.map(|()| found)
}

/// The addresses of the structures that an index begins with.
fn index_address(case: &Case) -> usize {
    let Layout::Chunked { index, .. } = &case.layout else { return 0 };
    let (ChunkIndex::Tree1 { address }
    | ChunkIndex::Single { address, .. }
    | ChunkIndex::Implicit { address }
    | ChunkIndex::FixedArray { address, .. }
    | ChunkIndex::ExtensibleArray { address, .. }
    | ChunkIndex::Tree2 { address }) = index;
    usize::try_from(address.unwrap()).unwrap()
}

#[test]
fn a_file_that_is_cut_off_anywhere_gives_an_error_or_what_was_written() {
    for name in NAMES {
        for version in ["earliest", "v110"] {
            let Some(case) = case(version, name) else { return };
            let whole = read(case, case.file.to_vec()).unwrap();
            let mut errors = 0;
            for n in 0..12 {
                let end = case.file.len() * n / 12;
                match read(case, case.file[..end].to_vec()) {
                    Ok(found) => assert!(found == whole, "{} cut at {end}", case.name),
                    Err(_) => errors += 1,
                }
            }
            assert!(errors > 0, "{}", case.name);
        }
    }
}

#[test]
fn every_bit_of_an_index_with_a_checksum_is_verified() {
    // Structures by their signatures, and how many bytes each has at least.
    for (name, structures) in [
        ("endless_sparse", &[(&b"EAHD"[..], 72), (b"EAIB", 40), (b"EASB", 40), (b"EADB", 40)][..]),
        ("fixed_paged_filtered", &[(b"FAHD", 28), (b"FADB", 19)]),
        ("two_endless_lzf", &[(b"BTHD", 38), (b"BTIN", 40), (b"BTLF", 40)]),
    ] {
        let Some(case) = case("v110", name) else { return };
        let is_refused = |at: usize, bit: usize| {
            let mut file = case.file.to_vec();
            file[at + bit / 8] ^= 1 << (bit % 8);
            let input = input(&Arc::new(file));
            case.open(&input).is_err_and(|error| error.kind() == ErrorKind::Corrupt)
        };
        for (signature, size) in structures {
            // The first that belongs to this dataset and to no other.
            let mut places = (0..case.file.len()).filter(|at| case.file[*at..].starts_with(signature));
            let at = places.find(|at| is_refused(*at, 0)).unwrap();
            for bit in 0..size * 8 {
                assert!(is_refused(at, bit), "{name} bit {bit} of {}", signature.escape_ascii());
            }
        }
    }
}

#[test]
fn flipped_bits_anywhere_never_panic_nor_take_long() {
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    for name in NAMES {
        for version in ["earliest", "v110"] {
            let Some(case) = case(version, name) else { return };
            let first = index_address(case);
            let (mut errors, rounds) = (0, 24);
            for n in 0..rounds {
                let mut file = case.file.to_vec();
                // Half of them near the index, where most structures are.
                let near = (file.len() - first).min(if n % 2 == 0 { 4096 } else { usize::MAX });
                for _ in 0..1 << (n % 6) {
                    file[first + random(near)] ^= 1 << random(8);
                }
                errors += usize::from(read(case, file).is_err());
            }
            assert!(errors <= rounds);
        }
    }
}

#[test]
fn filters_that_a_mask_says_were_skipped_are_not_undone_and_fletcher_finds_damage() {
    let Some(case) = case("earliest", "masked") else { return };
    let whole = read(case, case.file.to_vec()).unwrap();
    let expected: Vec<u8> = (0..4).chain(100..104).chain(200..204).flat_map(i32::to_le_bytes).collect();
    assert_eq!(whole, expected);
    let mut case = case.clone();
    // Deflate is said to have been skipped in all chunks, so that the checksum is over other bytes.
    case.filters.retain(|filter| filter.id == 3);
    let error = read(&case, case.file.to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_chunk_that_its_stored_bytes_cannot_become_is_refused_before_anything_is_allocated() {
    let Some(case) = case("earliest", "endless_filtered") else { return };
    let mut case = case.clone();
    let Layout::Chunked { chunk, .. } = &mut case.layout else { unreachable!() };
    *chunk = vec![7 << 40];
    let error = read(&case, case.file.to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

#[test]
fn a_tree_whose_nodes_share_a_child_comes_to_an_end() {
    // A root of level 200 whose two children are itself, at level 199, and so on: the levels do not fit.
    let node = |level: u8, child: u64| {
        let mut node = [b"TREE\x01", &[level][..], &[2, 0], &[0xff; 16]].concat();
        for _ in 0..2 {
            node.extend([8_u32, 0].iter().flat_map(|word| word.to_le_bytes()));
            node.extend([0_u64, 0, child].iter().flat_map(|word| word.to_le_bytes()));
        }
        node
    };
    let Some(case) = case("earliest", "endless_filtered") else { return };
    let mut case = case.clone();
    let Layout::Chunked { index, .. } = &mut case.layout else { unreachable!() };
    *index = ChunkIndex::Tree1 { address: Some(0) };
    let chain: Vec<u8> = (0..60_u8).flat_map(|n| node(59 - n, (u64::from(n) + 1) * 88)).collect();
    let error = read(&case, chain).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains("entries of a B-tree of chunks"), "{error}");
}
