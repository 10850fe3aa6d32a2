//! What is stored, how it reads back, and what it is as JSON. `postcard` is the oracle of the bytes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod evolved;
mod hostile;
mod random;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::*;
use crate::error::ErrorKind;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Mode {
    Classical,
    Event { ses: u32 },
    Pair(f64, i16),
    One(String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Seed(u64);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Params {
    mode: String,
    imtls: BTreeMap<String, Vec<f64>>,
    seed: i64,
    site: (f64, f64),
    truncation: Option<f32>,
    modes: Vec<Mode>,
    unit: (),
    newtype: Seed,
    none: Option<u8>,
    empty: Vec<u32>,
}

fn params() -> Params {
    Params {
        mode: "classical".into(),
        imtls: [("PGA".to_string(), vec![0.01, 0.1])].into(),
        seed: -42,
        site: (10.5, 45.0),
        truncation: Some(3.1),
        modes: vec![Mode::Classical, Mode::Event { ses: 7 }, Mode::Pair(1.0, -2), Mode::One("x".into())],
        unit: (),
        newtype: Seed(9),
        none: None,
        empty: vec![],
    }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Tree {
    value: u8,
    kids: Vec<Tree>,
}

fn tree() -> Tree {
    let leaf = |value| Tree { value, kids: vec![] };
    Tree { value: 1, kids: vec![leaf(2), Tree { value: 3, kids: vec![leaf(4)] }] }
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct List {
    value: u32,
    next: Option<Box<List>>,
}

fn list(length: u32) -> List {
    (1..length).fold(List { value: 0, next: None }, |list, value| List { value, next: Some(Box::new(list)) })
}

/// Stores and reads back; the schema goes through its text on the way.
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Encoded {
    let encoded = encode(value).unwrap();
    let schema = encoded.schema.as_deref().map(|schema| {
        let text = schema.to_json().to_string();
        let read = Schema::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(&read, schema);
        read
    });
    assert_eq!(encoded.schema.is_some(), encoded.encoding == Encoding::Postcard);
    let read: T = decode(encoded.encoding, schema.as_ref(), &encoded.bytes).unwrap();
    assert_eq!(&read, value);
    encoded
}

/// The same, where the bytes must be those of `postcard` too.
fn as_postcard<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> Encoded {
    let encoded = round_trip(value);
    assert_eq!(encoded.bytes, postcard::to_stdvec(value).unwrap());
    encoded
}

fn schema_of(encoded: &Encoded) -> Value {
    encoded.schema.as_ref().unwrap().to_json()
}

fn json_of(encoded: &Encoded) -> Value {
    to_json(encoded.encoding, encoded.schema.as_deref(), &encoded.bytes).unwrap()
}

#[test]
fn parameters_have_a_schema_and_read_as_json() {
    let encoded = as_postcard(&params());
    assert_eq!(encoded.type_name.rsplit("::").next(), Some("Params"));
    let mode = json!({"enum": [
        [0, "Classical"],
        [1, "Event", {"struct": [["ses", "u32"]], "name": "Event"}],
        [2, "Pair", {"tuple": ["f64", "i16"], "name": "Pair"}],
        [3, "One", "str"],
    ], "name": "Mode"});
    assert_eq!(
        schema_of(&encoded),
        json!({"struct": [
            ["mode", "str"],
            ["imtls", {"map": ["str", {"seq": "f64"}]}],
            ["seed", "i64"],
            ["site", {"tuple": ["f64", "f64"]}],
            ["truncation", {"option": "f32"}],
            ["modes", {"seq": mode}],
            ["unit", "unit"],
            ["newtype", {"newtype": "u64", "name": "Seed"}],
            ["none", {"option": "unknown"}],
            ["empty", {"seq": "unknown"}],
        ], "name": "Params"})
    );
    assert_eq!(
        json_of(&encoded),
        json!({
            "mode": "classical", "imtls": {"PGA": [0.01, 0.1]}, "seed": -42, "site": [10.5, 45.0],
            "truncation": 3.1,
            "modes": ["Classical", {"Event": {"ses": 7}}, {"Pair": [1.0, -2]}, {"One": "x"}],
            "unit": null, "newtype": 9, "none": null, "empty": [],
        })
    );
}

#[test]
fn types_that_contain_themselves_are_referred_to() {
    let encoded = as_postcard(&tree());
    let node = json!({"struct": [["value", "u8"], ["kids", {"seq": {"ref": 0}}]], "name": "Tree"});
    assert_eq!(schema_of(&encoded), json!({"root": {"ref": 0}, "types": [node]}));
    assert_eq!(json_of(&encoded)["kids"][1]["kids"][0], json!({"value": 4, "kids": []}));
    as_postcard(&list(20));
}

#[test]
fn generic_types_and_types_of_one_name_are_kept_apart() {
    mod other {
        #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
        pub(super) struct Seed {
            pub(super) text: String,
        }
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Wrap<T> {
        value: T,
    }
    let value = (
        Seed(1),
        other::Seed { text: "z".into() },
        Wrap { value: Wrap { value: 1_u8 } },
        Wrap { value: "s".to_string() },
    );
    assert_eq!(
        json_of(&as_postcard(&value)),
        json!([1, {"text": "z"}, {"value": {"value": 1}}, {"value": "s"}])
    );
}

#[test]
fn types_that_cannot_be_told_apart_do_not_share_a_wrong_schema() {
    // Types in blocks of one function have the same name.
    let one = {
        #[derive(Serialize)]
        enum Same {
            A,
        }
        Same::A
    };
    let other = {
        #[derive(Serialize)]
        enum Same {
            B,
        }
        Same::B
    };
    let encoded = encode(&(one, other)).unwrap();
    assert_eq!((encoded.encoding, json_of(&encoded)), (Encoding::Json, json!(["A", "B"])));
}

#[test]
fn what_is_missing_first_is_learnt_later() {
    let encoded = as_postcard(&vec![(None, vec![]), (Some(1_u16), vec!["a".to_string()])]);
    assert_eq!(schema_of(&encoded), json!({"seq": {"tuple": [{"option": "u16"}, {"seq": "str"}]}}));
    as_postcard(&vec![None::<u8>, None]);
    as_postcard(&vec![Some(None), None, Some(Some(4_u8))]);
}

#[test]
fn primitives_of_every_kind_survive() {
    let integers =
        (i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN, u8::MAX, u16::MAX, u32::MAX, u64::MAX, u128::MAX);
    let encoded = as_postcard(&integers);
    let texts = (i128::MIN.to_string(), u128::MAX.to_string());
    let expected =
        json!([i8::MIN, i16::MIN, i32::MIN, i64::MIN, texts.0, 255, 65535, u32::MAX, u64::MAX, texts.1]);
    assert_eq!(json_of(&encoded), expected);
    let encoded = as_postcard(&(true, 'é', "žluť".to_string(), (), 0.1_f32, -0.0_f64, String::new()));
    assert_eq!(json_of(&encoded).to_string(), r#"[true,"é","žluť",null,0.1,-0.0,""]"#);
}

#[test]
fn types_with_a_compact_form_use_it() {
    let address: std::net::IpAddr = [127, 0, 0, 1].into();
    assert_eq!(json_of(&as_postcard(&address)), json!({"V4": [127, 0, 0, 1]}));
    assert_eq!(
        json_of(&round_trip(&Outer { a: 1, inner: Inner { x: 2, y: address } }))["y"],
        json!("127.0.0.1")
    );
}

#[test]
fn numbers_that_json_lacks_are_shown_as_text_and_kept_in_the_bytes() {
    let value = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::from_bits(0x7ff8_0000_dead_beef)];
    let encoded = encode(&value).unwrap();
    assert_eq!(json_of(&encoded), json!(["NaN", "Infinity", "-Infinity", "NaN"]));
    let read: [f64; 4] = decode(encoded.encoding, encoded.schema.as_deref(), &encoded.bytes).unwrap();
    assert_eq!(read.map(f64::to_bits), value.map(f64::to_bits));
    let encoded = encode(&[f32::NAN, f32::NEG_INFINITY]).unwrap();
    assert_eq!(json_of(&encoded), json!(["NaN", "-Infinity"]));
}

#[test]
fn maps_with_any_keys_are_objects_in_json() {
    let pairs: BTreeMap<(u8, u8), i8> = [((1, 2), -3)].into();
    let numbers: BTreeMap<u32, String> = [(7, "x".into())].into();
    let letters: BTreeMap<char, Option<u16>> = [('é', None), ('z', Some(3))].into();
    let modes: HashMap<String, Mode> = [("a".into(), Mode::Classical)].into();
    let encoded = as_postcard(&(pairs, numbers, letters, modes));
    assert_eq!(
        json_of(&encoded),
        json!([{"[1,2]": -3}, {"7": "x"}, {"é": null, "z": 3}, {"a": "Classical"}])
    );
}

#[test]
fn bytes_are_base64_in_json() {
    #[derive(Debug, PartialEq)]
    struct Blob(Vec<u8>);
    impl Serialize for Blob {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(&self.0)
        }
    }
    impl<'de> Deserialize<'de> for Blob {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <&[u8]>::deserialize(deserializer).map(|bytes| Self(bytes.to_vec()))
        }
    }
    let encoded = as_postcard(&Blob(vec![0xfb, 0xff, 0x00]));
    assert_eq!((schema_of(&encoded), json_of(&encoded)), (json!("bytes"), json!("+/8A")));
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Outer<T> {
    a: u8,
    #[serde(flatten)]
    inner: T,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Inner<T> {
    x: u8,
    y: T,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type")]
enum Tagged {
    A { x: u8 },
    B { y: String },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Skipping {
    a: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    b: Option<u8>,
    c: u8,
}

#[test]
fn flattened_untagged_and_skipped_values_of_one_structure_are_postcard() {
    let encoded = round_trip(&Outer { a: 1, inner: Inner { x: 2, y: 3_u8 } });
    assert_eq!(schema_of(&encoded), json!({"map": ["str", "u8"]}));
    assert_eq!(encoded.bytes, b"\x03\x01a\x01\x01x\x02\x01y\x03");
    for encoded in [
        round_trip(&vec![Untagged::Number(1), Untagged::Number(2)]),
        round_trip(&vec![Tagged::A { x: 1 }]),
        round_trip(&Skipping { a: 1, b: None, c: 3 }),
    ] {
        assert_eq!(encoded.encoding, Encoding::Postcard);
    }
}

#[test]
fn values_of_two_structures_are_json() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct SkippingLast {
        a: u8,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        b: Option<u8>,
    }
    let last = |b| SkippingLast { a: 1, b };
    let skipping = |b| Skipping { a: 1, b, c: 3 };
    for encoded in [
        round_trip(&Outer { a: 1, inner: Inner { x: 2, y: "s".to_string() } }),
        round_trip(&vec![Untagged::Number(1), Untagged::Text("a".into())]),
        round_trip(&vec![Tagged::A { x: 1 }, Tagged::B { y: "q".into() }]),
        round_trip(&vec![skipping(None), skipping(Some(2))]),
        round_trip(&vec![skipping(Some(2)), skipping(None)]),
        round_trip(&vec![last(Some(2)), last(None)]),
        round_trip(&vec![last(None), last(Some(2))]),
        round_trip(&json!({"a": 1, "b": 2})),
        round_trip(&json!({"a": 1, "b": "x", "c": [null, 1.5]})),
    ] {
        assert_eq!((encoded.encoding, encoded.schema.is_none()), (Encoding::Json, true));
        assert_eq!(json_of(&encoded), serde_json::from_slice::<Value>(&encoded.bytes).unwrap());
    }
}

#[test]
fn types_found_in_one_place_share_what_is_known_of_them() {
    // Options of two types in one flattened map: none in the first, then one of each.
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Maybe<A, B> {
        a: Option<A>,
        #[serde(flatten)]
        rest: Rest<B>,
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Rest<B> {
        b: Option<B>,
    }
    let none = |()| Maybe { a: None, rest: Rest { b: None } };
    let same = vec![none(()), Maybe { a: Some(1_u8), rest: Rest { b: Some(Box::new(2_u8)) } }];
    assert_eq!(schema_of(&round_trip(&same)), json!({"seq": {"map": ["str", {"option": "u8"}]}}));
    let none = |()| Maybe { a: None, rest: Rest { b: None } };
    let differ = vec![none(()), Maybe { a: Some(1_u8), rest: Rest { b: None } }];
    assert_eq!(round_trip::<Vec<Maybe<u8, String>>>(&differ).encoding, Encoding::Postcard);
    let differ = vec![Maybe { a: Some(1_u8), rest: Rest { b: Some("x".to_string()) } }, none(())];
    assert_eq!(round_trip(&differ).encoding, Encoding::Json);
}

#[test]
fn nan_is_refused_where_only_json_will_do() {
    for number in [f64::NAN, f64::INFINITY] {
        let error = encode(&Outer { a: 1, inner: Inner { x: 2, y: number } }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().contains("NaN"), "{error}");
    }
    round_trip(&Outer { a: 1, inner: Inner { x: 2, y: 0.1 } });
}

#[test]
fn map_keys_that_json_lacks_are_refused_where_only_json_will_do() {
    let keys: BTreeMap<(u8, u8), u8> = [((1, 2), 3)].into();
    let error = encode(&Outer { a: 1, inner: Inner { x: 2, y: keys } }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.message().contains("key must be a string"), "{error}");
}

#[test]
fn a_value_nested_too_deeply_is_refused_and_the_deepest_reads_back() {
    as_postcard(&list(64));
    assert_eq!(encode(&list(65)).unwrap_err().kind(), ErrorKind::InvalidInput);
    let deep = |levels| (0..levels).fold(json!([1, "two structures"]), |inner, _| json!([inner]));
    assert_eq!(round_trip(&deep(125)).encoding, Encoding::Json);
    assert_eq!(encode(&deep(126)).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn sequences_of_nothing_are_postcard_up_to_a_limit_and_json_beyond() {
    assert_eq!(as_postcard(&vec![(); 4000]).encoding, Encoding::Postcard);
    assert_eq!(round_trip(&vec![(); 5000]).encoding, Encoding::Json);
    let with_units: Vec<(u8, (), ())> = vec![(1, (), ()); 20_000];
    assert_eq!(as_postcard(&with_units).encoding, Encoding::Postcard);
}

#[test]
fn large_types_used_twice_and_deep_types_become_named() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Site {
        lon: f64,
        lat: f64,
        vs30: f64,
        name: String,
    }
    let site = |lon| Site { lon, lat: 45.0, vs30: 760.0, name: "x".into() };
    let encoded = as_postcard(&(site(1.0), Some(site(2.0))));
    let fields = json!([["lon", "f64"], ["lat", "f64"], ["vs30", "f64"], ["name", "str"]]);
    assert_eq!(
        schema_of(&encoded),
        json!({"root": {"tuple": [{"ref": 0}, {"option": {"ref": 0}}]},
               "types": [{"struct": fields, "name": "Site"}]})
    );
    macro_rules! nest {
        ($value:expr;) => { $value };
        ($value:expr; $_:tt $($rest:tt)*) => {
            nest!(Inner { x: 1, y: Inner { x: 2, y: $value } }; $($rest)*)
        };
    }
    // The schema of sixty structs in one another would be 180 levels of JSON, which no reader takes.
    let encoded = as_postcard(&nest!(1_u8; 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0));
    assert!(schema_of(&encoded)["types"].as_array().unwrap().len() > 3);
}
