//! Whole chains of codecs, on arrays as their metadata describe them.

use serde_json::json;

use std::ops::Range;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use super::*;
use crate::zarr::{Compression, NodeMetadata};

fn array(data_type: DataType, chunk: &[u64], codecs: &Json) -> ArrayMetadata {
    let mut array = ArrayMetadata::new(data_type, chunk.to_vec(), chunk.to_vec(), Vec::new());
    array.codecs = codecs.as_array().unwrap().clone().into();
    array
}

fn made(data_type: DataType, chunk: &[u64], codecs: &Json) -> Codecs {
    Codecs::new(&array(data_type, chunk, codecs)).unwrap()
}

fn refused(chunk: &[u64], codecs: &Json) -> Error {
    Codecs::new(&array(DataType::Float64, chunk, codecs)).unwrap_err()
}

fn numbers(count: u32) -> Vec<u8> {
    (0..count).flat_map(|n| f64::from(n % 977).sqrt().to_le_bytes()).collect()
}

fn bytes_of(elements: Elements<'_>) -> Vec<u8> {
    match elements {
        Elements::Bytes(bytes) => bytes.into_owned(),
        Elements::Strings(_) => panic!("text"),
    }
}

fn bytes(endian: &str) -> Json {
    json!({"name": "bytes", "configuration": {"endian": endian}})
}

fn sharded(inner: &[u64], codecs: &Json) -> Json {
    json!({"name": "sharding_indexed", "configuration": {"chunk_shape": inner, "codecs": codecs,
        "index_codecs": [bytes("little"), "crc32c"]}})
}

#[test]
fn every_chain_gives_back_what_it_took() {
    let content = numbers(6 * 10 * 7);
    let gzip = json!({"name": "gzip", "configuration": {"level": 6}});
    let zstd = json!({"name": "zstd", "configuration": {"level": 3, "checksum": true}});
    let blosc = json!({"name": "blosc", "configuration": {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle",
        "typesize": 8, "blocksize": 0}});
    let transpose = |order: [u8; 3]| json!({"name": "transpose", "configuration": {"order": order}});
    for codecs in [
        json!([bytes("little")]),
        json!([bytes("little"), "crc32c"]),
        json!([bytes("big"), "crc32c", "crc32c"]),
        json!([bytes("little"), gzip, "crc32c"]),
        json!([bytes("little"), zstd, gzip]),
        json!([bytes("big"), blosc]),
        json!([transpose([2, 0, 1]), bytes("little")]),
        json!([transpose([2, 0, 1]), transpose([2, 1, 0]), bytes("big"), zstd]),
        json!([sharded(&[3, 5, 7], &json!([bytes("little")]))]),
        json!([sharded(&[2, 2, 1], &json!([bytes("big"), gzip, "crc32c"]))]),
        json!([
            transpose([1, 2, 0]),
            sharded(&[5, 7, 2], &json!([transpose([2, 1, 0]), bytes("little")])),
            zstd
        ]),
        json!([sharded(&[6, 5, 7], &json!([sharded(&[1, 5, 7], &json!([bytes("little"), zstd]))]))]),
    ] {
        let codecs = made(DataType::Float64, &[6, 10, 7], &codecs);
        let encoded = codecs.encode(Elements::Bytes(content.as_slice().into())).unwrap().concat();
        if let Some(size) = codecs.encoded_size() {
            assert_eq!(encoded.len() as u64, size);
        }
        assert_eq!(bytes_of(codecs.decode(encoded.clone()).unwrap()), content, "{codecs:?}");
        for end in [0, 1, encoded.len() / 2, encoded.len() - 1] {
            assert!(codecs.decode(encoded[..end].to_vec()).is_err(), "{codecs:?} cut at {end}");
        }
    }
}

