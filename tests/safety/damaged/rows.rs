//! What is planted, what is found, and what a repair leaves.

use calcstore::FindingKind::{self, *};
use serde_json::json;

use super::nodes::{groups, internals, names, relations, strangers, tables};
use super::store::{Site, directory, fifo, link, socket, summed};

/// What a repair leaves of a finding.
#[derive(Clone, Debug)]
pub enum Left {
    Mended,
    /// Moved to `lost/<id>`, under this path.
    Aside(String),
    Alone,
}

#[derive(Clone, Debug)]
pub struct Found {
    pub kind: FindingKind,
    pub key: String,
    pub file: String,
    pub left: Left,
}

pub struct Row {
    pub planted: &'static str,
    pub plant: fn(&Site),
    /// All that is found; nothing where the damage cannot be seen.
    pub found: Vec<Found>,
}

pub fn row<const N: usize>(planted: &'static str, plant: fn(&Site), found: [Found; N]) -> Row {
    Row { planted, plant, found: found.to_vec() }
}

pub fn found(kind: FindingKind, key: &str, file: &str, left: Left) -> Found {
    Found { kind, key: key.to_owned(), file: file.to_owned(), left }
}

/// A damaged value, which is set aside as a whole.
pub fn value(key: &str, file: &str) -> Found {
    let node = if key.starts_with("/table") { "table" } else { &key[1..] };
    found(Value, key, &format!("{key}/{file}")[1..], Left::Aside(node.to_owned()))
}

/// Something that does not belong, which is set aside by itself.
pub fn foreign(key: &str, file: &str) -> Found {
    found(Foreign, key, file, Left::Aside(file.to_owned()))
}

pub fn group(key: &str, left: Left) -> Found {
    found(Group, key, format!("{key}/zarr.json").trim_start_matches('/'), left)
}

pub fn rows() -> Vec<Row> {
    [chunks(), lengths(), places(), documents(), meanings(), groups(), tables(), strangers(), names(), relations(), internals()]
        .into_iter()
        .flatten()
        .collect()
}

fn chunks() -> Vec<Row> {
    vec![
        row("a bit of a chunk", |s| s.flip("g/many/c.0.1", 0), [value("/g/many", "c.0.1")]),
        row("a bit of a checksum", |s| s.flip("g/one/c.0", -1), [value("/g/one", "c.0")]),
        row("a bit of the chunk of a scalar", |s| s.flip("g/scalar/c", 3), [value("/g/scalar", "c")]),
        row("a bit of a compressed chunk", |s| s.flip("g/zstd/c.1", 20), [value("/g/zstd", "c.1")]),
        row("a bit of the body of a shard", |s| s.flip("g/shards/c.0", 500), [value("/g/shards", "c.0")]),
        row("a bit of the index of a shard", |s| s.flip("g/shards/c.1", -9), [value("/g/shards", "c.1")]),
        row("a bit of text", |s| s.flip("h/deep/text/c.0", 9), [value("/h/deep/text", "c.0")]),
        row("a bit of an object", |s| s.flip("object/c.0", 2), [value("/object", "c.0")]),
        row("a bit of raw bytes", |s| s.flip("raw/c.0", 4), [value("/raw", "c.0")]),
        row("a bit of a stored file", |s| s.flip("inputs/job.ini/c.0", 15), [value("/inputs/job.ini", "c.0")]),
        row("a bit of a column", |s| s.flip("table/PGA/c.0.0", 5), [value("/table/PGA", "c.0.0")]),
        row("a bit of a column of text", |s| s.flip("table/site/c.0", 8), [value("/table/site", "c.0")]),
        row("a bit of a transposed chunk", |s| s.flip("g/transposed/c/0/1", 1), [value("/g/transposed", "c/0/1")]),
        row("a bit of a copy", |s| s.flip("copy/c.1.1", 1), [value("/copy", "c.1.1")]),
        row("a bit of a coordinate", |s| s.flip("h/site/c.0", 12), [value("/h/site", "c.0")]),
        row(
            "two damaged chunks of one array",
            |s| {
                s.flip("g/many/c.0.0", 1);
                s.remove("g/many/c.1.1");
            },
            [value("/g/many", "c.0.0"), value("/g/many", "c.1.1")],
        ),
        row(
            "two damaged columns",
            |s| {
                s.flip("table/PGA/c.0.0", 1);
                s.remove("table/id/c.0");
            },
            [value("/table/PGA", "c.0.0"), value("/table/id", "c.0")],
        ),
        row("a missing chunk", |s| s.remove("g/many/c.1.0"), [value("/g/many", "c.1.0")]),
        row("a missing shard", |s| s.remove("g/shards/c.1"), [value("/g/shards", "c.1")]),
        row("a missing chunk in directories", |s| s.remove("g/transposed/c/0/0"), [value("/g/transposed", "c/0/0")]),
        row("all chunks in directories missing", |s| s.remove("g/transposed/c"), [value("/g/transposed", "c/0/0"), value("/g/transposed", "c/0/1")]),
        row(
            "a chunk of another array, of another length",
            |s| s.swap("g/many/c.0.0", "g/one/c.0"),
            [value("/g/many", "c.0.0"), value("/g/one", "c.0")],
        ),
        // A checksum is of what is in a chunk, not of where it belongs.
        row("two chunks of an array swapped", |s| s.swap("g/many/c.0.0", "g/many/c.1.1"), []),
        row("a chunk of another array like it", |s| s.swap("g/many/c.0.0", "g/twin/c.0.0"), []),
    ]
}

