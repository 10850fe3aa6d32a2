//! What is compared, and when it counts as equal.

use super::tolerance::Tolerance;

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub tolerance: Tolerance,
    pub ignore_types: bool,
    /// One difference of a node is enough to know of.
    pub brief: bool,
    /// The most elements and fields of a node that are listed.
    pub most: usize,
    only: Vec<String>,
    exclude: Vec<String>,
}

/// Whether a pair of nodes is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is, with what is in it.
    Yes,
    /// Only what is in it may be.
    PerhapsBelow,
    /// Neither it nor what is in it.
    No,
}

impl Rules {
    pub fn only(&mut self, pattern: &str) {
        self.only.push(anchored(pattern));
    }

    pub fn exclude(&mut self, pattern: &str) {
        self.exclude.push(anchored(pattern));
    }

    /// Whether the nodes under these keys are compared: `only` takes what is below a match too, and a match of either key
    /// counts. What is above was looked at before.
    pub fn takes(&self, keys: [&str; 2]) -> Taken {
        if self.exclude.iter().any(|pattern| keys.iter().any(|key| matches(pattern, key))) {
            return Taken::No;
        }
        let is_within =
            |pattern: &String| keys.iter().any(|key| with_ancestors(key).any(|key| matches(pattern, key)));
        if self.only.is_empty() || self.only.iter().any(is_within) { Taken::Yes } else { Taken::PerhapsBelow }
    }
}

fn anchored(pattern: &str) -> String {
    format!("/{}", pattern.trim_matches('/'))
}

/// A key that is written as the pattern is taken literally.
fn matches(pattern: &str, key: &str) -> bool {
    pattern == key || fast_glob::glob_match(pattern, key)
}

/// A key, the group that it is in, and so on; `/` at the end.
fn with_ancestors(key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(key), |key| match key.rfind('/') {
        Some(0) if key.len() > 1 => Some("/"),
        Some(end) if end > 0 => key.get(..end),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_choose_what_they_match_and_what_is_below() {
        let mut rules = Rules::default();
        assert_eq!(rules.takes(["/a", "/b"]), Taken::Yes);
        rules.only("/*/Sadigh");
        rules.only("[1]");
        rules.exclude("**/log");
        for (keys, taken) in [
            (["/", "/"], Taken::PerhapsBelow),
            (["/0", "/0"], Taken::PerhapsBelow),
            (["/0/Sadigh", "/0/Sadigh"], Taken::Yes),
            (["/0/Sadigh/x", "/y"], Taken::Yes),
            (["/y", "/0/Sadigh/x"], Taken::Yes),
            (["/0/Sadigh/log", "/y"], Taken::No),
            (["/[1]", "/[1]"], Taken::Yes),
        ] {
            assert_eq!(rules.takes(keys), taken, "{keys:?}");
        }
    }
}
