//! Datasets in chunks and dimension scales, beside those of h5py 3.16 (HDF5 2.0.0, `libver="earliest"`).

use std::io::Cursor;

use super::hex;
use crate::error::{ErrorKind, Result};
use crate::hdf5::write::address::{UNDEFINED, pad};
use crate::hdf5::write::chunk_index::ChunkIndex;
use crate::hdf5::write::layout::{self, Allocation};
use crate::hdf5::write::object_header::{ObjectHeader, SPLIT_SIZE};
use crate::hdf5::write::sink::Sink;
use crate::hdf5::write::{Attribute, Chunking, Datatype, Filter, Group, Writer, dataspace, filter};

/// `f.create_dataset("x", shape=(10, 5), dtype="i4", chunks=(4, 3), maxshape=(None, 8), fillvalue=-1, shuffle=True,
/// compression="gzip", compression_opts=4, fletcher32=True)`.
#[test]
fn the_messages_of_a_dataset_in_chunks_are_those_of_h5py() -> Result<()> {
    let space = dataspace::encode_within(&[10, 5], &[None, Some(8)])?;
    assert_eq!(
        hex(&space),
        "01020100000000000a000000000000000500000000000000ffffffffffffffff0800000000000000"
    );
    let value = (-1_i32).to_le_bytes();
    let mut fill_value = layout::fill_value(&Datatype::Int32, Allocation::Incremental, Some(&value));
    pad(&mut fill_value);
    assert_eq!(hex(&fill_value), "0203020104000000ffffffff00000000");
    let mut chunked = layout::chunked(0x578, &[4, 3], 4);
    pad(&mut chunked);
    assert_eq!(hex(&chunked), "030203780500000000000004000000030000000400000000");
    let filters = [Filter::Shuffle, Filter::Deflate(4), Filter::Fletcher32];
    assert_eq!(hex(&filter::encode(&filters, 4)), FILTERS);
    Ok(())
}

/// The index of that dataset with all of its six chunks written. The last key is another one that is beyond all chunks: which
/// one h5py writes depends on the order in which they were written.
#[test]
fn the_index_of_few_chunks_is_that_of_h5py() -> Result<()> {
    let mut sink = Sink::new(Cursor::new(Vec::new()), "chunks.h5".into());
    let mut index = ChunkIndex::new(&[4, 3], 4);
    let chunks = [
        (0, 0x1ba8, 27),
        (1, 0x1bc3, 28),
        (2, 0x1bdf, 27),
        (3, 0x1bfa, 28),
        (4, 0x1c16, 25),
        (5, 0x1c2f, 25),
    ];
    for (n, address, size) in chunks {
        index.push(&mut sink, &[n / 2, n % 2], (address, size))?;
    }
    assert_eq!(index.finish(&mut sink)?, 0);
    let bytes = sink.into_inner().into_inner();
    assert_eq!(bytes.len(), 24 + 64 * (32 + 8) + 32);
    assert_eq!(hex(&bytes[..INDEX.len() / 2]), INDEX);
    Ok(())
}

/// Reads the addresses below a node of an index in their order, and its siblings; checks what a node says of itself.
fn walk(bytes: &[u8], node: usize, rank: usize, found: &mut Vec<(u64, u64)>) -> (u64, u64) {
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(&bytes[node..node + 5], b"TREE\x01");
    let (level, count) = (bytes[node + 5], usize::from(bytes[node + 6]));
    let step = 8 + 8 * (rank + 1) + 8;
    let mut expected_left = UNDEFINED;
    for n in 0..count {
        let at = node + 24 + n * step;
        let (first, child) = (word(at + 8), word(at + step - 8));
        if level == 0 {
            found.push((first, child));
            continue;
        }
        let child = usize::try_from(child).unwrap();
        assert_eq!(bytes[child + 5] + 1, level);
        assert_eq!(word(child + 32), first, "the key of a node is that of its first child");
        let (left, right) = walk(bytes, child, rank, found);
        // Siblings in one parent know each other; those of its neighbours are checked by way of the order.
        if n > 0 {
            assert_eq!(left, expected_left);
        }
        if n + 1 < count {
            assert_eq!(right, word(at + step + step - 8));
        }
        expected_left = child as u64;
    }
    (word(node + 8), word(node + 16))
}

