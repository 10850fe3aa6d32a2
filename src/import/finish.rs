//! What is said of a node once it is there.

use super::scope::Scope;
use crate::error::Result;
use crate::hdf5_file::Incoming;
use crate::key::Key;
use crate::zarr::{Kind, Marker, NodeMetadata};

/// What is said of a node once it is there.
#[derive(Debug, Default)]
pub(crate) struct Finish {
    pub attributes: Vec<Incoming>,
    pub kind: Option<Kind>,
    /// The names of axes, where some have one and some have none.
    pub names: Vec<Option<String>>,
}

/// Puts attributes to a node, all in one step.
pub(crate) fn finish(scope: &Scope<'_, '_>, key: &Key, finish: Finish) -> Result<()> {
    let Finish { attributes, kind, names } = finish;
    if attributes.is_empty() && kind.is_none() && names.iter().all(Option::is_none) {
        return Ok(());
    }
    scope.store.update_metadata(key, |metadata: &mut NodeMetadata| {
        let mut marker = Marker::read(metadata.attributes())?;
        for Incoming { name, json, note } in attributes {
            match note {
                Some(note) => marker.attributes.insert(name.clone(), note),
                None => marker.attributes.remove(&name),
            };
            metadata.attributes_mut().insert(name, json);
        }
        if kind.is_some() {
            marker.kind = kind;
        }
        if let NodeMetadata::Array(array) = metadata
            && let Some(own) = array.dimension_names.as_mut().filter(|own| own.len() == names.len())
        {
            own.iter_mut().zip(names).filter(|(_, name)| name.is_some()).for_each(|(own, name)| *own = name);
        }
        marker.write(metadata.attributes_mut())
    })
}