fn lengths() -> Vec<Row> {
    vec![
        row("an empty chunk", |s| s.write("g/one/c.0", ""), [value("/g/one", "c.0")]),
        row("a chunk of one byte", |s| s.edit("g/one/c.0", |b| b.truncate(1)), [value("/g/one", "c.0")]),
        row("half a chunk", |s| s.edit("g/one/c.0", |b| b.truncate(26)), [value("/g/one", "c.0")]),
        row("a chunk without its last byte", |s| s.edit("g/one/c.0", |b| b.truncate(51)), [value("/g/one", "c.0")]),
        row("half a compressed chunk", |s| s.edit("g/zstd/c.0", |b| b.truncate(b.len() / 2)), [value("/g/zstd", "c.0")]),
        row("an empty compressed chunk", |s| s.write("g/zstd/c.0", ""), [value("/g/zstd", "c.0")]),
        row("half a shard", |s| s.edit("g/shards/c.0", |b| b.truncate(b.len() / 2)), [value("/g/shards", "c.0")]),
        row("an empty shard", |s| s.write("g/shards/c.0", ""), [value("/g/shards", "c.0")]),
        row("half a chunk of text", |s| s.edit("h/deep/text/c.0", |b| b.truncate(b.len() / 2)), [value("/h/deep/text", "c.0")]),
        row("half an object", |s| s.edit("object/c.0", |b| b.truncate(b.len() / 2)), [value("/object", "c.0")]),
        row("a byte too many", |s| s.edit("g/many/c.0.0", |b| b.push(0)), [value("/g/many", "c.0.0")]),
        row("a byte too many in a shard", |s| s.edit("g/shards/c.0", |b| b.push(0)), [value("/g/shards", "c.0")]),
        row("a byte too many in text", |s| s.edit("h/deep/text/c.0", |b| b.push(0)), [value("/h/deep/text", "c.0")]),
        row("zeros after a power cut", |s| s.edit("g/one/c.0", |b| b.fill(0)), [value("/g/one", "c.0")]),
    ]
}

