//! The links that were read last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Link;
use crate::error::{Error, ErrorKind};
use crate::hdf5::read::object::Object;

/// Of so many groups the links are kept.
const MOST_GROUPS: usize = 16;

/// The links of a group.
#[derive(Debug)]
pub struct GroupLinks {
    group: u64,
    /// In the order of their names.
    pub links: Vec<Link>,
    /// Why some of them could not be read.
    fault: Option<(ErrorKind, String)>,
}

impl GroupLinks {
    /// Finds the link of a name.
    pub fn of(&self, name: &str) -> Option<&Link> {
        let at = self.links.binary_search_by(|link| link.name.as_str().cmp(name)).ok()?;
        self.links.get(at)
    }

    /// Why some of them could not be read.
    pub fn fault(&self) -> Option<Error> {
        self.fault.as_ref().map(|(kind, message)| Error::new(*kind, message.clone()))
    }
}

/// The links that were read last, of a group and those above it: whoever looks up a path then looks up the next one.
#[derive(Debug, Default)]
pub(in crate::hdf5::read) struct LastLinks(Mutex<VecDeque<Arc<GroupLinks>>>);

impl LastLinks {
    pub fn of(&self, group: &Object<'_>) -> Arc<GroupLinks> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = last.iter().find(|known| known.group == group.address()) {
            return Arc::clone(known);
        }
        let found = group.links();
        let fault = found.errors.first().map(|error| (error.kind(), error.message().to_owned()));
        let read = Arc::new(GroupLinks { group: group.address(), links: found.items, fault });
        last.push_front(Arc::clone(&read));
        last.truncate(MOST_GROUPS);
        read
    }
}
