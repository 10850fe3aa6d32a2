//! Keys: where a value stands in a store.
//!
//! A key is a path such as `/0/SadighEtAl1997`. One validator serves everything that takes one.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fmt::{self, Write};

use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::error::{Error, ErrorKind, Result};

/// The longest key, in bytes, without its leading `/`.
pub const MAX_KEY: usize = 1024;
/// The longest component of a key, in bytes: what every file system takes as a name.
pub const MAX_COMPONENT: usize = 255;
/// The most components that a key may have.
pub const MAX_LEVELS: usize = 64;

/// A valid key, normalised: components joined by `/`, without a leading one.
///
/// - The leading `/` is optional; `//` and a trailing `/` are dropped; `/` alone is the root.
/// - Each component is 1 to 255 bytes of UTF-8; the whole is at most 1,024 bytes and 64 levels.
/// - No control characters, and none of `\` and `:`.
/// - No component is `.`, `..` or dots alone, begins with `__` (reserved by Zarr v3), or is `zarr.json`.
/// - A key under which something is *created* is also in Unicode's form NFC, no component ends with a dot
///   or a space, and none is the name of a Windows device: so that a store survives being copied anywhere.
///
/// ```
/// use calcstore::key::Key;
///
/// for (text, key) in [("/a/b", "/a/b"), ("a//b/", "/a/b"), ("/", "/"), ("/0/[Größe] x", "/0/[Größe] x")] {
///     assert_eq!(Key::new(text)?.to_string(), key);
/// }
/// for refused in ["a/../b", "__meta", "a:b", "a\\b", "tab\there", "a/zarr.json", "..."] {
///     assert!(Key::new(refused).is_err(), "{refused}");
/// }
/// assert!(Key::new("nul.txt")?.check_creatable().is_err());
/// # Ok::<(), calcstore::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// Validates `text` and brings it to its normal form.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] names the rule that `text` breaks.
    pub fn new(text: &str) -> Result<Self> {
        let mut normal = String::with_capacity(text.len().min(MAX_KEY));
        for (level, component) in (1..).zip(text.split('/').filter(|component| !component.is_empty())) {
            append(&mut normal, level, component).map_err(|why| invalid(text, &why))?;
        }
        Ok(Self(normal))
    }

    /// The root of a store, `/`.
    pub fn root() -> Self {
        Self(String::new())
    }

    /// Checks what a key must also be for something to be created under it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] names the rule and the way out.
    pub fn check_creatable(&self) -> Result<()> {
        for component in self.components() {
            if let Some(why) = unportable(component) {
                return Err(invalid(&self.to_string(), &why));
            }
        }
        Ok(())
    }

    /// Tells whether this is the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the key without its leading `/`; the root is empty.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the last component; the root has none and gives the empty string.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Gives the key of the group that holds this key; the root has none.
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(Self(self.0.rsplit_once('/').map(|(parent, _)| parent.to_owned()).unwrap_or_default()))
    }

    /// Iterates over the components, from the root downwards.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|component| !component.is_empty())
    }

    /// Gives the key beside this one that has the most similar of some names, if it is much like its own.
    pub(crate) fn nearest<'n>(&self, names: impl Iterator<Item = &'n str>) -> Option<Self> {
        let likeness = |name: &str| strsim::jaro_winkler(name, self.name());
        let best = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
        if likeness(best) > 0.8 && best != self.name() { self.parent()?.child(best).ok() } else { None }
    }

    /// Gives the key of the child `name`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] when `name` is no single valid component, or the whole would be too long.
    pub fn child(&self, name: &str) -> Result<Self> {
        if name.is_empty() || name.contains('/') {
            return Err(invalid(name, "it is not one component"));
        }
        let mut child = String::with_capacity(self.0.len().saturating_add(name.len()).saturating_add(1));
        child.push_str(&self.0);
        match append(&mut child, self.components().count().saturating_add(1), name) {
            Ok(()) => Ok(Self(child)),
            Err(why) => Err(invalid(&format!("{}/{name}", self.0), &why)),
        }
    }

    /// Tells whether this key is `ancestor` or stands below it.
    pub fn is_within(&self, ancestor: &Self) -> bool {
        ancestor.is_root()
            || self.0.strip_prefix(&ancestor.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.0)
    }
}

