//! The attributes of nodes, as they stand in `zarr.json`.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

use super::json::{Fields, fields};
use super::marker::Marker;
use crate::error::Result;

/// User attributes and the marker. Nodes that have the same ones share them, until one is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attributes(Arc<Shared>);

#[derive(Clone, Debug, Default)]
struct Shared {
    fields: Fields,
    /// What the marker among them says, once somebody has asked.
    marker: OnceLock<Arc<Marker>>,
}

impl Attributes {
    /// Reads the marker; that of a plain node says nothing.
    pub(crate) fn marker(&self) -> Result<Arc<Marker>> {
        if let Some(marker) = self.0.marker.get() {
            return Ok(Arc::clone(marker));
        }
        let marker = Arc::new(Marker::read(self)?);
        Ok(Arc::clone(self.0.marker.get_or_init(|| marker)))
    }
}

impl Deref for Attributes {
    type Target = Fields;

    fn deref(&self) -> &Fields {
        &self.0.fields
    }
}

impl DerefMut for Attributes {
    fn deref_mut(&mut self) -> &mut Fields {
        let own = Arc::make_mut(&mut self.0);
        own.marker.take();
        &mut own.fields
    }
}

impl From<Fields> for Attributes {
    fn from(fields: Fields) -> Self {
        Self(Arc::new(Shared { fields, marker: OnceLock::new() }))
    }
}

impl FromIterator<(String, Json)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (String, Json)>>(fields: I) -> Self {
        Fields::from_iter(fields).into()
    }
}

impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        fields(deserializer).map(Self::from)
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.fields.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::zarr::{Kind, MARKER};

    #[test]
    fn who_changes_shared_attributes_changes_his_own_and_the_marker_in_them() {
        let marker = |rows: u64| json!({"kind": "table", "columns": ["a"], "rows": rows});
        let rows = |attributes: &Attributes| match &attributes.marker().unwrap().kind {
            Some(Kind::Table { rows, .. }) => *rows,
            other => panic!("{other:?}"),
        };
        let first: Attributes = [(MARKER.to_owned(), marker(1))].into_iter().collect();
        let mut other = first.clone();
        assert_eq!((rows(&first), rows(&other)), (1, 1));
        assert_eq!(first, other);
        other.insert(MARKER.to_owned(), marker(2));
        assert_eq!((rows(&first), rows(&other)), (1, 2));
        assert_ne!(first, other);
        other[MARKER] = marker(3);
        assert_eq!(rows(&other), 3);
    }
}
