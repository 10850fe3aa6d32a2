//! Parts of documents that are word for word the same in many of them: each is parsed once.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;

use super::attributes::Attributes;

/// So many are remembered.
const MOST: usize = 8;

/// Longer ones are not: they are hardly ever the same, and take a hundred times as much once they are parsed.
const LONGEST: usize = 4 << 10;

thread_local! {
    static CODECS: Known<Arc<Vec<Json>>> = const { Known::new() };
    static ATTRIBUTES: Known<Attributes> = const { Known::new() };
}

/// The text of a document, in which what is known is left out.
pub(super) struct Abridged<'t> {
    text: &'t str,
    pub rest: Cow<'t, str>,
    codecs: Part<Arc<Vec<Json>>>,
    attributes: Part<Attributes>,
}

/// Where the value of a member stands, if it does, and the value, if it is known.
struct Part<T> {
    place: Option<Range<usize>>,
    known: Option<T>,
}

impl<'t> Abridged<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let [codecs, attributes] = members(text, ["codecs", "attributes"], |name, rest| match name {
            "codecs" => CODECS.with(|known| known.begins(rest)),
            _ => ATTRIBUTES.with(|known| known.begins(rest)),
        });
        let codecs = CODECS.with(|known| Part::new(text, codecs, known));
        let attributes = ATTRIBUTES.with(|known| Part::new(text, attributes, known));
        let mut left_out = [codecs.left_out("[]"), attributes.left_out("{}")];
        // From the end on, so that the places hold.
        left_out.sort_by_key(|part| Reverse(part.as_ref().map(|(place, _)| place.start)));
        let mut rest = Cow::Borrowed(text);
        for (place, empty) in left_out.into_iter().flatten() {
            rest.to_mut().replace_range(place, empty);
        }
        Self { text, rest, codecs, attributes }
    }

    /// Puts back what was left out, and remembers what was parsed of the rest.
    pub(super) fn complete(&self, codecs: &mut Option<Arc<Vec<Json>>>, attributes: &mut Attributes) {
        if let Some(codecs) = codecs {
            CODECS.with(|known| self.codecs.complete(self.text, codecs, known));
        }
        ATTRIBUTES.with(|known| self.attributes.complete(self.text, attributes, known));
    }
}

impl<T: Clone> Part<T> {
    fn new(text: &str, place: Option<Range<usize>>, known: &Known<T>) -> Self {
        let known = place.clone().and_then(|place| known.get(text.get(place)?));
        Self { place, known }
    }

    fn left_out(&self, empty: &'static str) -> Option<(Range<usize>, &'static str)> {
        self.known.as_ref().and(self.place.clone()).map(|place| (place, empty))
    }

    fn complete(&self, text: &str, value: &mut T, known: &Known<T>) {
        match (&self.known, self.place.clone().and_then(|place| text.get(place))) {
            (Some(known), _) => *value = known.clone(),
            (None, Some(text)) => known.remember(text, value),
            (None, None) => {}
        }
    }
}

/// What came out of the texts that were parsed last. It belongs to a thread, so that no thread waits for another.
struct Known<T>(RefCell<Vec<(Box<str>, T)>>);

impl<T: Clone> Known<T> {
    const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    /// Gives what was made of a text before.
    fn get(&self, text: &str) -> Option<T> {
        let known = self.0.borrow();
        known.iter().find(|(known, _)| **known == *text).map(|(_, value)| value.clone())
    }

    /// The length of the known text that this one begins with.
    fn begins(&self, text: &str) -> Option<usize> {
        let known = self.0.borrow();
        known.iter().find(|(known, _)| text.starts_with(&**known)).map(|(known, _)| known.len())
    }

    /// Remembers what a list or an object is.
    fn remember(&self, text: &str, value: &T) {
        if text.len() <= LONGEST {
            let mut known = self.0.borrow_mut();
            known.truncate(MOST - 1);
            known.insert(0, (text.into(), value.clone()));
        }
    }
}

