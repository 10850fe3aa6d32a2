//! Groups while they are being filled, and the objects in them.

use std::collections::BTreeMap;

use super::name::check_name;
use crate::error::{Error, ErrorKind, Result};

/// A dataset or group that has been written and waits for the group that links to it.
///
/// It cannot be copied, since its header says that exactly one link refers to it.
#[derive(Debug)]
pub struct Object {
    pub(super) header: u64,
    /// Only of groups: where their links are.
    pub(super) links: Option<SymbolTable>,
}

impl Object {
    /// Gives what stands for the object in a [`Reference`](super::Datatype::Reference).
    pub fn reference(&self) -> [u8; 8] {
        self.header.to_le_bytes()
    }
}

/// The addresses of the two structures that hold the links of a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct SymbolTable {
    pub(super) tree: u64,
    pub(super) heap: u64,
}

/// Links by name to the objects of one group, to be written by [`Writer::group`](super::Writer::group).
#[derive(Debug, Default)]
pub struct Group {
    links: BTreeMap<String, Object>,
}

impl Group {
    /// Makes an empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Links to an object.
    ///
    /// # Errors
    /// `InvalidInput` for a name that is empty, is `.`, or has a `/` or NUL in it; `AlreadyExists` when there
    /// is a link of this name.
    pub fn insert(&mut self, name: impl Into<String>, object: Object) -> Result<()> {
        let name = name.into();
        check_name("a link", &name)?;
        if name == "." || name.contains('/') {
            let message = format!("{name:?} cannot name a link: HDF5 would take it for a path");
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        if self.links.contains_key(&name) {
            return Err(Error::new(
                ErrorKind::AlreadyExists,
                format!("the group has a link {name:?} already"),
            ));
        }
        self.links.insert(name, object);
        Ok(())
    }

    /// Tells whether there is no link.
    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Gives the links in the order of their bytes, which is that of `strcmp` in libhdf5.
    pub(super) fn into_links(self) -> impl ExactSizeIterator<Item = (String, Object)> {
        self.links.into_iter()
    }
}