#[test]
fn an_index_of_any_number_of_chunks_finds_all_of_them_in_their_order() -> Result<()> {
    for count in [1, 63, 64, 65, 128, 129, 64 * 64, 64 * 64 + 1, 300_000] {
        let mut sink = Sink::new(Cursor::new(Vec::new()), "chunks.h5".into());
        let mut index = ChunkIndex::new(&[10], 8);
        for n in 0..count {
            index.push(&mut sink, &[n], (8 * n, 80))?;
        }
        let root = index.finish(&mut sink)?;
        let bytes = sink.into_inner().into_inner();
        let mut found = Vec::new();
        let siblings = walk(&bytes, usize::try_from(root).unwrap(), 1, &mut found);
        assert_eq!(siblings, (UNDEFINED, UNDEFINED));
        assert!(found.into_iter().eq((0..count).map(|n| (10 * n, 8 * n))), "{count}");
    }
    let mut sink = Sink::new(Cursor::new(Vec::new()), "chunks.h5".into());
    assert_eq!(ChunkIndex::new(&[10], 8).finish(&mut sink)?, UNDEFINED);
    Ok(())
}

/// Shape, the longest that it may become, chunk, and why they do not go together.
type Case<'a> = (&'a [u64], &'a [Option<u64>], &'a [u64], ErrorKind);

#[test]
fn chunks_that_no_file_can_hold_are_refused() -> Result<()> {
    let mut writer = Writer::new(Cursor::new(Vec::new()), "chunks.h5")?;
    let cases: [Case<'_>; 8] = [
        (&[], &[], &[], ErrorKind::InvalidInput),
        (&[5], &[Some(5)], &[2, 2], ErrorKind::InvalidInput),
        (&[5], &[Some(4)], &[2], ErrorKind::InvalidInput),
        (&[5], &[Some(5)], &[6], ErrorKind::InvalidInput),
        (&[5], &[None], &[0], ErrorKind::InvalidInput),
        (&[5], &[None], &[1 << 32], ErrorKind::Unsupported),
        (&[5], &[None], &[1 << 29], ErrorKind::Unsupported),
        (&[1; 33], &[None; 33], &[1; 33], ErrorKind::Unsupported),
    ];
    for (shape, maximum, chunk, kind) in cases {
        let chunking = Chunking { maximum, chunk, filters: &[], fill_value: None };
        let refused = writer.chunked(&Datatype::Float64, shape, &chunking, &[]).err();
        assert_eq!(refused.map(|error| error.kind()), Some(kind), "{shape:?} {maximum:?} {chunk:?}");
    }
    let chunking = Chunking { maximum: &[None], chunk: &[2], filters: &[], fill_value: Some(&[0]) };
    assert!(writer.chunked(&Datatype::Float64, &[4], &chunking, &[]).is_err(), "a short fill value");
    let chunking = Chunking { fill_value: None, ..chunking };
    let mut dataset = writer.chunked(&Datatype::Int8, &[4], &chunking, &[])?;
    assert!(dataset.chunk(&[0], &[1]).is_err(), "a short chunk");
    assert!(dataset.chunk(&[2], &[1, 1]).is_err(), "a chunk beyond the shape");
    dataset.chunk(&[1], &[1, 1])?;
    assert!(dataset.chunk(&[1], &[1, 1]).is_err() && dataset.chunk(&[0], &[1, 1]).is_err(), "out of order");
    dataset.finish().map(drop)
}

