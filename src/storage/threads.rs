//! Threads for work that is done while locks are held.
//!
//! rayon's may not do it: one that waits for the others takes up other work meanwhile, and that may want the very lock
//! which it holds itself.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::error::{Error, Result};

/// How many threads are worth having, once that was asked for: it takes the system twenty calls to answer.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Does the pieces of work `0..count`, several at a time. After one has failed no more are begun.
pub(super) fn in_threads(count: usize, work: impl Fn(usize) -> Result<()> + Sync) -> Result<()> {
    let threads = worthwhile();
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<Error>> = Mutex::new(None);
    let run = || {
        loop {
            let n = next.fetch_add(1, Relaxed);
            if n >= count {
                return;
            }
            if let Err(error) = work(n) {
                next.store(count, Relaxed);
                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                return;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            // With fewer threads it takes longer, and that is all.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    failed.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

fn worthwhile() -> usize {
    match THREADS.load(Relaxed) {
        0 => {
            let threads = thread::available_parallelism().map_or(1, NonZero::get);
            THREADS.store(threads, Relaxed);
            threads
        }
        known => known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn every_piece_is_done_once_and_the_first_failure_ends_the_work() {
        for count in [0, 1, 2, 100] {
            let done: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
            in_threads(count, |n| {
                done[n].fetch_add(1, Relaxed);
                Ok(())
            })
            .unwrap();
            assert!(done.iter().all(|times| times.load(Relaxed) == 1), "{count}");
        }
        let begun = AtomicUsize::new(0);
        let error = in_threads(1_000_000, |n| {
            begun.fetch_add(1, Relaxed);
            if n < 10 { Ok(()) } else { Err(Error::new(ErrorKind::Cancelled, "enough")) }
        });
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
        assert!(begun.load(Relaxed) < 1_000_000);
    }
}
