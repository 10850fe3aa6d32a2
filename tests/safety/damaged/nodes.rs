//! Rows about nodes and what is around them: groups, tables, what does not belong, names, the internals of the store.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use calcstore::FindingKind::*;
use serde_json::json;

use super::rows::{Left, Row, foreign, found, group, row, value};
use super::store::{directory, fifo, socket};

/// A writer that is dead.
const DEAD: &str = "00000000000000000000000000000bad";

pub fn groups() -> Vec<Row> {
    vec![
        row("no zarr.json of a group", |s| s.remove("h/zarr.json"), [group("/h", Left::Mended)]),
        row(
            "no zarr.json of two groups",
            |s| {
                s.remove("h/zarr.json");
                s.remove("h/deep/zarr.json");
            },
            [group("/h", Left::Mended), group("/h/deep", Left::Mended)],
        ),
        row("a damaged zarr.json of a group", |s| s.flip("g/zarr.json", 3), [group("/g", Left::Aside("g/zarr.json".to_owned()))]),
        row("a damaged zarr.json of the root", |s| s.flip("zarr.json", 3), [group("/", Left::Aside("zarr.json".to_owned()))]),
        row("an empty zarr.json of the root", |s| s.write("zarr.json", ""), [group("/", Left::Aside("zarr.json".to_owned()))]),
        row(
            "a damaged group with a damaged array",
            |s| {
                s.flip("g/zarr.json", 3);
                s.flip("g/one/c.0", 3);
            },
            [group("/g", Left::Aside("g/zarr.json".to_owned())), value("/g/one", "c.0")],
        ),
        row(
            "the zarr.json of an array over a group",
            |s| s.write("h/zarr.json", s.bytes("g/one/zarr.json")),
            [
                found(Value, "/h", "h/c.0", Left::Aside("h/zarr.json".to_owned())),
                found(DimensionNames, "/h", "h/zarr.json", Left::Mended),
                found(Foreign, "/h", "h/deep", Left::Mended),
                found(Foreign, "/h", "h/named", Left::Mended),
                found(Foreign, "/h", "h/site", Left::Mended),
            ],
        ),
        row("the zarr.json of a group over an array", |s| s.write("g/one/zarr.json", s.bytes("h/zarr.json")), [foreign("/g/one", "g/one/c.0")]),
        row("chunks in a group", |s| s.write("h/c.0", "12345678"), [foreign("/h", "h/c.0")]),
    ]
}

pub fn tables() -> Vec<Row> {
    let table = |file| value("/table", file);
    vec![
        row("no zarr.json of a table", |s| s.remove("table/zarr.json"), [table("zarr.json")]),
        row("a damaged zarr.json of a table", |s| s.flip("table/zarr.json", 3), [table("zarr.json")]),
        row("a missing column", |s| s.remove("table/PGA"), [table("PGA")]),
        row("no zarr.json of a column", |s| s.remove("table/PGA/zarr.json"), [table("PGA")]),
        row("a damaged zarr.json of a column", |s| s.flip("table/site/zarr.json", 0), [table("site/zarr.json")]),
        row("a group for a column", |s| s.write("table/id/zarr.json", s.bytes("h/zarr.json")), [table("id")]),
        row("a column shorter than its table", |s| s.json("table/id", |j| j["shape"] = json!([2])), [table("id")]),
        row(
            "more rows than the columns have",
            |s| s.json("table", |j| j["attributes"]["calcstore"]["rows"] = json!(4)),
            [table("PGA"), table("id"), table("site")],
        ),
        row(
            "fewer rows than the columns have",
            |s| s.json("table", |j| j["attributes"]["calcstore"]["rows"] = json!(2)),
            ["PGA", "id", "site"].map(|name| found(Surplus, "/table", &format!("table/{name}/zarr.json"), Left::Alone)),
        ),
        row(
            "a column longer than its table",
            |s| s.json("table/id", |j| j["shape"] = json!([4])),
            [found(Surplus, "/table", "table/id/zarr.json", Left::Alone)],
        ),
        row(
            "a column twice",
            |s| s.json("table", |j| j["attributes"]["calcstore"]["columns"] = json!(["PGA", "id", "id"])),
            [table("zarr.json"), found(Foreign, "/table", "table/site", Left::Aside("table".to_owned()))],
        ),
        row(
            "no columns",
            |s| s.json("table", |j| j["attributes"]["calcstore"]["columns"] = json!([])),
            [
                table("zarr.json"),
                found(Foreign, "/table", "table/PGA", Left::Aside("table".to_owned())),
                found(Foreign, "/table", "table/id", Left::Aside("table".to_owned())),
                found(Foreign, "/table", "table/site", Left::Aside("table".to_owned())),
            ],
        ),
        row(
            "a column out of the table",
            |s| s.json("table", |j| j["attributes"]["calcstore"]["columns"] = json!(["PGA", "id", "site", "../g/one"])),
            [table("../g/one")],
        ),
        row("a foreign file in a table", |s| s.write("table/notes.txt", "x"), [foreign("/table", "table/notes.txt")]),
        row("an array in a table that is no column", |s| s.copy("g/one", "table/more"), [foreign("/table", "table/more")]),
    ]
}