/// `d.dims[0].attach_scale(s)` of two datasets at 0x320 and 0xfb0.
#[test]
fn references_of_dimension_scales_are_those_of_h5py() -> Result<()> {
    let entry = |address: u64| [&address.to_le_bytes()[..], &[0; 8]].concat();
    let list = [entry(0x320), entry(0xfb0)].concat();
    let attribute = Attribute::new("REFERENCE_LIST", &Datatype::reference_list(), &[2], &list)?;
    assert_eq!(message(attribute)?, REFERENCE_LIST);
    let class = Attribute::new("CLASS", &Datatype::FixedText(16), &[], b"DIMENSION_SCALE\0")?;
    assert_eq!(message(class)?, CLASS);
    let mut lists = [0; 16];
    lists[0] = 1;
    let lists = Attribute::new("DIMENSION_LIST", &Datatype::References, &[1], &lists)?;
    assert_eq!(message(lists)?, DIMENSION_LIST);
    Ok(())
}

#[test]
fn a_header_at_a_place_of_its_own_continues_where_its_messages_are() -> Result<()> {
    let mut writer = Writer::new(Cursor::new(Vec::new()), "place.h5")?;
    let place = writer.place()?;
    let mut dataset = writer.dataset(&Datatype::Int8, &[3], &[])?;
    dataset.write(&[1, 2, 3])?;
    let described = dataset.end()?;
    let more = Attribute::new("x", &Datatype::Int8, &[], &[7])?;
    let object = writer.describe_at(&place, described, &[more])?;
    assert_eq!((object.reference(), place.reference()), (96_u64.to_le_bytes(), 96_u64.to_le_bytes()));
    let mut root = Group::new();
    root.insert("x", object)?;
    let bytes = writer.finish(root, &[])?.into_inner();
    // Five messages and the one that continues; 24 bytes of messages in the first block.
    assert_eq!(hex(&bytes[96..112]), "01000600010000001800000000000000");
    assert_eq!(hex(&bytes[112..120]), "1000100000000000");
    assert_eq!(
        u64::from_le_bytes(bytes[120..128].try_into().unwrap()),
        (96 + SPLIT_SIZE + 3).next_multiple_of(8)
    );
    Ok(())
}

fn message(attribute: Attribute) -> Result<String> {
    let mut header = ObjectHeader::default();
    crate::hdf5::write::attribute::push_all(&[attribute], &mut header)?;
    let mut bytes = header.encode()?;
    Ok(hex(&bytes.split_off(24)))
}

const FILTERS: &str = "\
    0103000000000000020008000100010073687566666c6500040000000000000001000800010001006465666c6174650004\
    000000000000000300100000000000666c6574636865723332000000000000";
const INDEX: &str = "\
    5452454501000600ffffffffffffffffffffffffffffffff1b0000000000000000000000000000000000000000000000\
    0000000000000000a81b0000000000001c00000000000000000000000000000003000000000000000000000000000000\
    c31b0000000000001b00000000000000040000000000000000000000000000000000000000000000df1b000000000000\
    1c00000000000000040000000000000003000000000000000000000000000000fa1b0000000000001900000000000000\
    080000000000000000000000000000000000000000000000161c00000000000019000000000000000800000000000000\
    030000000000000000000000000000002f1c00000000000000000000000000000c00000000000000";
const CLASS: &str = "\
    0100060008000800434c4153530000001300000010000000010000000000000044494d454e53494f4e5f5343414c4500";
const REFERENCE_LIST: &str = "\
    01000f00740018005245464552454e43455f4c4953540000160200001000000064617461736574000000000000000000\
    000000000000000000000000000000000000000000000000170000000800000064696d656e73696f6e00000000000000\
    080000000000000000000000000000000000000000000000000000000000000010000000040000000000200000000000\
    01010100000000000200000000000000020000000000000020030000000000000000000000000000b00f000000000000\
    0000000000000000";
const DIMENSION_LIST: &str = "\
    01000f001000180044494d454e53494f4e5f4c4953540000190000001000000017000000080000000101010000000000\
    0100000000000000010000000000000001000000000000000000000000000000";
