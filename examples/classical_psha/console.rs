//! What the user sees while the program runs.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::source::TectonicRegion;

/// Prints lines in the order of a sequential run, above a progress bar, whenever threads say them.
pub struct Console {
    transcript: Mutex<Transcript>,
    bar: ProgressBar,
}

impl Console {
    /// Expects for each region a line about it and one for each of its models; the bar, which appears on a
    /// terminal only, counts up to `work`.
    pub fn new(regions: &[TectonicRegion], work: u64) -> Self {
        let bar = ProgressBar::new(work);
        let template = "{wide_bar} {percent:>3} % of {human_len} ruptures × sites, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let counts = regions.iter().map(|region| region.gsims.len() + 1);
        Self { transcript: Mutex::new(Transcript::expecting(counts)), bar }
    }

    /// Says that the work on a region begins.
    pub fn considering(&self, id: usize, region: &TectonicRegion) {
        self.say((id, 0), format!("Considering trt_model_id={id}, TRT={}", region.name));
    }

    /// Says that the curves of a region's model, counted from 0, are being saved.
    pub fn saving(&self, id: usize, model: usize, key: &str) {
        self.say((id, model + 1), format!("Saving {key}"));
    }

    fn say(&self, place: (usize, usize), line: String) {
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

/// Puts lines in order: for each that will come, by region and place within, its text once it was said.
struct Transcript(BTreeMap<(usize, usize), Option<String>>);

impl Transcript {
    /// Expects so many lines for each region.
    fn expecting(counts: impl Iterator<Item = usize>) -> Self {
        let places = |(region, count)| (0..count).map(move |place| ((region, place), None));
        Self(counts.enumerate().flat_map(places).collect())
    }

    /// Takes a line, and gives those that all lines before them were said.
    fn say(&mut self, place: (usize, usize), line: String) -> Vec<String> {
        self.0.insert(place, Some(line));
        let mut ready = Vec::new();
        while let Some(first) = self.0.first_entry().filter(|entry| entry.get().is_some()) {
            ready.extend(first.remove());
        }
        ready
    }
}

/// Prints a line; a reader who is gone does not stop the calculation.
pub fn print_line(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// How long the parts of a calculation took.
pub struct Timer {
    started: Instant,
    saving: Mutex<Duration>,
    parts: Vec<(&'static str, Duration)>,
    /// How much was computed, and in what time.
    work: Option<(f64, Duration)>,
}

impl Timer {
    /// Starts.
    pub fn new() -> Self {
        Self { started: Instant::now(), saving: Mutex::default(), parts: Vec::new(), work: None }
    }

    /// Ends a part, and begins the next one.
    pub fn ends(&mut self, part: &'static str) {
        self.parts.push((part, self.started.elapsed()));
        self.started = Instant::now();
    }

    /// Counts the ruptures × sites × levels of the part that has just ended.
    pub fn counts(&mut self, work: f64) {
        self.work = self.parts.last().map(|(_, time)| (work, *time));
    }

    /// Does some saving, which goes on beside computing.
    pub fn saving<T>(&self, save: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = save();
        *self.saving.lock().unwrap_or_else(PoisonError::into_inner) += started.elapsed();
        result
    }

    /// Tells in one line what took how long.
    pub fn report(&self) -> String {
        let parts = self.parts.iter().map(|(part, time)| format!("{part} {:.3} s", time.as_secs_f64()));
        let saving = self.saving.lock().unwrap_or_else(PoisonError::into_inner).as_secs_f64();
        let rate = self.work.map(|(work, time)| {
            let millions = work / 1e6;
            let rate = millions / time.as_secs_f64().max(1e-9);
            format!("; {millions:.1} million ruptures × sites × levels, {rate:.0} million a second")
        });
        let parts = parts.collect::<Vec<_>>().join(", ");
        format!("{parts}; saving, summed over threads, {saving:.3} s{}", rate.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    #[test]
    fn lines_come_in_order_whenever_they_are_said() {
        let mut transcript = Transcript::expecting([2, 1].into_iter());
        assert!(transcript.say((1, 0), "c".into()).is_empty());
        assert_eq!(transcript.say((0, 0), "a".into()), ["a"]);
        assert_eq!(transcript.say((0, 1), "b".into()), ["b", "c"]);
    }
}
