//! How probable it is that a ground motion exceeds given levels.
//!
//! The logarithm of the motion is normally distributed, and cut off at so many standard deviations above and
//! below its mean. This is the innermost loop of the whole program: the distribution is tabulated once, and
//! taken from its Taylor series around the nearest point of the table.

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

/// The table has so many points for each standard deviation.
const POINTS_PER_SIGMA: f64 = 32.0;

/// So many terms of the series leave out less than `1e-17` half way between two points of the table.
const TERMS: usize = 7;

/// Beyond so many standard deviations the probability is below `1e-15` and is not tabulated.
const END_OF_TABLE: f64 = 8.0;

/// The probability to exceed a level, by how many standard deviations it lies above the mean.
pub struct Exceedance {
    truncation: Truncation,
    /// The probability of what is cut off above.
    tail: f64,
    /// The probability of all that is left.
    whole: f64,
    /// Where the table begins: below, the probability is 1.
    lowest: f64,
    /// Where the table ends.
    highest: f64,
    /// For each point of the table the coefficients of the series.
    series: Vec<[f64; TERMS]>,
}

impl Exceedance {
    /// Tabulates the distribution.
    pub fn new(truncation: Truncation) -> Self {
        let highest = match truncation {
            Truncation::At(level) => level.min(END_OF_TABLE),
            Truncation::None | Truncation::Median => END_OF_TABLE,
        };
        let (tail, whole) = match truncation {
            Truncation::At(level) => (upper_tail(level), libm::erf(level * std::f64::consts::FRAC_1_SQRT_2)),
            Truncation::None | Truncation::Median => (0.0, 1.0),
        };
        let mut table = Self { truncation, tail, whole, lowest: -highest, highest, series: Vec::new() };
        let mut point = -highest;
        while point <= highest + 1.0 / POINTS_PER_SIGMA {
            table.series.push(table.series_at(point));
            point = -highest + as_f64(table.series.len()) / POINTS_PER_SIGMA;
        }
        table
    }

    /// The Taylor series around `z`. The derivatives of the normal density are itself times the Hermite
    /// polynomials, `He(n+1) = z He(n) - n He(n-1)`, with alternating signs.
    fn series_at(&self, z: f64) -> [f64; TERMS] {
        let mut terms = [0.0; TERMS];
        terms[0] = (upper_tail(z) - self.tail) / self.whole;
        let (mut hermite, mut previous) = (1.0, 0.0);
        // The density, over the factorial and with the sign of the term.
        let mut factor = -(-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() / self.whole;
        for (order, term) in terms.iter_mut().enumerate().skip(1) {
            *term = factor * hermite;
            (hermite, previous) = (z * hermite - as_f64(order - 1) * previous, hermite);
            factor /= -as_f64(order + 1);
        }
        terms
    }

    /// Gives the probability to exceed a level that lies `z` standard deviations above the mean.
    fn probability(&self, z: f64) -> f64 {
        if z <= self.lowest {
            return 1.0;
        }
        if z >= self.highest {
            return match self.truncation {
                Truncation::At(level) if z >= level => 0.0,
                _ => (upper_tail(z) - self.tail) / self.whole,
            };
        }
        let position = (z - self.lowest) * POINTS_PER_SIGMA;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the table")]
        let nearest = (position + 0.5) as usize;
        let offset = (position - as_f64(nearest)) / POINTS_PER_SIGMA;
        let series = &self.series[nearest.min(self.series.len() - 1)];
        series.iter().rev().fold(0.0, |sum, term| sum * offset + term)
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
        let per_sigma = 1.0 / motion.sigma;
        for (sum, level) in rates.iter_mut().zip(log_levels) {
            let probability = self.probability((level - motion.mean) * per_sigma);
            if probability <= 0.0 {
                break; // levels rise
            }
            *sum += rate * probability;
        }
    }
}

/// The probability that a standard normal variable exceeds `z`.
fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn as_f64(count: usize) -> f64 {
    count as f64
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
        for truncation in
            [None, Truncation::at(0.01), Truncation::at(2.5), Truncation::at(6.0), Truncation::at(99.0)]
        {
            let table = Exceedance::new(truncation);
            let mut z = -10.0_f64;
            while z < 38.0 {
                let expected = match truncation {
                    Truncation::At(level) => {
                        ((upper_tail(z.max(-level)) - table.tail) / table.whole).max(0.0)
                    }
                    _ => upper_tail(z),
                };
                let difference = (table.probability(z) - expected).abs();
                let relative = if truncation == None { difference / expected } else { 0.0 };
                assert!(
                    difference <= 1e-15 / table.whole && relative <= 1e-10,
                    "{truncation:?} z = {z}: {} instead of {expected}",
                    table.probability(z)
                );
                z += 0.000_937;
            }
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
