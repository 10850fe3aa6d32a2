//! The scales of axes, and where their numbers stand.

use crate::cli::elements::few_digits;

/// How numbers are laid along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    /// By their logarithm; those of zero and less are left out.
    Log,
}

/// An axis with its ends.
#[derive(Clone, Debug)]
pub struct Axis {
    pub label: String,
    pub scale: Scale,
    low: f64,
    high: f64,
}

/// A number on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// From 0 at the lower end to 1 at the upper one.
    pub place: f64,
    /// Empty for a mark without a number.
    pub text: String,
}

impl Axis {
    /// An axis around numbers: whole decades where it is logarithmic and they span several, else these with a margin.
    pub fn around(label: String, scale: Scale, numbers: impl Iterator<Item = f64>, margin: f64) -> Self {
        let is_shown = |number: &f64| number.is_finite() && (scale == Scale::Linear || *number > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for number in numbers.filter(is_shown) {
            let at = transformed(scale, number);
            (low, high) = (low.min(at), high.max(at));
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low <= f64::EPSILON * low.abs().max(high.abs()) {
            let around = if low == 0.0 || scale == Scale::Log { 0.5 } else { low.abs() * 0.1 };
            (low, high) = (low - around, high + around);
        }
        let more = (high - low) * margin;
        Self { label, scale, low: low - more, high: high + more }
    }

    /// Where a number lies, from 0 at the lower end to 1 at the upper; nothing for one that is not shown.
    pub fn place(&self, number: f64) -> Option<f64> {
        let place = (transformed(self.scale, number) - self.low) / (self.high - self.low);
        place.is_finite().then_some(place)
    }

    /// About so many numbers, and marks between them.
    pub fn ticks(&self, about: usize) -> Vec<Tick> {
        match self.scale {
            Scale::Log if self.high - self.low >= 1.0 => self.decades(about),
            Scale::Log => {
                let linear = Self {
                    label: String::new(),
                    scale: Scale::Linear,
                    low: 10f64.powf(self.low),
                    high: 10f64.powf(self.high),
                };
                let ticks = linear.steps(about).into_iter();
                ticks.filter_map(|(number, text)| Some(Tick { place: self.place(number)?, text })).collect()
            }
            Scale::Linear => {
                let ticks = self.steps(about).into_iter();
                ticks.filter_map(|(number, text)| Some(Tick { place: self.place(number)?, text })).collect()
            }
        }
    }

    /// Multiples of 1, 2 or 5 times a power of ten, as they are written.
    fn steps(&self, about: usize) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / whole(about.max(1));
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let mut ticks = Vec::new();
        let mut number = (self.low / step).ceil();
        // There are never more than asked for by much; a step too small to count must not go on for ever.
        while number * step <= self.high && ticks.len() <= 2 * about + 2 {
            // Minus zero is zero.
            let value = number * step + 0.0;
            ticks.push((value, few_digits(if value.abs() < step * 1e-9 { 0.0 } else { value })));
            number += 1.0;
        }
        ticks
    }

    /// Powers of ten, with marks between them where there is room.
    fn decades(&self, about: usize) -> Vec<Tick> {
        let count = self.high - self.low;
        let every = (count / whole(about.max(1))).ceil().max(1.0);
        let mut ticks = Vec::new();
        let mut decade = self.low.floor();
        while decade <= self.high && ticks.len() < 1000 {
            let is_named = (decade / every).fract() == 0.0;
            let mut add = |number: f64, text: String| {
                let place = (number.log10() - self.low) / (self.high - self.low);
                if (-1e-9..=1.0 + 1e-9).contains(&place) {
                    ticks.push(Tick { place, text });
                }
            };
            let power = 10f64.powf(decade);
            add(power, if is_named { few_digits(power) } else { String::new() });
            for times in (2..10u8).filter(|_| every <= 1.0) {
                let number = f64::from(times) * power;
                // Of less than two decades one number or two would say too little.
                let is_named = count < 2.0 && matches!(times, 2 | 5);
                add(number, if is_named { few_digits(number) } else { String::new() });
            }
            decade += 1.0;
        }
        ticks
    }
}

fn transformed(scale: Scale, number: f64) -> f64 {
    match scale {
        Scale::Linear => number,
        Scale::Log => number.log10(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number of ticks")]
fn whole(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(axis: &Axis, about: usize) -> Vec<String> {
        axis.ticks(about).into_iter().map(|tick| tick.text).filter(|text| !text.is_empty()).collect()
    }

    #[test]
    fn numbers_on_an_axis_are_round() {
        let axis = |numbers: &[f64]| Axis::around(String::new(), Scale::Linear, numbers.iter().copied(), 0.0);
        assert_eq!(named(&axis(&[0.0, 10.0]), 5), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(named(&axis(&[-0.07, 0.12]), 4), ["-0.05", "0", "0.05", "0.1"]);
        assert_eq!(named(&axis(&[3.0, 3.0]), 3), ["2.8", "3", "3.2"]);
        assert_eq!(named(&axis(&[f64::NAN]), 2), ["0", "0.5", "1"]);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_no_place_for_zero() {
        let axis = Axis::around(String::new(), Scale::Log, [1e-4, 0.0, 1.0, -5.0].into_iter(), 0.0);
        assert_eq!(named(&axis, 5), ["0.0001", "0.001", "0.01", "0.1", "1"]);
        assert_eq!(axis.place(0.0), None);
        assert_eq!(axis.place(-1.0), None);
        assert!((axis.place(0.01).unwrap() - 0.5).abs() < 1e-12);
        let narrow = Axis::around(String::new(), Scale::Log, [0.09, 1.1].into_iter(), 0.0);
        assert_eq!(named(&narrow, 5), ["0.1", "0.2", "0.5", "1"]);
        let wide = Axis::around(String::new(), Scale::Log, [1e-300, 1e300].into_iter(), 0.0);
        assert!(named(&wide, 5).len() <= 7, "{:?}", named(&wide, 5));
    }
}
