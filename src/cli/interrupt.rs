//! Ctrl-C in long work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use calcstore::Continue;

/// Whether Ctrl-C was pressed.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on, Ctrl-C lets long work end in its own way; a second one ends the program at once, which leaves
    /// nothing broken either, but temporary files.
    pub fn watch() -> Self {
        let pressed = Arc::new(AtomicBool::new(false));
        let handler = Arc::clone(&pressed);
        // Where there can be no handler, Ctrl-C ends the program at once.
        let _ = ctrlc::set_handler(move || {
            if handler.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        Self(pressed)
    }

    /// The answer to long work that asks whether to go on.
    pub fn answer(&self) -> Continue {
        if self.0.load(Ordering::Relaxed) { Continue::No } else { Continue::Yes }
    }
}
