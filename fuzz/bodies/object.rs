//! An object of any bytes, with a schema that means harm: an error or a value, by type and without, that is stored again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use calcstore::{DataStore, Value};
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use super::inputs::schema::{self, Rich};
use super::scratch::Scratch;

struct Objects {
    store: DataStore,
    /// The directory of `/hostile`.
    node: PathBuf,
    /// The schema that [`Rich`] has.
    rich: Json,
    count: u32,
}

thread_local! {
    static OBJECTS: RefCell<Scratch<Objects>> = const { RefCell::new(Scratch::new()) };
}

/// The input chooses a schema, or holds its JSON up to a NUL; then come the bytes of the object.
pub fn run(input: &[u8]) {
    Scratch::with(&OBJECTS, make, |objects, _| {
        let (schema, bytes) = schema::of(input, &objects.rich);
        write(&objects.node, &schema, "postcard", bytes);
        look(objects);
        write(&objects.node, &schema, "json", bytes);
        look(objects);
    });
}

fn make(directory: &tempfile::TempDir) -> Objects {
    let path = directory.path().join("s");
    let store = DataStore::at(&path).unwrap();
    store.insert_object("/rich", &Rich::all()).unwrap();
    let document = fs::read(path.join("output.zarr/rich/zarr.json")).unwrap();
    let document: Json = serde_json::from_slice(&document).unwrap();
    let rich = document["attributes"]["calcstore"]["schema"].clone();
    assert!(rich.is_object(), "{rich}");
    let node = path.join("output.zarr/hostile");
    fs::create_dir(&node).unwrap();
    Objects { store, node, rich, count: 0 }
}

fn write(node: &Path, schema: &Json, encoding: &str, bytes: &[u8]) {
    let length = bytes.len();
    let document = json!({"zarr_format": 3, "node_type": "array", "shape": [length], "data_type": "uint8",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [length.max(1)]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": 0, "codecs": [{"name": "bytes"}],
        "attributes": {"calcstore": {"kind": "object", "encoding": encoding, "type": "T", "schema": schema}}});
    fs::write(node.join("zarr.json"), document.to_string()).unwrap();
    fs::write(node.join("c.0"), bytes).unwrap();
}

fn look(objects: &mut Objects) {
    let store = &objects.store;
    let json = store.value("/hostile");
    assert!(matches!(json, Ok(Value::Object(_)) | Err(_)), "{json:?}");
    let anything = store.object::<IgnoredAny>("/hostile");
    assert!(json.is_err() || anything.is_ok(), "{json:?}, but {anything:?}");
    let _ = store.object::<Json>("/hostile");
    let _ = store.object::<Vec<f64>>("/hostile");
    let _ = store.object::<BTreeMap<String, Option<u64>>>("/hostile");
    if let Ok(found) = store.object::<Vec<Rich>>("/hostile") {
        assert!(json.is_ok(), "{found:?}, but {json:?}");
        let key = format!("/found/{}", objects.count);
        objects.count += 1;
        // Deeper than objects may be, some can be read without their depth being counted.
        if store.insert_object(&key, &found).is_ok() {
            let again: Vec<Rich> = store.object(&key).unwrap();
            assert_eq!(format!("{again:?}"), format!("{found:?}"));
        }
    }
}
