//! How far long work has come, for people.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::Output;

const OF_BYTES: &str = "{msg} [{wide_bar}] {binary_bytes}/{binary_total_bytes} {eta}";
const BYTES: &str = "{spinner} {msg} {binary_bytes}";
const OF_NODES: &str = "{spinner} {msg} {pos} nodes";

/// A bar on standard error; nothing where nobody watches.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar of so many bytes.
    pub fn of_bytes(output: &Output, message: &'static str, total: impl FnOnce() -> u64) -> Self {
        if !output.is_watched() {
            return Self(ProgressBar::hidden());
        }
        Self::new(
            ProgressBar::with_draw_target(Some(total()), ProgressDrawTarget::stderr()),
            OF_BYTES,
            message,
        )
    }

    /// A spinner that counts bytes, of which nobody knows yet how many there are.
    pub fn bytes(output: &Output, message: &'static str) -> Self {
        if !output.is_watched() {
            return Self(ProgressBar::hidden());
        }
        Self::new(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()), BYTES, message)
    }

    /// A spinner that counts nodes.
    pub fn of_nodes(output: &Output, message: &'static str) -> Self {
        if !output.is_watched() {
            return Self(ProgressBar::hidden());
        }
        Self::new(ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()), OF_NODES, message)
    }

    fn new(bar: ProgressBar, template: &str, message: &'static str) -> Self {
        let plain = || ProgressStyle::default_bar();
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| plain()).progress_chars("=> "),
        );
        bar.set_message(message);
        Self(bar)
    }

    /// Shows how much is done.
    pub fn set(&self, done: u64) {
        self.0.set_position(done);
    }
}

/// What was drawn disappears, so that the last words stand alone.
impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