pub fn strangers() -> Vec<Row> {
    vec![
        row("a foreign file in a group", |s| s.write("g/.DS_Store", "x"), [foreign("/g", "g/.DS_Store")]),
        row("a foreign file in the root", |s| s.write("notes.txt", "x"), [foreign("/", "notes.txt")]),
        row("a foreign file in an array", |s| s.write("g/many/c.0.0.tmp", "x"), [foreign("/g/many", "g/many/c.0.0.tmp")]),
        row("a foreign file among nested chunks", |s| s.write("g/transposed/c/0/x", "x"), [foreign("/g/transposed", "g/transposed/c/0/x")]),
        row("a foreign directory in an array", |s| s.write("g/many/more/file", "x"), [foreign("/g/many", "g/many/more")]),
        row("a foreign directory in a group", |s| s.write("g/more/file", "x"), [foreign("/g", "g/more")]),
        row("an empty directory", |s| directory(&s.path("g/empty")), [foreign("/g", "g/empty")]),
        row("an empty directory in an array", |s| directory(&s.path("g/many/empty")), [foreign("/g/many", "g/many/empty")]),
        row("an array in an array", |s| s.copy("g/one", "g/many/inner"), [foreign("/g/many", "g/many/inner")]),
        row("a link in a group", |s| symlink("/", s.path("g/link")).unwrap(), [foreign("/g", "g/link")]),
        row("a FIFO in a group", |s| fifo(&s.path("g/fifo")), [foreign("/g", "g/fifo")]),
        row("a socket in a group", |s| socket(&s.path("g/socket")), [foreign("/g", "g/socket")]),
        row(
            "a chunk beyond the grid",
            |s| s.write("g/many/c.7.9", s.bytes("g/many/c.0.0")),
            [found(Surplus, "/g/many", "g/many/c.7.9", Left::Aside("g/many/c.7.9".to_owned()))],
        ),
        row(
            "a nested chunk beyond the grid",
            |s| s.write("g/transposed/c/3/0", "x"),
            [found(Surplus, "/g/transposed", "g/transposed/c/3/0", Left::Aside("g/transposed/c/3/0".to_owned()))],
        ),
        row("a chunk of another rank", |s| s.write("g/many/c.0", "x"), [foreign("/g/many", "g/many/c.0")]),
        row(
            "a foreign file in a damaged array",
            |s| {
                s.write("g/many/x", "x");
                s.flip("g/many/c.0.0", 1);
            },
            [value("/g/many", "c.0.0"), found(Foreign, "/g/many", "g/many/x", Left::Aside("g/many".to_owned()))],
        ),
    ]
}

