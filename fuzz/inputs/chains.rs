//! Chains of codecs, and chunks as an input.

/// Elements of the one chunk, of shape 3 × 4.
pub const ELEMENTS: usize = 12;

const BYTES: &str = r#"{"name":"bytes","configuration":{"endian":"little"}}"#;

/// One of which the first byte of an input chooses.
pub const CHAINS: [&str; 8] = [
    r#"BYTES,"crc32c""#,
    r#"BYTES,{"name":"gzip","configuration":{"level":1}}"#,
    r#"BYTES,{"name":"zstd","configuration":{"level":1}}"#,
    r#"{"name":"transpose","configuration":{"order":[1,0]}},{"name":"bytes","configuration":{"endian":"big"}}"#,
    r#"BYTES,{"name":"gzip","configuration":{"level":1}},{"name":"zstd","configuration":{"level":1}}"#,
    r#""vlen-utf8",{"name":"zstd","configuration":{"level":1}}"#,
    r#""vlen-utf8""#,
    "BYTES",
];

/// With this bit in its first byte the input is a chunk without its checksum, which is added.
pub const WITH_CHECKSUM: u8 = 0x10;

/// With this one it is elements, which are encoded and must come back.
pub const ENCODE: u8 = 0x20;

/// The frame says how it was made.
pub const BLOSC: &str =
    r#"BYTES,{"name":"blosc","configuration":{"cname":"zstd","clevel":5,"shuffle":"shuffle"}}"#;

/// Shards, and shards of shards.
pub fn shards() -> [String; 3] {
    let sharded = |inner: &str, codecs: &str, location: &str| {
        format!(
            r#"{{"name":"sharding_indexed","configuration":{{"chunk_shape":{inner},"codecs":[{codecs}],
            "index_codecs":[{BYTES}],"index_location":"{location}"}}}}"#
        )
    };
    [
        sharded("[1,2]", "BYTES", "end"),
        sharded("[1,2]", "BYTES", "start"),
        sharded("[3,2]", &sharded("[1,1]", "BYTES", "start"), "end"),
    ]
}

/// A chain that ends with a checksum.
pub fn with_checksum(chain: &str) -> String {
    format!(r#"{},"crc32c""#, chain.trim_end_matches(r#","crc32c""#))
}

/// The `zarr.json` of an array of one chunk.
pub fn document(codecs: &str) -> String {
    let (data_type, fill) =
        if codecs.contains("utf8") { ("string", r#""""#) } else { ("float64", r#""NaN""#) };
    let codecs = codecs.replace("BYTES", BYTES);
    format!(
        r#"{{"zarr_format":3,"node_type":"array","shape":[3,4],"data_type":"{data_type}","chunk_grid":{{"name":
        "regular","configuration":{{"chunk_shape":[3,4]}}}},"chunk_key_encoding":{{"name":"default"}},
        "fill_value":{fill},"codecs":[{codecs}]}}"#
    )
}

/// The input as text, an element each.
pub fn texts(bytes: &[u8]) -> Vec<String> {
    (0..ELEMENTS).map(|n| String::from_utf8_lossy(cut(bytes, n)).into_owned()).collect()
}

/// The input as bits of numbers, an element each.
pub fn numbers(bytes: &[u8]) -> Vec<u64> {
    (0..ELEMENTS).map(|n| number(cut(bytes, n))).collect()
}

/// The `n`-th of [`ELEMENTS`] pieces of about the same length.
fn cut(bytes: &[u8], n: usize) -> &[u8] {
    &bytes[bytes.len() * n / ELEMENTS..bytes.len() * (n + 1) / ELEMENTS]
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}
