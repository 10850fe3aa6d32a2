//! Bytes and schemas that nobody wrote: an error or a value, soon, and never a panic.

use std::time::{Duration, Instant};

use super::*;

/// Reads as a type and as JSON; both must end soon.
fn survive<T: DeserializeOwned>(
    schema: &Schema,
    bytes: &[u8],
) -> (Result<T, ErrorKind>, Result<Value, ErrorKind>) {
    let start = Instant::now();
    let typed = decode(Encoding::Postcard, Some(schema), bytes).map_err(|error| error.kind());
    let json = to_json(Encoding::Postcard, Some(schema), bytes).map_err(|error| error.kind());
    assert!(start.elapsed() < Duration::from_secs(2), "{schema:?} {bytes:?}");
    (typed, json)
}

fn schema(json: &Value) -> Schema {
    Schema::from_json(json).unwrap()
}

/// Every truncation and every change of one byte.
fn attack<T: Serialize + DeserializeOwned>(value: &T) {
    let Encoded { schema: Some(schema), bytes, .. } = encode(value).unwrap() else { panic!("is JSON") };
    for length in 0..bytes.len() {
        let (typed, json) = survive::<T>(&schema, &bytes[..length]);
        assert_eq!(
            (typed.err(), json.err()),
            (Some(ErrorKind::Corrupt), Some(ErrorKind::Corrupt)),
            "{length}"
        );
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    let (typed, json) = survive::<T>(&schema, &longer);
    assert_eq!((typed.err(), json.err()), (Some(ErrorKind::Corrupt), Some(ErrorKind::Corrupt)));
    let mut changed = bytes.clone();
    for position in 0..bytes.len() {
        for byte in 0..=255 {
            changed[position] = byte;
            let (typed, json) = survive::<T>(&schema, &changed);
            assert!(typed.is_err() || json.is_ok(), "{position} {byte}");
        }
        changed[position] = bytes[position];
    }
}

#[test]
fn truncated_and_changed_bytes_are_errors_or_values() {
    attack(&params());
    attack(&tree());
    attack(&list(20));
    attack(&vec![(); 3]);
    attack(&(true, 'é', 3_u128, -4_i128, Some("text"), [0.5_f32; 3]).map_owned());
    attack(&vec![Tagged::A { x: 1 }]);
    attack(&Outer { a: 1, inner: Inner { x: 2, y: 3_u8 } });
}

type Mixed = (bool, char, u128, i128, Option<String>, [f32; 3]);

trait MapOwned {
    fn map_owned(self) -> Mixed;
}

impl MapOwned for (bool, char, u128, i128, Option<&str>, [f32; 3]) {
    fn map_owned(self) -> Mixed {
        (self.0, self.1, self.2, self.3, self.4.map(str::to_owned), self.5)
    }
}

#[test]
fn lengths_that_the_bytes_cannot_hold_are_damage() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    for length in [&huge[..], &[0xff, 0xff, 0xff, 0xff, 0x7f], &[0xff, 0xff, 0x7f]] {
        for item in [json!("unit"), json!("u8"), json!("f64"), json!({"struct": []}), json!({"seq": "unit"})]
        {
            let (typed, json) = survive::<Vec<serde::de::IgnoredAny>>(&schema(&json!({"seq": item})), length);
            assert_eq!((typed.err(), json.err()), (Some(ErrorKind::Corrupt), Some(ErrorKind::Corrupt)));
        }
        let error =
            decode::<Vec<u8>>(Encoding::Postcard, Some(&schema(&json!({"seq": "u8"}))), length).unwrap_err();
        assert!(error.message().contains("elements in 0 bytes"), "{error}");
        let map = schema(&json!({"map": ["unit", "unit"]}));
        assert_eq!(survive::<BTreeMap<(), u8>>(&map, length).1, Err(ErrorKind::Corrupt));
        assert_eq!(survive::<String>(&schema(&json!("str")), length).1, Err(ErrorKind::Corrupt));
        assert_eq!(survive::<String>(&schema(&json!("bytes")), length).1, Err(ErrorKind::Corrupt));
    }
}

#[test]
fn units_without_end_are_damage() {
    // Thirty levels of pairs are 2^30 units, in no bytes at all.
    let mut types: Vec<_> = (1..30).map(|next| json!({"tuple": [{"ref": next}, {"ref": next}]})).collect();
    types.push(json!("unit"));
    let bomb = schema(&json!({"root": {"ref": 0}, "types": types}));
    assert_eq!(survive::<Value>(&bomb, &[]), (Err(ErrorKind::Corrupt), Err(ErrorKind::Corrupt)));
}

#[test]
fn schemas_in_circles_are_damage() {
    for node in [
        json!({"newtype": {"ref": 0}}),
        json!({"struct": [["x", {"ref": 0}]]}),
        json!({"tuple": [{"ref": 0}]}),
        json!({"option": {"ref": 0}}),
        json!({"seq": {"ref": 0}}),
        json!({"enum": [[1, "X", {"ref": 0}]]}),
        json!({"map": [{"ref": 0}, {"ref": 0}]}),
    ] {
        let circle = schema(&json!({"root": {"ref": 0}, "types": [node]}));
        let (typed, json) = survive::<serde::de::IgnoredAny>(&circle, &[1; 1000]);
        assert_eq!(
            (typed.err(), json.err()),
            (Some(ErrorKind::Corrupt), Some(ErrorKind::Corrupt)),
            "{circle:?}"
        );
        let typed = survive::<Tree>(&circle, &[1; 1000]).0;
        assert!(matches!(typed, Err(ErrorKind::Corrupt | ErrorKind::WrongType)));
    }
}

