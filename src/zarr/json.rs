//! JSON in which no name stands twice in an object, at any depth.
//!
//! Of two values under one name most parsers take the last, others the first: one document would be two.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value as Json};

/// The fields of an object.
pub(super) type Fields = Map<String, Json>;

/// Reads any value; for `deserialize_with`.
pub(super) fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
    Unique.deserialize(deserializer)
}

/// Reads a value of a field that may be missing.
pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Json>, D::Error> {
    value(deserializer).map(Some)
}

/// Reads a list of a field that may be missing.
pub(super) fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Json>>, D::Error> {
    match value(deserializer)? {
        Json::Array(list) => Ok(Some(list)),
        other => Err(D::Error::custom(format_args!("{other} is no list"))),
    }
}

/// Reads a list that nodes share.
pub(super) fn shared_list<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<Vec<Json>>>, D::Error> {
    list(deserializer).map(|list| list.map(Arc::new))
}

/// Reads an object.
pub(super) fn fields<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fields, D::Error> {
    match value(deserializer)? {
        Json::Object(fields) => Ok(fields),
        other => Err(D::Error::custom(format_args!("{other} is no object"))),
    }
}

/// An object that is a whole document.
pub(super) struct Object(pub Fields);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        fields(deserializer).map(Self)
    }
}

struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Json, E> {
        Ok(Number::from_f64(value).map_or(Json::Null, Json::Number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = sequence.next_element_seed(Self)? {
            list.push(element);
        }
        Ok(Json::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut fields = Fields::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            match fields.entry(name) {
                Entry::Vacant(field) => field.insert(value),
                Entry::Occupied(field) => {
                    return Err(A::Error::custom(format_args!("duplicate field `{}`", field.key())));
                }
            };
        }
        Ok(Json::Object(fields))
    }
}
