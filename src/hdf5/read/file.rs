//! HDF5 files, and what can be found in them.

use std::borrow::Cow;

use super::input::{Input, Source};
use super::links::{LastLinks, Target};
use super::object::Object;
use super::object_header::{self, MessageKind};
use super::shared_message::SharedMessages;
use super::superblock::{Superblock, refuse_cache_image, refuse_driver, refuse_driver_named};
use crate::error::{Error, ErrorKind, Result};

/// How many soft links one path may go through.
const MOST_SOFT_LINKS: u32 = 32;

/// An HDF5 file, of which nothing is in memory but where it begins.
#[derive(Debug)]
pub struct File {
    input: Input,
    root: u64,
    shared: SharedMessages,
    last_links: LastLinks,
}

impl File {
    /// Finds out where things are in a file. A file that was cut short opens, and has what lies before the cut.
    ///
    /// # Errors
    /// `InvalidInput` where it is no HDF5 file, `Unsupported` where it is one of several that are read together only or is
    /// newer than superblock version 3, `Corrupt`, `Io`.
    pub fn open(source: Box<dyn Source>) -> Result<Self> {
        let superblock = Superblock::find(source.as_ref())?;
        let input = Input::new(source, superblock.base, superblock.sizes);
        if let Some(driver) = superblock.driver {
            refuse_driver(&input, driver)?;
        }
        let mut shared = SharedMessages::default();
        let extension =
            superblock.extension.map(|address| object_header::read(&input, address)).transpose()?;
        for message in extension.unwrap_or_default() {
            match message.kind {
                MessageKind::SharedMessageTable => shared = SharedMessages::read(&input, &message.bytes)?,
                MessageKind::DriverInfo => refuse_driver_named(message.bytes.get(1..).unwrap_or_default())?,
                MessageKind::CacheImage => refuse_cache_image(&message.bytes, &input)?,
                _ => {}
            }
        }
        Ok(Self { input, root: superblock.root, shared, last_links: LastLinks::default() })
    }

    /// The bytes of the file by their addresses.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// Opens the root group.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`, `Io`.
    pub fn root(&self) -> Result<Object<'_>> {
        self.object(self.root)
    }

    /// Opens the object at an address, as hard links and references give it.
    ///
    /// # Errors
    /// `Corrupt`, `Unsupported`, `Io`.
    pub fn object(&self, address: u64) -> Result<Object<'_>> {
        Object::open(self, address)
    }

    /// Opens the object at a path from the root, through soft links too.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` where the path leads into another file or through too many soft links; `Corrupt`, `Io`.
    pub fn find(&self, path: &str) -> Result<Object<'_>> {
        self.find_from(self.root, path)
    }

    /// Opens the object at a path from the group at an address, as soft links in it mean it; from the root if it begins
    /// with a slash.
    ///
    /// # Errors
    /// As those of [`find`](Self::find).
    pub fn find_from(&self, group: u64, path: &str) -> Result<Object<'_>> {
        let failed = |kind, why: &str| Err(Error::new(kind, format!("cannot follow {path:?}: {why}")));
        let mut at = if path.starts_with('/') { self.root } else { group };
        // The names that are still to be gone through, the next one last.
        let mut names = split(path);
        let mut soft_links = 0_u32;
        while let Some(name) = names.pop() {
            let found = self.object(at)?.known_links();
            let Some(link) = found.of(&name) else {
                // What could not be read may have been it.
                return found
                    .fault()
                    .map_or_else(|| failed(ErrorKind::NotFound, &format!("there is no {name:?}")), Err);
            };
            match &link.target {
                Target::Hard(address) => at = *address,
                Target::Soft(target) => {
                    soft_links = soft_links.saturating_add(1);
                    if soft_links > MOST_SOFT_LINKS {
                        return failed(ErrorKind::Unsupported, "it goes through too many soft links");
                    }
                    if target.starts_with('/') {
                        at = self.root;
                    }
                    names.extend(split(target));
                }
                Target::External { file, .. } => {
                    return failed(ErrorKind::Unsupported, &format!("{name:?} leads to the file {file:?}"));
                }
                Target::UserDefined(kind) => {
                    let why = format!("{name:?} is a link of the user-defined type {kind}");
                    return failed(ErrorKind::Unsupported, &why);
                }
            }
        }
        self.object(at)
    }

    pub(super) fn last_links(&self) -> &LastLinks {
        &self.last_links
    }

    /// Gives the bytes of a message, wherever they are.
    pub(super) fn body<'b>(
        &self,
        kind: MessageKind,
        is_shared: bool,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>> {
        if is_shared {
            return self.shared.resolve(&self.input, kind, bytes).map(Cow::Owned);
        }
        Ok(Cow::Borrowed(bytes))
    }

    /// Gives an attribute that several objects share.
    pub(super) fn shared_attribute(&self, identifier: &[u8]) -> Result<Vec<u8>> {
        self.shared.in_heap(&self.input, MessageKind::Attribute, identifier)
    }
}

/// The names of a path, the last one first.
fn split(path: &str) -> Vec<String> {
    path.split('/').rev().filter(|name| !name.is_empty() && *name != ".").map(str::to_owned).collect()
}
