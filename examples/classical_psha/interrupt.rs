//! Ctrl-C: it leaves the calculation marked as given up, and it can be resumed.

use std::process;
use std::sync::{Mutex, PoisonError};

use calcstore::{DataStore, Status};

/// The calculation that is under way.
static RUNNING: Mutex<Option<DataStore>> = Mutex::new(None);

/// The exit status that shells give to programs that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// From now on Ctrl-C marks the calculation, and ends the program.
pub fn watch(store: &DataStore) {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(store.clone());
    // Where there can be no handler, Ctrl-C ends the program all the same.
    let _ = ctrlc::set_handler(|| {
        if let Some(store) = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let marked = store.set_status(Status::Failed);
            let id = store.calc_id().unwrap_or_default();
            match marked {
                Ok(()) => eprintln!("classical_psha: interrupted; to go on: classical_psha --resume {id}"),
                Err(error) => eprintln!("classical_psha: interrupted, and not marked as such: {error}"),
            }
        }
        process::exit(INTERRUPTED);
    });
}

/// From now on Ctrl-C ends the program only: the calculation is complete.
pub fn complete() {
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = None;
}
