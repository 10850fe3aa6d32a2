//! Elements of all layouts, indexes and filters.

use std::collections::BTreeSet;
use std::mem::discriminant;

use serde_json::json;

use super::oracle::{Case, case, cases, input};
use crate::error::{ErrorKind, Result};
use crate::hdf5::read::elements::{Values, values};
use crate::hdf5::read::layout::{ChunkIndex, Dataspace, Layout};

#[test]
fn blocks_of_every_layout_and_filter_hold_what_h5py_reads() {
    let (mut indexes, mut filters, mut wrong) = (Vec::new(), BTreeSet::new(), Vec::new());
    for case in cases().iter().filter(|case| case.expected.is_null()) {
        if !all(case).is_ok_and(|found| found == case.bytes) {
            wrong.push(&case.name);
        }
        if let Layout::Chunked { index, .. } = &case.layout
            && !indexes.contains(&discriminant(index))
        {
            indexes.push(discriminant(index));
        }
        filters.extend(case.filters.iter().map(|filter| filter.id));
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    if !cases().is_empty() {
        assert_eq!(indexes.len(), 6);
        assert_eq!(filters, BTreeSet::from([1, 2, 3, 4, 5, 6, 32000]));
    }
}

#[test]
fn blocks_that_were_written_are_all_that_is_not_fill() {
    let mut skipped = 0;
    for case in cases().iter().filter(|case| case.expected.is_null()) {
        let input = input(&case.file);
        let reader = case.open(&input).unwrap();
        let mut whole = reader.fill_value().repeat(case.bytes.len() / reader.fill_value().len());
        let mut read = 0;
        reader
            .read_written(&mut |block| {
                read += block.bytes.len();
                assert!(block.is_written);
                place(&mut whole, case.shape(), block.start, block.shape, block.bytes);
                Ok(())
            })
            .unwrap();
        assert!(whole == case.bytes, "{}", case.name);
        skipped += case.bytes.len() - read;
    }
    assert!(cases().is_empty() || skipped > 0);
}

#[test]
fn boxes_of_elements_hold_what_h5py_reads() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for case in cases().iter().filter(|case| case.expected.is_null()) {
        let input = input(&case.file);
        let reader = case.open(&input).unwrap();
        for _ in 0..3 {
            let start: Vec<u64> = case.shape().iter().map(|length| random(length + 1)).collect();
            let count: Vec<u64> =
                case.shape().iter().zip(&start).map(|(length, start)| random(length - start + 1)).collect();
            let elements: u64 = count.iter().product();
            let mut found = vec![0xa5; usize::try_from(elements * reader.element_size()).unwrap()];
            reader.read(&start, &count, &mut found).unwrap();
            let mut expected = case.bytes.clone();
            place(&mut expected, case.shape(), &start, &count, &found);
            assert!(expected == case.bytes, "{} {start:?} {count:?}", case.name);
        }
        let beyond: Vec<u64> = case.shape().iter().map(|length| length + 1).collect();
        if !beyond.is_empty() {
            let error = reader.read(&vec![0; beyond.len()], &beyond, &mut []).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}

#[test]
fn texts_and_lists_are_those_that_h5py_reads() {
    for case in cases().iter().filter(|case| !case.expected.is_null()) {
        let input = input(&case.file);
        let mut found = Vec::new();
        let reader = case.open(&input).unwrap();
        reader
            .read_blocks(&mut |block| {
                match values(&input, reader.data_type(), block.bytes)? {
                    Values::Text(texts) => found.extend(texts.into_iter().map(|text| json!(text))),
                    Values::Lists { lengths, values } => {
                        let Values::I16(values) = *values else { panic!("{values:?}") };
                        let mut rest = values.as_slice();
                        for length in lengths {
                            let (list, after) = rest.split_at(usize::try_from(length).unwrap());
                            found.push(json!(list));
                            rest = after;
                        }
                    }
                    other => panic!("{other:?}"),
                }
                Ok(())
            })
            .unwrap();
        let expected = case.expected.as_object().unwrap().values().next().unwrap();
        assert!(json!(found) == *expected, "{}", case.name);
    }
}

#[test]
fn a_dataset_of_endless_shape_without_a_chunk_costs_nothing() {
    let Some(case) = case("v110", "endless_sparse") else { return };
    let mut case = case.clone();
    let Layout::Chunked { index, .. } = &mut case.layout else { unreachable!() };
    *index = ChunkIndex::Tree2 { address: None };
    case.dataspace = Dataspace::Simple { shape: vec![9_000_000_000_000_000_000], maximum: vec![None] };
    let input = input(&case.file);
    let reader = case.open(&input).unwrap();
    let mut blocks = 0;
    reader
        .read_written(&mut |_| {
            blocks += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(blocks, 0);
    let mut element = [0; 4];
    reader.read(&[8_999_999_999_999_999_998], &[2], &mut element).unwrap();
    assert_eq!(element, [0xfd, 0xff, 0xfd, 0xff]);
}

/// All elements, put together from blocks.
fn all(case: &Case) -> Result<Vec<u8>> {
    let input = input(&case.file);
    let mut whole = vec![0xa5; case.bytes.len()];
    case.open(&input)?.read_blocks(&mut |block| {
        place(&mut whole, case.shape(), block.start, block.shape, block.bytes);
        Ok(())
    })?;
    Ok(whole)
}

/// Puts a box of elements where it belongs, one by one.
fn place(whole: &mut [u8], shape: &[u64], start: &[u64], count: &[u64], bytes: &[u8]) {
    let elements: u64 = count.iter().product();
    if elements == 0 {
        return;
    }
    let size = bytes.len() / usize::try_from(elements).unwrap();
    for (n, element) in (0_u64..).zip(bytes.chunks_exact(size)) {
        let (mut rest, mut at, mut stride) = (n, 0, 1);
        for ((start, count), length) in start.iter().zip(count).zip(shape).rev() {
            at += (start + rest % count) * stride;
            rest /= count;
            stride *= length;
        }
        let at = usize::try_from(at).unwrap() * size;
        whole[at..at + size].copy_from_slice(element);
    }
}
