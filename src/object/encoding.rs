//! What the bytes of an object are.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

/// What the bytes of an object are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Those of `postcard`, to be read with the schema.
    Postcard,
    /// JSON text, for values whose types show more than one structure.
    Json,
}

impl Encoding {
    /// Names it as the attributes of an object do.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postcard => "postcard",
            Self::Json => "json",
        }
    }

    /// The encoding of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Postcard, Self::Json].into_iter().find(|encoding| encoding.name() == name)
    }
}
