//! Markers that say: somebody has stored values that a power cut could still take.
//!
//! A writer makes its marker before its first value is visible, and a flush takes it away. What a later writer finds of a
//! writer that is dead tells it whether the power was cut meanwhile: then the marker is of another boot.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one open store knows of its own marker.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    state: Mutex<State>,
    marking: Mutex<()>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// Whether our marker stands, durably.
    pub marked: bool,
    /// How many changes have begun.
    changes: u64,
    /// How many of them have not ended.
    under_way: usize,
    /// Why nothing can be promised any more.
    pub broken: Option<String>,
}

/// A change of what readers see, under way until this is dropped.
#[derive(Debug)]
pub(super) struct Change<'a>(&'a Dirty);

impl Dirty {
    /// Of a store that needs no marker.
    pub fn marked() -> Self {
        Self { state: Mutex::new(State { marked: true, ..State::default() }), marking: Mutex::default() }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held by the thread that makes the marker.
    pub fn marking(&self) -> MutexGuard<'_, ()> {
        self.marking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a change in; the caller has seen to the marker and still holds the state.
    #[expect(clippy::arithmetic_side_effects, reason = "counts the changes of this process")]
    pub fn begin(&self, state: &mut State) -> Change<'_> {
        state.changes += 1;
        state.under_way += 1;
        Change(self)
    }
}

impl State {
    /// The number of changes so far, if none is under way: a flush that begins now makes all of them durable.
    pub fn settled(&self) -> Option<u64> {
        (self.under_way == 0).then_some(self.changes)
    }
}

impl Drop for Change<'_> {
    #[expect(clippy::arithmetic_side_effects, reason = "counts the changes of this process")]
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

/// The name of a marker, `<machine>-<boot>-<txid>`, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MarkerName {
    pub name: String,
    machine: String,
    boot: String,
    pub txid: String,
}

impl MarkerName {
    pub fn new(boot: &str, txid: &str) -> Option<Self> {
        Self::parse(&format!("{boot}-{txid}"))
    }

    pub fn parse(name: &str) -> Option<Self> {
        let parts: Vec<&str> = name.split('-').collect();
        let is_id = |part: &&str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let [machine, boot, txid] = parts[..] else { return None };
        parts.iter().all(is_id).then(|| Self {
            name: name.to_owned(),
            machine: machine.to_owned(),
            boot: boot.to_owned(),
            txid: txid.to_owned(),
        })
    }

    /// Whether the machine has not been off since this marker was made. The number of a boot is random, so that
    /// it alone decides: a container and its host may call the machine differently.
    pub fn is_of_boot(&self, other: &Self) -> bool {
        self.boot == other.boot && is_known(&self.boot)
    }

    /// Whether this machine was off since this marker was made, so that whoever made it is dead.
    pub fn is_of_earlier_boot(&self, now: &Self) -> bool {
        self.machine == now.machine
            && self.boot != now.boot
            && [&self.machine, &self.boot, &now.boot].into_iter().all(|id| is_known(id))
    }
}

/// Whether an ID could be read: it is not all zeros.
fn is_known(id: &str) -> bool {
    id.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_that_cannot_be_read_is_always_another_one() {
        let (zeros, one, two) = ("0".repeat(32), "1".repeat(32), "2".repeat(32));
        let marker = |machine: &str, boot: &str| MarkerName::new(&format!("{machine}-{boot}"), &two).unwrap();
        assert!(marker(&zeros, &one).is_of_boot(&marker(&two, &one)));
        assert!(!marker(&one, &one).is_of_boot(&marker(&one, &two)));
        assert!(!marker(&one, &zeros).is_of_boot(&marker(&one, &zeros)));
        assert!(marker(&one, &one).is_of_earlier_boot(&marker(&one, &two)));
        for (machine, boot) in [(&one, &one), (&two, &two), (&one, &zeros), (&zeros, &two)] {
            assert!(!marker(&one, &one).is_of_earlier_boot(&marker(machine, boot)), "{machine} {boot}");
        }
        assert!(!marker(&zeros, &one).is_of_earlier_boot(&marker(&zeros, &two)));
        for strange in ["", "a-b-c", &format!("{one}-{one}"), &format!("{one}-{one}-{one}-{one}")] {
            assert_eq!(MarkerName::parse(strange), None);
        }
    }

    #[test]
    fn changes_are_settled_when_none_is_under_way() {
        let dirty = Dirty::default();
        assert_eq!(dirty.state().settled(), Some(0));
        let first = dirty.begin(&mut dirty.state());
        let second = dirty.begin(&mut dirty.state());
        drop(first);
        assert_eq!(dirty.state().settled(), None);
        drop(second);
        assert_eq!(dirty.state().settled(), Some(2));
    }
}