#[test]
fn a_type_in_a_circle_of_options_does_not_overflow_the_stack() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Endless(Option<Box<Endless>>);
    assert_eq!(survive::<Endless>(&schema(&json!("u8")), &[1]).0, Err(ErrorKind::Corrupt));
}

#[test]
fn the_deepest_value_of_a_rich_type_fits_on_the_stack_of_a_thread() {
    #[derive(Serialize, Deserialize, Debug)]
    enum Rich {
        Leaf,
        Struct { room: [u64; 16], text: String, inner: BTreeMap<String, Box<Rich>> },
    }
    let deep = |levels| {
        (0..levels).fold(Rich::Leaf, |inner, _| Rich::Struct {
            room: [1; 16],
            text: String::new(),
            inner: [("x".to_string(), Box::new(inner))].into(),
        })
    };
    let Encoded { schema: Some(schema), bytes, .. } = encode(&deep(42)).unwrap() else { panic!("is JSON") };
    let (typed, json) = survive::<Rich>(&schema, &bytes);
    assert!(typed.is_ok() && json.is_ok());
    assert!(encode(&deep(43)).is_err());
}

#[test]
fn schemas_that_make_no_sense_are_refused() {
    for wrong in [
        json!(null),
        json!(3),
        json!("float"),
        json!({}),
        json!([]),
        json!({"name": "X"}),
        json!({"seq": 1}),
        json!({"map": ["u8"]}),
        json!({"tuple": "u8"}),
        json!({"struct": [["x"]]}),
        json!({"struct": {"x": "u8"}}),
        json!({"enum": [["x", 0]]}),
        json!({"enum": [[-1, "A"]]}),
        json!({"enum": [[4_294_967_296_u64, "A"]]}),
        json!({"enum": [[0, "A"], [0, "B"]]}),
        json!({"ref": 0}),
        json!({"root": {"ref": 1}, "types": ["u8"]}),
        json!({"root": {"ref": 0}, "types": [{"ref": 0}]}),
        json!({"root": "u8", "types": 1}),
    ] {
        let error = Schema::from_json(&wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{wrong}");
    }
}

#[test]
fn schemas_that_are_too_deep_or_too_large_are_refused() {
    let deep = |levels| (0..levels).fold(json!("u8"), |inner, _| json!({"seq": inner}));
    assert!(Schema::from_json(&deep(127)).is_ok());
    assert!(Schema::from_json(&deep(128)).unwrap_err().message().contains("128 levels"));
    assert!(Schema::from_json(&json!({"tuple": vec!["u8"; 65_535]})).is_ok());
    assert!(
        Schema::from_json(&json!({"tuple": vec!["u8"; 65_536]}))
            .unwrap_err()
            .message()
            .contains("65536 nodes")
    );
}

#[test]
fn variants_in_any_order_and_unknown_members_are_accepted() {
    let mixed = schema(&json!({"since": 2, "enum": [[7, "B", "u8"], [1, "A"]]}));
    assert_eq!(to_json(Encoding::Postcard, Some(&mixed), &[1]).unwrap(), json!("A"));
    assert_eq!(to_json(Encoding::Postcard, Some(&mixed), &[7, 9]).unwrap(), json!({"B": 9}));
    assert_eq!(survive::<Value>(&mixed, &[2]), (Err(ErrorKind::Corrupt), Err(ErrorKind::Corrupt)));
}

#[test]
fn names_of_any_kind_are_shown_on_one_line() {
    let odd = schema(&json!({"struct": [["a\n\u{1b}[31m", "u8"]], "name": "x".repeat(1000)}));
    let error = decode::<u8>(Encoding::Postcard, Some(&odd), &[1]).unwrap_err();
    assert_eq!(
        error.message(),
        format!("stored struct {} {{a\\n\\u{{1b}}[31m}}, asked for u8", "x".repeat(40))
    );
    let error = decode::<BTreeMap<String, char>>(Encoding::Postcard, Some(&odd), &[1]).unwrap_err();
    assert_eq!(error.message(), "stored u8, asked for char at .a\\n\\u{1b}[31m");
}

#[test]
fn types_that_write_themselves_wrongly_are_refused() {
    use serde::ser::{SerializeSeq, SerializeTuple};
    struct Miscounted;
    impl Serialize for Miscounted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut elements = serializer.serialize_seq(Some(3))?;
            elements.serialize_element(&1_u8)?;
            elements.end()
        }
    }
    struct Hiding;
    impl Serialize for Hiding {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut parts = serializer.serialize_tuple(2)?;
            assert!(parts.serialize_element(&Miscounted).is_err());
            parts.end()
        }
    }
    let error = encode(&Miscounted).unwrap_err();
    assert_eq!(error.message(), "the value cannot be stored: 3 elements were declared, 1 given");
    assert_eq!(encode(&Hiding).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn postcard_without_its_schema_is_damage() {
    assert_eq!(decode::<u8>(Encoding::Postcard, None, &[1]).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(to_json(Encoding::Postcard, None, &[1]).unwrap_err().kind(), ErrorKind::Corrupt);
}