/// Something else in the place of a file.
fn places() -> Vec<Row> {
    vec![
        row("a directory in place of a chunk", |s| s.instead("g/one/c.0", directory), [value("/g/one", "c.0")]),
        row("a link in place of a chunk", |s| s.instead("g/one/c.0", link), [value("/g/one", "c.0")]),
        row("a FIFO in place of a chunk", |s| s.instead("g/one/c.0", fifo), [value("/g/one", "c.0")]),
        row("a socket in place of a chunk", |s| s.instead("g/one/c.0", socket), [value("/g/one", "c.0")]),
        row(
            "a link in place of a directory of chunks",
            |s| {
                s.remove("g/transposed/c");
                s.instead("g/transposed/c", link);
            },
            [
                value("/g/transposed", "c/0/0"),
                value("/g/transposed", "c/0/1"),
                found(Foreign, "/g/transposed", "g/transposed/c", Left::Aside("g/transposed".to_owned())),
            ],
        ),
        row("a directory in place of zarr.json", |s| s.instead("g/one/zarr.json", directory), [value("/g/one", "zarr.json")]),
        row("a link in place of zarr.json", |s| s.instead("g/one/zarr.json", link), [value("/g/one", "zarr.json")]),
        row("a FIFO in place of zarr.json", |s| s.instead("g/one/zarr.json", fifo), [value("/g/one", "zarr.json")]),
        row(
            "a directory in place of the zarr.json of a group",
            |s| s.instead("h/zarr.json", directory),
            [group("/h", Left::Aside("h/zarr.json".to_owned()))],
        ),
        row("a link in place of the zarr.json of a group", |s| s.instead("h/zarr.json", link), [group("/h", Left::Aside("h/zarr.json".to_owned()))]),
    ]
}

fn documents() -> Vec<Row> {
    let one = || [value("/g/one", "zarr.json")];
    vec![
        row("no zarr.json of an array", |s| s.remove("g/one/zarr.json"), one()),
        row("no zarr.json of a scalar", |s| s.remove("g/scalar/zarr.json"), [value("/g/scalar", "zarr.json")]),
        row("no zarr.json of nested chunks", |s| s.remove("g/transposed/zarr.json"), [value("/g/transposed", "zarr.json")]),
        row("an empty zarr.json", |s| s.write("g/one/zarr.json", ""), one()),
        row("half a zarr.json", |s| s.edit("g/one/zarr.json", |b| b.truncate(b.len() / 2)), one()),
        row("a bit of a zarr.json", |s| s.flip("g/one/zarr.json", 0), one()),
        row("a zarr.json of zeros", |s| s.edit("g/one/zarr.json", |b| b.fill(0)), one()),
        row("a key twice", |s| s.text("g/one", "\"shape\":", "\"shape\":[6],\"shape\":"), one()),
        row("an attribute twice", |s| s.text("g/one", "\"attributes\":{", "\"attributes\":{\"long\":1,"), one()),
        row("a byte order mark", |s| s.edit("g/one/zarr.json", |b| drop(b.splice(0..0, *b"\xef\xbb\xbf"))), one()),
        row(
            "text that is not UTF-8",
            |s| {
                s.edit("g/one/zarr.json", |b| {
                    let at = b.windows(4).position(|w| w == b"word").unwrap();
                    b[at] = 0xff;
                })
            },
            one(),
        ),
        row("JSON too deep", |s| s.json("g/one", |_| ()), []),
        row(
            "JSON a hundred thousand levels deep",
            |s| {
                let deep = format!("\"attributes\":{{\"deep\":{}{},", "[".repeat(100_000), "]".repeat(100_000));
                s.text("g/one", "\"attributes\":{", &deep);
            },
            one(),
        ),
        row("an unknown field", |s| s.json("g/one", |j| j["later"] = json!(1)), one()),
    ]
}