fn invalid(text: &str, why: &str) -> Error {
    let shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::InvalidKey, format!("not a valid key: {why}")).with_key(shown)
}

/// Puts a component, which is on this level, behind those that are there; else tells the rule that is broken.
fn append(key: &mut String, level: usize, component: &str) -> std::result::Result<(), String> {
    if let Some(why) = fault(component) {
        return Err(why);
    }
    if level > MAX_LEVELS {
        return Err(format!("it has more than {MAX_LEVELS} levels"));
    }
    if !key.is_empty() {
        key.push('/');
    }
    key.push_str(component);
    if key.len() > MAX_KEY {
        return Err(format!("it is longer than {MAX_KEY} bytes"));
    }
    Ok(())
}

/// The rule that one component of any key breaks.
fn fault(component: &str) -> Option<String> {
    if component.len() > MAX_COMPONENT {
        Some(format!("a component is longer than {MAX_COMPONENT} bytes"))
    } else if let Some(bad) = component.chars().find(|c| is_forbidden(*c)) {
        Some(format!("{bad:?} may not stand in a key; it can be written as %{:02X}", bad as u32))
    } else if component.bytes().all(|byte| byte == b'.') {
        Some("a component may not be dots alone".to_owned())
    } else if component.starts_with("__") {
        Some("names that begin with `__` are reserved by Zarr".to_owned())
    } else if component == "zarr.json" {
        Some("`zarr.json` is the name of Zarr's own metadata files".to_owned())
    } else {
        None
    }
}

fn is_forbidden(character: char) -> bool {
    character.is_control() || matches!(character, '/' | '\\' | ':')
}

/// The rule that one component breaks when something is to be created under it.
fn unportable(component: &str) -> Option<String> {
    if !is_nfc(component) {
        Some("it is not in Unicode's normal form NFC; bring it to NFC first".to_owned())
    } else if component.ends_with(['.', ' ']) {
        Some("a component may not end with a dot or a space (Windows drops them)".to_owned())
    } else if is_device(component) {
        Some(format!("`{component}` is the name of a Windows device"))
    } else {
        None
    }
}

/// Windows takes these for devices, in any case and with any extension.
fn is_device(component: &str) -> bool {
    let stem = component.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = |prefix: &str| {
        let mut rest = stem.strip_prefix(prefix).unwrap_or_default().chars();
        matches!((rest.next(), rest.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    };
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$")
        || numbered("COM")
        || numbered("LPT")
}

/// Writes any name as one component of a key, reversibly: what keys may not hold becomes `%XX`.
///
/// Calculations make such names: a ground-motion model given as several lines of TOML, for example.
///
/// ```
/// use calcstore::key::{escape_component, unescape_component};
///
/// let name = "[CampbellBozorgnia2014]\nregion = \"CA\"";
/// let component = escape_component(name)?;
/// assert_eq!(component, "[CampbellBozorgnia2014]%0Aregion = \"CA\"");
/// assert_eq!(unescape_component(&component)?, name);
/// # Ok::<(), calcstore::Error>(())
/// ```
///
/// # Errors
/// [`ErrorKind::InvalidKey`] for an empty name and for one that would be longer than 255 bytes.
///
/// # Format
/// `%XX` for each byte of `%`, of forbidden and control characters, of a trailing dot or space, of the first
/// character of names that begin with `__`, are dots alone or name a Windows device, and of the dot of
/// `zarr.json`. The name is brought to NFC first, which is the one thing that is not undone.
pub fn escape_component(name: &str) -> Result<String> {
    let name: String = name.nfc().collect();
    let first = name.starts_with("__") || name.bytes().all(|byte| byte == b'.') || is_device(&name);
    let last = name.char_indices().next_back().map_or(0, |(at, _)| at);
    let mut escaped = String::with_capacity(name.len());
    for (at, character) in name.char_indices() {
        let reserved = (at == 0 && first)
            || (at == last && matches!(character, '.' | ' '))
            || (name == "zarr.json" && character == '.');
        if reserved || character == '%' || is_forbidden(character) {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "%{byte:02X}");
            }
        } else {
            escaped.push(character);
        }
    }
    if escaped.is_empty() {
        return Err(invalid(&name, "a component may not be empty"));
    }
    match fault(&escaped).or_else(|| unportable(&escaped)) {
        Some(why) => Err(invalid(&name, &why)),
        None => Ok(escaped),
    }
}

