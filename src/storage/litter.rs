//! When a writer sweeps while it is at work: what it replaces stays in the trash, and must not fill the disk.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::store::Store;
use super::sweep::GRACE;

/// So many displaced values, or old files of values that were changed in place, and it is time to sweep.
const MANY: u32 = 1000;

/// How long a sweep waits for those that are changing something: they all wait behind it.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a writer has put into the trash since it last swept.
#[derive(Debug, Default)]
pub(super) struct Litter(Mutex<Count>);

#[derive(Debug, Default)]
struct Count {
    wrappers: u32,
    since: Option<Instant>,
}

impl Litter {
    pub fn add(&self) {
        let mut count = self.count();
        count.wrappers += 1;
        count.since.get_or_insert_with(Instant::now);
    }

    /// Whether it is time to sweep. Whoever is told so does it: the count starts anew.
    fn is_due(&self) -> bool {
        let mut count = self.count();
        let is_due = count.wrappers >= MANY || count.since.is_some_and(|since| since.elapsed() > GRACE);
        if is_due {
            *count = Count::default();
        }
        is_due
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Sweeps where enough has come together. The caller holds no lock.
    pub(super) fn sweep_if_due(&self) {
        if !self.is_staged() && self.writer().is_ok_and(|writer| writer.litter.is_due()) {
            self.sweep_with_patience(PATIENCE);
        }
    }
}
