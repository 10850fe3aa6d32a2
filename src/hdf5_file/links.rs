//! What the links of groups lead to.

use std::collections::HashSet;
use std::sync::Arc;

use super::names::{below, component};
use super::reading::Place;
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{File, Neighbours, Source};
use crate::key::Key;

/// Where a member of a group goes, of which no two go to one place.
///
/// # Errors
/// `InvalidKey`; `AlreadyExists` where its place is taken.
pub(crate) fn member(name: &str, group: &Place, taken: &mut HashSet<String>) -> Result<Place> {
    let path = below(&group.path, name);
    let name = component(name)?;
    let key = group.key.child(&name)?;
    key.check_creatable()?;
    if !taken.insert(name) {
        return Err(is_taken(&key));
    }
    Ok(Place { path, key })
}

/// The error of an object whose place is taken.
pub(crate) fn is_taken(key: &Key) -> Error {
    Error::new(ErrorKind::AlreadyExists, format!("another object of this group has the key {key} already"))
}

/// The error of a link that only the program that made it can follow.
pub(crate) fn user_defined(kind: u8) -> Error {
    Error::new(ErrorKind::Unsupported, format!("it is a link of the user-defined type {kind}"))
}

/// The error of a link into another file.
pub(crate) fn elsewhere(file: &str, object: &str) -> Error {
    let message = format!(
        "it leads to {object:?} in the file {file:?}, and other files are read from an allowed directory only"
    );
    Error::new(ErrorKind::Unsupported, message)
}

/// The error of what names another file.
pub(crate) fn not_allowed(file: &str) -> Error {
    let message =
        format!("it leads to the file {file:?}, and others are read from an allowed directory only");
    Error::new(ErrorKind::Unsupported, message)
}

/// A file beside which no other is opened.
#[derive(Debug)]
pub(super) struct Alone;

impl Neighbours for Alone {
    fn are_allowed(&self) -> bool {
        false
    }

    fn raw(&self, _from: usize, name: &str) -> Result<Box<dyn Source>> {
        Err(not_allowed(name))
    }

    fn file(&self, _from: usize, name: &str) -> Result<Option<(usize, Arc<File>)>> {
        Err(not_allowed(name))
    }
}