/// Gives back the name that [`escape_component`] wrote.
///
/// # Errors
/// [`ErrorKind::InvalidKey`] where a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
pub fn unescape_component(component: &str) -> Result<String> {
    let refuse = || invalid(component, "it is not in percent form");
    let mut bytes = Vec::with_capacity(component.len());
    let mut rest = component.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>().ok_or_else(refuse)?;
        let digits = std::str::from_utf8(digits).ok();
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        bytes.push(u8::from_str_radix(digits.ok_or_else(refuse)?, 16).map_err(|_| refuse())?);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_normalised() {
        for (text, normal) in
            [("", "/"), ("///", "/"), ("a", "/a"), ("/a//b/", "/a/b"), ("a b/ü", "/a b/ü"), (".a", "/.a")]
        {
            assert_eq!(Key::new(text).unwrap().to_string(), normal, "{text:?}");
        }
    }

    #[test]
    fn what_breaks_a_rule_is_refused_with_the_rule() {
        let long = "x".repeat(256);
        let deep = "a/".repeat(65);
        let wide = format!("{}/", "y".repeat(200)).repeat(6);
        for (text, rule) in [
            ("a/..", "dots alone"),
            (".", "dots alone"),
            ("a/\0", "may not stand in a key"),
            ("a\u{7f}", "may not stand in a key"),
            ("C:", "may not stand in a key"),
            ("a\\b", "may not stand in a key"),
            ("__x", "reserved by Zarr"),
            ("a/zarr.json", "metadata files"),
            (long.as_str(), "longer than 255 bytes"),
            (deep.as_str(), "more than 64 levels"),
            (wide.as_str(), "longer than 1024 bytes"),
        ] {
            let error = Key::new(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidKey);
            assert!(error.to_string().contains(rule), "{error}");
        }
    }

    #[test]
    fn what_would_not_survive_a_copy_cannot_be_created() {
        for text in ["e\u{301}", "a.", "a /b", "NUL", "com1.txt", "lpt³", "conin$"] {
            assert!(Key::new(text).unwrap().check_creatable().is_err(), "{text:?}");
        }
        for text in ["é", "a.b", "null", "com10", "console", "com"] {
            assert!(Key::new(text).unwrap().check_creatable().is_ok(), "{text:?}");
        }
    }

    #[test]
    fn kinship_goes_by_whole_components() {
        let key = |text| Key::new(text).unwrap();
        assert!(key("/a/b").is_within(&key("/a")));
        assert!(key("/a").is_within(&key("/a")));
        assert!(key("/a").is_within(&Key::root()));
        assert!(!key("/ab").is_within(&key("/a")));
        assert_eq!(key("/a/b").parent(), Some(key("a")));
        assert_eq!(key("/a").parent(), Some(Key::root()));
        assert_eq!(Key::root().parent(), None);
    }

    #[test]
    fn the_percent_form_is_exact() {
        for (name, escaped) in [
            ("plain", "plain"),
            ("100%", "100%25"),
            ("__meta", "%5F_meta"),
            ("...", "%2E.%2E"),
            ("nul", "%6Eul"),
            ("zarr.json", "zarr%2Ejson"),
            ("a/b:c\\", "a%2Fb%3Ac%5C"),
            ("end. ", "end.%20"),
        ] {
            assert_eq!(escape_component(name).unwrap(), escaped);
            assert_eq!(unescape_component(escaped).unwrap(), name);
        }
        assert!(escape_component("").is_err());
        assert!(escape_component(&"/".repeat(100)).is_err());
        for broken in ["%", "%4", "%zz", "%+1", "%FF"] {
            assert!(unescape_component(broken).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back_from_its_percent_form(name in "\\PC{1,40}|[.%_ /:]{1,9}|(nul|com1|zarr.json)[. ]?") {
            let nfc: String = name.nfc().collect();
            let escaped = escape_component(&name).unwrap();
            Key::new(&escaped).unwrap().check_creatable().unwrap();
            prop_assert_eq!(unescape_component(&escaped).unwrap(), nfc);
        }
    }
}
