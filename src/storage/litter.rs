//! When a writer sweeps while it is at work: what it replaces stays in the trash, and must not fill the disk.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// So many displaced values, or old files of values that were changed in place, and it is time to sweep.
const MANY: u32 = 1000;

/// How long a displaced value stays readable for those that had just opened it.
pub(super) const GRACE: Duration = Duration::from_mins(1);

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
    pub fn is_due(&self) -> bool {
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

/// Whether it is so long ago, as far as the clocks agree.
pub(super) fn is_older(modified: i64, age: Duration) -> bool {
    if age.is_zero() {
        return true; // whatever the clocks say
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    u64::try_from(now.saturating_sub(modified)).is_ok_and(|past| past >= age.as_secs())
}
