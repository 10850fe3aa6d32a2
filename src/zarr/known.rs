//! Parts of documents that are word for word the same in many of them: each is parsed once.

use std::cell::RefCell;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::attributes::Attributes;
use super::json::{fields, list};

/// So many are remembered.
const MOST: usize = 8;

/// Longer ones are not: they are hardly ever the same.
const LONGEST: usize = 16 << 10;

thread_local! {
    static CODECS: Known<Option<Arc<Vec<Json>>>> = const { Known::new() };
    static ATTRIBUTES: Known<Attributes> = const { Known::new() };
}

/// Reads the codecs of an array; for `deserialize_with`.
pub(super) fn codecs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<Vec<Json>>>, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?.get();
    let parse = |text: &str| list(&mut serde_json::Deserializer::from_str(text));
    let known = CODECS.with(|known| known.get(text, |text| parse(text).map(|list| list.map(Arc::new))));
    known.map_err(D::Error::custom)
}

/// Reads the attributes of a node.
pub(super) fn attributes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Attributes, D::Error> {
    let text = <&RawValue>::deserialize(deserializer)?.get();
    let parse = |text: &str| fields(&mut serde_json::Deserializer::from_str(text));
    let known = ATTRIBUTES.with(|known| known.get(text, |text| parse(text).map(Attributes::from)));
    known.map_err(D::Error::custom)
}

/// What came out of the texts that were parsed last. It belongs to a thread, so that no thread waits for another.
struct Known<T>(RefCell<Vec<(Box<str>, T)>>);

impl<T: Clone> Known<T> {
    const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// Gives what `parse` makes of a text, or has made of it before.
    fn get<E>(&self, text: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, E> {
        if let Some((_, known)) = self.0.borrow().iter().find(|(known, _)| **known == *text) {
            return Ok(known.clone());
        }
        let parsed = parse(text)?;
        if text.len() <= LONGEST {
            let mut known = self.0.borrow_mut();
            known.truncate(MOST - 1);
            known.insert(0, (text.into(), parsed.clone()));
        }
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_text_is_parsed_once_as_long_as_few_others_come_between() {
        let (known, parsed) = (Known::new(), Cell::new(0));
        let get = |text: &str| {
            known.get(text, |text| {
                parsed.set(parsed.get() + 1);
                text.parse::<u32>()
            })
        };
        assert_eq!((get("7"), get("8"), get("7")), (Ok(7), Ok(8), Ok(7)));
        assert_eq!(parsed.get(), 2);
        assert!(get("x").is_err() && get("x").is_err());
        assert_eq!(parsed.get(), 4);
        for n in 0..100 {
            assert_eq!(get(&format!("10{n}")), format!("10{n}").parse());
        }
        assert_eq!((get("7"), parsed.get()), (Ok(7), 105));
        let long = "0".repeat(LONGEST) + "7";
        assert_eq!((get(&long), get(&long), parsed.get()), (Ok(7), Ok(7), 107));
        assert_eq!(known.0.borrow().len(), MOST);
    }
}
