//! What the user sees while the program runs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};

use crate::plan::CurveSet;
use crate::source::TectonicRegion;

/// Prints lines in the order of a sequential run, above a progress bar, whenever threads say them.
pub struct Console {
    transcript: Mutex<Transcript>,
    bar: ProgressBar,
}

impl Console {
    /// Expects a line about each region that has one of these sets of curves, and one about each set; the bar, which
    /// appears on a terminal only, counts up to `work`.
    pub fn new<'a>(sets: impl Iterator<Item = &'a CurveSet>, work: u64) -> Self {
        let bar = ProgressBar::new(work);
        let template = "{wide_bar} {percent:>3} % of {human_len} ruptures × sites, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let places = sets.flat_map(|set| [(set.trt_id, 0), (set.trt_id, set.index + 1)]);
        Self { transcript: Mutex::new(Transcript::expecting(places)), bar }
    }

    /// Says that the work on a region begins.
    pub fn considering(&self, id: usize, region: &TectonicRegion) {
        self.say((id, 0), Some(format!("Considering trt_model_id={id}, TRT={}", region.name)));
    }

    /// Says that a set of curves is being saved.
    pub fn saving(&self, set: &CurveSet) {
        self.say((set.trt_id, set.index + 1), Some(format!("Saving {}", set.key)));
    }

    /// Says nothing about a set of curves that another process will complete.
    pub fn leaving(&self, set: &CurveSet) {
        self.say((set.trt_id, set.index + 1), None);
    }

    fn say(&self, place: (usize, usize), line: Option<String>) {
        // A thread that panicked while printing leaves the lines usable.
        let mut transcript = self.transcript.lock().unwrap_or_else(PoisonError::into_inner);
        for line in transcript.say(place, line) {
            self.bar.suspend(|| print_line(&line));
        }
    }

    /// Moves the bar on.
    pub fn advance(&self, work: u64) {
        self.bar.inc(work);
    }
}

impl Drop for Console {
    /// Takes the bar away.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Puts lines in order: for each that will come, by region and place within, its text once it was said, or that
/// nothing will be.
struct Transcript(BTreeMap<(usize, usize), Said>);

/// What was said in a place.
enum Said {
    NotYet,
    Nothing,
    Line(String),
}

impl Transcript {
    /// Expects a line for each place.
    fn expecting(places: impl Iterator<Item = (usize, usize)>) -> Self {
        Self(places.map(|place| (place, Said::NotYet)).collect())
    }

    /// Takes a line, and gives those that all lines before them were said. A line that was said already is not again.
    fn say(&mut self, place: (usize, usize), line: Option<String>) -> Vec<String> {
        if let Some(said @ Said::NotYet) = self.0.get_mut(&place) {
            *said = line.map_or(Said::Nothing, Said::Line);
        }
        let mut ready = Vec::new();
        while let Some(first) = self.0.first_entry().filter(|entry| !matches!(entry.get(), Said::NotYet)) {
            if let Said::Line(line) = first.remove() {
                ready.push(line);
            }
        }
        ready
    }
}

/// Prints a line; a reader who is gone does not stop the calculation.
pub fn print_line(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    #[test]
    fn lines_come_in_order_whenever_they_are_said() {
        let mut transcript = Transcript::expecting([(0, 0), (0, 1), (0, 2), (1, 0)].into_iter());
        let line = |text: &str| Some(text.to_owned());
        assert!(transcript.say((1, 0), line("c")).is_empty());
        assert_eq!(transcript.say((0, 0), line("a")), ["a"]);
        assert!(transcript.say((0, 0), line("a")).is_empty());
        assert!(transcript.say((0, 2), None).is_empty());
        assert_eq!(transcript.say((0, 1), line("b")), ["b", "c"]);
    }
}
