//! The schema and the bytes of an object as an input.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::input::Input;

/// A type that asks for everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Rich {
    Unit,
    Newtype(Option<i64>),
    Tuple(u8, f32, String),
    Struct { flag: bool, letter: char, items: Vec<Rich> },
    Map(BTreeMap<String, Rich>),
    Wide(u128, (), [i16; 3], Box<Rich>),
}

impl Rich {
    /// One of each variant, so that the schema knows them all.
    pub fn all() -> Vec<Self> {
        vec![
            Self::Unit,
            Self::Newtype(Some(1)),
            Self::Tuple(1, 0.5, "a".into()),
            Self::Struct { flag: true, letter: 'é', items: vec![Self::Unit] },
            Self::Map([("x".to_owned(), Self::Unit)].into()),
            Self::Wide(1, (), [1, 2, 3], Self::Unit.into()),
        ]
    }
}

/// The input chooses a schema, perhaps that of a list of [`Rich`], or holds its JSON up to a NUL; then come the bytes.
pub fn of<'a>(input: &'a [u8], rich: &Json) -> (Json, &'a [u8]) {
    let mut input = Input::new(input);
    match input.byte() % 4 {
        0 => (rich.clone(), input.rest()),
        1 => {
            let rest = input.rest();
            let end = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
            let schema = serde_json::from_slice(&rest[..end]).unwrap_or(json!("str"));
            (schema, rest.get(end + 1..).unwrap_or_default())
        }
        _ => {
            let types: Vec<Json> = (0..input.below(4)).map(|_| choose(&mut input, 0)).collect();
            (json!({"root": choose(&mut input, 0), "types": types}), input.rest())
        }
    }
}

/// A schema that is mostly right.
fn choose(input: &mut Input<'_>, depth: usize) -> Json {
    const PRIMITIVES: [&str; 19] = [
        "bool", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "f32", "f64", "char",
        "str", "bytes", "unit", "unknown", "u8",
    ];
    let what = input.byte() % 12;
    if depth > 6 || what < 3 {
        return json!(input.one_of(&PRIMITIVES));
    }
    let inner = |input: &mut Input<'_>| choose(input, depth + 1);
    match what {
        3 => json!({"option": inner(input)}),
        4 => json!({"seq": inner(input)}),
        5 => json!({"map": [inner(input), inner(input)]}),
        6 => json!({"newtype": inner(input), "name": "N"}),
        7 => json!({"tuple": (0..input.below(4)).map(|_| inner(input)).collect::<Vec<_>>()}),
        8 => {
            let field = |n| json!([format!("f{n}"), inner(input)]);
            json!({"struct": (0..2).map(field).collect::<Vec<_>>(), "name": "S"})
        }
        9 => json!({"enum": [[0, "Unit"], [input.byte(), "Other", inner(input)]], "name": "E"}),
        10 => json!({"struct": []}),
        _ => json!({"ref": input.below(4)}),
    }
}
