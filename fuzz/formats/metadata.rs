//! Any `zarr.json`: written again, it is the same.

use super::inputs::document;
use crate::nodes::typed_attribute;
use crate::values::AnyArray;
use crate::zarr::{ArrayMetadata, ChunkGrid, Codecs, FillValue, Marker, NodeMetadata};

/// The input is a document, or else choices that one is made of.
pub fn metadata(input: &[u8]) {
    let Ok(node) = NodeMetadata::parse(&document::of(input)) else { return };
    let written = node.to_bytes().unwrap();
    assert_eq!(NodeMetadata::parse(&written).unwrap(), node);
    if let NodeMetadata::Array(array) = &node {
        look(array);
    }
    let Ok(marker) = Marker::read(node.attributes()) else { return };
    let mut attributes = node.attributes().clone();
    marker.write(&mut attributes).unwrap();
    assert_eq!(Marker::read(&attributes).unwrap(), marker);
    for (name, json) in node.attributes().iter() {
        let Ok(array) = typed_attribute(json, marker.attributes.get(name)) else { continue };
        let (data_type, shape) = (array.data_type(), array.shape());
        let again = AnyArray::from_typed_json(&array.to_json(), data_type, shape).unwrap();
        assert_eq!((again.to_json(), again.shape()), (array.to_json(), shape), "{json}");
    }
}

fn look(array: &ArrayMetadata) {
    let fill = FillValue::parse(&array.fill_value, array.data_type);
    let codecs = Codecs::new(array);
    assert!(fill.is_ok() || codecs.is_err(), "{fill:?}");
    if let Ok(codecs) = codecs {
        let _ = codecs.encoded_size();
        let _ = codecs.shards().map(|shards| shards.index_range(1 << 20));
    }
    let Ok(grid) = ChunkGrid::new(&array.shape, &array.chunk_shape) else { return };
    for n in [0, 1, grid.len() / 2, grid.len().saturating_sub(1)] {
        if n >= grid.len() {
            continue;
        }
        let index = grid.index(n);
        assert!(grid.contains(&index));
        let region = grid.region(&index);
        let inside = region.start.iter().zip(&region.shape).zip(&array.shape);
        assert!(inside.into_iter().all(|((start, count), length)| start + count <= *length), "{region:?}");
        let path = array.chunk_keys.path(&index);
        let found = array.chunk_keys.index(&path, index.len());
        assert_eq!(found, Some(index), "{path}");
    }
}
