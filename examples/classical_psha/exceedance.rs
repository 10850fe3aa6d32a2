//! How probable it is that a ground motion exceeds given levels.
//!
//! The logarithm of the motion is normally distributed, and cut off at so many standard deviations above and
//! below its mean. This is the innermost loop of the whole program: the distribution is tabulated once, and
//! taken from its Taylor series around the nearest point of the table.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use crate::gsim::GroundMotion;

/// How the distribution of ground motions is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truncation {
    /// Not at all.
    None,
    /// At the median: the motion is no longer random.
    Median,
    /// At so many standard deviations above and below the mean.
    At(f64),
}

impl Truncation {
    /// Cuts off at `level` standard deviations, which is not negative.
    pub fn at(level: f64) -> Self {
        if level > 0.0 { Self::At(level) } else { Self::Median }
    }
}

/// The table has so many points for each standard deviation, a power of two.
const POINTS_PER_SIGMA: f64 = 128.0;

/// So many terms of the series are right to `1e-14` half way between two points, and to `1e-9` of a
/// probability where it is `1e-15`.
const TERMS: usize = 5;

/// Without truncation the table begins so many standard deviations below the mean, where the probability is 1 to
/// the last digit …
const BEGIN: f64 = -8.5;

/// … and ends where it is below `1e-197`: that is never.
const END: f64 = 30.0;

/// So many levels are looked up together.
const LANES: usize = 8;

/// What is added to a small number loses its fraction, and leaves the whole number in the lowest bits.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The probability to exceed a level, by how many standard deviations it lies above the mean.
pub struct Exceedance {
    truncation: Truncation,
    /// How many standard deviations the first point of the table lies above the mean.
    origin: f64,
    /// Below this position, counted in points from the first, the probability is 1 …
    begin: f64,
    /// … and from this one on, which is the last point, it is 0.
    end: f64,
    /// For each point of the table the coefficients of the series.
    series: Vec<[f64; TERMS]>,
}

impl Exceedance {
    /// Tabulates the distribution.
    pub fn new(truncation: Truncation) -> Self {
        let (lowest, highest) = match truncation {
            Truncation::At(level) => (BEGIN.max(-level), END.min(level)),
            Truncation::None | Truncation::Median => (BEGIN, END),
        };
        // Counted from the end, which a point lies on: the probability there must be nothing but 0.
        let end = ((highest - lowest) * POINTS_PER_SIGMA).ceil();
        let origin = highest - end / POINTS_PER_SIGMA;
        let mut table =
            Self { truncation, origin, begin: (lowest - origin) * POINTS_PER_SIGMA, end, series: Vec::new() };
        let mut point = 0.0;
        while point < end {
            table.series.push(table.series_at(origin + point / POINTS_PER_SIGMA));
            point += 1.0;
        }
        let last = if highest < END { table.series_at(highest) } else { [0.0; TERMS] };
        table.series.push(last);
        table
    }

    /// The Taylor series around `z`. The derivatives of the normal density are itself times the Hermite
    /// polynomials, `He(n+1) = z He(n) - n He(n-1)`, with alternating signs.
    fn series_at(&self, z: f64) -> [f64; TERMS] {
        // What is cut off above, and all that is left.
        let (tail, whole) = match self.truncation {
            Truncation::At(level) => (upper_tail(level), libm::erf(level * FRAC_1_SQRT_2)),
            Truncation::None | Truncation::Median => (0.0, 1.0),
        };
        let mut terms = [0.0; TERMS];
        terms[0] = (upper_tail(z) - tail) / whole;
        let (mut hermite, mut previous) = (1.0, 0.0);
        // The density, over the factorial and with the sign of the term.
        let mut factor = -libm::exp(-z * z / 2.0) / (2.0 * PI).sqrt() / whole;
        let mut order = 1.0;
        for term in &mut terms[1..] {
            *term = factor * hermite;
            (hermite, previous) = (z * hermite - (order - 1.0) * previous, hermite);
            order += 1.0;
            factor /= -order;
        }
        terms
    }

