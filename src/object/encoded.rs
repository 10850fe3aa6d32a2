//! An object as it is stored: bytes, and what is needed to read them.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decode::decode;
use super::encoding::Encoding;
use super::json::to_json;
use super::schema::Schema;
use crate::error::Result;

/// A value, as it is stored.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The Rust type, for people: nothing is decided by it.
    pub(crate) type_name: String,
    pub(crate) encoding: Encoding,
    /// The structure of the bytes; `None` with [`Encoding::Json`].
    pub(crate) schema: Option<Arc<Schema>>,
    pub(crate) bytes: Vec<u8>,
}

impl Encoded {
    /// Reads the value as a Rust type.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T> {
        decode(self.encoding, self.schema.as_deref(), &self.bytes)
    }

    /// Reads the value without its type.
    pub(crate) fn json(&self) -> Result<serde_json::Value> {
        to_json(self.encoding, self.schema.as_deref(), &self.bytes)
    }
}