pub fn names() -> Vec<Row> {
    let long = || ["x".repeat(250), "y".repeat(250), "z".repeat(250), "u".repeat(250), "v".repeat(250)].join("/");
    vec![
        row("a directory whose name is no text", |s| directory(&s.path("g").join(OsStr::from_bytes(b"\xff"))), [foreign("/g", "g/\u{fffd}")]),
        row("an array whose name is no key", |s| s.copy("g/one", "g/a:b"), [foreign("/g", "g/a:b")]),
        row("an array whose name is reserved", |s| s.copy("g/one", "__meta"), [foreign("/", "__meta")]),
        row("a name with a control character", |s| s.write("g/a\nb", "x"), [foreign("/g", "g/a\nb")]),
        row(
            "a key that is too long",
            |s| {
                let long = ["x".repeat(250), "y".repeat(250), "z".repeat(250), "u".repeat(250)].join("/");
                let mut at = String::new();
                for part in long.split('/') {
                    at = format!("{at}/{part}");
                    s.copy("h/deep", &at[1..]);
                    s.remove(&format!("{}/text", &at[1..]));
                }
                s.copy("g/scalar", &format!("{long}/{}", "v".repeat(250)));
            },
            [{
                let (above, whole) = (long().rsplit_once('/').unwrap().0.to_owned(), long());
                found(Foreign, &format!("/{above}"), &whole, Left::Aside(whole.clone()))
            }],
        ),
        row("a name that is not in NFC", |s| s.copy("g/scalar", "g/Gro\u{308}ße"), [found(Name, "/g", "g/Gro\u{308}ße", Left::Alone)]),
        row("a name of a device", |s| s.copy("g/scalar", "g/nul"), [found(Name, "/g", "g/nul", Left::Alone)]),
        row("names that differ by case", |s| s.copy("g/scalar", "g/Scalar"), [found(Name, "/g", "g/scalar", Left::Alone)]),
    ]
}

/// What does not fit together.
pub fn relations() -> Vec<Row> {
    vec![
        row("a dimension with two lengths", |s| s.json("g/one", |j| j["dimension_names"] = json!(["site"])), []),
        row(
            "a dimension with two lengths in a group",
            |s| {
                s.json("g/one", |j| j["dimension_names"] = json!(["level"]));
                s.json("g/zstd", |j| j["dimension_names"] = json!(["level"]));
            },
            [found(Dimension, "/g/zstd", "g/zstd/zarr.json", Left::Alone)],
        ),
        row(
            "a coordinate of another length",
            |s| {
                s.json("h/site", |j| j["shape"] = json!([2]));
            },
            [found(Dimension, "/h/site", "h/site/zarr.json", Left::Alone)],
        ),
        row(
            "a copied array with the names of the first",
            |s| s.copy("g/many", "h/many"),
            [found(DimensionNames, "/h/many", "h/many/zarr.json", Left::Mended)],
        ),
        row(
            "a copied table with the names of the first",
            |s| s.copy("table", "h/table"),
            ["PGA", "id", "site"].map(|name| found(DimensionNames, &format!("/h/table/{name}"), &format!("h/table/{name}/zarr.json"), Left::Mended)),
        ),
        row(
            "a parent that is gone",
            |s| std::fs::rename(s.data().join("calc_1"), s.data().join("elsewhere")).unwrap(),
            [found(Parent, "/", "zarr.json", Left::Alone)],
        ),
        row(
            "a parent that is the store itself",
            |s| s.json("", |j| j["attributes"]["calcstore"]["parent"] = json!("../calc_2")),
            [found(Parent, "/", "zarr.json", Left::Alone)],
        ),
    ]
}

