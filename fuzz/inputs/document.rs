//! `zarr.json` as an input.

use std::borrow::Cow;

use serde_json::{Map, Value as Json, json};

use super::input::Input;

/// The input is a document, or else choices that one is made of.
pub fn of(input: &[u8]) -> Cow<'_, [u8]> {
    match input.first() {
        Some(b'{') => input.into(),
        _ => choose(&mut Input::new(input)).to_string().into_bytes().into(),
    }
}

/// A document that is mostly right.
fn choose(input: &mut Input<'_>) -> Json {
    let is_group = input.byte().is_multiple_of(4);
    let mut fields = Map::new();
    fields.insert("zarr_format".into(), json!(if input.byte() == 255 { 2 } else { 3 }));
    fields.insert("node_type".into(), json!(if is_group { "group" } else { "array" }));
    if !is_group {
        let rank = input.below(4);
        let shape: Vec<u64> = (0..rank).map(|_| length(input)).collect();
        let chunks: Vec<u64> = (0..rank).map(|_| length(input)).collect();
        let data_type = input.one_of(&TYPES);
        fields.insert("shape".into(), json!(shape));
        fields.insert("data_type".into(), serde_json::from_str(data_type).unwrap_or(json!(data_type)));
        let grid = json!({"name": "regular", "configuration": {"chunk_shape": chunks}});
        fields.insert("chunk_grid".into(), grid);
        fields.insert("chunk_key_encoding".into(), value(input, &KEYS));
        fields.insert("fill_value".into(), value(input, &FILLS));
        let count = 1 + input.below(3);
        let codecs: Vec<Json> = (0..count).map(|_| value(input, &CODECS)).collect();
        fields.insert("codecs".into(), json!(codecs));
        if input.flag() {
            let names: Vec<Json> = (0..rank).map(|_| value(input, &[r#""x""#, "null", r#""y""#])).collect();
            fields.insert("dimension_names".into(), json!(names));
        }
    }
    let mut attributes = Map::new();
    while !input.is_empty() && attributes.len() < 5 {
        let (name, value) = match input.byte() % 4 {
            0 => ("calcstore".to_owned(), value(input, &MARKERS)),
            _ => (input.text(8), nested(input, 0)),
        };
        attributes.insert(name, value);
    }
    fields.insert("attributes".into(), Json::Object(attributes));
    Json::Object(fields)
}

const TYPES: [&str; 10] = [
    "bool",
    "int8",
    "uint16",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "string",
    r#"{"name":"fixed_length_utf32","configuration":{"length_bytes":8}}"#,
];

const KEYS: [&str; 5] = [
    r#"{"name":"default","configuration":{"separator":"."}}"#,
    r#"{"name":"default"}"#,
    r#""default""#,
    r#"{"name":"v2","configuration":{"separator":"/"}}"#,
    r#"{"name":"v2"}"#,
];

const FILLS: [&str; 9] = [
    "0",
    "1.5",
    "-0.0",
    r#""NaN""#,
    r#""0x7ff8000000000001""#,
    "false",
    r#""""#,
    "[0.0,\"Infinity\"]",
    "1e308",
];

const CODECS: [&str; 9] = [
    r#"{"name":"bytes","configuration":{"endian":"little"}}"#,
    r#"{"name":"bytes"}"#,
    r#""vlen-utf8""#,
    r#"{"name":"crc32c"}"#,
    r#"{"name":"transpose","configuration":{"order":[1,0]}}"#,
    r#"{"name":"zstd","configuration":{"level":3,"checksum":false}}"#,
    r#"{"name":"gzip","configuration":{"level":5}}"#,
    r#"{"name":"blosc","configuration":{"cname":"lz4","clevel":5,"shuffle":"noshuffle","typesize":4,"blocksize":0}}"#,
    r#"{"name":"sharding_indexed","configuration":{"chunk_shape":[1,1],"codecs":[{"name":"bytes"}],
    "index_codecs":[{"name":"bytes","configuration":{"endian":"little"}},"crc32c"],"index_location":"end"}}"#,
];

const MARKERS: [&str; 7] = [
    r#"{"kind":"bytes"}"#,
    r#"{"kind":"object","encoding":"postcard","type":"T","schema":{"seq":"u8"}}"#,
    r#"{"kind":"object","encoding":"json","type":"T"}"#,
    r#"{"kind":"table","columns":["x","y"],"rows":3}"#,
    r#"{"kind":"root","status":"failed"}"#,
    r#"{"sparse":true,"provisional_chunks":true}"#,
    r#"{"attributes":{"":{"data_type":"float32","shape":[2]},"a":{"data_type":"complex64","shape":[]}}}"#,
];

fn length(input: &mut Input<'_>) -> u64 {
    input.number().unsigned_abs()
}

/// One of the texts as JSON, or else anything.
fn value(input: &mut Input<'_>, texts: &[&str]) -> Json {
    match input.below(texts.len() + 1) {
        0 => nested(input, 0),
        n => serde_json::from_str(texts[n - 1]).unwrap(),
    }
}

fn nested(input: &mut Input<'_>, depth: usize) -> Json {
    match input.byte() % 9 {
        0 => Json::Null,
        1 => json!(input.flag()),
        2 => json!(input.number()),
        3 => json!(input.bits()),
        4 => json!(f64::from_bits(input.bits())),
        5 => json!(input.text(6)),
        6 => json!(input.one_of(&["NaN", "Infinity", "-Infinity"])),
        _ if depth == 8 => json!([]),
        7 => json!({ input.text(3): nested(input, depth + 1) }),
        _ => (0..input.below(4)).map(|_| nested(input, depth + 1)).collect(),
    }
}