    /// Adds for each of the rising `log_levels`, natural logarithms, the `rate` of events with this `motion` times
    /// the probability that it exceeds the level.
    pub fn add(&self, rate: f64, motion: GroundMotion, log_levels: &[f64], rates: &mut [f64]) {
        if self.truncation == Truncation::Median || motion.sigma <= 0.0 {
            for (sum, level) in rates.iter_mut().zip(log_levels) {
                *sum += if motion.mean > *level { rate } else { 0.0 };
            }
            return;
        }
        let per_unit = POINTS_PER_SIGMA / motion.sigma;
        let origin = (motion.mean / motion.sigma + self.origin) * POINTS_PER_SIGMA;
        for (levels, sums) in log_levels.chunks(LANES).zip(rates.chunks_mut(LANES)) {
            if levels[0] * per_unit - origin >= self.end {
                break; // levels rise
            }
            let (mut points, mut offsets) = ([0_u32; LANES], [0.0; LANES]);
            // Nothing in here depends on a branch: several levels go through at once.
            for ((point, offset), level) in points.iter_mut().zip(&mut offsets).zip(levels) {
                let position = level * per_unit - origin;
                let position = if position < self.begin { self.begin } else { position };
                let position = if position > self.end { self.end } else { position };
                let nearest = position + WHOLE;
                *offset = (position - (nearest - WHOLE)) / POINTS_PER_SIGMA;
                *point = lowest_bits(nearest);
            }
            for ((sum, point), offset) in sums.iter_mut().zip(&points).zip(&offsets) {
                let series = &self.series[*point as usize];
                *sum += rate * series.iter().rev().fold(0.0, |sum, term| sum * offset + term);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only these are wanted")]
fn lowest_bits(number: f64) -> u32 {
    number.to_bits() as u32
}

/// The probability that a standard normal variable exceeds `z`.
fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * FRAC_1_SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::Truncation::{Median, None};
    use super::*;

    #[test]
    fn exceedance_is_that_of_the_truncated_normal_distribution() {
        let motion = GroundMotion { mean: -1.0, sigma: 0.5 };
        // Tables of the normal distribution: Q(1) = 0.1586552539, Q(2) = 0.0227501319, Q(3) = 0.0013498980.
        for (truncation, z, expected) in [
            (None, 0.0, 0.5),
            (None, 1.0, 0.158_655_253_9),
            (None, -2.0, 0.977_249_868_1),
            (Truncation::at(3.0), 0.0, 0.5),
            (Truncation::at(3.0), 1.0, (0.158_655_253_9 - 0.001_349_898) / (1.0 - 2.0 * 0.001_349_898)),
            (Truncation::at(3.0), 3.0, 0.0),
            (Truncation::at(3.0), 8.0, 0.0),
            (Truncation::at(3.0), -3.0, 1.0),
            (Truncation::at(2.0), -1.0, (0.841_344_746_1 - 0.022_750_131_9) / (1.0 - 2.0 * 0.022_750_131_9)),
            (Median, 0.0, 0.0),
            (Median, -0.001, 1.0),
        ] {
            let mut sum = [0.0];
            Exceedance::new(truncation).add(2.0, motion, &[motion.mean + z * motion.sigma], &mut sum);
            let ours = sum[0] / 2.0;
            assert!((ours - expected).abs() < 1e-9, "{truncation:?} z = {z}: {ours} instead of {expected}");
        }
    }

    #[test]
    fn the_table_is_as_good_as_the_error_function() {
        let standard = GroundMotion { mean: 0.0, sigma: 1.0 };
        for level in [f64::INFINITY, 0.001, 0.01, 1.0, 2.5, 6.0, 99.0] {
            let truncation = if level.is_finite() { Truncation::at(level) } else { None };
            let table = Exceedance::new(truncation);
            let tail = upper_tail(level);
            let whole = libm::erf(level * FRAC_1_SQRT_2);
            for index in -10_000..31_000 {
                let z = f64::from(index) / 1000.0;
                let expected = ((upper_tail(z.max(-level)) - tail) / whole).max(0.0);
                let mut ours = [0.0];
                table.add(1.0, standard, &[z], &mut ours);
                let difference = (ours[0] - expected).abs();
                let relative = if z < 8.0 && tail < 1e-100 { difference / expected } else { 0.0 };
                assert!(
                    difference <= 1e-14 / whole && relative <= 1e-9 && ours[0] >= 0.0,
                    "{truncation:?} z = {z}: {ours:?} instead of {expected}"
                );
                assert!(z < level.min(30.0) || ours[0] <= 0.0, "{truncation:?} z = {z}: {ours:?}");
            }
        }
    }

    #[test]
    fn many_levels_are_as_one() {
        let motion = GroundMotion { mean: -2.0, sigma: 0.6 };
        let levels: Vec<_> = (0..100).map(|index| -6.0 + 0.08 * f64::from(index)).collect();
        let table = Exceedance::new(Truncation::at(3.0));
        let mut together = vec![0.0; levels.len()];
        table.add(0.1, motion, &levels, &mut together);
        for (level, sum) in levels.iter().zip(together) {
            let mut alone = [0.0];
            table.add(0.1, motion, &[*level], &mut alone);
            assert!((sum - alone[0]).abs() <= 0.0, "{level}: {sum} and {alone:?}");
        }
    }

    #[test]
    fn without_scatter_the_median_decides() {
        let mut sums = [0.0; 3];
        let motion = GroundMotion { mean: 0.5, sigma: 0.0 };
        Exceedance::new(None).add(1.0, motion, &[0.4, 0.5, 0.6], &mut sums);
        assert_eq!(sums.map(|sum| sum > 0.5), [true, false, false]);
    }
}
