/// Keys, or names within a group, in their order.
#[derive(Clone, Debug)]
pub struct Keys(std::vec::IntoIter<String>);

impl From<Vec<String>> for Keys {
    fn from(keys: Vec<String>) -> Self {
        Self(keys.into_iter())
    }
}

impl Iterator for Keys {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Keys {
    fn next_back(&mut self) -> Option<String> {
        self.0.next_back()
    }
}

impl ExactSizeIterator for Keys {}

/// The group above the first component of a pattern that is no plain name.
pub(crate) fn literal_group(pattern: &str) -> &str {
    let special = pattern.find(['*', '?', '[', '{', '\\', '!']).unwrap_or(pattern.len());
    &pattern[..pattern[..special].rfind('/').unwrap_or(0)]
}
