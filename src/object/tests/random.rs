//! Random values: what is stored reads back, by type and as JSON.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Rich {
    Unit,
    Newtype(Option<i64>),
    Tuple(u8, f32, String),
    Struct { flag: bool, letter: char, items: Vec<Rich> },
    Map(BTreeMap<String, Rich>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Record {
    numbers: (i8, u16, i32, u64, i128),
    values: Vec<f64>,
    names: BTreeMap<u32, Option<String>>,
    tree: Vec<Rich>,
    pair: Option<(Seed, [i16; 3])>,
}

fn number() -> impl Strategy<Value = f32> {
    // Zero and subnormals too, but no NaN: equality is what is asserted.
    prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO | prop::num::f32::INFINITE
}

fn rich() -> impl Strategy<Value = Rich> {
    let leaf = prop_oneof![
        Just(Rich::Unit),
        any::<Option<i64>>().prop_map(Rich::Newtype),
        (any::<u8>(), number(), ".{0,6}").prop_map(|(a, b, c)| Rich::Tuple(a, b, c)),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            (any::<bool>(), any::<char>(), vec(inner.clone(), 0..4))
                .prop_map(|(flag, letter, items)| Rich::Struct { flag, letter, items }),
            btree_map(".{0,4}", inner, 0..4).prop_map(Rich::Map),
        ]
    })
}

prop_compose! {
    fn record()(
        numbers in any::<(i8, u16, i32, u64, i128)>(),
        values in vec(number().prop_map(f64::from), 0..8),
        names in btree_map(any::<u32>(), proptest::option::of(".{0,8}"), 0..5),
        tree in vec(rich(), 0..5),
        pair in any::<Option<(u64, [i16; 3])>>(),
    ) -> Record {
        Record { numbers, values, names, tree, pair: pair.map(|(seed, array)| (Seed(seed), array)) }
    }
}

/// What `serde_json` makes of a value, but for what is shown in another way.
fn is_shown_as(shown: &Value, plain: &Value) -> bool {
    match (shown, plain) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_shown_as(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_shown_as(a, b)))
        }
        (Value::String(text), Value::Null) => matches!(text.as_str(), "Infinity" | "-Infinity"),
        // A float of 32 bits is shown with the digits it needs, an integer of 128 bits as text.
        (Value::Number(a), Value::Number(b)) if a.is_f64() => {
            a == b
                || a.as_f64().map(|a| a.to_string().parse::<f32>())
                    == b.as_f64().map(|b| b.to_string().parse())
        }
        (Value::String(text), Value::Number(_)) => text.parse::<i128>().is_ok(),
        _ => shown == plain,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_values_survive(value in record()) {
        let encoded = as_postcard(&value);
        let mut plain = value.clone();
        plain.numbers.4 = 0;
        let mut shown = json_of(&encoded);
        shown["numbers"][4] = json!(0);
        prop_assert!(is_shown_as(&shown, &serde_json::to_value(&plain).unwrap()), "{shown}");
    }

    #[test]
    fn random_bytes_are_errors_or_values(value in rich(), bytes in vec(any::<u8>(), 0..60)) {
        let encoded = encode(&vec![value]).unwrap();
        let typed = decode::<Vec<Rich>>(encoded.encoding, encoded.schema.as_deref(), &bytes).is_ok();
        prop_assert_eq!(typed, to_json(encoded.encoding, encoded.schema.as_deref(), &bytes).is_ok());
    }
}