#[test]
fn text_goes_through_compressors_shards_and_other_orders_of_axes() {
    let text: Vec<Cow<'_, str>> = (0..24).map(|n| Cow::Owned("ü".repeat(n % 5))).collect();
    let zstd = json!({"name": "zstd", "configuration": {"level": 3, "checksum": false}});
    for codecs in [
        json!(["vlen-utf8"]),
        json!(["vlen-utf8", zstd, "crc32c"]),
        json!([{"name": "transpose", "configuration": {"order": [1, 0]}}, "vlen-utf8"]),
        json!([sharded(&[2, 3], &json!(["vlen-utf8", zstd]))]),
    ] {
        let codecs = made(DataType::String, &[4, 6], &codecs);
        let encoded = codecs.encode(Elements::Strings(text.clone())).unwrap().concat();
        let Elements::Strings(decoded) = codecs.decode(encoded).unwrap() else { panic!("numbers") };
        assert_eq!(decoded, text, "{codecs:?}");
    }
}

#[test]
fn elements_that_lie_as_in_memory_are_known() {
    let plain = |codecs: Json| made(DataType::Float64, &[2, 3], &codecs).plain();
    let order = |order: [u8; 2]| json!({"name": "transpose", "configuration": {"order": order}});
    assert_eq!(plain(json!([bytes("little")])), Some(false));
    assert_eq!(plain(json!([order([0, 1]), bytes("little"), "crc32c"])), Some(true));
    assert_eq!(plain(json!([bytes("big")])), None);
    assert_eq!(plain(json!([order([1, 0]), bytes("little")])), None);
    assert_eq!(made(DataType::Bool, &[2], &json!(["bytes"])).plain(), Some(false));
    assert_eq!(made(DataType::String, &[2], &json!(["vlen-utf8"])).plain(), None);
    let huge = made(DataType::Float64, &[1 << 40, 1 << 23], &json!([bytes("little"), "crc32c"]));
    assert_eq!(huge.encoded_size(), Some(u64::MAX), "more than any file has");
}