/// Metadata that say something else than they did.
fn meanings() -> Vec<Row> {
    let many = |file| value("/g/many", file);
    let unsupported = |key: &str| found(Unsupported, key, &format!("{key}/zarr.json")[1..], Left::Alone);
    vec![
        row("a longer shape", |s| s.json("g/many", |j| j["shape"] = json!([5, 4])), [many("c.2.0"), many("c.2.1")]),
        row(
            "a shorter shape",
            |s| s.json("g/many", |j| j["shape"] = json!([2, 4])),
            [
                found(Surplus, "/g/many", "g/many/c.1.0", Left::Aside("g/many/c.1.0".to_owned())),
                found(Surplus, "/g/many", "g/many/c.1.1", Left::Aside("g/many/c.1.1".to_owned())),
            ],
        ),
        row("a shape of another rank", |s| s.json("g/many", |j| j["shape"] = json!([16])), [many("zarr.json")]),
        row("a negative shape", |s| s.json("g/many", |j| j["shape"] = json!([4, -4])), [many("zarr.json")]),
        row(
            "a shape beyond any file",
            |s| s.json("g/one", |j| j["shape"] = json!([6_000_000_000_000_000u64])),
            std::array::from_fn::<_, 100, _>(|n| value("/g/one", &format!("c.{}", n + 1))),
        ),
        row("a data type of another size", |s| s.json("g/one", |j| j["data_type"] = json!("int32")), [value("/g/one", "c.0")]),
        row("text as numbers", |s| s.json("h/deep/text", |j| j["data_type"] = json!("int32")), [value("/h/deep/text", "zarr.json")]),
        row(
            "another chunk shape",
            |s| s.json("g/one", |j| j["chunk_grid"]["configuration"]["chunk_shape"] = json!([3])),
            [value("/g/one", "c.0"), value("/g/one", "c.1")],
        ),
        row(
            "a chunk shape of zero",
            |s| s.json("g/one", |j| j["chunk_grid"]["configuration"]["chunk_shape"] = json!([0])),
            [value("/g/one", "zarr.json")],
        ),
        row("a fill value of another type", |s| s.json("g/one", |j| j["fill_value"] = json!("x")), [value("/g/one", "zarr.json")]),
        row(
            "another separator",
            |s| s.json("g/transposed", |j| j["chunk_key_encoding"]["configuration"]["separator"] = json!(".")),
            [
                value("/g/transposed", "c.0.0"),
                value("/g/transposed", "c.0.1"),
                found(Foreign, "/g/transposed", "g/transposed/c", Left::Aside("g/transposed".to_owned())),
            ],
        ),
        row("a data type that nobody knows", |s| s.json("g/one", |j| j["data_type"] = json!("int65")), [unsupported("/g/one")]),
        row("a codec that nobody knows", |s| s.json("g/one", |j| j["codecs"][1] = json!({"name": "crc33"})), [unsupported("/g/one")]),
        row("a kind that nobody knows", |s| s.json("raw", |j| j["attributes"]["calcstore"]["kind"] = json!("graph")), [unsupported("/raw")]),
        row(
            "an encoding that nobody knows",
            |s| s.json("object", |j| j["attributes"]["calcstore"]["encoding"] = json!("postcard2")),
            [unsupported("/object")],
        ),
        row("a damaged marker", |s| s.json("raw", |j| j["attributes"]["calcstore"] = json!([1])), [value("/raw", "zarr.json")]),
        row(
            "a marker of another kind",
            |s| s.json("g/one", |j| j["attributes"]["calcstore"] = json!({"kind": "bytes"})),
            [value("/g/one", "zarr.json")],
        ),
        row(
            "a marker of a table on an array",
            |s| s.json("g/one", |j| j["attributes"]["calcstore"] = json!({"kind": "table", "columns": ["a"], "rows": 1})),
            [value("/g/one", "zarr.json")],
        ),
        row(
            "a damaged schema",
            |s| s.json("object", |j| j["attributes"]["calcstore"]["schema"] = json!({"seq": "nonsense"})),
            [value("/object", "zarr.json")],
        ),
        row(
            "an object with a byte too many",
            |s| {
                let bytes = s.bytes("object/c.0");
                let longer = [&bytes[..bytes.len() - 4], &[0]].concat();
                let length = longer.len();
                s.write("object/c.0", summed(&longer));
                s.json("object", |j| {
                    j["shape"] = json!([length]);
                    j["chunk_grid"]["configuration"]["chunk_shape"] = json!([length]);
                });
            },
            [value("/object", "zarr.json")],
        ),
        // Metadata have no checksum: what makes sense is believed.
        row("another fill value", |s| s.json("g/one", |j| j["fill_value"] = json!(7)), []),
        row("a data type of the same size", |s| s.json("g/one", |j| j["data_type"] = json!("float64")), []),
        row("an object without its marker", |s| s.json("object", |j| j["attributes"] = json!({})), []),
        row("another attribute", |s| s.json("g/one", |j| j["attributes"]["long"] = json!(1)), []),
    ]
}
