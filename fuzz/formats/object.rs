//! Any bytes with any schema: read by type, without, and as JSON, and stored again.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::inputs::schema::{self, Rich};
use crate::object::{Encoded, Encoding, Schema, encode};

thread_local! {
    /// The schema of a list of [`Rich`].
    static RICH: OnceCell<Json> = const { OnceCell::new() };
}

/// The input chooses a schema, or holds its JSON up to a NUL; then come the bytes of the object.
pub fn object(input: &[u8]) {
    RICH.with(|rich| {
        let rich = rich.get_or_init(|| encode(&Rich::all()).unwrap().schema.unwrap().to_json());
        let (schema, bytes) = schema::of(input, rich);
        let Ok(schema) = Schema::from_json(&schema) else { return };
        assert_eq!(Schema::from_json(&schema.to_json()).unwrap().to_json(), schema.to_json());
        look(&Encoded {
            type_name: String::new(),
            encoding: Encoding::Postcard,
            schema: Some(schema.into()),
            bytes: bytes.to_vec(),
        });
    });
}

fn look(object: &Encoded) {
    let json = object.json();
    let anything = object.decode::<IgnoredAny>();
    assert!(json.is_err() || anything.is_ok(), "{json:?}, but {anything:?}");
    let _ = object.decode::<Json>();
    let _ = object.decode::<Vec<f64>>();
    let _ = object.decode::<BTreeMap<String, Option<u64>>>();
    let Ok(found) = object.decode::<Vec<Rich>>() else { return };
    assert!(json.is_ok(), "{found:?}, but {json:?}");
    let again = encode(&found).unwrap();
    assert_eq!(format!("{:?}", again.decode::<Vec<Rich>>().unwrap()), format!("{found:?}"));
    again.json().unwrap();
}
