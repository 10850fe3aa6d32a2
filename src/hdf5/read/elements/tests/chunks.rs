//! Chunks that h5py does not write, or not in a test.

use std::io::Write;
use std::sync::Arc;

use super::oracle::input;
use crate::error::{ErrorKind, Result};
use crate::hdf5::read::elements::{DatasetReader, Stored};
use crate::hdf5::read::layout::{ChunkIndex, Dataspace, Filter, Layout};
use crate::hdf5::read::{Input, Type};

/// Reads a dataset of bytes that has one deflated chunk, which is the whole file, in blocks.
fn blocks(
    input: &Input,
    shape: &[u64],
    chunk: &[u64],
    size: u64,
    has_plain_edges: bool,
) -> Result<Vec<Vec<u8>>> {
    let data_type = Type::Opaque { size: 1, tag: String::new() };
    let dataspace = Dataspace::Simple { shape: shape.to_vec(), maximum: vec![None; shape.len()] };
    let index = ChunkIndex::Single { address: Some(0), filtered: Some((size, 0)) };
    let layout = Layout::Chunked { chunk: chunk.to_vec(), index, has_plain_edges };
    let filters = [Filter { id: 1, name: None, is_optional: false, parameters: vec![6] }];
    let stored = Stored {
        data_type: &data_type,
        dataspace: &dataspace,
        layout: &layout,
        filters: &filters,
        fill: &None,
    };
    let mut blocks = Vec::new();
    DatasetReader::new(input, stored)?.read_blocks(&mut |block| {
        blocks.push(block.bytes.to_vec());
        Ok(())
    })?;
    Ok(blocks)
}

#[test]
fn chunks_at_the_edge_are_not_inflated_where_the_layout_says_so() {
    let file = input(&Arc::new((1..=8).collect()));
    assert_eq!(blocks(&file, &[5], &[8], 8, true).unwrap(), [[1, 2, 3, 4, 5]]);
    assert_eq!(blocks(&file, &[5], &[8], 8, false).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(blocks(&file, &[8], &[8], 8, true).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_chunk_that_is_larger_than_a_block_comes_in_several() {
    let bytes: Vec<u8> = (0..5_u32 << 22).map(|n| (n >> 10).to_le_bytes()[0]).collect();
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).unwrap();
    let stored = encoder.finish().unwrap();
    let size = stored.len() as u64;
    let file = input(&Arc::new(stored));
    let found = blocks(&file, &[5, 1 << 22], &[5, 1 << 22], size, false).unwrap();
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [4 << 22, 1 << 22]);
    assert!(found.concat() == bytes);
    let part = blocks(&file, &[3, 1 << 10], &[5, 1 << 22], size, false).unwrap();
    let rows = (0..3).flat_map(|row| bytes[row << 22..][..1 << 10].to_vec());
    assert!(part.concat() == rows.collect::<Vec<u8>>());
}