pub fn internals() -> Vec<Row> {
    let leftover = |file: &str| found(Leftover, "/", file, Left::Mended);
    let stage = format!(".calcstore/stage/{DEAD}");
    let intent = format!(".calcstore/intent/{DEAD}.0.json");
    vec![
        row(
            "a stage of a dead writer",
            |s| {
                s.write(&format!(".calcstore/stage/{DEAD}/owner"), "1 host");
                s.copy("g/one", &format!(".calcstore/stage/{DEAD}/0"));
            },
            [leftover(&stage)],
        ),
        row("a stage without an owner", |s| s.copy("g/one", &format!(".calcstore/stage/{DEAD}/0")), [leftover(&stage)]),
        row(
            "old trash",
            |s| {
                s.copy("g/one", &format!(".calcstore/trash/{DEAD}.0/g/one"));
                s.age(&format!(".calcstore/trash/{DEAD}.0"));
            },
            [leftover(&format!(".calcstore/trash/{DEAD}.0"))],
        ),
        row("new trash", |s| s.copy("g/one", &format!(".calcstore/trash/{DEAD}.0/g/one")), []),
        row(
            "a replacement that was interrupted",
            |s| {
                s.copy("g/one", &format!(".calcstore/trash/{DEAD}.1/g/one"));
                s.remove("g/one");
                let intent = json!({"key": "g/one", "new": format!("stage/{DEAD}/0"), "old": format!("trash/{DEAD}.1/g/one")});
                s.write(&format!(".calcstore/intent/{DEAD}.0.json"), intent.to_string());
            },
            [found(Interrupted, "/g/one", &intent, Left::Mended)],
        ),
        row(
            "a damaged intent",
            |s| s.write(&format!(".calcstore/intent/{DEAD}.0.json"), "{\"key\":\"g/o"),
            [found(Internals, "/", &intent, Left::Aside(format!("{DEAD}.0.json")))],
        ),
        row(
            "a move that was interrupted",
            |s| {
                std::fs::rename(s.path("g/many"), s.path("h/many")).unwrap();
                s.write(&format!(".calcstore/stage/{DEAD}/moved.3"), "h/many");
            },
            [found(Interrupted, "/h/many", &format!("{stage}/moved.3"), Left::Mended), leftover(&stage)],
        ),
        row("a damaged note of a move", |s| s.write(&format!(".calcstore/stage/{DEAD}/moved.3"), b"h/\xff"), [leftover(&stage)]),
        row(
            "a marker of a power cut",
            |s| s.write(&format!(".calcstore/dirty/{0}-{0}-{DEAD}", "1".repeat(32)), ""),
            [found(Interrupted, "/", &format!(".calcstore/dirty/{0}-{0}-{DEAD}", "1".repeat(32)), Left::Mended)],
        ),
        row("a marker with a damaged name", |s| s.write(".calcstore/dirty/1111", ""), []),
        row(
            "damaged lock files",
            |s| {
                s.write(".calcstore/locks/tree", b"\xff\0");
                s.write(".calcstore/locks/store", "x");
            },
            [],
        ),
        row(
            "things set aside before",
            |s| s.copy("g/one", &format!(".calcstore/lost/{DEAD}/g/one")),
            [found(Lost, "/", &format!(".calcstore/lost/{DEAD}"), Left::Alone)],
        ),
        row("internals of a later version", |s| s.write(".calcstore/later/file", "x"), []),
        row("a FIFO for a lock", |s| fifo(&s.path(".calcstore/locks/zz")), [found(Internals, "/", ".calcstore/locks/zz", Left::Alone)]),
        row(
            "a file for the directory of intents",
            |s| {
                let _ = std::fs::remove_dir_all(s.path(".calcstore/intent"));
                s.write(".calcstore/intent", "x");
            },
            [found(Internals, "/", ".calcstore/intent", Left::Alone)],
        ),
        row(
            "a calculation that was being deleted",
            |s| {
                std::fs::create_dir(s.data().join(format!(".calc_9.{DEAD}"))).unwrap();
                std::fs::write(s.data().join(format!(".calc_9.{DEAD}/x")), "x").unwrap();
            },
            [leftover(&format!("../.calc_9.{DEAD}"))],
        ),
    ]
}
