//! Any text is a key that keeps the promises of keys, or is refused.

use calcstore::key::{Key, MAX_COMPONENT, MAX_KEY, MAX_LEVELS, escape_component, unescape_component};

pub fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(key) = Key::new(text) {
        assert_promises(&key);
    }
    if let Ok(component) = escape_component(text) {
        let key = Key::root().child(&component).unwrap();
        key.check_creatable().unwrap();
        let name = unescape_component(&component).unwrap();
        assert_eq!(escape_component(&name).unwrap(), component);
    }
    if let Ok(name) = unescape_component(text) {
        assert!(name.len() <= text.len());
    }
}

fn assert_promises(key: &Key) {
    assert_eq!(Key::new(&key.to_string()).unwrap(), *key, "the normal form is a key, and the same");
    assert!(key.as_str().len() <= MAX_KEY && key.components().count() <= MAX_LEVELS);
    for component in key.components() {
        assert!((1..=MAX_COMPONENT).contains(&component.len()));
        assert!(!component.contains(['\\', ':', '\0', '\n']) && component != "zarr.json");
        assert!(!component.starts_with("__") && !component.trim_matches('.').is_empty());
    }
    if let Some(parent) = key.parent() {
        assert_eq!(parent.child(key.name()).unwrap(), *key);
        assert!(key.is_within(&parent) && !parent.is_within(key));
    }
}