#[test]
fn what_makes_no_sense_is_corrupt_and_what_is_not_known_is_unsupported() {
    let little = bytes("little");
    for (codecs, reason) in [
        (json!([]), "make no bytes"),
        (json!(["crc32c"]), "cannot follow"),
        (json!([little, little]), "cannot follow"),
        (json!([little, {"name": "transpose", "configuration": {"order": [0]}}]), "cannot follow"),
        (json!(["bytes"]), "which byte of a number"),
        (json!(["vlen-utf8"]), "do not go together"),
        (json!([bytes("middle")]), "unknown variant `middle`"),
        (json!([{"name": "transpose", "configuration": {"order": [0, 0]}}, little]), "no order of 1 axes"),
        (json!([{"name": "transpose", "configuration": {"order": [1]}}, little]), "no order of 1 axes"),
        (json!([little, {"name": "gzip", "configuration": {"level": 10}}]), "no level 10"),
        (
            json!([little, {"name": "gzip", "configuration": {"level": 1, "speed": 1}}]),
            "unknown field `speed`",
        ),
        (json!([little, "gzip"]), "missing field `level`"),
        (json!([little, {"name": "crc32c", "extra": 1}]), "more than a name"),
        (json!([little, {"configuration": {}}]), "has no name"),
        (json!([7]), "has no name"),
        (json!([sharded(&[3], &json!([little]))]), "cannot hold chunks"),
        (json!([sharded(&[0], &json!([little]))]), "cannot hold chunks"),
        (json!([sharded(&[1, 1], &json!([little]))]), "cannot hold chunks"),
        (json!([sharded(&[2], &json!([]))]), "make no bytes"),
        (
            json!([{"name": "sharding_indexed", "configuration": {"chunk_shape": [2], "codecs": [little],
                "index_codecs": [little, {"name": "gzip", "configuration": {"level": 1}}]}}]),
            "fixed size",
        ),
    ] {
        let error = refused(&[4], &codecs);
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
    let mut nested = json!([little]);
    for _ in 0..5 {
        nested = json!([sharded(&[4], &nested)]);
    }
    for (codecs, reason) in [(json!([little, "evil"]), "\"evil\""), (nested, "more than 4 deep")] {
        let error = refused(&[4], &codecs);
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

fn shard(location: &str) -> Codecs {
    let mut codecs = sharded(&[2], &json!([bytes("little")]));
    codecs["configuration"]["index_location"] = json!(location);
    made(DataType::Float64, &[6], &json!([codecs]))
}

#[test]
fn inner_chunks_are_read_and_replaced_one_by_one() {
    for location in ["start", "end"] {
        let codecs = shard(location);
        let shards = codecs.shards().unwrap();
        assert_eq!(shards.inner_shape(), [2]);
        let mut content = numbers(6);
        content[16..32].fill(0);
        let file = codecs.encode(Elements::Bytes(content.as_slice().into())).unwrap().concat();
        assert_eq!(file.len(), 2 * 16 + 3 * 16 + 4, "the inner chunk that is all fill value is not there");
        let length = file.len() as u64;
        let part =
            |range: Range<u64>| range.map(|at| file[usize::try_from(at).unwrap()]).collect::<Vec<u8>>();
        let index = shards.index(part(shards.index_range(length).unwrap()), length).unwrap();
        assert_eq!((index.entry(1), index.entry(3)), (None, None));
        let last = shards.inner().decode(part(index.entry(2).unwrap())).unwrap();
        assert_eq!(bytes_of(last), content[32..]);

        // The first one is replaced, the others keep their bytes.
        let first = shards.encode_inner(Elements::Bytes(content[32..].into())).unwrap();
        let kept = (1..3).map(|n| index.entry(n).map(|range| vec![part(range).into()]));
        let chunks: Vec<Option<Parts<'_>>> = std::iter::once(first).chain(kept).collect();
        assert_eq!(shards.assemble(chunks[1..].to_vec()).unwrap_err().kind(), ErrorKind::WrongShape);
        let replaced = bytes_of(codecs.decode(shards.assemble(chunks).unwrap().concat()).unwrap());
        assert_eq!(replaced, [&content[32..], &content[16..]].concat());
    }
}

/// A shard of three inner chunks with these entries in its index, 48 bytes of content, and a checksum that is right.
fn with_entries(entries: [(u64, u64); 3]) -> Vec<u8> {
    let mut index: Vec<u8> = entries
        .iter()
        .flat_map(|(offset, length)| [offset.to_le_bytes(), length.to_le_bytes()].concat())
        .collect();
    index.extend(checksum(&[&index]));
    [numbers(6), index].concat()
}

#[test]
fn entries_beyond_the_file_in_the_index_or_in_each_other_are_damage() {
    let codecs = shard("end");
    let good = [(0, 16), (16, 16), (32, 16)];
    assert_eq!(bytes_of(codecs.decode(with_entries(good)).unwrap()), numbers(6));
    let missing = (u64::MAX, u64::MAX);
    assert_eq!(bytes_of(codecs.decode(with_entries([missing; 3])).unwrap()), [0; 48]);
    for (entries, reason) in [
        ([(0, 16), (8, 16), (32, 16)], "overlap"),
        ([(0, 16), (0, 16), (32, 16)], "overlap"),
        ([(0, 16), (16, 16), (40, 16)], "within the index"),
        ([(0, 16), (16, 16), (1000, 16)], "beyond the end"),
        ([(0, 16), (16, 16), (u64::MAX, 16)], "beyond the end"),
        ([(0, 16), (16, 16), (32, u64::MAX)], "beyond the end"),
        ([(0, 16), (16, 16), (32, 8)], "8 bytes, where 16 belong"),
        ([(0, 16), (16, 16), (32, 0)], "0 bytes, where 16 belong"),
    ] {
        let error = codecs.decode(with_entries(entries)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let mut damaged = with_entries(good);
    *damaged.last_mut().unwrap() ^= 1;
    assert!(codecs.decode(damaged).unwrap_err().to_string().contains("checksum"));
    let short = codecs.shards().unwrap().index_range(51).unwrap_err();
    assert_eq!(short.message(), "a chunk is damaged: it has 51 bytes, where its index alone has 52");
}

#[test]
fn the_metadata_that_we_write_are_those_that_we_read() {
    let plain = ArrayMetadata::new(DataType::Float32, vec![100], vec![10], vec!["x".to_owned()]);
    let zstd = plain.clone().with_compression(Compression::zstd(5).unwrap());
    let names = |array: &ArrayMetadata| -> Vec<String> {
        array.codecs.iter().map(|codec| codec["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&zstd), ["bytes", "zstd", "crc32c"]);
    let shards = zstd.with_shards(vec![50]).with_fill_value(json!("NaN"));
    assert_eq!((names(&shards), &shards.chunk_shape[..]), (vec!["sharding_indexed".to_owned()], &[50][..]));
    let codecs = Codecs::new(&shards).unwrap();
    assert_eq!(codecs.shards().unwrap().inner_shape(), [10]);
    let fill = f32::NAN.to_le_bytes().repeat(50);
    let encoded = codecs.encode(Elements::Bytes(fill.as_slice().into())).unwrap().concat();
    assert_eq!(encoded.len(), 5 * 16 + 4, "an index alone");
    assert_eq!(bytes_of(codecs.decode(encoded).unwrap()), fill);
    let blosc = |data_type| {
        let array = ArrayMetadata::new(data_type, vec![1], vec![1], vec![]);
        array.with_compression(Compression::blosc(5).unwrap()).codecs[1]["configuration"].clone()
    };
    let expected = json!({"typesize": 8, "cname": "zstd", "clevel": 5, "shuffle": "shuffle", "blocksize": 0});
    assert_eq!(blosc(DataType::Float64), expected);
    assert_eq!(
        (&blosc(DataType::Bool)["shuffle"], &blosc(DataType::String)["typesize"]),
        (&json!("noshuffle"), &json!(1))
    );
}

/// What zarrs, another implementation, makes of a chunk of `float64`.
fn decoded_by_zarrs(codecs: &Json, shape: &[u64], encoded: Vec<u8>) -> Vec<u8> {
    use zarrs::array::codec::{ArrayToBytesCodecTraits, CodecChain, CodecOptions};
    use zarrs::array::{ChunkRepresentation, DataType as ZarrsType};

    let metadata: Vec<zarrs::metadata::v3::MetadataV3> = serde_json::from_value(codecs.clone()).unwrap();
    let chain = CodecChain::from_metadata(&metadata).unwrap();
    let shape = shape.iter().map(|length| (*length).try_into().unwrap()).collect();
    let chunk = ChunkRepresentation::new(shape, ZarrsType::Float64, 0.0f64).unwrap();
    let decoded = chain.decode(encoded.into(), &chunk, &CodecOptions::default()).unwrap();
    decoded.into_fixed().unwrap().into_owned()
}

#[test]
fn shards_and_transposed_chunks_are_read_by_zarrs() {
    let mut content = numbers(6 * 10 * 7);
    content[..3 * 5 * 7 * 8].fill(0);
    let order = |order: [u8; 3]| json!({"name": "transpose", "configuration": {"order": order}});
    let mut at_start = sharded(&[2, 5, 1], &json!([bytes("little"), "crc32c"]));
    at_start["configuration"]["index_location"] = json!("start");
    for codecs in [
        json!([bytes("big"), "crc32c"]),
        json!([order([2, 0, 1]), bytes("little")]),
        json!([sharded(&[3, 5, 7], &json!([order([1, 2, 0]), bytes("little")]))]),
        json!([at_start]),
        json!([order([1, 2, 0]), sharded(&[5, 7, 2], &json!([bytes("big")])), "crc32c"]),
        json!([sharded(&[6, 5, 7], &json!([sharded(&[1, 5, 7], &json!([bytes("little")]))]))]),
    ] {
        let encoded = made(DataType::Float64, &[6, 10, 7], &codecs);
        let encoded = encoded.encode(Elements::Bytes(content.as_slice().into())).unwrap().concat();
        assert_eq!(decoded_by_zarrs(&codecs, &[6, 10, 7], encoded), content, "{codecs}");
    }
}

/// Python with numcodecs, zarr and tensorstore, as the tests under `tests` find it.
pub(super) fn python() -> Option<PathBuf> {
    let python = env::var_os("CALCSTORE_ORACLE_PYTHON").filter(|path| !path.is_empty()).map(PathBuf::from);
    let is_required = env::var_os("CALCSTORE_ORACLES").is_some_and(|value| value == "require");
    assert!(python.is_some() || !is_required, "Python with numcodecs is missing");
    python
}

#[test]
fn what_we_compress_is_read_by_zarr_python_and_tensorstore_without_a_warning() {
    const READER: &str = r#"
import pathlib, sys, warnings, numpy as np, zarr, tensorstore as ts
warnings.simplefilter("error")
count = 0
for place in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    kind = place.name.split("-")[0]
    values = zarr.open_array(str(place), mode="r")[...]
    if kind == "string":
        expected = np.array(["", "ü", "long " * 200] * 40)
        assert values.tolist() == expected.tolist(), place
    else:
        expected = (np.arange(120) % 2).astype(kind)
        assert values.dtype == kind and (values == expected).all(), place
        kvstore = {"driver": "file", "path": str(place)}
        other = ts.open({"driver": "zarr3", "kvstore": kvstore}).result().read().result()
        assert (other == expected).all(), place
    count += 1
print(count)
"#;
    let Some(python) = python() else { return };
    let there = tempfile::tempdir().unwrap();
    for data_type in
        [DataType::Float64, DataType::Complex64, DataType::Int16, DataType::Bool, DataType::String]
    {
        for compression in ["none", "zstd:1", "zstd:19", "gzip:6", "blosc:1", "blosc:5"] {
            for shards in [false, true] {
                let array = ArrayMetadata::new(data_type, vec![120], vec![30], vec!["x".to_owned()]);
                let array = array.with_compression(compression.parse().unwrap());
                let array = if shards { array.with_shards(vec![120]) } else { array };
                let codecs = Codecs::new(&array).unwrap();
                let place = there.path().join(format!("{data_type}-{compression}-{shards}"));
                fs::create_dir(&place).unwrap();
                for start in (0..120).step_by(usize::try_from(codecs.elements).unwrap()) {
                    let range = start..start + usize::try_from(codecs.elements).unwrap();
                    let name = array.chunk_keys.path(&[start as u64 / codecs.elements]);
                    fs::write(
                        place.join(name),
                        codecs.encode(alternating(data_type, range)).unwrap().concat(),
                    )
                    .unwrap();
                }
                fs::write(place.join("zarr.json"), NodeMetadata::Array(array).to_bytes().unwrap()).unwrap();
            }
        }
    }
    let output = Command::new(python).args(["-c", READER]).arg(there.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "60");
}

/// Zeros and ones in turn, or three texts.
fn alternating(data_type: DataType, range: Range<usize>) -> Elements<'static> {
    let one: &[u8] = match data_type {
        DataType::Float64 => &1f64.to_le_bytes(),
        DataType::Complex64 => &[0, 0, 0x80, 0x3f, 0, 0, 0, 0],
        DataType::Int16 => &[1, 0],
        DataType::Bool => &[1],
        _ => {
            let texts = [String::new(), "ü".to_owned(), "long ".repeat(200)];
            return Elements::Strings(range.map(|n| Cow::Owned(texts[n % 3].clone())).collect());
        }
    };
    let zero = vec![0; one.len()];
    Elements::Bytes(range.flat_map(|n| if n % 2 == 0 { zero.clone() } else { one.to_vec() }).collect())
}

#[test]
fn little_text_that_is_compressed_does_not_become_much() {
    let zstd = json!({"name": "zstd", "configuration": {"level": 3, "checksum": false}});
    let codecs = made(DataType::String, &[2], &json!(["vlen-utf8", zstd]));
    let text = |length: usize| {
        let strings = [Cow::Owned("a".repeat(length)), Cow::Borrowed("")];
        zstd::encode(&vlen_utf8::encode(&strings).unwrap(), 3, false)
    };
    assert!(codecs.decode(text(16 << 20)).is_ok());
    let error = codecs.decode(text(48 << 20)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}
