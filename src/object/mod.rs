//! Values of any `serde` type as bytes that stay readable without the type.
//!
//! encoding goes through a value once. It writes the bytes that `postcard` writes, and records beside
//! them the structure it sees: the [`Schema`], which is stored in the attributes of the object. Two readers
//! are driven by that schema: decoding is a full `serde` deserializer, which matches fields and variants
//! by **name**, so that a type may gain or reorder them; JSON needs no type at all.
//!
//! A structure is recorded once for each Rust type that is met, so every value of a type must show the same
//! one. Where they differ (an untagged enum, `serde_json::Value`, a field that is skipped in some values),
//! the bytes are JSON text instead and there is no schema: [`Encoding::Json`].
//!
//! Bytes and schema come from files, so nothing in them is believed: nesting, work and every length are
//! bounded by what is really there ([`limits`]), and damage is an error.
//!
//! | module | holds |
//! |---|---|
//! | `schema`, `schema_json` | the structure of a value, and its JSON form |
//! | `encode`, `record`, `compound` | the `serde` serializer that writes and records |
//! | `graph`, `inline` | what is recorded for each type, and how it becomes a schema |
//! | `reader`, `fault` | the bytes being read, and what can be wrong with them |
//! | `decode`, `access` | the `serde` deserializer |
//! | `json` | the value as JSON, without its type |

mod access;
mod compound;
mod decode;
mod encode;
mod encoded;
mod encoding;
mod fault;
mod graph;
mod inline;
mod json;
mod limits;
mod reader;
mod record;
mod schema;
mod schema_json;
#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use decode::decode;
pub(crate) use encode::encode;
pub use encoded::Encoded;
pub(crate) use encoding::Encoding;
#[cfg(test)]
pub(crate) use json::to_json;
pub(crate) use schema::Schema;
