//! Any bytes as the chunk of an array, through one codec or another: an error, or all of the elements.

use std::fs;

use calcstore::{DataStore, Value};

/// Elements of the one chunk.
const ELEMENTS: usize = 12;

const BYTES: &str = r#"{"name":"bytes","configuration":{"endian":"little"}}"#;

/// The chains of [`chain`]; the first byte of its input chooses.
const CHAINS: [&str; 8] = [
    r#"BYTES,"crc32c""#,
    r#"BYTES,{"name":"gzip","configuration":{"level":1}}"#,
    r#"BYTES,{"name":"zstd","configuration":{"level":1}}"#,
    r#"{"name":"transpose","configuration":{"order":[1,0]}},{"name":"bytes","configuration":{"endian":"big"}}"#,
    r#"BYTES,{"name":"gzip","configuration":{"level":1}},{"name":"zstd","configuration":{"level":1}}"#,
    r#""vlen-utf8",{"name":"zstd","configuration":{"level":1}}"#,
    r#""vlen-utf8""#,
    "BYTES",
];

/// The input is a blosc frame.
pub fn blosc(input: &[u8]) {
    read(r#"BYTES,{"name":"blosc","configuration":{"cname":"zstd","clevel":5,"shuffle":"shuffle"}}"#, input);
}

/// The input is a shard of shards whose indices have no checksum, which nobody would guess.
pub fn shard(input: &[u8]) {
    let sharded = |inner: &str, codecs: &str, location: &str| {
        format!(
            r#"{{"name":"sharding_indexed","configuration":{{"chunk_shape":{inner},"codecs":[{codecs}],
            "index_codecs":[{BYTES}],"index_location":"{location}"}}}}"#
        )
    };
    read(&sharded("[1,2]", "BYTES", "end"), input);
    read(&sharded("[1,2]", "BYTES", "start"), input);
    read(&sharded("[3,2]", &sharded("[1,1]", "BYTES", "start"), "end"), input);
}

/// The input is a number, which chooses a chain, and a chunk.
pub fn chain(input: &[u8]) {
    let Some((which, chunk)) = input.split_first() else { return };
    read(CHAINS[usize::from(*which) % CHAINS.len()], chunk);
}

fn read(codecs: &str, chunk: &[u8]) {
    let (data_type, fill) =
        if codecs.contains("utf8") { ("string", r#""""#) } else { ("float64", r#""NaN""#) };
    let codecs = codecs.replace("BYTES", BYTES);
    let document = format!(
        r#"{{"zarr_format":3,"node_type":"array","shape":[3,4],"data_type":"{data_type}","chunk_grid":{{"name":
        "regular","configuration":{{"chunk_shape":[3,4]}}}},"chunk_key_encoding":{{"name":"default"}},
        "fill_value":{fill},"codecs":[{codecs}]}}"#
    );
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("c/0")).unwrap();
    fs::write(directory.path().join("zarr.json"), document).unwrap();
    fs::write(directory.path().join("c/0/0"), chunk).unwrap();
    let store = DataStore::options().read_only(true).at(directory.path()).unwrap();
    store.node("/").unwrap();
    match store.value("/") {
        Ok(Value::Array(array)) => assert_eq!(array.shape().iter().product::<usize>(), ELEMENTS),
        Ok(other) => panic!("{other:?}"),
        Err(error) => assert!(!error.to_string().contains("zarr.json"), "{error}"),
    }
}
