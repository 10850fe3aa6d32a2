//! Stores that somebody tampered with, and uses that nobody planned for.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use calcstore::{Continue, DataStore, ErrorKind, NodeKind, Table};
use ndarray::array;

use crate::oracle;

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("store")).unwrap();
    (directory, store)
}

fn hierarchy(store: &DataStore) -> std::path::PathBuf {
    store.calc_dir().join("output.zarr")
}

fn array_metadata(shape: &str, chunk: &str, data_type: &str, rest: &str) -> String {
    format!(
        r#"{{"zarr_format":3,"node_type":"array","shape":{shape},"data_type":"{data_type}","chunk_grid":{{"name":
        "regular","configuration":{{"chunk_shape":{chunk}}}}},"chunk_key_encoding":{{"name":"default",
        "configuration":{{"separator":"."}}}},{rest}}}"#
    )
}

fn plant(store: &DataStore, name: &str, metadata: &str) -> std::path::PathBuf {
    let directory = hierarchy(store).join(name);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("zarr.json"), metadata).unwrap();
    directory
}

pub fn make_fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_make_a_reader_wait() {
    let (_directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let start = Instant::now();
    for name in ["a/c.0", "a/zarr.json"] {
        let file = hierarchy(&store).join(name);
        fs::remove_file(&file).unwrap();
        make_fifo(&file);
        assert_eq!(store.get::<Vec<f64>>("/a").unwrap_err().kind(), ErrorKind::Corrupt, "{name}");
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults.len(), 1);
    }
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_directory_in_place_of_a_file_is_damage() {
    let (_directory, store) = store();
    store.insert("/a", [1.0, 2.0]).unwrap();
    let file = hierarchy(&store).join("a/c.0");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(store.get::<Vec<f64>>("/a").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn memory_is_not_taken_for_chunks_that_are_not_there() {
    let (_directory, store) = store();
    let sparse = r#""fill_value":0,"codecs":["bytes"],"attributes":{"calcstore":{"sparse":true}}"#;
    plant(&store, "wide", &array_metadata("[1]", "[1099511627776]", "uint8", sparse));
    assert_eq!(store.get::<Vec<u8>>("/wide").unwrap(), [0]);
    let text = r#""fill_value":"x","codecs":["vlen-utf8"],"attributes":{"calcstore":{"sparse":true}}"#;
    plant(&store, "text", &array_metadata("[2]", "[1099511627776]", "string", text));
    assert_eq!(store.get::<Vec<String>>("/text").unwrap(), ["x", "x"]);
    let plain = r#""fill_value":0,"codecs":[{"name":"bytes","configuration":{"endian":"little"}}]"#;
    plant(&store, "overflow", &array_metadata("[1]", "[4611686018427387904]", "uint32", plain));
    assert_eq!(store.get::<Vec<u32>>("/overflow").unwrap_err().kind(), ErrorKind::Corrupt);
    let huge = r#""fill_value":0,"codecs":["bytes"]"#;
    let chunk =
        plant(&store, "huge", &array_metadata("[2]", "[2]", "string", &huge.replace("bytes", "vlen-utf8")));
    fs::File::create(chunk.join("c.0")).unwrap().set_len(8 << 40).unwrap();
    assert_eq!(store.get::<Vec<String>>("/huge").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn a_damaged_shard_is_an_error_and_not_a_panic() {
    let (_directory, store) = store();
    let sharded = |inner: &str, codec: &str| {
        format!(
            r#""fill_value":{},"codecs":[{{"name":"sharding_indexed","configuration":{{"chunk_shape":{inner},
            "codecs":[{codec}],"index_codecs":[{{"name":"bytes","configuration":{{"endian":"little"}}}}],
            "index_location":"end"}}}}]"#,
            if codec.contains("utf8") { "\"\"" } else { "0" }
        )
    };
    let offset = [(u64::MAX - 1).to_le_bytes(), 4u64.to_le_bytes()].concat();
    let numbers =
        plant(&store, "numbers", &array_metadata("[2]", "[2]", "uint8", &sharded("[2]", "\"bytes\"")));
    fs::write(numbers.join("c.0"), offset).unwrap();
    assert_eq!(store.get::<Vec<u8>>("/numbers").unwrap_err().kind(), ErrorKind::Corrupt);

    let text =
        plant(&store, "text", &array_metadata("[2]", "[2]", "string", &sharded("[2]", "\"vlen-utf8\"")));
    let chunk = [&2u32.to_le_bytes()[..], &[255; 4], b"x"].concat();
    let index = [0u64.to_le_bytes(), (chunk.len() as u64).to_le_bytes()].concat();
    fs::write(text.join("c.0"), [chunk, index].concat()).unwrap();
    assert_eq!(store.get::<Vec<String>>("/text").unwrap_err().kind(), ErrorKind::Corrupt);

    let missing = sharded("[1099511627776]", "\"bytes\"");
    let wide = plant(&store, "wide", &array_metadata("[1]", "[1099511627776]", "uint8", &missing));
    // An inner chunk that is not stored is fill value, however wide it is.
    fs::write(wide.join("c.0"), [255; 16]).unwrap();
    assert_eq!(store.get::<Vec<u8>>("/wide").unwrap(), [0]);
    fs::write(wide.join("c.0"), [0; 16]).unwrap();
    assert_eq!(store.get::<Vec<u8>>("/wide").unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn links_among_the_internals_lead_nowhere() {
    for name in ["locks", "stage", "trash"] {
        let (directory, store) = store();
        let internals = store.calc_dir().join(".calcstore");
        drop(store);
        let outside = directory.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::remove_dir_all(internals.join(name)).unwrap();
        symlink(&outside, internals.join(name)).unwrap();
        assert!(DataStore::at(directory.path().join("store")).is_err(), "{name}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{name}");
    }
}

#[test]
fn the_format_is_believed_only_from_a_file_of_the_store() {
    let (directory, store) = store();
    let format = store.calc_dir().join(".calcstore/format.json");
    drop(store);
    let elsewhere = directory.path().join("elsewhere");
    fs::rename(&format, &elsewhere).unwrap();
    symlink(&elsewhere, &format).unwrap();
    assert!(DataStore::at(directory.path().join("store")).is_err());
    fs::remove_file(&format).unwrap();
    for (text, kind) in [
        (r#"{"calcstore_format":0}"#, ErrorKind::Corrupt),
        (r#"{"calcstore_format":2,"writer":"later"}"#, ErrorKind::Unsupported),
        ("{", ErrorKind::Corrupt),
    ] {
        fs::write(&format, text).unwrap();
        assert_eq!(DataStore::at(directory.path().join("store")).unwrap_err().kind(), kind, "{text}");
    }
    fs::write(&format, "").unwrap();
    DataStore::at(directory.path().join("store")).unwrap();
    assert!(fs::read_to_string(&format).unwrap().contains(r#""calcstore_format":1"#));
}

#[test]
fn a_node_that_cannot_be_read_is_listed_beside_the_others() {
    let (_directory, store) = store();
    store.insert("/a", 1.0).unwrap();
    plant(&store, "b", &array_metadata("[1]", "[1]", "datetime64", r#""fill_value":0,"codecs":["bytes"]"#));
    store.insert("/c/d", 2.0).unwrap();
    let nodes = store.walk_nodes("/").unwrap();
    let kinds: Vec<_> = nodes.iter().map(|node| (node.key.as_str(), node.kind)).collect();
    let expected = [
        ("/a", NodeKind::Dataset),
        ("/b", NodeKind::Unreadable),
        ("/c", NodeKind::Group),
        ("/c/d", NodeKind::Dataset),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(nodes[1].problem.as_deref(), Some("the data type \"datetime64\" is not supported"));
    let report = store.export_hdf5().unwrap();
    assert_eq!(report.left_out.iter().map(|left| left.key.as_str()).collect::<Vec<_>>(), ["/b"]);
}

#[test]
fn nothing_is_moved_to_where_keys_would_be_too_long() {
    let (_directory, store) = store();
    let deep = |levels: usize| "/a".repeat(levels);
    store.insert(&deep(41), 1.0).unwrap();
    store.create_group(&"/b".repeat(40)).unwrap();
    let error = store.rename("/a", &format!("{}/a", "/b".repeat(40))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidKey, "{error}");
    assert_eq!(store.get::<f64>(&deep(41)).unwrap(), 1.0);
    store.rename("/a", "/b/b/a").unwrap();
    assert_eq!(store.walk("/").unwrap().count(), 80 + 1);
}

#[test]
fn a_store_that_is_gone_is_not_an_empty_one() {
    let (_directory, store) = store();
    store.insert("/a", 1.0).unwrap();
    fs::remove_dir_all(store.calc_dir()).unwrap();
    assert_eq!(store.contains_key("/a").unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(store.get_or("/a", 2.0).unwrap_err().kind(), ErrorKind::Io);
    assert_eq!(store.insert("/a", 2.0).unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn the_export_of_a_foreign_hierarchy_is_not_put_into_it() {
    let (directory, store) = store();
    store.insert("/a", 1.0).unwrap();
    let foreign = DataStore::options().read_only(true).at(hierarchy(&store)).unwrap();
    let error = foreign.export_hdf5().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let report = foreign.hdf5_export().file(directory.path().join("a.hdf5")).run().unwrap();
    assert_eq!(report.left_out, []);
}

#[test]
fn attributes_of_columns_and_names_that_are_taken_survive_the_export() {
    let (directory, store) = store();
    let mut table = Table::new();
    table.push("x", array![[1.0, 2.0]]).unwrap();
    table.push("empty", ndarray::Array2::<f64>::zeros((1, 0))).unwrap();
    store.insert("/group", &table).unwrap();
    let mut compound = Table::new();
    compound.push("x", [1.0]).unwrap();
    store.insert("/compound", &compound).unwrap();
    for key in ["/group/x", "/compound/x"] {
        store.attributes(key).unwrap().insert("units", "g").unwrap();
    }
    store.insert_object("/object", &3u8).unwrap();
    store.attributes("/object").unwrap().insert("calcstore_type", "mine").unwrap();
    let report = store.export_hdf5().unwrap();
    assert_eq!(report.tables_as_groups, ["/group"]);
    assert_eq!(
        report.left_out.iter().map(|left| left.key.as_str()).collect::<Vec<_>>(),
        ["/object@calcstore_type"]
    );
    let Some(python) = oracle::python() else { return };
    let code = "import h5py, sys; f = h5py.File(sys.argv[1]); \
                print(f['compound'].attrs['x@units'], f['group/x'].attrs['units'], f['object'].attrs['calcstore_type'])";
    let output =
        Command::new(python).args(["-c", code]).arg(directory.path().join("store/output.hdf5")).output();
    assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), "g g u8\n");
}

#[test]
fn stores_that_are_opened_while_others_write_take_nothing_from_them() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    DataStore::at(&path).unwrap();
    let end = Instant::now() + Duration::from_secs(1);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let mut table = Table::new();
                for column in 0..30 {
                    table.push(&format!("c{column}"), [f64::from(column)]).unwrap();
                }
                let mut round = 0;
                while Instant::now() < end {
                    let key = format!("/{thread}/{round}");
                    let store = DataStore::at(path).unwrap();
                    store.insert(&key, &table).unwrap();
                    assert_eq!(store.get::<Table>(&key).unwrap(), table);
                    round += 1;
                }
            });
        }
    });
    let store = DataStore::at(&path).unwrap();
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}