/// Where in the text of a JSON object the values of members stand, as far as they are written plainly. None are found where one
/// stands twice, nor where the text is not that of an object. `known` tells the length of a value that need not be looked through.
fn members<const N: usize>(
    text: &str,
    names: [&str; N],
    known: impl Fn(&str, &str) -> Option<usize>,
) -> [Option<Range<usize>>; N] {
    scan(text, names, known).unwrap_or([const { None }; N])
}

fn scan<const N: usize>(
    text: &str,
    names: [&str; N],
    known: impl Fn(&str, &str) -> Option<usize>,
) -> Option<[Option<Range<usize>>; N]> {
    let bytes = text.as_bytes();
    let mut found = [const { None }; N];
    let mut at = after(bytes, skip_space(bytes, 0), b'{')?;
    loop {
        let begin = skip_space(bytes, at);
        let end = string_end(bytes, begin)?;
        let value = skip_space(bytes, after(bytes, skip_space(bytes, end), b':')?);
        let name = text.get(next(begin)..end.saturating_sub(1))?;
        let wanted = names.iter().position(|wanted| *wanted == name);
        at = match wanted.and_then(|_| known(name, text.get(value..)?)) {
            Some(length) => value.saturating_add(length),
            None => value_end(bytes, value)?,
        };
        if let Some(found) = wanted.and_then(|wanted| found.get_mut(wanted))
            && found.replace(value..at).is_some()
        {
            return None;
        }
        at = skip_space(bytes, at);
        match bytes.get(at)? {
            b',' => at = next(at),
            b'}' => return Some(found),
            _ => return None,
        }
    }
}

fn next(at: usize) -> usize {
    at.saturating_add(1)
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at = next(at);
    }
    at
}

/// The place behind this byte, if it is here.
fn after(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (*bytes.get(at)? == byte).then_some(next(at))
}

/// The place behind the string that begins here.
fn string_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let mut at = after(bytes, begin, b'"')?;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(next(at)),
            b'\\' => at = next(next(at)),
            _ => at = next(at),
        }
    }
}

/// The place behind the value that begins here.
fn value_end(bytes: &[u8], begin: usize) -> Option<usize> {
    let (mut at, mut depth) = (begin, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = string_end(bytes, at)?,
            b'{' | b'[' => (at, depth) = (next(at), depth.saturating_add(1)),
            b',' | b'}' | b']' if depth == 0 => return (at > begin).then_some(at),
            b'}' | b']' => (at, depth) = (next(at), depth.saturating_sub(1)),
            _ => {
                at = next(at);
                continue;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_as_long_as_few_others_came_after_it() {
        let known = Known::new();
        known.remember("7", &7);
        known.remember("8", &8);
        assert_eq!((known.get("7"), known.get("8"), known.get("9")), (Some(7), Some(8), None));
        for n in 100..200 {
            known.remember(&n.to_string(), &n);
        }
        assert_eq!((known.get("7"), known.get("199")), (None, Some(199)));
        known.remember(&"0".repeat(LONGEST + 1), &0);
        assert_eq!((known.get(&"0".repeat(LONGEST + 1)), known.0.borrow().len()), (None, MOST));
    }

    #[test]
    fn a_member_is_found_where_it_is_written_plainly() {
        let found =
            |text: &str| members(text, ["a"], |_, _| None)[0].clone().map(|place| text[place].to_owned());
        for (text, value) in [
            (r#"{"a":1}"#, "1"),
            (
                r#" { "b" : [ "]" , {"a":2} ] , "a" : {"x": ["}", "\"]"]} , "c": null } "#,
                r#"{"x": ["}", "\"]"]}"#,
            ),
            (r#"{"a":"","b":-1e5}"#, r#""""#),
            ("{\"b\":true,\n\"a\":false\n}", "false\n"),
        ] {
            assert_eq!(found(text).as_deref(), Some(value), "{text}");
        }
        for text in [
            "",
            "{",
            "{}",
            "[]",
            r#"{"b":1}"#,
            r#"{"\u0061":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1"#,
            r#"{"a":"x}"#,
            r#"{"a":}"#,
            r#"{"a":[1}"#,
            r#"{"a" 1}"#,
            r#"{"a":1 2 "b":3}"#,
            r#"{"a":1,}"#,
            r#"{"a"\"#,
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
