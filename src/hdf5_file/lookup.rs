//! From keys to objects.

use super::links::{elsewhere, user_defined};
use super::names::{below, component};
use super::reading::{Place, Reading};
use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::{Link, ObjectKind, StoredObject, Target};
use crate::key::Key;

/// What a key leads to.
pub(super) struct Looked<'f> {
    pub object: StoredObject<'f>,
    pub place: Place,
    /// A name within the object, which is no group.
    pub column: Option<String>,
}

/// Gives the key of a text: a path of the file where that can be no key, in the percent form then.
pub(super) fn key(text: &str) -> Result<Key> {
    Key::new(text).or_else(|refused| {
        let parts = text.split('/').filter(|part| !part.is_empty()).map(component);
        let parts: Vec<String> = parts.collect::<Result<_>>().map_err(|_| refused)?;
        Key::new(&parts.join("/"))
    })
}

/// Finds what has a key, through links of every kind that stay in the file.
///
/// # Errors
/// `NotFound`, with the nearest key that there is; those of what cannot be read on the way.
pub(super) fn look_up<'f>(reading: &Reading<'f>, key: &Key) -> Result<Looked<'f>> {
    let mut object = reading.file.root()?;
    let mut place = Place { path: "/".to_owned(), key: Key::root() };
    let mut components = key.components().peekable();
    while let Some(name) = components.next() {
        if object.kind() != ObjectKind::Group {
            let is_last = components.peek().is_none();
            if is_last && object.kind() == ObjectKind::Dataset {
                return Ok(Looked { object, place, column: Some(name.to_owned()) });
            }
            return Err(nothing(key, std::iter::empty()));
        }
        let found = object.known_links();
        let Some(link) = found.of(name).or_else(|| escaped(&found.links, name)) else {
            // What could not be read may have been it.
            let is_last = components.peek().is_none();
            let names = found.links.iter().filter(|_| is_last).map(|link| link.name.as_str());
            return Err(found.fault().unwrap_or_else(|| nothing(key, names)));
        };
        place = Place { path: below(&place.path, &link.name), key: place.key.child(name)? };
        object = follow(reading, object.address(), &link.target)?;
    }
    Ok(Looked { object, place, column: None })
}

/// The link of a name that is in its percent form.
fn escaped<'l>(links: &'l [Link], name: &str) -> Option<&'l Link> {
    let is_it = |link: &&Link| component(&link.name).is_ok_and(|component| component == name);
    links.iter().filter(|_| name.contains('%')).find(is_it)
}

/// Opens what a link of a group leads to.
///
/// # Errors
/// `Unsupported` where that is in another file, or nowhere.
pub(super) fn follow<'f>(reading: &Reading<'f>, group: u64, target: &Target) -> Result<StoredObject<'f>> {
    match target {
        Target::Hard(address) => reading.file.object(*address),
        Target::Soft(path) => {
            let found = reading.file.find_from(group, path);
            found.map_err(|error| Error::new(ErrorKind::Unsupported, error.message()))
        }
        Target::External { file, object } => Err(elsewhere(file, object)),
        Target::UserDefined(kind) => Err(user_defined(*kind)),
    }
}

/// The error of a key under which there is nothing.
pub(super) fn nothing<'n>(key: &Key, names: impl Iterator<Item = &'n str>) -> Error {
    let near = key.nearest(names).map_or(String::new(), |near| format!("; did you mean {near}?"));
    Error::new(ErrorKind::NotFound, format!("not found{near}")).with_key(key.to_string())
}
